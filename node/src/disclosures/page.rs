//! The record of disclosures as a parent or a student is shown it.

use passage_protocol::agreement::DocumentId;
use passage_shell::{control::Answer, failure::code_text};
use serde_json::json;

use super::{Disclosure, Found, Recipient};
use crate::records::Standing;

/// The record of one student, or of all.
#[must_use]
pub fn page(student: Option<&str>, found: &[Found]) -> Answer {
    let head = match student {
        Some(number) => format!("Disclosures of the record of student {number} (34 CFR 99.32)"),
        None => "Disclosures of student records (34 CFR 99.32)".to_owned(),
    };
    let mut lines = vec![head];
    if found.is_empty() {
        lines.push(String::new());
        lines.push("None is on record here.".to_owned());
    }
    for (number, one) in (1..).zip(found) {
        lines.push(String::new());
        lines.extend(entry(number, one));
        if student.is_none() {
            lines.push(format!("   students   {}", one.disclosure.students));
        }
    }
    let mut facts: Vec<serde_json::Value> = found.iter().map(facts).collect();
    if student.is_none() {
        for (fact, one) in facts.iter_mut().zip(found) {
            fact["students"] = json!(one.disclosure.students);
        }
    }
    Answer { text: lines.join("\n"), json: json!(facts) }
}

fn entry(number: usize, found: &Found) -> Vec<String> {
    let one = &found.disclosure;
    let mut lines = vec![
        format!("{number}. {}, round {}", one.at, one.round),
        format!("   why        {}", one.purpose),
        format!("   basis      {}", one.basis),
        format!("   agreement  {} {}", DocumentId::Agreement(one.agreement), one.agreement_title),
        format!("   study      {} {}", DocumentId::Study(one.study), one.study_title),
        format!("   from       {}", one.elements.join(", ")),
        "   as         blinded match keys and encrypted codes; no party could read a record".to_owned(),
    ];
    lines.extend(
        one.parties.iter().map(|party| format!("   to         {}: {}", named(party), party.interest)),
    );
    lines.push(format!("   approved   {}", one.by));
    lines.push(format!("   outcome    {}", outcome(found)));
    lines
}

fn named(party: &Recipient) -> String {
    match party.code {
        Some(code) => format!("{} ({code})", party.name),
        None => party.name.clone(),
    }
}

fn outcome(found: &Found) -> String {
    match found.round.as_ref().map(|round| &round.standing) {
        Some(Standing::Finished) => "counts were released to the parties named above".to_owned(),
        Some(Standing::Aborted { code, .. }) => {
            format!("the round ended without a result ({}); nothing was released", code_text(*code))
        }
        Some(Standing::Running { phase, .. }) => format!("the round is running: {phase}"),
        Some(Standing::AwaitDecision) | None => "not on record any more".to_owned(),
    }
}

fn facts(found: &Found) -> serde_json::Value {
    let Disclosure {
        round,
        at,
        by,
        agreement,
        agreement_title,
        study,
        study_title,
        basis,
        purpose,
        elements,
        parties,
        students: _,
    } = &found.disclosure;
    let party = |one: &Recipient| json!({ "code": one.code.map(|code| code.to_string()), "name": one.name, "interest": one.interest });
    json!({
        "round": round.to_string(),
        "at": at.to_string(),
        "approved_by": by,
        "agreement": DocumentId::Agreement(*agreement).to_string(),
        "agreement_title": agreement_title,
        "study": DocumentId::Study(*study).to_string(),
        "study_title": study_title,
        "legal_basis": basis,
        "purpose": purpose,
        "elements": elements,
        "parties": parties.iter().map(party).collect::<Vec<_>>(),
        "outcome": outcome(found),
    })
}

#[cfg(test)]
mod tests {
    use passage_protocol::{
        ids::{Digest, MemberCode, RoundId},
        timestamp::Timestamp,
    };

    use super::*;

    fn found() -> Found {
        let party = |code: Option<u8>, name: &str, interest: &str| Recipient {
            code: code.map(|code| MemberCode([code; 5])),
            name: name.to_owned(),
            interest: interest.to_owned(),
        };
        let disclosure = Disclosure {
            round: RoundId([7; 16]),
            at: Timestamp(1_795_000_000),
            by: "R. Alder, Superintendent".to_owned(),
            agreement: Digest([1; 32]),
            agreement_title: "Transitions in the valley".to_owned(),
            study: Digest([2; 32]),
            study_title: "College-going within 12 months".to_owned(),
            basis: "FERPA, studies exception, 34 CFR 99.31(a)(6)".to_owned(),
            purpose: "improving instruction".to_owned(),
            elements: ["birth-date", "first", "last", "ssid"].map(str::to_owned).to_vec(),
            parties: vec![
                party(Some(3), "Birch College", "receives counts, none of them of a single student"),
                party(None, "coordinator of Valley", "matches blinded tags"),
            ],
            students: 1_204,
        };
        Found { disclosure, round: None }
    }

    #[test]
    fn f05_l2_what_a_parent_is_shown_is_the_golden_page() {
        let golden = include_str!("../../tests/golden/disclosures-of-a-student.txt");
        let page = page(Some("104233"), &[found()]);
        assert_eq!(page.text, golden.trim_end());
        assert_eq!(page.json[0]["parties"][0]["name"], "Birch College");
    }

    #[test]
    fn f05_a_student_in_no_round_is_told_so_and_totals_are_for_the_member_alone() {
        let nobody = page(Some("9"), &[]).text;
        assert!(nobody.ends_with("None is on record here."), "{nobody}");
        assert!(page(None, &[found()]).text.ends_with("students   1204"));
        assert!(!page(Some("104233"), &[found()]).text.contains("1204"));
    }
}
