-- What is known about students, and what is missing.
SELECT COUNT(*) AS students, COUNT(gender) AS with_gender, COUNT(*) - COUNT(ethnicity) AS without_ethnicity,
       SUM(CASE WHEN hispanic THEN 1 ELSE 0 END) AS hispanic,
       COUNT(*) FILTER (WHERE economic_disadvantage) AS disadvantaged,
       COUNT(*) FILTER (WHERE economic_disadvantage IS NULL) AS unknown
FROM student
