-- Awards within two years of the first day.
WITH first_day AS (SELECT local_id, MIN(entry_date) AS began FROM enrolment GROUP BY local_id)
SELECT COUNT(DISTINCT f.local_id) AS students,
       COUNT(DISTINCT CASE WHEN a.award_date <= f.began + INTERVAL '2' YEAR THEN a.local_id END) AS in_time
FROM first_day f LEFT JOIN award a ON a.local_id = f.local_id
