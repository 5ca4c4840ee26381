-- Mean and spread of the grade point average by goal.
SELECT goal, AVG(CAST(gpa AS DOUBLE)) AS mean, STDDEV_SAMP(CAST(gpa AS DOUBLE)) AS deviation,
       VAR_POP(CAST(gpa AS DOUBLE)) AS variance, MIN(gpa) AS lowest, MAX(gpa) AS highest
FROM enrolment GROUP BY goal ORDER BY goal
