//! The part of the independent implementation that reads the clearing-house's rows.

use crate::plain::{Elsewhere, Said, Student, Whole, completed, number, sender};

/// 14 August, the last day of a college year.
const YEAR_END: i64 = 814;

fn rows<'a>(student: &Student, whole: &'a Whole<'_>) -> &'a [&'a Elsewhere] {
    whole.found.get(student.id.as_str()).map_or(&[], Vec::as_slice)
}

/// First day of an enrolment.
fn begins(row: &Elsewhere) -> Option<i64> {
    row.entry.map(number)
}

/// Last day of an enrolment that is known.
fn ends(row: &Elsewhere) -> Option<i64> {
    row.entry.map(|entry| number(row.exit.unwrap_or(entry)))
}

fn is_four_year(row: &Elsewhere) -> bool {
    row.level.is_some_and(|level| level.starts_with('4'))
}

fn kind(row: &Elsewhere) -> &'static str {
    let (Some(state), Some(_), Some(control)) = (row.state, row.level, row.control) else {
        return "not-told";
    };
    match (state == "CA", control == "PUBLIC", is_four_year(row)) {
        (true, true, true) => match row.name.map(str::to_uppercase) {
            Some(name) if name.starts_with("UNIVERSITY OF CALIFORNIA") => "uc",
            Some(name) if name.starts_with("CALIFORNIA STATE") || name.contains("STATE UNIVERSITY") => "csu",
            Some(_) | None => "public-4",
        },
        (true, false, true) => "private-4",
        (true, true, false) => "public-2",
        (true, false, false) => "private-2",
        (false, true, true) => "out-public-4",
        (false, false, true) => "out-private-4",
        (false, true, false) => "out-public-2",
        (false, false, false) => "out-private-2",
    }
}

const KINDS: [&str; 11] = [
    "uc",
    "csu",
    "public-4",
    "private-4",
    "public-2",
    "private-2",
    "out-public-4",
    "out-private-4",
    "out-public-2",
    "out-private-2",
    "not-told",
];

pub(crate) fn said(metric: &str, student: &Student, whole: &Whole<'_>) -> Option<Said> {
    if metric == "transfer-nsc" {
        return Some(transferred(student, whole));
    }
    let Some(cohort) = completed(student) else {
        return metric.ends_with("-nsc").then(Said::new);
    };
    let done = student.completions.iter().filter_map(|completion| completion.exit).min().map(number);
    // Who has no day of completion is found nowhere after it.
    let after = |day: i64| done.is_some_and(|done| day > done);
    let rows = rows(student, whole);
    let end_of = |years: i64| (cohort + 1 + years) * 10_000 + YEAR_END;
    let began_by =
        |years: i64| rows.iter().filter_map(|row| begins(row)).any(|day| after(day) && day <= end_of(years));
    Some(match metric {
        "enrolled-two-years-nsc" => {
            let outcome = if began_by(1) { Some("first-year") } else { began_by(2).then_some("second-year") };
            vec![(cohort, outcome)]
        }
        "persistence-nsc" => {
            let fall = (cohort + 2) * 10_000 + 915;
            if !began_by(1) || fall >= whole.last_found {
                return Some(Vec::new());
            }
            let back = rows.iter().any(|row| {
                let (first, last) = (begins(row), ends(row));
                first.zip(last).is_some_and(|(first, last)| last >= fall && first <= end_of(2))
            });
            vec![(cohort, back.then_some("returned"))]
        }
        "completion-4-nsc" | "completion-6-nsc" => {
            let years = if metric == "completion-4-nsc" { 4 } else { 6 };
            if end_of(years) >= whole.last_elsewhere {
                return Some(Vec::new());
            }
            let given = rows.iter().filter(|row| row.graduated == Some(true)).filter_map(|row| row.given);
            let completed = given.map(number).any(|day| after(day) && day <= end_of(years));
            vec![(cohort, completed.then_some("completed"))]
        }
        "college-type-nsc" => {
            let within = |day: i64| after(day) && done.is_some_and(|done| day <= done + 10_000);
            let found = rows.iter().filter_map(|row| Some((begins(row)?, kind(row))));
            let rank = |kind: &str| KINDS.iter().position(|one| *one == kind).unwrap();
            let first = found.filter(|(day, _)| within(*day)).min_by_key(|(day, kind)| (*day, rank(kind)));
            vec![(cohort, first.map(|(_, kind)| kind))]
        }
        _ => return None,
    })
}

fn transferred(student: &Student, whole: &Whole<'_>) -> Said {
    let Some(exit) = sender("transfer", student, whole) else { return Said::new() };
    let (from, to) = ((exit + 1) * 10_000 + 701, (exit + 2) * 10_000 + 630);
    let mut best: Option<usize> = None;
    for row in rows(student, whole).iter().filter(|row| is_four_year(row)) {
        let Some((first, last)) = begins(row).zip(ends(row)) else { continue };
        if last < from || first > to {
            continue;
        }
        let name = row.name.map(str::to_uppercase).unwrap_or_default();
        let rank = match (row.state, row.control) {
            (None, _) | (Some("CA"), None) => 5,
            (Some(state), _) if state != "CA" => 4,
            (_, Some(control)) if control != "PUBLIC" => 3,
            _ if name.starts_with("UNIVERSITY OF CALIFORNIA") => 0,
            _ if name.starts_with("CALIFORNIA STATE") || name.contains("STATE UNIVERSITY") => 1,
            _ => 2,
        };
        best = Some(best.map_or(rank, |known| known.min(rank)));
    }
    let outcome = best.map(|rank| ["uc", "csu", "public", "private", "out-of-state", "not-told"][rank]);
    vec![(exit, outcome)]
}
