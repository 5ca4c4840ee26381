-- Courses taken more than once by one student.
SELECT times, COUNT(*) AS students_and_courses
FROM (SELECT local_id, course_id, COUNT(*) AS times FROM course GROUP BY local_id, course_id) AS attempts
GROUP BY times ORDER BY times
