//! What a file takes the place of: the schools or colleges it names, of the years and terms it names, whatever vintage of its
//! layout it has. What becomes of the stored rows is said in numbers, in a dry run too.

use std::fs;

use passage_protocol::agreement::Segment;
use serde_json::{Value, json};

use crate::{
    pupils::{root, sinf},
    world::Node,
};

/// A SINF file of so many pupils of one school; numbers of pupils begin at `first`.
fn school(code: &str, first: u32, pupils: u32) -> String {
    let rows = (first..first + pupils).map(|number| crate::pupils::Pupil::number(number).sinf() + "\r\n");
    rows.collect::<String>().replace("^9930002^", &format!("^{code}^"))
}

/// Pupils stored of each school.
fn held(node: &Node) -> Vec<(String, u64)> {
    let coverage = node.json(&["data", "coverage"]);
    let lines = coverage["lines"].as_array().unwrap().iter();
    lines
        .map(|line| (line["school"].as_str().unwrap().to_owned(), line["students"].as_u64().unwrap()))
        .collect()
}

fn counts(of: &[(&str, u64)]) -> Vec<(String, u64)> {
    of.iter().map(|(school, pupils)| ((*school).to_owned(), *pupils)).collect()
}

fn replaced(json: &Value) -> (u64, u64, u64, u64) {
    let [one] = json["files"][0]["replaced"].as_array().unwrap().as_slice() else { panic!("{json}") };
    let number = |name: &str| one[name].as_u64().unwrap();
    (number("rows_gone"), number("units_gone"), number("rows_stay"), number("units_stay"))
}

#[test]
fn a_file_of_one_school_leaves_the_others_as_they_are() {
    let node = Node::joined(Segment::K12);
    let (north, south) = (
        node.file("north.txt", school("9930001", 1, 12)),
        node.file("south.txt", school("9930002", 101, 30)),
    );
    let first = node.json(&["import", &north]);
    assert_eq!(first["files"][0]["replaced"], json!([]), "nothing was there");
    node.run(&["import", &south]).succeeded();
    assert_eq!(held(&node), counts(&[("9930001", 12), ("9930002", 30)]));

    let more = node.file("north again.txt", school("9930001", 1, 15));
    let screens = [&["--dry-run"][..], &[]].map(|mode| {
        let screen = node.run(&[&["import", &more], mode].concat());
        let line = screen.succeeded().lines().find(|line| line.starts_with("  replaces")).map(str::to_owned);
        (line.unwrap(), held(&node))
    });
    let said = "  replaces 2022-2023: 12 stored rows of 1 school or college; 30 stored rows stay, of 1 school or college";
    assert_eq!(screens[0], (said.to_owned(), counts(&[("9930001", 12), ("9930002", 30)])));
    assert_eq!(screens[1], (said.to_owned(), counts(&[("9930001", 15), ("9930002", 30)])));

    // The same file twice changes nothing, and neither does the other school's.
    for file in [&more, &south, &more] {
        let before = (node.status(), node.roster_files());
        node.run(&["import", file]).succeeded();
        assert_eq!((node.status(), node.roster_files()), before, "{file}");
    }

    // The district's file names both schools and replaces both, also where one file brought them.
    let district = school("9930001", 1, 9) + &school("9930002", 101, 8);
    let district = node.file("district.txt", district);
    assert_eq!(replaced(&node.json(&["import", &district])), (45, 2, 0, 0));
    let south_new = node.file("south new.txt", school("9930002", 101, 20));
    assert_eq!(replaced(&node.json(&["import", &south_new])), (8, 1, 9, 1));
    assert_eq!(held(&node), counts(&[("9930001", 9), ("9930002", 20)]));
    let before = (node.status(), node.roster_files());
    node.run(&["import", &south_new]).succeeded();
    assert_eq!((node.status(), node.roster_files()), before, "what a file left of an earlier one stays too");
}

#[test]
fn a_file_that_is_said_to_be_the_whole_year_takes_out_the_other_schools() {
    let node = Node::joined(Segment::K12);
    let both = node.file("both.txt", school("9930001", 1, 12) + &school("9930002", 101, 30));
    node.run(&["import", &both]).succeeded();
    let closed = node.file("one left.txt", school("9930002", 101, 31));
    let dry = node.json(&["import", &closed, "--whole", "--dry-run"]);
    assert_eq!(replaced(&dry), (42, 2, 0, 0));
    assert_eq!(held(&node), counts(&[("9930001", 12), ("9930002", 30)]));
    let screen = node.run(&["import", &closed, "--whole"]);
    assert!(
        screen.succeeded().contains("  replaces 2022-2023: 42 stored rows of 2 schools or colleges\n"),
        "{screen:?}"
    );
    assert_eq!(held(&node), counts(&[("9930002", 31)]));

    // Of a file of changes too: by itself it changes what it names.
    let changes = school("9930002", 101, 3).replacen("SINF^^", "SINF^R^", 1);
    let changes = node.file("changes.txt", changes);
    assert_eq!(replaced(&node.json(&["import", &changes, "--dry-run"])), (3, 1, 28, 1));
    node.run(&["import", &changes, "--whole"]).succeeded();
    assert_eq!(held(&node), counts(&[("9930002", 3)]));
}

#[test]
fn files_of_several_schools_come_in_one_import_or_not_at_all() {
    let node = Node::joined(Segment::K12);
    let files = ["9930001", "9930002", "9930003"].map(|code| {
        let first = code[4..].parse::<u32>().unwrap() * 100;
        node.file(&format!("{code}.txt"), school(code, first, 5))
    });
    let import = |files: &[&String], more: &[&str]| {
        let files: Vec<&str> = files.iter().map(|file| file.as_str()).collect();
        node.run(&[&["import"], files.as_slice(), more].concat())
    };
    import(&[&files[0], &files[1], &files[2]], &[]).succeeded();
    let all = counts(&[("9930001", 5), ("9930002", 5), ("9930003", 5)]);
    assert_eq!(held(&node), all);
    let before = (node.status(), node.roster_files());
    import(&[&files[2], &files[0], &files[1]], &[]).succeeded();
    assert_eq!((node.status(), node.roster_files()), before);

    let bad = node.file("bad.txt", school("9930004", 900, 30).replacen("7315900900", "1.23457E+09", 1));
    let changed = node.file("changed.txt", school("9930001", 50, 9));
    import(&[&changed, &bad], &[]).refused("N2008", Some("D2"));
    assert_eq!((node.status(), node.roster_files()), before, "one bad file keeps all of them out");
    let again = node.file("again.txt", school("9930003", 40, 2));
    let screen = import(&[&files[2], &again], &[]);
    assert!(
        screen.refused("N2232", Some("D4")).contains("has the same layout and 2022-2023 too"),
        "{screen:?}"
    );
    let screen = import(&[&files[0], &files[1]], &["--whole"]);
    screen.refused("N2232", Some("D4"));
    assert_eq!((node.status(), node.roster_files()), before);
    assert_eq!(held(&node), all);
}

/// The community colleges' student file of one vintage takes the place of the other's, for the college and term it names.
#[test]
fn vintages_of_one_layout_take_each_others_place() {
    let node = Node::joined(Segment::Cc);
    let fixture = |name: &str| {
        let path = root().join(format!("node/tests/layouts/fixtures/{name}.txt"));
        fs::read_to_string(path).unwrap().replace("SB991177", "SB991187")
    };
    let old = fixture("ccc-mis-sb-2017");
    let two = node.file("SB two colleges.dat", old.clone() + &old.replace("SB991", "SB992"));
    let sx = node.file("SX.dat", fixture("ccc-mis-sx"));
    let missing = |screen: &Value| screen["files"][0]["missing"].clone();
    assert_eq!(missing(&node.json(&["import", &sx, "--dry-run"])), json!(["ccc-mis-sb"]));
    node.run(&["import", &two]).succeeded();
    assert_eq!(missing(&node.json(&["import", &sx, "--dry-run"])), json!([]), "the older vintage is SB too");

    let new = node.file("SB.dat", fixture("ccc-mis-sb-2018"));
    let told = node.json(&["import", &new]);
    assert_eq!(told["files"][0]["layout"], "ccc-mis-sb-2018");
    assert_eq!(replaced(&told), (24, 1, 24, 1), "12 students and 12 terms of each college");
    let rows = |asked: &str| {
        let text = node.json(&["query", asked])["text"].as_str().unwrap().to_owned();
        text.lines().nth(2).unwrap().trim().parse::<u64>().unwrap()
    };
    assert_eq!(rows("SELECT count(*) AS n FROM student"), 24);
    assert_eq!(rows("SELECT count(*) AS n FROM student WHERE layout = 'ccc-mis-sb-2018'"), 12);
    assert_eq!(rows("SELECT count(*) AS n FROM enrolment WHERE institution = '992'"), 12);
    let before = (node.status(), node.roster_files());
    node.run(&["import", &new]).succeeded();
    assert_eq!((node.status(), node.roster_files()), before);
    node.run(&["data", "destroy", "--layout", "ccc-mis-sb", "--by", "Registrar"]).succeeded();
    assert_eq!(node.status()["tables"], json!([]));
}

/// Where only one of the two says whose its rows are, nobody can tell what the file takes the place of: it is refused, with
/// the numbers and the way on.
#[test]
fn a_file_that_cannot_be_held_against_what_is_stored_is_refused_in_numbers() {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("both.txt", school("9930001", 1, 12) + &school("9930002", 101, 30))])
        .succeeded();
    let own = node.run(&["layout", "show", "calpads-sinf"]).succeeded().to_owned();
    let own = own.replace("unit-from = [\"ReportingLEA\", \"School\"]\n", "");
    let own = node.file("own.toml", own);
    let file = node.file("SINF.txt", sinf(9));
    let before = (node.status(), node.roster_files());
    let screen = node.run(&["import", &file, "--layout", &own]);
    let what = screen.refused("N2235", Some("D4"));
    assert!(what.starts_with("SINF.txt: 42 of 42 stored rows of 2022-2023 cannot be held against"), "{what}");
    assert!(screen.err.contains("--whole"), "{screen:?}");
    assert_eq!((node.status(), node.roster_files()), before);
    node.run(&["import", &file, "--layout", &own, "--whole"]).succeeded();
    assert_eq!(held(&node), counts(&[("9930002", 9)]));
    // And the other way round.
    let screen = node.run(&["import", &node.file("north.txt", school("9930001", 1, 12))]);
    assert!(screen.refused("N2235", Some("D4")).contains("9 of 9 stored rows"), "{screen:?}");
    // Without a column of schools a file is the whole of its year, as it was.
    let again = node.json(&["import", &node.file("SINF.txt", sinf(7)), "--layout", &own]);
    assert_eq!(replaced(&again), (9, 0, 0, 0));
}
