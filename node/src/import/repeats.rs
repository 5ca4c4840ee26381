//! What an earlier row of the same file said: repeated rows, one record twice, identifiers that two students share (D4).
//!
//! Digests only, 16 bytes each: a row, a key, a student; they go when the file is read. They are held in memory up to a limit. Of a
//! file with more they are sealed on the disk, parted by their bits, and looked at a part at a time ([`super::look`]).

use std::collections::{HashMap, HashSet};

use passage_shell::shelf::{Room, Sequence, ShelfError};

use super::{
    cell::RowKey,
    fault::Fault,
    marks::{Mark, Marks},
    plan::Plan,
    row::{Row, short},
};

/// Bytes a digest of a row or a key, and one of a student with its owner, take in a full table.
const DIGEST_BYTES: usize = 17;
const IDENTITY_BYTES: usize = 25;

/// The rules of [`Mark::SHARED`], in its order: the identifier that must not be shared, the one that tells students apart.
const RULES: [(&str, &str, Fault); 3] = [
    ("ssid", "local-id", Fault::SsidTwoLocalIds),
    ("local-id", "ssid", Fault::LocalIdTwoSsids),
    ("ssn", "local-id", Fault::SsnShared),
];

/// One thing a row says, as a digest.
#[derive(Clone, Copy)]
struct Said {
    what: What,
    digest: [u8; 16],
}

/// What it says it of.
#[derive(Clone, Copy)]
enum What {
    /// The whole row.
    Row,
    /// The record, by its key.
    Key,
    /// An identifier, by the place of its rule, and whose it is: half a digest of the owner is enough to see that it differs.
    Shared(u8, [u8; 8]),
}

/// Slots of the identifiers of [`RULES`]: none where a layout does not feed both.
#[derive(Clone, Copy)]
struct Slots([Option<(usize, usize)>; 3]);

impl Slots {
    fn new(plan: &Plan<'_>) -> Self {
        Self(RULES.map(|(one, other, _)| plan.slot(one).zip(plan.slot(other))))
    }

    /// What a row says by its whole text, its natural key and its identifiers.
    fn said<'a>(self, whole: &str, key: RowKey, row: &'a Row) -> impl Iterator<Item = Said> + use<'a> {
        let shared = move |(rule, slots): (u8, Option<(usize, usize)>)| {
            let (one, other) = slots?;
            let (text, owner) = (row.text(Some(one)), row.text(Some(other)));
            (!text.is_empty() && !owner.is_empty()).then(|| Said {
                what: What::Shared(rule, half(blake3::hash(owner.to_ascii_uppercase().as_bytes()))),
                digest: short(blake3::hash(text.to_ascii_uppercase().as_bytes())),
            })
        };
        let whole = Said { what: What::Row, digest: short(blake3::hash(whole.as_bytes())) };
        [whole, Said { what: What::Key, digest: key }].into_iter().chain((0..).zip(self.0).filter_map(shared))
    }
}

/// Digests of the rows seen so far.
#[derive(Default)]
struct Seen {
    rows: HashSet<[u8; 16]>,
    keys: HashSet<RowKey>,
    owners: [HashMap<[u8; 16], [u8; 8]>; 3],
}

impl Seen {
    /// Notes what a row says, and answers what earlier rows have to do with it.
    fn note(&mut self, said: Said) -> Mark {
        match said.what {
            What::Row if !self.rows.insert(said.digest) => Mark::SAME_ROW,
            What::Key if !self.keys.insert(said.digest) => Mark::SAME_KEY,
            What::Row | What::Key => Mark::default(),
            What::Shared(rule, owner) => {
                let place = usize::from(rule);
                let (Some(owners), Some(mark)) = (self.owners.get_mut(place), Mark::SHARED.get(place)) else {
                    return Mark::default();
                };
                if *owners.entry(said.digest).or_insert(owner) == owner { Mark::default() } else { *mark }
            }
        }
    }

    fn bytes(&self) -> usize {
        let students: usize = self.owners.iter().map(HashMap::len).sum();
        (self.rows.len() + self.keys.len()) * DIGEST_BYTES + students * IDENTITY_BYTES
    }
}

/// The digests of a file that is read, in memory.
pub(super) struct Repeats {
    slots: Slots,
    seen: Seen,
    bytes_max: usize,
}

impl Repeats {
    /// Holds at most about `bytes_max` of digests, and says so when there are more.
    pub(super) fn new(plan: &Plan<'_>, bytes_max: usize) -> Self {
        Self { slots: Slots::new(plan), seen: Seen::default(), bytes_max }
    }

    /// Notes a row by its whole text, its natural key and its identifiers, and answers what earlier rows have to do with it.
    pub(super) fn note(&mut self, whole: &str, key: RowKey, row: &Row) -> Mark {
        let mut mark = Mark::default();
        for said in self.slots.said(whole, key, row) {
            mark.add(self.seen.note(said));
            if mark.has(Mark::SAME_ROW) {
                break;
            }
        }
        mark
    }

    /// True if it holds all it may.
    pub(super) fn is_full(&self) -> bool {
        self.bytes() >= self.bytes_max
    }

    /// About how many bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        self.seen.bytes()
    }
}

/// Bytes of a digest as it is set down: what, row, digest, owner.
const SET_DOWN_BYTES: usize = 1 + 4 + 16 + 8;

/// The digests of a file that is looked through, set down in parts.
pub(super) struct SetDown {
    slots: Slots,
    parts: Vec<Sequence>,
}

impl SetDown {
    /// For digests that would take about `bytes` in memory together, of which `room` holds a part.
    pub(super) fn new(plan: &Plan<'_>, bytes: u64, room: &Room) -> Self {
        Self { slots: Slots::new(plan), parts: room.buckets(bytes) }
    }

    /// Sets down what the `number`th row says.
    pub(super) fn note(
        &mut self,
        number: u64,
        whole: &str,
        key: RowKey,
        row: &Row,
    ) -> Result<(), ShelfError> {
        let count = self.parts.len() as u64;
        for Said { what, digest } in self.slots.said(whole, key, row) {
            let (kind, owner) = match what {
                What::Row => (0, [0; 8]),
                What::Key => (1, [0; 8]),
                What::Shared(rule, owner) => (2 + rule, owner),
            };
            let mut record = [0; SET_DOWN_BYTES];
            let parts =
                [&[kind][..], &u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes(), &digest, &owner];
            for (place, byte) in record.iter_mut().zip(parts.into_iter().flatten()) {
                *place = *byte;
            }
            let end = digest.last_chunk().copied().map_or(0, u64::from_le_bytes);
            let part = usize::try_from(end.checked_rem(count).unwrap_or(0)).unwrap_or(0);
            self.parts.get_mut(part).ok_or(ShelfError::DAMAGED)?.push(&record)?;
        }
        Ok(())
    }

    /// The marks of every row, a part after the other.
    pub(super) fn marks(self) -> Result<Marks, ShelfError> {
        let mut marks = Marks::default();
        for part in self.parts {
            let mut seen = Seen::default();
            part.each(|record| {
                let (number, said) = picked_up(record).ok_or(ShelfError::DAMAGED)?;
                marks.add(number.into(), seen.note(said));
                Ok::<(), ShelfError>(())
            })?;
        }
        Ok(marks)
    }
}

/// What was set down: the row's number and what it says.
fn picked_up(record: &[u8]) -> Option<(u32, Said)> {
    let ([kind], rest) = record.split_first_chunk()?;
    let (number, rest) = rest.split_first_chunk()?;
    let (digest, owner) = rest.split_first_chunk()?;
    let what = match kind {
        0 => What::Row,
        1 => What::Key,
        rule => What::Shared(rule - 2, *owner.first_chunk()?),
    };
    Some((u32::from_le_bytes(*number), Said { what, digest: *digest }))
}

/// The findings of a mark about identifiers: the fault and the place of its column.
pub(super) fn shared(plan: &Plan<'_>, mark: Mark) -> impl Iterator<Item = (Fault, Option<usize>)> {
    let told = RULES.into_iter().zip(Mark::SHARED).filter(move |(_, rule)| mark.has(*rule));
    told.map(|((one, _, fault), _)| (fault, plan.column_of(one)))
}

fn half(digest: blake3::Hash) -> [u8; 8] {
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}
