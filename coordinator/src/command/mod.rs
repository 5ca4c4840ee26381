//! Every command of the operator that needs the state folder, as data, and the one function that carries them out: in the
//! daemon if one serves the folder, in this process otherwise. Either way the same thing happens.

mod doctor;
mod documents;
mod members;
mod rounds;

use passage_protocol::timestamp::Timestamp;
use passage_shell::{
    audit, clock,
    control::{Answer, ProgressSink},
    failure::Failure,
};
use serde::{Deserialize, Serialize};

use crate::{
    app::{App, files},
    error::CoordinatorError,
};

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
    /// Lists released reports.
    ReleaseList,
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
        Command::AgreementList => documents::agreements(app)?,
        Command::AgreementPropose { text } => documents::propose_agreement(app, &text, now)?,
        Command::AuditVerify => verify_audit(app)?,
        Command::Doctor => doctor::examine(app, now, progress)?,
        Command::Invite { name, segment, days } => members::invite(app, &name, &segment, days, now)?,
        Command::Members => members::list(app)?,
        Command::ReleaseList => rounds::releases(app)?,
        Command::Revoke { code } => members::revoke(app, &code, now)?,
        Command::RoundHalt { id } => rounds::halt(app, &id, now)?,
        Command::RoundList => rounds::list(app)?,
        Command::RoundOpen { study } => rounds::open(app, &study, now)?,
        Command::RoundShow { id, wait_s } => rounds::show(app, &id, wait_s, progress)?,
        Command::StudyList => documents::studies(app, now)?,
        Command::StudyPropose { text } => documents::propose_study(app, &text, now)?,
    })
}

fn verify_audit(app: &App) -> Result<Answer, CoordinatorError> {
    let head = audit::verify(&app.dir.path(files::AUDIT), |_| ())?;
    let digest = head.digest.to_string();
    Ok(Answer {
        text: format!(
            "audit log is whole: {} entries, head {digest}\nKeep the head elsewhere: a log shortened later will not match it.",
            head.number
        ),
        json: serde_json::json!({ "entries": head.number, "head": digest }),
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
