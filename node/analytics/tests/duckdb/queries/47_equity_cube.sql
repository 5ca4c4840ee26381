-- Success by gender and disadvantage with all margins.
SELECT s.gender, s.economic_disadvantage AS disadvantaged, COUNT(*) AS attempts,
       AVG(CASE WHEN c.units_earned > 0 THEN 1.0 ELSE 0.0 END) AS rate
FROM course c JOIN student s ON s.local_id = c.local_id
WHERE s.gender IS NOT NULL AND s.economic_disadvantage IS NOT NULL
GROUP BY CUBE (s.gender, s.economic_disadvantage)
ORDER BY s.gender NULLS LAST, disadvantaged NULLS LAST
