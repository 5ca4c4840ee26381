-- Grade point average computed from grades, by school year.
SELECT school_year,
       SUM(CASE grade WHEN 'A' THEN 4.0 WHEN 'A-' THEN 3.7 WHEN 'B+' THEN 3.3 WHEN 'B' THEN 3.0 WHEN 'B-' THEN 2.7
                      WHEN 'C+' THEN 2.3 WHEN 'C' THEN 2.0 WHEN 'D' THEN 1.0 WHEN 'F' THEN 0.0 END
           * CAST(units_attempted AS DOUBLE))
         / SUM(CAST(units_attempted AS DOUBLE)) AS gpa
FROM course WHERE grade IN ('A','A-','B+','B','B-','C+','C','D','F') GROUP BY school_year ORDER BY school_year
