//! Agreements and studies, as people read, sign and decide them.

use std::path::Path;

use passage_protocol::{
    agreement::{
        DocumentId, Study, notices,
        page::{self, Shown},
    },
    ids::MemberCode,
};
use passage_shell::{control::Answer, failure::Failure, state_dir::write_atomically};
use serde_json::json;

use super::rounds;
use crate::{
    command::Node,
    governance::{HeldAgreement, HeldStudy, Without},
    home::{Home, refuse},
    metrics,
    records::{Decision, RoundRecord, Standing, Verdict},
};

pub(super) fn agreement_list(home: &Home) -> Result<Answer, Failure> {
    let held = home.agreements()?;
    let today = home.now().date();
    let mut lines = Vec::new();
    for one in &held {
        lines.push(format!(
            "{}  {}  {} to {} ({})  signed here: {}  signatures: {} of {}",
            id(one),
            one.agreement.title,
            one.agreement.effective,
            one.agreement.expires,
            days_left(one.agreement.expires.days_since(today)),
            if signed_here(home, one) { "yes" } else { "no" },
            signatures(one),
            one.agreement.parties.len(),
        ));
        let left = withdrawn(one);
        if !left.is_empty() {
            let codes: Vec<String> = left.iter().map(ToString::to_string).collect();
            lines.push(format!("    withdrawn: {} (G10)", codes.join(", ")));
        }
        lines.extend(notices(&one.agreement, today).iter().map(|due| format!("    {due} ({})", due.rule())));
    }
    if lines.is_empty() {
        lines.push("no agreement names this member yet".to_owned());
    }
    let facts = |one: &HeldAgreement| {
        let due = notices(&one.agreement, today);
        json!({
            "id": id(one),
            "digest": one.digest.to_string(),
            "title": one.agreement.title,
            "effective": one.agreement.effective.to_string(),
            "expires": one.agreement.expires.to_string(),
            "signed_here": signed_here(home, one),
            "signatures": signatures(one),
            "parties": one.agreement.parties.len(),
            "days_left": one.agreement.expires.days_since(today),
            "withdrawn": withdrawn(one).iter().map(ToString::to_string).collect::<Vec<_>>(),
            "due": due.iter().map(|one| json!({ "rule": one.rule(), "what": one.to_string() })).collect::<Vec<_>>(),
        })
    };
    Ok(Answer { text: lines.join("\n"), json: json!(held.iter().map(facts).collect::<Vec<_>>()) })
}

fn days_left(days: i64) -> String {
    if days < 0 { "over".to_owned() } else { format!("{days} days left") }
}

/// Parties that have withdrawn.
fn withdrawn(held: &HeldAgreement) -> Vec<MemberCode> {
    let parties = held.agreement.parties.iter().map(|party| party.code);
    parties.filter(|code| held.consents.withdrawal(*code).is_some()).collect()
}

/// The page, on the screen or as a file to print (L1).
pub(super) fn agreement_show(home: &Home, name: &str, out: Option<&Path>) -> Result<Answer, Failure> {
    let held = home.agreement(name)?;
    let destroyed = home.words_of_withdrawals(held.digest, &withdrawn(&held))?;
    let shown = Shown {
        destroyed: &destroyed,
        agreement: &held.agreement,
        digest: held.digest,
        consents: &held.consents,
        today: home.now().date(),
    };
    let Some(path) = out else {
        return Ok(Answer {
            text: page::text(&shown).trim_end().to_owned(),
            json: json!({ "id": id(&held), "digest": held.digest.to_string(), "text": held.text }),
        });
    };
    write_atomically(path, page::html(&shown).as_bytes())?;
    Ok(Answer {
        text: format!("{} written to {}", id(&held), path.display()),
        json: json!({ "id": id(&held), "digest": held.digest.to_string(), "page": path }),
    })
}

pub(super) fn agreement_sign(home: &Home, name: &str, by: &str) -> Result<Answer, Failure> {
    let held = home.agreement(name)?;
    home.sign_agreement(&held, by)?;
    Ok(Answer {
        text: format!("{} signed by {by}; the signature is on its way to the coordinator", id(&held)),
        json: json!({ "id": id(&held), "signed": true }),
    })
}

pub(super) fn agreement_share(
    home: &Home,
    name: &str,
    by: &str,
    without: &[String],
) -> Result<Answer, Failure> {
    let read = |text: &String| {
        Without::parse(text).ok_or_else(|| {
            refuse(
                0x2214,
                "an element is not written as ELEMENT or ELEMENT:M-XXXXXXXX",
                "Write for example `--without zip`, or `--without zip:M-7K3QZ9TB` for one party.",
                None,
            )
        })
    };
    let without = without.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let held = home.agreement(name)?;
    let (kept, all) = home.choose_shares(&held, by, &without)?;
    Ok(Answer {
        text: format!(
            "{}: {kept} of {all} lines that concern this member are offered or accepted from the next round on, chosen by {by} (G02)",
            id(&held)
        ),
        json: json!({ "id": id(&held), "lines": all, "kept": kept }),
    })
}

/// Withdraws, ends what runs and destroys what was contributed (G10). Without a daemon the last two wait for its next start.
pub(super) fn agreement_withdraw(node: &Node, name: &str, by: &str) -> Result<Answer, Failure> {
    let home = node.home.as_ref();
    let held = home.agreement(name)?;
    home.withdraw(&held, by)?;
    if let Some(driver) = &node.driver {
        driver.halt_under(held.digest)?;
    }
    // The withdrawal stands whatever becomes of this: what is not finished now is finished within the hour.
    let certificates = home.finish_sweeps().unwrap_or_else(|failure| {
        tracing::warn!(code = failure.code(), what = failure.what(), "a withdrawal's destruction waits");
        Vec::new()
    });
    let released = released_under(home, &held)?;
    let mut lines =
        vec![format!("withdrawn from {} by {by}; no further round runs under it (G10)", id(&held))];
    lines.extend(
        released.iter().map(|(round, at)| format!("released before and not recalled: {round}, {at}")),
    );
    lines.push(match certificates.last() {
        Some((statement, path)) => format!("\n{}signed certificate: {}", statement.words(), path.display()),
        None => "what was contributed is destroyed when its last round has ended here, within the hour or when the daemon starts; the folder `certificates` then has the proof".to_owned(),
    });
    let certificate = certificates.last().map(|(_, path)| path);
    let released: Vec<_> = released.iter().map(|(round, at)| json!({ "round": round, "at": at })).collect();
    Ok(Answer {
        text: lines.join("\n"),
        json: json!({ "id": id(&held), "withdrawn": true, "released": released, "certificate": certificate }),
    })
}

/// Rounds under an agreement whose report is here, and when it came: what a withdrawal does not undo (G10).
fn released_under(home: &Home, held: &HeldAgreement) -> Result<Vec<(String, String)>, Failure> {
    let is_released = |record: &RoundRecord| {
        record.call.agreement == held.digest && matches!(record.standing, Standing::Finished)
    };
    let records = rounds::records(home)?.into_iter().filter(is_released);
    let mut released: Vec<_> = records.map(|record| (record.moved, record.call.round)).collect();
    released.sort_unstable();
    Ok(released.into_iter().map(|(at, round)| (round.to_string(), at.to_string())).collect())
}

pub(super) fn study_list(home: &Home) -> Result<Answer, Failure> {
    let held = home.studies()?;
    let mut lines: Vec<String> =
        held.iter().map(|one| format!("{}  {}  {}", study_id(one), one.study.title, decision(one))).collect();
    if lines.is_empty() {
        lines.push("no study names this member yet".to_owned());
    }
    let facts = |one: &HeldStudy| json!({ "id": study_id(one), "title": one.study.title, "decision": decision(one), "agreement": DocumentId::Agreement(one.study.agreement).to_string() });
    Ok(Answer { text: lines.join("\n"), json: json!(held.iter().map(facts).collect::<Vec<_>>()) })
}

pub(super) fn study_show(home: &Home, name: &str) -> Result<Answer, Failure> {
    let held = home.study(name)?;
    let study = &held.study;
    let cohorts: Vec<String> = study.cohorts.iter().map(ToString::to_string).collect();
    let mut text = format!(
        "{}  {}\ndigest     {}\nagreement  {}\npurpose    {}\ncohorts    {}\nmatch keys {}\nlinks      {}\ncommittee  {}\ndecision   {}\n\nparticipants\n",
        study_id(&held),
        study.title,
        held.digest,
        DocumentId::Agreement(study.agreement),
        study.purpose.words(),
        cohorts.join(", "),
        study.preset.name(),
        links(study),
        study.committee,
        decision(&held),
    );
    for one in &study.participants {
        let own = if one.code == home.code { "  (this member)" } else { "" };
        text.push_str(&format!("  {}  {:?}{own}\n", one.code, one.role));
    }
    text.push_str(&schools(study));
    text.push_str("\ntables\n");
    for table in &study.tables {
        text.push_str(&format!(
            "  {} version {} by {}\n",
            table.metric,
            table.version,
            table.dimension.name()
        ));
    }
    text.push_str("\nwhat is counted\n");
    for metric in study.metrics().into_iter().filter_map(|(id, version)| study.metric(id, version)) {
        text.push_str(&metrics::study_text(metric, study));
    }
    Ok(Answer { text, json: json!({ "id": study_id(&held), "text": held.text }) })
}

/// The schools that have a row of their own, for the person who says yes: a small one is told by name, as far as the floor lets it.
fn schools(study: &Study) -> String {
    let mut text = String::new();
    for one in study.participants.iter().filter(|one| !one.schools.is_empty()) {
        text.push_str(&format!(
            "\nschools of {}: a row each, by the school at which a student completed; all others together are one more\n",
            one.code
        ));
        for school in &one.schools {
            text.push_str(&format!("  {}  {}\n", school.code, school.name));
        }
    }
    text
}

/// Who is linked to whom, for the person who says yes: it decides which students are found.
fn links(study: &Study) -> &'static str {
    if study.bridges {
        "by a shared key, and through another member: a student whom a receiver does not know by any shared key is looked for there\n           \
         through the record of another receiver. More students are found and a few more wrongly; each receiver's list is also\n           \
         compared with every other's"
    } else {
        "by a shared key alone: a receiver that holds no key of a student in common with the sender does not find him"
    }
}

/// Records the decision and goes on with the rounds that waited for it.
pub(super) fn study_decide(node: &Node, name: &str, by: &str, verdict: Verdict) -> Result<Answer, Failure> {
    let home = node.home.as_ref();
    let held = home.study(name)?;
    if verdict == Verdict::Approved {
        // Found when a round calls, it would end the round for everybody.
        metrics::plan_brought(&held.study)?;
    }
    home.decide(&held, &Decision { verdict, by: by.to_owned(), at: home.now() })?;
    if let Some(driver) = &node.driver {
        for record in rounds::records(home)? {
            if record.call.study == held.digest && matches!(record.standing, Standing::AwaitDecision) {
                driver.consider(record.call.round)?;
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
    held.consents.signature(home.code).is_some()
}

fn signatures(held: &HeldAgreement) -> usize {
    held.agreement.parties.iter().filter(|party| held.consents.signature(party.code).is_some()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approver_reads_which_schools_have_a_row_and_how_many_cells_that_makes() {
        let example = include_str!("../../../deploy/config/study.example.toml");
        assert_eq!(schools(&Study::parse(example).unwrap()), "");
        let listed = "schools = [{ code = \"1930361\", name = \"Lincoln High\" }, { code = \"0000012\", name = \"Juniper\" }]";
        let text = example
            .replace("by = [\"all\", \"ethnicity\", \"gender\"]", "by = [\"all\", \"school\"]")
            .replacen("role = \"sender\"\n", &format!("role = \"sender\"\n{listed}\n"), 1);
        let study = Study::parse(&text).unwrap();
        let told = schools(&study);
        assert!(told.contains("schools of M-00000001") && told.contains("all others together are one more"));
        assert!(told.contains("  1930361  Lincoln High\n  0000012  Juniper\n"), "{told}");
        let metric = study.metric("college-going-12", 1).unwrap();
        let told = metrics::study_text(metric, &study);
        assert!(
            told.contains("by school of M-00000001: 2 cohorts x 3 categories x 1 outcomes = 6 cells"),
            "{told}"
        );
    }

    #[test]
    fn an_approver_reads_whether_students_are_looked_for_through_others() {
        let example = include_str!("../../../deploy/config/study.example.toml");
        let direct = Study::parse(example).unwrap();
        assert!(links(&direct).starts_with("by a shared key alone"));
        let third = "[[participant]]\ncode = \"M-00000003\"\nrole = \"receiver\"\n";
        assert!(example.contains("\nbridges = false\n"), "the example says what is asked for");
        let text = example.replace("\nbridges = false\n", "\nbridges = true\n") + third;
        let told = links(&Study::parse(&text).unwrap());
        assert!(
            told.contains("through another member") && told.contains("compared with every other's"),
            "{told}"
        );
    }
}
