-- Wages of one quarter beside the quarter before, summed.
WITH per_quarter AS (SELECT quarter, SUM(wages) AS paid, COUNT(*) AS n FROM wage GROUP BY quarter)
SELECT quarter, n, paid, paid - LAG(paid) OVER (ORDER BY quarter) AS change,
       AVG(CAST(paid AS DOUBLE)) OVER (ORDER BY quarter ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) AS four_quarters
FROM per_quarter ORDER BY quarter
