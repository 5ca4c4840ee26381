//! Honest rounds release exactly what the plaintext oracle counts: 2, 3 and 6 members, committees of 2 and 3, both roles
//! on the committee, members that insist, lists that start blinded and lists that start with their owner's own factor.

use std::collections::BTreeSet;

use harness::{
    federation::{Federation, Setup},
    papers::Question,
    plaintext_oracle::Expected,
    shown::{Shown, compare},
};
use passage_protocol::{
    agreement::{
        Clause, Permit,
        Segment::{Cc, K12, Univ},
    },
    disclosure::{Category, Mark},
    manifest::{Manifest, shapes::First},
};

/// Plays a round and holds every raw count and every shown figure against the oracle.
pub(crate) fn play(setup: Setup) -> (Federation, Vec<Expected>, Shown) {
    let floor = setup.question.floor;
    let federation = overheard(setup);
    let (round, reports) = federation.released();
    let expected = federation.oracle();
    assert_eq!(
        expected.iter().map(|table| table.open).sum::<u64>(),
        0,
        "this seed has a tie: choose another"
    );
    assert_eq!(federation.raw(round).len(), expected.len());
    for (raw, expected) in federation.raw(round).iter().zip(&expected) {
        if expected.tuples < u64::from(floor) {
            assert_eq!(*raw, None, "a table of {} tuples gets no plan", expected.tuples);
        } else {
            assert_eq!(raw.as_ref(), Some(&expected.counts), "{expected:?}");
        }
    }
    let mut shown = Shown::default();
    for report in &reports {
        let one = compare(report, &expected, &federation.shared.papers.codes, floor);
        shown = Shown { figures: shown.figures + one.figures, withheld: shown.withheld + one.withheld };
    }
    for member in &federation.members {
        assert_eq!(member.blobs_left(), 0, "{} has erased the round", member.code);
    }
    (federation, expected, shown)
}

/// How the lists of the played round started.
fn firsts(federation: &Federation) -> Vec<First> {
    manifest(federation).lists.iter().map(|list| list.first).collect()
}

/// Plays one round and keeps what was posted, from which its manifest is computed.
pub(crate) fn overheard(setup: Setup) -> Federation {
    let mut federation = Federation::new(setup);
    federation.envelopes = Some(Vec::new());
    federation.open();
    federation.run();
    federation
}

/// Whether a member grants a round of that manifest.
pub(crate) fn granted(federation: &Federation, member: usize, manifest: &Manifest) -> Result<(), Clause> {
    let (standing, today) = (federation.shared.papers.standing(), federation.now().date());
    Permit::grant(&standing, manifest, federation.code(member), today).map(drop)
}

pub(crate) fn manifest(federation: &Federation) -> Manifest {
    let papers = &federation.shared.papers;
    Manifest::compute(&papers.agreement, &papers.study, &federation.opening()).unwrap()
}

fn with(setup: Setup, change: impl FnOnce(&mut Question)) -> Setup {
    let mut setup = setup;
    change(&mut setup.question);
    setup
}

#[test]
fn two_members_share_the_committee() {
    let (federation, expected, shown) =
        play(with(Setup::pair(90, 40, 1), |question| question.preset = "full"));
    assert!(expected[0].tuples > 20 && shown.figures >= 4, "{shown:?}");
    // Both sit on the committee and each list ends at the other: nobody needs a separate blind.
    assert_eq!(firsts(&federation), [First::Own, First::Own]);
}

#[test]
fn three_members_with_a_committee_of_two_blind_the_list_of_the_one_outside() {
    let setup = Setup::of(&[(K12, 80), (Cc, 30), (Univ, 30)], 2);
    let (federation, _, shown) = play(setup);
    assert!(shown.figures >= 6, "{shown:?}");
    assert!(firsts(&federation).contains(&First::Blinded));
}

#[test]
fn three_members_all_on_the_committee() {
    let setup = Setup { insists: vec![0, 1, 2], ..Setup::of(&[(K12, 80), (Cc, 30), (Univ, 30)], 3) };
    let (federation, _, _) = play(with(setup, |question| question.committee = 3));
    assert_eq!(manifest(&federation).committee, [0, 1, 2]);
}

/// Arrival within two years: two outcomes, for two cohorts a student, at two receivers. Nine patterns a cell instead of four.
#[test]
fn outcomes_and_cohorts_are_counted_as_the_files_say() {
    let setup = with(Setup::of(&[(K12, 220), (Cc, 30), (Univ, 30)], 11), |question| {
        question.metric = "enrolled-within-two-years";
        question.cohorts = vec!["2020-2021".to_owned(), "2021-2022".to_owned(), "2022-2023".to_owned()];
        question.by = vec!["all", "gender"];
    });
    let (federation, expected, shown) = play(setup);
    let manifest = manifest(&federation);
    assert_eq!((manifest.tables[0].window.outcomes(), manifest.tables[0].window.places()), (2, 2));
    assert_eq!(expected[0].counts.len(), 3 * 9);
    let of_outcome = |digit: usize| {
        let counts = expected[0].counts.iter().enumerate();
        counts
            .filter(|(at, _)| at % 9 % 3 == digit || at % 9 / 3 == digit)
            .map(|(_, count)| count)
            .sum::<i64>()
    };
    assert!(of_outcome(1) > 0 && of_outcome(2) > 0, "students of both outcomes: {expected:?}");
    assert!(shown.figures >= 20, "{shown:?}");
}

#[test]
fn members_that_insist_enlarge_the_committee() {
    let setup = Setup { insists: vec![0, 1, 2], ..Setup::of(&[(K12, 60), (Cc, 20), (Univ, 20)], 4) };
    let (federation, _, _) = play(setup);
    assert_eq!(manifest(&federation).committee.len(), 3, "the study asked for two");
}

#[test]
fn six_members_with_committees_of_two_and_three() {
    let mut drawn = BTreeSet::new();
    for (seed, committee) in [(5, 2), (6, 3), (7, 3)] {
        let members = [(K12, 60), (K12, 50), (Cc, 20), (Cc, 20), (Univ, 20), (K12, 7)];
        let setup = with(Setup::of(&members, seed), |question| {
            question.committee = committee;
            question.preset = "standard";
        });
        let (federation, expected, shown) = play(setup);
        assert_eq!(expected.len(), 3, "one table per school");
        assert!(shown.figures >= 20 && shown.withheld > 0, "{shown:?}");
        drawn.extend(manifest(&federation).committee);
    }
    assert!(drawn.iter().any(|index| [0, 1, 5].contains(index)), "a sender sat on a committee: {drawn:?}");
    assert!(drawn.iter().any(|index| [2, 3, 4].contains(index)), "a receiver sat on a committee: {drawn:?}");
}

#[test]
fn a_committee_of_senders_only_and_one_of_receivers_only() {
    let members = [(K12, 40), (K12, 40), (Cc, 20), (Univ, 20)];
    for (insists, seed) in [(vec![0, 1], 8), (vec![2, 3], 9)] {
        let (federation, _, _) = play(Setup { insists: insists.clone(), ..Setup::of(&members, seed) });
        let committee: Vec<usize> =
            manifest(&federation).committee.iter().map(|index| usize::from(*index)).collect();
        // Alone they could only pass their own lists last; one more member is drawn.
        assert_eq!(committee[..2], insists);
        assert_eq!(committee.len(), 3);
    }
}

#[test]
fn two_dimensions_and_two_cohorts_are_released_together() {
    let setup = with(Setup::of(&[(K12, 200), (Cc, 30), (Univ, 30)], 10), |question| {
        question.by = vec!["all", "gender", "ethnicity"];
        question.cohorts = vec!["2021-2022".to_owned(), "2022-2023".to_owned()];
        question.floor = 11;
    });
    let (federation, expected, shown) = play(setup);
    assert_eq!(expected.len(), 3);
    assert!(shown.figures > 20 && shown.withheld > 20, "{shown:?}");
    // Small groups are withheld at the source, and their students do not reappear in any count.
    assert!(expected[2].denominators.iter().any(Option::is_none));
    let (_, reports) = federation.released();
    let masked = |report: &passage_protocol::report::Report| {
        report.tables.iter().flat_map(|table| &table.cells).any(|cell| {
            matches!(cell.category, Category::AllMasked(_)) && matches!(cell.mark, Mark::Value { .. })
        })
    };
    assert!(reports.iter().any(masked), "sums of withheld rows are shown where that is safe");
}

#[test]
fn a_school_below_the_floor_gets_no_plan_and_no_figure() {
    let setup = with(Setup::of(&[(K12, 90), (K12, 6), (Cc, 30)], 11), |question| question.floor = 11);
    let (federation, expected, _) = play(setup);
    assert!(expected[1].tuples < 11, "{}", expected[1].tuples);
    let (_, reports) = federation.released();
    let tiny = federation.code(1);
    for report in &reports {
        let figures =
            report.tables.iter().filter(|table| table.sender == tiny).flat_map(|table| &table.cells);
        assert!(figures.clone().all(|cell| !matches!(cell.mark, Mark::Value { .. })));
    }
}

#[test]
fn a_round_in_which_no_table_gets_a_plan_ends_for_everybody() {
    // Nothing is owed once the plans are known, while columns that no plan needs may still be on their way.
    for seed in 0..12 {
        let setup =
            with(Setup::of(&[(K12, 6), (Cc, 5), (Univ, 5)], 900 + seed), |question| question.floor = 11);
        let federation = Federation::played(setup);
        let (round, _) = federation.released();
        assert!(federation.raw(round).iter().all(Option::is_none), "seed {seed}");
    }
}

#[test]
fn the_oracle_itself_finds_the_people() {
    // A check of the yardstick: against the truth known by construction its links are nearly all right.
    let federation = Federation::new(with(Setup::pair(300, 100, 12), |question| question.preset = "full"));
    let expected = federation.oracle();
    let files = &federation.population.files[0];
    let opted_out = |soul: usize| {
        federation.population.files.iter().any(|files| {
            files.entries.iter().any(|entry| entry.soul == soul && files.opt_outs.contains(&entry.local_id))
        })
    };
    let in_time = |entry: &&harness::population::Entry| {
        let first = federation.population.went.get(&(1, entry.soul));
        entry.cohort.is_some_and(|cohort| first == Some(&cohort.next())) && !opted_out(entry.soul)
    };
    let souls: BTreeSet<usize> = files.entries.iter().filter(in_time).map(|entry| entry.soul).collect();
    let (seen, truth) = (expected[0].counts[1], i64::try_from(souls.len()).unwrap());
    assert!((seen - truth).abs() * 20 <= truth, "the oracle counts {seen}, the truth is {truth}");
    assert!(federation.prepared()[0].opted_out > 0, "some students opted out");
}
