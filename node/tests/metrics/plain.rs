//! An independent implementation of the catalogue: loops over structs, written from the definitions in words. It shares no
//! code with the SQL, and none with the engine.

use std::collections::HashMap;

/// Year, month, day.
pub(crate) type Day = (i64, i64, i64);

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Season {
    Summer,
    Fall,
    Winter,
    Spring,
}

/// A term at a college.
pub(crate) struct Term {
    pub(crate) year: i64,
    pub(crate) season: Season,
    pub(crate) special: Option<bool>,
    /// Hundredths of units.
    pub(crate) attempted: Option<i64>,
    pub(crate) earned: Option<i64>,
    pub(crate) status: Option<&'static str>,
    pub(crate) entry: Option<Day>,
}

impl Term {
    pub(crate) fn is_special(&self) -> bool {
        self.special == Some(true)
    }
}

/// A completion of high school.
pub(crate) struct Completion {
    pub(crate) year: i64,
    pub(crate) exit: Option<Day>,
    pub(crate) a_g: Option<bool>,
}

/// A course attempt.
pub(crate) struct Attempt {
    pub(crate) year: i64,
    pub(crate) season: Season,
    pub(crate) course: Option<&'static str>,
    pub(crate) subject: Option<&'static str>,
    pub(crate) grade: Option<&'static str>,
    pub(crate) below: Option<i64>,
    pub(crate) earned: Option<i64>,
}

pub(crate) struct Award {
    pub(crate) year: Option<i64>,
    pub(crate) day: Option<Day>,
    pub(crate) code: &'static str,
    pub(crate) transfer: Option<bool>,
}

/// A row of the clearing-house.
pub(crate) struct Elsewhere {
    pub(crate) found: Option<bool>,
    pub(crate) entry: Option<Day>,
    pub(crate) exit: Option<Day>,
    /// Day of a credential.
    pub(crate) given: Option<Day>,
    pub(crate) graduated: Option<bool>,
    pub(crate) state: Option<&'static str>,
    pub(crate) level: Option<&'static str>,
    pub(crate) control: Option<&'static str>,
    pub(crate) name: Option<&'static str>,
}

pub(crate) struct Wage {
    pub(crate) year: i64,
    pub(crate) quarter: u8,
    pub(crate) cents: i64,
}

/// Everything one number at one institution stands for.
pub(crate) struct Student {
    pub(crate) institution: Option<&'static str>,
    pub(crate) id: String,
    pub(crate) born: Option<Day>,
    pub(crate) terms: Vec<Term>,
    pub(crate) completions: Vec<Completion>,
    /// School years in grade 9.
    pub(crate) ninth: Vec<i64>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) awards: Vec<Award>,
    pub(crate) elsewhere: Vec<Elsewhere>,
    pub(crate) wages: Vec<Wage>,
}

/// A course as offered in a term; a course may have several rows, each with a part of what is known.
pub(crate) struct Offer {
    pub(crate) institution: Option<&'static str>,
    pub(crate) year: i64,
    pub(crate) season: Season,
    pub(crate) course: &'static str,
    pub(crate) top: Option<&'static str>,
    pub(crate) transfer: Option<&'static str>,
    pub(crate) ge: Option<&'static str>,
    pub(crate) support: Option<bool>,
    pub(crate) basic: Option<bool>,
    pub(crate) below: Option<i64>,
    pub(crate) credit: Option<&'static str>,
}

/// Everything there is.
pub(crate) struct Records {
    pub(crate) students: Vec<Student>,
    pub(crate) offers: Vec<Offer>,
}

/// A cohort, and the outcome in it.
pub(crate) type Said = Vec<(i64, Option<&'static str>)>;

/// What a metric looks up outside of one student.
pub(crate) struct Whole<'a> {
    pub(crate) last_regular_year: i64,
    pub(crate) last_place: i64,
    pub(crate) last_year: i64,
    pub(crate) last_employment: i64,
    pub(crate) last_pay: i64,
    pub(crate) found: HashMap<&'a str, Vec<&'a Elsewhere>>,
    /// The newest first day found, and the newest day of any kind.
    pub(crate) last_found: i64,
    pub(crate) last_elsewhere: i64,
    pub(crate) offers: HashMap<(Option<&'a str>, i64, Season, &'a str), Vec<&'a Offer>>,
}

impl<'a> Whole<'a> {
    pub(crate) fn of(records: &'a Records) -> Self {
        let mut whole = Self {
            last_regular_year: 0,
            last_place: 0,
            last_year: 0,
            last_employment: 0,
            last_pay: 0,
            found: HashMap::new(),
            last_found: 0,
            last_elsewhere: 0,
            offers: HashMap::new(),
        };
        for student in &records.students {
            for term in &student.terms {
                whole.last_year = whole.last_year.max(term.year);
                if !term.is_special() {
                    whole.last_regular_year = whole.last_regular_year.max(term.year);
                    whole.last_place = whole.last_place.max(place(term).unwrap_or(0));
                }
            }
            for wage in student.wages.iter().filter(|wage| wage.cents > 0) {
                if wage.quarter == 4 {
                    whole.last_pay = whole.last_pay.max(wage.year - 1);
                    whole.last_employment = whole.last_employment.max(wage.year - 1);
                }
                if wage.quarter == 2 {
                    whole.last_employment = whole.last_employment.max(wage.year - 2);
                }
            }
            for row in &student.elsewhere {
                let newest = row.entry.into_iter().chain(row.given).map(number).max();
                whole.last_elsewhere = whole.last_elsewhere.max(newest.unwrap_or(0));
                if row.found == Some(true) {
                    whole.last_found = whole.last_found.max(row.entry.map_or(0, number));
                    whole.found.entry(&student.id).or_default().push(row);
                }
            }
        }
        for offer in &records.offers {
            let key = (offer.institution, offer.year, offer.season, offer.course);
            whole.offers.entry(key).or_default().push(offer);
        }
        whole
    }
}

/// Regular terms: not dual enrolment.
pub(crate) fn regular(student: &Student) -> impl Iterator<Item = &Term> {
    student.terms.iter().filter(|term| !term.is_special())
}

/// First year as a regular student.
pub(crate) fn first(student: &Student) -> Option<i64> {
    regular(student).map(|term| term.year).min()
}

/// Fall and spring terms in their order.
pub(crate) fn place(term: &Term) -> Option<i64> {
    match term.season {
        Season::Fall => Some(term.year * 2),
        Season::Spring => Some(term.year * 2 + 1),
        Season::Summer | Season::Winter => None,
    }
}

/// Completion year of high school.
pub(crate) fn completed(student: &Student) -> Option<i64> {
    student.completions.iter().map(|completion| completion.year).min()
}

/// A day as one number: 2020-08-15 is 20200815.
pub(crate) fn number((year, month, day): Day) -> i64 {
    year * 10_000 + month * 100 + day
}

/// The sender's side: a cohort or none.
pub(crate) fn sender(metric: &str, student: &Student, whole: &Whole<'_>) -> Option<i64> {
    match metric {
        "transfer" => {
            let last = student.terms.iter().map(|term| term.year).max()?;
            let of_terms: Vec<i64> = student.terms.iter().filter_map(|term| term.earned).collect();
            let of_courses =
                student.attempts.iter().filter_map(|one| one.earned).filter(|units| *units < 5_000);
            let units: i64 = if of_terms.is_empty() { of_courses.sum() } else { of_terms.iter().sum() };
            (units >= 1_200 && last < whole.last_year).then_some(last)
        }
        "employment"
        | "earnings-bands"
        | "earnings-change"
        | "living-wage"
        | "course-sequence-math-transfer"
        | "found-after-college" => {
            let last = regular(student).map(|term| term.year).max()?;
            (last < whole.last_regular_year).then_some(last)
        }
        "feeder-origins" => first(student),
        "dual-enrolment-grade-9" => student.ninth.iter().min().copied(),
        _ => completed(student),
    }
}

/// The receiver's side, and that of an institution alone; `None` if this implementation has no such metric.
pub(crate) fn said(metric: &str, student: &Student, whole: &Whole<'_>) -> Option<Said> {
    let began = first(student);
    let before = |outcome: &'static str| began.map(|year| (year - 1, Some(outcome))).into_iter().collect();
    let in_first =
        |test: &dyn Fn(&Term) -> bool| regular(student).any(|term| Some(term.year) == began && test(term));
    Some(match metric {
        "college-going-12" | "transfer" => before("enrolled"),
        "college-going-16" => {
            let mut said: Said = before("enrolled");
            if in_first(&|term| matches!(term.season, Season::Summer | Season::Fall)) {
                said.extend(began.map(|year| (year - 2, Some("enrolled"))));
            }
            said
        }
        "first-fall" => {
            let in_fall = |term: &Term| match term.entry {
                Some((_, month, day)) => (815..=1031).contains(&(month * 100 + day)),
                None => term.season == Season::Fall,
            };
            if in_first(&in_fall) { before("enrolled") } else { Vec::new() }
        }
        "enrolled-any-first-year" => {
            if in_first(&|term| term.season != Season::Summer) {
                before("enrolled")
            } else {
                Vec::new()
            }
        }
        "enrolled-within-two-years" => {
            let mut said: Said = before("first-year");
            said.extend(began.map(|year| (year - 2, Some("second-year"))));
            said
        }
        "persistence" => match began {
            Some(year) if year < whole.last_regular_year => {
                let back = regular(student).any(|term| term.year == year + 1);
                before(if back { "returned" } else { "not-returned" })
            }
            Some(_) | None => Vec::new(),
        },
        "persistence-first-to-second-term" => {
            let places: Vec<i64> = regular(student).filter_map(place).collect();
            match places.iter().min() {
                Some(first) if *first < whole.last_place => {
                    vec![(first / 2, places.contains(&(first + 1)).then_some("returned"))]
                }
                Some(_) | None => Vec::new(),
            }
        }
        "first-time-cohort" => {
            let counts = |term: &&Term| {
                matches!(term.season, Season::Fall | Season::Spring)
                    && term.attempted.is_none_or(|units| units >= 50)
            };
            let terms: Vec<&Term> = regular(student).filter(counts).collect();
            let Some(year) = terms.iter().map(|term| term.year).min() else { return Some(Vec::new()) };
            let is = |words: [&str; 2]| {
                terms
                    .iter()
                    .any(|term| term.year == year && term.status.is_some_and(|one| words.contains(&one)))
            };
            let outcome = if is(["1", "FIRST"]) {
                Some("first-time")
            } else {
                is(["2", "TRANSFER"]).then_some("transferring")
            };
            vec![(year, outcome)]
        }
        "dual-enrolment" => {
            let last = student.terms.iter().filter(|term| term.is_special()).map(|term| term.year).max();
            last.into_iter()
                .flat_map(|last| (0..4).map(move |more| (last + more, Some("dual-enrolled"))))
                .collect()
        }
        "dual-enrolment-grade-9" => {
            let first = student.terms.iter().filter(|term| term.is_special()).map(|term| term.year).min();
            first
                .into_iter()
                .flat_map(|first| (0..4).map(move |more| (first + more, Some("by-grade-9"))))
                .collect()
        }
        "dual-enrolment-participation" => {
            let young = |year: i64| match student.born {
                None => true,
                Some((born, month, day)) => {
                    let had_birthday = month < 7 || (month, day) == (7, 1);
                    let age = year - born - i64::from(!had_birthday);
                    age < 22
                }
            };
            years(student)
                .into_iter()
                .map(|year| {
                    let special = student.terms.iter().any(|term| term.year == year && term.is_special());
                    (year, (special && young(year)).then_some("special-admit"))
                })
                .collect()
        }
        "feeder-origins" => {
            let year = completed(student);
            let cohorts = year.into_iter().flat_map(|year| (1..=4).map(move |more| (year, more)));
            cohorts
                .map(|(year, more)| (year + more, Some(if more == 1 { "year-before" } else { "earlier" })))
                .collect()
        }
        "a-g-completion" => {
            let met = student.completions.iter().any(|completion| completion.a_g == Some(true));
            completed(student).map(|year| (year, met.then_some("a-g-met"))).into_iter().collect()
        }
        "college-going-12-nsc" | "first-fall-nsc" => {
            let Some(cohort) = completed(student) else { return Some(Vec::new()) };
            let exit = student.completions.iter().filter_map(|completion| completion.exit).min();
            let within = |(year, month, day): &Day| {
                if metric == "first-fall-nsc" {
                    return *year == cohort + 1 && (815..=1031).contains(&(month * 100 + day));
                }
                exit.is_some_and(|(exit_year, exit_month, exit_day)| {
                    let after = (*year, *month, *day) > (exit_year, exit_month, exit_day);
                    after && number((*year, *month, *day)) <= number((exit_year + 1, exit_month, exit_day))
                })
            };
            let found = whole.found.get(student.id.as_str());
            let found =
                found.is_some_and(|rows| rows.iter().filter_map(|row| row.entry.as_ref()).any(within));
            vec![(cohort, found.then_some("enrolled"))]
        }
        _ => {
            return crate::courses::said(metric, student, whole)
                .or_else(|| crate::elsewhere::said(metric, student, whole))
                .or_else(|| crate::wages::said(metric, student, whole))
                .or_else(|| crate::career::said(metric, student, whole));
        }
    })
}

/// Years with any term.
pub(crate) fn years(student: &Student) -> Vec<i64> {
    let mut years: Vec<i64> = student.terms.iter().map(|term| term.year).collect();
    years.sort_unstable();
    years.dedup();
    years
}
