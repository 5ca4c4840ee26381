//! Files a node must refuse, or take with a warning. Whatever comes in, nothing is half-stored, nothing of it is printed,
//! and the clerk learns the row, the rule and the next step.

use std::{
    fs::{self, File},
    io::Write as _,
};

use passage_protocol::agreement::Segment;
use serde_json::Value;

use crate::{
    pupils::{Pupil, STUDENT, STUDENTS_HEADER, VALUES, layout, sinf, sinf_of},
    world::{Node, Screen, names_in},
};

/// A node that holds 20 pupils, and what a bad file must leave as it is.
struct Holding {
    node: Node,
    status: Value,
    files: Vec<String>,
}

impl Holding {
    fn new() -> Self {
        let node = Node::joined(Segment::K12);
        let good = node.file("good.txt", sinf(20));
        node.run(&["import", &good]).succeeded();
        Self { status: node.status(), files: node.roster_files(), node }
    }

    /// Runs a command and checks that it neither changed nor told anything.
    fn try_out(&self, arguments: &[&str]) -> Screen {
        let screen = self.node.run(arguments);
        assert!(!screen.err.contains("panicked"), "{screen:?}");
        // The files first: the next command would sweep what this one left behind.
        assert_eq!(self.node.roster_files(), self.files, "{arguments:?} left a file behind");
        assert_eq!(self.node.status(), self.status, "{arguments:?} changed the roster");
        screen.keeps_to_itself(VALUES);
        screen
    }

    /// Imports `bytes`, expecting a refusal; answers the screen.
    fn refuses(&self, bytes: impl AsRef<[u8]>, more: &[&str], code: &str, rule: &str) -> Screen {
        let file = self.node.file("bad.txt", bytes);
        let screen = self.try_out(&[&["import", &file], more].concat());
        assert!(screen.refused(code, Some(rule)).starts_with("bad.txt: "), "{screen:?}");
        let as_json = self.try_out(&[&["import", &file, "--json"], more].concat());
        assert_eq!((as_json.code, as_json.err.as_str()), (1, ""));
        let json: Value = serde_json::from_str(&as_json.out).unwrap();
        assert_eq!(
            (&json["code"], &json["rule"], &json["kept"]),
            (&code.into(), &rule.into(), &false.into())
        );
        assert_eq!(json["files"][0]["refusal"]["code"], code);
        screen
    }
}

fn changed(change: impl Fn(&mut Pupil)) -> String {
    let mut pupils: Vec<Pupil> = (1..=20).map(Pupil::number).collect();
    change(&mut pupils[6]);
    sinf_of(&pupils)
}

#[test]
fn files_that_are_no_files_of_records_are_refused_whole() {
    let holding = Holding::new();
    let students = layout("students.toml");
    let with_layout = ["--layout", students.as_str()];
    holding.refuses("", &[], "N2002", "D2");
    holding.refuses("\r\n\r\n  \r\n", &[], "N2002", "D2");
    holding.refuses(STUDENTS_HEADER, &with_layout, "N2003", "D2");
    let screen = holding.refuses([STUDENTS_HEADER, STUDENT].concat(), &[], "N2234", "D6");
    assert!(screen.err.contains("college-students is for cc and univ, and this member is k12"), "{screen:?}");
    let screen = holding.refuses(sinf(3), &with_layout, "N200B", "D1");
    assert!(
        screen.err.contains("students: the header has column student_id 0 times, expected once"),
        "{screen:?}"
    );
    holding.refuses([b"SINF^\0".as_slice(), sinf(1).as_bytes()].concat(), &[], "N2006", "D2");
    let utf16: Vec<u8> = sinf(2).encode_utf16().flat_map(u16::to_le_bytes).collect();
    holding.refuses([b"\xFF\xFE".as_slice(), &utf16].concat(), &[], "N200C", "D2");
    holding.refuses(&utf16, &[], "N200C", "D2");
    let noise: Vec<u8> = (0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 | 1).collect();
    let file = holding.node.file("noise.txt", noise);
    assert_eq!(holding.try_out(&["import", &file]).code, 1);
}

#[test]
fn a_nul_byte_far_into_the_file_is_refused_by_row() {
    let holding = Holding::new();
    let bytes = sinf(600).replacen("LOCAL-8800500^QUILLONA", "LOCAL-8800500^QUIL\0LONA", 1);
    let screen = holding.refuses(bytes, &[], "N2006", "D2");
    assert!(screen.err.contains("row 500 has a NUL byte"), "{screen:?}");
}

#[test]
fn what_a_spreadsheet_did_is_named_by_row_and_column() {
    let holding = Holding::new();
    for (bytes, place, what) in [
        (
            changed(|pupil| pupil.ssid = "1.23457E+09".into()),
            "           row 7, column 9 (SSID)\n",
            "scientific notation",
        ),
        (
            changed(|pupil| pupil.birth = "38110".into()),
            "           row 7, column 18 (",
            "a date as a day number",
        ),
        (
            changed(|pupil| pupil.birth = "5/3/2004".into()),
            "           row 7, column 18 (",
            "a date with slashes",
        ),
        (
            changed(|pupil| pupil.ssid = "7,315,900,007".into()),
            "           row 7, column 9 (SSID)\n",
            "thousands",
        ),
    ] {
        let screen = holding.refuses(bytes, &[], "N2008", "D2");
        assert!(screen.err.contains(place) && screen.err.contains(what), "{screen:?}");
        assert!(screen.err.contains("do not open and save it in a spreadsheet"), "{screen:?}");
        assert!(screen.err.contains("bad.txt: 1 of 20 rows have errors"), "{screen:?}");
        screen.keeps_to_itself(&["1.23457E+09", "5/3/2004", "38110", "7,315,900,007"]);
    }
}

#[test]
fn a_row_of_another_width_or_type_is_refused_by_row() {
    let holding = Holding::new();
    let wider = format!("{}\r\n{}^EXTRA\r\n", Pupil::number(1).sinf(), Pupil::number(2).sinf());
    let screen = holding.refuses(wider, &[], "N2008", "D2");
    assert!(
        screen.err.contains("the number of columns differs from the layout (rule D2, once)"),
        "{screen:?}"
    );
    assert!(screen.err.contains("           row 2\n"), "{screen:?}");
    screen.keeps_to_itself(&["EXTRA"]);
    let mixed = sinf(20) + &sinf(1).replace("SINF^", "SENR^");
    let screen = holding.refuses(mixed, &[], "N2008", "D2");
    assert!(screen.err.contains("the record type differs from the first row (rule D2, once)"), "{screen:?}");
}

#[test]
fn a_lost_zero_and_windows_letters_are_repaired_and_told() {
    let node = Node::joined(Segment::K12);
    let mut pupil = Pupil::number(1);
    pupil.ssid = "315900001".into();
    let file = node.file("short.txt", sinf_of(&[pupil, Pupil::number(2)]));
    let screen = node.run(&["import", &file]);
    let text = screen.succeeded();
    assert!(text.contains("  warning  a digit fewer than expected: a leading zero was lost"), "{text}");
    assert!(text.contains("           row 1, column 9 (SSID)\n"), "{text}");
    assert!(text.contains("2 read, 2 kept"), "{text}");
    screen.keeps_to_itself(&["315900001"]);

    let bytes: Vec<u8> =
        sinf(2).replace("MARKERSON", "PE\u{F1}ALBA").chars().map(|letter| letter as u8).collect();
    let screen = node.run(&["import", &node.file("windows.txt", bytes)]);
    assert!(
        screen
            .succeeded()
            .contains("characters in Windows-1252; they were converted to UTF-8 (rule D2, 2 times)")
    );
    screen.keeps_to_itself(&["ALBA"]);
    assert_eq!(node.status()["students"], 2);
}

#[test]
fn of_two_files_of_which_one_is_bad_neither_is_kept_and_both_are_told() {
    let holding = Holding::new();
    let good = holding.node.file("more.txt", sinf(40));
    let bad = holding
        .node
        .file("bad.txt", changed(|pupil| pupil.birth = "20051345".into()).replace("20050317", ""));
    let worse = holding.node.file("worse.txt", "");
    for order in [[&good, &worse], [&worse, &good]] {
        let screen = holding.try_out(&["import", order[0], order[1]]);
        screen.refused("N2002", Some("D2"));
        assert!(screen.err.contains("more.txt: CALPADS student information"), "{screen:?}");
        assert!(screen.err.contains("nothing of these files was kept"), "{screen:?}");
    }
    let _ = bad;
}

#[test]
fn two_files_that_would_replace_each_other_are_refused() {
    let holding = Holding::new();
    let one = holding.node.file("school-1.txt", sinf(3));
    let two = holding.node.file("school-2.txt", sinf(4));
    for more in [&[][..], &["--dry-run"]] {
        let screen = holding.try_out(&[&["import", &one, &two], more].concat());
        let what = screen.refused("N2232", Some("D4"));
        assert!(
            what.starts_with("school-2.txt: school-1.txt has the same layout and 2022-2023 too"),
            "{what}"
        );
    }
}

#[test]
fn a_period_is_held_against_the_years_of_the_file() {
    let holding = Holding::new();
    let mut late = Pupil::number(21);
    late.year = "2023-2024";
    let file = holding.node.file("years.txt", sinf_of(&[Pupil::number(1), late]));
    let screen = holding.try_out(&["import", &file, "--period", "2022-2023"]);
    let what = screen.refused("N2231", Some("D4"));
    assert!(what.contains("2022-2023, 2023-2024, expected 2022-2023 alone"), "{what}");
    let good = holding.node.file("one-year.txt", sinf(20));
    holding.try_out(&["import", &good, "--period", "2022-2023"]).succeeded();
}

#[test]
fn problems_go_to_a_file_by_row_and_column() {
    let holding = Holding::new();
    let mut pupils: Vec<Pupil> = (1..=30).map(Pupil::number).collect();
    for pupil in &mut pupils[..15] {
        pupil.ssid = "1.23457E+09".into();
    }
    let bad = holding.node.file("bad.txt", sinf_of(&pupils));
    let empty = holding.node.file("empty.txt", "");
    let list = holding.node.file("problems.csv", "");
    let screen = holding.try_out(&["import", &bad, &empty, "--problems", &list]);
    assert!(
        screen.err.contains("row 5, column 9 (SSID); and 10 more\n  --problems FILE writes every place"),
        "{screen:?}"
    );
    assert!(screen.err.starts_with("16 problems listed in "), "{screen:?}");
    let text = fs::read_to_string(&list).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "file,row,column,name,severity,rule,what,advice");
    assert!(lines[1].starts_with("bad.txt,1,9,SSID,error,D3,"), "{}", lines[1]);
    assert!(lines[16].starts_with("empty.txt,,,,error,D2,"), "{}", lines[16]);
    assert_eq!(lines.len(), 17);
    assert_eq!(
        names_in(&holding.node.dir.join("problems")),
        Vec::<String>::new(),
        "the list was not taken away"
    );
    assert!(VALUES.iter().all(|value| !text.contains(value)) && !text.contains("1.23457E+09"));

    // A list that cannot be written stops the import before it begins.
    let good = holding.node.file("good.txt", sinf(40));
    let screen = holding.try_out(&["import", &good, "--problems", "/nonexistent/problems.csv"]);
    assert!(screen.refused("S1007", None).contains("write the problems"), "{screen:?}");
}

/// More problems than an answer lists: the file has every one, and neither process holds them all.
#[test]
fn a_list_of_problems_of_any_length_is_complete() {
    let pupils: Vec<Pupil> =
        (1..=30_000).map(|number| Pupil { birth: "19000101".into(), ..Pupil::number(number) }).collect();
    for serving in [true, false] {
        let node = Node::joined(Segment::K12);
        let daemon = serving.then(|| node.serve());
        let (file, list) = (node.file("many.txt", sinf_of(&pupils)), node.file("problems.csv", ""));
        let screen = node.run(&["import", &file, "--dry-run", "--problems", &list]);
        assert!(screen.succeeded().starts_with("30000 problems listed in "), "{screen:?}");
        let text = fs::read_to_string(&list).unwrap();
        assert_eq!(text.lines().count(), 30_001);
        let rows = text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse::<usize>().unwrap());
        assert!(rows.eq(1..=30_000), "a row is missing or doubled");
        drop(daemon);
    }
}

/// A file of changes is merged with the stored year; without one it is refused. It must never pass for the year.
#[test]
fn a_file_of_changes_changes_the_records_it_names_and_no_other() {
    let holding = Holding::new();
    let node = &holding.node;
    let mut other = Pupil::number(1);
    other.year = "2020-2021";
    let changes = other.sinf().replacen("SINF^^", "SINF^R^", 1) + "\r\n";
    let screen = holding.refuses(changes, &[], "N2233", "D4");
    assert!(screen.err.contains("1 of 1 rows delete or replace records of 2020-2021"), "{screen:?}");

    let deleted = Pupil::number(3).sinf().replacen("SINF^^", "SINF^D^", 1);
    let mut moved = Pupil::number(4);
    moved.last = "MARKERSON-NEW".into();
    let replaced = moved.sinf().replacen("SINF^^", "SINF^R^", 1);
    let added = Pupil::number(21).sinf().replacen("SINF^^", "SINF^A^", 1);
    let file = node.file("changes.txt", [deleted, replaced, added].join("\r\n") + "\r\n");
    node.run(&["import", &file]).succeeded();
    assert_eq!(node.status()["students"], 20, "one gone, one changed, one new");
    let names = |last: &str| {
        let asked = format!("SELECT count(*) AS n FROM student WHERE last = '{last}'");
        let text = node.json(&["query", &asked])["text"].as_str().unwrap().to_owned();
        text.lines().nth(2).unwrap().trim().parse::<u64>().unwrap()
    };
    assert_eq!((names("MARKERSON-NEW"), names("MARKERSON")), (1, 19));
    let before = (node.status(), node.roster_files());
    node.run(&["import", &file]).succeeded();
    assert_eq!((node.status(), node.roster_files()), before, "the same changes twice change nothing");
}

#[test]
fn a_line_of_two_gibibytes_is_refused_in_bounded_memory() {
    let node = Node::joined(Segment::K12);
    let daemon = node.serve();
    // Sparse: no disk is used. Once as the first line, once past the lines that are looked at to recognise a file.
    for rows_before in [0, 300] {
        let path = node.file("long.txt", sinf(rows_before) + "SINF^^");
        let file = File::options().append(true).open(&path).unwrap();
        file.set_len(2 << 30).unwrap();
        (&file).write_all(b"\r\n").unwrap();
        let screen = node.run(&["import", &path]);
        let what = screen.refused("N2005", Some("D2"));
        assert!(what.contains(&format!("row {} is longer than 65536 bytes", rows_before + 1)), "{what}");
        screen.keeps_to_itself(VALUES);
    }
    assert_eq!(node.status()["tables"], serde_json::json!([]));
    assert_eq!(node.roster_files(), Vec::<String>::new());
    let peak = daemon.peak_memory_kib();
    assert!(peak < 200 << 10, "the daemon needed {peak} KiB");
}

#[test]
fn a_file_that_is_not_there_or_is_a_folder_is_refused() {
    let holding = Holding::new();
    let folder = holding.node.dir.to_str().unwrap().to_owned();
    for path in ["/nonexistent/SENR.txt", folder.as_str()] {
        holding.try_out(&["import", path]).refused("N2007", None);
        assert_eq!(holding.try_out(&["optout", "import", path]).code, 1);
    }
}

#[test]
fn a_layout_that_is_no_layout_is_refused_without_a_value() {
    let holding = Holding::new();
    let students = holding.node.file("students.csv", [STUDENTS_HEADER, STUDENT].concat());
    let screen = holding.try_out(&["import", &students, "--layout", &students]);
    assert!(
        screen
            .refused("N2004", Some("D1"))
            .starts_with("students.csv: the layout file is not right at line 1")
    );
    let text = fs::read_to_string(layout("students.toml")).unwrap().replace("delimiters =", "delimeters =");
    let mistyped = holding.node.file("mistyped.toml", text);
    let screen = holding.try_out(&["import", &students, "--layout", &mistyped]);
    assert!(
        screen.refused("N2004", Some("D1")).ends_with("the nearest known key is `delimiters`"),
        "{screen:?}"
    );
    let screen = holding.try_out(&["import", &students, "--layout", "calpads-sinv"]);
    assert!(screen.refused("N2241", Some("D1")).ends_with("the nearest is calpads-sinf"), "{screen:?}");
}

#[test]
fn a_bad_line_of_an_opt_out_list_is_refused_by_row() {
    let holding = Holding::new();
    let list = holding.node.file("optout.csv", "student_id\nLOCAL-8800001\nQuillona Markerson\n");
    let screen = holding.try_out(&["optout", "import", &list]);
    assert!(screen.refused("N2102", Some("D7")).starts_with("row 3 of the opt-out list"), "{screen:?}");
    let binary = holding.node.file("optout.bin", b"\xFF\xFE\x00");
    holding.try_out(&["optout", "import", &binary]).refused("N2103", Some("D7"));
}
