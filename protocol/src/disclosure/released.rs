//! The released table: what everyone may see. It speaks (`Debug`, codec), because nothing in it is withheld any more.
//!
//! It does not say who may see it: [`ReleasedTable::for_member`] cuts it to a share list (G02).

use crate::{
    cells::{CellDomain, OUTCOMES_MAX, SchoolYear},
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    disclosure::{DisclosurePolicy, Mark, NoiseStatement, RawTable},
    document,
    ids::MemberCode,
};

/// Cells a table may hold: 64 cohorts, ten rows each, 23 figures a row of one outcome at four receivers, with room to spare.
pub const TABLE_CELLS_MAX: usize = 16_384;
/// Bytes of an outcome's name.
const OUTCOME_BYTES_MAX: usize = 64;
/// Bytes of a metric id.
const METRIC_ID_BYTES_MAX: usize = 64;

/// A metric by id and version of its definition (A2).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MetricRef {
    /// Stable id, for example `college-going-12m`.
    pub id: String,
    /// Version of the definition.
    pub version: u16,
}

impl core::fmt::Display for MetricRef {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{}@{}", self.id, self.version)
    }
}

impl Encode for MetricRef {
    fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        self.version.encode(out);
    }
}

impl Decode for MetricRef {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let metric = Self { id: Decode::decode(reader)?, version: Decode::decode(reader)? };
        let plain =
            metric.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        (plain && !metric.id.is_empty() && metric.id.len() <= METRIC_ID_BYTES_MAX).then_some(metric).ok_or(
            CodecError::Invalid {
                position,
                expected: "a metric id of lower-case letters, digits and hyphens",
            },
        )
    }
}

/// Which row of a cohort a cell stands in.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Category {
    /// One category of the dimension, by index.
    One(u8),
    /// The sum of these withheld categories (domain 4.3).
    AllMasked(Vec<u8>),
}

impl Encode for Category {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::One(category) => [0, *category].encode(out),
            Self::AllMasked(categories) => {
                out.push(1);
                categories.encode(out);
            }
        }
    }
}

impl Decode for Category {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => u8::decode(reader).map(Self::One),
            1 => {
                let categories = Vec::<u8>::decode(reader)?;
                (categories.len() >= 2 && categories.is_sorted_by(|a, b| a < b))
                    .then_some(Self::AllMasked(categories))
                    .ok_or(CodecError::Invalid {
                        position,
                        expected: "two or more categories in ascending order",
                    })
            }
            _ => Err(CodecError::Invalid { position, expected: "a category" }),
        }
    }
}

/// What a cell counts. Receivers and outcomes are indices into the table's lists; `None` is any of them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Outcome {
    /// Students of the sender's group: the denominator.
    Cohort,
    /// Students seen at the receiver inside the window.
    Enrolled(Option<u8>),
    /// The same as whole percents of the group.
    Rate(Option<u8>),
    /// Students seen at a receiver as one of several outcomes.
    SeenAs {
        /** The receiver. */
        receiver: u8,
        /** The outcome. */
        outcome: u8,
    },
    /// The same as whole percents of the group.
    RateAs {
        /** The receiver. */
        receiver: u8,
        /** The outcome. */
        outcome: u8,
    },
    /// Students seen at both of two receivers, as anything at each: a pathway of three stages with the sender's.
    AtBoth {
        /** The receiver that the table names first. */
        first: u8,
        /** The other. */
        second: u8,
    },
    /// The same as whole percents of the group.
    RateAtBoth {
        /** The receiver that the table names first. */
        first: u8,
        /** The other. */
        second: u8,
    },
}

impl Outcome {
    /// The receiver's index; `None` for any receiver, for two of them and for the cohort.
    #[must_use]
    pub fn receiver(self) -> Option<u8> {
        match self {
            Self::Cohort | Self::AtBoth { .. } | Self::RateAtBoth { .. } => None,
            Self::Enrolled(receiver) | Self::Rate(receiver) => receiver,
            Self::SeenAs { receiver, .. } | Self::RateAs { receiver, .. } => Some(receiver),
        }
    }

    /// The two receivers' indices of a pathway.
    #[must_use]
    pub fn both(self) -> Option<(u8, u8)> {
        match self {
            Self::AtBoth { first, second } | Self::RateAtBoth { first, second } => Some((first, second)),
            Self::Cohort | Self::Enrolled(_) | Self::Rate(_) | Self::SeenAs { .. } | Self::RateAs { .. } => {
                None
            }
        }
    }

    /// The index of every receiver it names.
    pub fn receivers(self) -> impl Iterator<Item = u8> {
        let (first, second) = self.both().unzip();
        [self.receiver(), first, second].into_iter().flatten()
    }

    /// The outcome's index; `None` for any outcome and for the cohort.
    #[must_use]
    pub fn outcome(self) -> Option<u8> {
        match self {
            Self::Cohort
            | Self::Enrolled(_)
            | Self::Rate(_)
            | Self::AtBoth { .. }
            | Self::RateAtBoth { .. } => None,
            Self::SeenAs { outcome, .. } | Self::RateAs { outcome, .. } => Some(outcome),
        }
    }
}

impl Encode for Outcome {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Cohort => out.push(0),
            Self::Enrolled(receiver) => {
                out.push(1);
                receiver.encode(out);
            }
            Self::Rate(receiver) => {
                out.push(2);
                receiver.encode(out);
            }
            Self::SeenAs { receiver, outcome } => [3, *receiver, *outcome].encode(out),
            Self::RateAs { receiver, outcome } => [4, *receiver, *outcome].encode(out),
            Self::AtBoth { first, second } => [5, *first, *second].encode(out),
            Self::RateAtBoth { first, second } => [6, *first, *second].encode(out),
        }
    }
}

impl Decode for Outcome {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::Cohort),
            1 => Decode::decode(reader).map(Self::Enrolled),
            2 => Decode::decode(reader).map(Self::Rate),
            3 => Ok(Self::SeenAs { receiver: Decode::decode(reader)?, outcome: Decode::decode(reader)? }),
            4 => Ok(Self::RateAs { receiver: Decode::decode(reader)?, outcome: Decode::decode(reader)? }),
            number @ (5 | 6) => {
                let (first, second) = (u8::decode(reader)?, u8::decode(reader)?);
                let of = if number == 5 {
                    Self::AtBoth { first, second }
                } else {
                    Self::RateAtBoth { first, second }
                };
                let expected = "two receivers in the table's order";
                (first < second).then_some(of).ok_or(CodecError::Invalid { position, expected })
            }
            _ => Err(CodecError::Invalid { position, expected: "an outcome" }),
        }
    }
}

/// One released cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReleasedCell {
    /// The cohort.
    pub cohort: SchoolYear,
    /// The row within the cohort.
    pub category: Category,
    /// What is counted.
    pub outcome: Outcome,
    /// What may be said.
    pub mark: Mark,
}
codec_struct!(ReleasedCell { cohort, category, outcome, mark });

/// A table after disclosure control: made by `release_all` or decoded from one that was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReleasedTable {
    /// The metric.
    pub metric: MetricRef,
    /// Cohorts and breakdown.
    pub domain: CellDomain,
    /// Whose students are counted.
    pub sender: MemberCode,
    /// Where they were looked for, at most four.
    pub receivers: Vec<MemberCode>,
    /// As what they could be seen, by name, at most fifteen.
    pub outcomes: Vec<String>,
    /// What was added to the counts.
    pub noise: NoiseStatement,
    /// The rules applied.
    pub policy: DisclosurePolicy,
    /// Cells by cohort, row, and outcome.
    pub cells: Vec<ReleasedCell>,
}

impl ReleasedTable {
    /// The mark of one cell; `None` if the table (or this view of it) does not hold it.
    #[must_use]
    pub fn mark(&self, cohort: SchoolYear, category: u8, outcome: Outcome) -> Option<Mark> {
        let found = self.cells.iter().find(|cell| {
            cell.cohort == cohort && cell.category == Category::One(category) && cell.outcome == outcome
        });
        found.map(|cell| cell.mark)
    }

    /// The place of the only receiver with a figure in this table, as after a cut to a reader's share list.
    #[must_use]
    pub fn only_receiver_shown(&self) -> Option<u8> {
        let mut shown = self.cells.iter().flat_map(|cell| cell.outcome.receivers());
        let first = shown.next()?;
        shown.all(|receiver| receiver == first).then_some(first)
    }

    /// The code of the one receiver an outcome is about; `None` for any receiver, for two of them and for the cohort.
    #[must_use]
    pub fn receiver(&self, outcome: Outcome) -> Option<MemberCode> {
        self.receivers.get(usize::from(outcome.receiver()?)).copied()
    }

    /// The code of every receiver an outcome names; `None` for one that the table has not.
    pub fn receivers_of(&self, outcome: Outcome) -> impl Iterator<Item = Option<MemberCode>> + '_ {
        outcome.receivers().map(|receiver| self.receivers.get(usize::from(receiver)).copied())
    }

    /// The part of the table a share list allows (G02): `allowed(sender, Some(receiver))` for a receiver's figures,
    /// `allowed(sender, None)` for figures over any receiver. A pathway's figures take both its receivers. Cohort figures come
    /// with whatever else is allowed.
    #[must_use]
    pub fn for_member(&self, allowed: impl Fn(MemberCode, Option<MemberCode>) -> bool) -> Self {
        let may_see = |cell: &&ReleasedCell| match cell.outcome {
            Outcome::Cohort => false,
            Outcome::Enrolled(None) | Outcome::Rate(None) => allowed(self.sender, None),
            Outcome::Enrolled(Some(_))
            | Outcome::Rate(Some(_))
            | Outcome::SeenAs { .. }
            | Outcome::RateAs { .. } => {
                self.receiver(cell.outcome).is_some_and(|receiver| allowed(self.sender, Some(receiver)))
            }
            Outcome::AtBoth { .. } | Outcome::RateAtBoth { .. } => {
                let mut receivers = self.receivers_of(cell.outcome);
                receivers.all(|receiver| receiver.is_some_and(|code| allowed(self.sender, Some(code))))
            }
        };
        let anything = self.cells.iter().any(|cell| may_see(&cell));
        let keep = |cell: &&ReleasedCell| (anything && cell.outcome == Outcome::Cohort) || may_see(cell);
        let cells = self.cells.iter().filter(keep).cloned().collect();
        // Receivers keep their places so that outcomes keep their indices; codes are opaque (G09).
        Self { cells, ..self.clone_shell() }
    }

    /// This table without its cells.
    fn clone_shell(&self) -> Self {
        Self {
            metric: self.metric.clone(),
            domain: self.domain.clone(),
            sender: self.sender,
            receivers: self.receivers.clone(),
            outcomes: self.outcomes.clone(),
            noise: self.noise,
            policy: self.policy,
            cells: Vec::new(),
        }
    }

    /// Whether every cell names a cohort, a category and a receiver the table has, and the limits hold.
    fn is_sound(&self) -> bool {
        let categories = self.domain.categories();
        let cell_is_sound = |cell: &ReleasedCell| {
            self.domain.cohorts.contains(&cell.cohort)
                && match &cell.category {
                    Category::One(category) => usize::from(*category) < categories,
                    Category::AllMasked(list) => {
                        list.iter().all(|category| usize::from(*category) < categories)
                    }
                }
                && cell.outcome.receivers().all(|receiver| usize::from(receiver) < self.receivers.len())
                && cell.outcome.outcome().is_none_or(|outcome| usize::from(outcome) < self.outcomes.len())
        };
        !self.receivers.is_empty()
            && self.receivers.len() <= RawTable::RECEIVERS_MAX
            && (1..=usize::from(OUTCOMES_MAX)).contains(&self.outcomes.len())
            && self.outcomes.iter().all(|name| document::is_plain(name) && name.len() <= OUTCOME_BYTES_MAX)
            && (1..=64).contains(&self.domain.cohorts.len())
            && self.domain.cohorts.is_sorted_by(|a, b| a < b)
            && self.cells.len() <= TABLE_CELLS_MAX
            && self.cells.iter().all(cell_is_sound)
    }
}

impl Encode for ReleasedTable {
    fn encode(&self, out: &mut Vec<u8>) {
        self.metric.encode(out);
        self.domain.encode(out);
        self.sender.encode(out);
        self.receivers.encode(out);
        self.outcomes.encode(out);
        self.noise.encode(out);
        self.policy.encode(out);
        self.cells.encode(out);
    }
}

impl Decode for ReleasedTable {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let table = Self {
            metric: Decode::decode(reader)?,
            domain: Decode::decode(reader)?,
            sender: Decode::decode(reader)?,
            receivers: Decode::decode(reader)?,
            outcomes: Decode::decode(reader)?,
            noise: Decode::decode(reader)?,
            policy: Decode::decode(reader)?,
            cells: Decode::decode(reader)?,
        };
        table
            .is_sound()
            .then_some(table)
            .ok_or(CodecError::Invalid { position, expected: "a released table" })
    }
}
