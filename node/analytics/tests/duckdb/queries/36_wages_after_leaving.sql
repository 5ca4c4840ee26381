-- Median wages by industry of former students.
SELECT COALESCE(w.industry, 'unknown') AS industry, COUNT(DISTINCT w.ssn) AS people,
       MEDIAN(CAST(w.wages AS DOUBLE)) AS median, SUM(w.wages) AS paid
FROM wage w JOIN student s ON s.ssn = w.ssn GROUP BY 1 ORDER BY 1
