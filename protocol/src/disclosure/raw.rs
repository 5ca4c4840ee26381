//! The raw table: decrypted counts before disclosure control. It is mute on purpose.
//!
//! There is no `Debug`, `Display`, `Clone` or `Encode`; the only function that takes one is `release_all`.
//!
//! ```compile_fail
//! fn spoken<T: core::fmt::Debug>() {}
//! spoken::<passage_protocol::disclosure::RawTable>();
//! ```
//! ```compile_fail
//! fn sent<T: passage_protocol::codec::Encode>() {}
//! sent::<passage_protocol::disclosure::RawTable>();
//! ```

use core::fmt;

use crate::{
    cells::CellDomain,
    disclosure::{MetricRef, NoiseStatement},
    ids::MemberCode,
    refusal::{Code, Refusal},
};

/// One decrypted table (SPEC §9), offset already subtracted.
pub struct RawTable {
    pub(super) metric: MetricRef,
    pub(super) domain: CellDomain,
    pub(super) sender: MemberCode,
    pub(super) receivers: Vec<MemberCode>,
    pub(super) counts: Vec<i64>,
    pub(super) denominators: Vec<Option<u64>>,
    pub(super) noise: NoiseStatement,
}

impl RawTable {
    /// More receivers than this make too many patterns for one table.
    pub const RECEIVERS_MAX: usize = 4;

    /// Takes decrypted counts.
    ///
    /// # Inputs
    ///
    /// `counts[((code - 1) << receivers) | pattern]`, in students; bit r of the pattern says that the student was seen at
    /// receiver r inside the window. `denominators[code - 1]` is the sender's own count, `None` where it withheld it.
    ///
    /// # Errors
    ///
    /// [`RawTableError`] if a length does not fit the domain or the receivers are none, too many or repeated.
    pub fn new(
        metric: MetricRef,
        domain: CellDomain,
        sender: MemberCode,
        receivers: Vec<MemberCode>,
        counts: Vec<i64>,
        denominators: Vec<Option<u64>>,
        noise: NoiseStatement,
    ) -> Result<Self, RawTableError> {
        let distinct =
            receivers.iter().enumerate().all(|(at, code)| !receivers.iter().skip(at + 1).any(|c| c == code));
        if receivers.is_empty() || receivers.len() > Self::RECEIVERS_MAX || !distinct {
            return Err(RawTableError::Receivers { count: receivers.len() });
        }
        let ascending = domain.cohorts.is_sorted_by(|a, b| a < b);
        if domain.is_empty() || domain.cohorts.len() > 64 || !ascending {
            return Err(RawTableError::Cohorts { count: domain.cohorts.len() });
        }
        let expected = domain.len() << receivers.len();
        if counts.len() != expected {
            return Err(RawTableError::Counts { seen: counts.len(), expected });
        }
        if denominators.len() != domain.len() {
            return Err(RawTableError::Denominators { seen: denominators.len(), expected: domain.len() });
        }
        Ok(Self { metric, domain, sender, receivers, counts, denominators, noise })
    }

    /// Students of a cell seen at a receiver (by index), or at any of them. May be negative under noise.
    pub(super) fn enrolled(&self, code: u32, receiver: Option<usize>) -> i64 {
        let patterns = 1_usize << self.receivers.len();
        let start = (code as usize).saturating_sub(1).saturating_mul(patterns);
        let row = self.counts.get(start..start.saturating_add(patterns)).unwrap_or_default();
        row.iter()
            .enumerate()
            .filter(|(pattern, _)| receiver.map_or(*pattern != 0, |bit| pattern >> bit & 1 == 1))
            .fold(0_i64, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Students of a cell seen at exactly the receivers of a pattern.
    pub(super) fn pattern(&self, code: u32, pattern: usize) -> i64 {
        let start = (code as usize).saturating_sub(1) << self.receivers.len();
        self.counts.get(start.saturating_add(pattern)).copied().unwrap_or(0)
    }

    /// The sender's own count of a cell.
    pub(super) fn denominator(&self, code: u32) -> Option<u64> {
        self.denominators.get((code as usize).checked_sub(1)?).copied().flatten()
    }

    /// Noisy cells summed in the count of one receiver, or of any.
    pub(super) fn patterns_summed(&self, receiver: Option<usize>) -> u32 {
        let patterns = 1_u32 << self.receivers.len();
        receiver.map_or(patterns - 1, |_| patterns / 2)
    }
}

/// Why numbers do not make a raw table. Lengths only, never counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RawTableError {
    /// No cohort, too many, or not in ascending order.
    Cohorts {
        /** Cohorts given. */
        count: usize,
    },
    /// The counts do not fit the cells and receivers.
    Counts {
        /** Counts given. */
        seen: usize,
        /** Cells x 2^receivers. */
        expected: usize,
    },
    /// The denominators do not fit the cells.
    Denominators {
        /** Denominators given. */
        seen: usize,
        /** Cells. */
        expected: usize,
    },
    /// No receiver, more than four, or one twice.
    Receivers {
        /** Receivers given. */
        count: usize,
    },
}

impl fmt::Display for RawTableError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cohorts { count } => {
                write!(formatter, "{count} cohorts, expected 1 to 64 in ascending order")
            }
            Self::Counts { seen, expected } => write!(formatter, "{seen} counts, expected {expected}"),
            Self::Denominators { seen, expected } => {
                write!(formatter, "{seen} denominators, expected {expected}")
            }
            Self::Receivers { count } => {
                write!(formatter, "{count} receivers, expected 1 to 4 different ones")
            }
        }
    }
}

impl Refusal for RawTableError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Cohorts { .. } => 0x0A05,
            Self::Counts { .. } => 0x0A06,
            Self::Denominators { .. } => 0x0A03,
            Self::Receivers { .. } => 0x0A04,
        })
    }

    fn advice(&self) -> &'static str {
        "The decrypted table does not fit the manifest; halt the round and compare program versions."
    }
}
