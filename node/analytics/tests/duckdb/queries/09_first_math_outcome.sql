-- The first mathematics course of each student: level and success.
WITH attempts AS (
  SELECT c.*, ROW_NUMBER() OVER (PARTITION BY c.local_id ORDER BY c.school_year,
           CASE c.term_season WHEN 'fall' THEN 0 ELSE 1 END, c.course_id) AS attempt
  FROM course c WHERE c.subject = 'MATH')
SELECT course_id, COUNT(*) AS takers,
       SUM(CASE WHEN grade IN ('A','A-','B+','B','B-','C+','C','P') THEN 1 ELSE 0 END) AS passed
FROM attempts WHERE attempt = 1 GROUP BY course_id ORDER BY course_id
