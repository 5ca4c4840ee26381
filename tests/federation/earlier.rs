//! Earlier releases count (domain 4.4, SPEC §10.4): what a sender's node answers when the same question comes again after its
//! roster has changed by none, by a few, or by the floor.

use harness::{
    federation::{Ending, Federation, Setup},
    member_host::Standing,
    papers::Noise,
    population::{Entry, Files},
};
use passage_protocol::{
    agreement::{Clause, Segment},
    cells::SchoolYear,
    disclosure::LedgerRefusal,
    ids::RoundId,
    refusal::Refusal,
    round::AbortReason,
};

const FLOOR: u32 = 11;

/// One school and one college that have played one round of `by`.
fn played(noise: Noise, by: &[&'static str]) -> (Federation, RoundId) {
    let mut setup = Setup::of(&[(Segment::K12, 160), (Segment::Cc, 40)], 41);
    setup.question.floor = FLOOR;
    setup.question.noise = noise;
    setup.question.by = by.to_vec();
    let mut federation = Federation::new(setup);
    federation.members.iter_mut().for_each(harness::member_host::MemberHost::compare);
    let round = federation.open();
    federation.run();
    assert_eq!(federation.endings(), [(round, Ending::Finished)]);
    (federation, round)
}

/// The school's files with so many more graduates, all of one group.
fn with_more(federation: &Federation, more: usize) -> Files {
    let mut files = federation.population.files[0].clone();
    files.entries.extend((0..more).map(|at| Entry {
        soul: 100_000 + at,
        local_id: format!("N{at:05}"),
        ssid: format!("77{at:08}"),
        first: format!("Nova{}", char::from(b'a' + u8::try_from(at).unwrap())),
        last: format!("Later{}", char::from(b'a' + u8::try_from(at).unwrap())),
        birth_date: (2004, 5, 6),
        gender: "F".to_owned(),
        races: vec![700],
        cohort: Some(SchoolYear(2022)),
        ..Entry::default()
    }));
    files
}

/// Opens the round again; how it ended at the school.
fn again(federation: &mut Federation) -> (RoundId, Standing) {
    let round = federation.open();
    federation.run();
    let standings = federation.members[0].standings();
    (round, standings.into_iter().find(|(of, _)| *of == round).unwrap().1)
}

fn refused_by(standing: &Standing) -> Option<Clause> {
    match standing {
        Standing::Aborted { reason: AbortReason::Refused(clause), .. } => Some(*clause),
        _ => None,
    }
}

fn play_again(noise: Noise, by: &[&'static str]) {
    let (mut federation, first) = played(noise, by);

    // Unchanged: the stored report answers, and nobody blinds anything.
    let before = federation.coordinator.relayed;
    let (round, standing) = again(&mut federation);
    assert_eq!(refused_by(&standing), Some(Clause::AlreadyReleased), "{standing:?}");
    let told = |of: RoundId| federation.endings().into_iter().find(|(round, _)| *round == of).unwrap().1;
    assert_eq!(told(round), Ending::Aborted { code: Clause::AlreadyReleased.code(), fault: None });
    assert_eq!(federation.coordinator.relayed, before, "no blob left a member");

    // Three more graduates: refused by name, at every party.
    let files = with_more(&federation, 3);
    federation.members[0].replace(&files);
    let (round, standing) = again(&mut federation);
    assert_eq!(refused_by(&standing), Some(Clause::Beside(LedgerRefusal::Isolates)), "{standing:?}");
    assert_eq!(Clause::Beside(LedgerRefusal::Isolates).rule(), "4.4");
    let told = |of: RoundId| federation.endings().into_iter().find(|(round, _)| *round == of).unwrap().1;
    assert_eq!(
        told(round),
        Ending::Aborted { code: Clause::Beside(LedgerRefusal::Isolates).code(), fault: None }
    );

    // As many more as the floor, in one group: answered with noise. An exact table tells no student's story twice.
    let files = with_more(&federation, FLOOR as usize);
    federation.members[0].replace(&files);
    let (round, standing) = again(&mut federation);
    if noise == Noise::None {
        assert_eq!(refused_by(&standing), Some(Clause::Beside(LedgerRefusal::ExactBeside)), "{standing:?}");
        return;
    }
    assert_eq!(standing, Standing::Finished);
    let reports = federation.members[0].reports();
    assert_eq!(reports.len(), 2);
    assert!(reports.iter().any(|(of, _)| *of == first) && reports.iter().any(|(of, _)| *of == round));

    // Back to the first roster: known students, and the first report answers.
    let files = federation.population.files[0].clone();
    federation.members[0].replace(&files);
    let (_, standing) = again(&mut federation);
    assert_eq!(refused_by(&standing), Some(Clause::AlreadyReleased), "{standing:?}");
}

#[test]
fn exact_tables_are_not_asked_for_again_with_a_few_students_changed() {
    play_again(Noise::None, &["all", "gender"]);
}

#[test]
fn noise_does_not_change_the_rule() {
    play_again(Noise::Epsilon("2"), &["all"]);
}

#[test]
fn one_student_in_another_row_is_refused_though_the_cohort_is_the_same() {
    let (mut federation, _) = played(Noise::None, &["all", "gender"]);
    let mut files = federation.population.files[0].clone();
    let counted =
        |entry: &&mut Entry| entry.cohort.is_some() && entry.gender == "F" && !entry.ssid.is_empty();
    let opted = files.opt_outs.clone();
    let one =
        files.entries.iter_mut().filter(counted).find(|entry| !opted.contains(&entry.local_id)).unwrap();
    one.gender = "M".to_owned();
    federation.members[0].replace(&files);
    let (_, standing) = again(&mut federation);
    assert_eq!(refused_by(&standing), Some(Clause::Beside(LedgerRefusal::Isolates)), "{standing:?}");
}
