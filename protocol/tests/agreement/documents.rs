//! What an agreement must hold to be read at all.

use passage_protocol::{
    agreement::{Agreement, NoiseTerms, Notice, Publication, notices, principles},
    dictionary::Dictionary,
    refusal::{Code, Refusal},
    timestamp::Date,
};

use crate::papers::{EXAMPLE, changed, refused};

/// The line of the example that sets `key`, with its end.
fn line(key: &str) -> String {
    let start = EXAMPLE.find(&format!("\n{key} = ")).unwrap() + 1;
    let length = EXAMPLE[start..].find('\n').unwrap() + 1;
    EXAMPLE[start..start + length].to_owned()
}

fn without(key: &str) -> String {
    changed(&line(key), "")
}

#[test]
fn the_example_is_read_and_names_the_texts_that_ship() {
    let agreement = Agreement::parse(EXAMPLE).unwrap();
    assert_eq!(agreement.dictionary.digest, Dictionary::builtin().unwrap().digest);
    assert_eq!(agreement.principles.digest, principles::digest());
    assert_eq!(agreement.publication, Publication::ExternalAfterReview { comment_minutes: 5 * 24 * 60 });
}

#[test]
fn defaults_are_the_careful_ones() {
    let start = EXAMPLE.find("\n# What is shown of small numbers").unwrap();
    let end = EXAMPLE.find("\n# Where a school district").unwrap();
    let mut text = format!("{}{}", &EXAMPLE[..start], &EXAMPLE[end..]);
    for cut in ["[publication]\n", &line("rule"), &line("comment_days"), &line("committee_min")] {
        text = text.replacen(cut, "", 1);
    }
    let agreement = Agreement::parse(&text).unwrap();
    assert_eq!((agreement.floor, agreement.committee_min), (11, 2));
    assert_eq!(agreement.publication, Publication::Internal);
    let laplace = NoiseTerms::Laplace { epsilon_milli: 2_000, delta_ppt: 1_000_000, budget_milli: 20_000 };
    assert_eq!(agreement.noise, laplace);
}

#[test]
fn a_document_of_format_1_is_refused_with_advice() {
    let old = "format = \"passage-agreement/1\"\ntitle = \"T\"\npurpose = \"student-aid\"\n";
    let error = Agreement::parse(old).unwrap_err();
    assert_eq!(error.code(), Code(0x0420));
    assert!(error.to_string().contains("passage-agreement/2") && error.advice().contains("deploy/config"));
}

#[test]
fn f01_the_legal_basis_is_required_and_from_a_closed_list() {
    for text in [without("legal_basis"), changed("\"studies\"", "\"interest\"")] {
        let (rule, words) = refused(&text);
        assert_eq!(rule, Some("F1"));
        assert!(words.contains("audit-evaluation") && words.contains("de-identified"), "{words}");
    }
}

#[test]
fn f02_purposes_are_from_a_closed_list_and_fit_the_basis() {
    let purposes = line("purposes");
    for bad in ["[]", "[\"curiosity\"]", "[\"programme-evaluation\"]"] {
        let (rule, words) = refused(&changed(&purposes, &format!("purposes = {bad}\n")));
        assert_eq!(rule, Some("F2"), "{bad}: {words}");
        assert!(words.contains("`purposes`"), "{words}");
    }
    assert_eq!(refused(&without("purposes")).0, Some("F2"));
}

#[test]
fn f03_a_studies_agreement_with_a_blank_does_not_start() {
    for key in ["scope", "representatives", "effective", "expires", "retention_days"] {
        for text in [without(key), changed(&line(key), &format!("{key} = {}\n", blank(key)))] {
            let (rule, words) = refused(&text);
            assert_eq!(rule, Some("F3"), "{key}: {words}");
            assert!(words.contains(&format!("`{key}`")), "{words}");
        }
    }
    let shares = EXAMPLE.find("[[share]]").unwrap();
    let (rule, words) = refused(&EXAMPLE[..shares]);
    assert_eq!((rule, words.contains("`share`")), (Some("F3"), true), "what is disclosed must be said");
}

fn blank(key: &str) -> &'static str {
    if key == "retention_days" { "0" } else { "\"  \"" }
}

/// The example as an audit, with everything F4 asks for.
fn audit() -> String {
    let basis = changed("\"studies\"", "\"audit-evaluation\"");
    let purpose = basis.replacen("[\"improving-instruction\"]", "[\"programme-evaluation\"]", 1);
    let start = purpose.find("#   [audit]").unwrap();
    let table: String =
        purpose[start..].lines().take(7).map(|line| line.replacen("#   ", "", 1) + "\n").collect();
    format!("{purpose}{table}")
}

#[test]
fn f04_an_audit_names_representative_programme_activity_exception_destruction_and_policies() {
    Agreement::parse(&audit()).unwrap();
    for key in ["authorised_representative", "programme", "activity", "exception", "destruction", "policies"]
    {
        let text = audit();
        let start = text.find("\n[audit]").unwrap();
        let line = text[start..].lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        let blank =
            format!("{}{}", &text[..start], text[start..].replacen(line, &format!("{key} = \"\""), 1));
        let (rule, words) = refused(&blank);
        assert_eq!(rule, Some("F4"), "{key}: {words}");
        assert!(words.contains(&format!("`audit.{key}`")), "{words}");
    }
    let cut = audit().find("\n[audit]").unwrap();
    assert_eq!(refused(&audit()[..cut]).0, Some("F4"), "an audit without its table");
    let table = audit()[cut..].to_owned();
    assert_eq!(refused(&format!("{EXAMPLE}{table}")).0, Some("F4"), "the table without an audit");
}

#[test]
fn f07_what_is_de_identified_has_no_rows_and_no_exact_counts() {
    let basis = changed("\"studies\"", "\"de-identified\"");
    Agreement::parse(&basis).unwrap();
    let (rule, words) = refused(&basis.replacen("level = \"aggregate\"", "level = \"unitary\"", 1));
    assert_eq!((rule, words.contains("`share.level`")), (Some("F7"), true), "{words}");
    let start = basis.find("kind = \"discrete-laplace\"").unwrap();
    let end = basis.find("\n# Where a school district").unwrap();
    let exact = "kind = \"none\"\nconsent = \"The parties accept exact tables.\"\n";
    let (rule, words) = refused(&format!("{}{exact}{}", &basis[..start], &basis[end..]));
    assert_eq!((rule, words.contains("`noise.kind`")), (Some("F7"), true), "{words}");
}

#[test]
fn f09_with_a_district_every_contract_clause_is_confirmed() {
    for clause in passage_protocol::agreement::ContractClause::ALL {
        let quoted = format!("\"{}\",", clause.name());
        let (rule, words) = refused(&changed(&quoted, ""));
        assert_eq!(rule, Some("F9"));
        assert!(words.contains(clause.name()), "{words}");
    }
    // Without a district there is no pupil record, and no contract about one.
    let colleges = changed("\"pupil-content\",", "").replacen("segment = \"k12\"", "segment = \"univ\"", 1);
    Agreement::parse(&colleges).unwrap();
}

#[test]
fn f11_signers_have_a_capacity_and_consent_says_whose() {
    let start = EXAMPLE
        .find("[[party.signer]]\n# As it will stand")
        .unwrap_or_else(|| EXAMPLE.find("[[party.signer]]").unwrap());
    let end = start + EXAMPLE[start..].find("[[party]]").unwrap();
    let nobody = format!("{}{}", &EXAMPLE[..start], &EXAMPLE[end..]);
    let (rule, words) = refused(&nobody);
    assert_eq!((rule, words.contains("`party.signer`")), (Some("F11"), true), "{words}");
    assert_eq!(refused(&changed("title = \"President\"", "title = \"\"")).0, Some("F11"));

    let consent = changed("\"studies\"", "\"consent\"");
    assert_eq!(refused(&consent).0, Some("F11"), "whose consent is not said");
    let parents = format!("{consent}\n[consent]\ngiven_by = [\"parent\"]\n");
    let (rule, words) = refused(&parents);
    assert_eq!((rule, words.contains("eligible-student")), (Some("F11"), true), "{words}");
    Agreement::parse(&parents.replace("[\"parent\"]", "[\"parent\", \"eligible-student\"]")).unwrap();
    assert_eq!(refused(&format!("{EXAMPLE}\n[consent]\ngiven_by = [\"parent\"]\n")).0, Some("F11"));
}

#[test]
fn g03_elements_are_words_of_the_dictionary_named_and_warned_about_after_a_year() {
    let (rule, words) = refused(&changed("\"zip\",\n    \"completer", "\"zips\",\n    \"completer"));
    assert_eq!(rule, Some("G02"));
    assert!(words.contains("`zips`") && words.contains("`zip`"), "{words}");
    let digest = Dictionary::builtin().unwrap().digest.to_string();
    let (rule, words) = refused(&changed(&digest, &"2".repeat(64)));
    assert_eq!(rule, Some("G03"));
    assert!(words.contains(&digest), "the right digest is told: {words}");
    assert_eq!(refused(&without("elements_agreed")).0, Some("G03"));

    // Agreed on 2026-07-15: silent before a year, a warning with the days that are left after it, then silence because rounds
    // are refused (`studies::g03_...`).
    let agreement = Agreement::parse(EXAMPLE).unwrap();
    let due = |day: &str| {
        let mut due = notices(&agreement, Date::parse(day).unwrap());
        due.retain(|notice| notice.rule() == "G03");
        due
    };
    assert_eq!(due("2027-07-14"), []);
    assert_eq!(due("2027-07-15"), [Notice::ElementsDue { days_left: 60 }]);
    assert_eq!(due("2027-09-13"), [Notice::ElementsDue { days_left: 0 }]);
    assert_eq!(due("2027-09-14"), []);
}

#[test]
fn g05_the_words_of_a_version_of_the_principles_are_fixed() {
    let (rule, words) = refused(&changed(&principles::digest().to_string(), &"3".repeat(64)));
    assert_eq!((rule, words.contains("`principles.digest`")), (Some("G05"), true), "{words}");
}

#[test]
fn g11_confidentiality_outlives_the_agreement_in_words() {
    for text in [without("survival"), changed(&line("survival"), "survival = \"yes\"\n")] {
        let (rule, words) = refused(&text);
        assert_eq!((rule, words.contains("`survival`")), (Some("G11"), true), "{words}");
    }
}

#[test]
fn g14_the_end_is_announced_at_sixty_thirty_and_seven_days() {
    let agreement = Agreement::parse(&changed("2028-05-01", "2029-07-31")).unwrap();
    let within = |day: &str| {
        let due = notices(&agreement, Date::parse(day).unwrap());
        due.into_iter().find_map(|notice| match notice {
            Notice::EndsSoon { days_left, within } => Some((days_left, within)),
            Notice::ElementsDue { .. } | Notice::ReviewDue => None,
        })
    };
    assert_eq!(within("2029-05-31"), None);
    assert_eq!(within("2029-06-01"), Some((60, 60)));
    assert_eq!(within("2029-07-01"), Some((30, 30)));
    assert_eq!(within("2029-07-24"), Some((7, 7)));
    assert_eq!(within("2029-07-31"), Some((0, 7)));
    assert_eq!(within("2029-08-01"), None);
    assert_eq!(refused(&without("notice_days")).0, Some("G14"));
    assert_eq!(refused(&without("review")).0, Some("G14"));
}

#[test]
fn g19_the_comment_window_has_days() {
    for bad in [
        "comment_days = 0",
        "comment_days = 91",
        "comment_minutes = 0",
        "comment_days = 5\ncomment_minutes = 90",
    ] {
        assert_eq!(refused(&changed("comment_days = 5", bad)).0, Some("G19"), "{bad}");
    }
    for (good, minutes, words) in [
        ("", 7_200, "5 days"),
        ("comment_days = 1", 1_440, "1 day"),
        ("comment_minutes = 120", 120, "2 hours"),
        ("comment_minutes = 1", 1, "1 minute"),
    ] {
        let agreement = Agreement::parse(&changed("comment_days = 5", good)).unwrap();
        assert_eq!(agreement.publication, Publication::ExternalAfterReview { comment_minutes: minutes });
        assert_eq!(Publication::comment_words(minutes), words);
    }
}

#[test]
fn l5_every_party_has_a_breach_contact_and_the_hours_are_set() {
    for (from, to, key) in [
        ("notice_hours = 72", "notice_hours = 0", "breach.notice_hours"),
        ("\n[breach]\nnotice_hours = 72\n", "\n", "breach.notice_hours"),
        ("\"Information Security Office, 555-0102\"", "\" \"", "party.breach_contact"),
        ("breach_contact = \"Information Security Office, 555-0102\"\n", "", "party.breach_contact"),
    ] {
        let (rule, words) = refused(&changed(from, to));
        assert_eq!(rule, Some("L5"), "{words}");
        assert!(words.contains(key), "{words}");
    }
}
