//! The example files of `deploy/config` are read by the program they are for, and show every key.

use std::{collections::BTreeSet, fs};

use passage_node::{
    import::Layout,
    settings::{KEYS, Settings},
};
use passage_protocol::agreement::{Agreement, Segment, ShareLine, Study, elements_of};
use passage_shell::config::{self, Sources};

use crate::{pupils::root, world::Node};

fn example(name: &str) -> String {
    fs::read_to_string(root().join("deploy/config").join(format!("{name}.example.toml"))).unwrap()
}

/// The text with its commented settings in force: `# key = value` becomes `key = value`.
fn uncommented(text: &str) -> String {
    let key = |line: &str| {
        let rest = line.strip_prefix("# ")?;
        let (name, _) = rest.split_once(" = ")?;
        name.bytes().all(|byte| byte.is_ascii_lowercase() || b"_.-".contains(&byte)).then(|| rest.to_owned())
    };
    text.lines().map(|line| key(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

fn keys(text: &str) -> BTreeSet<String> {
    text.parse::<toml::Table>().unwrap().keys().cloned().collect()
}

#[test]
fn the_node_example_has_every_setting_at_its_default() {
    let text = example("node");
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("as shipped", text.clone()), ("every key in force", uncommented(&text))] {
        let path = folder.path().join("node.toml");
        fs::write(&path, &text).unwrap();
        let sources = Sources { file: Some(&path), ..Sources::default() };
        assert_eq!(config::load::<Settings>(KEYS, &sources).unwrap(), Settings::default(), "{name}");
    }
    let known: BTreeSet<String> = KEYS.iter().map(|key| (*key).to_owned()).collect();
    assert_eq!(keys(&uncommented(&text)), known);

    let node = Node::joined(Segment::K12);
    fs::write(node.dir.join("node.toml"), uncommented(&text)).unwrap();
    node.run(&["data", "status"]).succeeded();
}

#[test]
fn the_agreement_and_study_examples_are_read() {
    let agreement = Agreement::parse(&example("agreement")).unwrap();
    assert_eq!((agreement.floor, agreement.committee_min), (11, 2));
    let study = Study::parse(&example("study")).unwrap();
    for one in &study.participants {
        assert!(
            agreement.party(one.code).is_some(),
            "a participant of the study is no party of the agreement"
        );
    }
    // The study asks for what the agreement lists, and every element it uses is shared.
    for table in &study.tables {
        assert!(agreement.lists(&table.metric, table.version), "{}", table.metric);
    }
    assert!(study.cohorts.iter().all(|cohort| agreement.cohorts.contains(cohort)));
    assert!(agreement.purposes.contains(&study.purpose));
    for one in &study.participants {
        let segment = agreement.party(one.code).unwrap().segment;
        for element in elements_of(&study, segment, one.role) {
            let offered = |line: &&ShareLine| line.from == one.code && line.element == element;
            assert!(agreement.shares.iter().any(|line| offered(&line)), "{} of {}", element, one.code);
        }
    }
    for text in [example("agreement"), example("study")] {
        let in_force = uncommented(&text);
        assert_eq!(keys(&text), keys(&in_force), "a key of the document is only shown as a comment");
    }
}

#[test]
fn the_documents_refuse_a_mistyped_key_and_name_the_nearest() {
    let error =
        Agreement::parse(&example("agreement").replace("retention_days", "retention_day")).unwrap_err();
    assert!(error.to_string().contains("`retention_days`"), "{error}");
    let error = Study::parse(&example("study").replace("\npreset", "\npresets")).unwrap_err();
    assert!(error.to_string().contains("`preset`"), "{error}");
}

#[test]
fn the_layout_example_reads_the_file_it_shows() {
    let text = example("layout");
    let layout = Layout::parse(&text).unwrap();
    let names: Vec<&str> = layout.column.iter().map(|column| column.name.as_str()).collect();
    let node = Node::joined(Segment::Univ);
    let path = node.file("layout.toml", &text);
    // One row, made from the columns of the example.
    let cell = |name: &&str| match *name {
        "StudentNo" => "LOCAL-88",
        "FirstName" => "Quillona",
        "LastName" => "Markerson",
        "Birthdate" => "2005-03-17",
        "Sex" => "F",
        "Term" => "2023FA",
        "Kind" => "CCAP",
        other => panic!("the test has no cell for {other}"),
    };
    let row: Vec<&str> = names.iter().map(cell).collect();
    let file = node.file("students.csv", format!("{}\n{}\n", names.join(","), row.join(",")));
    let json = node.json(&["import", &file, "--layout", &path]);
    assert_eq!(
        (&json["files"][0]["layout"], &json["files"][0]["kept"]),
        (&layout.id.as_str().into(), &1.into())
    );
    assert_eq!(json["files"][0]["problems"], serde_json::json!([]));
    assert_eq!(node.status()["students"], 1);
}
