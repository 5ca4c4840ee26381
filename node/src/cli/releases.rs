//! `release ...` as it is typed.

use std::path::PathBuf;

use clap::Subcommand;

use super::{By, full};
use crate::command::{Command, ReleaseCommand, SharedFormat};

/// Releases outside the parties. A release is named by its id, `E-...`.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)] // each variant's help text is its documentation
pub enum Release {
    /// Say yes: exactly these bytes may go outside, and that is no disadvantage to this member.
    #[command(
        after_help = "Example:\n  passage-node release show E-0123456789abcdef\n  passage-node release approve E-0123456789abcdef --by \"A. Superintendent\" --no-disadvantage"
    )]
    Approve {
        id: String,
        #[command(flatten)]
        by: By,
        /// Confirm that the release does not disadvantage or single out this member (principle 5). Without it a yes is none.
        #[arg(long)]
        no_disadvantage: bool,
        /// Agree that this member's institution is named in it. Only where `release show` says so.
        #[arg(long)]
        named: bool,
    },
    /// Remark something for the other members to read before they decide.
    #[command(
        after_help = "Example:\n  passage-node release comment E-0123456789abcdef --by \"K. Researcher\" \"2021 is a small cohort.\""
    )]
    Comment {
        id: String,
        #[command(flatten)]
        by: By,
        /// The remark, at most 1,000 letters.
        text: String,
    },
    /// Write an approved file and its approval sheet.
    #[command(
        after_help = "Example:\n  passage-node release export E-0123456789abcdef --out transitions.html"
    )]
    Export {
        id: String,
        /// Where to write; the sheet and, for a table, its notes are written beside it.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Releases that were proposed, where each stands, who is awaited.
    #[command(after_help = "Example:\n  passage-node release list\n  passage-node release list --approved")]
    List {
        /// Only approved ones.
        #[arg(long)]
        approved: bool,
    },
    /// Propose to show a report outside the parties. A round is named by its id, or `latest`.
    #[command(
        after_help = "Example:\n  passage-node release propose latest --format html --by \"K. Researcher\" \\\n    --audience \"The boards of the districts, for the public session of 12 May\" --out preview.html"
    )]
    Propose {
        round: String,
        #[arg(long, value_enum)]
        format: SharedFormat,
        /// Who is to get it, and why. It stands in the file and in every approval.
        #[arg(long, value_name = "WHO AND WHY")]
        audience: String,
        /// A member whose institution the file names; every approval says so, and that member's must agree to it.
        #[arg(long, value_name = "CODE")]
        naming: Vec<String>,
        #[command(flatten)]
        by: By,
        /// Write the file here as well, for review.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Say no. It is final for this proposal.
    #[command(
        after_help = "Example:\n  passage-node release refuse E-0123456789abcdef --by \"Counsel\" --reason \"The cohort of 2021 is ours alone.\""
    )]
    Refuse {
        id: String,
        #[command(flatten)]
        by: By,
        /// Why; the other members can read it.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// What would go outside, what this node could check, what to think of, who said what, what a yes says.
    #[command(after_help = "Example:\n  passage-node release show E-0123456789abcdef --out review.html")]
    Show {
        id: String,
        /// Write the file itself here, for review.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Check a file against its approval sheet, without a network: every signature and every byte.
    #[command(
        after_help = "Example:\n  passage-node release verify transitions.html transitions.html.approval.txt"
    )]
    Verify { file: PathBuf, sheet: PathBuf },
}

impl Release {
    pub(super) fn command(self) -> Command {
        Command::Release(match self {
            Self::Approve { id, by, no_disadvantage, named } => {
                ReleaseCommand::Approve { id, by: by.by, no_disadvantage, named }
            }
            Self::Comment { id, by, text } => ReleaseCommand::Comment { id, by: by.by, text },
            Self::Export { id, out } => ReleaseCommand::Export { id, out: full(&out) },
            Self::List { approved } => ReleaseCommand::List { approved },
            Self::Propose { round, format, audience, naming, by, out } => ReleaseCommand::Propose {
                round,
                format,
                audience,
                naming,
                by: by.by,
                out: out.map(|path| full(&path)),
            },
            Self::Refuse { id, by, reason } => ReleaseCommand::Refuse { id, by: by.by, reason },
            Self::Show { id, out } => ReleaseCommand::Show { id, out: out.map(|path| full(&path)) },
            Self::Verify { file, sheet } => ReleaseCommand::Verify { file: full(&file), sheet: full(&sheet) },
        })
    }
}
