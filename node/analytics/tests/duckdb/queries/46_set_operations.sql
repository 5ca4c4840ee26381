-- Who is in one table and not in another.
SELECT 'enrolled, no course' AS who, COUNT(*) AS students
FROM (SELECT local_id FROM enrolment EXCEPT SELECT local_id FROM course) AS a
UNION ALL
SELECT 'course and award', COUNT(*) FROM (SELECT local_id FROM course INTERSECT SELECT local_id FROM award) AS b
UNION ALL
SELECT 'any', COUNT(*) FROM (SELECT local_id FROM award UNION SELECT local_id FROM program) AS c
ORDER BY who
