//! Peers without names (A12): what a round puts into the reports of its senders, and only where the agreement says so.

use harness::federation::{Federation, Setup};
use passage_protocol::{
    agreement::Segment::{Cc, K12},
    disclosure::{Mark, Outcome},
    ids::MemberCode,
    report::{Report, csv, html},
};

/// What the agreement says of comparisons.
#[derive(PartialEq)]
enum Word {
    Given,
    Missing,
}

fn played(schools: usize, word: Word) -> Vec<Report> {
    let mut members = vec![(K12, 70); schools];
    members.push((Cc, 20));
    let mut setup = Setup::of(&members, 61);
    setup.question.peers = word == Word::Given;
    Federation::played(setup).released().1
}

/// The percentage of a sender's whole cohort, as the college's report has it.
fn rate(report: &Report, sender: MemberCode) -> Option<u64> {
    let table = report.tables.iter().find(|table| table.sender == sender)?;
    table.mark(table.domain.cohorts[0], 0, Outcome::Rate(None)).and_then(|mark: Mark| mark.value())
}

#[test]
fn a12_seven_schools_see_themselves_beside_six_that_are_not_named() {
    let reports = played(7, Word::Given);
    let (college, schools) = reports.split_last().unwrap();
    assert!(college.peers.0.is_empty(), "a receiver is nobody's peer");
    let rates: Vec<(MemberCode, u64)> =
        schools.iter().filter_map(|report| Some((report.viewer, rate(college, report.viewer)?))).collect();
    assert!(rates.len() > 5, "the seed shows most percentages: {rates:?}");
    let mut compared = 0;
    for report in schools {
        let mut others: Vec<u64> =
            rates.iter().filter(|(code, _)| *code != report.viewer).map(|(_, rate)| *rate).collect();
        others.sort_unstable();
        let own = rates.iter().any(|(code, _)| *code == report.viewer);
        let Some(group) = report.peers.0.first() else {
            assert!(!own || others.len() < 5, "{others:?}");
            continue;
        };
        compared += 1;
        let quarter = others.len().div_ceil(4);
        assert_eq!(usize::from(group.institutions), others.len());
        assert_eq!(
            (group.lower, group.median, group.upper),
            (others[quarter - 1], others[(others.len() - 1) / 2], others[others.len() - quarter])
        );
        let (page, table) = (html(report), String::from_utf8(csv(report)).unwrap());
        assert!(page.contains("Beside peers") && table.contains("peer-median"));
        for other in schools.iter().map(|other| other.viewer).filter(|other| *other != report.viewer) {
            assert!(!table.contains(&other.to_string()), "{other} is named to {}", report.viewer);
            assert!(report.tables.iter().all(|table| table.sender != other));
        }
    }
    assert!(compared > 4, "{compared}");
}

#[test]
fn a12_without_the_parties_word_and_with_five_schools_nothing_is_compared() {
    for reports in [played(7, Word::Missing), played(5, Word::Given)] {
        assert!(reports.iter().all(|report| report.peers.0.is_empty()));
    }
}
