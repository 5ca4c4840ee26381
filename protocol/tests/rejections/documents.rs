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
    let other = |from, to| rewritten(&good, from, to);
    let end = |more: &str| [("text", format!("{good}{more}"))];
    let second = good.rfind("M-00000002\"\ntable").unwrap();
    let stranger = [&good[..second], "M-00000003", &good[second + 10..]].concat();
    let key = crate::consortium::signing_key(0).verifying_key().to_string();
    Vector::good("agreement", "two parties, one share, everything else by default", [("text", good.clone())])
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
            "missing_purpose",
            "P0401",
            "An agreement states a purpose (F2).",
            other("purpose = \"improving-instruction\"\n", ""),
        )
        .bad(
            "missing_retention",
            "P0401",
            "An agreement states when intermediates are destroyed (F3).",
            other("retention_days = 30\n", ""),
        )
        .bad(
            "missing_key_of_a_party",
            "P0401",
            "A party without a key cannot sign.",
            other(&format!("signing_key = \"{key}\"\n"), ""),
        )
        .bad(
            "purpose_not_in_the_list",
            "P0401",
            "The purposes are a closed list (F2).",
            other("improving-instruction", "curiosity"),
        )
        .bad(
            "legal_basis_not_in_the_list",
            "P0401",
            "The legal bases are a closed list (F1).",
            other("\"studies\"", "\"interest\""),
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
            "format_of_another_version",
            "P0402",
            "This version reads format 1.",
            other("passage-agreement/1", "passage-agreement/2"),
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
        .bad("signing_key_too_short", "P0402", "A key has 64 hexadecimal digits.", other(&key, &key[..62]))
        .bad("share_with_a_stranger", "P0402", "Only parties share.", [("text", stranger)])
        .bad(
            "term_that_ends_before_it_begins",
            "P0402",
            "The last day follows the first.",
            other("2027-12-31", "2025-12-31"),
        )
        .bad("day_that_does_not_exist", "P0402", "February has no 30th.", other("2027-12-31", "2027-02-30"))
        .bad(
            "floor_below_five",
            "P0402",
            "No agreement goes below the smallest floor any state uses.",
            end("[disclosure]\nfloor = 4\n"),
        )
        .bad(
            "no_noise_without_words",
            "P0402",
            "Exact tables are consented to in a sentence.",
            end("[noise]\nkind = \"none\"\nconsent = \"ok\"\n"),
        )
        .bad(
            "epsilon_zero",
            "P0402",
            "Epsilon is at least 0.001.",
            end("[noise]\nkind = \"discrete-laplace\"\nepsilon = \"0\"\ndelta = \"1e-6\"\nbudget = \"20\"\n"),
        )
        .bad(
            "delta_too_large",
            "P0402",
            "Delta is at most one in a thousand.",
            end("[noise]\nkind = \"discrete-laplace\"\nepsilon = \"2\"\ndelta = \"0.01\"\nbudget = \"20\"\n"),
        )
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
            "format_of_another_version",
            "P0402",
            "This version reads format 1.",
            other("passage-study/1", "passage-study/2"),
        )
        .bad(
            "agreement_id",
            "P0402",
            "An agreement id has 16 digits.",
            other("agreement = \"A-", "agreement = \"A-0"),
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
