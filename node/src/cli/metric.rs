//! What a person can ask about metrics.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use passage_protocol::{cells::Dimension, metric::Side};

use super::full;
use crate::command::{Command, MetricCommand};

/// Metrics: versioned definitions, each a file.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Metric {
    /// Every metric: id, version, kind, whose it is, title.
    #[command(after_help = "Example:\n  passage-node metric list")]
    List,
    /// One definition whole: words, pseudo-code, parameters, what it reads, what it cannot see, SQL.
    #[command(
        after_help = "Example:\n  passage-node metric show college-going-12\n  passage-node metric show college-going-12@1 --json"
    )]
    Show {
        /// Id, in its newest version; or ID@VERSION.
        id: String,
    },
    /// Check a metric file: read it, plan its SQL against empty tables, say what an approver will see.
    #[command(after_help = "Example:\n  passage-node metric check our-metric.toml")]
    Check { file: PathBuf },
    /// What a sender's students can be told apart by, beyond ethnicity, gender and school; with an id one definition whole.
    #[command(
        after_help = "Example:\n  passage-node metric groupings\n  passage-node metric groupings last-math-course"
    )]
    Groupings {
        /// One of them.
        id: Option<String>,
    },
    /// Count a metric over this institution's own data. For eyes inside: nothing leaves, and small figures are marked.
    #[command(
        after_help = "Example:\n  passage-node metric run college-going-12\n  passage-node metric run course-success --by ethnicity\n  passage-node metric run college-going-12 --by low-income\n  passage-node metric run transfer --side sender --json"
    )]
    Run {
        /// Id, in its newest version; or ID@VERSION.
        id: String,
        /// Side of a linked metric; needed only where this institution could have both.
        #[arg(long, value_enum)]
        side: Option<LinkedSide>,
        /// Break the counts down.
        #[arg(long, value_name = "DIMENSION", default_value = "all", value_parser = dimension)]
        by: Dimension,
    },
}

/// A side of a linked metric.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LinkedSide {
    /// Whose students are counted.
    Sender,
    /// Where they are seen.
    Receiver,
}

impl Metric {
    pub(super) fn command(self) -> Command {
        Command::Metric(match self {
            Self::List => MetricCommand::List,
            Self::Show { id } => MetricCommand::Show { id },
            Self::Groupings { id } => MetricCommand::Groupings { id },
            Self::Check { file } => MetricCommand::Check { file: full(&file) },
            Self::Run { id, side, by } => {
                let side = side.map(|side| match side {
                    LinkedSide::Sender => Side::Sender.name().to_owned(),
                    LinkedSide::Receiver => Side::Receiver.name().to_owned(),
                });
                MetricCommand::Run { id, side, by: by.name().to_owned() }
            }
        })
    }
}

fn dimension(text: &str) -> Result<Dimension, String> {
    Dimension::parse(text).ok_or_else(|| {
        let known: Vec<&str> = Dimension::every().map(Dimension::name).collect();
        format!("expected one of {}", known.join(", "))
    })
}
