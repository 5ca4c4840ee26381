-- Age in whole years on the first day of the first term.
WITH first_term AS (SELECT local_id, MIN(entry_date) AS first_day FROM enrolment GROUP BY local_id)
SELECT CAST(EXTRACT(YEAR FROM f.first_day) AS BIGINT) - CAST(EXTRACT(YEAR FROM s.birth_date) AS BIGINT)
         - CASE WHEN EXTRACT(MONTH FROM f.first_day) * 100 + EXTRACT(DAY FROM f.first_day)
                   < EXTRACT(MONTH FROM s.birth_date) * 100 + EXTRACT(DAY FROM s.birth_date) THEN 1 ELSE 0 END AS age,
       COUNT(*) AS students
FROM student s JOIN first_term f ON f.local_id = s.local_id
GROUP BY 1 ORDER BY 1
