-- Students with 40 units or more and no award.
WITH units AS (SELECT local_id, SUM(units_earned) AS units FROM enrolment GROUP BY local_id)
SELECT u.local_id, u.units FROM units u
WHERE u.units >= 40 AND u.local_id NOT IN (SELECT local_id FROM award)
ORDER BY u.units DESC, u.local_id LIMIT 25
