//! Files of one institution that belong together: imported at once, joined in the canonical tables (domain 1D, 1E).

use std::fs;

use passage_protocol::agreement::Segment;
use serde_json::json;

use crate::{pupils::root, world::Node};

fn fixtures(node: &Node, names: &[&str]) -> Vec<String> {
    let one = |name: &&str| {
        let path = root().join(format!("node/tests/layouts/fixtures/{name}.txt"));
        node.file(&format!("{name}.dat"), fs::read(path).unwrap())
    };
    names.iter().map(one).collect()
}

fn import(node: &Node, files: &[String]) {
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let told = node.json(&[&["import"], files.as_slice()].concat());
    for file in told["files"].as_array().unwrap() {
        assert_eq!((&file["missing"], file["kept"].as_u64()), (&json!([]), Some(12)), "{file}");
    }
}

fn number(node: &Node, asked: &str) -> u64 {
    let text = node.json(&["query", asked])["text"].as_str().unwrap().to_owned();
    text.lines().nth(2).unwrap().trim().parse().unwrap_or_else(|_| panic!("{asked}: {text}"))
}

/// SX and SP join SB on GI01 and SB00; XB joins SX on GI01, GI03, CB01 and XB00, CB on GI01, GI03 and CB01 (domain 1D). A second
/// college of the district has the same numbers for other students, courses and sections, and joins none of them.
#[test]
fn the_files_of_a_college_join_and_those_of_the_next_college_do_not_get_in() {
    const NAMES: [&str; 5] = ["ccc-mis-sx", "ccc-mis-sp", "ccc-mis-xb", "ccc-mis-cb", "ccc-mis-sb-2018"];
    let node = Node::joined(Segment::Cc);
    let files = fixtures(&node, &NAMES);
    import(&node, &files);
    let second: Vec<String> = files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file).unwrap();
            let lines = text.lines().map(|line| format!("{}992{}\r\n", &line[..2], &line[5..]));
            node.file("second.dat", lines.collect::<String>())
        })
        .zip(NAMES)
        .map(|(file, name)| {
            let kept = file.replace("second.dat", &format!("second {name}.dat"));
            fs::rename(file, &kept).unwrap();
            kept
        })
        .collect();
    import(&node, &second);
    let joined = |one: &str, other: &str, on: &[&str], only: &str| {
        let on: Vec<String> = on.iter().map(|column| format!("a.{column} = b.{column}")).collect();
        let asked =
            format!("SELECT count(*) AS n FROM {one} a JOIN {other} b ON {} WHERE {only}", on.join(" AND "));
        number(&node, &asked)
    };
    let of_991 = "a.institution = '991'";
    assert_eq!(joined("course", "student", &["institution", "local_id"], of_991), 12, "SX to SB");
    assert_eq!(joined("award", "student", &["institution", "local_id"], of_991), 12, "SP to SB");
    let term = ["institution", "term", "local_id"];
    assert_eq!(joined("course", "enrolment", &term, of_991), 12, "SX to SB of the term");
    let section = ["institution", "term", "course_id", "section_id"];
    assert_eq!(joined("course", "section", &section, of_991), 12, "SX to XB");
    let course = ["institution", "term", "course_id"];
    let only_cb = format!("{of_991} AND b.section_id IS NULL AND b.course_title IS NOT NULL");
    assert_eq!(joined("course", "section", &course, &only_cb), 3, "SX to CB: three took BIOL 010");
    // Without the institution each row would find the next college's too.
    assert_eq!(joined("course", "student", &["local_id"], of_991), 24);

    let status = node.status();
    // Both colleges know eight by their social security number and three of the other four by their SSID.
    assert_eq!(status["students"], 8 + 3 + 2);
    assert_eq!((&status["unusable"], &status["opted_out"]), (&json!(0), &json!(0)));
}

/// ERSS and ERSD name nobody: names come from ERSA on campus and number (domain 1E).
#[test]
fn the_files_of_a_campus_join() {
    let node = Node::joined(Segment::Univ);
    import(&node, &fixtures(&node, &["csu-erss", "csu-ersd", "csu-ersa"]));
    assert_eq!(node.status()["students"], 12);
    let named = "SELECT count(DISTINCT d.local_id) AS n FROM award d \
                 JOIN student a ON a.institution = d.institution AND a.local_id = d.local_id AND a.last IS NOT NULL \
                 JOIN enrolment s ON s.institution = d.institution AND s.local_id = d.local_id";
    assert_eq!(number(&node, named), 12);
}
