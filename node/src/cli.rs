//! What a person typed: clap types only, and how they become a [`Command`]. Paths are made absolute here, because the
//! daemon has another working folder.

mod bench;
mod data;
mod documents;
mod layout;
mod linkage;
mod metric;
mod people;
mod releases;
mod retention;
pub mod roles_table;

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

pub use self::{
    bench::Bench,
    data::Data,
    documents::{Agreement, Study},
    layout::LayoutVerb,
    linkage::Linkage,
    metric::Metric,
    people::People,
    releases::Release,
    retention::Retention,
};
use crate::{
    command::{Command, Missed, OF_SESSION, QueryMode, QueryRequest, ReportFormat},
    data::{Extent, ImportMode, ImportRequest, LayoutChoice, Period, Problems},
    roster::OptOutList,
};

/// Passage: a member's node.
#[derive(Debug, Parser)]
#[command(
    name = "passage-node",
    version,
    about = "A member's node: your students' records stay here; only sealed lists and released tables travel.",
    after_help = "Example: a clerk's first day\n  passage-node --dir /var/lib/passage join passage-invite:v1:...\n  passage-node --dir /var/lib/passage import SENR.txt SINF.txt --dry-run\n  passage-node --dir /var/lib/passage serve"
)]
pub struct Cli {
    /// State folder.
    #[arg(long, env = "PASSAGE_DIR", default_value = "passage-node", global = true)]
    pub dir: PathBuf,
    /// Print data as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// A person who signs, approves or halts.
#[derive(Args, Debug)]
pub struct By {
    /// Name and title of the person who decides; it goes to the audit chain. Default: the person of the session.
    #[arg(long, value_name = "NAME", value_parser = person, default_value = OF_SESSION, hide_default_value = true)]
    by: String,
}

/// The verbs of the command contract.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)] // each variant's help text is its documentation
pub enum Verb {
    /// Spend an invitation: make keys here, have the certificate issued.
    #[command(after_help = "Example:\n  passage-node join passage-invite:v1:AAAA...")]
    Join { invitation: String },
    /// Run the daemon: dial out, take part in rounds, carry out commands.
    #[command(after_help = "Example:\n  passage-node --dir /var/lib/passage serve")]
    Serve,
    /// What a round costs on this machine: multiplications, the linking part, a whole round of made-up people; and a forecast for rounds
    /// of your size. Ratios are taken beside the group library's own code in the same run.
    #[command(
        after_help = "Example:\n  passage-node bench --forecast 3x45000x7\n  passage-node bench --size 2x100000x1 --json"
    )]
    Bench(Bench),
    /// Match quality: measured on files whose true persons are known.
    #[command(
        subcommand,
        after_help = "Example:\n  passage-node linkage evaluate --files K12A.csv CC1.csv --truth truth.csv"
    )]
    Linkage(Linkage),
    /// Accounts, sessions, principles.
    #[command(flatten)]
    People(People),
    /// What the daemon, or this process, is asked to do.
    #[command(flatten)]
    Ask(Ask),
}

/// Verbs that are carried out where the state folder is open.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)] // each variant's help text is its documentation
pub enum Ask {
    /// Read files the institution already has. All of them are kept, or none.
    #[command(
        after_help = "Example:\n  passage-node import SENR.txt SINF.txt\n  passage-node import students.csv --layout students.toml --dry-run\n  passage-node import SENR.txt --period 2023-2024 --problems problems.csv"
    )]
    Import {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Layout to read the files with: an id of `layout list`, or a layout file. One: the files must have it. Several: they
        /// are tried before all others.
        #[arg(long, value_name = "ID|FILE")]
        layout: Vec<String>,
        /// The school year the files are for, such as 2023-2024: refuse a file that covers another.
        #[arg(long, value_name = "YEAR")]
        period: Option<Period>,
        /// The files are the whole of their years and terms: stored rows of schools or colleges they do not name go too. Without
        /// it only those of the schools they name are replaced.
        #[arg(long)]
        whole: bool,
        /// Say what would be read and what is wrong, keep nothing.
        #[arg(long)]
        dry_run: bool,
        /// Write what is wrong to this file, a CSV with one line a problem.
        #[arg(long, value_name = "FILE")]
        problems: Option<PathBuf>,
    },
    /// Students who do not take part.
    #[command(subcommand, after_help = "Example:\n  passage-node optout import optout.csv")]
    Optout(OptOut),
    /// What is held here.
    #[command(subcommand, after_help = "Example:\n  passage-node data status")]
    Data(Data),
    /// Ask a question of this member's own data in SQL. Nothing leaves this machine.
    #[command(
        after_help = "Example:\n  passage-node query \"SELECT school_year, count(DISTINCT local_id) FROM enrolment GROUP BY 1 ORDER BY 1\"\n  passage-node query \"SELECT * FROM course WHERE subject = 'MATH'\" --out math.xlsx\n  passage-node data dictionary        (tables and columns)"
    )]
    Query {
        sql: String,
        /// Write the rows to this file: .csv, .parquet or .xlsx. It holds student records: keep it where they belong.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Say how the query would be run, do not run it.
        #[arg(long)]
        explain: bool,
        /// Rows shown on the screen.
        #[arg(long, default_value_t = 50)]
        rows: usize,
    },
    /// Metrics: what is counted, in words and in SQL; and counts of one's own.
    #[command(subcommand, after_help = "Example:\n  passage-node metric list")]
    Metric(Metric),
    /// File layouts known here.
    #[command(subcommand, after_help = "Example:\n  passage-node layout list")]
    Layout(LayoutVerb),
    /// Agreements this member is a party to.
    #[command(subcommand, after_help = "Example:\n  passage-node agreement list")]
    Agreement(Agreement),
    /// Studies proposed under them.
    #[command(subcommand, after_help = "Example:\n  passage-node study list")]
    Study(Study),
    /// Matching rounds.
    #[command(subcommand, after_help = "Example:\n  passage-node round show latest")]
    Round(Round),
    /// Show exactly what would leave in a round, before anyone approves it.
    #[command(after_help = "Example:\n  passage-node what-leaves latest")]
    WhatLeaves { round: String },
    /// Reports that have arrived.
    #[command(subcommand, after_help = "Example:\n  passage-node report list")]
    Report(Report),
    /// Reports beyond the parties: only what every member concerned has approved, byte for byte.
    #[command(subcommand, after_help = "Example:\n  passage-node release list")]
    Release(Release),
    /// To whom, why and on which basis student records were disclosed (34 CFR 99.32).
    #[command(
        after_help = "Example:\n  passage-node disclosures --student 104233        (what to show the student or the parent)\n  passage-node disclosures                         (every round)"
    )]
    Disclosures {
        /// This member's own number of one student.
        #[arg(long, value_name = "LOCAL_ID")]
        student: Option<String>,
    },
    /// What rounds have left here, until when, and its destruction.
    #[command(subcommand, after_help = "Example:\n  passage-node retention list")]
    Retention(Retention),
    /// Stop every running round here at once, and take part in none until `resume`; the daemon need not run.
    #[command(after_help = "Example:\n  passage-node halt --by \"A. Superintendent\"")]
    Halt {
        #[command(flatten)]
        by: By,
    },
    /// Take part in rounds again after `halt`.
    #[command(after_help = "Example:\n  passage-node resume --by \"A. Superintendent\"")]
    Resume {
        #[command(flatten)]
        by: By,
    },
    /// The audit chain.
    #[command(subcommand, after_help = "Example:\n  passage-node audit verify")]
    Audit(Audit),
    /// Check folder, keys, segments, chain; print this member's signing key.
    #[command(after_help = "Example:\n  passage-node doctor --json")]
    Doctor,
}

/// Opt-out lists.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum OptOut {
    /// Take a list of local ids or SSIDs, one a line; it replaces the earlier list of its kind.
    #[command(
        after_help = "Example:\n  passage-node optout import optout.csv\n  passage-node optout import blocked.csv --directory"
    )]
    Import {
        file: PathBuf,
        /// The list is of students whose directory information is blocked, present and former. They are kept out too, unless
        /// `exclude_blocked = false` is set.
        #[arg(long)]
        directory: bool,
    },
}

/// Rounds. A round is named by its id, or `latest`.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Round {
    /// Rounds this member was called to.
    #[command(after_help = "Example:\n  passage-node round list")]
    List,
    /// Where a round stands, and how far the work is.
    #[command(after_help = "Example:\n  passage-node round show latest")]
    Show { id: String },
    /// Say yes to what leaves in this round (read `what-leaves` first).
    #[command(after_help = "Example:\n  passage-node round approve latest --by \"A. Superintendent\"")]
    Approve {
        id: String,
        #[command(flatten)]
        by: By,
    },
    /// Say no: the round ends for everybody.
    #[command(after_help = "Example:\n  passage-node round refuse latest --by \"Counsel\"")]
    Refuse {
        id: String,
        #[command(flatten)]
        by: By,
    },
}

/// Reports. A report is named by its round, or `latest`.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Report {
    /// Reports that have arrived.
    #[command(after_help = "Example:\n  passage-node report list")]
    List,
    /// Every figure with its mark, definitions, provenance.
    #[command(after_help = "Example:\n  passage-node report show latest --estimate")]
    Show {
        id: String,
        /// Beside the counts about your own students: how many were probably missed.
        #[arg(long)]
        estimate: bool,
    },
    /// Write a report to a file.
    #[command(after_help = "Example:\n  passage-node report export latest --format html --out report.html")]
    Export {
        id: String,
        #[arg(long, value_enum)]
        format: ReportFormat,
        /// Where to write; default: the folder `reports` of the state folder.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// The audit chain.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Audit {
    /// Say that you have looked at an audit log that was refused; rounds go on. The proof is kept.
    #[command(
        after_help = "Example:\n  passage-node audit acknowledge coordinator --by \"A. Superintendent\""
    )]
    Acknowledge {
        /// Whose log: coordinator, or this member's own code.
        log: String,
        #[command(flatten)]
        by: By,
    },
    /// Write what the coordinator signed about its log to a file, for another member to compare with.
    #[command(after_help = "Example:\n  passage-node audit checkpoints --out coordinator.jsonl")]
    Checkpoints {
        /// The file, one checkpoint a line.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Check every entry against the chain, what this side signed and what the coordinator signed; print the newest.
    #[command(
        after_help = "Example:\n  passage-node audit verify\n  passage-node audit verify --against their-coordinator.jsonl"
    )]
    Verify {
        /// Compare with what another member wrote with `audit checkpoints`: were both shown the same log?
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
}

impl Ask {
    /// Where this process writes the problems of an import, if the clerk wants them: not the daemon, which runs under
    /// another account.
    #[must_use]
    pub fn problems(&self) -> Option<PathBuf> {
        if let Self::Import { problems, .. } = self { problems.clone() } else { None }
    }

    /// The command, with absolute paths.
    #[must_use]
    pub fn command(self) -> Command {
        match self {
            Self::Import { files, layout, period, whole, dry_run, problems } => {
                Command::Import(ImportRequest {
                    files: files.iter().map(|path| full(path)).collect(),
                    layouts: layout.iter().map(|text| layout_choice(text)).collect(),
                    period,
                    extent: if whole { Extent::Whole } else { Extent::Named },
                    mode: if dry_run { ImportMode::DryRun } else { ImportMode::Keep },
                    problems: if problems.is_some() { Problems::List } else { Problems::CountOnly },
                })
            }
            Self::Optout(OptOut::Import { file, directory }) => {
                let list = if directory { OptOutList::Directory } else { OptOutList::Studies };
                Command::OptOutImport { file: full(&file), list }
            }
            Self::Data(verb) => verb.command(),
            Self::Query { sql, out, explain, rows } => {
                let mode = if explain { QueryMode::Explain } else { QueryMode::Run };
                Command::Query(QueryRequest { sql, out: out.map(|path| full(&path)), mode, rows })
            }
            Self::Metric(verb) => verb.command(),
            Self::Layout(verb) => verb.command(),
            Self::Agreement(Agreement::List) => Command::AgreementList,
            Self::Agreement(Agreement::Show { id, out }) => {
                Command::AgreementShow { id, out: out.map(|path| full(&path)) }
            }
            Self::Agreement(Agreement::Share { id, by, without }) => {
                Command::AgreementShare { id, by: by.by, without }
            }
            Self::Agreement(Agreement::Sign { id, by }) => Command::AgreementSign { id, by: by.by },
            Self::Agreement(Agreement::Withdraw { id, by }) => Command::AgreementWithdraw { id, by: by.by },
            Self::Study(Study::List) => Command::StudyList,
            Self::Study(Study::Show { id }) => Command::StudyShow { id },
            Self::Study(Study::Approve { id, by }) => Command::StudyApprove { id, by: by.by },
            Self::Study(Study::Refuse { id, by }) => Command::StudyRefuse { id, by: by.by },
            Self::Round(Round::List) => Command::RoundList,
            Self::Round(Round::Show { id }) => Command::RoundShow { id },
            Self::Round(Round::Approve { id, by }) => Command::RoundApprove { id, by: by.by },
            Self::Round(Round::Refuse { id, by }) => Command::RoundRefuse { id, by: by.by },
            Self::WhatLeaves { round } => Command::WhatLeaves { id: round },
            Self::Report(Report::List) => Command::ReportList,
            Self::Report(Report::Show { id, estimate }) => {
                let estimate = if estimate { Missed::Estimated } else { Missed::LeftOut };
                Command::ReportShow { id, estimate }
            }
            Self::Report(Report::Export { id, format, out }) => {
                Command::ReportExport { id, format, out: out.map(|path| full(&path)) }
            }
            Self::Release(verb) => verb.command(),
            Self::Disclosures { student } => Command::Disclosures { student },
            Self::Retention(verb) => verb.command(),
            Self::Halt { by } => Command::Halt { by: by.by },
            Self::Resume { by } => Command::Resume { by: by.by },
            Self::Audit(Audit::Acknowledge { log, by }) => Command::AuditAcknowledge { log, by: by.by },
            Self::Audit(Audit::Checkpoints { out }) => Command::AuditCheckpoints { out: full(&out) },
            Self::Audit(Audit::Verify { against }) => {
                Command::AuditVerify { against: against.map(|path| full(&path)) }
            }
            Self::Doctor => Command::Doctor,
        }
    }
}

/// Letters of a name and title: the audit chain is read by people.
const PERSON_LETTERS_MAX: usize = 200;

/// A name that can stand in the audit chain.
pub(crate) fn person(text: &str) -> Result<String, &'static str> {
    let name = text.trim();
    if name.is_empty() || name.chars().any(char::is_control) || name.chars().count() > PERSON_LETTERS_MAX {
        return Err("expected a name on one line, at most 200 letters");
    }
    Ok(name.to_owned())
}

/// A layout as typed: an id has neither a dot nor a slash, a file has one of them.
fn layout_choice(text: &str) -> LayoutChoice {
    if text.contains(['.', '/']) {
        LayoutChoice::File(full(Path::new(text)))
    } else {
        LayoutChoice::Id(text.to_owned())
    }
}

fn full(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
