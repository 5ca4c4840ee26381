//! `agreement propose|list`, `study propose|list`.

use passage_protocol::{agreement::DocumentId, ids::MemberCode, timestamp::Timestamp};
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

pub(super) fn agreements(app: &App) -> Result<Answer, CoordinatorError> {
    let (mut rows, mut json) = (Vec::new(), Vec::new());
    for (digest, agreement) in documents::agreements(app)? {
        let consents = documents::consents(app, digest, &agreement)?;
        let id = DocumentId::Agreement(digest).to_string();
        let codes = || agreement.parties.iter().map(|party| party.code);
        let texts = |codes: &mut dyn Iterator<Item = MemberCode>| -> Vec<String> {
            codes.map(|code| code.to_string()).collect()
        };
        let signed = texts(&mut codes().filter(|code| consents.signature(*code).is_some()));
        let withdrawn = texts(&mut codes().filter(|code| consents.withdrawal(*code).is_some()));
        let parties = texts(&mut codes());
        rows.push(vec![
            id.clone(),
            format!("{} to {}", agreement.effective, agreement.expires),
            format!("{} of {}", signed.len(), parties.len()),
            withdrawn.len().to_string(),
            agreement.title.clone(),
        ]);
        json.push(serde_json::json!({
            "agreement": id,
            "digest": digest.to_string(),
            "title": agreement.title,
            "effective": agreement.effective.to_string(),
            "expires": agreement.expires.to_string(),
            "parties": parties,
            "signed": signed,
            "withdrawn": withdrawn,
        }));
    }
    let head = ["agreement", "term", "signed", "withdrawn", "title"];
    Ok(Answer { text: table(&head, &rows), json: serde_json::json!({ "agreements": json }) })
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
