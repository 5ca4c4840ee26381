-- Quartiles of the term's grade point average by season.
SELECT term_season, COUNT(gpa) AS n,
       PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY CAST(gpa AS DOUBLE)) AS lower_quartile,
       MEDIAN(CAST(gpa AS DOUBLE)) AS median,
       PERCENTILE_CONT(0.75) WITHIN GROUP (ORDER BY CAST(gpa AS DOUBLE)) AS upper_quartile
FROM enrolment GROUP BY term_season ORDER BY term_season
