-- The months awards are conferred in.
SELECT CAST(DATE_TRUNC('month', award_date) AS DATE) AS month, COUNT(*) AS n
FROM award GROUP BY 1 HAVING COUNT(*) > 2 ORDER BY 1
