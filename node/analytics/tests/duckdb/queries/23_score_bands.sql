-- Scores in bands of forty points.
SELECT test_subject, CAST(FLOOR(scale_score / 40.0) * 40 AS BIGINT) AS band, COUNT(*) AS students
FROM assessment WHERE scale_score IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
