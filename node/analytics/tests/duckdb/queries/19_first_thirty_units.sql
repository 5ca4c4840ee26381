-- Terms needed to reach 30 units.
WITH so_far AS (
  SELECT local_id, ROW_NUMBER() OVER w AS term, SUM(units_earned) OVER w AS units
  FROM enrolment WINDOW w AS (PARTITION BY local_id ORDER BY entry_date)),
 reached AS (SELECT local_id, MIN(term) AS terms FROM so_far WHERE units >= 30 GROUP BY local_id)
SELECT terms, COUNT(*) AS students FROM reached GROUP BY terms ORDER BY terms
