//! The plan of a table: which sender row meets which receiver rows in the second mix (SPEC §7, §8).
//!
//! Promises one byte form, `tuple* = sender row u32 || receiver row u32 per receiver`, and a check that the committee
//! runs on bytes it was sent. The check bounds what a plan can do to one person: no sender row twice, no receiver row
//! more often than an honest join can take it ([`times_taken`](super::times_taken)). It does not prove that the coordinator
//! joined honestly.

use core::fmt;

use super::links::Links;
use crate::refusal::{Code, Refusal};

/// Stands for "this receiver does not hold the student".
pub const NO_RECEIVER: u32 = u32::MAX;

/// The bytes of a plan with the number of receivers that gives them their shape.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    receivers: usize,
    bytes: Vec<u8>,
}

impl Plan {
    /// Writes one tuple for every sender row that at least one receiver holds, in the order of sender rows.
    ///
    /// `links` has one entry per receiver of the table, in the manifest's order; rows beyond the shortest are not linked.
    #[must_use]
    pub fn build(links: &[&Links]) -> Self {
        let rows = links.iter().map(|links| links.rows()).max().unwrap_or(0);
        let mut bytes = Vec::new();
        for sender_row in (0..NO_RECEIVER).take(rows) {
            let targets = links.iter().map(|links| links.get(sender_row).map(|link| link.target_row));
            if targets.clone().any(|target| target.is_some()) {
                bytes.extend_from_slice(&sender_row.to_le_bytes());
                targets
                    .for_each(|target| bytes.extend_from_slice(&target.unwrap_or(NO_RECEIVER).to_le_bytes()));
            }
        }
        Self { receivers: links.len(), bytes }
    }

    /// The plan's blob.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The blob, for storing or sending without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Takes bytes from the coordinator that pass [`check`](Self::check); the only way from bytes to a plan.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn from_checked_bytes(bytes: Vec<u8>, bounds: &PlanBounds) -> Result<Self, PlanError> {
        Self::check(&bytes, bounds)?;
        Ok(Self { receivers: bounds.receivers.len(), bytes })
    }

    /// Number of tuples.
    #[must_use]
    pub fn tuple_count(&self) -> usize {
        self.bytes.len() / tuple_bytes(self.receivers)
    }

    /// The tuples in order.
    pub fn tuples(&self) -> impl Iterator<Item = PlanTuple<'_>> {
        tuples(&self.bytes, self.receivers)
    }

    /// Checks a plan as SPEC §8 demands of each committee member and returns its number of tuples.
    ///
    /// # Errors
    ///
    /// In this order for each tuple: [`PlanError::RowOutOfRange`], [`PlanError::SenderRepeated`],
    /// [`PlanError::NoReceiver`], [`PlanError::ReceiverTakenTooOften`]; before them [`PlanError::LengthUneven`], after
    /// them [`PlanError::TooFewTuples`].
    ///
    /// # Cost
    ///
    /// One pass; a byte per sender row and two per receiver row.
    pub fn check(bytes: &[u8], bounds: &PlanBounds) -> Result<usize, PlanError> {
        let tuple_bytes = tuple_bytes(bounds.receivers.len());
        if !bytes.len().is_multiple_of(tuple_bytes) {
            return Err(PlanError::LengthUneven { bytes: bytes.len(), tuple_bytes });
        }
        let mut senders = vec![false; bounds.sender_rows as usize];
        let mut taken: Vec<Vec<u16>> =
            bounds.receivers.iter().map(|bound| vec![0; bound.rows as usize]).collect();
        for (position, tuple) in tuples(bytes, bounds.receivers.len()).enumerate() {
            let used =
                senders.get_mut(tuple.sender_row as usize).ok_or(PlanError::RowOutOfRange { position })?;
            if core::mem::replace(used, true) {
                return Err(PlanError::SenderRepeated { position });
            }
            let mut linked = false;
            for ((target, taken), bound) in tuple.receiver_rows().zip(&mut taken).zip(&bounds.receivers) {
                let Some(target) = target else { continue };
                let times = taken.get_mut(target as usize).ok_or(PlanError::RowOutOfRange { position })?;
                if *times >= bound.times {
                    return Err(PlanError::ReceiverTakenTooOften { position, times: bound.times });
                }
                *times += 1;
                linked = true;
            }
            if !linked {
                return Err(PlanError::NoReceiver { position });
            }
        }
        let count = bytes.len() / tuple_bytes;
        if count < bounds.tuple_count_min as usize {
            return Err(PlanError::TooFewTuples { count, expected: bounds.tuple_count_min });
        }
        Ok(count)
    }
}

/// One tuple of a plan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PlanTuple<'a> {
    /// Row of the sender's list.
    pub sender_row: u32,
    receivers: &'a [[u8; 4]],
}

impl<'a> PlanTuple<'a> {
    /// The row in each receiver's list, `None` where the receiver does not hold the student.
    pub fn receiver_rows(&self) -> impl Iterator<Item = Option<u32>> + use<'a> {
        self.receivers.iter().map(|bytes| Some(u32::from_le_bytes(*bytes)).filter(|row| *row != NO_RECEIVER))
    }
}

fn tuple_bytes(receivers: usize) -> usize {
    4 * (1 + receivers)
}

fn tuples(bytes: &[u8], receivers: usize) -> impl Iterator<Item = PlanTuple<'_>> {
    let (words, _) = bytes.as_chunks::<4>();
    words.chunks_exact(1 + receivers).filter_map(|tuple| {
        let (sender_row, receivers) = tuple.split_first()?;
        Some(PlanTuple { sender_row: u32::from_le_bytes(*sender_row), receivers })
    })
}

/// What the manifest allows a plan of one table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlanBounds {
    /// Rows of the sender's list.
    pub sender_rows: u32,
    /// One per receiver of the table, in the manifest's order.
    pub receivers: Vec<ReceiverBound>,
    /// Tuples a plan must have (SPEC §5.5, `tuple_count_min`).
    pub tuple_count_min: u32,
}

/// What the manifest says of a receiver's list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReceiverBound {
    /// Rows of the list.
    pub rows: u32,
    /// How often one row may be taken ([`times_taken`](super::times_taken)).
    pub times: u16,
}

/// Why a plan was refused. The coordinator wrote it; positions only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PlanError {
    /// The bytes are not whole tuples.
    LengthUneven {
        /** Bytes received. */
        bytes: usize,
        /** Bytes of one tuple. */
        tuple_bytes: usize,
    },
    /// A tuple without any receiver.
    NoReceiver {
        /** Zero-based position of the tuple. */
        position: usize,
    },
    /// A receiver row is taken more often than an honest join can take it.
    ReceiverTakenTooOften {
        /** Zero-based position of the tuple. */
        position: usize,
        /** Times allowed. */
        times: u16,
    },
    /// A sender or receiver row that the lists do not have.
    RowOutOfRange {
        /** Zero-based position of the tuple. */
        position: usize,
    },
    /// A sender row stands in two tuples.
    SenderRepeated {
        /** Zero-based position of the second tuple. */
        position: usize,
    },
    /// Too few tuples for the noise to hide one person among.
    TooFewTuples {
        /** Tuples in the plan. */
        count: usize,
        /** Tuples needed. */
        expected: u32,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LengthUneven { bytes, tuple_bytes } => {
                write!(formatter, "the plan has {bytes} bytes, expected a multiple of {tuple_bytes}")
            }
            Self::NoReceiver { position } => {
                write!(formatter, "tuple {position} of the plan has no receiver, expected at least one")
            }
            Self::ReceiverTakenTooOften { position, times } => {
                write!(
                    formatter,
                    "tuple {position} of the plan takes a receiver row again, expected at most {times} times"
                )
            }
            Self::RowOutOfRange { position } => {
                write!(formatter, "tuple {position} of the plan names a row that its list does not have")
            }
            Self::SenderRepeated { position } => {
                write!(formatter, "tuple {position} of the plan repeats a sender row, expected each once")
            }
            Self::TooFewTuples { count, expected } => {
                write!(formatter, "the plan has {count} tuples, expected at least {expected}")
            }
        }
    }
}

impl Refusal for PlanError {
    fn code(&self) -> Code {
        Code(match self {
            Self::LengthUneven { .. } => 0x0800,
            Self::RowOutOfRange { .. } => 0x0801,
            Self::SenderRepeated { .. } => 0x0802,
            Self::ReceiverTakenTooOften { .. } => 0x0803,
            Self::NoReceiver { .. } => 0x0804,
            Self::TooFewTuples { .. } => 0x0805,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::TooFewTuples { .. } => {
                "Too few students were linked to publish this table; widen the cohort or drop it."
            }
            Self::LengthUneven { .. }
            | Self::NoReceiver { .. }
            | Self::ReceiverTakenTooOften { .. }
            | Self::RowOutOfRange { .. }
            | Self::SenderRepeated { .. } => {
                "The coordinator's plan breaks the protocol; keep the audit log and contact the operator."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TAG_BYTES, TagList, link};
    use super::*;
    use proptest::prelude::*;

    fn bytes(tuples: &[[u32; 3]]) -> Vec<u8> {
        tuples.iter().flatten().flat_map(|row| row.to_le_bytes()).collect()
    }

    fn bounds() -> PlanBounds {
        let receiver = ReceiverBound { rows: 3, times: 2 };
        PlanBounds { sender_rows: 4, receivers: vec![receiver, receiver], tuple_count_min: 2 }
    }

    #[test]
    fn an_honest_plan_passes_and_reads_back() {
        let bytes = bytes(&[[0, 1, NO_RECEIVER], [3, 1, 2]]);
        let plan = Plan::from_checked_bytes(bytes.clone(), &bounds()).unwrap();
        assert_eq!(plan.tuple_count(), 2);
        let rows: Vec<_> =
            plan.tuples().map(|t| (t.sender_row, t.receiver_rows().collect::<Vec<_>>())).collect();
        assert_eq!(rows, [(0, vec![Some(1), None]), (3, vec![Some(1), Some(2)])]);
        assert_eq!(plan.into_bytes(), bytes);
    }

    #[test]
    fn every_rule_has_its_code() {
        let cases: [(Vec<u8>, PlanError, &str); 8] = [
            (vec![0; 13], PlanError::LengthUneven { bytes: 13, tuple_bytes: 12 }, "P0800"),
            (bytes(&[[4, 0, 0]]), PlanError::RowOutOfRange { position: 0 }, "P0801"),
            (bytes(&[[0, 3, 0]]), PlanError::RowOutOfRange { position: 0 }, "P0801"),
            (bytes(&[[NO_RECEIVER, 0, 0]]), PlanError::RowOutOfRange { position: 0 }, "P0801"),
            (bytes(&[[0, 0, 0], [0, 1, 1]]), PlanError::SenderRepeated { position: 1 }, "P0802"),
            (
                bytes(&[[0, 0, 0], [1, 1, 0], [2, 2, 0]]),
                PlanError::ReceiverTakenTooOften { position: 2, times: 2 },
                "P0803",
            ),
            (bytes(&[[0, NO_RECEIVER, NO_RECEIVER]]), PlanError::NoReceiver { position: 0 }, "P0804"),
            (bytes(&[[0, 0, 0]]), PlanError::TooFewTuples { count: 1, expected: 2 }, "P0805"),
        ];
        for (bytes, expected, code) in cases {
            let refused = Plan::check(&bytes, &bounds()).unwrap_err();
            assert_eq!((refused, refused.code().to_string().as_str()), (expected, code));
            assert!(!refused.to_string().ends_with('.'));
        }
    }

    #[test]
    fn an_empty_plan_passes_only_without_a_minimum() {
        assert_eq!(Plan::check(&[], &PlanBounds { tuple_count_min: 0, ..bounds() }), Ok(0));
        assert!(Plan::check(&[], &bounds()).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_passes_the_check(
            sender in proptest::collection::vec(any::<[u8; 2]>(), 0..20),
            receivers in proptest::collection::vec(proptest::collection::vec(any::<[u8; 2]>(), 0..20), 1..4),
        ) {
            let slots = [0, 1];
            let blob = |rows: &[[u8; 2]]| rows.iter().flatten().flat_map(|v| [*v; TAG_BYTES]).collect::<Vec<u8>>();
            let sender = blob(&sender);
            let source = TagList::new(&slots, &sender).unwrap();
            let blobs: Vec<Vec<u8>> = receivers.iter().map(|rows| blob(rows)).collect();
            let targets: Vec<TagList<'_>> = blobs.iter().map(|blob| TagList::new(&slots, blob).unwrap()).collect();
            let links: Vec<_> = targets.iter().map(|target| link(&source, target)).collect();
            let plan = Plan::build(&links.iter().collect::<Vec<_>>());
            let receivers = targets.iter().map(|target| ReceiverBound { rows: target.rows(), times: 2 }).collect();
            let bounds = PlanBounds { sender_rows: source.rows(), receivers, tuple_count_min: 0 };
            prop_assert_eq!(Plan::check(plan.as_bytes(), &bounds), Ok(plan.tuple_count()));
            for tuple in plan.tuples() {
                let expected: Vec<_> = links.iter().map(|links| links.get(tuple.sender_row).map(|l| l.target_row)).collect();
                prop_assert_eq!(tuple.receiver_rows().collect::<Vec<_>>(), expected);
            }
        }

        #[test]
        fn any_bytes_are_checked_without_panic(bytes in proptest::collection::vec(0_u8..4, 0..60)) {
            if let Ok(plan) = Plan::from_checked_bytes(bytes.clone(), &PlanBounds { tuple_count_min: 0, ..bounds() }) {
                prop_assert_eq!(plan.as_bytes(), bytes);
            }
        }
    }
}
