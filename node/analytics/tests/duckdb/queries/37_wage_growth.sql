-- Growth from the first quarter seen to the last, per person; then its mean by ethnicity.
WITH ends AS (
  SELECT ssn, FIRST_VALUE(wages) OVER w AS first_wages, LAST_VALUE(wages) OVER w AS last_wages,
         ROW_NUMBER() OVER w AS n
  FROM wage WINDOW w AS (PARTITION BY ssn ORDER BY quarter ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
SELECT s.ethnicity, COUNT(*) AS people, AVG(CAST(e.last_wages - e.first_wages AS DOUBLE)) AS growth
FROM ends e JOIN student s ON s.ssn = e.ssn WHERE e.n = 1 AND s.ethnicity IS NOT NULL
GROUP BY s.ethnicity ORDER BY s.ethnicity
