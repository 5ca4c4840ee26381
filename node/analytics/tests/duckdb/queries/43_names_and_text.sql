-- Text: letters outside of ASCII, commas, quotes, a formula's sign.
SELECT last, UPPER(last) AS upper_case, CHAR_LENGTH(last) AS letters, SUBSTR(last, 1, 2) AS start,
       POSITION('o' IN last) AS first_o, REPLACE(last, ' ', '_') AS joined, COUNT(*) AS n
FROM student GROUP BY last ORDER BY last
