//! Verbs about what rounds have left here.

use clap::Subcommand;

use crate::command::Command;

/// What rounds have left here.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Retention {
    /// What each round has left, by when it must be gone, what is overdue here and at the coordinator.
    #[command(after_help = "Example:\n  passage-node retention list\n  passage-node retention list --json")]
    List,
    /// Destroy what is due now and write the certificates; the daemon does it every hour by itself.
    #[command(
        after_help = "Example:\n  passage-node retention sweep --dry-run\n  passage-node retention sweep"
    )]
    Sweep {
        /// Say what would be destroyed, destroy nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

impl Retention {
    pub(super) fn command(self) -> Command {
        match self {
            Self::List => Command::RetentionList,
            Self::Sweep { dry_run: true } => Command::RetentionDue,
            Self::Sweep { dry_run: false } => Command::RetentionSweep,
        }
    }
}
