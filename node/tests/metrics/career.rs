//! The part of the independent implementation that tells career-technical and noncredit courses.

use crate::plain::{Attempt, Offer, Said, Student, Whole};

const DIVISIONS: [&str; 10] = ["01", "05", "06", "07", "09", "12", "13", "16", "21", "30"];

fn offers<'a>(student: &Student, attempt: &Attempt, whole: &'a Whole<'_>) -> &'a [&'a Offer] {
    let key = attempt.course.map(|course| (student.institution, attempt.year, attempt.season, course));
    key.and_then(|key| whole.offers.get(&key)).map_or(&[], Vec::as_slice)
}

pub(crate) fn said(metric: &str, student: &Student, whole: &Whole<'_>) -> Option<Said> {
    let counts = |attempt: &Attempt| match metric {
        "career-technical-units" => {
            let top = offers(student, attempt, whole).iter().filter_map(|one| one.top).max();
            top.is_some_and(|top| DIVISIONS.contains(&&top[..2]))
        }
        "noncredit-completion" => {
            let noncredit = offers(student, attempt, whole).iter().any(|one| one.credit == Some("N"));
            noncredit && attempt.grade.is_some()
        }
        _ => false,
    };
    let mut years: Vec<i64> = student.attempts.iter().filter(|one| counts(one)).map(|one| one.year).collect();
    years.sort_unstable();
    years.dedup();
    let of = |year: i64| student.attempts.iter().filter(move |one| one.year == year && counts(one));
    let outcome = |year: i64| match metric {
        "career-technical-units" => {
            let units: i64 = of(year).filter_map(|one| one.earned).filter(|units| *units < 5_000).sum();
            (units >= 900).then_some("nine-units")
        }
        _ => {
            let passed = |grade: &str| {
                grade.starts_with(['A', 'B', 'C', 'P']) || ["IA", "IB", "IC", "IPP"].contains(&grade)
            };
            of(year).any(|one| one.grade.is_some_and(passed)).then_some("completed")
        }
    };
    let is_known = ["career-technical-units", "noncredit-completion"].contains(&metric);
    is_known.then(|| years.into_iter().map(|year| (year, outcome(year))).collect())
}
