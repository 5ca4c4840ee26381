//! Everything a person can ask of a node, as data, and the one function that does it. The command line builds a
//! [`Command`]; the daemon, or the same process if none runs, executes it.

mod data;
mod documents;
mod gate;
mod import;
mod layouts;
mod metric;
pub mod needs;
mod people;
mod query;
mod releases;
mod reports;
mod retention;
mod rounds;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use passage_protocol::{checkpoint::LogOwner, match_key::Preset, refusal::Code};
use passage_shell::{
    audit::{compare::verify_own, page},
    control::{Answer, ProgressSink},
    failure::{EXIT_REFUSED, Failure, code_text},
    pki::valid_until,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::gate::Admitted;
pub use self::{
    gate::{Asked, OF_SESSION},
    metric::MetricCommand,
    people::{Codes, PeopleCommand},
    query::{QueryMode, QueryRequest},
    releases::{ReleaseCommand, SharedFormat},
    reports::Missed,
};
use crate::{
    custody::Guard,
    data::{ImportRequest, Scope},
    disclosures,
    driver::Driver,
    home::{Home, refuse},
    own_stack,
    people::session::Live,
    records::Verdict,
    roster::OptOutList,
};

/// A command, as it travels to the daemon.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[allow(missing_docs)] // the command line documents them
pub enum Command {
    Import(ImportRequest),
    ImportProblems { list: String, from: u64 },
    OptOutImport { file: PathBuf, list: OptOutList },
    DataStatus,
    DataDestroy { by: String, scope: Scope },
    DataRekey { guard: Option<Guard> },
    DataCertificate { file: PathBuf },
    DataCoverage { out: Option<PathBuf> },
    DataQuality { preset: String },
    Query(QueryRequest),
    Metric(MetricCommand),
    Dictionary { table: Option<String> },
    LayoutList,
    LayoutShow { id: String },
    AgreementList,
    AgreementShow { id: String, out: Option<PathBuf> },
    AgreementSign { id: String, by: String },
    AgreementShare { id: String, by: String, without: Vec<String> },
    AgreementWithdraw { id: String, by: String },
    StudyList,
    StudyShow { id: String },
    StudyApprove { id: String, by: String },
    StudyRefuse { id: String, by: String },
    RoundList,
    RoundShow { id: String },
    RoundApprove { id: String, by: String },
    RoundRefuse { id: String, by: String },
    WhatLeaves { id: String },
    ReportList,
    ReportShow { id: String, estimate: Missed },
    ReportExport { id: String, format: ReportFormat, out: Option<PathBuf> },
    Release(ReleaseCommand),
    Disclosures { student: Option<String> },
    RetentionList,
    RetentionDue,
    RetentionSweep,
    Halt { by: String },
    Resume { by: String },
    AuditAcknowledge { log: String, by: String },
    AuditCheckpoints { out: PathBuf },
    AuditVerify { against: Option<PathBuf> },
    Doctor,
    People(PeopleCommand),
}

/// Formats a report can be exported in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ReportFormat {
    /// Long table, one row a figure.
    Csv,
    /// One self-contained page that works offline.
    Html,
    /// The long table as Parquet.
    Parquet,
    /// The long table as a workbook, with a sheet of notes.
    Xlsx,
}

impl ReportFormat {
    /// How a file of it ends.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
        }
    }
}

/// What a command works on: the folder always, the driver while a daemon serves.
pub struct Node {
    /// The state folder.
    pub home: Arc<Home>,
    /// The round driver, if this process serves.
    pub driver: Option<Arc<Driver>>,
}

impl Node {
    fn driver(&self) -> Result<&Arc<Driver>, Failure> {
        self.driver.as_ref().ok_or_else(|| {
            refuse(
                0x2240,
                "this needs the running daemon, and none serves this folder",
                "Start it with `passage-node serve`, then repeat the command.",
                None,
            )
        })
    }
}

/// Exit code of an answer: an import that was refused is an answer, because it carries what was found in every file.
#[must_use]
pub fn exit_code(answer: &Answer) -> u8 {
    if answer.json.get("refused") == Some(&json!(true)) { EXIT_REFUSED } else { 0 }
}

/// Does what a person asked for, if she may.
///
/// # Errors
///
/// [`Failure`] says what was seen, what was expected and what to do next.
pub fn execute(node: &Node, asked: Asked, progress: ProgressSink<'_>) -> Result<Answer, Failure> {
    match gate::admit(node, asked)? {
        Admitted::Waits(answer) => Ok(answer),
        Admitted::Runs { command, live, confirms } => {
            let answer = carry_out(node, *command, live.as_deref(), progress)?;
            if let Some(request) = confirms {
                node.home.forget_request(request)?;
            }
            Ok(answer)
        }
    }
}

fn carry_out(
    node: &Node,
    command: Command,
    live: Option<&Live>,
    progress: ProgressSink<'_>,
) -> Result<Answer, Failure> {
    let home = node.home.as_ref();
    match command {
        Command::Import(request) => own_stack::run(|| import::import(home, &request, progress)),
        Command::ImportProblems { list, from } => {
            let part = home.problem_list_part(&list, from)?;
            Ok(Answer { text: String::new(), json: json!(part) })
        }
        Command::OptOutImport { file, list } => {
            let count = own_stack::run(|| home.import_opt_outs(&file, list))?;
            Ok(Answer {
                text: format!(
                    "{count} opt-outs in force from the next round on; they replace the earlier list"
                ),
                json: json!({ "opt_outs": count }),
            })
        }
        Command::DataStatus => own_stack::run(|| data::status(home)),
        Command::DataDestroy { by, scope } => own_stack::run(|| data::destroy(home, &by, &scope)),
        Command::DataRekey { guard } => own_stack::run(|| data::rekey(home, guard)),
        Command::DataCertificate { file } => data::certificate(home, &file),
        Command::DataCoverage { out } => own_stack::run(|| data::coverage(home, out.as_deref())),
        Command::DataQuality { preset } => {
            let preset = Preset::parse(&preset).ok_or_else(Failure::other_version)?;
            own_stack::run(|| Ok(home.quality(preset, progress)?.answer()))
        }
        Command::Query(request) => own_stack::run(|| query::query(home, &request, progress)),
        Command::Metric(command) => own_stack::run(|| metric::metric(home, &command, progress)),
        Command::Dictionary { table } => data::dictionary(home, table.as_deref()),
        Command::LayoutList => layouts::list(home),
        Command::LayoutShow { id } => layouts::show(home, &id),
        Command::AgreementList => documents::agreement_list(home),
        Command::AgreementShow { id, out } => documents::agreement_show(home, &id, out.as_deref()),
        Command::AgreementSign { id, by } => {
            let answer = documents::agreement_sign(home, &id, &by)?;
            node.ring();
            Ok(answer)
        }
        Command::AgreementShare { id, by, without } => {
            let answer = documents::agreement_share(home, &id, &by, &without)?;
            node.ring();
            Ok(answer)
        }
        Command::AgreementWithdraw { id, by } => {
            let answer = documents::agreement_withdraw(node, &id, &by)?;
            node.ring();
            Ok(answer)
        }
        Command::StudyList => documents::study_list(home),
        Command::StudyShow { id } => documents::study_show(home, &id),
        Command::StudyApprove { id, by } => documents::study_decide(node, &id, &by, Verdict::Approved),
        Command::StudyRefuse { id, by } => documents::study_decide(node, &id, &by, Verdict::Refused),
        Command::RoundList => rounds::list(home),
        Command::RoundShow { id } => rounds::show(node, &id),
        Command::RoundApprove { id, by } => rounds::approve(node.driver()?, &id, &by),
        Command::RoundRefuse { id, by } => rounds::refuse_round(node.driver()?, &id, &by),
        Command::WhatLeaves { id } => rounds::what_leaves(home, &id),
        Command::ReportList => reports::report_list(home),
        Command::ReportShow { id, estimate } => reports::report_show(home, &id, estimate),
        Command::ReportExport { id, format, out } => reports::report_export(home, &id, format, out),
        Command::Release(command) => own_stack::run(|| releases::release(node, command)),
        Command::Disclosures { student } => {
            let found = home.disclosures(student.as_deref())?;
            Ok(disclosures::page(student.as_deref(), &found))
        }
        Command::RetentionList => retention::list(home),
        Command::RetentionDue => retention::due(home),
        Command::RetentionSweep => retention::sweep(node),
        Command::Halt { by } => {
            let count = match &node.driver {
                Some(driver) => driver.halt(&by)?,
                // A round of an earlier daemon ends when the next one starts.
                None => home.halt_participation(&by).map(|()| 0)?,
            };
            Ok(Answer {
                text: format!(
                    "halted by {by}: this member takes part in no round until `resume`; {count} rounds ended (L4)"
                ),
                json: json!({ "halted": count }),
            })
        }
        Command::Resume { by } => {
            home.resume_participation(&by)?;
            Ok(Answer {
                text: format!(
                    "resumed by {by}: this member takes part in rounds that are called from now on"
                ),
                json: json!({ "resumed": true }),
            })
        }
        Command::AuditAcknowledge { log, by } => home.acknowledge_fork(&log, &by),
        Command::AuditCheckpoints { out } => Ok(page::export_page(&home.checkpoints, &out)?),
        Command::AuditVerify { against } => audit_verify(home, against.as_deref()),
        Command::Doctor => own_stack::run(|| doctor(node)),
        Command::People(command) => own_stack::run(|| people::execute(node, command, live)),
    }
}

impl Node {
    /// Lets the outbox be looked at now.
    fn ring(&self) {
        if let Some(driver) = &self.driver {
            driver.outgoing.notify_one();
            driver.upkeep.notify_one();
        }
    }
}

fn audit_verify(home: &Home, against: Option<&Path>) -> Result<Answer, Failure> {
    let verified = page::verify_page(&home.audit_folder(), &home.checkpoints)?;
    let Some(other) = against else { return Ok(verified) };
    Ok(page::compare_page(&home.checkpoints, LogOwner::Coordinator, other)?)
}

fn doctor(node: &Node) -> Result<Answer, Failure> {
    let home = node.home.as_ref();
    let mut lines = vec![
        format!("member       {} ({})", home.code, home.membership.segment),
        format!("consortium   {}", home.membership.consortium),
        format!("authority    {}", home.authority()),
        format!("coordinator  {}", home.membership.coordinator.join(", ")),
        format!("signing key  {}", home.signing_key.verifying_key()),
        format!("time here    {}", home.now()),
    ];
    let free = passage_shell::state_dir::free_bytes(home.dir.root())?;
    lines.push(format!("disk free    {} MiB", free >> 20));
    for blob in home.shelf.blobs()? {
        home.shelf.verify(blob.digest)?;
    }
    lines.push("shelf        every blob has its digest".to_owned());
    let stored = home.open_tables()?.into_iter().flat_map(|(_, files)| files);
    let mut tables = 0_usize;
    for file in stored {
        file.verify()?;
        tables += 1;
    }
    lines.push(format!("tables       {tables}, every seal unbroken"));
    let (end, signed) = verify_own(&home.audit_folder(), &home.checkpoints, |_| {})?;
    lines.push(format!(
        "audit log    {} entries, unbroken, as in the {signed} checkpoints signed here",
        end.head.number
    ));
    let forks = home.checkpoints.forks()?;
    lines.extend(forks.iter().map(page::fork_line));
    let halted = home.halted()?;
    lines.push(match &halted {
        Some(yes) => format!("takes part   no: halted by {} at {}; `resume` takes it back", yes.by, yes.at),
        None => "takes part   yes".to_owned(),
    });
    let (here, there) = home.overdue(home.now())?;
    lines.push(retention::doctor_line(here, there));
    let until = valid_until(home.credentials().certificate())?;
    lines.push(format!("certificate  until {until}; the next one is asked for by itself"));
    let (accounts, principles) = (home.accounts()?, home.principles_in_force()?.version);
    let overdue = accounts.iter().filter(|one| one.review_overdue_days(home.now()).is_some()).count();
    lines.push(format!("principles   version {principles}"));
    lines.push(format!("accounts     {}, {overdue} overdue for review (`account review`)", accounts.len()));
    lines.push(match &node.driver {
        Some(_) => "daemon       serving".to_owned(),
        None => "daemon       not running; start it with `passage-node serve`".to_owned(),
    });
    Ok(Answer {
        text: lines.join("\n"),
        json: json!({
            "code": home.code.to_string(),
            "segment": home.membership.segment,
            "authority": home.authority().to_string(),
            "signing_key": home.signing_key.verifying_key().to_string(),
            "free_bytes": free,
            "audit_entries": end.head.number,
            "audit_refused": forks.iter().map(|fork| json!({ "log": fork.log, "code": code_text(Code(fork.code)) })).collect::<Vec<_>>(),
            "halted": halted.map(|yes| json!({ "by": yes.by, "at": yes.at.to_string() })),
            "certificate_until": until.to_string(),
            "overdue": { "here": here, "coordinator": there },
            "principles": principles,
            "accounts": accounts.len(),
            "reviews_overdue": overdue,
            "serving": node.driver.is_some(),
        }),
    })
}
