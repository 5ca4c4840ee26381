-- Units earned in courses that transfer, by first letter of the transfer status.
SELECT COALESCE(x.transfer_status, 'none') AS transfer, SUM(c.units_earned) AS units, COUNT(*) AS attempts
FROM course c JOIN section x ON x.school_year = c.school_year AND x.term_season = c.term_season
  AND x.course_id = c.course_id AND x.section_id = c.section_id
GROUP BY 1 ORDER BY 1
