//! What rounds have left here, as a person reads it (G15).

use passage_protocol::{
    agreement::DocumentId,
    retention::{Destruction, Remains},
    timestamp::Timestamp,
};
use passage_shell::{control::Answer, destruction::swept_answer, failure::Failure};
use serde_json::{Value, json};

use crate::{command::Node, home::Home, retention::Kept};

pub(super) fn list(home: &Home) -> Result<Answer, Failure> {
    let now = home.now();
    let kept = home.kept()?;
    if kept.is_empty() {
        return Ok(Answer {
            text: "no round has left anything here".to_owned(),
            json: json!({ "rounds": [], "overdue_here": 0, "overdue_coordinator": 0 }),
        });
    }
    let mut lines = Vec::new();
    for one in &kept {
        lines.push(format!("{}  {}", one.round, DocumentId::Agreement(one.agreement)));
        lines.push(format!("    to be gone by  {}{}", one.due, running(one)));
        lines.push(format!("    here           {}", here(one, now)));
        lines.push(format!("    coordinator    {}", there(one, now)));
    }
    let late = |days: fn(&Kept, Timestamp) -> Option<u64>| {
        kept.iter().filter(|one| days(one, now).is_some()).count()
    };
    let (here, there) = (late(Kept::overdue_here), late(Kept::overdue_there));
    lines.push(format!("\noverdue: {here} here, {there} at the coordinator (G15)"));
    let rounds: Vec<Value> = kept.iter().map(|one| facts(one, now)).collect();
    Ok(Answer {
        text: lines.join("\n"),
        json: json!({ "rounds": rounds, "overdue_here": here, "overdue_coordinator": there }),
    })
}

/// What a sweep would destroy now.
pub(super) fn due(home: &Home) -> Result<Answer, Failure> {
    let now = home.now();
    let due = home.due(now)?;
    let mut lines: Vec<String> =
        due.iter().map(|one| format!("{}  {}  due {}", one.round, words(&one.left), one.due)).collect();
    lines.push(format!("{} rounds would be swept; nothing was destroyed", due.len()));
    let rounds: Vec<Value> = due.iter().map(|one| facts(one, now)).collect();
    Ok(Answer { text: lines.join("\n"), json: json!({ "dry_run": true, "rounds": rounds }) })
}

pub(super) fn sweep(node: &Node) -> Result<Answer, Failure> {
    let home = node.home.as_ref();
    let swept = home.sweep(home.now())?;
    node.ring();
    Ok(swept_answer(&swept))
}

/// The line of `doctor`.
pub(super) fn doctor_line(here: usize, there: usize) -> String {
    match (here, there) {
        (0, 0) => "retention    nothing is overdue, here or at the coordinator".to_owned(),
        _ => format!(
            "retention    OVERDUE: {here} rounds here, {there} at the coordinator; see `retention list`"
        ),
    }
}

fn running(one: &Kept) -> &'static str {
    if one.ended.is_none() { "  (what the computation needs; the round has not ended here)" } else { "" }
}

fn here(one: &Kept, now: Timestamp) -> String {
    match (&one.own, one.overdue_here(now)) {
        (Some(word), _) => destroyed(word),
        (None, Some(days)) => format!("{}; OVERDUE by {days} days", words(&one.left)),
        (None, None) => words(&one.left),
    }
}

fn there(one: &Kept, now: Timestamp) -> String {
    match (&one.coordinator, one.overdue_there(now)) {
        (Some(word), _) => format!("{}, as it has signed", destroyed(word)),
        (None, Some(days)) => format!("has signed nothing; OVERDUE by {days} days"),
        (None, None) => "not due yet".to_owned(),
    }
}

fn destroyed(word: &Destruction) -> String {
    let doubt = if word.complete { "" } else { " (NOT IN FULL, see its certificate)" };
    format!("destroyed on {}{doubt}", word.at)
}

fn words(left: &[Remains]) -> String {
    if left.is_empty() {
        return "nothing but the line of the round".to_owned();
    }
    left.iter().map(|what| what.word()).collect::<Vec<_>>().join(", ")
}

fn facts(one: &Kept, now: Timestamp) -> Value {
    let word = |word: &Option<Destruction>| {
        word.map(|word| {
            json!({ "at": word.at.to_string(), "complete": word.complete, "certificate": word.certificate.to_string() })
        })
    };
    json!({
        "round": one.round.to_string(),
        "agreement": DocumentId::Agreement(one.agreement).to_string(),
        "ended": one.ended.map(|at| at.to_string()),
        "destroy_by": one.due.to_string(),
        "left": one.left.iter().map(|what| what.word()).collect::<Vec<_>>(),
        "here": { "destroyed": word(&one.own), "overdue_days": one.overdue_here(now) },
        "coordinator": { "destroyed": word(&one.coordinator), "overdue_days": one.overdue_there(now) },
    })
}
