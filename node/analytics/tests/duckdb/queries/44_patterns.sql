-- Patterns in identifiers and codes.
SELECT COUNT(*) FILTER (WHERE local_id LIKE '00012%') AS like_1, COUNT(*) FILTER (WHERE last LIKE '%, Jr.') AS like_2,
       COUNT(*) FILTER (WHERE REGEXP_REPLACE(zip, '^9000[0-6]$', 'near') = 'near') AS matched,
       COUNT(*) FILTER (WHERE zip BETWEEN '90010' AND '90050') AS between_zips,
       COUNT(DISTINCT LEFT(zip, 4)) AS prefixes
FROM student
