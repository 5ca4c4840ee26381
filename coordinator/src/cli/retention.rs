//! `retention ...`

use clap::Subcommand;

use crate::command::Command;

/// `retention ...`
#[derive(Debug, Subcommand)]
pub enum RetentionVerb {
    /// Every round and withdrawal: by when it must be gone, what is overdue here, which members have not confirmed.
    #[command(after_help = "Example:\n  passage-coordinator retention list --json")]
    List,
    /// Destroy what is due now and write the certificates; the daemon does it every hour by itself.
    #[command(
        after_help = "Example:\n  passage-coordinator retention sweep --dry-run\n  passage-coordinator retention sweep"
    )]
    Sweep {
        /// Say what would be destroyed, destroy nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

impl RetentionVerb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::List => Command::RetentionList,
            Self::Sweep { dry_run: true } => Command::RetentionDue,
            Self::Sweep { dry_run: false } => Command::RetentionSweep,
        }
    }
}
