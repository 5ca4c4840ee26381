//! Verbs below a noun: `agreement propose`, `round show` and the like, and the command each becomes.

use std::{fs, path::PathBuf};

use clap::Subcommand;
use passage_protocol::document::DOCUMENT_BYTES_MAX;
use passage_shell::failure::Failure;

use crate::command::Command;

/// `agreement ...`
#[derive(Debug, Subcommand)]
pub enum AgreementVerb {
    /// List agreements, their term and how many have signed.
    #[command(after_help = "Example:\n  passage-coordinator agreement list --json")]
    List,
    /// Propose an agreement: its parties must be members with the signing keys named.
    #[command(after_help = "Example:\n  passage-coordinator agreement propose agreement.toml")]
    Propose {
        /// The agreement, TOML.
        file: PathBuf,
    },
}

impl AgreementVerb {
    pub(super) fn command(self) -> Result<Command, Failure> {
        match self {
            Self::List => Ok(Command::AgreementList),
            Self::Propose { file } => Ok(Command::AgreementPropose { text: read(&file)? }),
        }
    }
}

/// `audit ...`
#[derive(Debug, Subcommand)]
pub enum AuditVerb {
    /// Say that you have looked at an audit log that was refused; its member is heard again. The proof is kept.
    #[command(
        after_help = "Example:\n  passage-coordinator audit acknowledge M-7K3QZ9TB --by \"B. Operator\""
    )]
    Acknowledge {
        /// Whose log: a member's code, or coordinator for this one.
        log: String,
        /// Name and title of the person who looked; it goes to the audit log.
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Write what members signed about their logs to a file.
    #[command(after_help = "Example:\n  passage-coordinator audit checkpoints --out checkpoints.jsonl")]
    Checkpoints {
        /// The file, one checkpoint a line.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Check every entry of the audit log against the chain, what this side signed and what members signed; print its head.
    #[command(after_help = "Example:\n  passage-coordinator audit verify")]
    Verify,
}

impl AuditVerb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Acknowledge { log, by } => Command::AuditAcknowledge { log, by },
            Self::Checkpoints { out } => {
                Command::AuditCheckpoints { out: std::path::absolute(&out).unwrap_or(out) }
            }
            Self::Verify => Command::AuditVerify,
        }
    }
}

/// `members ...`
#[derive(Debug, Subcommand)]
pub enum MembersVerb {
    /// Revoke a member's certificate, close its connections and end its running rounds.
    #[command(after_help = "Example:\n  passage-coordinator members revoke M-7K3QZ9TB")]
    Revoke {
        /// Its code.
        code: String,
    },
}

impl MembersVerb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Revoke { code } => Command::Revoke { code },
        }
    }
}

/// `principles ...`
#[derive(Debug, Subcommand)]
pub enum PrinciplesVerb {
    /// List proposed versions, who has not signed yet, and which version is in force.
    #[command(after_help = "Example:\n  passage-coordinator principles list")]
    List,
    /// Propose a new version; it takes force when every member named in it has signed.
    #[command(after_help = "Example:\n  passage-coordinator principles propose principles.toml")]
    Propose {
        /// The document, TOML.
        file: PathBuf,
    },
}

impl PrinciplesVerb {
    pub(super) fn command(self) -> Result<Command, Failure> {
        match self {
            Self::List => Ok(Command::PrinciplesList),
            Self::Propose { file } => Ok(Command::PrinciplesPropose { text: read(&file)? }),
        }
    }
}

/// `release ...`
#[derive(Debug, Subcommand)]
pub enum ReleaseVerb {
    /// List reports by round and the member each was made for, and proposals to show one outside: what each awaits, until when.
    #[command(after_help = "Example:\n  passage-coordinator release list --json")]
    List,
}

impl ReleaseVerb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::List => Command::ReleaseList,
        }
    }
}

/// `round ...`
#[derive(Debug, Subcommand)]
pub enum RoundVerb {
    /// Stop a round; every member is told.
    #[command(after_help = "Example:\n  passage-coordinator round halt R-0f3a")]
    Halt {
        /// Its id, or enough of its beginning.
        id: String,
    },
    /// List rounds, newest first.
    #[command(after_help = "Example:\n  passage-coordinator round list")]
    List,
    /// Open a round of a study that every participant has signed for.
    #[command(after_help = "Example:\n  passage-coordinator round open S-0123456789abcdef")]
    Open {
        /// The study's id, or enough of its beginning.
        study: String,
    },
    /// Show phase, who is awaited, progress, events and reports.
    #[command(
        after_help = "Example:\n  passage-coordinator round show R-0f3a\n  passage-coordinator round show R-0f3a --wait 3600   # exits 0 when finished, 1 when aborted"
    )]
    Show {
        /// Its id, or enough of its beginning.
        id: String,
        /// Block until the round ends, at most this many seconds (a day if none are given).
        #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "86400")]
        wait: Option<u64>,
    },
}

impl RoundVerb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Halt { id } => Command::RoundHalt { id },
            Self::List => Command::RoundList,
            Self::Open { study } => Command::RoundOpen { study },
            Self::Show { id, wait } => Command::RoundShow { id, wait_s: wait },
        }
    }
}

/// `study ...`
#[derive(Debug, Subcommand)]
pub enum StudyVerb {
    /// List studies and whether a round may be opened now.
    #[command(after_help = "Example:\n  passage-coordinator study list")]
    List,
    /// Propose a study under an agreement.
    #[command(after_help = "Example:\n  passage-coordinator study propose study.toml")]
    Propose {
        /// The study, TOML.
        file: PathBuf,
    },
}

impl StudyVerb {
    pub(super) fn command(self) -> Result<Command, Failure> {
        match self {
            Self::List => Ok(Command::StudyList),
            Self::Propose { file } => Ok(Command::StudyPropose { text: read(&file)? }),
        }
    }
}

/// Reads a document here, so that the daemon never opens a path somebody typed.
fn read(file: &PathBuf) -> Result<String, Failure> {
    let doing = format!("read {}", file.display());
    let length = fs::metadata(file).map_err(|error| Failure::io(&doing, &error))?.len();
    if length > DOCUMENT_BYTES_MAX as u64 {
        return Err(passage_protocol::document::DocumentError::TooLong {
            bytes: usize::try_from(length).unwrap_or(usize::MAX),
        }
        .into());
    }
    fs::read_to_string(file).map_err(|error| Failure::io(&doing, &error))
}
