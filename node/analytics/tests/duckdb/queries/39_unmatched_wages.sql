-- Coverage of the wage file: whom it finds and whom it does not.
SELECT COUNT(DISTINCT s.local_id) AS with_number, COUNT(DISTINCT w.ssn) AS in_both,
       (SELECT COUNT(DISTINCT ssn) FROM wage WHERE ssn NOT IN (SELECT ssn FROM student WHERE ssn IS NOT NULL)) AS others
FROM student s LEFT JOIN wage w ON w.ssn = s.ssn WHERE s.ssn IS NOT NULL
