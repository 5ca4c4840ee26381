-- Length of programme spells in days; open spells run to 30 June.
SELECT program_code, COUNT(*) AS spells, COUNT(exit_date) AS ended,
       AVG((DATE_PART('epoch', COALESCE(exit_date, MAKE_DATE(CAST(school_year + 1 AS INT), 6, 30)))
            - DATE_PART('epoch', entry_date)) / 86400) AS days
FROM program GROUP BY program_code ORDER BY program_code
