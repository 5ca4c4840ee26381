-- Enrolment on the first of each month of one year, from a calendar made in the query.
WITH RECURSIVE months(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM months WHERE n < 12)
SELECT n AS month, COUNT(e.local_id) AS began_before
FROM months LEFT JOIN enrolment e ON e.school_year = 2018 AND e.entry_date < MAKE_DATE(2018, CAST(n AS INT), 1)
GROUP BY n ORDER BY n
