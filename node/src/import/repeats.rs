//! What an earlier row of the same file said: repeated rows, one record twice, identifiers that two students share (D4).
//!
//! Digests only, 16 bytes each: a row, a key, a student. Nothing is stored; the digests go when the file is read.

use std::collections::{HashMap, HashSet};

use super::{
    cell::RowKey,
    fault::Fault,
    plan::Plan,
    row::{Row, short},
};

/// Seen so far.
pub(super) struct Repeats {
    rows: HashSet<u128>,
    keys: HashSet<u128>,
    identities: [Shared; 3],
}

/// One identifier of each student may belong to one other identifier only.
struct Shared {
    /// The identifier that must not be shared, and the one that tells students apart.
    slots: Option<(usize, usize)>,
    /// Place of its column in the layout, for the finding.
    column: Option<usize>,
    fault: Fault,
    seen: HashMap<u128, u64>,
}

/// What an earlier row has to do with this one.
pub(super) enum Repeat {
    /// It is the same row.
    Row,
    /// It is about the same record.
    Key,
    /// Nothing.
    None,
}

impl Repeats {
    pub(super) fn new(plan: &Plan<'_>) -> Self {
        let shared = |one: &str, other: &str, fault| Shared {
            slots: plan.slot(one).zip(plan.slot(other)),
            column: plan.column_of(one),
            fault,
            seen: HashMap::new(),
        };
        Self {
            rows: HashSet::new(),
            keys: HashSet::new(),
            identities: [
                shared("ssid", "local-id", Fault::SsidTwoLocalIds),
                shared("local-id", "ssid", Fault::LocalIdTwoSsids),
                shared("ssn", "local-id", Fault::SsnShared),
            ],
        }
    }

    /// Notes a row by its whole text and its natural key.
    pub(super) fn note(&mut self, whole: &str, key: RowKey) -> Repeat {
        if !self.rows.insert(digest(whole)) {
            Repeat::Row
        } else if !self.keys.insert(u128::from_le_bytes(key)) {
            Repeat::Key
        } else {
            Repeat::None
        }
    }

    /// The natural keys seen, for the store.
    pub(super) fn into_keys(self) -> impl Iterator<Item = RowKey> {
        self.keys.into_iter().map(u128::to_le_bytes)
    }

    /// Gives each identifier of the row that an earlier row had for somebody else: the fault and its column's place.
    pub(super) fn shared(&mut self, row: &Row, found: &mut dyn FnMut(Fault, Option<usize>)) {
        for shared in &mut self.identities {
            let Some((one, other)) = shared.slots else { continue };
            let (text, owner) = (row.text(Some(one)), row.text(Some(other)));
            if text.is_empty() || owner.is_empty() {
                continue;
            }
            // Half a digest of the owner is enough to see that it differs.
            let owner = digest(&owner.to_ascii_uppercase()) as u64;
            if *shared.seen.entry(digest(&text.to_ascii_uppercase())).or_insert(owner) != owner {
                found(shared.fault, shared.column);
            }
        }
    }
}

fn digest(text: &str) -> u128 {
    u128::from_le_bytes(short(blake3::hash(text.as_bytes())))
}
