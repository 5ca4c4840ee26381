-- Holders of a transfer degree without a passed transfer-level mathematics course.
SELECT COUNT(DISTINCT a.local_id) AS students FROM award a
WHERE a.transfer_degree
  AND NOT EXISTS (SELECT 1 FROM course c WHERE c.local_id = a.local_id AND c.course_id = 'MATH-0' AND c.units_earned > 0)
