-- The three sections with the best success of each subject, ten takers or more.
SELECT subject, course_id, section_id, school_year, term_season, takers, rate FROM (
  SELECT subject, course_id, section_id, school_year, term_season, COUNT(*) AS takers,
         AVG(CASE WHEN units_earned > 0 THEN 1.0 ELSE 0.0 END) AS rate
  FROM course GROUP BY subject, course_id, section_id, school_year, term_season HAVING COUNT(*) >= 10) AS t
QUALIFY ROW_NUMBER() OVER (PARTITION BY subject ORDER BY rate DESC, takers DESC, course_id, section_id, school_year, term_season) <= 3
ORDER BY subject, rate DESC, takers DESC, course_id, section_id, school_year, term_season
