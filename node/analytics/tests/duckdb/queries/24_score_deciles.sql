-- Deciles of the score and the mean of each.
WITH ranked AS (
  SELECT local_id, test_subject, scale_score,
         NTILE(10) OVER (PARTITION BY test_subject ORDER BY scale_score, local_id) AS decile
  FROM assessment WHERE scale_score IS NOT NULL)
SELECT test_subject, decile, COUNT(*) AS n, AVG(CAST(scale_score AS DOUBLE)) AS mean
FROM ranked GROUP BY test_subject, decile ORDER BY test_subject, decile
