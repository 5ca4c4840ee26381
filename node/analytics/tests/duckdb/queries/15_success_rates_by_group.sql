-- Course success by ethnicity, with the gap to the best group.
WITH rates AS (
  SELECT COALESCE(s.ethnicity, 'not reported') AS ethnicity,
         AVG(CASE WHEN c.units_earned > 0 THEN 1.0 ELSE 0.0 END) AS rate, COUNT(*) AS attempts
  FROM course c JOIN student s ON s.local_id = c.local_id WHERE c.grade IS NOT NULL GROUP BY 1)
SELECT ethnicity, attempts, rate, MAX(rate) OVER () - rate AS gap FROM rates ORDER BY ethnicity
