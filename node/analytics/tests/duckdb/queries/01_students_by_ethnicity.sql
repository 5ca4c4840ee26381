-- How many students of each group, and their share of all.
SELECT COALESCE(ethnicity, 'not reported') AS ethnicity, COUNT(*) AS students,
       COUNT(*) * 100.0 / SUM(COUNT(*)) OVER () AS percent
FROM student GROUP BY 1 ORDER BY students DESC, ethnicity
