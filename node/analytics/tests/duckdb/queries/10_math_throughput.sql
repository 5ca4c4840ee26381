-- From below transfer level to a passed transfer-level course, within three school years.
WITH below AS (
  SELECT local_id, MIN(school_year) AS first_year FROM course
  WHERE course_id IN ('MATH-1', 'MATH-2') GROUP BY local_id),
 done AS (
  SELECT local_id, MIN(school_year) AS done_year FROM course
  WHERE course_id = 'MATH-0' AND units_earned > 0 GROUP BY local_id)
SELECT b.first_year, COUNT(*) AS started,
       COUNT(d.local_id) FILTER (WHERE d.done_year - b.first_year < 3) AS through
FROM below b LEFT JOIN done d ON d.local_id = b.local_id AND d.done_year >= b.first_year
GROUP BY b.first_year ORDER BY b.first_year
