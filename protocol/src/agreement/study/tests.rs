//! What a study file must say, and which studies ask the same.

use super::*;
use crate::agreement::Segment;

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

/// The sample, by school, with such a list of the sender's.
fn by_school(schools: &str) -> String {
    SAMPLE
        .replace("\"all\", \"gender\"", "\"all\", \"school\"")
        .replace("role = \"sender\"\n", &format!("role = \"sender\"\n{schools}\n"))
}

const SCHOOLS: &str = r#"schools = [
    { code = "1930361", name = "Lincoln High" },
    { code = "0030362", name = "Washington High" },
]"#;

#[test]
fn a_study_by_school_lists_the_schools_in_the_order_of_their_rows() {
    let study = Study::parse(&by_school(SCHOOLS)).unwrap();
    assert!(study.is_by_school() && !Study::parse(SAMPLE).unwrap().is_by_school());
    let listed = study.schools_of(MemberCode([0, 0, 0, 0, 1]));
    let listed: Vec<String> = listed.iter().map(|one| format!("{} {}", one.code, one.name)).collect();
    assert_eq!(listed, ["1930361 Lincoln High", "0030362 Washington High"]);
    assert!(study.schools_of(MemberCode([0, 0, 0, 0, 2])).is_empty());
    // Other schools make another question, another name of one does not, and a question by no school is what it was.
    let agreement =
        Agreement::parse(include_str!("../../../../deploy/config/agreement.example.toml")).unwrap();
    let asked = |text: &str| Study::parse(text).unwrap().question(&agreement);
    let question = asked(&by_school(SCHOOLS));
    assert_eq!(asked(&by_school(&SCHOOLS.replace("Lincoln High", "Abraham Lincoln High"))), question);
    for other in [SCHOOLS.replace("0030362", "0030363"), SCHOOLS.replace("1930361", "1930360")] {
        assert_ne!(asked(&by_school(&other)), question);
    }
}

#[test]
fn schools_are_listed_of_districts_that_a_table_by_school_counts_and_of_nobody_else() {
    let kinds = |first: Segment, second: Segment| {
        move |code: MemberCode| Some(if code.0[4] == 1 { first } else { second })
    };
    let study = Study::parse(&by_school(SCHOOLS)).unwrap();
    let [sender, receiver] = [1, 2].map(|at| MemberCode([0, 0, 0, 0, at]));
    assert_eq!(study.without_schools(kinds(Segment::K12, Segment::Cc)), None);
    assert_eq!(study.judged_counts(kinds(Segment::K12, Segment::Cc)), 6, "three rows, seen or not");
    // Listed of a college, whose students no table by school counts.
    assert_eq!(study.without_schools(kinds(Segment::Cc, Segment::Univ)), Some(sender));
    // Counted, and not listed.
    let mut bare = study.clone();
    bare.participants[0].schools.clear();
    assert_eq!(bare.without_schools(kinds(Segment::K12, Segment::Cc)), Some(sender));
    let mut other = study;
    other.participants[1].schools = other.participants[0].schools.clone();
    assert_eq!(other.without_schools(kinds(Segment::K12, Segment::Cc)), Some(receiver));
    // A metric of colleges by school: their files name none.
    let earnings = by_school(SCHOOLS).replace("college-going-12", "transfer");
    let earnings = Study::parse(&earnings).unwrap();
    assert_eq!(earnings.without_schools(kinds(Segment::Cc, Segment::Univ)), Some(sender));
}

#[test]
fn lists_of_schools_that_are_no_rows_name_the_key() {
    let twice = SCHOOLS.replace("0030362", "1930361");
    let alike = SCHOOLS.replace("Washington", "Lincoln");
    let many: Vec<String> =
        (0..201).map(|at| format!("{{ code = \"{at:07}\", name = \"School {at}\" }}")).collect();
    let many = |count: usize| format!("schools = [{}]", many[..count].join(", "));
    for (text, key) in [
        (by_school(""), "participant.schools"),
        (by_school("schools = []"), "participant.schools"),
        (by_school(&twice), "participant.schools"),
        (by_school(&alike), "participant.schools"),
        (by_school(&SCHOOLS.replace("1930361", "193036")), "participant.schools.code"),
        (by_school(&SCHOOLS.replace("Lincoln High", "another school")), "participant.schools"),
        (by_school(&SCHOOLS.replace("name", "title")), "title"),
        (by_school(&many(201)), "participant.schools"),
        (by_school(SCHOOLS).replace("\"school\"]", "\"gender\"]"), "participant.schools"),
        (
            by_school("").replace("role = \"receiver\"", &format!("role = \"receiver\"\n{SCHOOLS}")),
            "participant.schools",
        ),
    ] {
        let error = Study::parse(&text).unwrap_err();
        assert!(error.to_string().contains(key), "{error} should name {key}");
    }
    let years: Vec<String> = (2017..2020).map(|year| format!("\"{year}-{}\"", year + 1)).collect();
    let three = |count| by_school(&many(count)).replace("\"2019-2020\", \"2020-2021\"", &years.join(", "));
    assert!(Study::parse(&three(149)).is_ok(), "450 cells");
    assert!(Study::parse(&three(150)).is_err());
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
