-- Whole paths through mathematics as text, those of ten students or more.
WITH ordered AS (
  SELECT local_id, STRING_AGG(course_id, ' > ' ORDER BY school_year, CASE term_season WHEN 'fall' THEN 0 ELSE 1 END) AS path
  FROM course WHERE subject = 'MATH' GROUP BY local_id)
SELECT path, COUNT(*) AS students FROM ordered GROUP BY path HAVING COUNT(*) >= 10 ORDER BY students DESC, path
