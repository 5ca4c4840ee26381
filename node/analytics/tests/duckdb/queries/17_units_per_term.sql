-- Units attempted and earned a term, and full-time students.
SELECT school_year, term_season, SUM(units_attempted) AS attempted, SUM(units_earned) AS earned,
       COUNT(*) FILTER (WHERE units_attempted >= 12) AS full_time
FROM enrolment GROUP BY school_year, term_season ORDER BY school_year, term_season
