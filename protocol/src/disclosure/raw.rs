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
    cells::{CellDomain, Patterns},
    disclosure::{Measure, MetricRef, NoiseStatement},
    ids::MemberCode,
    mixing::{PATTERNS_MAX, RECEIVERS_MAX},
    refusal::{Code, Refusal},
};

/// What is counted in each row of a table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TableColumns {
    /// Where students were looked for, in the order of the pattern's digits.
    pub receivers: Vec<MemberCode>,
    /// As what they could be seen, by name.
    pub outcomes: Vec<String>,
}

impl TableColumns {
    /// The columns of a metric with one outcome.
    #[must_use]
    pub fn of_one(outcome: &str, receivers: Vec<MemberCode>) -> Self {
        Self { receivers, outcomes: vec![outcome.to_owned()] }
    }
}

/// One decrypted table (SPEC §9), offset already subtracted.
pub struct RawTable {
    pub(super) metric: MetricRef,
    pub(super) domain: CellDomain,
    pub(super) sender: MemberCode,
    pub(super) receivers: Vec<MemberCode>,
    pub(super) outcomes: Vec<String>,
    pub(super) counts: Vec<i64>,
    pub(super) denominators: Vec<Option<u64>>,
    pub(super) noise: NoiseStatement,
}

impl RawTable {
    /// More receivers than this make too many patterns for one table.
    pub const RECEIVERS_MAX: usize = RECEIVERS_MAX;

    /// Takes decrypted counts.
    ///
    /// # Inputs
    ///
    /// `counts[(code - 1) x patterns + pattern]`, in students; digit r of the pattern, to the base of
    /// outcomes + 1, is the outcome the student was seen with at receiver r inside the window, 0 for none ([`Patterns`]).
    /// `denominators[code - 1]` is the sender's own count, `None` where it withheld it.
    ///
    /// # Errors
    ///
    /// [`RawTableError`] if a length does not fit the domain, the receivers are none, too many or repeated, or there is no outcome or
    /// more than the receivers allow.
    pub fn new(
        metric: MetricRef,
        domain: CellDomain,
        sender: MemberCode,
        columns: TableColumns,
        counts: Vec<i64>,
        denominators: Vec<Option<u64>>,
        noise: NoiseStatement,
    ) -> Result<Self, RawTableError> {
        let TableColumns { receivers, outcomes } = columns;
        let distinct =
            receivers.iter().enumerate().all(|(at, code)| !receivers.iter().skip(at + 1).any(|c| c == code));
        if receivers.is_empty() || receivers.len() > Self::RECEIVERS_MAX || !distinct {
            return Err(RawTableError::Receivers { count: receivers.len() });
        }
        let ascending = domain.cohorts.is_sorted_by(|a, b| a < b);
        if domain.is_empty() || domain.cohorts.len() > 64 || !ascending {
            return Err(RawTableError::Cohorts { count: domain.cohorts.len() });
        }
        let patterns = Patterns::new(receivers.len(), outcomes.len()).count();
        if outcomes.is_empty() || patterns > PATTERNS_MAX {
            return Err(RawTableError::Outcomes { count: outcomes.len() });
        }
        let expected = domain.len() * patterns;
        if counts.len() != expected {
            return Err(RawTableError::Counts { seen: counts.len(), expected });
        }
        if denominators.len() != domain.len() {
            return Err(RawTableError::Denominators { seen: denominators.len(), expected: domain.len() });
        }
        Ok(Self { metric, domain, sender, receivers, outcomes, counts, denominators, noise })
    }

    /// Students of a cell who fit a measure. May be negative under noise.
    pub(super) fn enrolled(&self, code: u32, measure: &Measure) -> i64 {
        let counts = (0..self.patterns().count()).filter(|pattern| self.fits(*pattern, measure));
        counts.fold(0_i64, |sum, pattern| sum.saturating_add(self.pattern(code, pattern)))
    }

    /// Students of a cell seen with exactly the outcomes of a pattern.
    pub(super) fn pattern(&self, code: u32, pattern: usize) -> i64 {
        let start = (code as usize).saturating_sub(1).saturating_mul(self.patterns().count());
        self.counts.get(start.saturating_add(pattern)).copied().unwrap_or(0)
    }

    /// What students of a cell can show.
    pub(super) fn patterns(&self) -> Patterns {
        Patterns::new(self.receivers.len(), self.outcomes.len())
    }

    /// Where a student of a pattern was seen as what: receiver and outcome by index.
    pub(super) fn places(&self, pattern: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.receivers.len()).filter_map(move |receiver| {
            Some((receiver, self.patterns().outcome(pattern, receiver).checked_sub(1)?))
        })
    }

    fn fits(&self, pattern: usize, measure: &Measure) -> bool {
        measure.fits(&self.places(pattern).collect::<Vec<_>>())
    }

    /// The sender's own count of a cell.
    pub(super) fn denominator(&self, code: u32) -> Option<u64> {
        self.denominators.get((code as usize).checked_sub(1)?).copied().flatten()
    }

    /// Noisy cells summed in the count of a measure.
    pub(super) fn patterns_summed(&self, measure: &Measure) -> u32 {
        let summed = (0..self.patterns().count()).filter(|pattern| self.fits(*pattern, measure)).count();
        u32::try_from(summed).unwrap_or(u32::MAX)
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
        /** Cells x patterns. */
        expected: usize,
    },
    /// The denominators do not fit the cells.
    Denominators {
        /** Denominators given. */
        seen: usize,
        /** Cells. */
        expected: usize,
    },
    /// No outcome, or more than the receivers allow.
    Outcomes {
        /** Outcomes given. */
        count: usize,
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
            Self::Outcomes { count } => {
                write!(
                    formatter,
                    "{count} outcomes, expected 1 or more, in at most {PATTERNS_MAX} patterns over the receivers"
                )
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
            Self::Outcomes { .. } => 0x0A07,
            Self::Receivers { .. } => 0x0A04,
        })
    }

    fn advice(&self) -> &'static str {
        "The decrypted table does not fit the manifest; halt the round and compare program versions."
    }
}
