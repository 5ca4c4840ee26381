//! Crashes: any party may lose its memory before or after any commit or effect. The table that comes out is the one that
//! would have come out, from the same round or from one opened again after `P0C03`; nothing is released twice, no round key
//! meets a second input, no import is lost.
//!
//! With noise the figures differ from round to round, and a round that nobody finished may have been decrypted: then one
//! release comes out or none, every list that left is charged, and what the budget does not cover is refused by name.

use std::collections::{BTreeMap, BTreeSet};

use harness::{
    faults::Party,
    federation::{Ending, Federation, Setup},
    member_host::{Charge, ChargeStanding},
    papers::Noise,
};
use passage_protocol::{
    agreement::Segment::{Cc, K12, Univ},
    disclosure::{Mark, Outcome},
    ids::RoundId,
    noise::NoiseTable,
    refusal::Code,
    report::Report,
    wire::Message,
};

/// A member's keys were lost in a restart.
const RESTARTED: Code = Code(0x0C03);
/// The privacy budget does not cover the round.
const BUDGET_SPENT: Code = Code(0x0417);

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
        let restarted = matches!(ending, Ending::Aborted { code: RESTARTED, .. });
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

/// How a run with noise ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Released,
    RefusedByTheBudget,
}

/// Epsilon of the one table of [`pair`] and [`three`], in thousandths: what a round costs every member of it.
const EPSILON_MILLI: u32 = 2_000;

fn with_noise(setup: Setup, budget: &'static str) -> Setup {
    let mut setup = setup;
    setup.question.noise = Noise::Budgeted { epsilon: "2", budget };
    setup
}

/// Plays with noise and one crash, and checks the release if there is one and the ledger in any case. Returns how it ended
/// and the number of rounds it took.
fn play_with_noise(setup: Setup, party: Party, at: u64) -> (End, usize) {
    let mut federation = Federation::new(setup);
    federation.shared.faults.plan(party, at);
    federation.envelopes = Some(Vec::new());
    federation.open();
    federation.run();
    let struck = federation.shared.faults.struck_at();
    assert_eq!(struck.len(), 1, "{party:?} crashes at {at}");
    let endings = federation.endings();
    let (last, earlier) = endings.split_last().unwrap();
    for (_, ending) in earlier {
        assert!(matches!(ending, Ending::Aborted { code: RESTARTED, .. }), "{ending:?}, crash at {struck:?}");
    }
    let end = match last.1 {
        Ending::Finished => {
            let (round, reports) = federation.released();
            assert_eq!(round, last.0);
            assert_one_release(&federation, round, &reports);
            End::Released
        }
        Ending::Aborted { code: BUDGET_SPENT, .. } => {
            let reports: usize = federation.members.iter().map(|member| member.reports().len()).sum();
            assert_eq!(reports, 0, "nothing came out, crash at {struck:?}");
            End::RefusedByTheBudget
        }
        other => panic!("{other:?}, crash at {struck:?}"),
    };
    federation.shared.ledger.borrow().assert_single_use();
    assert_charged(&federation, &endings);
    (end, endings.len())
}

/// Every report of a round shows the same marks, the enrolled are the decrypted counts, and those are within the reach of the
/// dealers' noise of the truth.
fn assert_one_release(federation: &Federation, round: RoundId, reports: &[Report]) {
    let [raw] = federation.raw(round) else { panic!("one table") };
    let raw = raw.as_ref().expect("the table has a plan");
    let expected = federation.oracle();
    let dealers = i64::try_from(federation.members.len()).unwrap();
    let reach = dealers * i64::from(NoiseTable::new(EPSILON_MILLI, 1_000_000).unwrap().offset());
    let noise: Vec<i64> = raw.iter().zip(&expected[0].counts).map(|(noisy, exact)| noisy - exact).collect();
    assert!(noise.iter().all(|one| one.abs() <= reach), "{noise:?} is beyond {reach}");
    let mut shown = BTreeMap::new();
    for cell in reports.iter().flat_map(|report| &report.tables).flat_map(|table| &table.cells) {
        let name = format!("{:?} {:?}", cell.category, cell.outcome);
        assert_eq!(
            *shown.entry(name.clone()).or_insert(cell.mark),
            cell.mark,
            "two members are told of {name}"
        );
        if let (Outcome::Enrolled(Some(bit)), Mark::Value { value, .. }) = (cell.outcome, cell.mark) {
            let hits = raw.iter().enumerate().filter(|(pattern, _)| pattern >> bit & 1 == 1);
            assert_eq!(i64::try_from(value).unwrap(), hits.map(|(_, count)| count).sum::<i64>(), "{name}");
        }
    }
    assert!(!shown.is_empty());
}

/// The ledger of every member against what left it: no list without a charge, no charge for a round that nobody sealed, one
/// charge a round, and never more than the budget.
fn assert_charged(federation: &Federation, endings: &[(RoundId, Ending)]) {
    let struck = federation.shared.faults.struck_at();
    let envelopes = federation.envelopes.iter().flatten();
    let sealed: BTreeSet<RoundId> = envelopes
        .filter(|envelope| matches!(envelope.message, Message::Sealed { .. }))
        .map(|envelope| envelope.round)
        .collect();
    for (index, member) in federation.members.iter().enumerate() {
        let own = |message: &Message| match message {
            Message::Hop(hop) => usize::from(hop.value().list) == index && hop.value().hop == 0,
            _ => false,
        };
        let posts = federation.posts_of(index).iter();
        let left: BTreeSet<RoundId> =
            posts.filter(|envelope| own(&envelope.message)).map(|envelope| envelope.round).collect();
        let mut charges: BTreeMap<RoundId, Charge> = member.charges().into_iter().collect();
        let spent: u32 = charges.values().map(|charge| charge.epsilon_milli).sum();
        assert!(spent <= federation.budget_milli(), "{spent} charged, crash at {struck:?}");
        for (round, ending) in endings {
            let charge = charges.remove(round);
            let named = format!("{} in a round that ended as {ending:?}, crash at {struck:?}", member.code);
            assert!(charge.is_none_or(|charge| charge.epsilon_milli == EPSILON_MILLI), "{named}");
            match (ending, charge.map(|charge| charge.standing)) {
                (Ending::Finished, standing) => {
                    assert_eq!(standing, Some(ChargeStanding::Released), "{named}")
                }
                (_, None) => assert!(!left.contains(round), "a list left uncharged: {named}"),
                (_, Some(standing)) => {
                    assert_eq!(standing, ChargeStanding::Sealed, "{named}");
                    assert!(sealed.contains(round), "charged though nobody sealed: {named}");
                }
            }
        }
        assert!(charges.is_empty(), "{} is charged for a round that was never opened", member.code);
    }
}

/// Crashes every party at every `stride`-th fault point. Returns the runs that needed another round and still released, and
/// those that the budget refused.
fn sweep_with_noise(setup: impl Fn() -> Setup, stride: usize) -> (u32, u32) {
    let calm = Federation::played(setup());
    let members = (0..calm.members.len()).map(Party::Member);
    let (mut reopened, mut refused) = (0, 0);
    for party in members.chain([Party::Coordinator]) {
        for at in (0..calm.shared.faults.passed(party)).step_by(stride) {
            let (end, rounds) = play_with_noise(setup(), party, at);
            assert!(
                party != Party::Coordinator || (end, rounds) == (End::Released, 1),
                "the coordinator resumes"
            );
            reopened += u32::from(end == End::Released && rounds > 1);
            refused += u32::from(end == End::RefusedByTheBudget);
        }
    }
    (reopened, refused)
}

#[test]
fn with_noise_a_round_is_released_once_and_every_attempt_that_may_have_been_read_is_paid_for() {
    let (reopened, refused) = sweep_with_noise(|| with_noise(pair(), "20"), 3);
    assert!(reopened > 10 && refused == 0, "{reopened} opened again, {refused} refused");
}

#[test]
fn a_budget_for_one_round_pays_for_no_second_one_that_follows_a_sealed_one() {
    let (reopened, refused) = sweep_with_noise(|| with_noise(three(), "2"), 5);
    // Crashes before the seal are given back, crashes after it are not.
    assert!(reopened > 5 && refused > 5, "{reopened} opened again, {refused} refused");
}
