//! Why a metric was not run. Codes `N2401`-`N2409`. No value of a row: an answer's texts may be a student's.

use core::fmt;

use passage_analytics::{engine::EngineError, table::TableError};
use passage_protocol::{
    cells::Dimension,
    metric::{Metric, Side},
    refusal::{Code, Refusal},
};

/// Why a metric was not run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MetricError {
    /// The answer has a category that the grouping does not name.
    Category {
        /// The categories it names.
        named: Vec<String>,
    },
    /// The answer has a cohort that is no school year.
    Cohort,
    /// The answer lacks a column, or has it of another kind.
    Column {
        /// The column.
        column: &'static str,
        /// What it must hold.
        expected: &'static str,
    },
    /// The metric is not broken down by this.
    Dimension {
        /// What it is broken down by.
        by: Vec<Dimension>,
    },
    /// The query itself.
    Engine(EngineError),
    /// The answer has an outcome that the metric does not name.
    Outcome {
        /// The outcomes it names.
        named: Vec<String>,
    },
    /// This institution has not this side in the metric.
    Side {
        /// The sides it has.
        possible: Vec<Side>,
    },
    /// An answer's rows could not be read.
    Table(TableError),
    /// One student counts for more cohorts than the metric allows.
    TooManyCohorts {
        /// Cohorts allowed.
        windows: u8,
    },
    /// One student has two outcomes in one cohort.
    TwoOutcomes,
    /// There is no such metric or grouping.
    Unknown {
        /// What it is not: `metric` or `grouping`.
        what: &'static str,
        /// The nearest there is.
        nearest: Option<String>,
    },
}

impl MetricError {
    /// The metric has not this side at all.
    #[must_use]
    pub fn no_side(metric: &Metric) -> Self {
        Self::Side { possible: metric.programs.iter().map(|program| program.side).collect() }
    }
}

impl From<EngineError> for MetricError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<TableError> for MetricError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

fn listed(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

impl fmt::Display for MetricError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Category { named } => write!(
                formatter,
                "a row of the answer has a category that the grouping does not name; it names {}",
                listed(named.iter().cloned())
            ),
            Self::Cohort => formatter.write_str(
                "a row of the answer has no cohort, or one that is no school year from 1900 to 2199",
            ),
            Self::Column { column, expected } => {
                write!(formatter, "the answer's column `{column}` is not {expected}")
            }
            Self::Dimension { by } => write!(
                formatter,
                "the metric is not broken down by this; it is by {}",
                listed(by.iter().map(|one| one.name().to_owned()))
            ),
            Self::Engine(error) => error.fmt(formatter),
            Self::Outcome { named } => write!(
                formatter,
                "a row of the answer has an outcome that the metric does not name; it names {}",
                listed(named.iter().cloned())
            ),
            Self::Side { possible } => write!(
                formatter,
                "this institution has not this side in the metric; the sides it has: {}",
                listed(possible.iter().map(|side| side.name().to_owned()))
            ),
            Self::Table(error) => error.fmt(formatter),
            Self::TooManyCohorts { windows } => {
                write!(
                    formatter,
                    "one student counts for more than the {windows} cohort years the metric allows"
                )
            }
            Self::TwoOutcomes => {
                formatter.write_str("one student has two outcomes in one cohort, expected one")
            }
            Self::Unknown { what, nearest } => match nearest {
                Some(nearest) => write!(formatter, "there is no such {what}; the nearest is {nearest}"),
                None => write!(formatter, "there is no such {what}"),
            },
        }
    }
}

impl Refusal for MetricError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Cohort => 0x2401,
            Self::Column { .. } => 0x2402,
            Self::Dimension { .. } => 0x2403,
            Self::Outcome { .. } => 0x2404,
            Self::Side { .. } => 0x2405,
            Self::TooManyCohorts { .. } => 0x2406,
            Self::TwoOutcomes => 0x2407,
            Self::Unknown { .. } => 0x2408,
            Self::Category { .. } => 0x2409,
            Self::Engine(error) => return error.code(),
            Self::Table(error) => return error.code(),
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Category { .. } | Self::Cohort | Self::Column { .. } | Self::Outcome { .. } => {
                "Correct the SQL of the file; node/docs/metrics.md says what each side must answer."
            }
            Self::TooManyCohorts { .. } | Self::TwoOutcomes => {
                "Correct the SQL of the metric so that it answers one outcome for a student and cohort; `query` shows for whom it does not."
            }
            Self::Dimension { .. } => "Ask for one of these with --by.",
            Self::Side { .. } => {
                "Name a side with --side, or ask for a metric of this kind of institution (`metric list`)."
            }
            Self::Unknown { .. } => "List them with `metric list` and `metric groupings`.",
            Self::Engine(error) => error.advice(),
            Self::Table(error) => error.advice(),
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Engine(error) => error.rule(),
            Self::Table(error) => error.rule(),
            Self::Category { .. }
            | Self::Cohort
            | Self::Column { .. }
            | Self::Dimension { .. }
            | Self::Outcome { .. }
            | Self::Side { .. }
            | Self::TooManyCohorts { .. }
            | Self::TwoOutcomes
            | Self::Unknown { .. } => Some("A2"),
        }
    }
}
