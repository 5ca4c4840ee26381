-- Retention to the second year of those in a programme and those not.
WITH cohort AS (SELECT local_id, MIN(school_year) AS y FROM enrolment GROUP BY local_id),
     members AS (SELECT DISTINCT local_id FROM program WHERE program_code = 'EOPS'),
     years AS (SELECT DISTINCT local_id, school_year FROM enrolment),
     flags AS (
       SELECT c.local_id,
              CASE WHEN m.local_id IS NULL THEN 'others' ELSE 'EOPS' END AS part,
              CASE WHEN e.local_id IS NULL THEN 0 ELSE 1 END AS back
       FROM cohort c
       LEFT JOIN members m ON m.local_id = c.local_id
       LEFT JOIN years e ON e.local_id = c.local_id AND e.school_year = c.y + 1)
SELECT part, COUNT(*) AS students, SUM(back) AS back, AVG(CAST(back AS DOUBLE)) AS rate
FROM flags GROUP BY part ORDER BY part
