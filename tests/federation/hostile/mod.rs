//! Hostile parties, one fault a test: the round ends without a release, with the stable code of the fault, and with the
//! member at fault named to everybody.
//!
//! * [`opening`] - answers, reveals, key shares, endorsements.
//! * [`first_mix`] - lists, hop statements, blind shares, columns.
//! * [`bridges`] - plans that link through a third list more than the manifest allows.
//! * [`second_mix`] - plans, tables, partial decryptions.

mod bridges;
mod first_mix;
mod opening;
mod second_mix;

use harness::{
    federation::{Ending, Federation, Setup},
    member_host::Standing,
    mischief::Mischief,
};
use passage_coordinator::error::CoordinatorError;
use passage_protocol::{
    ids::MemberCode,
    refusal::{Code, Refusal},
};

/// The member that misbehaves in most tests: the college, second hop of everything.
const HOSTILE: usize = 1;

/// One school and one college, both on the committee.
fn pair(seed: u64, mischief: impl Mischief + 'static) -> Setup {
    Setup { insists: vec![0, 1], mischief: Box::new(mischief), ..Setup::pair(24, 6, seed) }
}

/// Plays and asserts that nobody got a report and that coordinator and members know the code and the member at fault.
fn assert_abort(setup: Setup, code: u16, fault: usize) -> Federation {
    let federation = Federation::played(setup);
    let fault = federation.code(fault);
    assert_eq!(last_ending(&federation), Ending::Aborted { code: Code(code), fault: Some(fault) });
    assert_nothing_released(&federation);
    // A member whose own transfer was refused because the round is over notes that instead.
    let over = [CoordinatorError::BlobNotReadable.code(), CoordinatorError::RoundOver.code()];
    for member in federation.members.iter().filter(|member| member.code != fault) {
        for (round, standing) in member.standings() {
            let Standing::Aborted { code: told, fault: named, .. } = standing else {
                panic!("{} thinks that {round} goes on: {standing:?}", member.code)
            };
            assert!((told, named) == (Code(code), Some(fault)) || over.contains(&told), "{told} {named:?}");
        }
        assert_eq!(member.blobs_left(), 0, "{} erased the aborted round", member.code);
    }
    federation
}

fn last_ending(federation: &Federation) -> Ending {
    federation.endings().last().expect("a round was opened").1
}

fn assert_nothing_released(federation: &Federation) {
    assert!(federation.members.iter().all(|member| member.reports().is_empty()), "nobody gets a report");
    federation.shared.ledger.borrow().assert_single_use();
}

/// How the last round ended at one member.
fn ended_at(federation: &Federation, member: usize) -> (Code, Option<MemberCode>) {
    match federation.members[member].standings().pop() {
        Some((_, Standing::Aborted { code, fault, .. })) => (code, fault),
        other => panic!("{other:?}"),
    }
}
