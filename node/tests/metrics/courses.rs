//! The part of the independent implementation that looks at courses, units and awards.

use passage_protocol::cells::Grouping;

use crate::plain::{Attempt, Award, Offer, Said, Season, Student, Term, Whole, first, regular, years};

/// What is known of the course of an attempt, put together from every row that offers it.
struct Known {
    top: Option<&'static str>,
    transfer: Option<&'static str>,
    ge: Option<&'static str>,
    support: bool,
    basic: bool,
    below: Option<i64>,
}

fn known(student: &Student, attempt: &Attempt, whole: &Whole<'_>) -> Known {
    let none: &[&Offer] = &[];
    let key = attempt.course.map(|course| (student.institution, attempt.year, attempt.season, course));
    let offers = key.and_then(|key| whole.offers.get(&key)).map_or(none, Vec::as_slice);
    Known {
        top: offers.iter().filter_map(|one| one.top).max(),
        transfer: offers.iter().filter_map(|one| one.transfer).min(),
        ge: offers.iter().filter_map(|one| one.ge).max(),
        support: offers.iter().any(|one| one.support == Some(true)),
        basic: offers.iter().any(|one| one.basic == Some(true)),
        below: attempt.below.or(offers.iter().filter_map(|one| one.below).min()),
    }
}

fn successful(grade: &str) -> bool {
    grade.starts_with(['A', 'B', 'C', 'P']) || ["IA", "IB", "IC", "IPP"].contains(&grade)
}

fn is_subject(known: &Known, attempt: &Attempt, top: &str, subjects: &[&str]) -> bool {
    match (known.top, attempt.subject) {
        (Some(found), _) => found == top,
        (None, Some(subject)) => subjects.contains(&subject),
        (None, None) => false,
    }
}

fn is_math(known: &Known, attempt: &Attempt) -> bool {
    is_subject(known, attempt, "170100", &["MATH", "MAT", "STAT"])
}

fn is_english(known: &Known, attempt: &Attempt) -> bool {
    is_subject(known, attempt, "150100", &["ENGL", "ENG"])
}

/// Mathematics and English at transfer level passed in a year.
fn passed(student: &Student, year: i64, whole: &Whole<'_>) -> (bool, bool) {
    let (mut math, mut english) = (false, false);
    for attempt in student.attempts.iter().filter(|one| one.year == year) {
        if !attempt.grade.is_some_and(successful) {
            continue;
        }
        let known = known(student, attempt, whole);
        let transferable = match (known.transfer, attempt.below) {
            (Some(status), _) => status == "A" || status == "B",
            (None, Some(below)) => below == 0,
            (None, None) => false,
        };
        math |= is_math(&known, attempt) && transferable || known.ge == Some("B") && !known.support;
        english |= is_english(&known, attempt) && transferable || known.ge == Some("A") && !known.support;
    }
    (math, english)
}

/// A remedial course in a year, and otherwise mathematics or English at transfer level.
fn remedial(student: &Student, year: i64, whole: &Whole<'_>) -> Option<&'static str> {
    let taken = student.attempts.iter().filter(|one| one.year == year);
    let taken: Vec<(&Attempt, Known)> = taken.map(|one| (one, known(student, one, whole))).collect();
    if taken.iter().any(|(_, known)| known.basic || known.below.is_some_and(|below| below >= 1)) {
        return Some("remedial");
    }
    let level = |(one, known): &(&Attempt, Known)| {
        known.below == Some(0) && (is_math(known, one) || is_english(known, one))
    };
    taken.iter().any(level).then_some("transfer-level")
}

/// School year of an award, July to June where only the day is known.
fn award_year(award: &Award) -> Option<i64> {
    award.year.or(award.day.map(|(year, month, _)| if month < 7 { year - 1 } else { year }))
}

const BACHELOR: [&str; 4] = ["Y", "Z", "BA", "BS"];
const ASSOCIATE: [&str; 6] = ["A", "S", "AA", "AS", "AA-T", "AS-T"];
const CERTIFICATE: [&str; 7] = ["B", "L", "T", "F", "N", "M", "CERT30"];

/// Units of the terms that `counts` tells; where those tell none, of the year's courses.
fn units(student: &Student, year: i64, counts: &dyn Fn(bool) -> bool) -> i64 {
    let terms = student.terms.iter().filter(|term| term.year == year && counts(term.is_special()));
    let told: Vec<i64> = terms.filter_map(|term| term.earned).collect();
    if !told.is_empty() {
        return told.iter().sum();
    }
    let courses = student.attempts.iter().filter(|one| one.year == year).filter_map(|one| one.earned);
    courses.filter(|units| *units < 5_000).sum()
}

/// The category of a college's student in a grouping.
pub(crate) fn grouped(grouping: Grouping, student: &Student, whole: &Whole<'_>) -> Option<&'static str> {
    match grouping {
        Grouping::UnitsEarned => {
            let mut told: Vec<i64> = Vec::new();
            for year in years(student) {
                let terms: Vec<&Term> = regular(student).filter(|term| term.year == year).collect();
                let of_terms: Vec<i64> = terms.iter().filter_map(|term| term.earned).collect();
                let courses = student.attempts.iter().filter(|one| one.year == year);
                let of_courses = courses.filter_map(|one| one.earned).filter(|units| *units < 5_000);
                match terms.is_empty() {
                    true => {}
                    false if of_terms.is_empty() => told.extend(of_courses),
                    false => told.extend(of_terms),
                }
            }
            let units: i64 = told.iter().sum();
            let steps = [1_200, 3_000, 5_600].iter().filter(|step| units >= **step).count();
            (!told.is_empty()).then(|| ["below-12", "12-to-30", "30-to-56", "56-or-more"][steps])
        }
        Grouping::YearsEnrolled => {
            let last = regular(student).map(|term| term.year).max()?;
            let years = usize::try_from(last - first(student)?).unwrap();
            Some(["one", "two", "three", "four-or-more"][years.min(3)])
        }
        Grouping::HighestCollegeMath => {
            let below = |attempt: &Attempt| {
                let known = known(student, attempt, whole);
                let counts = attempt.grade.is_some_and(successful) && is_math(&known, attempt);
                known.below.filter(|_| counts)
            };
            let least = student.attempts.iter().filter_map(below).min()?;
            let words = ["transfer", "algebra-2", "algebra-1", "pre-algebra", "arithmetic"];
            Some(words[usize::try_from(least.min(4)).unwrap()])
        }
        Grouping::AGMet
        | Grouping::CareerPathway
        | Grouping::EnglishLearner
        | Grouping::Foster
        | Grouping::Homeless
        | Grouping::LastMathCourse
        | Grouping::LowIncome
        | Grouping::Migrant
        | Grouping::ParentEducation => panic!("{} is told of pupils", grouping.name()),
    }
}

pub(crate) fn said(metric: &str, student: &Student, whole: &Whole<'_>) -> Option<Said> {
    let began = first(student);
    let in_first = |outcome: &dyn Fn(i64) -> Option<&'static str>, back: i64| -> Said {
        began.map(|year| (year - back, outcome(year))).into_iter().collect()
    };
    let both = |year: i64| match passed(student, year, whole) {
        (true, true) => Some("both"),
        (true, false) => Some("math-only"),
        (false, true) => Some("english-only"),
        (false, false) => None,
    };
    Some(match metric {
        "completion-4" | "completion-6" => {
            let span = if metric == "completion-4" { 4 } else { 6 };
            let Some(year) = began.filter(|year| year + span - 1 <= whole.last_regular_year) else {
                return Some(Vec::new());
            };
            let inside = |award: &&Award| award_year(award).is_some_and(|at| at >= year && at < year + span);
            let codes: Vec<&str> = student.awards.iter().filter(inside).map(|award| award.code).collect();
            let has = |list: &[&str]| codes.iter().any(|code| list.contains(code));
            let highest = if has(&BACHELOR) {
                "bachelor"
            } else if has(&ASSOCIATE) {
                "associate"
            } else if has(&CERTIFICATE) {
                "certificate"
            } else if codes.is_empty() {
                "no-award"
            } else {
                "other-award"
            };
            vec![(year - 1, Some(highest))]
        }
        "awards" => {
            let mut years: Vec<i64> = student.awards.iter().filter_map(award_year).collect();
            years.sort_unstable();
            years.dedup();
            let highest = |year: i64| {
                let of_year: Vec<&Award> =
                    student.awards.iter().filter(|award| award_year(award) == Some(year)).collect();
                let any = |test: &dyn Fn(&Award) -> bool| of_year.iter().any(|award| test(award));
                let associate = |award: &Award| ASSOCIATE.contains(&award.code);
                let for_transfer =
                    |award: &Award| award.transfer == Some(true) || ["AA-T", "AS-T"].contains(&award.code);
                if any(&|award| BACHELOR.contains(&award.code)) {
                    Some("bachelor")
                } else if any(&|award| associate(award) && for_transfer(award)) {
                    Some("associate-transfer")
                } else if any(&associate) {
                    Some("associate")
                } else {
                    any(&|award| CERTIFICATE.contains(&award.code)).then_some("certificate")
                }
            };
            years.into_iter().map(|year| (year, highest(year))).collect()
        }
        "course-success" => {
            let left_out = ["UG", "UD", "W", "EW", "MW", "DR", "SP", "IP", "RD"];
            let made_up = ["IA", "IB", "IC", "IPP", "ID", "IF", "INP"];
            let mut said = Said::new();
            for attempt in &student.attempts {
                let Some(grade) = attempt.grade else { continue };
                if left_out.contains(&grade) || (grade.starts_with('I') && !made_up.contains(&grade)) {
                    continue;
                }
                said.push((attempt.year, successful(grade).then_some("success")));
            }
            said
        }
        "transfer-level-math" => in_first(&|year| passed(student, year, whole).0.then_some("passed"), 0),
        "transfer-level-math-english" => in_first(&both, 0),
        "transfer-level-first-year" => in_first(&|year| both(year).or(Some("neither")), 1),
        "remedial-enrolment" => in_first(&|year| remedial(student, year, whole), 0),
        "remedial-placement" => in_first(&|year| remedial(student, year, whole).or(Some("neither")), 1),
        "unit-bands" => {
            let banded = |year: i64| {
                let units = units(student, year, &|special| !special);
                let steps = [600, 900, 1_500, 3_000].iter().filter(|step| units >= **step).count();
                if units <= 0 { "band-0" } else { ["band-1", "band-2", "band-3", "band-4", "band-5"][steps] }
            };
            let with_regular = |year: &i64| regular(student).any(|term| term.year == *year);
            years(student).into_iter().filter(with_regular).map(|year| (year, Some(banded(year)))).collect()
        }
        "dual-enrolment-units" => {
            let banded = |year: i64| {
                let units = units(student, year, &|special| special);
                let steps = [300, 600].iter().filter(|step| units >= **step).count();
                if units <= 0 { "none" } else { ["some", "course", "courses"][steps] }
            };
            let special =
                |year: &i64| student.terms.iter().any(|term| term.year == *year && term.is_special());
            years(student).into_iter().filter(special).map(|year| (year, Some(banded(year)))).collect()
        }
        "course-sequence-math" | "course-sequence-math-transfer" => {
            let Some(year) = began else { return Some(Vec::new()) };
            let mut best: Option<(i64, Season, i64, bool)> = None;
            for attempt in student.attempts.iter().filter(|one| one.year >= year) {
                let known = known(student, attempt, whole);
                let (Some(grade), Some(below)) = (attempt.grade, known.below) else { continue };
                if !is_math(&known, attempt) {
                    continue;
                }
                let rank = (attempt.year, attempt.season, below.min(4), !successful(grade));
                if best.is_none_or(|known| rank < known) {
                    best = Some(rank);
                }
            }
            let outcome = |below: i64, failed: bool| match (below, failed) {
                (0, false) => "transfer-passed",
                (0, true) => "transfer-not-passed",
                (1, false) => "algebra-2-passed",
                (1, true) => "algebra-2-not-passed",
                (2, false) => "algebra-1-passed",
                (2, true) => "algebra-1-not-passed",
                (3, false) => "pre-algebra-passed",
                (3, true) => "pre-algebra-not-passed",
                (_, false) => "arithmetic-passed",
                (_, true) => "arithmetic-not-passed",
            };
            best.map(|(_, _, below, failed)| (year - 1, Some(outcome(below, failed)))).into_iter().collect()
        }
        "k16-pathway" => {
            let Some(year) = began else { return Some(Vec::new()) };
            let later = |award: &&Award| award_year(award).is_some_and(|at| at >= year);
            let codes: Vec<&str> = student.awards.iter().filter(later).map(|award| award.code).collect();
            let earned: i64 =
                student.terms.iter().filter(|term| term.year >= year).filter_map(|term| term.earned).sum();
            let (math, english) = passed(student, year, whole);
            let stage = if codes.iter().any(|code| BACHELOR.contains(code)) {
                "bachelor"
            } else if !codes.is_empty() {
                "award"
            } else if earned >= 3_000 {
                "thirty-units"
            } else if math || english {
                "transfer-level"
            } else {
                "enrolled"
            };
            vec![(year - 1, Some(stage))]
        }
        _ => return None,
    })
}
