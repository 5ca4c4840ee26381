-- Does the grade 11 score go with the first term's average: correlation and slope.
WITH first_term AS (
  SELECT local_id, gpa FROM (
    SELECT local_id, gpa, ROW_NUMBER() OVER (PARTITION BY local_id ORDER BY entry_date) AS n FROM enrolment) AS t
  WHERE n = 1)
SELECT a.test_subject, COUNT(*) AS n,
       CORR(CAST(a.scale_score AS DOUBLE), CAST(f.gpa AS DOUBLE)) AS correlation,
       REGR_SLOPE(CAST(f.gpa AS DOUBLE), CAST(a.scale_score AS DOUBLE)) AS slope
FROM assessment a JOIN first_term f ON f.local_id = a.local_id
WHERE a.scale_score IS NOT NULL AND f.gpa IS NOT NULL GROUP BY a.test_subject ORDER BY a.test_subject
