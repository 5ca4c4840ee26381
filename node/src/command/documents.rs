//! Agreements and studies, as people read, sign and decide them.

use passage_protocol::agreement::{DocumentId, NoiseTerms};
use passage_shell::{control::Answer, failure::Failure};
use serde_json::json;

use crate::{
    command::Node,
    governance::{HeldAgreement, HeldStudy},
    home::Home,
    records::{Decision, ROUNDS, RoundRecord, Standing, Verdict},
};
use passage_protocol::{codec::Decode, ids::RoundId};

pub(super) fn agreement_list(home: &Home) -> Result<Answer, Failure> {
    let held = home.agreements()?;
    let mut lines: Vec<String> = held
        .iter()
        .map(|one| {
            format!(
                "{}  {}  {} to {}  signed here: {}  signatures: {}",
                id(one),
                one.agreement.title,
                one.agreement.effective,
                one.agreement.expires,
                if signed_here(home, one) { "yes" } else { "no" },
                one.status.signatures.len(),
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push("no agreement names this member yet".to_owned());
    }
    let facts = |one: &HeldAgreement| {
        json!({
            "id": id(one),
            "title": one.agreement.title,
            "effective": one.agreement.effective.to_string(),
            "expires": one.agreement.expires.to_string(),
            "signed_here": signed_here(home, one),
            "signatures": one.status.signatures.len(),
            "parties": one.agreement.parties.len(),
        })
    };
    Ok(Answer { text: lines.join("\n"), json: json!(held.iter().map(facts).collect::<Vec<_>>()) })
}

pub(super) fn agreement_show(home: &Home, name: &str) -> Result<Answer, Failure> {
    let held = home.agreement(name)?;
    let agreement = &held.agreement;
    let noise = match &agreement.noise {
        NoiseTerms::None { consent } => format!("none; the parties' words: \"{consent}\""),
        NoiseTerms::Laplace { epsilon_milli, delta_ppt, budget_milli } => format!(
            "discrete Laplace, epsilon {}.{:03} and delta {delta_ppt}e-12 a table, budget {}.{:03} a roster",
            epsilon_milli / 1_000,
            epsilon_milli % 1_000,
            budget_milli / 1_000,
            budget_milli % 1_000
        ),
    };
    let mut text = format!(
        "{}  {}\ndigest        {}\npurpose       {:?}\nlegal basis   {:?}\nscope         {}\nterm          {} to {}\nretention     {} days\nfloor         {}\nnoise         {noise}\ncommittee     at least {}\n\nparties (compare each signing key with the party by telephone before you sign)\n",
        id(&held),
        agreement.title,
        held.digest,
        agreement.purpose,
        agreement.legal_basis,
        agreement.scope,
        agreement.effective,
        agreement.expires,
        agreement.retention_days,
        agreement.floor,
        agreement.committee_min,
    );
    for party in &agreement.parties {
        let own = if party.code == home.code { "  (this member)" } else { "" };
        text.push_str(&format!("  {}  {:<9} {}{own}\n", party.code, party.segment.name(), party.signing_key));
    }
    text.push_str("\nshare list: who may see a table about whose students\n");
    for share in &agreement.shares {
        text.push_str(&format!(
            "  {} may see {} about the students of {}\n",
            share.to, share.table, share.from
        ));
    }
    Ok(Answer { text, json: json!({ "id": id(&held), "text": held.text }) })
}

pub(super) fn agreement_sign(home: &Home, name: &str, by: &str) -> Result<Answer, Failure> {
    let held = home.agreement(name)?;
    home.sign_agreement(&held, by)?;
    Ok(Answer {
        text: format!("{} signed by {by}; the signature is on its way to the coordinator", id(&held)),
        json: json!({ "id": id(&held), "signed": true }),
    })
}

pub(super) fn agreement_withdraw(home: &Home, name: &str, by: &str) -> Result<Answer, Failure> {
    let held = home.agreement(name)?;
    home.withdraw(&held, by)?;
    Ok(Answer {
        text: format!("withdrawn from {} by {by}; no further round runs under it (G10)", id(&held)),
        json: json!({ "id": id(&held), "withdrawn": true }),
    })
}

pub(super) fn study_list(home: &Home) -> Result<Answer, Failure> {
    let held = home.studies()?;
    let mut lines: Vec<String> =
        held.iter().map(|one| format!("{}  {}  {}", study_id(one), one.study.title, decision(one))).collect();
    if lines.is_empty() {
        lines.push("no study names this member yet".to_owned());
    }
    let facts = |one: &HeldStudy| json!({ "id": study_id(one), "title": one.study.title, "decision": decision(one), "agreement": one.study.agreement });
    Ok(Answer { text: lines.join("\n"), json: json!(held.iter().map(facts).collect::<Vec<_>>()) })
}

pub(super) fn study_show(home: &Home, name: &str) -> Result<Answer, Failure> {
    let held = home.study(name)?;
    let study = &held.study;
    let cohorts: Vec<String> = study.cohorts.iter().map(ToString::to_string).collect();
    let mut text = format!(
        "{}  {}\ndigest     {}\nagreement  {}\ncohorts    {}\nmatch keys {}\ncommittee  {}\ndecision   {}\n\nparticipants\n",
        study_id(&held),
        study.title,
        held.digest,
        study.agreement,
        cohorts.join(", "),
        study.preset.name(),
        study.committee,
        decision(&held),
    );
    for one in &study.participants {
        let own = if one.code == home.code { "  (this member)" } else { "" };
        text.push_str(&format!("  {}  {:?}{own}\n", one.code, one.role));
    }
    text.push_str("\ntables\n");
    for table in &study.tables {
        text.push_str(&format!(
            "  {} version {} by {}\n",
            table.metric,
            table.version,
            table.dimension.name()
        ));
    }
    Ok(Answer { text, json: json!({ "id": study_id(&held), "text": held.text }) })
}

/// Records the decision and goes on with the rounds that waited for it.
pub(super) fn study_decide(node: &Node, name: &str, by: &str, verdict: Verdict) -> Result<Answer, Failure> {
    let home = node.home.as_ref();
    let held = home.study(name)?;
    home.decide(&held, &Decision { verdict, by: by.to_owned(), at: home.now() })?;
    if let Some(driver) = &node.driver {
        for (key, bytes) in home.store.scan(ROUNDS, &[])? {
            let record = RoundRecord::from_bytes(&bytes)?;
            if record.call.study == held.digest && matches!(record.standing, Standing::AwaitDecision) {
                driver.consider(RoundId::from_bytes(&key)?)?;
            }
        }
    }
    let word = match verdict {
        Verdict::Approved => "approved",
        Verdict::Refused => "refused",
    };
    Ok(Answer {
        text: format!("{} {word} by {by}", study_id(&held)),
        json: json!({ "id": study_id(&held), "decision": word }),
    })
}

fn id(held: &HeldAgreement) -> String {
    DocumentId::Agreement(held.digest).to_string()
}

fn study_id(held: &HeldStudy) -> String {
    DocumentId::Study(held.digest).to_string()
}

fn decision(held: &HeldStudy) -> String {
    match &held.decision {
        None => "awaiting your decision".to_owned(),
        Some(decision) if decision.verdict == Verdict::Approved => {
            format!("approved by {} on {}", decision.by, decision.at.date())
        }
        Some(decision) => format!("refused by {} on {}", decision.by, decision.at.date()),
    }
}

fn signed_here(home: &Home, held: &HeldAgreement) -> bool {
    held.status.signatures.iter().any(|(code, _)| *code == home.code)
}
