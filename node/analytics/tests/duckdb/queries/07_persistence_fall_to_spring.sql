-- Fall to spring within a school year, by goal.
WITH terms AS (
  SELECT local_id, school_year, MAX(goal) AS goal,
         MAX(CASE WHEN term_season = 'fall' THEN 1 ELSE 0 END) AS fall,
         MAX(CASE WHEN term_season = 'spring' THEN 1 ELSE 0 END) AS spring
  FROM enrolment GROUP BY local_id, school_year)
SELECT goal, SUM(fall) AS fall, SUM(fall * spring) AS both_terms, SUM(fall * spring) * 100.0 / SUM(fall) AS percent
FROM terms GROUP BY goal ORDER BY goal
