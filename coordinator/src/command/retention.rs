//! `retention list|sweep`: both sides of what must be gone, members by opaque code (G15, C4).

use passage_protocol::{
    agreement::DocumentId, ids::MemberCode, retention::Destruction, timestamp::Timestamp,
};
use passage_shell::{control::Answer, destruction::swept_answer};
use serde_json::{Value, json};

use crate::{
    app::App,
    command::table,
    error::CoordinatorError,
    retention::{self, Line},
};

pub(super) fn list(app: &App, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let lines = retention::lines(app)?;
    let rows: Vec<Vec<String>> = lines.iter().map(|line| row(line, now)).collect();
    let here = lines.iter().filter(|line| line.overdue_here(now).is_some()).count();
    let members = lines.iter().filter(|line| !line.silent(now).is_empty()).count();
    let head = ["what ended", "agreement", "to be gone by", "here", "members that have not confirmed"];
    Ok(Answer {
        text: format!("{}\n\noverdue: {here} here, {members} at members (G15)", table(&head, &rows)),
        json: json!({
            "ended": lines.iter().map(|line| facts(line, now)).collect::<Vec<_>>(),
            "overdue_here": here,
            "overdue_members": members,
        }),
    })
}

/// What a sweep would destroy now.
pub(super) fn due(app: &App, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let due = retention::due(app, now)?;
    let mut lines: Vec<String> = due.iter().map(|line| format!("{}  due {}", line.about, line.due)).collect();
    lines.push(format!("{} would be swept; nothing was destroyed", due.len()));
    let facts: Vec<Value> = due.iter().map(|line| facts(line, now)).collect();
    Ok(Answer { text: lines.join("\n"), json: json!({ "dry_run": true, "ended": facts }) })
}

pub(super) fn sweep(app: &App, now: Timestamp) -> Result<Answer, CoordinatorError> {
    Ok(swept_answer(&retention::sweep(app, now)?))
}

fn row(line: &Line, now: Timestamp) -> Vec<String> {
    let here = match (&line.own, line.overdue_here(now)) {
        (Some(word), _) => format!("destroyed {}", word.at.date()),
        (None, Some(days)) => format!("OVERDUE by {days} days"),
        (None, None) if line.ended.is_none() => "running".to_owned(),
        (None, None) => "kept".to_owned(),
    };
    let silent = line.silent(now);
    let confirmed = line.members.iter().filter(|(_, word)| word.is_some()).count();
    let members = if silent.is_empty() {
        format!("{confirmed} of {} confirmed", line.members.len())
    } else {
        silent.iter().map(MemberCode::to_string).collect::<Vec<_>>().join(", ")
    };
    vec![
        line.about.to_string(),
        DocumentId::Agreement(line.agreement).to_string(),
        line.due.to_string(),
        here,
        members,
    ]
}

fn facts(line: &Line, now: Timestamp) -> Value {
    let word = |word: &Option<Destruction>| {
        word.map(|word| {
            json!({ "at": word.at.to_string(), "complete": word.complete, "certificate": word.certificate.to_string() })
        })
    };
    let silent = line.silent(now);
    let member = |(code, said): &(MemberCode, Option<Destruction>)| json!({ "member": code.to_string(), "destroyed": word(said), "overdue": silent.contains(code) });
    json!({
        "what": line.about.to_string(),
        "agreement": DocumentId::Agreement(line.agreement).to_string(),
        "ended": line.ended.map(|at| at.to_string()),
        "destroy_by": line.due.to_string(),
        "here": { "destroyed": word(&line.own), "overdue_days": line.overdue_here(now) },
        "members": line.members.iter().map(member).collect::<Vec<_>>(),
    })
}
