//! What is kept comes back after a restart and from nowhere else, two rounds do not pass each other, and everything goes when the
//! agreement's days are over.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use passage_protocol::{
    agreement::agreement_digest,
    cells::{Dimension, Ethnicity, Gender, SchoolYear},
    codec::Encode,
    disclosure::LedgerRefusal,
    ids::MemberCode,
    signing::SigningKey,
    timestamp::Date,
};

use super::*;
use crate::{fixture, records::AGREEMENTS};

const FIRST: RoundId = RoundId([1; 16]);
const SECOND: RoundId = RoundId([2; 16]);

struct Member {
    folder: tempfile::TempDir,
    home: Option<Home>,
    agreement: Digest,
}

impl Member {
    fn new() -> Self {
        let key = SigningKey::generate([4; 32]);
        let (folder, home) = fixture::district(MemberCode([7; 5]), &key);
        let text = include_str!("../../../deploy/config/agreement.example.toml")
            .replace(&"0".repeat(64), &home.authority().to_string());
        let agreement = agreement_digest(&text);
        home.store.commit(&[Op::put(AGREEMENTS, agreement.0, text.into_bytes())]).unwrap();
        Self { folder, home: Some(home), agreement }
    }

    fn home(&self) -> &Home {
        self.home.as_ref().unwrap()
    }

    fn restart(&mut self) {
        self.home = None;
        let patience = Instant::now() + Duration::from_secs(10);
        self.home = loop {
            match Home::open(&self.folder.path().join("node")) {
                Err(_) if Instant::now() < patience => sleep(Duration::from_millis(20)),
                other => break Some(other.unwrap()),
            }
        };
    }

    /// Endorses a round that was judged beside nothing.
    fn enter(&self, round: RoundId, students: u64) -> Result<(), Clause> {
        let counts = Counts { counted: of(students), beside: BTreeSet::new() };
        let ops = self.home().keep_counted(self.agreement, round, &counts).unwrap()?;
        self.home().store.commit(&ops).unwrap();
        Ok(())
    }

    fn finish(&self, round: RoundId) {
        let home = self.home();
        let call = fixture::call(home, round, self.agreement);
        let record = RoundRecord {
            call,
            moved: home.now(),
            standing: Standing::Finished,
            manifest: None,
            roster: None,
        };
        home.store.commit(&[Op::put(ROUNDS, round.0, record.to_bytes())]).unwrap();
    }

    /// Files of the folder that hold the number of the first student.
    fn files_with_a_number(&self) -> usize {
        let needle = number(0).to_le_bytes();
        let mut folders = vec![self.folder.path().to_owned()];
        let mut found = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                match entry.is_dir() {
                    true => folders.push(entry),
                    false => {
                        let bytes = fs::read(&entry).unwrap();
                        found += usize::from(bytes.windows(8).any(|part| part == needle));
                    }
                }
            }
        }
        found
    }
}

fn number(student: u64) -> u64 {
    student.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5555_AAAA_1234_9876
}

fn of(students: u64) -> Counted {
    let student = (0..students).map(|student| CountedStudent {
        metric: 0,
        number: number(student),
        cohort: SchoolYear(2020),
        ethnicity: Ethnicity::White,
        gender: Gender::Female,
        school: 0,
        groups: [0; 8],
    });
    let tables = [("college-going-12".to_owned(), Dimension::All)];
    Counted::new(Digest([1; 32]), 11, tables, &[SchoolYear(2020)], student)
}

#[test]
fn what_a_round_counted_answers_after_a_restart_and_stands_nowhere_in_clear() {
    let mut member = Member::new();
    // More than one value of the store.
    member.enter(FIRST, 100_000).unwrap();
    member.restart();
    assert_eq!(member.files_with_a_number(), 0);
    let earlier = member.home().counted_before(None).unwrap();
    assert_eq!((earlier.len(), earlier[0].round, earlier[0].is_answered), (1, FIRST, false));
    assert_eq!(earlier[0].counted.students(), 100_000);
    // Sealed and without a report: the same students may be asked about, three more may not.
    assert_eq!(judge(&of(100_000), &earlier), Ok(()));
    let (clause, words) = judge(&of(100_003), &earlier).unwrap_err();
    assert_eq!(clause, Clause::Beside(LedgerRefusal::Isolates));
    assert!(words.contains("cohort 2020-2021 by all") && words.contains(&FIRST.to_string()), "{words}");
    member.finish(FIRST);
    let (clause, words) = judge(&of(100_000), &member.home().counted_before(None).unwrap()).unwrap_err();
    assert_eq!(clause, Clause::AlreadyReleased);
    assert!(words.ends_with(&format!("already answered by report {FIRST}")), "{words}");
}

#[test]
fn two_rounds_that_were_judged_beside_nothing_do_not_both_enter() {
    let member = Member::new();
    member.enter(FIRST, 50).unwrap();
    assert_eq!(member.enter(SECOND, 53), Err(Clause::Beside(LedgerRefusal::Isolates)));
    assert_eq!(member.enter(SECOND, 61), Ok(()));
    assert_eq!(member.home().counted_names().unwrap().len(), 2);
}

#[test]
fn a_round_that_ended_before_it_was_sealed_counts_no_more() {
    let member = Member::new();
    member.enter(FIRST, 50).unwrap();
    let gone = member.home().forget_counted(member.agreement, FIRST).unwrap();
    member.home().store.commit(&gone).unwrap();
    assert_eq!(member.enter(SECOND, 53), Ok(()));
}

#[test]
fn it_goes_with_its_key_when_the_days_of_the_agreement_are_over() {
    let member = Member::new();
    member.enter(FIRST, 50).unwrap();
    let home = member.home();
    let held = home.agreement(&member.agreement.to_string()).unwrap().agreement;
    let at = |days: u32| {
        let expires = u64::from(held.expires.day_number()) + u64::from(held.retention_days) + u64::from(days);
        let epoch = u64::from(Date::new(1970, 1, 1).unwrap().day_number());
        Timestamp((expires - epoch) * 86_400 + 3_600)
    };
    let key = home.counted_key_path(member.agreement).unwrap();
    home.forget_ended_agreements(at(0)).unwrap();
    assert!(key.exists() && home.counted_before(None).unwrap().len() == 1, "nothing goes before its date");
    home.forget_ended_agreements(at(1)).unwrap();
    assert!(!key.exists());
    assert!(home.counted_names().unwrap().is_empty());
    home.forget_ended_agreements(at(1)).unwrap();
}

#[test]
fn a_record_whose_key_is_gone_stops_whoever_would_compare() {
    let member = Member::new();
    member.enter(FIRST, 50).unwrap();
    fs::write(member.home().counted_key_path(member.agreement).unwrap(), [0; 32]).unwrap();
    let failure = member.home().counted_before(None).map(drop).unwrap_err();
    assert_eq!((failure.code(), failure.rule()), ("N2390", Some("4.4")));
}
