-- Grades by subject as a pivot.
SELECT subject,
       SUM(CASE WHEN grade IN ('A', 'A-') THEN 1 ELSE 0 END) AS a,
       SUM(CASE WHEN grade IN ('B+', 'B', 'B-') THEN 1 ELSE 0 END) AS b,
       SUM(CASE WHEN grade IN ('C+', 'C') THEN 1 ELSE 0 END) AS c,
       SUM(CASE WHEN grade IN ('D', 'F') THEN 1 ELSE 0 END) AS d_f,
       SUM(CASE WHEN grade = 'W' THEN 1 ELSE 0 END) AS withdrawn,
       SUM(CASE WHEN grade IS NULL THEN 1 ELSE 0 END) AS missing
FROM course GROUP BY subject ORDER BY subject
