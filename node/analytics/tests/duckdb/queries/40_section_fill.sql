-- Students a section, and sections nobody took.
SELECT x.subject, COUNT(*) AS sections, COUNT(*) FILTER (WHERE n IS NULL) AS unused, MAX(n) AS largest
FROM section x LEFT JOIN (
  SELECT school_year, term_season, course_id, section_id, COUNT(*) AS n FROM course GROUP BY 1, 2, 3, 4) AS c
  ON c.school_year = x.school_year AND c.term_season = x.term_season AND c.course_id = x.course_id
     AND c.section_id = x.section_id
GROUP BY x.subject ORDER BY x.subject
