//! A seeded population with everything real files hold and some of what they should not: two colleges that gave one number,
//! rows without an institution, summer starts, returns, repeated courses, incompletes, days of leap years.

use crate::plain::{Attempt, Award, Completion, Day, Elsewhere, Offer, Records, Season, Student, Term, Wage};

/// A generator whose stream is the same everywhere (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: i64) -> i64 {
        i64::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    pub(crate) fn percent(&mut self, of_hundred: i64) -> bool {
        self.below(100) < of_hundred
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(i64::try_from(choices.len()).unwrap())).unwrap()]
    }

    pub(crate) fn maybe<T>(&mut self, of_hundred: i64, value: T) -> Option<T> {
        self.percent(of_hundred).then_some(value)
    }

    /// As `maybe`, of a value that is thrown for.
    pub(crate) fn thrown<T>(&mut self, of_hundred: i64, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let value = value(self);
        self.maybe(of_hundred, value)
    }

    /// A day of a calendar year; now and then 29 February or an end of a window.
    pub(crate) fn day(&mut self, year: i64) -> Day {
        let leap = year % 4 == 0;
        match self.below(12) {
            0 if leap => (year, 2, 29),
            1 => (year, 8, self.of(&[14, 15])),
            2 => self.of(&[(year, 10, 31), (year, 11, 1)]),
            3 => (year, 7, self.of(&[1, 2])),
            _ => (year, 1 + self.below(12), 1 + self.below(28)),
        }
    }
}

const SEASONS: [Season; 4] = [Season::Summer, Season::Fall, Season::Winter, Season::Spring];
const COURSES: [&str; 8] = ["MATH 1", "MATH 90", "ENGL 1", "STAT 10", "HIST 4", "BUS 1", "ESL 1", "SUPP 1"];
const GRADES: [&str; 20] = [
    "A", "A-", "B+", "B", "C", "C-", "D", "F", "P", "NP", "W", "EW", "MW", "IP", "IB", "IF", "INP", "IX",
    "CR", "RD",
];
const AWARDS: [&str; 12] = ["A", "S", "Y", "Z", "BA", "BS", "AA-T", "AS", "CERT30", "L", "O", "E"];

/// `count` students and the courses they were offered.
pub(crate) fn population(count: usize, seed: u64) -> Records {
    let mut dice = Dice(seed);
    let students = (0..count).map(|number| student(&mut dice, number)).collect();
    let mut offers = Vec::new();
    for institution in [Some("021"), Some("022"), None] {
        for (year, season) in (2012..2025).flat_map(|year| SEASONS.map(|season| (year, season))) {
            for course in COURSES {
                offer(&mut dice, institution, year, season, course, &mut offers);
            }
        }
    }
    Records { students, offers }
}

fn offer(
    dice: &mut Dice,
    institution: Option<&'static str>,
    year: i64,
    season: Season,
    course: &'static str,
    offers: &mut Vec<Offer>,
) {
    if dice.percent(10) {
        return;
    }
    let (top, ge, below): (&str, Option<&str>, i64) = match course {
        "MATH 1" => ("170100", Some("B"), 0),
        "MATH 90" => ("170100", None, 1 + dice.below(4)),
        "ENGL 1" => ("150100", Some("A"), 0),
        "STAT 10" => ("150900", Some("B"), 0),
        "HIST 4" => ("220500", None, 0),
        "BUS 1" => ("050100", None, 0),
        "ESL 1" => ("493084", None, 2),
        _ => ("170100", Some("B"), 0),
    };
    let transfer = if course == "MATH 90" { "C" } else { dice.of(&["A", "A", "B", "C"]) };
    let whole = Offer {
        institution,
        year,
        season,
        course,
        top: dice.maybe(80, top),
        transfer: dice.maybe(70, transfer),
        ge: ge.filter(|_| dice.percent(80)),
        support: dice.maybe(60, course == "SUPP 1"),
        basic: dice.maybe(60, course == "MATH 90"),
        below: dice.maybe(70, below),
        credit: dice.maybe(80, if course == "ESL 1" { "N" } else { "D" }),
    };
    // What a section row repeats of its course: nothing but its key.
    if dice.percent(40) {
        let (top, transfer, ge, support, basic, below) = (None, None, None, None, None, None);
        let credit = None;
        offers.push(Offer {
            institution,
            year,
            season,
            course,
            top,
            transfer,
            ge,
            support,
            basic,
            below,
            credit,
        });
    }
    offers.push(whole);
}

fn student(dice: &mut Dice, number: usize) -> Student {
    // Every fifth number was given by both colleges, to two students.
    let institution = match number % 10 {
        0..=4 => Some("021"),
        5..=8 => Some("022"),
        _ => None,
    };
    let id = match institution {
        None => format!("{:09}", 100_000_000 + number),
        Some(_) if number % 10 == 5 => format!("S{:06}", number - 5),
        Some(_) => format!("S{number:06}"),
    };
    let year = 2013 + dice.below(9);
    let leap = dice.of(&[1996, 2000, 2004]);
    let year_of_birth = 1992 + dice.below(16);
    let born = if dice.percent(10) { (leap, 2, 29) } else { dice.day(year_of_birth) };
    let mut student = Student {
        institution,
        id,
        born: dice.maybe(85, born),
        terms: Vec::new(),
        completions: Vec::new(),
        ninth: Vec::new(),
        attempts: Vec::new(),
        awards: Vec::new(),
        elsewhere: Vec::new(),
        wages: Vec::new(),
    };
    if dice.percent(50) {
        spell_of_completion(dice, year, &mut student);
    }
    if dice.percent(20) {
        for _ in 0..=dice.below(3) {
            let year = year - dice.below(6);
            term(dice, year, Some(true), &mut student);
        }
    }
    if dice.percent(70) {
        let start = year + dice.below(4);
        for _ in 0..=dice.below(7) {
            let year = (start + dice.below(6)).min(2024);
            let special = dice.of(&[Some(false), Some(false), None]);
            term(dice, year, special, &mut student);
        }
    }
    // Who left the college may have been asked about.
    if !student.terms.is_empty() && dice.percent(40) {
        for _ in 0..=dice.below(2) {
            let calendar = student.terms.iter().map(|term| term.year).max().unwrap() + 1 + dice.below(3);
            let entry = dice.day(calendar);
            elsewhere(dice, entry, &mut student);
        }
    }
    let awards = if dice.percent(30) { dice.below(3) } else { 0 };
    for _ in 0..awards {
        let at = year + dice.below(9);
        let day = dice.day(at);
        student.awards.push(Award {
            year: dice.maybe(50, at),
            day: dice.maybe(85, day),
            code: dice.of(&AWARDS),
            transfer: dice.thrown(50, |dice| dice.below(4) == 0),
        });
    }
    if institution.is_none() {
        for _ in 0..dice.below(6) {
            let (year, quarter) = (2014 + dice.below(11), u8::try_from(1 + dice.below(4)).unwrap());
            let cents = dice.of(&[0, 125_000, 374_999, 375_000, 749_999, 1_125_000, 1_500_000, 2_300_000]);
            student.wages.push(Wage { year, quarter, cents });
        }
    }
    student
}

fn spell_of_completion(dice: &mut Dice, year: i64, student: &mut Student) {
    let exit = match dice.below(8) {
        0 if (year + 1) % 4 == 0 => (year + 1, 2, 29),
        1 => (year, 12, 18),
        _ => (year + 1, 6, 1 + dice.below(28)),
    };
    student.completions.push(Completion {
        year,
        exit: dice.maybe(95, exit),
        a_g: dice.of(&[Some(true), Some(false), None]),
    });
    if dice.percent(5) {
        // Completed again at another school, reported a year later.
        let again = Completion { year: year + 1, exit: Some((year + 2, 6, 9)), a_g: Some(true) };
        student.completions.push(again);
    }
    for _ in 0..dice.below(3) {
        let entry = match dice.below(6) {
            0 => (exit.0 + 1, exit.1, if exit.1 == 2 { 28 } else { exit.2 }),
            1 => (exit.0 + 1, exit.1, (exit.2 + 1).min(28)),
            2 => exit,
            _ => {
                let year = exit.0 + dice.below(3);
                dice.day(year)
            }
        };
        elsewhere(dice, entry, student);
    }
    if dice.percent(60) {
        // Completed in time, later or held back; a few moved within the year.
        let ninth = year - dice.of(&[3, 3, 3, 3, 4, 2]);
        student.ninth.push(ninth);
        student.ninth.extend(dice.maybe(10, ninth));
        student.ninth.extend(dice.maybe(10, ninth + 1));
    }
}

const NAMES: [&str; 6] = [
    "UNIVERSITY OF CALIFORNIA-DAVIS",
    "University of California-Merced",
    "CALIFORNIA STATE UNIVERSITY - CHICO",
    "SONOMA STATE UNIVERSITY",
    "FOOTHILL COLLEGE",
    "REED COLLEGE",
];

fn elsewhere(dice: &mut Dice, entry: Day, student: &mut Student) {
    let exit = dice.thrown(70, |dice| {
        let year = entry.0 + dice.below(3);
        dice.day(year)
    });
    let given = dice.thrown(40, |dice| {
        let year = entry.0 + dice.below(7);
        dice.day(year)
    });
    student.elsewhere.push(Elsewhere {
        found: dice.of(&[Some(true), Some(true), Some(false), None]),
        entry: dice.maybe(90, entry),
        exit,
        given,
        graduated: dice.of(&[Some(true), Some(true), Some(false), None]),
        state: dice.thrown(95, |dice| dice.of(&["CA", "CA", "CA", "OR"])),
        level: dice.thrown(95, |dice| dice.of(&["4-YEAR", "4", "2-YEAR", "2", "LESS THAN 2 YEAR", "L"])),
        control: dice.thrown(95, |dice| dice.of(&["PUBLIC", "PUBLIC", "PRIVATE"])),
        name: dice.thrown(95, |dice| dice.of(&NAMES)),
    });
}

fn term(dice: &mut Dice, year: i64, special: Option<bool>, student: &mut Student) {
    let season = dice.of(&[
        Season::Fall,
        Season::Fall,
        Season::Spring,
        Season::Spring,
        Season::Summer,
        Season::Winter,
    ]);
    if student.terms.iter().any(|term| (term.year, term.season) == (year, season)) {
        return;
    }
    let calendar = if matches!(season, Season::Winter | Season::Spring) { year + 1 } else { year };
    let entry = dice.day(calendar);
    let attempted = dice.of(&[0, 40, 50, 300, 600, 900, 1_200, 1_500]);
    let earned = dice.of(&[0, 10, 300, 590, 600, 899, 900, 1_500, 1_600]);
    student.terms.push(Term {
        year,
        season,
        special,
        attempted: dice.maybe(70, attempted),
        earned: dice.maybe(60, earned),
        status: dice.of(&[
            Some("1"),
            Some("FIRST"),
            Some("2"),
            Some("TRANSFER"),
            Some("CONTINUING"),
            Some("5"),
            None,
        ]),
        entry: dice.maybe(30, entry),
    });
    for _ in 0..dice.below(4) {
        let course = dice.of(&COURSES);
        let listed = dice.percent(70);
        student.attempts.push(Attempt {
            year,
            season,
            course: listed.then_some(course),
            subject: dice.thrown(60, |dice| dice.of(&["MATH", "STAT", "ENGL", "HIST"])),
            grade: dice.thrown(95, |dice| dice.of(&GRADES)),
            below: dice.thrown(40, |dice| dice.below(6)),
            earned: dice.thrown(70, |dice| dice.of(&[0, 300, 400, 4_999, 8_888])),
        });
    }
}
