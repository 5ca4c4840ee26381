//! `principles propose|list`.

use passage_protocol::timestamp::Timestamp;
use passage_shell::control::Answer;

use crate::{app::App, command::table, error::CoordinatorError, principles};

pub(super) fn propose(app: &App, text: &str, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let digest = principles::propose(app, text, now)?;
    Ok(Answer {
        text: format!(
            "{digest}\n\nProposed. Every member now sees it with passage-node principles show and can sign it with \
             passage-node principles sign. Until all have signed, the version before stays in force (G06)."
        ),
        json: serde_json::json!({ "principles": digest.to_string() }),
    })
}

pub(super) fn list(app: &App) -> Result<Answer, CoordinatorError> {
    let changes = principles::changes(app)?;
    let (current, _) = principles::in_force(&changes);
    let (mut rows, mut json) = (Vec::new(), Vec::new());
    for one in &changes {
        let missing: Vec<String> = (one.change.members.iter())
            .filter(|member| one.record.signature(member.code).is_none())
            .map(|member| member.code.to_string())
            .collect();
        let members = one.change.members.len();
        let standing = match (one.change.version == current.version, missing.is_empty()) {
            (true, _) => "in force",
            (false, true) => "replaced",
            (false, false) if one.change.version < current.version => "overtaken",
            (false, false) => "awaits signatures",
        };
        rows.push(vec![
            one.change.version.to_string(),
            one.digest.short(),
            format!("{} of {members}", members - missing.len()),
            standing.to_owned(),
            missing.join(" "),
        ]);
        json.push(serde_json::json!({
            "version": one.change.version,
            "principles": one.digest.to_string(),
            "text": one.change.edition().digest.to_string(),
            "members": members,
            "missing": missing,
            "standing": standing,
        }));
    }
    let head = ["version", "document", "signed", "standing", "missing"];
    let text = format!("version {} is in force\n\n{}", current.version, table(&head, &rows));
    Ok(Answer { text, json: serde_json::json!({ "in_force": current.version, "changes": json }) })
}
