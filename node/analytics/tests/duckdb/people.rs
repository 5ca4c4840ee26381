//! Synthetic tables a college could have, the same ones in every run: nobody in them exists.

use passage_analytics::table::{Cell, Column, Kind, Role, TableSchema};
use zeroize::Zeroizing;

/// A table's schema and rows.
pub(crate) struct Made {
    pub(crate) schema: TableSchema,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// SplitMix64: small, fast, and its stream is the same on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below `end`.
    fn below(&mut self, end: i64) -> i64 {
        i64::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn percent(&mut self, chance: i64) -> bool {
        self.below(100) < chance
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(i64::try_from(of.len()).unwrap())).unwrap()]
    }
}

fn text(value: impl Into<String>) -> Cell {
    Cell::Text(Zeroizing::new(value.into()))
}

fn maybe(there: bool, cell: Cell) -> Cell {
    if there { cell } else { Cell::Empty }
}

fn date(year: i64, month: i64, day: i64) -> Cell {
    Cell::Date {
        year: u16::try_from(year).unwrap(),
        month: u8::try_from(month).unwrap(),
        day: u8::try_from(day).unwrap(),
    }
}

fn table(name: &str, columns: &[(&str, Kind)], rows: Vec<Vec<Cell>>) -> Made {
    let columns = columns
        .iter()
        .map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind, role: Role::Content })
        .collect();
    Made { schema: TableSchema { name: name.to_owned(), columns }, rows }
}

const STUDENTS: i64 = 1200;
const SUBJECTS: [&str; 6] = ["MATH", "ENGL", "BIOL", "HIST", "CIS", "NURS"];
const GRADES: [&str; 12] = ["A", "A-", "B+", "B", "B-", "C+", "C", "D", "F", "W", "P", "NP"];
const LETTERS: [&str; 7] = ["Ánh", "Björk", "de la Cruz", "O'Neil", "Smith, Jr.", "=Plus", "Nguyễn"];

fn id(student: i64) -> String {
    format!("{:07}", 1000 + student * 7)
}

fn wage_id(student: i64) -> String {
    format!("W{student:05}")
}

/// All tables, in the order of their names.
pub(crate) fn tables() -> Vec<Made> {
    let mut dice = Dice(20_190_801);
    vec![
        assessments(&mut dice),
        awards(&mut dice),
        courses(&mut dice),
        enrolments(&mut dice),
        programs(&mut dice),
        sections(&mut dice),
        students(&mut dice),
        wages(&mut dice),
    ]
}

/// The school year a student began in: known from the number, so that tables agree without looking at each other.
fn began(student: i64) -> i64 {
    2015 + student % 6
}

/// Years a student stayed, from 1 to 5.
fn stayed(student: i64) -> i64 {
    1 + student * 13 % 5
}

fn students(dice: &mut Dice) -> Made {
    let columns = [
        ("local_id", Kind::Text),
        ("ssn", Kind::Text),
        ("last", Kind::Text),
        ("birth_date", Kind::Date),
        ("gender", Kind::Text),
        ("hispanic", Kind::Flag),
        ("ethnicity", Kind::Text),
        ("economic_disadvantage", Kind::Flag),
        ("language_status", Kind::Text),
        ("zip", Kind::Text),
    ];
    let row = |student: i64| {
        let hispanic = dice.percent(45);
        let ethnicity = if hispanic {
            "hispanic"
        } else {
            dice.one_of(&["asian", "black", "filipino", "white", "two-or-more"])
        };
        vec![
            text(id(student)),
            maybe(student % 4 != 0, text(wage_id(student))),
            text(dice.one_of(&LETTERS)),
            date(began(student) - 18 - dice.below(6), 1 + dice.below(12), 1 + dice.below(28)),
            maybe(dice.percent(97), text(dice.one_of(&["F", "F", "M", "M", "X"]))),
            Cell::Flag(hispanic),
            maybe(dice.percent(93), text(ethnicity)),
            maybe(dice.percent(90), Cell::Flag(dice.percent(55))),
            text(dice.one_of(&["EO", "EO", "EL", "RFEP", "IFEP"])),
            maybe(dice.percent(95), text(format!("9{:04}", dice.below(40) * 3))),
        ]
    };
    table("student", &columns, (0..STUDENTS).map(row).collect())
}

fn enrolments(dice: &mut Dice) -> Made {
    let columns = [
        ("local_id", Kind::Text),
        ("institution", Kind::Text),
        ("school_year", Kind::Integer),
        ("term_season", Kind::Text),
        ("entry_date", Kind::Date),
        ("exit_date", Kind::Date),
        ("exit_reason", Kind::Text),
        ("goal", Kind::Text),
        ("units_attempted", Kind::Decimal),
        ("units_earned", Kind::Decimal),
        ("gpa", Kind::Decimal),
    ];
    let mut rows = Vec::new();
    for student in 0..STUDENTS {
        let goal = dice.one_of(&["transfer", "degree", "certificate", "skills"]);
        for year in began(student)..began(student) + stayed(student) {
            for (season, month) in [("fall", 8), ("spring", 1)] {
                if dice.percent(12) {
                    continue;
                }
                let calendar = if season == "fall" { year } else { year + 1 };
                let attempted = (1 + dice.below(6)) * 300;
                let earned = attempted - dice.below(attempted / 150 + 1) * 150;
                let left = dice.percent(9);
                rows.push(vec![
                    text(id(student)),
                    text(if student % 3 == 0 { "north" } else { "south" }),
                    Cell::Integer(year),
                    text(season),
                    date(calendar, month, 10 + dice.below(15)),
                    maybe(left, date(calendar, month + 1 + dice.below(3), 1 + dice.below(28))),
                    maybe(left, text(dice.one_of(&["E100", "E200", "E300"]))),
                    text(goal),
                    Cell::Decimal(attempted),
                    Cell::Decimal(earned),
                    maybe(earned > 0, Cell::Decimal(100 + dice.below(301))),
                ]);
            }
        }
    }
    table("enrolment", &columns, rows)
}

/// Sections of a subject's three levels, each term: `MATH-2` in fall 2017 has the sections 1 and 2.
fn sections(dice: &mut Dice) -> Made {
    let columns = [
        ("school_year", Kind::Integer),
        ("term_season", Kind::Text),
        ("course_id", Kind::Text),
        ("section_id", Kind::Text),
        ("subject", Kind::Text),
        ("levels_below_transfer", Kind::Integer),
        ("transfer_status", Kind::Text),
        ("units_max", Kind::Decimal),
    ];
    let mut rows = Vec::new();
    for year in 2015..2026 {
        for season in ["fall", "spring"] {
            for subject in SUBJECTS {
                for level in 0..3 {
                    for section in 1..=2 {
                        rows.push(vec![
                            Cell::Integer(year),
                            text(season),
                            text(format!("{subject}-{level}")),
                            text(section.to_string()),
                            text(subject),
                            Cell::Integer(level),
                            maybe(level == 0, text(dice.one_of(&["A", "B"]))),
                            Cell::Decimal(300 + level * 100),
                        ]);
                    }
                }
            }
        }
    }
    table("section", &columns, rows)
}

fn courses(dice: &mut Dice) -> Made {
    let columns = [
        ("local_id", Kind::Text),
        ("school_year", Kind::Integer),
        ("term_season", Kind::Text),
        ("course_id", Kind::Text),
        ("section_id", Kind::Text),
        ("subject", Kind::Text),
        ("grade", Kind::Text),
        ("units_attempted", Kind::Decimal),
        ("units_earned", Kind::Decimal),
    ];
    let mut rows = Vec::new();
    for student in 0..STUDENTS {
        let mut math_level = dice.below(3);
        for year in began(student)..began(student) + stayed(student) {
            for season in ["fall", "spring"] {
                for subject in SUBJECTS {
                    if !dice.percent(if subject == "MATH" { 60 } else { 25 }) {
                        continue;
                    }
                    let level = if subject == "MATH" { math_level } else { dice.below(3) };
                    let grade = dice.one_of(&GRADES);
                    let passed = !["D", "F", "W", "NP"].contains(&grade);
                    if subject == "MATH" && passed {
                        math_level = (math_level - 1).max(0);
                    }
                    let units = 300 + level * 100;
                    rows.push(vec![
                        text(id(student)),
                        Cell::Integer(year),
                        text(season),
                        text(format!("{subject}-{level}")),
                        text((1 + dice.below(2)).to_string()),
                        text(subject),
                        maybe(dice.percent(98), text(grade)),
                        Cell::Decimal(units),
                        Cell::Decimal(if passed { units } else { 0 }),
                    ]);
                }
            }
        }
    }
    table("course", &columns, rows)
}

fn awards(dice: &mut Dice) -> Made {
    let columns = [
        ("local_id", Kind::Text),
        ("award_date", Kind::Date),
        ("award", Kind::Text),
        ("cip_code", Kind::Text),
        ("transfer_degree", Kind::Flag),
        ("gpa", Kind::Decimal),
    ];
    let mut rows = Vec::new();
    for student in (0..STUDENTS).filter(|student| stayed(*student) > 1) {
        for _ in 0..(0..2).filter(|_| dice.percent(38)).count() {
            let award = dice.one_of(&["AA", "AS", "AA-T", "certificate"]);
            rows.push(vec![
                text(id(student)),
                date(
                    began(student) + 1 + dice.below(stayed(student) + 1),
                    1 + dice.below(12),
                    1 + dice.below(28),
                ),
                text(award),
                text(dice.one_of(&["11.0101", "26.0101", "51.3801", "24.0101"])),
                Cell::Flag(award == "AA-T"),
                maybe(dice.percent(92), Cell::Decimal(200 + dice.below(201))),
            ]);
        }
    }
    table("award", &columns, rows)
}

fn assessments(dice: &mut Dice) -> Made {
    let columns = [
        ("local_id", Kind::Text),
        ("school_year", Kind::Integer),
        ("test_subject", Kind::Text),
        ("test_date", Kind::Date),
        ("grade_assessed", Kind::Text),
        ("scale_score", Kind::Integer),
        ("achievement_level", Kind::Text),
    ];
    let mut rows = Vec::new();
    for student in 0..STUDENTS {
        for (subject, middle) in [("ELA", 2580), ("Mathematics", 2560)] {
            if dice.percent(20) {
                continue;
            }
            let year = began(student) - 2;
            let score = middle - 120 + dice.below(120) + dice.below(120);
            rows.push(vec![
                text(id(student)),
                Cell::Integer(year),
                text(subject),
                date(year + 1, 4 + dice.below(2), 1 + dice.below(28)),
                text("11"),
                maybe(dice.percent(96), Cell::Integer(score)),
                text((1 + (score - middle + 120) / 61).to_string()),
            ]);
        }
    }
    table("assessment", &columns, rows)
}

fn programs(dice: &mut Dice) -> Made {
    let columns = [
        ("local_id", Kind::Text),
        ("school_year", Kind::Integer),
        ("program_code", Kind::Text),
        ("entry_date", Kind::Date),
        ("exit_date", Kind::Date),
    ];
    let mut rows = Vec::new();
    for student in 0..STUDENTS {
        for code in ["EOPS", "DSPS", "PUENTE"] {
            if !dice.percent(18) {
                continue;
            }
            let year = began(student);
            rows.push(vec![
                text(id(student)),
                Cell::Integer(year),
                text(code),
                date(year, 8, 15),
                maybe(dice.percent(60), date(year + 1, 1 + dice.below(6), 1 + dice.below(28))),
            ]);
        }
    }
    table("program", &columns, rows)
}

fn wages(dice: &mut Dice) -> Made {
    let columns = [
        ("ssn", Kind::Text),
        ("quarter", Kind::Text),
        ("school_year", Kind::Integer),
        ("employer", Kind::Text),
        ("industry", Kind::Text),
        ("wages", Kind::Decimal),
    ];
    let mut rows = Vec::new();
    // Some wages belong to nobody among the students, and every fourth student cannot be found by number.
    for person in 0..STUDENTS + 60 {
        let first = began(person) + stayed(person);
        let mut level = 350_000 + dice.below(400_000);
        for quarter in 0..4 {
            if dice.percent(25) {
                continue;
            }
            level += dice.below(60_000) - 15_000;
            rows.push(vec![
                text(wage_id(person)),
                text(format!("{first}Q{}", quarter + 1)),
                Cell::Integer(if quarter < 2 { first - 1 } else { first }),
                text(format!("E{:03}", dice.below(90))),
                maybe(dice.percent(94), text(dice.one_of(&["62", "44", "72", "54", "23"]))),
                Cell::Decimal(level),
            ]);
        }
    }
    table("wage", &columns, rows)
}
