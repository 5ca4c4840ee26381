//! `round open|list|show|halt`, `release list`.

use std::time::{Duration, Instant};

use passage_protocol::{
    agreement::{Clause, DocumentId, rule_of},
    ids::RoundId,
    refusal::Refusal,
    round::{CoordinatorInput, CoordinatorRound},
    timestamp::Timestamp,
};
use passage_shell::{
    clock,
    control::{Answer, Progress, ProgressSink},
    failure::code_text,
};
use serde_json::{Value, json};

use crate::{
    app::{App, ProgressView},
    command::table,
    documents,
    error::CoordinatorError,
    records::{RoundRecord, Standing},
    rounds,
};

/// Between two looks while a script waits.
const LOOK: Duration = Duration::from_millis(250);
/// Events shown to a person; `--json` has all.
const EVENTS_SHOWN: usize = 20;

pub(super) fn open(app: &App, study: &str, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let digest = documents::find_study(app, study)?;
    let answered: Vec<String> = rounds::answered(app, digest)?.iter().map(ToString::to_string).collect();
    let round = rounds::open(app, digest, now)?;
    let before = answered.first().map(|report| {
        format!(
            "\n\nThe same question was already answered by report {report}. A member whose students are the same as then refuses \
             this round by rule 4.4 ({}); use that report.",
            Clause::AlreadyReleased.code()
        )
    });
    Ok(Answer {
        text: format!(
            "{round}\n\nOpened. Watch it with passage-coordinator round show {round}.{}",
            before.unwrap_or_default()
        ),
        json: json!({
            "round": round.to_string(),
            "study": DocumentId::Study(digest).to_string(),
            "answered_by": answered,
        }),
    })
}

pub(super) fn halt(app: &App, id: &str, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let (round, record) = rounds::find(app, id)?;
    let can = matches!(&record.standing, Standing::Running(state) if !rounds::is_closing(state));
    if !can {
        return Err(CoordinatorError::RoundOver);
    }
    rounds::input(app, round, CoordinatorInput::Halt, now)?;
    Ok(Answer {
        text: format!("{round} is halted; every member is told, its lists are erased here."),
        json: json!({ "round": round.to_string(), "halted": now.to_string() }),
    })
}

pub(super) fn list(app: &App) -> Result<Answer, CoordinatorError> {
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for (id, record) in rounds::list(app)? {
        let study = DocumentId::Study(record.study).to_string();
        let phase = phase(&record);
        rows.push(vec![
            id.to_string(),
            study.clone(),
            record.opened.to_string(),
            record.attempt.to_string(),
            phase.clone(),
        ]);
        values.push(json!({
            "round": id.to_string(),
            "study": study,
            "opened": record.opened.to_string(),
            "attempt": record.attempt,
            "phase": phase,
            "reopened_as": record.reopened_as.map(|next| next.to_string()),
        }));
    }
    let head = ["round", "study", "opened", "attempt", "phase"];
    Ok(Answer { text: table(&head, &rows), json: json!({ "rounds": values }) })
}

/// Reports that were released and are still kept here, per round and reader.
pub(super) fn releases(app: &App) -> Result<Answer, CoordinatorError> {
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for (id, record) in rounds::list(app)? {
        for (member, report) in record.participants.iter().zip(reports(&record)) {
            let (member, digest) = (member.to_string(), report.digest.to_string());
            let here = app.shelf.find(report.digest).is_some();
            rows.push(vec![
                id.to_string(),
                member.clone(),
                report.bytes.to_string(),
                record.moved.to_string(),
                digest.clone(),
            ]);
            values.push(json!({
                "round": id.to_string(),
                "member": member,
                "report": digest,
                "bytes": report.bytes,
                "kept": here,
            }));
        }
    }
    let head = ["round", "made for", "bytes", "last change", "report"];
    Ok(Answer { text: table(&head, &rows), json: json!({ "releases": values }) })
}

pub(crate) fn reports(record: &RoundRecord) -> Vec<passage_protocol::wire::BlobRef> {
    match &record.standing {
        Standing::Finished { reports } => reports.clone(),
        Standing::Running(round) => match &**round {
            CoordinatorRound::Closing(closing) => closing.reports().to_vec(),
            CoordinatorRound::Calling(_)
            | CoordinatorRound::Endorsing(_)
            | CoordinatorRound::Finished(_)
            | CoordinatorRound::Mixing(_)
            | CoordinatorRound::Releasing(_)
            | CoordinatorRound::Revealing(_)
            | CoordinatorRound::Sharing(_) => Vec::new(),
        },
        Standing::Aborted { .. } => Vec::new(),
    }
}

/// Shows a round; with a wait, first follows it (and what it was opened again as) to its end.
pub(super) fn show(
    app: &App,
    id: &str,
    wait_s: Option<u64>,
    progress: ProgressSink<'_>,
) -> Result<Answer, CoordinatorError> {
    let (mut id, mut record) = rounds::find(app, id)?;
    let Some(wait_s) = wait_s else { return Ok(board(app, id, &record)) };
    let begun = Instant::now();
    let mut said = String::new();
    loop {
        match (&record.standing, record.reopened_as) {
            (Standing::Finished { .. }, _) => return Ok(board(app, id, &record)),
            (Standing::Aborted { code, reason, .. }, None) => {
                return Err(CoordinatorError::RoundAborted { code: *code, reason: reason.clone() });
            }
            (Standing::Aborted { .. }, Some(next)) => id = next,
            (Standing::Running(_), _) => {
                let line = one_line(app, id, &record);
                if line != said {
                    let view = app.board.view(id, clock::now());
                    let (done, total) = view.map_or((0, None), |view| (view.done, Some(view.total)));
                    if progress(Progress { what: line.clone(), done, total, detail: String::new() })
                        .is_break()
                    {
                        return Err(CoordinatorError::RoundUnfinished {
                            waited_s: begun.elapsed().as_secs(),
                        });
                    }
                    said = line;
                }
                if begun.elapsed() >= Duration::from_secs(wait_s) {
                    return Err(CoordinatorError::RoundUnfinished { waited_s: wait_s });
                }
                std::thread::sleep(LOOK);
            }
        }
        record = app.kept(crate::records::ROUNDS, &id)?.ok_or(CoordinatorError::RoundUnknown)?;
    }
}

fn one_line(app: &App, id: RoundId, record: &RoundRecord) -> String {
    let awaited = awaited(record);
    let waiting =
        if awaited.is_empty() { String::new() } else { format!(", awaiting {}", awaited.join(", ")) };
    let working = app.board.view(id, clock::now()).map(|view| format!("; {}", words(&view)));
    format!("{}{waiting}{}", phase(record), working.unwrap_or_default())
}

fn board(app: &App, id: RoundId, record: &RoundRecord) -> Answer {
    let view = app.board.view(id, clock::now());
    let awaited = awaited(record);
    let study = DocumentId::Study(record.study).to_string();
    let agreement = DocumentId::Agreement(record.agreement).to_string();
    let mut lines = vec![
        format!("{id}"),
        format!("study      {study} under {agreement}, attempt {}", record.attempt),
        format!("opened     {}, last moved {}", record.opened, record.moved),
        format!("phase      {}", phase(record)),
    ];
    if !awaited.is_empty() {
        lines.push(format!("awaiting   {}", awaited.join(", ")));
    }
    lines.extend(view.as_ref().map(|view| format!("working    {}", words(view))));
    let mut value = json!({
        "round": id.to_string(),
        "study": study,
        "agreement": agreement,
        "attempt": record.attempt,
        "opened": record.opened.to_string(),
        "moved": record.moved.to_string(),
        "phase": phase(record),
        "awaiting": awaited,
        "progress": view.map(|view| json!({
            "what": view.what,
            "done": view.done,
            "total": view.total,
            "per_second": view.rate,
            "seconds_left": view.left_s,
        })),
        "reopened_as": record.reopened_as.map(|next| next.to_string()),
        "events": events(record),
    });
    if let Standing::Aborted { code, reason, fault } = &record.standing {
        let rule = rule_of(*code);
        let by = rule.map(|rule| format!(" ({rule})")).unwrap_or_default();
        lines.push(format!("ended      without a result, {}{by}: {reason}", code_text(*code)));
        let fault = fault.map(|member| member.to_string());
        if *code == Clause::AlreadyReleased.code()
            && let Some(answer) =
                rounds::answered(app, record.study).ok().and_then(|ids| ids.into_iter().next())
        {
            lines.push(format!("answered   by report {answer}: the same question about the same students"));
            set(&mut value, "answered_by", json!(answer.to_string()));
        }
        let aborted = json!({ "code": code_text(*code), "rule": rule, "reason": reason, "fault": fault });
        set(&mut value, "aborted", aborted);
    }
    lines.extend(record.reopened_as.map(|next| format!("opened again as {next}")));
    let mut links = Vec::new();
    for (member, report) in record.participants.iter().zip(reports(record)) {
        let path = app.shelf.path(report.digest).display().to_string();
        lines.push(format!("report     {member}  {path}"));
        links
            .push(json!({ "member": member.to_string(), "report": report.digest.to_string(), "path": path }));
    }
    set(&mut value, "reports", Value::Array(links));
    lines.push("events".to_owned());
    let skip = record.events.len().saturating_sub(EVENTS_SHOWN);
    lines.extend(record.events.iter().skip(skip).map(|event| format!("  {}  {}", event.at, event.text)));
    Answer { text: lines.join("\n"), json: value }
}

fn set(value: &mut Value, key: &str, part: Value) {
    if let Some(object) = value.as_object_mut() {
        object.insert(key.to_owned(), part);
    }
}

fn events(record: &RoundRecord) -> Vec<Value> {
    let event =
        |event: &crate::records::BoardEvent| json!({ "at": event.at.to_string(), "text": event.text });
    record.events.iter().map(event).collect()
}

fn phase(record: &RoundRecord) -> String {
    match &record.standing {
        Standing::Aborted { .. } => "aborted".to_owned(),
        Standing::Finished { .. } => "finished".to_owned(),
        Standing::Running(round) => round.phase().to_owned(),
    }
}

fn awaited(record: &RoundRecord) -> Vec<String> {
    match &record.standing {
        Standing::Aborted { .. } | Standing::Finished { .. } => Vec::new(),
        Standing::Running(round) => round.awaited().iter().map(ToString::to_string).collect(),
    }
}

fn words(view: &ProgressView) -> String {
    let left = view.left_s.map_or("time left unknown".to_owned(), |left| format!("{left} s left"));
    format!("{}: {} of {}, {}/s, {left}", view.what, view.done, view.total, view.rate)
}
