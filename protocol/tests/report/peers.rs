//! The comparison with unnamed peers: who is in the group, when there is none, and what an attacker learns who knows its own
//! value and everything its report shows.

use std::collections::BTreeSet;

use passage_protocol::{
    cells::{CellDomain, Dimension, SchoolYear},
    codec::{Decode, Encode},
    disclosure::{
        Category, DisclosurePolicy, Mark, MetricRef, NoiseStatement, Outcome, Reason, ReleasedCell,
        ReleasedTable,
    },
    ids::MemberCode,
    report::{
        Report, Segment, csv, html, notes,
        peers::{PeerGroup, Peers, peers},
    },
};

use crate::once::sample;

const YEAR: SchoolYear = SchoolYear(2023);

fn code(at: u8) -> MemberCode {
    MemberCode([0, 0, 0, 9, at])
}

/// A sender of so many students with a percentage, or none that is shown.
fn sender(at: u8, students: u64, percent: Option<u64>) -> ReleasedTable {
    let cell = |outcome, mark| ReleasedCell { cohort: YEAR, category: Category::One(0), outcome, mark };
    let value = |value| Mark::Value { value, low: value, high: value };
    let rate = percent.map_or(Mark::Suppressed(Reason::BelowFloor), value);
    ReleasedTable {
        metric: MetricRef { id: "college-going-12m".to_owned(), version: 1 },
        domain: CellDomain::new(vec![YEAR], Dimension::All),
        sender: code(at),
        receivers: vec![code(100), code(101)],
        outcomes: vec!["enrolled".to_owned()],
        noise: NoiseStatement::Nil,
        policy: DisclosurePolicy::default(),
        cells: vec![
            cell(Outcome::Cohort, value(students)),
            cell(Outcome::Enrolled(None), value(students / 2)),
            cell(Outcome::Rate(None), rate),
        ],
    }
}

fn kinds(member: MemberCode) -> Option<Segment> {
    Some(if member.0[4] < 50 { Segment::K12 } else { Segment::CommunityCollege })
}

fn release(percents: &[u64]) -> Vec<ReleasedTable> {
    (0_u8..).zip(percents).map(|(at, percent)| sender(at, 200, Some(*percent))).collect()
}

fn group(all: &[ReleasedTable], shown: &[ReleasedTable]) -> Option<PeerGroup> {
    let groups = peers(all, shown, code(0), kinds).0;
    assert!(groups.len() <= 1);
    groups.into_iter().next()
}

#[test]
fn six_senders_give_quartiles_of_the_five_others() {
    let all = release(&[50, 40, 70, 30, 60, 55]);
    let one = group(&all, &all[..1]).unwrap();
    assert_eq!((one.institutions, one.lower, one.median, one.upper), (5, 40, 55, 60));
    assert_eq!(group(&all[..5], &all[..1]), None, "four others are too few");
}

#[test]
fn who_is_another_kind_withheld_looked_for_elsewhere_or_shown_is_no_peer() {
    let all = release(&[50, 40, 70, 30, 60, 55]);
    let other = |change: &dyn Fn(&mut ReleasedTable)| {
        let mut all = all.clone();
        change(&mut all[5]);
        group(&all, &all[..1])
    };
    assert!(other(&|_| {}).is_some());
    assert_eq!(other(&|table| table.sender = code(60)), None);
    assert_eq!(other(&|table| table.cells = sender(5, 200, None).cells), None);
    assert_eq!(other(&|table| table.receivers.truncate(1)), None);
    assert_eq!(other(&|table| table.metric.version = 2), None);
    // Of seven, two that the report shows by code leave four.
    let seven = release(&[50, 40, 70, 30, 60, 55, 45]);
    assert!(group(&seven, &seven[..2]).is_some());
    assert_eq!(group(&seven, &seven[..3]), None);
    // No own figure, nothing to compare.
    assert_eq!(group(&all, &[sender(0, 200, None)]), None);
}

#[test]
fn no_institution_has_more_than_sixty_percent_of_the_students() {
    for (students, is_shown) in [(1_200, true), (1_210, false)] {
        let mut all = release(&[50, 40, 70, 30, 60, 55]);
        all[5] = sender(5, students, Some(55));
        assert_eq!(group(&all, &all[..1]).is_some(), is_shown, "{students} of {}", students + 800);
    }
}

/// What an attacker holds possible for each of the others, from its own value and the three figures: every way to hand out
/// percentages among five institutions that gives them. Percentages in steps of ten, so that all can be tried.
#[test]
fn a12_an_attacker_that_knows_its_own_value_pins_down_nobody() {
    const STEPS: u64 = 11;
    for seed in 0..10_u64 {
        let value = |at: u64| (seed * 7_919 + at * at * 104_729 + at * 31) % STEPS * 10;
        let percents: Vec<u64> = (0..6).map(value).collect();
        let all = release(&percents);
        let told = group(&all, &all[..1]).unwrap();
        let mut possible = vec![BTreeSet::new(); 5];
        for number in 0..STEPS.pow(5) {
            let guess: Vec<u64> = (0..5).map(|at| number / STEPS.pow(at) % STEPS * 10).collect();
            let mut sorted = guess.clone();
            sorted.sort_unstable();
            if (sorted[1], sorted[2], sorted[3]) == (told.lower, told.median, told.upper) {
                possible.iter_mut().zip(&guess).for_each(|(seen, value)| {
                    seen.insert(*value);
                });
            }
        }
        for (seen, truth) in possible.iter().zip(&percents[1..]) {
            assert!(seen.contains(truth), "seed {seed}");
            // The least and the greatest are told on one side only, and anybody may be either.
            let (low, high) = (seen.first().unwrap(), seen.last().unwrap());
            assert_eq!((*low, *high), (0, 100), "seed {seed}: {seen:?}");
        }
        // Its own value changes nothing of what it is told.
        let mut moved = all.clone();
        moved[0] = sender(0, 200, Some((percents[0] + 10) % 110));
        assert_eq!(group(&moved, &moved[..1]).unwrap(), told);
        // The figures are the same however the values are handed out.
        let mut turned = percents.clone();
        turned[1..].rotate_left(2);
        let turned = release(&turned);
        assert_eq!(group(&turned, &turned[..1]).unwrap(), told);
    }
}

#[test]
fn a_group_that_differs_by_one_member_does_not_give_the_member_away() {
    // The reader sees the group with and without one institution, as in two releases: the newcomer's value moves each figure by
    // one place at most, so every value on the same side of the three figures looks the same.
    let five = [40, 70, 30, 60, 55];
    for newcomer in [0, 10, 20, 29] {
        let with: Vec<u64> = [50].into_iter().chain(five).chain([newcomer]).collect();
        let with = release(&with);
        let told = group(&with, &with[..1]).unwrap();
        assert_eq!((told.institutions, told.lower, told.median, told.upper), (6, 30, 40, 60));
    }
}

#[test]
fn a12_peers_stand_in_table_page_and_notes_without_any_code() {
    let all = release(&[50, 40, 70, 30, 60, 55]);
    let one = group(&all, &all[..1]).unwrap();
    let metric = one.metric.clone();
    let report = Report {
        viewer: code(0),
        tables: all[..1].to_vec(),
        peers: Peers(vec![one]),
        panel: Default::default(),
        segments: Vec::new(),
        ..sample()
    };
    assert_eq!(report.peers.0[0].own(&report).unwrap().value(), Some(50));
    let again = Report::from_bytes(&report.to_bytes()).unwrap();
    assert_eq!(again, report);
    let table = String::from_utf8(csv(&report)).unwrap();
    assert!(table.contains(&format!(
        "{metric},5 peers,any,2023-2024,all,all students,enrolled,peer-median,55,55,55,value,"
    )));
    let page = html(&report);
    assert!(page.contains("<h3>Beside peers</h3>") && page.contains("<td class=\"n\">55 %</td>"));
    for text in [page, table, notes(&report)] {
        for other in 1..6 {
            assert!(!text.contains(&code(other).to_string()), "a peer is named");
        }
    }
    assert!(notes(&report).contains("quartiles of the percentages of other senders"));
    // A report of an earlier version ends before its peers, and reads as one without any.
    let without = Report { peers: Peers::default(), ..report.clone() };
    assert_eq!(report.to_bytes()[..without.to_bytes().len()], without.to_bytes());
}
