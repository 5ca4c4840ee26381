-- Each cohort over the years after it: one row a cohort, one column a year.
WITH cohort AS (SELECT local_id, MIN(school_year) AS first_year FROM enrolment GROUP BY local_id)
SELECT c.first_year,
       COUNT(DISTINCT c.local_id) AS entered,
       COUNT(DISTINCT CASE WHEN e.school_year = c.first_year + 1 THEN e.local_id END) AS year_2,
       COUNT(DISTINCT CASE WHEN e.school_year = c.first_year + 2 THEN e.local_id END) AS year_3,
       COUNT(DISTINCT CASE WHEN e.school_year = c.first_year + 3 THEN e.local_id END) AS year_4,
       COUNT(DISTINCT CASE WHEN e.school_year = c.first_year + 4 THEN e.local_id END) AS year_5
FROM cohort c JOIN enrolment e ON e.local_id = c.local_id
GROUP BY c.first_year ORDER BY c.first_year
