//! The study document: what it must hold, what it may leave out, who takes part, which metrics it brings along.

use passage_protocol::{
    agreement::{Role, Study},
    document::DocumentError,
    ids::{Digest, MemberCode},
    metric::Metric,
};

use crate::papers::{COLLEGE, Papers, SCHOOL, study_text};

fn example() -> String {
    study_text(Digest([7; 32]))
}

/// The example with one place, which must be there, written another way.
fn written(from: &str, to: &str) -> String {
    assert!(example().contains(from), "{from}");
    example().replacen(from, to, 1)
}

fn refused_key(text: &str) -> &'static str {
    match Study::parse(text) {
        Err(DocumentError::OutOfRange { key, .. }) => key,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("was read"),
    }
}

#[test]
fn a_study_that_asks_the_impossible_is_refused_by_key() {
    let second = "[[participant]]\ncode = \"M-00000002\"\nrole = \"receiver\"";
    let table = "by = [\"all\", \"ethnicity\", \"gender\"]";
    let other_version = "by = [\"all\"]
[[table]]
metric = \"college-going-12\"
version = 2
by = [\"gender\"]";
    let cohorts = "[\"2021-2022\", \"2022-2023\"]";
    let many: Vec<String> = (2000..2017).map(|year| format!("\"{year}-{}\"", year + 1)).collect();
    for (from, to, key) in [
        ("title = \"College-going within 12 months\"", "title = \" \"", "title"),
        ("title = \"College-going within 12 months\"", "title = \"one\\u0007\"", "title"),
        (cohorts, "[]", "cohorts"),
        (cohorts, &format!("[{}]", many.join(", ")), "cohorts"),
        (cohorts, "[\"2022-2023\", \"2021-2022\"]", "cohorts"),
        (cohorts, "[\"2021-2022\", \"2021-2022\"]", "cohorts"),
        (second, "", "participant"),
        ("code = \"M-00000002\"", "code = \"M-00000001\"", "participant.code"),
        ("role = \"receiver\"", "role = \"sender\"", "participant.role"),
        ("role = \"sender\"", "role = \"receiver\"", "participant.role"),
        ("committee = 2", "committee = 1", "committee"),
        ("committee = 2", "committee = 17", "committee"),
        ("committee = 2", "committee = 3", "committee"),
        (table, "by = []", "table"),
        (table, "by = [\"all\", \"all\"]", "table"),
        (table, other_version, "table.version"),
    ] {
        assert_eq!(refused_key(&written(from, to)), key, "{to}");
    }
    assert!(Study::parse(&example()).is_ok());
    // As many as there are participants is not too many.
    let third = format!("{second}\n[[participant]]\ncode = \"M-00000003\"\nrole = \"receiver\"");
    let three = written(second, &third).replacen("committee = 2", "committee = 3", 1);
    assert_eq!(Study::parse(&three).unwrap().committee, 3);
}

#[test]
fn what_a_study_leaves_out_has_the_values_the_example_names() {
    let short = written("preset = \"full\"", "").replacen("committee = 2", "", 1);
    let short = short.replacen("level = \"aggregate\"", "", 1);
    let (short, whole) = (Study::parse(&short).unwrap(), Study::parse(&example()).unwrap());
    assert_eq!((short.preset, short.committee, short.level), (whole.preset, whole.committee, whole.level));
}

#[test]
fn participants_keep_the_place_and_the_role_of_the_file() {
    let study = Papers::signed().study;
    let stranger = MemberCode([0, 0, 0, 0, 9]);
    assert_eq!((study.index(SCHOOL), study.role_of(SCHOOL)), (Some(0), Some(Role::Sender)));
    assert_eq!((study.index(COLLEGE), study.role_of(COLLEGE)), (Some(1), Some(Role::Receiver)));
    assert_eq!((study.index(stranger), study.role_of(stranger)), (None, None));
}

/// A metric file as a researcher writes it: the built-in one under another id.
fn own_metric() -> String {
    let text = include_str!("../../src/metric/builtin/college-going-12.v1.toml");
    assert!(text.contains("id = \"college-going-12\""));
    text.replacen("id = \"college-going-12\"", "id = \"x-arrived-next-year\"", 1)
}

#[test]
fn a_study_brings_a_metric_along_and_nothing_else_under_its_name() {
    let asks = |id: &str| written("metric = \"college-going-12\"", &format!("metric = \"{id}\""));
    let with = |text: &str, files: &[String]| {
        let files: Vec<String> = files.iter().map(|file| format!("\'\'\'\n{file}\'\'\'")).collect();
        text.replacen("title =", &format!("definition = [{}]\ntitle =", files.join(", ")), 1)
    };
    let study = Study::parse(&with(&asks("x-arrived-next-year"), &[own_metric()])).unwrap();
    let metric = study.metric("x-arrived-next-year", 1).unwrap();
    assert_eq!(metric.digest, Metric::parse(&own_metric()).unwrap().digest);
    assert_eq!(study.metric("x-arrived-next-year", 2), None);
    assert_eq!(study.metrics(), [("x-arrived-next-year", 1)]);
    assert!(study.metric("college-going-12", 1).is_some(), "those built in stay");
    // Without the file there is no such metric, and a file nobody asks for is not carried along.
    assert_eq!(Study::parse(&asks("x-arrived-next-year")).unwrap().metric("x-arrived-next-year", 1), None);
    assert_eq!(refused_key(&with(&example(), &[own_metric()])), "definition");
    assert_eq!(refused_key(&with(&asks("x-arrived-next-year"), &[own_metric(), own_metric()])), "definition");
    // A built-in name cannot be given another meaning.
    let built_in = own_metric().replacen("x-arrived-next-year", "college-going-12", 1);
    assert_eq!(refused_key(&with(&example(), &[built_in])), "definition");
}
