-- Months and weekdays of birth; weeks begin on Sunday.
SELECT CAST(EXTRACT(MONTH FROM birth_date) AS BIGINT) AS month, CAST(EXTRACT(DOW FROM birth_date) AS BIGINT) AS weekday,
       COUNT(*) AS n
FROM student GROUP BY 1, 2 HAVING COUNT(*) >= 15 ORDER BY 1, 2
