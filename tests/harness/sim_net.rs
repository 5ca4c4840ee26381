//! The in-memory network: whose turn it is, decided by a seeded generator, on a virtual clock.
//!
//! A lane is one direction of one party: its posts, its mailbox, its work, its person. Within a lane order is kept, as the
//! transport and the numbered mailbox keep it; across lanes anything can overtake anything. A lane may be held for a while,
//! which is what a slow link or a person at lunch looks like. It promises that every ready lane is served in the end.

use passage_protocol::timestamp::Timestamp;
use std::collections::BTreeMap;

use crate::dice::Dice;

/// One direction of one party.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Lane {
    /// A person at a member reads what leaves and says yes.
    Approve(usize),
    /// The coordinator's heavy work.
    Join,
    /// A member takes its next mail.
    Mail(usize),
    /// A member's next post reaches the coordinator.
    Post(usize),
    /// A member's heavy work.
    Work(usize),
}

/// How lanes are served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Manners {
    /// Lanes are picked at random and held up now and then; some posts arrive twice.
    Rough,
    /// As `Rough`, but the posts of one member go before anything else that is ready.
    Favour(usize),
}

/// Picks the next lane.
pub struct SimNet {
    dice: Dice,
    manners: Manners,
    now: Timestamp,
    held: BTreeMap<Lane, Timestamp>,
}

impl SimNet {
    /// A network that begins on 1 September 2026.
    #[must_use]
    pub fn new(seed: u64, manners: Manners) -> Self {
        Self { dice: Dice::new(seed), manners, now: START, held: BTreeMap::new() }
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Lets time pass.
    pub fn wait_s(&mut self, seconds: u64) {
        self.now = self.now.plus_s(seconds);
    }

    /// The lane to serve next among those that have something to do; `None` if none has.
    pub fn pick(&mut self, ready: &[Lane]) -> Option<Lane> {
        let seconds = 1 + self.dice.below(3) as u64;
        self.wait_s(seconds);
        if let Manners::Favour(member) = self.manners
            && ready.contains(&Lane::Post(member))
        {
            return Some(Lane::Post(member));
        }
        loop {
            let free: Vec<Lane> = ready
                .iter()
                .copied()
                .filter(|lane| self.held.get(lane).is_none_or(|until| *until <= self.now))
                .collect();
            if ready.is_empty() {
                return None;
            }
            if free.is_empty() {
                self.wait_s(5);
                continue;
            }
            let lane = self.dice.pick(&free);
            if self.dice.percent(20) {
                let until = self.now.plus_s(5 + self.dice.below(60) as u64);
                self.held.insert(lane, until);
                continue;
            }
            return Some(lane);
        }
    }

    /// True if the answer to a post is lost, so that the sender posts again.
    pub fn loses_the_answer(&mut self) -> bool {
        self.dice.percent(12)
    }
}

/// 1 September 2026, 08:00 UTC.
const START: Timestamp = Timestamp(1_788_249_600);
