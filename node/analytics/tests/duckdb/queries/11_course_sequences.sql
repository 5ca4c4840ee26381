-- The most common steps from one mathematics course to the next.
WITH steps AS (
  SELECT local_id, course_id,
         LEAD(course_id) OVER (PARTITION BY local_id ORDER BY school_year,
           CASE term_season WHEN 'fall' THEN 0 ELSE 1 END, course_id) AS next_course
  FROM course WHERE subject = 'MATH')
SELECT course_id, COALESCE(next_course, 'none') AS next_course, COUNT(*) AS n
FROM steps GROUP BY course_id, next_course ORDER BY n DESC, course_id, next_course
