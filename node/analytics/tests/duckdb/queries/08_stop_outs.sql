-- Students who missed a whole school year and came back.
WITH years AS (SELECT DISTINCT local_id, school_year FROM enrolment),
     gaps AS (
       SELECT local_id, school_year, LEAD(school_year) OVER (PARTITION BY local_id ORDER BY school_year) AS next_year
       FROM years)
SELECT next_year - school_year - 1 AS years_away, COUNT(*) AS returns
FROM gaps WHERE next_year > school_year + 1 GROUP BY 1 ORDER BY 1
