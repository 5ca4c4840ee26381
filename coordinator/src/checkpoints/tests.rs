//! A member's side of the exchange played by hand against an open coordinator; and every act, with a log that takes nothing.

use std::{fs, path::Path};

use passage_protocol::{
    agreement::Segment,
    checkpoint::{Head, Statement},
    round::{Abort, AbortReason},
    signing::SigningKey,
};
use passage_shell::{
    audit::{AuditLog, Checkpoints, Entry, chain::SEGMENT_ENTRIES},
    store::Table,
};

use super::*;
use crate::{
    documents,
    fixture::{NOW, World, bare, join, join_request, opened_again},
    members, rounds,
};

/// A member's log and what it holds of the coordinator's.
struct Side {
    key: SigningKey,
    code: MemberCode,
    log: AuditLog,
    held: Checkpoints,
}

impl Side {
    fn open(folder: &Path, code: MemberCode, seed: u8) -> Self {
        let log = AuditLog::open(folder).unwrap();
        let held = Checkpoints::open(folder, LogOwner::Member(code)).unwrap();
        Self { key: SigningKey::generate([seed; 32]), code, log, held }
    }

    fn ask(&self, app: &App) -> Told {
        let held = self.held.held(LogOwner::Coordinator).unwrap().head;
        let bytes = answer(app, self.code, CheckpointCall::Ask { held }, NOW).unwrap();
        Told::from_bytes(&bytes).unwrap()
    }

    fn state(&self, theirs: Head) -> Statement {
        self.held.state(self.log.end(), LogOwner::Coordinator, theirs, &self.key).unwrap()
    }

    fn tell(&self, app: &App, statement: &Statement) -> Result<Vec<u8>, CoordinatorError> {
        answer(app, self.code, CheckpointCall::Tell(Box::new(statement.clone())), NOW)
    }

    /// One exchange as the node makes it.
    fn exchange(&self, app: &App) -> Result<(), CoordinatorError> {
        let told = self.ask(app);
        self.held.accept(LogOwner::Coordinator, &told.key, &told.statement)?;
        let theirs = told.statement.checkpoint.value().held;
        self.tell(app, &self.state(theirs)).map(|_| ())
    }
}

#[test]
fn both_sides_follow_each_other_and_hear_when_a_members_log_is_swapped() {
    let (folder, app) = bare();
    let key = SigningKey::generate([1; 32]);
    let joined = join(&app, Segment::K12, &key);
    assert_eq!(joined.coordinator_key, app.verifying_key());
    let path = folder.path().join("member");
    let mut side = Side::open(&path, joined.code, 1);
    side.log.append(NOW, &Act::DaemonStopped).unwrap();
    let earlier = fs::read(path.join("00000001.jsonl")).unwrap();
    for _ in 0..3 {
        side.log.append(NOW, &Act::DaemonStopped).unwrap();
        side.exchange(&app).unwrap();
    }
    let owner = LogOwner::Member(side.code);
    assert_eq!(app.checkpoints.held(owner).unwrap().head, side.log.head());
    // The answer to the last one got lost: what the coordinator says it holds tells the member where to go on.
    let told = side.ask(&app).statement.checkpoint.value().held;
    assert_eq!(told, side.log.head());
    let again = side.tell(&app, &side.state(Head::EMPTY)).unwrap_err();
    assert_eq!((again.code().0, app.checkpoints.forks().unwrap().len()), (0x104A, 0), "{again}");

    fs::write(path.join("00000001.jsonl"), earlier).unwrap();
    let mut swapped = Side::open(&path, side.code, 1);
    swapped.log.append(NOW.plus_s(1), &Act::DaemonStopped).unwrap();
    let statement = swapped.state(told);
    assert_eq!(statement.checkpoint.value().from, swapped.log.head(), "it has no entry {}", told.number);
    let refused = swapped.tell(&app, &statement).unwrap_err();
    assert_eq!((refused.code().0, refused.rule()), (0x1048, Some("C6")), "{refused}");
    let doctor = crate::command::execute(&app, crate::command::Command::Doctor, &|_| {
        std::ops::ControlFlow::Continue(())
    });
    assert!(doctor.unwrap_err().what().contains("S1048"), "doctor shows it");
    assert_eq!(app.checkpoints.held(owner).unwrap().head, told, "what is held stays");
    let command =
        crate::command::Command::AuditAcknowledge { log: side.code.to_string(), by: "B. Operator".into() };
    crate::command::execute(&app, command, &|_| std::ops::ControlFlow::Continue(())).unwrap();
    swapped.tell(&app, &swapped.state(Head::EMPTY)).unwrap();
}

#[test]
fn a_member_cannot_speak_for_another_or_with_another_key() {
    let (folder, app) = bare();
    let one = join(&app, Segment::K12, &SigningKey::generate([1; 32]));
    let two = join(&app, Segment::Cc, &SigningKey::generate([2; 32]));
    let mut side = Side::open(&folder.path().join("member"), one.code, 1);
    side.log.append(NOW, &Act::DaemonStopped).unwrap();
    let statement = side.state(Head::EMPTY);
    let other = answer(&app, two.code, CheckpointCall::Tell(Box::new(statement)), NOW).unwrap_err();
    assert_eq!(other.code().0, 0x1045, "{other}");
    side.key = SigningKey::generate([2; 32]);
    let other = side.tell(&app, &side.state(Head::EMPTY)).unwrap_err();
    assert_eq!(other.code().0, 0x1045, "{other}");
    assert!(app.checkpoints.forks().unwrap().is_empty(), "nobody is condemned by what he did not sign");
}

#[test]
fn a_folder_of_an_earlier_version_gets_a_key_and_goes_on_with_its_log() {
    let (folder, app) = bare();
    drop(app);
    let state = folder.path().join("state");
    fs::remove_file(state.join("signing.key")).unwrap();
    fs::remove_dir_all(state.join("audit")).unwrap();
    fs::write(state.join("audit.jsonl"), "{\"number\":1}\n").unwrap();
    let app = opened_again(&state);
    let mut kinds = Vec::new();
    passage_shell::audit::verify(&app.audit_folder(), |entry| kinds.push(entry.kind.clone())).unwrap();
    assert_eq!(kinds, ["log.continued", "coordinator.key.made"]);
    let key = app.verifying_key();
    drop(app);
    assert_eq!(opened_again(&state).verifying_key(), key, "made once");
}

/// Fills the log's file and puts a folder where the next one would be: from then on no entry can be written.
fn block_the_log(world: World) -> World {
    let folder = world.app.audit_folder();
    let file = folder.join("00000001.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let mut entry: Entry = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let digest = passage_protocol::ids::Digest::parse(&entry.digest).unwrap();
    let (mut lines, mut head) = (text.clone(), Head { number: entry.number, digest });
    while head.number < SEGMENT_ENTRIES {
        entry = Entry { number: head.number + 1, previous: head.digest.to_string(), ..entry };
        head = head.after(entry.body());
        entry.digest = head.digest.to_string();
        lines += &format!("{}\n", serde_json::to_string(&entry).unwrap());
    }
    fs::write(&file, lines).unwrap();
    let world = world.restart();
    fs::create_dir(folder.join("00000002.jsonl")).unwrap();
    world
}

/// All that the store holds.
fn stored(world: &World) -> Vec<(Vec<u8>, Vec<u8>)> {
    (1..=12).flat_map(|table| world.app.store.scan(Table(table), &[]).unwrap()).collect()
}

#[test]
fn audit_precedes_the_act() {
    let world = World::new();
    let round = world.open();
    let (invitation, _) = members::invite(&world.app, "somebody", Segment::Univ, 14, NOW).unwrap();
    let world = block_the_log(world);
    let before = stored(&world);
    let app = &world.app;
    let parties = [0, 1].map(|member| (world.codes[member], world.keys[member].verifying_key().to_string()));
    let text = crate::fixture::agreement_text(app, &parties).replacen("title = \"", "title = \"Another ", 1);
    let withdrawal = world.withdrawal(0);
    let request = join_request(&invitation, &SigningKey::generate([3; 32]));
    let abort = || rounds::end_for(app, None, world.codes[0], NOW);
    let acts: [(&str, Result<(), CoordinatorError>); 6] = [
        ("invite", members::invite(app, "other", Segment::Cc, 14, NOW).map(|_| ())),
        ("join", members::join(app, &request, NOW).map(|_| ())),
        ("revoke", members::revoke(app, world.codes[0], NOW)),
        ("propose", documents::propose_agreement(app, &text, NOW).map(|_| ())),
        ("withdraw", documents::state(app, world.codes[0], &withdrawal, NOW)),
        ("abort", abort()),
    ];
    for (name, outcome) in acts {
        let refused = outcome.expect_err(name);
        assert!(matches!(refused, CoordinatorError::Audit(_)), "{name}: {refused}");
    }
    assert_eq!(stored(&world), before, "what could not be recorded was not done");
    assert!(world.mail(0).iter().all(|envelope| envelope.message.name() != "Abort"));
    // With room again the same acts are done.
    fs::remove_dir(world.app.audit_folder().join("00000002.jsonl")).unwrap();
    members::join(app, &request, NOW).unwrap();
    abort().unwrap();
    assert_eq!(
        world.phase(round),
        Abort::because(AbortReason::Refused(passage_protocol::agreement::Clause::Withdrawn))
            .code()
            .to_string()
    );
}
