//! A coordinator and two members on scratch folders: an honest log, one shown in two versions, one shortened, one rewritten;
//! what people are shown of it stands in `protocol/shell/tests/golden`.

use std::{fs, path::PathBuf};

use passage_protocol::{
    checkpoint::{CheckpointFault, Held},
    ids::MemberCode,
    refusal::Refusal,
    signing::SigningKey,
    timestamp::Timestamp,
};

use super::*;
use crate::audit::{Act, AuditLog, page};

const COORDINATOR: LogOwner = LogOwner::Coordinator;

fn key() -> SigningKey {
    SigningKey::generate([5; 32])
}

/// A coordinator's folder. Time goes on by a minute with every entry.
struct Coordinator {
    folder: PathBuf,
    log: AuditLog,
    signed: Checkpoints,
}

impl Coordinator {
    fn open(folder: PathBuf) -> Self {
        let log = AuditLog::open(&folder).unwrap();
        let signed = Checkpoints::open(&folder, COORDINATOR).unwrap();
        Self { folder, log, signed }
    }

    fn act(&mut self, count: u64) -> &mut Self {
        for _ in 0..count {
            let number = self.log.head().number;
            let now = Timestamp(1_795_000_000 + 60 * number);
            self.log.append(now, &Act::ActDone { entry: number }).unwrap();
        }
        self
    }

    /// A copy of the folder as it is now.
    fn copy(&self, to: PathBuf) -> Self {
        fs::create_dir(&to).unwrap();
        for entry in fs::read_dir(&self.folder).unwrap() {
            let from = entry.unwrap().path();
            if from.is_file() {
                fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
            }
        }
        Self::open(to)
    }

    /// One exchange, as `node/src/checkpoints.rs` makes it.
    fn tell(&self, member: &Checkpoints) -> Result<Held, AuditError> {
        let held = member.held(COORDINATOR)?.head;
        let statement = self.signed.state(self.log.end(), member.me(), held, &key())?;
        let outcome = member.accept(COORDINATOR, &key().verifying_key(), &statement);
        if let Err(AuditError::Fault(fault)) = outcome
            && fault.condemns()
        {
            member.refuse(COORDINATOR, &statement, &key().verifying_key(), fault)?;
        }
        outcome
    }
}

fn scene() -> (tempfile::TempDir, Coordinator, Checkpoints, Checkpoints) {
    let dir = tempfile::tempdir().unwrap();
    let member = |name: &str, code| {
        let folder = dir.path().join(name);
        AuditLog::open(&folder).unwrap();
        Checkpoints::open(&folder, LogOwner::Member(MemberCode([code; 5]))).unwrap()
    };
    let (one, two) = (member("one", 1), member("two", 2));
    let coordinator = Coordinator::open(dir.path().join("coordinator"));
    (dir, coordinator, one, two)
}

fn compared(dir: &Path, mine: &Checkpoints, theirs: &Checkpoints) -> Verdict {
    let file = dir.join("copy.jsonl");
    theirs.export(&file).unwrap();
    compare(mine, COORDINATOR, &Copy::open(&file).unwrap()).unwrap()
}

/// Every digest, key and signature replaced, so that the rest can be compared.
fn readable(text: &str) -> String {
    let mut out = String::new();
    for part in text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let hexadecimal =
            word.len() >= 8 && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        out += if hexadecimal { "<hex>" } else { word };
        out += &part[word.len()..];
    }
    out
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let expected = fs::read_to_string(path).unwrap();
    assert_eq!(readable(text).trim_end(), expected.trim_end(), "{name}");
}

#[test]
fn two_members_that_asked_at_other_times_hold_the_same_log() {
    let (dir, mut coordinator, one, two) = scene();
    assert_eq!(compared(dir.path(), &one, &two), Verdict::Same { heads: 0 });
    for _ in 0..3 {
        coordinator.act(2).tell(&one).unwrap();
        coordinator.act(1).tell(&two).unwrap();
    }
    // Two heads of the other lie on the way of this one, three of this one on the way of the other.
    let Verdict::Same { heads } = compared(dir.path(), &one, &two) else { panic!("forked") };
    assert!(heads == 5, "{heads}");
    golden("audit_verify.txt", &page::verify_page(&coordinator.folder, &coordinator.signed).unwrap().text);
    let file = dir.path().join("copy.jsonl");
    golden("audit_same.txt", &page::compare_page(&one, COORDINATOR, &file).unwrap().text);
}

#[test]
fn a_forked_chain_is_proved_by_two_members() {
    let (dir, mut coordinator, one, two) = scene();
    coordinator.act(4).tell(&one).unwrap();
    coordinator.act(1).tell(&two).unwrap();
    let mut other = coordinator.copy(dir.path().join("other"));
    // Each is shown a log of its own from here on, and each log is continued without a fault.
    coordinator.act(4).tell(&one).unwrap();
    other.act(2).tell(&two).unwrap();
    let Verdict::Forked(proof) = compared(dir.path(), &one, &two) else { panic!("not seen") };
    let Conflict::TwoHeads { number: 7, mine, theirs } = proof.conflict else { panic!("{proof:?}") };
    assert_ne!(mine, theirs);
    // Both signatures convince anybody who has the key.
    for signed in [&proof.mine, &proof.theirs] {
        let kind = passage_protocol::signing::SignatureKind::AuditCheckpoint;
        signed.verify(kind, None, &key().verifying_key()).unwrap();
    }
    let file = dir.path().join("copy.jsonl");
    golden("audit_forked.txt", &page::compare_page(&one, COORDINATOR, &file).unwrap().text);
    // A line that was tampered with proves nothing and is refused.
    let text = fs::read_to_string(&file).unwrap().replacen("\"length\":7", "\"length\":8", 1);
    fs::write(&file, text).unwrap();
    let refused = compare(&one, COORDINATOR, &Copy::open(&file).unwrap()).unwrap_err();
    assert!(matches!(refused, AuditError::CheckpointDamaged { line: 3 }), "{refused:?}");
}

#[test]
fn a_log_set_back_to_an_earlier_copy_is_exposed_and_kept_as_proof() {
    let (dir, mut coordinator, one, two) = scene();
    coordinator.act(3);
    let mut earlier = coordinator.copy(dir.path().join("earlier"));
    coordinator.act(3).tell(&one).unwrap();
    coordinator.tell(&two).unwrap();
    let end = coordinator.log.end();
    // Shorter, then as long again.
    let shortened = AuditError::Fault(CheckpointFault::Shortened { held: 6, length: 4 });
    earlier.log.append(end.time, &Act::DaemonStopped).unwrap();
    assert_eq!(earlier.tell(&one).unwrap_err(), shortened);
    earlier.act(5);
    let rewritten = AuditError::Fault(CheckpointFault::TwoHeads { number: 6 });
    assert_eq!(earlier.tell(&two).unwrap_err(), rewritten);
    assert_eq!((rewritten.code().0, rewritten.rule()), (0x1047, Some("C6")));
    // Until a person has looked nothing of it is taken, not even the true log.
    let blocked = coordinator.tell(&two).unwrap_err();
    assert!(matches!(blocked, AuditError::Blocked { log: COORDINATOR, .. }), "{blocked:?}");
    assert_eq!(two.require_no_fork().unwrap_err(), blocked);
    let fork = &two.forks().unwrap()[0];
    let (held, _) = fork.held.as_ref().unwrap().read().unwrap();
    let (seen, _) = fork.seen.read().unwrap();
    let both = (held.checkpoint.value(), seen.checkpoint.value());
    assert!(passage_protocol::checkpoint::contradiction(both.0, both.1).is_some());
    golden("audit_refused.txt", &page::verify_page(&dir.path().join("two"), &two).unwrap().text);
    two.acknowledge(COORDINATOR).unwrap();
    two.require_no_fork().unwrap();
    assert_eq!(earlier.tell(&two).unwrap().head, earlier.log.head());
    assert_eq!(two.acknowledge(COORDINATOR), Err(AuditError::NothingRefused { log: COORDINATOR }));
    let kept: Vec<_> = fs::read_dir(dir.path().join("two/checkpoints")).unwrap().collect();
    assert_eq!(kept.len(), 3, "the proof and what was held stay beside what is held now");
}

#[test]
fn this_sides_own_log_is_held_against_what_it_signed() {
    let (dir, mut coordinator, one, _) = scene();
    coordinator.act(2);
    let file = coordinator.folder.join("00000001.jsonl");
    let earlier = fs::read(&file).unwrap();
    coordinator.act(2).tell(&one).unwrap();
    page::verify_page(&coordinator.folder, &coordinator.signed).unwrap();
    fs::write(&file, &earlier).unwrap();
    let differs = AuditError::NotAsSigned { number: 4 };
    let verified =
        |coordinator: &Coordinator| page::verify_page(&coordinator.folder, &coordinator.signed).map(|_| ());
    assert_eq!(verified(&coordinator), Err(differs));
    let mut coordinator = Coordinator::open(dir.path().join("coordinator"));
    coordinator.act(4);
    assert_eq!(verified(&coordinator), Err(differs), "as long again, and not the same");
    coordinator.signed.acknowledge(COORDINATOR).unwrap();
    assert_eq!(verified(&coordinator), Ok(()));
}

#[test]
fn a_line_of_checkpoints_torn_at_any_byte_costs_at_most_that_line() {
    let (dir, mut coordinator, one, _) = scene();
    coordinator.act(1).tell(&one).unwrap();
    let file = dir.path().join("one/checkpoints/coordinator.jsonl");
    let first = fs::read(&file).unwrap();
    coordinator.act(1).tell(&one).unwrap();
    let both = fs::read(&file).unwrap();
    for cut in first.len()..both.len() {
        fs::write(&file, &both[..cut]).unwrap();
        assert_eq!(one.held(COORDINATOR).unwrap().head.number, 1, "cut at {cut}");
        if cut % 97 == 0 {
            assert_eq!(coordinator.tell(&one).unwrap().head.number, 2);
            assert_eq!(fs::read(&file).unwrap(), both);
        }
    }
}
