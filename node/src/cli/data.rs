//! What a person can ask about the student records held here.

use std::path::PathBuf;

use clap::Subcommand;
use passage_protocol::match_key::Preset;

use super::{By, full};
use crate::{
    command::Command,
    custody::Guard,
    data::{Period, Scope},
};

/// Student records held here.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Data {
    /// Files, years, rows.
    #[command(after_help = "Example:\n  passage-node data status")]
    Status,
    /// Destroy student records held here, for good: all of them, or those of one layout or school year.
    #[command(
        after_help = "Example:\n  passage-node data destroy --by \"IT, ticket 4711\"\n  passage-node data destroy --layout nsc-detail --year 2019-2020 --by \"Registrar\""
    )]
    Destroy {
        #[command(flatten)]
        by: By,
        /// Only what was read with layouts of this family: what `data status` lists in its first column.
        #[arg(long, value_name = "ID")]
        layout: Option<String>,
        /// Only what belongs to this school year, such as 2019-2020.
        #[arg(long, value_name = "YEAR")]
        year: Option<Period>,
    },
    /// Seal everything under a new key, guarded by a file, a passphrase or a credential of the service manager.
    #[command(
        after_help = "Example:\n  passage-node data rekey --guard passphrase\n  passage-node data rekey\nThe daemon reads the passphrase from the setting passphrase_file or the credential passage-passphrase."
    )]
    Rekey {
        /// What is needed besides the key on this disk; default: as before.
        #[arg(long, value_enum)]
        guard: Option<Guard>,
    },
    /// Check a certificate of destruction, of this member or another.
    #[command(after_help = "Example:\n  passage-node data certificate destruction-2026-11-22T101500Z-1.toml")]
    Certificate { file: PathBuf },
    /// What is covered: rows and keys by school year and school, expected match strength, freshness.
    #[command(after_help = "Example:\n  passage-node data coverage --out coverage.html")]
    Coverage {
        /// Write it as one self-contained page.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Before any round: missing values, fillers and duplicates, how unique the keys are, how many matches to expect, and whom
    /// that favours. For this member alone.
    #[command(
        after_help = "Example:\n  passage-node data quality\n  passage-node data quality --preset large --json"
    )]
    Quality {
        /// Match keys to count.
        #[arg(long, value_name = "NAME", default_value = "full", value_parser = super::linkage::preset)]
        preset: Preset,
    },
    /// The data element dictionary: tables and columns a query can name, and what they mean.
    #[command(
        after_help = "Example:\n  passage-node data dictionary\n  passage-node data dictionary enrolment"
    )]
    Dictionary { table: Option<String> },
}

impl Data {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Status => Command::DataStatus,
            Self::Destroy { by, layout, year } => {
                Command::DataDestroy { by: by.by, scope: Scope { layout, year } }
            }
            Self::Rekey { guard } => Command::DataRekey { guard },
            Self::Certificate { file } => Command::DataCertificate { file: full(&file) },
            Self::Coverage { out } => Command::DataCoverage { out: out.map(|path| full(&path)) },
            Self::Quality { preset } => Command::DataQuality { preset: preset.name().to_owned() },
            Self::Dictionary { table } => Command::Dictionary { table },
        }
    }
}
