//! `release list`: reports that were made, and proposals to show one outside with what each awaits (C5).

use passage_protocol::{
    ids::MemberCode,
    release::{Standing, page},
    timestamp::Timestamp,
};
use passage_shell::control::Answer;
use serde_json::{Value, json};

use crate::{
    app::App,
    command::{rounds, table},
    error::CoordinatorError,
    releases::{BoardLine, board},
};

pub(super) fn list(app: &App, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let Answer { text, mut json } = rounds::releases(app)?;
    let lines = board(app, now)?;
    let row = |line: &BoardLine| {
        let proposal = line.release.proposal();
        vec![
            line.release.id().to_string(),
            proposal.round.to_string(),
            proposal.format.name().to_owned(),
            proposal.proposer.to_string(),
            line.standing.word().to_owned(),
            codes(awaited(&line.standing)),
            line.release.window_ends().to_string(),
            overdue(line.overdue_s),
        ]
    };
    let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
    if let Some(object) = json.as_object_mut() {
        object.insert("proposals".to_owned(), lines.iter().map(facts).collect());
    }
    let head =
        ["proposal", "round", "form", "proposed by", "standing", "awaited", "comments until", "overdue"];
    let proposals = if rows.is_empty() {
        "no report was proposed for release outside the parties".to_owned()
    } else {
        table(&head, &rows)
    };
    Ok(Answer { text: format!("{text}\n\n{proposals}"), json })
}

fn facts(line: &BoardLine) -> Value {
    let proposal = line.release.proposal();
    let awaited: Vec<String> = awaited(&line.standing).iter().map(ToString::to_string).collect();
    json!({
        "release": line.release.id().to_string(),
        "digest": line.release.id().0.to_string(),
        "round": proposal.round.to_string(),
        "format": proposal.format.name(),
        "file": proposal.file.digest.to_string(),
        "proposer": proposal.proposer.to_string(),
        "standing": line.standing.word(),
        "words": page::standing(&line.standing),
        "awaited": awaited,
        "comments_until": line.release.window_ends().to_string(),
        "decide_by": proposal.lapses.to_string(),
        "overdue_seconds": line.overdue_s,
    })
}

/// Who is awaited: a yes, or the word that it stands.
fn awaited(standing: &Standing) -> &[MemberCode] {
    match standing {
        Standing::Open { missing, unconfirmed, .. } => {
            if missing.is_empty() {
                unconfirmed
            } else {
                missing
            }
        }
        Standing::Approved { .. } | Standing::Lapsed { .. } | Standing::Refused { .. } => &[],
    }
}

fn codes(members: &[MemberCode]) -> String {
    if members.is_empty() {
        return "-".to_owned();
    }
    members.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn overdue(seconds: u64) -> String {
    match seconds {
        0 => "-".to_owned(),
        some if some < 86_400 => format!("{} h", some.div_ceil(3_600)),
        some => format!("{} days", some / 86_400),
    }
}
