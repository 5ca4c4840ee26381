-- Enrolments left within 90 days, by reason.
SELECT exit_reason, COUNT(*) AS exits, COUNT(*) FILTER (WHERE exit_date < entry_date + INTERVAL '90' DAY) AS early
FROM enrolment WHERE exit_date IS NOT NULL GROUP BY exit_reason ORDER BY exit_reason
