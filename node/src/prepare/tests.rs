//! Rows by parts, on the disk and in memory, against rows from one list of all records.

use passage_analytics::table::Cell;
use passage_protocol::{
    agreement::{Level, Purpose, StudyTable},
    cells::{Dimension, Grouping, SchoolYear},
    ids::Digest,
    match_key::{Preset, local_persons},
    metric::Side,
    timestamp::Timestamp,
};
use passage_shell::shelf::{Room, Shelf};
use zeroize::Zeroizing;

use super::*;
use crate::{
    import::ReportingPeriod,
    metrics::GroupFacts,
    roster::{OptOuts, SegmentKind, assemble},
    tables::{Import, StoredTable, merge, tests::World},
};

/// Small numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(Zeroizing::new(text.to_owned())) }
}

/// `count` students in two lists, the second of which names some of the first by SSID or number; few values, so that many are one
/// person, many share a key and many clash.
fn store(world: &World, count: u64, seed: u64) -> Vec<StoredTable> {
    let mut dice = Dice(seed);
    let mut tables = Vec::new();
    for list in ["first", "second"] {
        let mut import = Import::named(&world.folder, &world.custody, &world.schemas, list, "1");
        for number in 0..count {
            let mut number_of = |filled: u64, range: u64, width: usize| {
                let number = format!("{:0width$}", 400_614_000 + dice.below(range));
                if dice.below(10) < filled { number } else { String::new() }
            };
            let (ssid, ssn) = (number_of(6, count, 10), number_of(3, count, 9));
            let moved = if list == "first" { number } else { number + count * 2 / 3 };
            // Of a large list most are different persons all the same.
            let (year, day) =
                (2001 + dice.below(1 + count / 500) as u16, 1 + dice.below(1 + count / 120) as u8);
            let row = vec![
                ("local-id", text(&format!("S{moved}"))),
                ("ssid", text(&ssid)),
                ("ssn", text(&ssn)),
                ("first", text(dice.one_of(&["", "Ana", "Ana Maria", "Rosa", "Jose", "Mei", "Li", "Tom"]))),
                ("middle", text(dice.one_of(&["", "M", "Maria", "Rosa", "R"]))),
                ("last", text(dice.one_of(&["", "Silva", "Silva Ortiz", "Moreno", "Chen", "Nguyen"]))),
                ("prior-last", text(dice.one_of(&["", "", "Sousa"]))),
                ("birth-date", Cell::Date { year, month: 1 + dice.below(12) as u8, day }),
                ("gender", text(dice.one_of(&["", "F", "M", "X"]))),
                ("zip", text(dice.one_of(&["", "94575", "90001"]))),
                ("races", text(dice.one_of(&["", "700", "201 700"]))),
            ];
            import.push(ReportingPeriod::default(), "student", &world.schemas.row("student", row)).unwrap();
            if dice.below(2) == 0 {
                let term = vec![
                    ("local-id", text(&format!("S{moved}"))),
                    ("school-year", Cell::Integer(2019 + dice.below(3) as i64)),
                    ("term", text("FA")),
                ];
                let row = world.schemas.row("enrolment", term);
                import.push(ReportingPeriod::default(), "enrolment", &row).unwrap();
            }
        }
        tables = merge(&tables, &import.finish(&tables, Timestamp(1)).unwrap());
    }
    tables
}

pub(super) fn study() -> Study {
    let table = StudyTable { metric: "college-going-12".to_owned(), version: 1, dimension: Dimension::All };
    Study {
        title: String::new(),
        agreement: Digest([0; 32]),
        purpose: Purpose::ImprovingInstruction,
        level: Level::Aggregate,
        cohorts: vec![SchoolYear(2019), SchoolYear(2020)],
        preset: Preset::Full,
        bridges: false,
        committee: 2,
        participants: Vec::new(),
        tables: vec![table],
        definitions: Vec::new(),
    }
}

pub(super) fn part(role: Role) -> Part<'static> {
    Part { role, segment: Segment::Cc, schools: &[] }
}

/// A row as plain values, to be compared.
type Plain = (
    Vec<u32>,
    Vec<Option<Vec<Vec<u8>>>>,
    Vec<(Option<SchoolYear>, Vec<(SchoolYear, u8)>)>,
    Ethnicity,
    Gender,
    Vec<u8>,
);

fn plain(row: PreparedRow) -> Plain {
    let fields = |key: MatchKey| key.fields().iter().map(|field| field.to_vec()).collect();
    let keys = row.keys.into_iter().map(|key| key.map(fields)).collect();
    let facts = row.facts.into_iter().map(|fact| (fact.cohort, fact.seen)).collect();
    (row.students, keys, facts, row.ethnicity, row.gender, row.groups)
}

fn said_of(place: usize, step: usize) -> u8 {
    (place % (step + 1)) as u8
}

fn highest(places: &[usize], step: usize) -> u8 {
    places.iter().map(|place| said_of(*place, step)).max().unwrap()
}

/// The rows of a list that stands in memory as a whole, and how many persons have no key.
fn in_one_list(roster: &Roster, role: Role, said: &[Option<MetricFacts>]) -> (Vec<Plain>, u32) {
    let (students, study) = (roster.students.all().unwrap(), study());
    let records: Vec<NormalisedPerson> =
        students.iter().map(|student| normalise(student.person(), 2026)).collect();
    let found = local_persons(&records, &study.preset.recipes(), &study.preset.slots_for(&[]));
    let (mut rows, mut unusable) = (Vec::new(), 0);
    for person in found.persons {
        let own: Vec<&Student> = person.members.iter().map(|at| &students[*at]).collect();
        let pairs = said[0].as_ref().unwrap().of_person(&person.members);
        let (cohort, seen) = match role {
            Role::Sender => (pairs.first().map(|(cohort, _)| *cohort), Vec::new()),
            Role::Receiver => (None, pairs),
        };
        let wanted = match role {
            Role::Sender => cohort.is_some_and(|cohort| study.cohorts.contains(&cohort)),
            Role::Receiver => !seen.is_empty() || own.iter().any(|student| student.ever_enrolled()),
        };
        let is_keyless = person.slots.iter().all(Option::is_none);
        unusable += u32::from(wanted && is_keyless);
        if wanted && (role == Role::Sender || !is_keyless) {
            let ethnicity = own.iter().map(|student| student.ethnicity());
            let gender = own.iter().map(|student| student.gender());
            rows.push(plain(PreparedRow {
                keys: person.slots,
                facts: vec![Fact { cohort, seen }],
                ethnicity: ethnicity
                    .into_iter()
                    .find(|one| *one != Ethnicity::NotReported)
                    .unwrap_or(Ethnicity::NotReported),
                gender: gender.into_iter().find(|one| *one != Gender::NotStated).unwrap_or(Gender::NotStated),
                school: 0,
                // The highest of all records, as the files of both say.
                groups: [7, 4].map(|step| highest(&person.members, step)).into(),
                students: person.members.iter().map(|at| u32::try_from(*at).unwrap()).collect(),
            }));
        }
    }
    (rows, unusable)
}

#[test]
fn rows_are_the_same_in_memory_by_parts_and_on_the_disk() {
    let (mut merged, mut withheld) = (0, 0);
    for (count, seed) in [(0, 1), (1, 2), (40, 3), (40, 4), (40, 5), (3_000, 6)] {
        let world = World::new();
        let tables = store(&world, count, seed);
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path()).unwrap();
        let opt_outs = OptOuts::parse("S3\nS17\nS1000\n".as_bytes()).unwrap();
        let kind = SegmentKind::CommunityCollege;
        let assembled =
            |room: &Room| assemble(&world.folder, &world.custody, &tables, &opt_outs, kind, room).unwrap();
        let whole = assembled(&Room::memory());
        for room in [Room::memory(), Room::new(&shelf, 400_000), Room::new(&shelf, 1)] {
            let roster = assembled(&room);
            assert!(roster.counts == whole.counts);
            for role in [Role::Sender, Role::Receiver] {
                let side = if role == Role::Sender { Side::Sender } else { Side::Receiver };
                let counted = (0..roster.students.len()).filter(|place| place % 3 > 0);
                let said = counted.map(|place| (place, SchoolYear(2018 + (place % 5) as u16), 1));
                let students = roster.students.len();
                let groups =
                    [(Grouping::LastMathCourse, 7), (Grouping::UnitsEarned, 4)].map(|(grouping, step)| {
                        GroupFacts::new(grouping, (0..students).map(|place| said_of(place, step)).collect())
                            .unwrap()
                    });
                let said =
                    Said { metrics: vec![Some(MetricFacts::new(side, 1, said))], groups: groups.into() };
                let prepared = prepare(&roster, &study(), part(role), 2026, &said, &room).unwrap();
                let rows: Vec<Plain> = prepared.rows.all().unwrap().into_iter().map(plain).collect();
                let (expected, unusable) = in_one_list(&whole, role, &said.metrics);
                assert!(rows == expected, "{count} {seed}");
                assert_eq!((prepared.rows.len(), prepared.unusable), (expected.len(), unusable));
                merged += rows.iter().filter(|row| row.0.len() > 1).count();
                withheld += rows.iter().filter(|row| row.1[0].is_none() && row.1[2].is_none()).count();
                if count < 3_000 || room.bytes() == u64::MAX {
                    assert!(!prepared.rows.is_spilled(), "a small list stays in memory");
                } else if room.bytes() == 1 {
                    assert!(prepared.rows.is_spilled());
                }
            }
        }
        drop(whole);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file has a name");
    }
    assert!(merged > 500 && withheld > 100, "{merged} {withheld}");
}
