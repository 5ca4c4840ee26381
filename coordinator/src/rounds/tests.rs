//! Rounds driven with hand-made messages on a scratch store: restarts between all steps, doubles, lies, halts, attempts.

use passage_protocol::{
    agreement::ConsentStatement,
    ids::Digest,
    refusal::{Code, Refusal},
    round::CoordinatorInput,
    signing::{SignatureKind, Signed},
    wire::{AbortNotice, BlobRef, Envelope, HopStatement, Message, Outgoing},
};

use super::*;
use crate::{
    blobs, documents,
    fixture::{NOW, World, agreement_text},
};

fn names(mail: &[Envelope]) -> Vec<&'static str> {
    mail.iter().map(|envelope| envelope.message.name()).collect()
}

#[test]
fn a_round_needs_every_signature() {
    let world = World::unsigned();
    world.sign(0).unwrap();
    let refused = open(&world.app, world.study, NOW).unwrap_err();
    assert_eq!(refused.rule(), Some("G01"));
    world.sign(1).unwrap();
    world.sign(1).unwrap();
    assert!(open(&world.app, world.study, NOW).is_ok());
}

#[test]
fn a_signature_in_another_name_is_refused() {
    let world = World::unsigned();
    let refused = documents::state(&world.app, world.codes[0], &world.signature(1), NOW);
    assert_eq!(refused, Err(CoordinatorError::SignatureRefused));
    // In its own name, signed with another's key.
    let ConsentStatement::Signed(own) = world.signature(0) else { panic!() };
    let forged = Signed::new(own.value().clone(), SignatureKind::Agreement, None, &world.keys[1]);
    let refused =
        documents::state(&world.app, world.codes[0], &ConsentStatement::Signed(forged), NOW).unwrap_err();
    assert_eq!((refused.code(), refused.rule()), (Code(0x042B), Some("G01")));
}

#[test]
fn g04_an_agreement_of_another_consortium_is_not_taken() {
    let world = World::unsigned();
    let parties = [0, 1].map(|member| (world.codes[member], world.keys[member].verifying_key().to_string()));
    let text = agreement_text(&world.app, &parties);
    let authority = documents::authority(&world.app).to_string();
    let refused = documents::propose_agreement(&world.app, &text.replace(&authority, &"0".repeat(64)), NOW);
    assert_eq!(refused.unwrap_err().rule(), Some("G04"));
}

#[test]
fn g02_a_choice_of_lines_forbids_the_next_round_and_a_replay_changes_nothing() {
    let world = World::new();
    world.open();
    let without = world.choice(1, &["zip"]);
    documents::state(&world.app, world.codes[1], &without, NOW).unwrap();
    documents::state(&world.app, world.codes[1], &without, NOW).unwrap();
    let all_again = world.choice(1, &[]);
    let refused = open(&world.app, world.study, NOW).unwrap_err();
    assert_eq!((refused.rule(), refused.to_string().contains("`zip`")), (Some("G02"), true));
    documents::state(&world.app, world.codes[1], &all_again, NOW).unwrap();
    documents::state(&world.app, world.codes[1], &without, NOW).unwrap();
    // The study runs already; what refuses is no clause any more.
    let refused = open(&world.app, world.study, NOW).unwrap_err();
    assert_eq!(refused.code(), Code(0x3032));
}

#[test]
fn the_opening_survives_a_restart_after_every_message() {
    let mut world = World::new();
    let round = world.open();
    for member in 0..2 {
        let answer = world.answer(round, member, 20);
        assert_eq!(world.post(round, member, answer.clone()).unwrap(), Taken::Now);
        world = world.restart();
        assert_eq!(world.post(round, member, answer).unwrap(), Taken::Again);
    }
    for member in 0..2 {
        world.post(round, member, world.reveal(round, member)).unwrap();
        world = world.restart();
    }
    for member in 0..2 {
        world.post(round, member, world.key_share(round, member)).unwrap();
        world = world.restart();
    }
    assert_eq!(names(&world.mail(1)), ["Call", "Answers", "Reveals", "KeyShares"], "each once, in order");
    let digest = world.manifest_digest(round);
    for member in 0..2 {
        world.post(round, member, Outgoing::Endorsement(digest).sign(round, &world.keys[member])).unwrap();
        world = world.restart();
    }
    assert_eq!(world.phase(round), "mixing");
    assert_eq!(names(&world.mail(1)), ["Sealed"]);
}

#[test]
fn two_different_answers_end_the_round_naming_the_member() {
    let world = World::new();
    let round = world.open();
    world.post(round, 0, world.answer(round, 0, 20)).unwrap();
    world.post(round, 0, world.answer(round, 0, 21)).unwrap();
    let record = world.record(round);
    let Standing::Aborted { code, fault, .. } = record.standing else { panic!("still running") };
    assert_eq!((code, fault), (Code(0x0C07), Some(world.codes[0])));
    assert_eq!(record.reopened_as, None, "a fault of verification is never tried again");
    assert_eq!(names(&world.mail(1)), ["Call", "Abort"]);
    assert_eq!(world.post(round, 1, world.answer(round, 1, 5)).unwrap(), Taken::Over);
}

#[test]
fn a_forged_answer_and_a_stranger_are_told_apart() {
    let world = World::new();
    let round = world.open();
    let stranger = MemberCode([0xEE; 5]);
    let envelope = Envelope { round, from: None, message: world.answer(round, 0, 20) };
    let refused = post(&world.app, stranger, envelope, NOW);
    assert_eq!(refused, Err(CoordinatorError::RoundUnknown));
    assert_eq!(world.phase(round), "calling", "a stranger cannot end a round");
    world.post(round, 1, world.answer(round, 0, 20)).unwrap();
    assert!(world.phase(round).starts_with('P'), "an answer in another's name ends it");
}

#[test]
fn a_halted_round_stays_halted() {
    let world = World::new();
    let round = world.open();
    assert!(matches!(open(&world.app, world.study, NOW), Err(CoordinatorError::RoundRunning { .. })));
    input(&world.app, round, CoordinatorInput::Halt, NOW).unwrap();
    assert_eq!(world.phase(round), "P0C04");
    assert_eq!(world.record(round).reopened_as, None);
    assert_eq!(input(&world.app, round, CoordinatorInput::Halt, NOW).unwrap(), Taken::Over);
    assert_eq!(list(&world.app).unwrap().len(), 1);
    assert!(open(&world.app, world.study, NOW).is_ok(), "a person may open it again");
}

#[test]
fn a_restarted_member_gets_a_new_round_eight_times_at_most() {
    let world = World::new();
    let mut round = world.open();
    let notice = Message::Abort(AbortNotice { code: Code(0x0C03), fault: None });
    for attempt in 1..ATTEMPTS_MAX {
        world.post(round, 0, notice.clone()).unwrap();
        let next = world.record(round).reopened_as.unwrap();
        assert_eq!(world.record(next).attempt, attempt + 1);
        assert_eq!(names(&world.mail(1)), ["Call", "Abort", "Call"][usize::from(attempt > 1)..]);
        round = next;
    }
    world.post(round, 0, notice).unwrap();
    assert_eq!(world.record(round).reopened_as, None);
    assert_eq!(list(&world.app).unwrap().len(), usize::from(ATTEMPTS_MAX));
}

#[test]
fn the_deadline_ends_a_round_and_a_person_who_refused_ends_it_for_good() {
    let world = World::new();
    let round = world.open();
    tick(&world.app, NOW.plus_s(3_600)).unwrap();
    assert_eq!(world.phase(round), "calling");
    tick(&world.app, NOW.plus_s(3_601)).unwrap();
    assert_eq!(world.phase(round), "P0C01");
    let next = world.record(round).reopened_as.unwrap();
    world.post(next, 0, Message::Abort(AbortNotice { code: Code(0x0C05), fault: None })).unwrap();
    assert_eq!(world.phase(next), "P0C05");
    assert_eq!(world.record(next).reopened_as, None);
}

#[test]
fn a_withdrawal_ends_the_round_and_forbids_the_next() {
    let world = World::new();
    let round = world.open();
    documents::state(&world.app, world.codes[1], &world.withdrawal(1), NOW).unwrap();
    assert_eq!(world.phase(round), "P0412");
    assert_eq!(open(&world.app, world.study, NOW).unwrap_err().rule(), Some("G10"));
}

/// The pass that is due on `member`'s own list, with a blob of the right length on the shelf or not.
fn first_hop(world: &World, round: RoundId) -> (usize, u16, HopStatement, Vec<u8>) {
    let Standing::Running(state) = world.record(round).standing else { panic!("over") };
    let manifest = state.manifest().unwrap();
    let list = &manifest.lists[0];
    let row = list.row().unwrap();
    let bytes = passage_protocol::seal::sealed_len(u64::from(list.rows) * row.row_bytes() as u64);
    let blob = vec![5; usize::try_from(bytes).unwrap()];
    let statement = HopStatement {
        manifest: manifest.digest(),
        list: 0,
        hop: 0,
        rows: list.rows,
        input: Digest([0; 32]),
        output: Digest([1; 32]),
        sealed: BlobRef { digest: Digest::of_blob(&blob), bytes },
    };
    (0, list.pass(1).unwrap(), statement, blob)
}

#[test]
fn a_message_may_name_only_a_blob_its_sender_put_and_only_the_next_may_fetch_it() {
    let world = World::new();
    let round = world.sealed(20);
    let (sender, next, statement, blob) = first_hop(&world, round);
    let (next, other) = (usize::from(next), 1 - usize::from(next));
    let hop = Outgoing::Hop(statement.clone()).sign(round, &world.keys[sender]);
    assert_eq!(world.post(round, sender, hop.clone()), Err(CoordinatorError::BlobMissing));
    assert_eq!(world.phase(round), "mixing", "an upload that is late does not end the round");

    let app = &world.app;
    let sealed = statement.sealed;
    blobs::admit(app, world.codes[sender], round, sealed).unwrap();
    app.shelf.put(&blob).unwrap();
    blobs::record_upload(app, world.codes[sender], round, sealed).unwrap();
    let early = blobs::fetch(app, world.codes[next], round, sealed);
    assert_eq!(early, Err(CoordinatorError::BlobNotReadable), "before the statement nobody may");
    assert_eq!(world.post(round, sender, hop).unwrap(), Taken::Now);
    assert_eq!(blobs::fetch(app, world.codes[next], round, sealed), Ok(sealed.digest));
    if other != next {
        assert_eq!(
            blobs::fetch(app, world.codes[other], round, sealed),
            Err(CoordinatorError::BlobNotReadable)
        );
    }

    input(app, round, CoordinatorInput::Halt, NOW).unwrap();
    assert!(app.shelf.find(sealed.digest).is_none(), "a halted round's lists are erased");
    assert!(blobs::fetch(app, world.codes[next], round, sealed).is_err());
}

#[test]
fn uploads_are_bounded_by_the_manifest() {
    let world = World::new();
    let calling = world.open();
    let blob = |bytes: u64, mark: u8| BlobRef { digest: Digest([mark; 32]), bytes };
    let refused = |bytes| Err(CoordinatorError::BlobNotExpected { bytes });
    assert_eq!(blobs::admit(&world.app, world.codes[0], calling, blob(10, 1)), refused(10), "not yet sealed");
    input(&world.app, calling, CoordinatorInput::Halt, NOW).unwrap();
    world.take_mail();

    let round = world.sealed(20);
    let (sender, _, statement, _) = first_hop(&world, round);
    let (bytes, code) = (statement.sealed.bytes, world.codes[sender]);
    assert_eq!(blobs::admit(&world.app, code, round, blob(bytes + 1, 1)), refused(bytes + 1));
    let mut put = 0;
    while blobs::admit(&world.app, code, round, blob(bytes, put)).is_ok() {
        blobs::record_upload(&world.app, code, round, blob(bytes, put)).unwrap();
        put += 1;
        assert!(put < 10, "more blobs of one length than any member makes");
    }
    assert!(put >= 1);
    assert!(blobs::admit(&world.app, code, round, blob(bytes, 0)).is_ok(), "the same again is fine");
    assert_eq!(
        blobs::admit(&world.app, MemberCode([0xEE; 5]), round, blob(bytes, 77)),
        Err(CoordinatorError::RoundUnknown)
    );
}
