-- Students of both campuses and their ranks by units.
WITH units AS (
  SELECT institution, local_id, SUM(units_earned) AS units FROM enrolment GROUP BY institution, local_id)
SELECT institution, local_id, units, RANK() OVER (PARTITION BY institution ORDER BY units DESC) AS place,
       DENSE_RANK() OVER (PARTITION BY institution ORDER BY units DESC) AS dense_place
FROM units WHERE units > 60 ORDER BY institution, place, local_id
