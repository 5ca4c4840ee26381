-- Unknown is neither yes nor no.
SELECT COUNT(*) FILTER (WHERE economic_disadvantage OR hispanic) AS either_one,
       COUNT(*) FILTER (WHERE NOT (economic_disadvantage AND hispanic)) AS not_both,
       COUNT(*) FILTER (WHERE economic_disadvantage IS DISTINCT FROM hispanic) AS differ,
       COUNT(*) FILTER (WHERE NULLIF(gender, 'X') IS NULL) AS not_binary
FROM student
