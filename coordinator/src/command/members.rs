//! `invite`, `members`, `members revoke`.

use passage_protocol::{agreement::Segment, ids::MemberCode, timestamp::Timestamp};
use passage_shell::{control::Answer, failure::Failure, pki::Fingerprint};

use crate::{
    app::App,
    command::{table, when},
    error::CoordinatorError,
    members,
};

pub(super) fn invite(
    app: &App,
    name: &str,
    segment: &str,
    days: u32,
    now: Timestamp,
) -> Result<Answer, Failure> {
    let segment = Segment::parse(segment).ok_or_else(|| {
        Failure::usage(format!("{segment} is no segment, expected k12, cc, univ or workforce"), "See --help.")
    })?;
    let (text, expires) = members::invite(app, name, segment, days, now)?;
    let fingerprint = Fingerprint::of(app.authority().certificate());
    Ok(Answer {
        text: format!(
            "{text}\n\nGood for one join until {expires}. Hand it over on a channel you both trust; whoever holds it can join."
        ),
        json: serde_json::json!({
            "invitation": text,
            "name": name,
            "segment": segment.name(),
            "expires": expires.to_string(),
            "authority": fingerprint.to_string(),
        }),
    })
}

pub(super) fn list(app: &App) -> Result<Answer, CoordinatorError> {
    let (mut rows, mut json) = (Vec::new(), Vec::new());
    for line in members::list(app)? {
        let (member, code) = (line.member, line.code.to_string());
        let key = member.signing_key.to_string();
        let fingerprint = fingerprint(&key);
        let standing = member.revoked.map_or("active".to_owned(), |at| format!("revoked {at}"));
        json.push(serde_json::json!({
            "code": code,
            "segment": member.segment.name(),
            "name": member.name,
            "signing_key": key,
            "fingerprint": fingerprint,
            "joined": member.joined.to_string(),
            "last_contact": line.last_contact.map(|at| at.to_string()),
            "revoked": member.revoked.map(|at| at.to_string()),
        }));
        rows.push(vec![
            code,
            member.segment.name().to_owned(),
            standing,
            when(line.last_contact),
            fingerprint,
            key,
            member.name,
        ]);
    }
    let head =
        ["code", "segment", "standing", "last contact", "fingerprint", "signing key", "name (yours only)"];
    Ok(Answer { text: table(&head, &rows), json: serde_json::json!({ "members": json }) })
}

/// The first 16 digits of a key in groups of four, as two people read them to each other.
fn fingerprint(key: &str) -> String {
    let digits: Vec<char> = key.chars().take(16).collect();
    let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

pub(super) fn revoke(app: &App, code: &str, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let code = MemberCode::parse(code).ok_or(CoordinatorError::MemberUnknown)?;
    members::revoke(app, code, now)?;
    Ok(Answer {
        text: format!("{code} is revoked; its connections are closed and its running rounds ended."),
        json: serde_json::json!({ "code": code.to_string(), "revoked": now.to_string() }),
    })
}
