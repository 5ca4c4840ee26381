//! What a study file must say, and which studies ask the same.

use super::*;

const SAMPLE: &str = r#"
format = "passage-study/2"
title = "College-going"
agreement = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
purpose = "improving-instruction"
cohorts = ["2019-2020", "2020-2021"]
committee = 2
[[participant]]
code = "M-00000001"
role = "sender"
[[participant]]
code = "M-00000002"
role = "receiver"
[[table]]
metric = "college-going-12"
version = 1
by = ["all", "gender"]
"#;

#[test]
fn the_sample_reads() {
    let study = Study::parse(SAMPLE).unwrap();
    assert_eq!(study.tables.len(), 2);
    assert_eq!(study.index(MemberCode([0, 0, 0, 0, 2])), Some(1));
}

#[test]
fn a_question_is_what_is_asked_of_whom_under_which_terms() {
    let text = include_str!("../../../../deploy/config/agreement.example.toml");
    let agreement = Agreement::parse(text).unwrap();
    let asked = |study: &str| Study::parse(study).unwrap().question(&agreement);
    let sample = asked(SAMPLE);
    for (from, to) in [
        ("College-going", "Another title"),
        ("improving-instruction", "predictive-tests"),
        ("by = [\"all\", \"gender\"]", "by = [\"gender\", \"all\"]"),
    ] {
        assert!(SAMPLE.contains(from));
        assert_eq!(asked(&SAMPLE.replace(from, to)), sample, "{to}");
    }
    for (from, to) in [
        ("\"2019-2020\", ", ""),
        (", \"gender\"", ""),
        ("version = 1", "version = 2"),
        ("M-00000002", "M-00000003"),
        ("0123456789abcdef0123456789abcdef", "1123456789abcdef0123456789abcdef"),
        ("committee = 2", "committee = 2\npreset = \"basic\""),
    ] {
        assert!(SAMPLE.contains(from));
        assert_ne!(asked(&SAMPLE.replacen(from, to, 1)), sample, "{to}");
    }
    let larger = Agreement::parse(&text.replace("floor = 11", "floor = 20")).unwrap();
    assert_eq!(larger.floor, 20);
    assert_ne!(Study::parse(SAMPLE).unwrap().question(&larger), sample);
}

#[test]
fn bridges_are_asked_for_in_words_and_make_another_question_where_there_is_noise() {
    let text = include_str!("../../../../deploy/config/agreement.example.toml");
    let with_noise = Agreement::parse(text).unwrap();
    let third = "[[participant]]\ncode = \"M-00000003\"\nrole = \"receiver\"\n[[table]]";
    let direct = SAMPLE.replace("[[table]]", third);
    let bridged = direct.replace("committee = 2", "committee = 2\nbridges = true");
    let [direct, bridged] = [&direct, &bridged].map(|text| Study::parse(text).unwrap());
    assert!(!direct.bridges && bridged.bridges);
    assert_ne!(direct.question(&with_noise), bridged.question(&with_noise));
    let exact = Agreement {
        noise: NoiseTerms::None { consent: "Exact tables are accepted.".to_owned() },
        ..with_noise
    };
    assert_eq!(direct.question(&exact), bridged.question(&exact), "their difference would count a few");
}

#[test]
fn bad_studies_name_the_key() {
    for (from, to, key) in [
        ("\"2019-2020\", \"2020-2021\"", "\"2020-2021\", \"2019-2020\"", "cohorts"),
        ("\"2019-2020\"", "\"2019-2022\"", "cohorts"),
        ("committee = 2", "committee = 1", "committee"),
        ("committee = 2", "committee = 3", "committee"),
        ("committee = 2", "committee = 2\nbridges = true", "bridges"),
        ("role = \"sender\"", "role = \"receiver\"", "participant.role"),
        ("\"all\", \"gender\"", "\"all\", \"all\"", "table"),
        ("\"all\", \"gender\"", "\"height\"", "table.by"),
        ("cdef\"\n", "cde\"\n", "agreement"),
        ("improving-instruction", "curiosity", "purpose"),
    ] {
        let error = Study::parse(&SAMPLE.replace(from, to)).unwrap_err();
        assert!(error.to_string().contains(key), "{error} should name {key}");
    }
}
