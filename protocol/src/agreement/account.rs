//! The account of what leaves a member in one round, and a person's yes to it (SPEC §11, D5).
//!
//! Promises every list, blob, sealed share and count the member sends, computed from the manifest alone: exact where the
//! manifest fixes the length, a bound where it also depends on how many rows will link. Signed messages of the protocol
//! (digests, keys, proofs, signatures; SPEC §13) are not listed: none is made from a record.

mod lines;

use core::ops::Add;

pub use self::lines::Item;
use crate::{
    agreement::DocumentId,
    codec::Encode,
    ids::{Digest, MemberCode},
    manifest::{Bridge, Manifest},
    timestamp::Timestamp,
};

/// Who receives something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Recipient {
    /// The coordinator, in clear.
    Coordinator,
    /// The coordinator and the rest of the committee, in clear.
    CoordinatorAndCommittee,
    /// A committee member; the coordinator relays sealed bytes it cannot open.
    Member(MemberCode),
}

/// Whom a line is about, in the order in which a person should read.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Concern {
    /// The member's own students.
    OwnStudents,
    /// Nobody: random numbers that make keys.
    Keys,
    /// Students of every member: encrypted rows passed on as work of the committee.
    CommitteeWork,
}

impl Concern {
    /// Every group in reading order.
    pub const ALL: [Self; 3] = [Self::OwnStudents, Self::Keys, Self::CommitteeWork];

    /// A heading.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OwnStudents => "About your own students",
            Self::Keys => "Keys: random numbers about nobody",
            Self::CommitteeWork => {
                "Work for all members, because you sit on the committee: encrypted rows of every list, mixed and passed on"
            }
        }
    }
}

/// A number the manifest fixes, or bounds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Amount {
    /// This many and no fewer, whatever the data.
    Exact(u64),
    /// No more than this; how many depends on the rows that link, or on counts that are withheld.
    AtMost(u64),
}

impl Amount {
    /// The number, or its bound.
    #[must_use]
    pub fn most(self) -> u64 {
        match self {
            Self::AtMost(number) | Self::Exact(number) => number,
        }
    }

    fn map(self, change: impl FnOnce(u64) -> u64) -> Self {
        match self {
            Self::AtMost(number) => Self::AtMost(change(number)),
            Self::Exact(number) => Self::Exact(change(number)),
        }
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let sum = self.most().saturating_add(other.most());
        match (self, other) {
            (Self::Exact(_), Self::Exact(_)) => Self::Exact(sum),
            (Self::AtMost(_), _) | (_, Self::AtMost(_)) => Self::AtMost(sum),
        }
    }
}

impl core::fmt::Display for Amount {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::AtMost(number) => write!(formatter, "at most {number}"),
            Self::Exact(number) => write!(formatter, "{number}"),
        }
    }
}

/// One thing that leaves the building.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountLine {
    /// What it is.
    pub item: Item,
    /// Which data elements it was made from.
    pub made_of: String,
    /// Rows.
    pub rows: Amount,
    /// Tokens, tags, points or counts in a row.
    pub columns: u64,
    /// Bytes on the way, seals included.
    pub bytes: Amount,
    /// To whom.
    pub to: Recipient,
    /// The key it is sealed under, or why it is not.
    pub under: String,
}

/// Links that are made through other members' lists, as far as they concern one member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountBridge {
    /// Whose students are looked for.
    pub sender: MemberCode,
    /// Where.
    pub receiver: MemberCode,
    /// Through whose lists, in the order in which they decide.
    pub through: Vec<MemberCode>,
}

/// Everything that leaves one member in one round.
#[derive(Clone, Debug)]
pub struct Account {
    /// The round.
    pub manifest: Digest,
    /// Names what a yes is bound to; equal for a re-opened round with the same content.
    pub digest: Digest,
    /// Agreement id.
    pub agreement: String,
    /// Study id.
    pub study: String,
    /// Lines in the order of [`Concern`].
    pub lines: Vec<AccountLine>,
    /// What the member's list is linked to through others, and others through it; nothing of it leaves besides the lines.
    pub bridges: Vec<AccountBridge>,
}

impl Account {
    /// The account of participant `me`; `None` if the manifest does not name it.
    #[must_use]
    pub fn of(manifest: &Manifest, me: u16) -> Option<Self> {
        Some(Self {
            manifest: manifest.digest(),
            digest: digest(manifest, me)?,
            agreement: DocumentId::Agreement(manifest.agreement).to_string(),
            study: DocumentId::Study(manifest.study).to_string(),
            lines: lines::of(manifest, me)?,
            bridges: bridges(manifest, me)?,
        })
    }

    /// The lines of one group.
    pub fn about(&self, concern: Concern) -> impl Iterator<Item = &AccountLine> {
        self.lines.iter().filter(move |line| line.item.concern() == concern)
    }

    /// Bytes of one group.
    #[must_use]
    pub fn bytes_about(&self, concern: Concern) -> Amount {
        self.about(concern).map(|line| line.bytes).fold(Amount::Exact(0), Amount::add)
    }

    /// Bytes of all lines.
    #[must_use]
    pub fn bytes(&self) -> Amount {
        self.lines.iter().map(|line| line.bytes).fold(Amount::Exact(0), Amount::add)
    }
}

fn bridges(manifest: &Manifest, me: u16) -> Option<Vec<AccountBridge>> {
    let code = |participant: u16| manifest.seat(participant).map(|seat| seat.code);
    let mine = manifest
        .bridges
        .iter()
        .filter(|bridge| bridge.sender == me || bridge.receiver == me || bridge.through.contains(&me));
    let named = |bridge: &Bridge| {
        Some(AccountBridge {
            sender: code(bridge.sender)?,
            receiver: code(bridge.receiver)?,
            through: bridge.through.iter().map(|middle| code(*middle)).collect::<Option<_>>()?,
        })
    };
    mine.map(named).collect()
}

/// What a yes is bound to: what is the member's own, and how it is protected.
fn digest(manifest: &Manifest, me: u16) -> Option<Digest> {
    let (list, seat) = (manifest.list(me)?, manifest.seat(me)?);
    let mut bytes = Vec::new();
    (manifest.study, manifest.agreement).encode(&mut bytes);
    seat.code.encode(&mut bytes);
    (list.rows, list.slots.clone()).encode(&mut bytes);
    (list.columns.clone(), manifest.recipes.clone()).encode(&mut bytes);
    manifest.noise.encode(&mut bytes);
    manifest.floor.encode(&mut bytes);
    // Bridges follow from the study, whose digest stands above. Neither the committee nor its work: the study names its least size, and one that had to be enlarged only protects
    // better.
    lines::cohort_cells(manifest, me).encode(&mut bytes);
    Some(Digest::derive("passage v1 account", &bytes))
}

/// A named person's yes to one account. Made by the node's approval screen only; without it no list is contributed.
#[derive(Debug)]
pub struct Approval {
    /// The account the person read.
    pub account: Digest,
    /// Who said yes.
    pub by: String,
    /// When.
    pub at: Timestamp,
}
