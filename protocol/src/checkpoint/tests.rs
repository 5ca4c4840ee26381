//! Statements about one log, and about a log that was rewritten, shortened or shown twice.

use super::*;
use crate::refusal::{Code, Refusal};
use proptest::prelude::*;

const OWNER: LogOwner = LogOwner::Coordinator;
const PEER: LogOwner = LogOwner::Member(MemberCode([1; 5]));

fn key() -> SigningKey {
    SigningKey::generate([7; 32])
}

fn bodies(seed: u8, count: u64) -> Vec<Digest> {
    (0..count).map(|number| Digest::of_blob(&[seed, number as u8])).collect()
}

/// A log: its bodies, and the time of entry n is 1,000 + n.
struct Log(Vec<Digest>);

impl Log {
    fn head(&self, number: u64) -> Head {
        self.0[..number as usize].iter().fold(Head::EMPTY, |head, body| head.after(*body))
    }

    /// What an honest owner says to a peer that holds `held`, at most `step` entries further.
    fn state(&self, peer: LogOwner, held: u64, step: u64, key: &SigningKey) -> Statement {
        let length = self.0.len() as u64;
        let from = held.min(length);
        let to = (from + step).min(length);
        let checkpoint = Checkpoint {
            owner: OWNER,
            peer,
            from: self.head(from),
            head: self.head(to),
            length,
            held: Head::EMPTY,
            at: Timestamp(1_000 + length),
        };
        Statement::sign(checkpoint, self.0[from as usize..to as usize].to_vec(), key)
    }

    fn told(&self, held: Held) -> Result<Held, CheckpointFault> {
        let statement = self.state(PEER, held.head.number, 5, &key());
        statement.verify(&key().verifying_key(), OWNER, PEER, held)
    }
}

#[test]
fn a_growing_log_is_followed_step_by_step() {
    let log = Log(bodies(1, 12));
    let mut held = Held::NOTHING;
    for expected in [5, 10, 12, 12] {
        held = log.told(held).unwrap();
        assert_eq!(held.head, log.head(expected));
    }
}

#[test]
fn a_rewritten_entry_is_exposed() {
    let held = Log(bodies(1, 4)).told(Held::NOTHING).unwrap();
    let mut rewritten = bodies(1, 9);
    rewritten[2] = Digest([9; 32]);
    assert_eq!(Log(rewritten).told(held), Err(CheckpointFault::TwoHeads { number: 4 }));
}

#[test]
fn a_shortened_chain_is_exposed() {
    let held = Log(bodies(1, 4)).told(Held::NOTHING).unwrap();
    let mut short = Log(bodies(1, 3)).state(PEER, 4, 5, &key());
    let mut later = *short.checkpoint.value();
    later.at = Timestamp(2_000);
    short = Statement::sign(later, Vec::new(), &key());
    let verdict = short.verify(&key().verifying_key(), OWNER, PEER, held);
    assert_eq!(verdict, Err(CheckpointFault::Shortened { held: 4, length: 3 }));
    let before = Log(bodies(1, 4)).state(PEER, 0, 5, &key());
    assert_eq!(
        contradiction(before.checkpoint.value(), &later),
        Some(Contradiction::Shortened { before: 4, after: 3 })
    );
}

#[test]
fn a_replayed_checkpoint_is_refused() {
    let log = Log(bodies(1, 8));
    let first = log.state(PEER, 0, 5, &key());
    let held = first.verify(&key().verifying_key(), OWNER, PEER, Held::NOTHING).unwrap();
    let again = first.verify(&key().verifying_key(), OWNER, PEER, held);
    assert_eq!(again, Err(CheckpointFault::Replayed { held: 5, from: 0 }));
    // Also one from a time when the log was shorter: that is no proof of a shortened log.
    let old = Log(bodies(1, 3)).state(PEER, 0, 5, &key());
    let refused = old.verify(&key().verifying_key(), OWNER, PEER, held);
    assert_eq!(refused, Err(CheckpointFault::Replayed { held: 5, from: 0 }));
    assert_eq!(contradiction(old.checkpoint.value(), first.checkpoint.value()), None);
}

#[test]
fn only_the_owners_word_for_this_peer_and_a_whole_way_count() {
    let log = Log(bodies(1, 4));
    let good = log.state(PEER, 0, 5, &key());
    let public = key().verifying_key();
    let other = SigningKey::generate([8; 32]).verifying_key();
    let read = |statement: &Statement| statement.verify(&public, OWNER, PEER, Held::NOTHING);
    assert_eq!(good.verify(&other, OWNER, PEER, Held::NOTHING), Err(CheckpointFault::Unsigned));
    assert_eq!(good.verify(&public, PEER, OWNER, Held::NOTHING), Err(CheckpointFault::OtherLog));
    let broken = CheckpointFault::NotAnExtension { from: 0, to: 4 };
    for change in [
        |bodies: &mut Vec<Digest>| bodies.truncate(3),
        |bodies: &mut Vec<Digest>| bodies.push(Digest([1; 32])),
        |bodies: &mut Vec<Digest>| bodies.swap(0, 1),
        |bodies: &mut Vec<Digest>| *bodies = vec![Digest([1; 32]); BODIES_MAX + 1],
    ] {
        let mut changed = good.clone();
        change(&mut changed.bodies);
        assert_eq!(read(&changed), Err(broken));
    }
    // A log cannot be shorter than the head it shows, begin in the middle, or have a head before its first entry.
    for change in [
        |checkpoint: &mut Checkpoint| checkpoint.length = 3,
        |checkpoint: &mut Checkpoint| checkpoint.from.digest = Digest([1; 32]),
    ] {
        let mut checkpoint = *good.checkpoint.value();
        change(&mut checkpoint);
        assert_eq!(read(&Statement::sign(checkpoint, good.bodies.clone(), &key())), Err(broken));
    }
    let middle = log.state(PEER, 2, 5, &key());
    assert_eq!(read(&middle), Err(CheckpointFault::NotAnExtension { from: 2, to: 4 }));
}

#[test]
fn every_fault_has_a_code_of_its_own_and_the_rule() {
    let faults = [
        CheckpointFault::Unsigned,
        CheckpointFault::OtherLog,
        CheckpointFault::TwoHeads { number: 1 },
        CheckpointFault::Shortened { held: 2, length: 1 },
        CheckpointFault::NotAnExtension { from: 1, to: 2 },
        CheckpointFault::Replayed { held: 2, from: 1 },
        CheckpointFault::KeyChanged,
        CheckpointFault::OwnLogDiffers { number: 1 },
    ];
    for (fault, code) in faults.iter().zip(0x1045..) {
        assert_eq!((fault.code(), fault.rule()), (Code(code), Some("C6")));
        assert!(fault.advice().ends_with('.') && !fault.to_string().ends_with('.'));
    }
}

proptest! {
    #[test]
    fn an_honest_owner_never_contradicts_itself(
        count in 0_u64..30,
        said in proptest::collection::vec((0_u64..30, 0_u64..30, 0_u64..30), 2..6),
    ) {
        let all = bodies(1, count);
        let statements: Vec<Checkpoint> = said
            .iter()
            .map(|(length, held, step)| {
                let log = Log(all[..(*length).min(count) as usize].to_vec());
                *log.state(PEER, *held, *step, &key()).checkpoint.value()
            })
            .collect();
        for one in &statements {
            for other in &statements {
                prop_assert_eq!(contradiction(one, other), None);
            }
        }
    }

    #[test]
    fn arbitrary_bytes_are_read_one_way_or_not_at_all(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(call) = CheckpointCall::from_bytes(&bytes) {
            prop_assert_eq!(call.to_bytes(), bytes.clone());
        }
        if let Ok(told) = Told::from_bytes(&bytes) {
            prop_assert_eq!(told.to_bytes(), bytes);
        }
    }
}
