//! What an earlier row of the same file said: repeated rows, one record twice, identifiers that two students share (D4).
//!
//! Digests only, 16 bytes each: a row, a key, a student; they go when the file is read, and nothing of them is written down.
//! They are held up to a limit. A file with more is looked through in passes, each of which holds one [`Share`] of the
//! digests ([`super::look`]).

use std::collections::{HashMap, HashSet};

use super::{
    cell::RowKey,
    fault::Fault,
    marks::{Mark, Share},
    plan::Plan,
    row::{Row, short},
};

/// Bytes a digest of a row or a key, and one of a student with its owner, take in a full table.
const DIGEST_BYTES: usize = 17;
const IDENTITY_BYTES: usize = 25;

/// Digests of the rows seen so far, of one share.
pub(super) struct Repeats {
    share: Share,
    bytes_max: usize,
    rows: HashSet<[u8; 16]>,
    keys: HashSet<RowKey>,
    identities: [Shared; 3],
}

/// One identifier of each student may belong to one other identifier only.
struct Shared {
    /// The identifier that must not be shared, and the one that tells students apart.
    slots: Option<(usize, usize)>,
    /// Half a digest of the owner is enough to see that it differs.
    seen: HashMap<[u8; 16], [u8; 8]>,
}

/// The rules of [`Mark::SHARED`], in its order: the identifier that must not be shared, the one that tells students apart.
const RULES: [(&str, &str, Fault); 3] = [
    ("ssid", "local-id", Fault::SsidTwoLocalIds),
    ("local-id", "ssid", Fault::LocalIdTwoSsids),
    ("ssn", "local-id", Fault::SsnShared),
];

impl Repeats {
    /// Holds at most about `bytes_max` of digests of a share, and says so when there are more.
    pub(super) fn new(plan: &Plan<'_>, share: Share, bytes_max: usize) -> Self {
        let shared = |(one, other, _): (&str, &str, Fault)| Shared {
            slots: plan.slot(one).zip(plan.slot(other)),
            seen: HashMap::new(),
        };
        Self { share, bytes_max, rows: HashSet::new(), keys: HashSet::new(), identities: RULES.map(shared) }
    }

    /// Notes a row by its whole text, its natural key and its identifiers, and answers what earlier rows have to do with it,
    /// as far as the digests of this share tell.
    pub(super) fn note(&mut self, whole: &str, key: RowKey, row: &Row) -> Mark {
        let mut mark = Mark::default();
        let digest = short(blake3::hash(whole.as_bytes()));
        if self.share.holds(&digest) && !self.rows.insert(digest) {
            mark.add(Mark::SAME_ROW);
            return mark;
        }
        if self.share.holds(&key) && !self.keys.insert(key) {
            mark.add(Mark::SAME_KEY);
        }
        for (shared, rule) in self.identities.iter_mut().zip(Mark::SHARED) {
            let Some((one, other)) = shared.slots else { continue };
            let (text, owner) = (row.text(Some(one)), row.text(Some(other)));
            if text.is_empty() || owner.is_empty() {
                continue;
            }
            let digest = short(blake3::hash(text.to_ascii_uppercase().as_bytes()));
            if !self.share.holds(&digest) {
                continue;
            }
            let owner = half(blake3::hash(owner.to_ascii_uppercase().as_bytes()));
            if *shared.seen.entry(digest).or_insert(owner) != owner {
                mark.add(rule);
            }
        }
        mark
    }

    /// True if it holds all it may.
    pub(super) fn is_full(&self) -> bool {
        let students: usize = self.identities.iter().map(|shared| shared.seen.len()).sum();
        (self.rows.len() + self.keys.len()) * DIGEST_BYTES + students * IDENTITY_BYTES >= self.bytes_max
    }

    /// Makes room: holds half of its share from here on, if it is the first.
    pub(super) fn halve(&mut self) {
        if !self.share.halve() {
            return;
        }
        let share = self.share;
        self.rows.retain(|digest| share.holds(digest));
        self.keys.retain(|key| share.holds(key));
        for shared in &mut self.identities {
            shared.seen.retain(|digest, _| share.holds(digest));
        }
    }

    /// The share it holds.
    pub(super) fn share(&self) -> Share {
        self.share
    }
}

/// The findings of a mark about identifiers: the fault and the place of its column.
pub(super) fn shared(plan: &Plan<'_>, mark: Mark) -> impl Iterator<Item = (Fault, Option<usize>)> {
    let told = RULES.into_iter().zip(Mark::SHARED).filter(move |(_, rule)| mark.has(*rule));
    told.map(|((one, _, fault), _)| (fault, plan.column_of(one)))
}

fn half(digest: blake3::Hash) -> [u8; 8] {
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}
