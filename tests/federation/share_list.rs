//! Who sees what under a partial share list (G02): every member gets the figures of the pairs that both sides offer it, and
//! no other; and what it gets is the truth, counted from plain sets of people.

use std::collections::BTreeSet;

use harness::{
    federation::{Federation, Setup},
    population::Population,
};
use passage_protocol::{
    agreement::Segment::{Cc, K12, Univ},
    disclosure::{Mark, Outcome, ReleasedTable},
    report::{Report, html, rows},
};

const SCHOOLS: [usize; 2] = [0, 1];
const COLLEGES: [usize; 2] = [2, 3];
/// The first school is offered nothing by the first college; the second school offers nothing to the second.
const UNSHARED: [(usize, usize); 2] = [(2, 0), (1, 3)];

/// Records without errors, so that who matches is who is the same person.
fn tidy(population: &mut Population) {
    let schools: Vec<_> =
        SCHOOLS.iter().flat_map(|school| population.files[*school].entries.clone()).collect();
    for files in &mut population.files {
        files.opt_outs.clear();
        files.entries.retain(|entry| !entry.local_id.starts_with('D')); // students recorded twice
        for entry in &mut files.entries {
            if let Some(same) = schools.iter().find(|known| known.soul == entry.soul) {
                entry.ssid.clone_from(&same.ssid);
            }
        }
    }
}

/// People of a school's class.
fn class(federation: &Federation, school: usize) -> BTreeSet<usize> {
    let entries = &federation.population.files[school].entries;
    entries.iter().filter(|entry| entry.cohort.is_some()).map(|entry| entry.soul).collect()
}

/// Those of a class who began at a college the year after.
fn went(federation: &Federation, school: usize, college: usize) -> BTreeSet<usize> {
    let population = &federation.population;
    let in_time = |entry: &&harness::population::Entry| {
        let first = population.went.get(&(college, entry.soul));
        entry.cohort.is_some_and(|cohort| first == Some(&cohort.next()))
    };
    population.files[school].entries.iter().filter(in_time).map(|entry| entry.soul).collect()
}

/// Both sides of the pair offer it to the viewer, or are the viewer.
fn may_see(viewer: usize, school: usize, college: usize) -> bool {
    let crosses = |from: usize, to: usize| SCHOOLS.contains(&from) != SCHOOLS.contains(&to);
    let offers =
        |from: usize| from == viewer || (crosses(from, viewer) && !UNSHARED.contains(&(from, viewer)));
    offers(school) && offers(college)
}

fn value(table: &ReleasedTable, outcome: Outcome) -> Option<u64> {
    match table.mark(table.domain.cohorts[0], 0, outcome)? {
        Mark::Value { value, .. } => Some(value),
        other => panic!("large enough to be shown: {other:?}"),
    }
}

fn check(federation: &Federation, viewer: usize, report: &Report) {
    for school in SCHOOLS {
        let sees: Vec<usize> =
            COLLEGES.into_iter().filter(|college| may_see(viewer, school, *college)).collect();
        let table = report.tables.iter().find(|table| table.sender == federation.code(school));
        assert_eq!(table.is_some(), !sees.is_empty(), "member {viewer} about school {school}");
        let Some(table) = table else { continue };
        assert_eq!(value(table, Outcome::Cohort), Some(class(federation, school).len() as u64));
        let (mut anywhere, mut everywhere) = (BTreeSet::new(), went(federation, school, COLLEGES[0]));
        for (place, college) in (0_u8..).zip(COLLEGES) {
            let truth = went(federation, school, college);
            let expected = sees.contains(&college).then_some(truth.len() as u64);
            let shown = value(table, Outcome::Enrolled(Some(place)));
            assert_eq!(shown, expected, "member {viewer}: school {school} to college {college}");
            let rate = table.mark(table.domain.cohorts[0], 0, Outcome::Rate(Some(place)));
            assert_eq!(rate.is_some(), expected.is_some());
            everywhere.retain(|student| truth.contains(student));
            anywhere.extend(truth);
        }
        let both = table.mark(table.domain.cohorts[0], 0, Outcome::AtBoth { first: 0, second: 1 });
        assert_eq!(both.is_some(), sees == COLLEGES, "member {viewer}: school {school} to both");
        if let Some(Mark::Value { value, .. }) = both {
            assert_eq!(value, everywhere.len() as u64, "member {viewer}: school {school} to both");
        }
        let expected = (sees == COLLEGES).then_some(anywhere.len() as u64);
        assert_eq!(
            value(table, Outcome::Enrolled(None)),
            expected,
            "member {viewer}: school {school} to any"
        );
    }
}

/// Pairs of codes a report names in its figures or in its match panel.
fn named(report: &Report) -> BTreeSet<(String, String)> {
    let panel = report.panel.pairs.iter().map(|pair| (pair.sender.to_string(), pair.receiver.to_string()));
    // A figure about two receivers names both.
    let figures = rows(report).flat_map(|row| {
        let to = row[3].split(" and ").map(str::to_owned);
        to.map(|to| (row[2].clone(), to)).collect::<Vec<_>>()
    });
    figures.filter(|(_, to)| to.starts_with("M-")).chain(panel).collect()
}

#[test]
fn each_member_sees_the_pairs_offered_to_it_and_the_truth_about_them() {
    let mut setup = Setup::of(&[(K12, 110), (K12, 90), (Cc, 25), (Univ, 25)], 1_301);
    setup.question.unshared = UNSHARED.to_vec();
    setup.plant = tidy;
    let federation = Federation::played(setup);
    let (_, reports) = federation.released();
    for (viewer, report) in reports.iter().enumerate() {
        check(&federation, viewer, report);
        let code = |member: usize| federation.code(member).to_string();
        let pairs = SCHOOLS.into_iter().flat_map(|school| COLLEGES.map(|college| (school, college)));
        let allowed: BTreeSet<_> = pairs
            .filter(|(school, college)| may_see(viewer, *school, *college))
            .map(|(school, college)| (code(school), code(college)))
            .collect();
        assert_eq!(named(report), allowed, "member {viewer}");
        assert_eq!(html(report).contains("Cut to this reader"), viewer != 1, "member {viewer}");
    }
    // The two members that a line left out concerns, said without any rule.
    let to = |report: &Report| named(report).into_iter().map(|(_, to)| to).collect::<Vec<_>>();
    assert_eq!(to(&reports[0]), [federation.code(3).to_string()]);
    assert_eq!(named(&reports[3]).len(), 1, "the university is told about the first school only");
}
