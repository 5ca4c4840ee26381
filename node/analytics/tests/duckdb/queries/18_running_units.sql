-- Units earned so far at the end of each term, for a few students.
SELECT local_id, school_year, term_season, units_earned,
       SUM(units_earned) OVER (PARTITION BY local_id ORDER BY entry_date ROWS UNBOUNDED PRECEDING) AS so_far
FROM enrolment WHERE local_id < '0001100' ORDER BY local_id, entry_date
