//! `metric` as an analyst runs it over the files of the demonstration, and as somebody writes a definition of one's own.

use std::path::Path;

use passage_protocol::agreement::Segment;
use serde_json::Value;

use crate::world::Node;

/// A college with the demonstration's files.
fn college() -> Node {
    let node = Node::joined(Segment::Cc);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/members/CC1");
    let files: Vec<String> = ["students", "enrollments", "courses", "awards"]
        .iter()
        .map(|kind| folder.join(format!("CC1-{kind}.csv")).display().to_string())
        .collect();
    let mut words = vec!["import"];
    words.extend(files.iter().map(String::as_str));
    node.run(&words).succeeded();
    node
}

fn counted(answer: &Value) -> i64 {
    answer["rows"].as_array().unwrap().iter().map(|row| row["counted"].as_i64().unwrap()).sum()
}

#[test]
fn a4_a_college_counts_its_own_students_and_names_nobody() {
    let node = college();
    let whole = node.json(&["metric", "run", "college-going-12"]);
    assert_eq!((&whole["side"], &whole["version"]), (&Value::from("receiver"), &Value::from(1)));
    let by_gender = node.json(&["metric", "run", "college-going-12@1", "--by", "gender"]);
    assert_eq!(counted(&whole), counted(&by_gender));
    assert!(counted(&whole) > 500, "{whole}");
    // The same by a question in SQL.
    let sql = "SELECT count(DISTINCT local_id) AS n FROM enrolment WHERE special_admit IS DISTINCT FROM TRUE";
    let asked = node.json(&["query", sql]);
    assert!(asked["text"].as_str().unwrap().contains(&counted(&whole).to_string()), "{asked}");

    let screen = node.run(&["metric", "run", "awards", "--by", "ethnicity"]);
    let text = screen.succeeded();
    assert!(text.contains("associate-transfer") && text.contains("below 11: not to be passed on"), "{text}");
    assert!(text.contains("for eyes inside this institution only"));
    screen.keeps_to_itself(&["CC1-0", "Ayala"]);
}

#[test]
fn a4_a_district_counts_its_completers_by_the_codes_of_its_schools() {
    let node = Node::joined(Segment::K12);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/members/K12A/K12A-SENR.txt");
    node.run(&["import", &file.display().to_string()]).succeeded();
    let whole = node.json(&["metric", "run", "college-going-12"]);
    let by_school = node.json(&["metric", "run", "college-going-12", "--by", "school"]);
    assert_eq!(counted(&whole), counted(&by_school));
    let rows = by_school["rows"].as_array().unwrap();
    let schools: std::collections::BTreeSet<&str> =
        rows.iter().map(|row| row["category"].as_str().unwrap()).collect();
    assert_eq!(schools.into_iter().collect::<Vec<_>>(), ["9930001", "9930002", "9930003", "9930004"]);
    // The same by a question in SQL.
    let sql = "SELECT count(DISTINCT local_id) AS n FROM enrolment WHERE completer_cohort = 2021 AND school = '9930002'";
    let asked = node.json(&["query", sql]);
    let of = |row: &&Value| row["category"] == "9930002" && row["cohort"] == "2021-2022";
    let counted = rows.iter().find(of).unwrap()["counted"].as_i64().unwrap();
    assert!(asked["text"].as_str().unwrap().contains(&counted.to_string()), "{asked}");
    // A college's files name no school at which anybody completed.
    college().run(&["metric", "run", "college-going-12", "--by", "school"]).refused("N2403", Some("A2"));
}

#[test]
fn a4_opted_out_students_are_in_no_count() {
    let node = college();
    let before = node.json(&["metric", "run", "unit-bands"]);
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/members/CC1/optout.csv");
    node.run(&["optout", "import", &list.display().to_string()]).succeeded();
    let after = node.json(&["metric", "run", "unit-bands"]);
    let left_out = after["opted_out_rows"].as_i64().unwrap();
    assert!(left_out > 0);
    assert_eq!(counted(&before), counted(&after) + left_out);
}

#[test]
fn a2_the_catalogue_is_listed_and_shown() {
    let node = Node::joined(Segment::K12);
    let list = node.json(&["metric", "list"]);
    let all = list.as_array().unwrap();
    assert!(all.len() >= 30);
    assert!(node.run(&["metric", "list"]).succeeded().lines().count() == all.len() + 1);
    let shown = node.run(&["metric", "show", "college-going-12"]);
    let golden = include_str!("../golden/metric-college-going-12.txt");
    assert!(shown.succeeded().contains(golden.trim_end()));
    // Nothing is stored: nobody is counted, and that is said.
    assert!(node.run(&["metric", "run", "college-going-12"]).succeeded().contains("nobody"));
}

#[test]
fn a2_what_does_not_fit_is_refused_with_its_code() {
    let node = Node::joined(Segment::Cc);
    for (words, code) in [
        (["metric", "run", "colege-going-12"].as_slice(), "N2408"),
        (["metric", "show", "college-going-12@9"].as_slice(), "N2408"),
        (["metric", "show", "college-going-12@new"].as_slice(), "N2408"),
        (["metric", "run", "transfer", "--side", "receiver"].as_slice(), "N2405"),
        (["metric", "run", "a-g-completion"].as_slice(), "N2405"),
    ] {
        node.run(words).refused(code, Some("A2"));
    }
    assert!(
        node.run(&["metric", "run", "colege-going-12"])
            .refused("N2408", Some("A2"))
            .contains("college-going-12")
    );
}

#[test]
fn a2_a_file_is_checked_before_it_is_proposed() {
    let node = Node::joined(Segment::Cc);
    let documentation = include_str!("../../docs/metrics.md");
    let example = documentation.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let file = node.file("early.toml", example);
    let checked = node.run(&["metric", "check", &file]);
    let text = checked.succeeded();
    for said in [
        "early-start@1",
        "4 categories x 1 outcomes",
        "Elements read at the receiver side",
        "early_seasons = summer, fall",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    for (from, to, code, rule) in [
        ("pitfalls", "pitfals", "P0404", None),
        ("windows = 1", "windows = 9", "P0402", None),
        ("min(school_year) - 1", "min(school_years) - 1", "N2828", None),
        ("FROM enrolment WHERE term", "FROM enrollment WHERE term", "N2829", None),
        ("'early' AS outcome", "'early' AS outcomes", "N2402", Some("A2")),
        ("local_id, min(school_year)", "local_id, max(gender) AS g, min(school_year)", "P0421", Some("G02")),
    ] {
        // `outcome` may be left out where there is one; with two it may not.
        let two = "[[outcome]]\nname = \"late\"\nlabel = \"later\"\n\n[sender]";
        let text = example.replacen(from, to, 1).replacen("[sender]", two, 1);
        assert_ne!(text, example);
        node.run(&["metric", "check", &node.file("changed.toml", text)]).refused(code, rule);
    }
}
