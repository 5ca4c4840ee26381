//! The ledger under sequences of studies: no two releases, nor one and two others, differ by fewer than the floor.
//!
//! Populations are cut from one roster by school, class and group, with a few students more or less each time: opt-outs,
//! late records, a programme left out. The check is brute force over sets, written apart from the ledger's elimination.

use std::collections::BTreeSet;

use passage_protocol::{
    disclosure::{Answer, Ledger, LedgerRefusal, Population, Question, Spending},
    ids::Digest,
};

use crate::random::Dice;

const FLOOR: usize = 11;

fn question(number: u64, outcome: &str, members: &BTreeSet<u64>, cost: Spending) -> Question {
    Question {
        digest: Digest::derive("passage test question", &number.to_le_bytes()),
        outcome: outcome.to_owned(),
        population: Population::new(members.iter().copied()),
        cost,
    }
}

/// A population as somebody might ask for it.
fn drawn(dice: &mut Dice, roster: &[(u64, u64, u64)], before: &[BTreeSet<u64>]) -> BTreeSet<u64> {
    let (school, class, group) = (dice.below(6), dice.below(5), dice.below(7));
    let inside = |(a, b, c): &(u64, u64, u64)| {
        (school > 3 || *a == school) && (class > 2 || *b == class) && (group > 4 || *c == group)
    };
    let mut members: BTreeSet<u64> =
        (0..).zip(roster).filter(|(_, student)| inside(student)).map(|(at, _)| at).collect();
    match dice.below(5) {
        0 if !before.is_empty() => {
            // An earlier population with a few students changed: the differencing attack itself.
            members = before[dice.below(before.len() as u64) as usize].clone();
            for _ in 0..1 + dice.below(14) {
                let one = dice.below(roster.len() as u64);
                if !members.remove(&one) {
                    members.insert(one);
                }
            }
        }
        1 if before.len() > 1 => {
            // Two earlier ones put together.
            let [one, other] = [0, 1].map(|_| &before[dice.below(before.len() as u64) as usize]);
            members = one.union(other).copied().collect();
            if dice.percent(50) {
                let gone = members.iter().nth(dice.below(members.len().max(1) as u64) as usize).copied();
                gone.iter().for_each(|one| {
                    members.remove(one);
                });
            }
        }
        _ => {}
    }
    members
}

/// Sequences of studies.
const SEQUENCES: u64 = 1_000;

#[test]
fn no_two_releases_isolate_fewer_than_the_floor() {
    let (mut answered, mut refused, mut together, mut stored) = (0, 0, 0, 0);
    for seed in 0..SEQUENCES {
        let mut dice = Dice::new(4_000_000 + seed);
        let roster: Vec<(u64, u64, u64)> = (0..80 + dice.below(200))
            .map(|_| (dice.below(4), dice.below(3), [0, 0, 0, 1, 1, 2, 3, 4][dice.below(8) as usize]))
            .collect();
        let mut ledger = Ledger::new(Spending { epsilon_milli: u64::MAX, delta_ppt: u64::MAX });
        let mut released: Vec<BTreeSet<u64>> = Vec::new();
        for number in 0..12 {
            let members = drawn(&mut dice, &roster, &released);
            match ledger.ask(&question(number, "seen", &members, Spending::default()), FLOOR as u32) {
                Ok(Answer::Fresh) => {
                    let release = Digest::derive("passage test release", &number.to_le_bytes());
                    ledger.record(question(number, "seen", &members, Spending::default()), release);
                    let again = ledger.ask(&question(number, "seen", &members, Spending::default()), 11);
                    assert_eq!(again, Ok(Answer::Stored(release)));
                    released.push(members);
                    answered += 1;
                    stored += 1;
                }
                Ok(Answer::Stored(_)) => panic!("another question"),
                Err(LedgerRefusal::Isolates) => refused += 1,
                Err(LedgerRefusal::IsolatesTogether) => together += 1,
                Err(other) => panic!("{other}"),
            }
        }
        let few = |one: &BTreeSet<u64>, other: &BTreeSet<u64>| {
            (1..FLOOR).contains(&one.symmetric_difference(other).count())
        };
        for (at, one) in released.iter().enumerate() {
            for other in &released[at + 1..] {
                assert!(!few(one, other), "seed {seed}: two releases differ by fewer than the floor");
                if !one.is_disjoint(other) || one.is_empty() || other.is_empty() {
                    continue;
                }
                let both: BTreeSet<u64> = one.union(other).copied().collect();
                for whole in &released {
                    assert!(!few(whole, &both), "seed {seed}: a whole and its two parts differ by too few");
                }
            }
        }
    }
    println!(
        "{SEQUENCES} sequences: {answered} answered, {refused} and {together} refused, {stored} repeated"
    );
    assert!(answered > 3_000 && refused > 1_000 && together > 50, "{answered} {refused} {together}");
}

#[test]
fn a_year_less_its_schools_is_refused() {
    // Three schools of 40 make up 120 students with three from nowhere: the whole less the parts are those three.
    let whole: BTreeSet<u64> = (0..123).collect();
    let mut ledger = Ledger::new(Spending::default());
    for school in 0..3_u64 {
        let members: BTreeSet<u64> = (40 * school..40 * (school + 1)).collect();
        let asked = question(school, "seen", &members, Spending::default());
        assert_eq!(ledger.ask(&asked, 11), Ok(Answer::Fresh));
        ledger.record(asked, Digest([0; 32]));
    }
    let asked = question(9, "seen", &whole, Spending::default());
    assert_eq!(ledger.ask(&asked, 11), Err(LedgerRefusal::IsolatesTogether));
    let asked = question(9, "another outcome", &whole, Spending::default());
    assert_eq!(ledger.ask(&asked, 11), Ok(Answer::Fresh));
}

#[test]
fn the_budget_is_charged_once_a_question_and_refuses_when_spent() {
    let cost = Spending { epsilon_milli: 2_000, delta_ppt: 1_000_000 };
    let mut ledger = Ledger::new(Spending { epsilon_milli: 5_000, delta_ppt: 2_000_000 });
    let members: BTreeSet<u64> = (0..100).collect();
    for number in 0..2 {
        let asked = question(number, "seen", &members, cost);
        assert_eq!(ledger.ask(&asked, 11), Ok(Answer::Fresh));
        ledger.record(asked, Digest([7; 32]));
        ledger.record(question(number, "seen", &members, cost), Digest([8; 32]));
    }
    assert_eq!(ledger.spent(), Spending { epsilon_milli: 4_000, delta_ppt: 2_000_000 });
    assert_eq!(ledger.ask(&question(2, "seen", &members, cost), 11), Err(LedgerRefusal::EpsilonSpent));
    let small = Spending { epsilon_milli: 1_000, delta_ppt: 1 };
    assert_eq!(ledger.ask(&question(2, "seen", &members, small), 11), Err(LedgerRefusal::DeltaSpent));
    assert_eq!(ledger.ask(&question(1, "seen", &members, cost), 11), Ok(Answer::Stored(Digest([7; 32]))));
    ledger.withdraw(question(1, "seen", &members, cost).digest);
    assert_eq!(ledger.ask(&question(2, "seen", &members, cost), 11), Ok(Answer::Fresh));
}

#[test]
fn a_population_survives_its_keepers_store() {
    let population = Population::new([9, 3, 3, 1]);
    let read = Population::from_own_store(&population.for_own_store()).unwrap();
    assert!(read == Population::new([1, 3, 9]));
}
