-- Achievement levels side by side.
SELECT school_year, test_subject,
       COUNT(*) FILTER (WHERE achievement_level = '1') AS level_1,
       COUNT(*) FILTER (WHERE achievement_level = '2') AS level_2,
       COUNT(*) FILTER (WHERE achievement_level = '3') AS level_3,
       COUNT(*) FILTER (WHERE achievement_level >= '4') AS level_4
FROM assessment GROUP BY school_year, test_subject ORDER BY school_year, test_subject
