-- Awards by calendar year and kind, with subtotals.
SELECT year, award, COUNT(*) AS n
FROM (SELECT CAST(EXTRACT(YEAR FROM award_date) AS BIGINT) AS year, award FROM award) AS dated
GROUP BY ROLLUP (year, award) ORDER BY year NULLS LAST, award NULLS LAST
