//! Crashes: any party may lose its memory before or after any commit or effect. The table that comes out is the one that
//! would have come out, from the same round or from one opened again after `P0C03`; nothing is released twice, no round key
//! meets a second input, no import is lost.

use harness::{
    faults::Party,
    federation::{Ending, Federation, Setup},
};
use passage_protocol::{
    agreement::Segment::{Cc, K12, Univ},
    refusal::Code,
};

/// What must be the same with and without crashes.
fn figures(federation: &Federation) -> Vec<Vec<String>> {
    let (_, reports) = federation.released();
    let without_round = |row: [String; 14]| row.into_iter().skip(1).collect::<Vec<_>>().join(",");
    reports.iter().map(|report| passage_protocol::report::rows(report).map(without_round).collect()).collect()
}

/// Plays with the given crashes and holds the outcome against the oracle and an undisturbed run. Returns the number of
/// crashes that happened and of rounds it took.
fn play(setup: Setup, crashes: &[(Party, u64)], undisturbed: &[Vec<String>]) -> (u32, usize) {
    let mut federation = Federation::new(setup);
    for (party, at) in crashes {
        federation.shared.faults.plan(*party, *at);
    }
    federation.open();
    federation.run();
    let struck = federation.shared.faults.struck_at();
    let (round, _) = federation.released();
    assert_eq!(figures(&federation), undisturbed, "crashes at {struck:?}");
    for (raw, expected) in federation.raw(round).iter().zip(federation.oracle()) {
        assert_eq!(raw.as_ref(), Some(&expected.counts), "crashes at {struck:?}");
    }
    // What a crash left on a shelf is gone at the next start at the latest.
    let now = federation.now();
    for member in &mut federation.members {
        member.crash();
        member.start(now).unwrap();
        assert_eq!(member.blobs_left(), 0, "{} after crashes at {struck:?}", member.code);
    }
    let endings = federation.endings();
    for (id, ending) in &endings {
        let restarted = matches!(ending, Ending::Aborted { code: Code(0x0C03), .. });
        assert!(restarted || *id == round, "{ending:?} after crashes at {struck:?}");
    }
    let only_members = crashes.iter().all(|(party, _)| *party != Party::Coordinator);
    assert!(only_members || endings.len() <= crashes.len(), "a coordinator's crash needs no new round");
    (federation.shared.faults.struck(), endings.len())
}

/// Crashes every party of the setup at every `stride`-th fault point of an undisturbed run, starting at `from`.
fn sweep(setup: impl Fn() -> Setup, from: u64, stride: usize) -> (u32, usize) {
    let calm = Federation::played(setup());
    let undisturbed = figures(&calm);
    let members = (0..calm.members.len()).map(Party::Member);
    let (mut struck, mut reopened) = (0, 0);
    for party in members.chain([Party::Coordinator]) {
        for at in (from..calm.shared.faults.passed(party)).step_by(stride) {
            let (crashes, rounds) = play(setup(), &[(party, at)], &undisturbed);
            assert_eq!(crashes, 1, "{party:?} crashes at {at}");
            struck += crashes;
            reopened += rounds - 1;
            assert!(party != Party::Coordinator || rounds == 1, "the coordinator resumes in every state");
        }
    }
    (struck, reopened)
}

fn pair() -> Setup {
    Setup::pair(24, 6, 101)
}

fn three() -> Setup {
    Setup::of(&[(K12, 20), (Cc, 5), (Univ, 5)], 102)
}

#[test]
fn two_members_at_every_even_fault_point() {
    let (struck, reopened) = sweep(pair, 0, 2);
    assert!(struck >= 60 && reopened > 10, "{struck} crashes, {reopened} rounds opened again");
}

#[test]
fn two_members_at_every_odd_fault_point() {
    let (struck, reopened) = sweep(pair, 1, 2);
    assert!(struck >= 60 && reopened > 10, "{struck} crashes, {reopened} rounds opened again");
}

#[test]
fn three_members_with_a_blinded_list() {
    let (struck, reopened) = sweep(three, 0, 3);
    assert!(struck >= 60 && reopened > 10, "{struck} crashes, {reopened} rounds opened again");
}

#[test]
fn several_crashes_in_one_run() {
    let undisturbed = figures(&Federation::played(three()));
    let mut struck = 0;
    for step in 0..20_u64 {
        let crashes = [
            (Party::Member(0), 3 + 5 * step),
            (Party::Member(usize::try_from(1 + step % 2).unwrap()), 40 + 7 * step),
            (Party::Coordinator, 11 * step),
        ];
        struck += play(three(), &crashes, &undisturbed).0;
    }
    assert!(struck >= 40, "{struck} crashes");
}
