//! The part of the independent implementation that looks at wages.

use crate::plain::{Said, Student, Whole};

pub(crate) fn said(metric: &str, student: &Student, whole: &Whole<'_>) -> Option<Said> {
    Some(match metric {
        "employment" => {
            let paid = |year: i64, quarter: u8| {
                student.wages.iter().any(|one| one.cents > 0 && (one.year, one.quarter) == (year, quarter))
            };
            let cohorts = (whole.last_employment - 3)..=whole.last_employment;
            let said = |cohort: i64| match (paid(cohort + 1, 4), paid(cohort + 2, 2)) {
                (true, true) => Some((cohort, Some("both"))),
                (true, false) => Some((cohort, Some("q2-only"))),
                (false, true) => Some((cohort, Some("q4-only"))),
                (false, false) => None,
            };
            cohorts.filter_map(said).collect()
        }
        "earnings-bands" => {
            let cohorts = (whole.last_pay - 3)..=whole.last_pay;
            let said = |cohort: i64| {
                let rows = student.wages.iter();
                let rows = rows.filter(|one| one.cents > 0 && (one.year, one.quarter) == (cohort + 1, 4));
                let dollars = rows.map(|one| one.cents).sum::<i64>() as f64 * 4.0 / 100.0;
                let band =
                    [15_000.0, 30_000.0, 45_000.0, 60_000.0].iter().filter(|step| dollars >= **step).count();
                let name = ["band-1", "band-2", "band-3", "band-4", "band-5"][band];
                (dollars > 0.0).then_some((cohort, Some(name)))
            };
            cohorts.filter_map(said).collect()
        }
        "living-wage" => {
            let cohorts = (whole.last_pay - 3)..=whole.last_pay;
            let said = |cohort: i64| {
                let rows = student.wages.iter().filter(|one| one.cents > 0);
                let cents: i64 =
                    rows.filter(|one| (one.year, one.quarter) == (cohort + 1, 4)).map(|one| one.cents).sum();
                let outcome = if 4 * cents >= 4_500_000 { "attained" } else { "below" };
                (cents > 0).then_some((cohort, Some(outcome)))
            };
            cohorts.filter_map(said).collect()
        }
        "earnings-change" => {
            let earned = |year: i64, quarter: u8| -> i64 {
                let rows = student.wages.iter().filter(|one| one.cents > 0);
                rows.filter(|one| (one.year, one.quarter) == (year, quarter)).map(|one| one.cents).sum()
            };
            let said = |cohort: i64| {
                let (before, after) = (earned(cohort - 1, 1), earned(cohort + 1, 4));
                let name = match (before, after) {
                    (_, 0) => return None,
                    (0, _) => "none-before",
                    _ if 10 * after < 11 * before => "below-tenth",
                    _ if 2 * after < 3 * before => "below-half",
                    _ if after < 2 * before => "below-double",
                    _ => "doubled",
                };
                Some((cohort, Some(name)))
            };
            ((whole.last_pay - 3)..=whole.last_pay).filter_map(said).collect()
        }
        _ => return None,
    })
}
