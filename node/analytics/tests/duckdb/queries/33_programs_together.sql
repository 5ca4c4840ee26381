-- Which programmes students are in at the same time.
WITH sets AS (
  SELECT local_id, STRING_AGG(program_code, '+' ORDER BY program_code) AS programs FROM program GROUP BY local_id)
SELECT programs, COUNT(*) AS students FROM sets GROUP BY programs ORDER BY students DESC, programs
