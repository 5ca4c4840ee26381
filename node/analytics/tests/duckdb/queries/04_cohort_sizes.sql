-- Entering cohorts by first school year and season.
WITH ranked AS (
  SELECT local_id, school_year, term_season,
         ROW_NUMBER() OVER (PARTITION BY local_id ORDER BY entry_date) AS n
  FROM enrolment)
SELECT school_year, term_season, COUNT(*) AS students FROM ranked WHERE n = 1
GROUP BY school_year, term_season ORDER BY school_year, term_season
