//! A coordinator that links through third lists more than the manifest lets it (SPEC §8): refused where a plan shows it, and what
//! no plan shows.

use harness::{
    federation::{Ending, Federation, Setup},
    forge::{OnMail, saying},
    mischief::{Mischief, Substitutes},
};
use passage_protocol::{
    agreement::Segment::{Cc, K12, Univ},
    refusal::Code,
    wire::{Envelope, Message},
};

use super::{assert_nothing_released, ended_at, last_ending};

/// A coordinator whose plans take row 0 of the university for the first `times` rows of the school, and nothing else.
fn taking(times: u32) -> impl Mischief {
    OnMail(move |_, envelope: Envelope, blobs: &mut Substitutes| match &envelope.message {
        Message::Plan { table, .. } => {
            let rows = (0..times).flat_map(|sender| [sender, u32::MAX, 0]);
            let plan = Some(blobs.put(rows.flat_map(u32::to_le_bytes).collect()));
            saying(&envelope, Message::Plan { table: *table, tuples: times, plan })
        }
        _ => envelope,
    })
}

/// Whether the study asks for bridges.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Bridges,
    Direct,
}

fn played(asked: Asked, times: u32) -> Federation {
    let mut setup = Setup::of(&[(K12, 30), (Cc, 6), (Univ, 6)], 431);
    setup.question.bridges = asked == Asked::Bridges;
    setup.insists = vec![0, 1, 2];
    setup.mischief = Box::new(taking(times));
    Federation::played(setup)
}

/// Three slots under `basic`, and with a bridge through the college four more: SSID and names of the school lead to two rows of
/// the college each, less the slot that leads on to the university, if the school has it.
const WITHOUT: u32 = 3;
const WITH: u32 = 7;

fn assert_refused(federation: &Federation) {
    assert!(matches!(last_ending(federation), Ending::Aborted { code: Code(0x0803), fault: None }));
    let refused = [0, 1, 2].map(|member| ended_at(federation, member));
    assert!(refused.contains(&(Code(0x0803), None)), "{refused:?}");
    assert_nothing_released(federation);
}

#[test]
fn a_plan_with_bridges_that_the_manifest_does_not_make() {
    assert_refused(&played(Asked::Direct, WITHOUT + 2));
    assert_refused(&played(Asked::Direct, WITH));
}

#[test]
fn a_plan_with_more_bridges_than_an_honest_join_can_make() {
    assert_refused(&played(Asked::Bridges, WITH + 1));
}

#[test]
fn a_false_plan_within_the_bound_is_not_seen() {
    // The committee sees row numbers and no tags: it cannot tell a bridge from a link made up (threat model). The school has mixed
    // by this plan; only the coordinator of the harness, which has another one in its books, awaits a table of another length.
    let federation = played(Asked::Bridges, WITH);
    let ending = last_ending(&federation);
    let fault = Some(federation.code(0));
    assert_eq!(ending, Ending::Aborted { code: Code(0x3042), fault });
    let ended = [0, 1, 2].map(|member| ended_at(&federation, member).0);
    assert!(!ended.contains(&Code(0x0803)), "{ended:?}");
}
