//! Bridges in whole rounds: a school that knows state numbers, a college that knows both numbers, a university that knows social
//! security numbers alone. What the school and the university have in common they have through the college.

use harness::{
    federation::{Federation, Setup},
    plaintext_oracle::Expected,
    population::Population,
};
use passage_protocol::{
    agreement::{
        Clause, ManifestPart,
        Segment::{Cc, K12, Univ},
    },
    manifest::{Bridge, Manifest},
};

use crate::honest_round::{granted, manifest, overheard, play};

/// Participant indices.
const SCHOOL: usize = 0;
const COLLEGE: usize = 1;
const UNIVERSITY: usize = 2;

/// No state number at the university, and no date of birth that agrees with anybody's: no name is a key there.
fn strangers_but_for_the_ssn(population: &mut Population) {
    for entry in &mut population.files[UNIVERSITY].entries {
        entry.ssid.clear();
        entry.birth_date.0 -= 9;
    }
}

/// Whether the study asks for bridges.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Bridges,
    Direct,
}

fn setup(asked: Asked, seed: u64) -> Setup {
    let mut setup = Setup::of(&[(K12, 220), (Cc, 30), (Univ, 30)], seed);
    setup.question.bridges = asked == Asked::Bridges;
    setup.question.by = vec!["all", "gender"];
    setup.plant = strangers_but_for_the_ssn;
    setup
}

/// Students of the school counted as enrolled at the university, in the table of all.
fn at_the_university(expected: &[Expected]) -> i64 {
    let counts = expected[0].counts.iter().enumerate();
    counts.filter(|(at, _)| at % 4 / 2 == 1).map(|(_, count)| count).sum()
}

/// The names of the lines by which the school's pair with a member is counted in a member's match panel.
fn lines(federation: &Federation, viewer: usize, receiver: usize) -> Option<Vec<String>> {
    let (_, reports) = federation.released();
    let pairs = &reports[viewer].panel.pairs;
    let pair = pairs.iter().find(|pair| pair.receiver == federation.code(receiver))?;
    Some(pair.by_recipe.iter().map(|(name, _)| name.clone()).collect())
}

#[test]
fn students_without_a_shared_key_are_found_through_a_third_member() {
    // Both rounds are held against the oracle, figure by figure; the people are the same.
    let (direct, expected_direct, _) = play(setup(Asked::Direct, 31));
    let (bridged, expected, shown) = play(setup(Asked::Bridges, 31));
    let (before, after) = (at_the_university(&expected_direct), at_the_university(&expected));
    assert!(before == 0 && after > 10, "{before} without bridges, {after} with them");
    assert!(shown.figures >= 12, "{shown:?}");
    assert_eq!(expected[0].tuples, expected_direct[0].tuples, "whoever is found stands at the college too");

    assert!(manifest(&direct).bridges.is_empty());
    let between = |receiver, middle| Bridge { sender: 0, receiver, through: vec![middle] };
    assert_eq!(manifest(&bridged).bridges, [between(1, 2), between(2, 1)]);
    let told = lines(&bridged, SCHOOL, UNIVERSITY).unwrap();
    assert_eq!((told.len(), told.last().unwrap().as_str()), (4, "through another member"));
    assert_eq!(lines(&direct, SCHOOL, UNIVERSITY).unwrap().len(), 3, "three recipes");
    // The university may not see how many of the school's students the college has, nor what says something of it.
    assert_eq!(lines(&bridged, UNIVERSITY, UNIVERSITY), None);
    assert!(lines(&direct, UNIVERSITY, UNIVERSITY).is_some());
    let (_, reports) = bridged.released();
    assert!(reports.iter().all(|report| report.coverage.contains("through the records of another")));
}

#[test]
fn bridges_with_every_key_are_counted_as_the_oracle_says() {
    // Every recipe of `full`, of which the first three make bridges; three receivers, so the order of the middles decides too.
    let members = [(K12, 200), (Cc, 30), (Cc, 20), (Univ, 30)];
    let mut setup = Setup::of(&members, 33);
    setup.question.bridges = true;
    setup.question.preset = "full";
    setup.plant = |population| {
        for entry in &mut population.files[3].entries {
            entry.ssid.clear();
            entry.birth_date.0 -= 9;
        }
    };
    let (federation, expected, _) = play(setup);
    assert_eq!(manifest(&federation).through(0, 3), [1, 2]);
    assert!(expected[0].tuples > 50, "{}", expected[0].tuples);
}

#[test]
fn every_bridge_of_a_manifest_is_bound() {
    let federation = overheard(setup(Asked::Bridges, 31));
    let honest = manifest(&federation);
    let granted = |manifest: &Manifest| granted(&federation, SCHOOL, manifest);
    assert_eq!(granted(&honest), Ok(()));
    let refused = Err(Clause::OtherThanAgreed(ManifestPart::Content));
    for change in [
        |bridges: &mut Vec<Bridge>| bridges.clear(),
        |bridges: &mut Vec<Bridge>| bridges.truncate(1),
        |bridges: &mut Vec<Bridge>| bridges[0].through.push(0),
        |bridges: &mut Vec<Bridge>| bridges[1].through.clear(),
        |bridges: &mut Vec<Bridge>| bridges.swap(0, 1),
    ] {
        let mut manifest = honest.clone();
        change(&mut manifest.bridges);
        assert_eq!(granted(&manifest), refused);
        assert_ne!(manifest.digest(), honest.digest());
    }
}

#[test]
fn g02_receivers_between_which_a_bridge_leads_share_its_keys_with_each_other() {
    let check = |unshared: Option<(usize, usize)>, asked: Asked| {
        let mut setup = setup(asked, 31);
        setup.question.unshared.extend(unshared);
        let federation = Federation::new(setup);
        federation.shared.papers.standing().check_study(federation.now().date())
    };
    assert_eq!(check(None, Asked::Bridges), Ok(()));
    for (from, to) in [(COLLEGE, UNIVERSITY), (UNIVERSITY, COLLEGE)] {
        let clause = check(Some((from, to)), Asked::Bridges).unwrap_err();
        assert!(matches!(clause, Clause::ElementNotShared { .. }) && clause.rule() == "G02", "{clause}");
        assert_eq!(check(Some((from, to)), Asked::Direct), Ok(()), "no bridge, nothing compared");
    }
}
