//! Faults of the first mix (SPEC §6): lists, statements, shares, columns, counts.

use std::{cell::RefCell, fs, rc::Rc};

use harness::{
    federation::{Ending, Federation, Setup},
    forge::{OnPost, OnWork, contributing, forged_list, resigned, saying, sealed},
    mischief::{Hands, Mischief},
};
use passage_coordinator::error::CoordinatorError;
use passage_node::compute::Finished;
use passage_protocol::{
    agreement::Segment::{Cc, K12, Univ},
    ids::Digest,
    refusal::{Code, Refusal},
    round::{MemberJob, MemberOutcome},
    seal::SealPurpose,
    signing::{SignatureKind, SigningKey},
    wire::{BlobRef, Envelope, HopStatement, Message},
};

use super::{HOSTILE, assert_abort, assert_nothing_released, last_ending, pair};

/// Changes the hostile member's hop statements before they are signed again.
fn stating(
    change: impl Fn(&mut HopStatement) + 'static,
) -> OnPost<impl FnMut(usize, Envelope, &SigningKey) -> Vec<Envelope>> {
    OnPost(move |member, envelope: Envelope, key: &SigningKey| match &envelope.message {
        Message::Hop(statement) if member == HOSTILE => {
            let kind = SignatureKind::HopStatement;
            let statement = resigned(statement, kind, envelope.round, key, |value| change(value));
            vec![saying(&envelope, Message::Hop(statement))]
        }
        _ => vec![envelope],
    })
}

/// Replaces the hostile member's contribution.
fn contribution(
    make: impl Fn(&Hands<'_>, Finished) -> Finished + 'static,
) -> OnWork<impl FnMut(&Hands<'_>, &MemberJob, Finished) -> Finished> {
    OnWork(move |hands: &Hands<'_>, job: &MemberJob, finished: Finished| {
        if hands.member == HOSTILE && *job == MemberJob::Contribute {
            make(hands, finished)
        } else {
            finished
        }
    })
}

/// A contribution whose row bytes are good points but for what `change` does to them.
fn listing(
    change: impl Fn(&mut Vec<u8>, usize) + 'static,
) -> OnWork<impl FnMut(&Hands<'_>, &MemberJob, Finished) -> Finished> {
    contribution(move |hands, finished| {
        let list = u16::try_from(hands.member).unwrap();
        contributing(finished, forged_list(hands, list, 0, &change))
    })
}

#[test]
fn a_statement_under_another_manifest() {
    assert_abort(pair(301, stating(|value| value.manifest = Digest([9; 32]))), 0x0C06, HOSTILE);
}

#[test]
fn a_statement_with_another_number_of_rows() {
    assert_abort(pair(302, stating(|value| value.rows += 1)), 0x0C06, HOSTILE);
}

#[test]
fn a_statement_that_does_not_continue_the_chain() {
    assert_abort(pair(303, stating(|value| value.input = Digest([4; 32]))), 0x0C06, HOSTILE);
}

#[test]
fn a_statement_with_a_forged_signature() {
    let mischief = OnPost(|member, envelope: Envelope, _: &SigningKey| match &envelope.message {
        Message::Hop(statement) if member == HOSTILE => {
            let other = SigningKey::generate([8; 32]);
            let kind = SignatureKind::HopStatement;
            vec![saying(&envelope, Message::Hop(resigned(statement, kind, envelope.round, &other, |_| {})))]
        }
        _ => vec![envelope],
    });
    assert_abort(pair(304, mischief), 0x0C08, HOSTILE);
}

#[test]
fn a_list_that_is_not_the_one_the_statement_names() {
    // What is sealed has other bytes than the digest that was signed.
    let mischief = contribution(|_, mut finished| {
        if let MemberOutcome::Contributed { output, .. } = &mut finished.outcome {
            *output = Digest([6; 32]);
        }
        finished
    });
    assert_abort(pair(305, mischief), 0x0603, HOSTILE);
}

#[test]
fn a_list_with_a_token_that_is_not_canonical() {
    // The last slot of the third row: all bits set is no encoding of anything.
    let mischief = listing(|plain, width| plain[2 * width + 32..2 * width + 64].fill(0xFF));
    assert_abort(pair(306, mischief), 0x0210, HOSTILE);
}

#[test]
fn a_list_with_an_identity_token() {
    let mischief = listing(|plain, width| plain[width..width + 32].fill(0));
    assert_abort(pair(307, mischief), 0x0211, HOSTILE);
}

#[test]
fn a_list_with_an_identity_in_its_ciphertext() {
    let mischief = listing(|plain, width| {
        let end = plain.len();
        assert!(width > 64);
        plain[end - 32..].fill(0);
    });
    assert_abort(pair(308, mischief), 0x0211, HOSTILE);
}

#[test]
fn a_list_one_row_short_is_not_even_taken_in() {
    let mischief = listing(|plain, width| plain.truncate(plain.len() - width));
    let code = CoordinatorError::BlobNotExpected { bytes: 0 }.code();
    assert_abort(pair(309, mischief), code.0, HOSTILE);
}

#[test]
fn a_list_one_row_too_long_is_not_even_taken_in() {
    let mischief = listing(|plain, width| plain.extend_from_within(..width));
    let code = CoordinatorError::BlobNotExpected { bytes: 0 }.code();
    assert_abort(pair(310, mischief), code.0, HOSTILE);
}

#[test]
fn a_sealed_list_cut_short_and_filled_up() {
    let mischief = contribution(|hands, finished| {
        let MemberOutcome::Contributed { output, sealed, .. } = finished.outcome else { return finished };
        let mut bytes = fs::read(hands.shelf.path(sealed.digest)).unwrap();
        let end = bytes.len();
        bytes[end - 100..].fill(0);
        let blob = hands.shelf.put(&bytes).unwrap();
        contributing(finished, (output, BlobRef { digest: blob.digest, bytes: blob.bytes }))
    });
    assert_abort(pair(311, mischief), 0x0B10, HOSTILE);
}

#[test]
fn a_list_sealed_to_somebody_else() {
    let setup = Setup { insists: vec![0, 1, 2], ..Setup::of(&[(K12, 20), (Cc, 6), (Univ, 6)], 312) };
    let mischief = contribution(|hands, finished| {
        let list = hands.context.manifest.list(1).unwrap();
        let wrong = list.passes[2];
        let plain = harness::forge::points(list.rows as usize * list.row().unwrap().row_bytes());
        let blob = sealed(hands, &plain, SealPurpose::List, (1, 0), wrong);
        contributing(finished, (Digest::of_blob(&plain), blob))
    });
    assert_abort(Setup { mischief: Box::new(mischief), ..setup }, 0x0B10, HOSTILE);
}

/// Digest of a list and its sealed bytes.
type Kept = (Digest, Vec<u8>);

/// Remembers the hostile member's contribution of one round and replays it in the next.
struct Replay {
    kept: Rc<RefCell<Option<Kept>>>,
}

impl Mischief for Replay {
    fn finished(&mut self, hands: &Hands<'_>, job: &MemberJob, finished: Finished) -> Finished {
        let MemberOutcome::Contributed { output, sealed, .. } = &finished.outcome else { return finished };
        if hands.member != HOSTILE || *job != MemberJob::Contribute {
            return finished;
        }
        if let Some((output, bytes)) = &*self.kept.borrow() {
            let blob = hands.shelf.put(bytes).unwrap();
            return contributing(finished, (*output, BlobRef { digest: blob.digest, bytes: blob.bytes }));
        }
        let bytes = fs::read(hands.shelf.path(sealed.digest)).unwrap();
        *self.kept.borrow_mut() = Some((*output, bytes));
        finished
    }
}

#[test]
fn a_list_replayed_from_an_earlier_round() {
    let kept = Rc::new(RefCell::new(None));
    let mut federation = Federation::played(pair(313, Replay { kept }));
    assert_eq!(last_ending(&federation), Ending::Finished);
    federation.open();
    federation.run();
    let fault = Some(federation.code(HOSTILE));
    assert_eq!(last_ending(&federation), Ending::Aborted { code: Code(0x0B10), fault });
    assert_eq!(federation.members[0].reports().len(), 1, "the first round's report is all there is");
}

#[test]
fn a_statement_replayed_from_an_earlier_round() {
    let kept = Rc::new(RefCell::new(None));
    let mut federation = Federation::played(pair(314, Replay { kept: Rc::clone(&kept) }));
    let old = federation.posts_of(HOSTILE).iter().find_map(|envelope| match &envelope.message {
        Message::Hop(statement) if statement.value().hop == 0 => Some(statement.clone()),
        _ => None,
    });
    let old = old.unwrap();
    struct Both(Replay, Option<passage_protocol::signing::Signed<HopStatement>>);
    impl Mischief for Both {
        fn finished(&mut self, hands: &Hands<'_>, job: &MemberJob, finished: Finished) -> Finished {
            self.0.finished(hands, job, finished)
        }
        fn post(&mut self, member: usize, envelope: Envelope, _: &SigningKey) -> Vec<Envelope> {
            match (&envelope.message, &self.1) {
                (Message::Hop(statement), Some(old)) if member == HOSTILE && statement.value().hop == 0 => {
                    vec![saying(&envelope, Message::Hop(old.clone()))]
                }
                _ => vec![envelope],
            }
        }
    }
    federation.misbehave(Box::new(Both(Replay { kept }, Some(old))));
    federation.open();
    federation.run();
    let fault = Some(federation.code(HOSTILE));
    assert_eq!(last_ending(&federation), Ending::Aborted { code: Code(0x0C08), fault });
}

#[test]
fn a_statement_about_a_blob_that_was_never_uploaded() {
    let mischief = stating(|value| value.sealed.digest = Digest([2; 32]));
    let mut federation = Federation::played(pair(315, mischief));
    // It is refused at the door, and the round waits for a good one until its time is over.
    assert!(federation.refused_posts.contains(&(HOSTILE, CoordinatorError::BlobMissing)));
    assert!(matches!(last_ending(&federation), Ending::Running(_)));
    assert_nothing_released(&federation);
    federation.pass_the_deadline();
    assert_eq!(federation.endings()[0].1, Ending::Aborted { code: Code(0x0C01), fault: None });
}

#[test]
fn a_statement_for_another_members_pass() {
    let mischief = OnPost(|member, envelope: Envelope, key: &SigningKey| match &envelope.message {
        Message::Hop(statement) if member == HOSTILE => {
            let kind = SignatureKind::HopStatement;
            let statement = resigned(statement, kind, envelope.round, key, |value| value.list = 0);
            vec![saying(&envelope, Message::Hop(statement))]
        }
        _ => vec![envelope],
    });
    assert_abort(pair(316, mischief), 0x0C02, HOSTILE);
}

#[test]
fn a_blind_share_that_does_not_open() {
    let setup = Setup { insists: vec![0, 2], ..Setup::of(&[(K12, 20), (Cc, 6), (Univ, 6)], 317) };
    let mischief = OnPost(|member, envelope: Envelope, _: &SigningKey| match &envelope.message {
        Message::BlindShare { list, to, sealed } if member == HOSTILE => {
            let mut sealed = sealed.clone();
            sealed[40] ^= 1;
            vec![saying(&envelope, Message::BlindShare { list: *list, to: *to, sealed })]
        }
        _ => vec![envelope],
    });
    assert_abort(Setup { mischief: Box::new(mischief), ..setup }, 0x0B10, HOSTILE);
}

#[test]
fn a_tag_key_share_that_does_not_open() {
    let mischief = OnPost(|member, envelope: Envelope, _: &SigningKey| match &envelope.message {
        Message::TagKeyShare { from, to, sealed } if member == HOSTILE => {
            let mut sealed = sealed.clone();
            sealed[40] ^= 1;
            vec![saying(&envelope, Message::TagKeyShare { from: *from, to: *to, sealed })]
        }
        _ => vec![envelope],
    });
    assert_abort(pair(318, mischief), 0x0B10, HOSTILE);
}

#[test]
fn a_blind_share_in_another_members_name() {
    let setup = Setup { insists: vec![0, 2], ..Setup::of(&[(K12, 20), (Cc, 6), (Univ, 6)], 319) };
    let mischief = OnPost(|member, envelope: Envelope, _: &SigningKey| match &envelope.message {
        Message::BlindShare { to, sealed, .. } if member == HOSTILE => {
            vec![saying(&envelope, Message::BlindShare { list: 2, to: *to, sealed: sealed.clone() })]
        }
        _ => vec![envelope],
    });
    assert_abort(Setup { mischief: Box::new(mischief), ..setup }, 0x0C02, HOSTILE);
}

#[test]
fn a_cohort_count_below_the_floor() {
    let mischief = OnPost(|_, envelope: Envelope, _: &SigningKey| match &envelope.message {
        Message::CohortCounts { table, counts } => {
            let counts = counts.iter().map(|_| Some(4)).collect();
            vec![saying(&envelope, Message::CohortCounts { table: *table, counts })]
        }
        _ => vec![envelope],
    });
    assert_abort(pair(320, mischief), 0x0C02, 0);
}

#[test]
fn cohort_counts_of_another_members_table() {
    let mischief = OnPost(|member, envelope: Envelope, _: &SigningKey| match &envelope.message {
        Message::Hop(_) if member == HOSTILE => {
            vec![saying(&envelope, Message::CohortCounts { table: 0, counts: vec![Some(50)] }), envelope]
        }
        _ => vec![envelope],
    });
    assert_abort(pair(321, mischief), 0x0C02, HOSTILE);
}

/// Whether the statement's digest is that of the forged columns.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Named {
    Falsely,
    Truly,
}

/// Replaces what the hostile last hop seals as final columns.
fn columns(change: impl Fn(&mut Vec<u8>) + 'static, named: Named) -> impl Mischief {
    OnWork(move |hands: &Hands<'_>, job: &MemberJob, finished: Finished| {
        let MemberJob::Hop { list, hop, .. } = *job else { return finished };
        let MemberOutcome::Hopped { input, sealed: tags, columns, .. } = &finished.outcome else {
            return finished;
        };
        if hands.member != HOSTILE || columns.is_empty() {
            return finished;
        }
        let shape = hands.context.manifest.list(list).unwrap();
        let mut plain = harness::forge::points(shape.rows as usize * shape.row().unwrap().column_bytes());
        let before = Digest::of_blob(&plain);
        change(&mut plain);
        let output = if named == Named::Truly { Digest::of_blob(&plain) } else { before };
        let resealed: Vec<(u16, BlobRef)> = columns
            .iter()
            .map(|(to, _)| (*to, sealed(hands, &plain, SealPurpose::FinalColumns, (list, hop), *to)))
            .collect();
        let uploads = resealed.iter().map(|(_, blob)| *blob).chain([*tags]).collect();
        let outcome = MemberOutcome::Hopped { list, input: *input, output, sealed: *tags, columns: resealed };
        Finished { outcome, uploads }
    })
}

#[test]
fn columns_that_hold_no_points_end_the_round() {
    let mischief = columns(|plain| plain.fill(0xFF), Named::Truly);
    let federation = Federation::played(pair(324, mischief));
    assert!(
        matches!(last_ending(&federation), Ending::Aborted { code: Code(0x0210), .. }),
        "{:?}",
        last_ending(&federation)
    );
    assert_nothing_released(&federation);
}

#[test]
fn columns_that_hold_no_points_name_the_last_hop() {
    assert_abort(pair(324, columns(|plain| plain.fill(0xFF), Named::Truly)), 0x0210, HOSTILE);
}

/// The first two points of the columns change places: both are still points.
fn swap_points(plain: &mut [u8]) {
    let (first, rest) = plain.split_at_mut(32);
    first.swap_with_slice(&mut rest[..32]);
}

#[test]
fn columns_that_are_not_the_ones_the_statement_names() {
    assert_abort(pair(322, columns(|plain| swap_points(plain), Named::Falsely)), 0x0603, HOSTILE);
}

#[test]
fn two_different_statements_for_one_pass_name_their_sender() {
    let mischief = OnPost(|member, envelope: Envelope, key: &SigningKey| match &envelope.message {
        Message::Hop(statement) if member == HOSTILE => {
            let kind = SignatureKind::HopStatement;
            let second =
                resigned(statement, kind, envelope.round, key, |value| value.output = Digest([3; 32]));
            vec![envelope.clone(), saying(&envelope, Message::Hop(second))]
        }
        _ => vec![envelope],
    });
    assert_abort(pair(323, mischief), 0x0C07, HOSTILE);
}
