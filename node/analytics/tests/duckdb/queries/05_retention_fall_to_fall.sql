-- Of those enrolled in a fall, how many are back the next fall.
SELECT a.school_year, COUNT(DISTINCT a.local_id) AS fall, COUNT(DISTINCT b.local_id) AS next_fall,
       COUNT(DISTINCT b.local_id) * 1.0 / COUNT(DISTINCT a.local_id) AS rate
FROM enrolment a
LEFT JOIN enrolment b ON b.local_id = a.local_id AND b.school_year = a.school_year + 1 AND b.term_season = 'fall'
WHERE a.term_season = 'fall' GROUP BY a.school_year ORDER BY a.school_year
