//! Every command of the operator that needs the state folder, as data, and the one function that carries them out: in the
//! daemon if one serves the folder, in this process otherwise. Either way the same thing happens.

mod doctor;
mod documents;
mod members;
mod principles;
mod releases;
mod retention;
mod rounds;

pub(crate) use self::rounds::reports;
use std::path::PathBuf;

use passage_protocol::{checkpoint::LogOwner, timestamp::Timestamp};
use passage_shell::{
    audit::{Act, page},
    clock,
    control::{Answer, ProgressSink},
    failure::Failure,
};
use serde::{Deserialize, Serialize};

use crate::{app::App, error::CoordinatorError};

/// A command with everything it needs; files are read by the process the operator typed into.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Lists agreements.
    AgreementList,
    /// Proposes an agreement.
    AgreementPropose {
        /** The file's text. */
        text: String,
    },
    /// A person has looked at a refused audit log.
    AuditAcknowledge {
        /** Whose log. */
        log: String,
        /** Who looked. */
        by: String,
    },
    /// Writes what members signed about their logs to a file.
    AuditCheckpoints {
        /** The file. */
        out: PathBuf,
    },
    /// Verifies the audit log.
    AuditVerify,
    /// Checks the folder, the store and the machine.
    Doctor,
    /// Writes an invitation.
    Invite {
        /** The operator's own name for the invited. */
        name: String,
        /** `k12`, `cc`, `univ` or `workforce`. */
        segment: String,
        /** Days it is good for. */
        days: u32,
    },
    /// Lists members.
    Members,
    /// Lists changes of the principles.
    PrinciplesList,
    /// Proposes a change of the principles.
    PrinciplesPropose {
        /** The file's text. */
        text: String,
    },
    /// Lists released reports and proposals to show one outside.
    ReleaseList,
    /// Lists what must be gone and is not, on both sides.
    RetentionList,
    /// Says what a sweep would destroy.
    RetentionDue,
    /// Destroys what is due.
    RetentionSweep,
    /// Revokes a member.
    Revoke {
        /** Its code. */
        code: String,
    },
    /// Stops a round.
    RoundHalt {
        /** Its id or the beginning of it. */
        id: String,
    },
    /// Lists rounds.
    RoundList,
    /// Opens a round.
    RoundOpen {
        /** The study's id or the beginning of it. */
        study: String,
    },
    /// Shows a round, after waiting for its end if asked.
    RoundShow {
        /** Its id or the beginning of it. */
        id: String,
        /** Seconds to wait for its end. */
        wait_s: Option<u64>,
    },
    /// Lists studies.
    StudyList,
    /// Proposes a study.
    StudyPropose {
        /** The file's text. */
        text: String,
    },
}

/// Carries out one command. Blocks; `RoundShow` with a wait blocks for as long.
///
/// # Errors
///
/// [`Failure`] with what was seen, what to do next, code and rule.
pub fn execute(app: &App, command: Command, progress: ProgressSink<'_>) -> Result<Answer, Failure> {
    let now = clock::now();
    Ok(match command {
        Command::AgreementList => documents::agreements(app, now)?,
        Command::AgreementPropose { text } => documents::propose_agreement(app, &text, now)?,
        Command::AuditAcknowledge { log, by } => acknowledge(app, &log, &by, now)?,
        Command::AuditCheckpoints { out } => page::export_page(&app.checkpoints, &out)?,
        Command::AuditVerify => page::verify_page(&app.audit_folder(), &app.checkpoints)?,
        Command::Doctor => doctor::examine(app, now, progress)?,
        Command::Invite { name, segment, days } => members::invite(app, &name, &segment, days, now)?,
        Command::Members => members::list(app)?,
        Command::PrinciplesList => principles::list(app)?,
        Command::PrinciplesPropose { text } => principles::propose(app, &text, now)?,
        Command::RetentionList => retention::list(app, now)?,
        Command::RetentionDue => retention::due(app, now)?,
        Command::RetentionSweep => retention::sweep(app, now)?,
        Command::ReleaseList => releases::list(app, now)?,
        Command::Revoke { code } => members::revoke(app, &code, now)?,
        Command::RoundHalt { id } => rounds::halt(app, &id, now)?,
        Command::RoundList => rounds::list(app)?,
        Command::RoundOpen { study } => rounds::open(app, &study, now)?,
        Command::RoundShow { id, wait_s } => rounds::show(app, &id, wait_s, progress)?,
        Command::StudyList => documents::studies(app, now)?,
        Command::StudyPropose { text } => documents::propose_study(app, &text, now)?,
    })
}

fn acknowledge(app: &App, log: &str, by: &str, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let owner = LogOwner::parse(log).ok_or(CoordinatorError::MemberUnknown)?;
    let entry = app.record(now, &Act::ForkAcknowledged { log: owner, by })?;
    let done = app.checkpoints.acknowledge(owner).map_err(CoordinatorError::from);
    app.settled(now, entry, &done)?;
    done?;
    Ok(Answer {
        text: format!(
            "acknowledged by {by}; the log of {owner} is followed anew from its first entry, the proof is kept"
        ),
        json: serde_json::json!({ "log": owner.to_string(), "acknowledged": true }),
    })
}

/// A point in time for a person, or a dash.
fn when(time: Option<Timestamp>) -> String {
    time.map_or("-".to_owned(), |time| time.to_string())
}

/// Lines of equal columns, two blanks apart.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(head.get(column).map(|cell| cell.chars().count())).max().unwrap_or(0)
    };
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column)));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head = line(head.to_vec());
    let body = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    std::iter::once(head).chain(body).collect::<Vec<_>>().join("\n")
}
