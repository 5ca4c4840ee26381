//! Faults of the second mix and of decryption (SPEC §8-§9).

use std::fs;

use harness::{
    federation::{Ending, Federation},
    forge::{OnMail, OnPost, OnWork, resigned, saying, sealed},
    mischief::{Hands, Mischief, Substitutes},
};
use passage_coordinator::error::CoordinatorError;
use passage_node::compute::Finished;
use passage_protocol::{
    ids::Digest,
    refusal::{Code, Refusal},
    round::{MemberJob, MemberOutcome},
    seal::SealPurpose,
    signing::{SignatureKind, SigningKey},
    wire::{BlobRef, Envelope, Message},
};

use super::{HOSTILE, assert_abort, assert_nothing_released, ended_at, last_ending, pair};

/// A coordinator that sends both members this plan in place of the joined one.
fn planning(tuples: &'static [[u32; 2]]) -> impl Mischief {
    OnMail(move |_, envelope: Envelope, blobs: &mut Substitutes| match &envelope.message {
        Message::Plan { table, .. } => {
            let bytes: Vec<u8> = tuples.iter().flatten().flat_map(|row| row.to_le_bytes()).collect();
            let plan = Some(blobs.put(bytes));
            let tuples = u32::try_from(tuples.len()).unwrap();
            saying(&envelope, Message::Plan { table: *table, tuples, plan })
        }
        _ => envelope,
    })
}

/// Asserts that the committee refuses a plan with a code, and blames no member for it.
fn assert_plan_refused(seed: u64, mischief: impl Mischief + 'static, code: u16) {
    let federation = Federation::played(pair(seed, mischief));
    assert!(matches!(last_ending(&federation), Ending::Aborted { code: seen, .. } if seen == Code(code)));
    let refused = [0, 1].map(|member| ended_at(&federation, member));
    assert!(refused.contains(&(Code(code), None)), "{refused:?}");
    assert_nothing_released(&federation);
}

#[test]
fn a_bad_plan_is_no_members_fault() {
    let federation = Federation::played(pair(401, planning(&[[0, 0], [1, 1], [2, 2], [1, 3], [4, 4]])));
    assert_eq!(last_ending(&federation), Ending::Aborted { code: Code(0x0802), fault: None });
}

#[test]
fn a_plan_with_a_sender_row_twice() {
    assert_plan_refused(401, planning(&[[0, 0], [1, 1], [2, 2], [1, 3], [4, 4]]), 0x0802);
}

#[test]
fn a_plan_with_a_sender_row_that_does_not_exist() {
    assert_plan_refused(402, planning(&[[0, 0], [1, 1], [2, 2], [3, 3], [5_000, 4]]), 0x0801);
}

#[test]
fn a_plan_with_a_receiver_row_that_does_not_exist() {
    assert_plan_refused(403, planning(&[[0, 0], [1, 1], [2, 2], [3, 3], [4, 5_000]]), 0x0801);
}

#[test]
fn a_plan_with_a_receiver_row_too_often() {
    // Three slots under `basic`: a fourth sender row on one receiver row is one too many.
    assert_plan_refused(404, planning(&[[0, 0], [1, 0], [2, 0], [3, 0], [4, 4]]), 0x0803);
}

#[test]
fn a_plan_with_a_tuple_that_nobody_receives() {
    assert_plan_refused(405, planning(&[[0, 0], [1, 1], [2, 2], [3, u32::MAX], [4, 4]]), 0x0804);
}

#[test]
fn a_plan_with_too_few_tuples() {
    assert_plan_refused(406, planning(&[[0, 0], [1, 1], [2, 2], [3, 3]]), 0x0805);
}

#[test]
fn a_plan_with_another_number_of_tuples_than_announced() {
    let mischief = OnMail(|_, envelope: Envelope, _: &mut Substitutes| match envelope.message {
        Message::Plan { table, tuples, plan } => {
            saying(&envelope, Message::Plan { table, tuples: tuples + 1, plan })
        }
        _ => envelope,
    });
    assert_plan_refused(407, mischief, 0x0C06);
}

#[test]
fn a_plan_whose_bytes_are_not_those_it_is_named_by() {
    let mischief = OnMail(|_, envelope: Envelope, blobs: &mut Substitutes| {
        if let Message::Plan { plan: Some(plan), .. } = &envelope.message {
            blobs.swap(plan.digest, vec![0; usize::try_from(plan.bytes).unwrap()]);
        }
        envelope
    });
    assert_plan_refused(408, mischief, 0x1032);
}

#[test]
fn a_blob_longer_than_announced_is_cut_off_while_it_comes_in() {
    let mischief = OnMail(|_, envelope: Envelope, blobs: &mut Substitutes| {
        if let Message::Plan { plan: Some(plan), .. } = &envelope.message {
            blobs.swap(plan.digest, vec![0; usize::try_from(plan.bytes).unwrap() + 1]);
        }
        envelope
    });
    let federation = Federation::played(pair(409, mischief));
    assert!(matches!(last_ending(&federation), Ending::Aborted { .. }));
    let (code, _) = ended_at(&federation, 0);
    let too_long = passage_shell::shelf::ShelfError::TooLong { bytes: 0, limit: 0 }.code();
    assert!([code, ended_at(&federation, 1).0].contains(&too_long), "{code}");
    assert_nothing_released(&federation);
}

#[test]
fn a_plan_that_differs_from_member_to_member() {
    // The first hop mixes another plan than the one the second expects: the chain does not hold.
    let mischief = OnMail(|member, envelope: Envelope, blobs: &mut Substitutes| match &envelope.message {
        Message::Plan { table, tuples, plan: Some(_) } if member == 0 => {
            let rows: Vec<u8> = (0..*tuples).flat_map(|row| [row, row]).flat_map(u32::to_le_bytes).collect();
            let plan = Some(blobs.put(rows));
            saying(&envelope, Message::Plan { table: *table, tuples: *tuples, plan })
        }
        _ => envelope,
    });
    let federation = Federation::played(pair(410, mischief));
    assert!(matches!(last_ending(&federation), Ending::Aborted { code: Code(0x0C06), .. }));
    assert_nothing_released(&federation);
}

/// Replaces what the hostile member's second mix or decryption comes to.
fn working(
    change: impl Fn(&Hands<'_>, &MemberJob, Finished) -> Finished + 'static,
) -> OnWork<impl FnMut(&Hands<'_>, &MemberJob, Finished) -> Finished> {
    OnWork(
        move |hands: &Hands<'_>, job: &MemberJob, finished: Finished| {
            if hands.member == HOSTILE { change(hands, job, finished) } else { finished }
        },
    )
}

/// Changes the partial decryptions but keeps the proof.
fn decrypting(change: impl Fn(&mut Vec<u8>) + 'static) -> impl Mischief {
    working(move |hands, _, finished| {
        let MemberOutcome::Decrypted { table, last, partials, proof } = finished.outcome else {
            return finished;
        };
        let mut bytes = fs::read(hands.shelf.path(partials.digest)).unwrap();
        change(&mut bytes);
        let blob = hands.shelf.put(&bytes).unwrap();
        let partials = BlobRef { digest: blob.digest, bytes: blob.bytes };
        Finished {
            outcome: MemberOutcome::Decrypted { table, last, partials, proof },
            uploads: vec![partials],
        }
    })
}

#[test]
fn a_wrong_partial_decryption() {
    // Two good points change places.
    let mischief = decrypting(|bytes| (0..32).for_each(|at| bytes.swap(at, at + 64)));
    assert_abort(pair(411, mischief), 0x0901, HOSTILE);
}

#[test]
fn a_partial_decryption_that_is_no_point() {
    assert_abort(pair(412, decrypting(|bytes| bytes[..32].fill(0xFF))), 0x0210, HOSTILE);
}

#[test]
fn partial_decryptions_of_one_tuple_too_few() {
    let code = CoordinatorError::BlobNotExpected { bytes: 0 }.code();
    assert_abort(pair(413, decrypting(|bytes| bytes.truncate(bytes.len() - 64))), code.0, HOSTILE);
}

#[test]
fn a_final_table_that_holds_no_points() {
    let mischief = working(|hands, job, finished| {
        let MemberOutcome::TableHopped { table, input, tuples, sealed, .. } = finished.outcome else {
            return finished;
        };
        assert!(matches!(job, MemberJob::TableHop { hop: 1, .. }));
        let mut bytes = fs::read(hands.shelf.path(sealed.digest)).unwrap();
        bytes[64..96].fill(0xFF);
        let blob = hands.shelf.put(&bytes).unwrap();
        let sealed = BlobRef { digest: blob.digest, bytes: blob.bytes };
        let outcome = MemberOutcome::TableHopped { table, input, output: blob.digest, tuples, sealed };
        Finished { outcome, uploads: vec![sealed] }
    });
    // The masked point, which only the coordinator reads: it says whose it is.
    assert_abort(pair(414, mischief), 0x0210, HOSTILE);
}

#[test]
fn a_table_sealed_by_the_first_hop_that_holds_an_identity() {
    // Here the school is hostile: it makes the first pass over every table.
    let mischief = OnWork(|hands: &Hands<'_>, job: &MemberJob, finished: Finished| {
        let MemberOutcome::TableHopped { table, input, tuples, .. } = finished.outcome else {
            return finished;
        };
        if !matches!(job, MemberJob::TableHop { hop: 0, .. }) {
            return finished;
        }
        let shape = hands.context.manifest.table(table).unwrap().tuple().unwrap();
        let mut plain = harness::forge::points(tuples as usize * shape.tuple_bytes());
        plain[..32].fill(0);
        let blob = sealed(hands, &plain, SealPurpose::Table, (table, 0), 1);
        let output = Digest::of_blob(&plain);
        let outcome = MemberOutcome::TableHopped { table, input, output, tuples, sealed: blob };
        Finished { outcome, uploads: vec![blob] }
    });
    assert_abort(pair(415, mischief), 0x0211, 0);
}

/// Changes the hostile member's table statements.
fn stating(change: impl Fn(&mut passage_protocol::wire::TableHopStatement) + 'static) -> impl Mischief {
    OnPost(move |member, envelope: Envelope, key: &SigningKey| match &envelope.message {
        Message::TableHop(statement) if member == HOSTILE => {
            let kind = SignatureKind::TableHopStatement;
            let statement = resigned(statement, kind, envelope.round, key, |value| change(value));
            vec![saying(&envelope, Message::TableHop(statement))]
        }
        _ => vec![envelope],
    })
}

#[test]
fn a_table_statement_with_another_number_of_tuples() {
    assert_abort(pair(416, stating(|value| value.tuples += 1)), 0x0C06, HOSTILE);
}

#[test]
fn a_table_statement_that_does_not_continue_the_chain() {
    assert_abort(pair(417, stating(|value| value.input = Digest([4; 32]))), 0x0C06, HOSTILE);
}

#[test]
fn a_partial_decryption_of_another_table() {
    let mischief = OnPost(|member, envelope: Envelope, key: &SigningKey| match &envelope.message {
        Message::Partial(statement) if member == HOSTILE => {
            let kind = SignatureKind::PartialDecryption;
            let change =
                |value: &mut passage_protocol::wire::PartialStatement| value.table_digest = Digest([4; 32]);
            vec![saying(&envelope, Message::Partial(resigned(statement, kind, envelope.round, key, change)))]
        }
        _ => vec![envelope],
    });
    assert_abort(pair(418, mischief), 0x0C06, HOSTILE);
}
