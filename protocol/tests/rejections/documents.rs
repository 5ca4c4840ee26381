//! Agreements and studies as people write them (SPEC §3).

use passage_protocol::agreement::{Agreement, Study};

use crate::{
    consortium::{agreement_text, study_text},
    file::{Fields, File, Read, Vector, code, text},
};

pub(crate) const FILE: File = File { name: "bad_documents.json", make, read };

fn make() -> Vec<Vector> {
    vec![agreements(), studies()]
}

/// One place of the text, which must be there, written another way.
fn rewritten(text: &str, from: &str, to: &str) -> [(&'static str, String); 1] {
    assert!(text.contains(from), "{from}");
    [("text", text.replacen(from, to, 1))]
}

fn agreements() -> Vector {
    let good = agreement_text();
    let other = |from: &str, to: &str| rewritten(&good, from, to);
    let key = crate::consortium::signing_key(0).verifying_key().to_string();
    let shares = good.find("[[share]]").unwrap();
    let stranger = [&good[..shares], &good[shares..].replacen("M-00000002", "M-00000003", 1)].concat();
    let itself = [&good[..shares], &good[shares..].replacen("M-00000002", "M-00000001", 1)].concat();
    let vector =
        Vector::good("agreement", "a school and a college, both directions", [("text", good.clone())])
            .bad(
                "format_of_an_earlier_version",
                "P0420",
                "Format 1 had no signers and shared tables, not elements.",
                other("passage-agreement/2", "passage-agreement/1"),
            )
            .bad(
                "format_of_a_later_version",
                "P0402",
                "This version reads format 2.",
                other("passage-agreement/2", "passage-agreement/3"),
            )
            .bad(
                "unknown_key",
                "P0404",
                "The nearest known key is `retention_days`.",
                other("retention_days", "retention_day"),
            )
            .bad(
                "unknown_key_of_a_party",
                "P0404",
                "The nearest known key is `signing_key`.",
                other("signing_key", "signing_keys"),
            )
            .bad(
                "missing_key_of_a_party",
                "P0401",
                "A party without a key cannot sign.",
                other(&format!("signing_key = \"{key}\"\n"), ""),
            )
            .bad(
                "key_twice",
                "P0401",
                "TOML lets a key stand once.",
                other("retention_days = 30\n", "retention_days = 30\nretention_days = 31\n"),
            )
            .bad(
                "number_as_text",
                "P0401",
                "A number is written without quotes.",
                other("retention_days = 30", "retention_days = \"30\""),
            )
            .bad(
                "capacity_not_in_the_list",
                "P0401",
                "Capacities are a closed list (F11).",
                other("designee", "friend"),
            )
            .bad(
                "clause_not_in_the_list",
                "P0401",
                "Clauses are a closed list (F9).",
                other("pupil-content", "pupils"),
            )
            .bad(
                "authority_too_short",
                "P0402",
                "The consortium is named by 64 digits (G04).",
                other(&"0".repeat(64), &"0".repeat(63)),
            )
            .bad(
                "member_code",
                "P0402",
                "U is not among the letters of a code.",
                other("M-00000001", "M-0000000U"),
            )
            .bad(
                "member_code_too_short",
                "P0402",
                "A code has eight letters or digits.",
                other("M-00000001", "M-0000001"),
            )
            .bad("member_code_twice", "P0402", "A party stands once.", other("M-00000002", "M-00000001"))
            .bad(
                "signing_key_of_small_order",
                "P0402",
                "The identity is nobody's key.",
                other(&key, &hex::encode(crate::file::NEGATIVE)),
            )
            .bad(
                "signing_key_too_short",
                "P0402",
                "A key has 64 hexadecimal digits.",
                other(&key, &key[..62]),
            )
            .bad("share_with_a_stranger", "P0402", "Only parties share.", [("text", stranger)])
            .bad(
                "share_with_itself",
                "P0402",
                "A party needs no leave for its own students.",
                [("text", itself)],
            )
            .bad(
                "element_twice",
                "P0402",
                "A line stands once.",
                other("\"ssid\", \"first\"", "\"ssid\", \"ssid\", \"first\""),
            )
            .bad(
                "cohorts_not_ascending",
                "P0402",
                "Years have one order.",
                other("\"2019-2020\", \"2020-2021\"", "\"2020-2021\", \"2019-2020\""),
            )
            .bad(
                "metric_unknown",
                "P0402",
                "A catalogue lists metrics that exist.",
                other("college-going-12", "college-going-13"),
            )
            .bad(
                "floor_below_five",
                "P0402",
                "No agreement goes below the smallest floor any state uses.",
                other("floor = 11", "floor = 4"),
            )
            .bad(
                "no_noise_without_words",
                "P0402",
                "Exact tables are consented to in a sentence.",
                other(
                    "kind = \"discrete-laplace\"\nepsilon = \"2\"\ndelta = \"1e-6\"\nbudget = \"20\"\n",
                    "kind = \"none\"\nconsent = \"ok\"\n",
                ),
            )
            .bad(
                "epsilon_zero",
                "P0402",
                "Epsilon is at least 0.001.",
                other("epsilon = \"2\"", "epsilon = \"0\""),
            )
            .bad(
                "delta_too_large",
                "P0402",
                "Delta is at most one in a thousand.",
                other("\"1e-6\"", "\"0.01\""),
            );
    ruled(&good, vector)
}

/// What law and governance demand: the code is one, the rule is told with it.
fn ruled(good: &str, vector: Vector) -> Vector {
    let other = |from: &str, to: &str| rewritten(good, from, to);
    let purposes = "purposes = [\"improving-instruction\"]\n";
    vector
        .bad("missing_purpose", "P0421", "An agreement states a purpose (F2).", other(purposes, ""))
        .bad(
            "purpose_not_in_the_list",
            "P0421",
            "The purposes are a closed list (F2).",
            other("improving-instruction", "curiosity"),
        )
        .bad(
            "purpose_not_of_a_study",
            "P0421",
            "An evaluation needs the basis of one (F2).",
            other("improving-instruction", "programme-evaluation"),
        )
        .bad(
            "legal_basis_not_in_the_list",
            "P0421",
            "The legal bases are a closed list (F1).",
            other("\"studies\"", "\"interest\""),
        )
        .bad(
            "missing_retention",
            "P0421",
            "An agreement states when intermediates are destroyed (F3).",
            other("retention_days = 30\n", ""),
        )
        .bad(
            "term_that_ends_before_it_begins",
            "P0421",
            "The last day follows the first (F3).",
            other("2029-07-31", "2025-12-31"),
        )
        .bad("day_that_does_not_exist", "P0421", "February has no 30th (F3).", other("2029-07-31", "2029-02-30"))
        .bad("audit_without_its_table", "P0421", "An audit says more (F4).", other("\"studies\"", "\"audit-evaluation\""))
        .bad("contract_without_a_clause", "P0421", "A district's contract has nine (F9).", other("    \"parent-review\",\n", ""))
        .bad("party_without_a_signer", "P0421", "Somebody signs (F11).", other("[[party.signer]]\nname = \"R. Alder\"\ntitle = \"Superintendent\"\ncapacity = \"top-administrator\"\n", ""))
        .bad("consent_without_its_basis", "P0421", "Consent is a basis of its own (F11).", [("text", format!("{good}[consent]\ngiven_by = [\"parent\"]\n"))])
        .bad("element_unknown", "P0421", "Elements are words of the dictionary (G02).", other("\"ssid\"", "\"sid\""))
        .bad("dictionary_of_other_words", "P0421", "The dictionary is named by its digest (G03).", other("[dictionary]\nversion = 1", "[dictionary]\nversion = 2"))
        .bad("no_survival", "P0421", "Confidentiality outlives the agreement (G11).", other("The duty to keep confidential what was learned under this agreement survives its end.", "yes"))
        .bad("no_breach_contact", "P0421", "Somebody is called (L5).", other("Office of the Superintendent, 555-0101", ""))
}

fn studies() -> Vector {
    let good = study_text();
    let other = |from, to| rewritten(&good, from, to);
    Vector::good("study", "one sender, one receiver, one table", [("text", good.clone())])
        .bad(
            "unknown_key",
            "P0404",
            "The nearest known key is `committee`.",
            other("committee = 2", "comittee = 2"),
        )
        .bad(
            "missing_cohorts",
            "P0401",
            "A study states whom it counts.",
            other("cohorts = [\"2022-2023\"]\n", ""),
        )
        .bad("missing_role", "P0401", "A participant has a role.", other("role = \"receiver\"\n", ""))
        .bad(
            "role_not_in_the_list",
            "P0401",
            "A participant sends or receives.",
            other("\"receiver\"", "\"watcher\""),
        )
        .bad(
            "format_of_an_earlier_version",
            "P0420",
            "Format 1 named its agreement by 16 digits.",
            other("passage-study/2", "passage-study/1"),
        )
        .bad(
            "format_of_a_later_version",
            "P0402",
            "This version reads format 2.",
            other("passage-study/2", "passage-study/3"),
        )
        .bad(
            "agreement_digest",
            "P0402",
            "An agreement is named by its whole digest.",
            other("agreement = \"", "agreement = \"0"),
        )
        .bad(
            "purpose_not_in_the_list",
            "P0421",
            "The purposes are a closed list (F2).",
            other("improving-instruction", "curiosity"),
        )
        .bad("member_code", "P0402", "A code starts with M-.", other("M-00000002", "N-00000002"))
        .bad("participant_twice", "P0402", "A participant stands once.", other("M-00000002", "M-00000001"))
        .bad(
            "cohort_of_two_years",
            "P0402",
            "A school year ends in the next.",
            other("2022-2023", "2022-2024"),
        )
        .bad(
            "cohorts_not_ascending",
            "P0402",
            "Cohorts have one order.",
            other("[\"2022-2023\"]", "[\"2022-2023\", \"2021-2022\"]"),
        )
        .bad("preset", "P0402", "The presets are basic, standard and full.", other("\"basic\"", "\"extra\""))
        .bad(
            "committee_of_one",
            "P0402",
            "One member alone could decrypt.",
            other("committee = 2", "committee = 1"),
        )
        .bad(
            "committee_of_more_than_take_part",
            "P0402",
            "The committee is drawn from two.",
            other("committee = 2", "committee = 3"),
        )
        .bad("no_sender", "P0402", "Somebody's students are counted.", other("\"sender\"", "\"receiver\""))
        .bad("dimension", "P0402", "The breakdowns are a closed list.", other("[\"all\"]", "[\"height\"]"))
        .bad("table_twice", "P0402", "A table is asked for once.", other("[\"all\"]", "[\"all\", \"all\"]"))
}

fn read(reader: &str, fields: &Fields) -> Read {
    match reader {
        "agreement" => Agreement::parse(text(fields, "text")).map(drop).map_err(code),
        "study" => Study::parse(text(fields, "text")).map(drop).map_err(code),
        other => panic!("no reader {other}"),
    }
}
