-- Days from the first day to the first award: middle and extremes by kind of award.
WITH first_day AS (SELECT local_id, MIN(entry_date) AS began FROM enrolment GROUP BY local_id),
     days AS (
       SELECT a.award, (DATE_PART('epoch', a.award_date) - DATE_PART('epoch', f.began)) / 86400 AS days
       FROM award a JOIN first_day f ON f.local_id = a.local_id)
SELECT award, COUNT(*) AS n, MIN(days) AS fewest, MEDIAN(days) AS middle, MAX(days) AS most
FROM days WHERE days > 0 GROUP BY award ORDER BY award
