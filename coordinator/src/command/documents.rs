//! `agreement propose|list`, `study propose|list`.

use passage_protocol::{
    agreement::{Agreement, DocumentId, notices},
    ids::MemberCode,
    timestamp::{Date, Timestamp},
};
use passage_shell::control::Answer;

use crate::{app::App, command::table, documents, error::CoordinatorError};

pub(super) fn propose_agreement(app: &App, text: &str, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let digest = documents::propose_agreement(app, text, now)?;
    let id = DocumentId::Agreement(digest).to_string();
    Ok(Answer {
        text: format!(
            "{id}\n\nProposed. Every party now sees it and can sign it with passage-node agreement sign {id}.\n\
             Studies under it carry the line: agreement = \"{digest}\""
        ),
        json: serde_json::json!({ "agreement": id, "digest": digest.to_string() }),
    })
}

pub(super) fn propose_study(app: &App, text: &str, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let digest = documents::propose_study(app, text, now)?;
    let id = DocumentId::Study(digest).to_string();
    Ok(Answer {
        text: format!("{id}\n\nProposed. Open a round of it with passage-coordinator round open {id}."),
        json: serde_json::json!({ "study": id, "digest": digest.to_string() }),
    })
}

/// The board of agreements (C4): term and days left, who has not signed, who has left, and what falls due (G03, G14). Parties
/// by opaque code.
pub(super) fn agreements(app: &App, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let (mut rows, mut due_lines, mut json) = (Vec::new(), Vec::new(), Vec::new());
    let today = now.date();
    for (digest, agreement) in documents::agreements(app)? {
        let consents = documents::consents(app, digest, &agreement)?;
        let id = DocumentId::Agreement(digest).to_string();
        let codes = || agreement.parties.iter().map(|party| party.code);
        let texts = |codes: &mut dyn Iterator<Item = MemberCode>| -> Vec<String> {
            codes.map(|code| code.to_string()).collect()
        };
        let signed = texts(&mut codes().filter(|code| consents.signature(*code).is_some()));
        let missing = texts(&mut codes().filter(|code| consents.signature(*code).is_none()));
        let withdrawn = texts(&mut codes().filter(|code| consents.withdrawal(*code).is_some()));
        let parties = texts(&mut codes());
        let days_left = agreement.expires.days_since(today);
        let due = notices(&agreement, today);
        rows.push(vec![
            id.clone(),
            format!("{} to {}", agreement.effective, agreement.expires),
            term_words(&agreement, today),
            agreement.elements_agreed.a_year_later().to_string(),
            listed(&missing),
            listed(&withdrawn),
            agreement.title.clone(),
        ]);
        due_lines.extend(due.iter().map(|notice| format!("{id}  {notice} ({})", notice.rule())));
        json.push(serde_json::json!({
            "agreement": id,
            "digest": digest.to_string(),
            "title": agreement.title,
            "effective": agreement.effective.to_string(),
            "expires": agreement.expires.to_string(),
            "days_left": days_left,
            "elements_review": agreement.elements_agreed.a_year_later().to_string(),
            "parties": parties,
            "signed": signed,
            "missing": missing,
            "withdrawn": withdrawn,
            "due": due.iter().map(|one| serde_json::json!({ "rule": one.rule(), "what": one.to_string() })).collect::<Vec<_>>(),
        }));
    }
    let head = ["agreement", "term", "days left", "elements review", "not signed", "withdrawn", "title"];
    let mut text = table(&head, &rows);
    if !due_lines.is_empty() {
        text.push_str(&format!("\n\ndue now\n{}", due_lines.join("\n")));
    }
    Ok(Answer { text, json: serde_json::json!({ "agreements": json }) })
}

fn term_words(agreement: &Agreement, today: Date) -> String {
    match (agreement.expires.days_since(today), agreement.effective.days_since(today)) {
        (left, _) if left < 0 => "over".to_owned(),
        (_, ahead) if ahead > 0 => format!("begins in {ahead}"),
        (left, _) => left.to_string(),
    }
}

/// Codes in one cell.
fn listed(codes: &[String]) -> String {
    if codes.is_empty() { "-".to_owned() } else { codes.join(", ") }
}

pub(super) fn studies(app: &App, now: Timestamp) -> Result<Answer, CoordinatorError> {
    let (mut rows, mut json) = (Vec::new(), Vec::new());
    for (digest, study) in documents::studies(app)? {
        let id = DocumentId::Study(digest).to_string();
        let papers = documents::papers(app, digest)?;
        let standing = match documents::check_standing(app, &papers, now) {
            Ok(()) => "may be opened".to_owned(),
            Err(refused) => refused.to_string(),
        };
        let members: Vec<String> = study.participants.iter().map(|one| one.code.to_string()).collect();
        rows.push(vec![
            id.clone(),
            DocumentId::Agreement(study.agreement).to_string(),
            members.len().to_string(),
            standing.clone(),
            study.title.clone(),
        ]);
        json.push(serde_json::json!({
            "study": id,
            "digest": digest.to_string(),
            "title": study.title,
            "agreement": DocumentId::Agreement(study.agreement).to_string(),
            "participants": members,
            "standing": standing,
        }));
    }
    let head = ["study", "agreement", "members", "standing", "title"];
    Ok(Answer { text: table(&head, &rows), json: serde_json::json!({ "studies": json }) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{NOW, World};

    /// 2029-07-25, six days before the end of the example's term.
    const LAST_WEEK: Timestamp = Timestamp(1_879_632_000);
    /// 2027-08-01, in the grace after the first year of its elements.
    const REVIEW: Timestamp = Timestamp(1_817_078_400);

    #[test]
    fn c4_the_board_shows_term_days_left_missing_signatures_withdrawals_and_what_falls_due() {
        let world = World::unsigned();
        world.sign(0).unwrap();
        let board = agreements(&world.app, NOW).unwrap();
        let one = &board.json["agreements"][0];
        assert_eq!(one["days_left"], 986, "{one}");
        assert_eq!(one["missing"], serde_json::json!([world.codes[1].to_string()]));
        assert!(one["due"].as_array().unwrap().is_empty() && !board.text.contains("due now"));
        assert!(board.text.contains("2027-07-15"), "review of the elements: {}", board.text);
        world.sign(1).unwrap();
        documents::state(&world.app, world.codes[0], &world.withdrawal(0), NOW).unwrap();
        let board = agreements(&world.app, LAST_WEEK).unwrap();
        let one = &board.json["agreements"][0];
        assert_eq!((one["days_left"].as_i64(), one["missing"].as_array().map(Vec::len)), (Some(6), Some(0)));
        assert_eq!(one["withdrawn"], serde_json::json!([world.codes[0].to_string()]));
        assert_eq!(one["due"][0]["rule"], "G14");
        assert!(board.text.contains("the term ends in 6 days"), "{}", board.text);
        let board = agreements(&world.app, REVIEW).unwrap();
        assert_eq!(board.json["agreements"][0]["due"][0]["rule"], "G03", "{}", board.json);
        // Parties by code alone (G09).
        assert!(!board.text.contains("Alder") && !board.json.to_string().contains("Birch"));
    }
}
