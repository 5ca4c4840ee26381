//! What a person can ask about file layouts.

use clap::Subcommand;

use crate::command::Command;

/// Layouts.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum LayoutVerb {
    /// Built-in layouts and your own: version, form, confidence, and where each description comes from.
    #[command(after_help = "Example:\n  passage-node layout list")]
    List,
    /// One layout file as it is written: a start for one of your own.
    #[command(
        after_help = "Example:\n  passage-node layout show calpads-senr\n  passage-node layout show college-students > layout.toml"
    )]
    Show { id: String },
}

impl LayoutVerb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::List => Command::LayoutList,
            Self::Show { id } => Command::LayoutShow { id },
        }
    }
}
