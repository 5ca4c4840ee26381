//! What is due goes and is certified, whatever a kill interrupts; a withdrawal takes what was contributed and nothing else;
//! members are believed with their signature only.

use std::{fs, path::PathBuf};

use passage_protocol::{
    agreement::DocumentId,
    codec::{Decode, Encode},
    refusal::{Code, Refusal},
    seal::sealed_len,
    wire::{BlobRef, Envelope, HopStatement, Message, Outgoing, service::DestructionsAsked},
};
use passage_shell::{destruction::Statement, store::Op};

use super::{sweep::STEPS, *};
use crate::{
    blobs,
    fixture::{NOW, World},
    mail::Outbox,
    records::{BLOBS, MAIL, ROUNDS, SEEN, SWEEPS},
};

/// Days of the example's agreement.
const DAYS: u64 = 30;
const DAY_S: u64 = 86_400;
const ROUND: RoundId = RoundId([3; 16]);

fn report(member: usize) -> Vec<u8> {
    (0..40_u8).flat_map(|line| [0xC0 + u8::try_from(member).unwrap(), line, 0xA5, line ^ 0x5A]).collect()
}

/// A round that finished at `NOW` with a report for each member; the second has not taken its mail.
fn finished(world: &World) -> Vec<BlobRef> {
    let app = &world.app;
    let (mut ops, mut outbox, mut reports) = (Vec::new(), Outbox::default(), Vec::new());
    for member in 0..2 {
        let blob = app.shelf.put(&report(member)).unwrap();
        let blob = BlobRef { digest: blob.digest, bytes: blob.bytes };
        ops.push(blobs::own(ROUND, blob, vec![world.codes[member]]));
        let message = Message::Result { report: blob };
        outbox.add(app, world.codes[member], &Envelope { round: ROUND, from: None, message }).unwrap();
        reports.push(blob);
    }
    let mut record = world.first_attempt(Standing::Finished { reports: reports.clone() });
    record.note(NOW, "released");
    ops.push(Op::put(ROUNDS, ROUND.to_bytes(), record.to_bytes()));
    ops.push(Op::put(SEEN, [ROUND.0.as_slice(), &[1; 32]].concat(), Vec::new()));
    ops.extend(outbox.finish().0);
    app.store.commit(&ops).unwrap();
    drop(world.mail(0));
    reports
}

fn certificates(world: &World) -> Vec<Statement> {
    let folder = world.app.dir.root().join("certificates");
    let entries = fs::read_dir(folder).into_iter().flatten();
    let read = |path: PathBuf| Statement::verify(&fs::read_to_string(path).unwrap()).unwrap();
    entries.map(|entry| read(entry.unwrap().path())).collect()
}

/// Files of the shelf that hold these bytes.
fn holding(world: &World, needle: &[u8]) -> usize {
    let files = world.app.shelf.blobs().unwrap().into_iter().map(|blob| world.app.shelf.path(blob.digest));
    files.filter(|file| fs::read(file).unwrap().windows(needle.len()).any(|part| part == needle)).count()
}

fn line(world: &World, about: Ended) -> Line {
    lines(&world.app).unwrap().into_iter().find(|line| line.about == about).unwrap()
}

fn word_of(world: &World, member: usize, about: Ended) -> Destruction {
    Destruction {
        owner: LogOwner::Member(world.codes[member]),
        agreement: world.agreement,
        about,
        due: NOW,
        at: NOW,
        complete: true,
        certificate: Digest([1; 32]),
    }
}

#[test]
fn g15_nothing_goes_before_its_date_and_all_of_it_afterwards() {
    let world = World::new();
    let reports = finished(&world);
    let (before, after) = (NOW.plus_s(DAYS * DAY_S), NOW.plus_s(DAYS * DAY_S + 1));
    assert!(sweep(&world.app, before).unwrap().is_empty());
    assert!(reports.iter().all(|report| world.app.shelf.find(report.digest).is_some()));
    let [(statement, _)] = sweep(&world.app, after).unwrap().try_into().unwrap();
    assert!(statement.verified && statement.member == "coordinator", "{statement:?}");
    let what: Vec<(&str, u64)> = statement.item.iter().map(|item| (item.what.as_str(), item.count)).collect();
    assert_eq!(what, [("report", 2), ("mail", 1), ("round state", 1)]);
    for member in 0..2 {
        assert_eq!(holding(&world, &report(member)[..40]), 0);
    }
    for table in [BLOBS, SEEN, SWEEPS] {
        assert!(world.app.store.scan(table, &[]).unwrap().is_empty(), "{table:?}");
    }
    // Who never took its mail learns that there is nothing to wait for.
    assert!(world.mail(0).is_empty());
    let [notice] = world.mail(1).try_into().unwrap();
    let Message::Abort(notice) = notice.message else { panic!("{notice:?}") };
    assert_eq!(notice.code, Code(0x0C01));
    assert!(world.record(ROUND).events.is_empty() && world.phase(ROUND) == "finished");
    assert!(sweep(&world.app, after).unwrap().is_empty(), "once");
}

#[test]
fn g15_a_sweep_stopped_after_any_step_is_finished_and_certified_by_the_next() {
    for done in 0..=STEPS.len() {
        let world = World::new();
        finished(&world);
        let after = NOW.plus_s(DAYS * DAY_S + 1);
        let [due] = due(&world.app, after).unwrap().try_into().unwrap();
        sweep::order(&world.app, &due, after).unwrap();
        let (key, _) = world.app.store.scan(SWEEPS, &[]).unwrap().remove(0);
        STEPS[..done].iter().for_each(|step| step(&world.app, &key, after).unwrap());
        assert!(certificates(&world).is_empty(), "certified after {done} steps");
        let world = world.restart();
        assert_eq!(finish(&world.app, after).unwrap().len(), 1, "{done}");
        let [certificate] = certificates(&world).try_into().unwrap();
        assert!(certificate.verified, "{done}: {certificate:?}");
        assert_eq!(certificate.item.len(), 3, "{done}: {certificate:?}");
        assert_eq!(holding(&world, &report(0)[..40]) + holding(&world, &report(1)[..40]), 0, "{done}");
        assert!(line(&world, Ended::Round(ROUND)).own.is_some());
    }
}

#[test]
fn f10_while_something_is_still_there_nothing_is_certified() {
    let world = World::new();
    let reports = finished(&world);
    let after = NOW.plus_s(DAYS * DAY_S + 1);
    let [due] = due(&world.app, after).unwrap().try_into().unwrap();
    sweep::order(&world.app, &due, after).unwrap();
    let (key, _) = world.app.store.scan(SWEEPS, &[]).unwrap().remove(0);
    STEPS.iter().for_each(|step| step(&world.app, &key, after).unwrap());
    world.app.shelf.put(&report(0)).unwrap();
    let refused = certify::certify(&world.app, &key, after).unwrap_err();
    assert_eq!((refused.code(), refused.rule()), (Code(0x3080), Some("G15")));
    world.app.store.commit(&[blobs::own(ROUND, reports[0], Vec::new())]).unwrap();
    assert!(
        certify::certify(&world.app, &key, after).unwrap_err().to_string().contains("the name of a blob")
    );
    assert!(certificates(&world).is_empty() && line(&world, Ended::Round(ROUND)).own.is_none());
    assert_eq!(finish(&world.app, after).unwrap().len(), 1);
}

#[test]
fn c4_members_that_have_not_confirmed_are_named_and_believed_with_their_signature_only() {
    let world = World::new();
    finished(&world);
    let (app, about) = (&world.app, Ended::Round(ROUND));
    let after = NOW.plus_s(DAYS * DAY_S + 1);
    assert!(line(&world, about).silent(NOW.plus_s(DAYS * DAY_S)).is_empty(), "not due yet");
    assert_eq!(line(&world, about).silent(after), world.codes);
    let forged = word_of(&world, 0, about).sign(&world.keys[1]);
    assert_eq!(hear(app, world.codes[0], &forged, NOW).unwrap_err().code(), Code(0x0460));
    let other = word_of(&world, 1, about).sign(&world.keys[1]);
    assert!(hear(app, world.codes[0], &other, NOW).is_err(), "another's word, passed on");
    let unknown = word_of(&world, 0, Ended::Round(RoundId([9; 16]))).sign(&world.keys[0]);
    assert_eq!(hear(app, world.codes[0], &unknown, NOW).unwrap_err().code(), Code(0x0462));
    let unleft = word_of(&world, 0, Ended::Party(world.codes[0])).sign(&world.keys[0]);
    assert_eq!(hear(app, world.codes[0], &unleft, NOW).unwrap_err().code(), Code(0x0462));
    assert_eq!(line(&world, about).silent(after), world.codes);
    hear(app, world.codes[0], &word_of(&world, 0, about).sign(&world.keys[0]), NOW).unwrap();
    assert_eq!(line(&world, about).silent(after), [world.codes[1]]);
    // The first word stays.
    let changed = Destruction { complete: false, ..word_of(&world, 0, about) };
    hear(app, world.codes[0], &changed.sign(&world.keys[0]), NOW).unwrap();
    assert!(word(app, world.agreement, about, LogOwner::Member(world.codes[0])).unwrap().unwrap().complete);
    // Whoever is revoked cannot say anything any more, and is not waited for.
    members::revoke(app, world.codes[1], NOW).unwrap();
    assert!(line(&world, about).silent(after).is_empty());
}

#[test]
fn g10_after_a_withdrawal_nothing_the_member_contributed_is_here_and_what_others_got_is() {
    let world = World::new();
    let reports = finished(&world);
    let round = world.sealed(20);
    let Standing::Running(state) = world.record(round).standing else { panic!("over") };
    let manifest = state.manifest().unwrap().clone();
    let list = &manifest.lists[0];
    let bytes = sealed_len(u64::from(list.rows) * list.row().unwrap().row_bytes() as u64);
    let contribution: Vec<u8> = (0..bytes).map(|place| (place % 251) as u8).collect();
    let sealed = BlobRef { digest: Digest::of_blob(&contribution), bytes };
    blobs::admit(&world.app, world.codes[0], round, sealed).unwrap();
    world.app.shelf.put(&contribution).unwrap();
    blobs::record_upload(&world.app, world.codes[0], round, sealed).unwrap();
    let statement = HopStatement {
        manifest: manifest.digest(),
        list: 0,
        hop: 0,
        rows: list.rows,
        input: Digest([0; 32]),
        output: Digest([1; 32]),
        sealed,
    };
    world.post(round, 0, Outgoing::Hop(statement).sign(round, &world.keys[0])).unwrap();
    assert_eq!((holding(&world, &contribution[..500]), holding(&world, &report(0)[..40])), (1, 1));
    let of_member = |world: &World| {
        let mail = world.app.store.scan(MAIL, &world.codes[1].0).unwrap();
        let from = |bytes: &[u8]| Envelope::from_bytes(bytes).unwrap().from == Some(world.codes[0]);
        mail.iter().filter(|(_, bytes)| from(bytes)).count()
    };
    assert_eq!(of_member(&world), 1, "its statement waits for the other member");

    documents::state(&world.app, world.codes[0], &world.withdrawal(0), NOW).unwrap();
    assert_eq!(world.phase(round), "P0412");
    assert_eq!(holding(&world, &contribution[..500]), 0, "its list is still on the shelf");
    assert_eq!(holding(&world, &report(0)[..40]), 0, "the report made for it is still on the shelf");
    assert_eq!(of_member(&world), 0);
    assert!(world.app.store.scan(MAIL, &world.codes[0].0).unwrap().is_empty());
    for (key, _) in world.app.store.scan(BLOBS, &[]).unwrap() {
        assert!(!key.ends_with(&sealed.digest.0) && !key.ends_with(&reports[0].digest.0));
    }
    assert_eq!(holding(&world, &report(1)[..40]), 1, "what was released to another is not recalled");
    let [certificate] = certificates(&world).try_into().unwrap();
    assert!(certificate.verified && certificate.destroyed_by.contains(&world.codes[0].to_string()));
    assert!(certificate.scope.contains(&DocumentId::Agreement(world.agreement).to_string()));

    // Both words are told to every party, and to nobody else.
    let about = Ended::Party(world.codes[0]);
    hear(&world.app, world.codes[0], &word_of(&world, 0, about).sign(&world.keys[0]), NOW).unwrap();
    let asked = DestructionsAsked { about: vec![(world.agreement, about)] };
    assert_eq!(words_for(&world.app, world.codes[1], &asked).unwrap().words.len(), 2);
    assert!(words_for(&world.app, MemberCode([0xEE; 5]), &asked).unwrap().words.is_empty());
    // The same statement again starts nothing anew.
    documents::state(&world.app, world.codes[0], &world.withdrawal(0), NOW).unwrap();
    assert_eq!(certificates(&world).len(), 1);
}

#[test]
fn g15_the_coordinators_word_is_told_to_who_took_part_and_only_once_it_is_signed() {
    let world = World::new();
    finished(&world);
    let asked = DestructionsAsked { about: vec![(world.agreement, Ended::Round(ROUND))] };
    assert!(words_for(&world.app, world.codes[0], &asked).unwrap().words.is_empty());
    sweep(&world.app, NOW.plus_s(DAYS * DAY_S + 1)).unwrap();
    let [told] = words_for(&world.app, world.codes[0], &asked).unwrap().words.try_into().unwrap();
    let read = Destruction::read(&told, LogOwner::Coordinator, &world.app.verifying_key()).unwrap();
    assert_eq!((read.about, read.complete), (Ended::Round(ROUND), true));
    assert!(words_for(&world.app, MemberCode([0xEE; 5]), &asked).unwrap().words.is_empty());
    let many = DestructionsAsked { about: vec![(world.agreement, Ended::Round(ROUND)); 1_001] };
    assert_eq!(words_for(&world.app, world.codes[0], &many).unwrap_err().code(), Code(0x3044));
}

/// The certificates of a round and of a withdrawal as people read them.
fn papers() -> Vec<(&'static str, String)> {
    let world = World::new();
    finished(&world);
    documents::state(&world.app, world.codes[1], &world.withdrawal(1), NOW).unwrap();
    let [left] = certificates(&world).try_into().unwrap();
    let swept = sweep(&world.app, NOW.plus_s(DAYS * DAY_S + 1)).unwrap();
    let id = DocumentId::Agreement(world.agreement).to_string();
    let key = world.app.verifying_key().to_string();
    let fix = |statement: &Statement| {
        let version = format!("passage-coordinator {}", env!("CARGO_PKG_VERSION"));
        let mut text = statement.words();
        for (from, to) in [
            (&id, "A-0123456789abcdef"),
            (&key, "KEY"),
            (&version, "passage-coordinator 1.2.3"),
            (&world.codes[1].to_string(), "M-7K3QZ9TB"),
        ] {
            text = text.replace(from, to);
        }
        text
    };
    vec![("certificate-withdrawal.txt", fix(&left)), ("certificate-round.txt", fix(&swept[0].0))]
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
#[ignore = "writes the golden certificates anew: cargo test -p passage-coordinator --lib retention -- --ignored rewrite"]
fn rewrite() {
    papers().into_iter().for_each(|(name, text)| fs::write(golden(name), text).unwrap());
}

#[test]
fn l3_the_certificates_are_as_they_were_reviewed() {
    for (name, text) in papers() {
        let kept = fs::read_to_string(golden(name)).unwrap_or_default();
        assert!(kept == text, "{name} has changed:\n{text}");
    }
}
