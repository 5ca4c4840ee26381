//! Real files in: the five members of the demonstration, the same file twice, a year replaced, opt-outs, layouts, the end
//! of the data.

use std::fs;

use passage_protocol::agreement::Segment;
use serde_json::json;

use crate::{
    pupils::{Pupil, VALUES, layout, root, sinf, sinf_of},
    world::Node,
};

/// Files of a member of the demonstration and the layouts they need.
fn files_of(member: &str, segment: Segment) -> Vec<String> {
    let folder = root().join("deploy/demo/members").join(member);
    let file = |name: String| folder.join(name).to_str().unwrap().to_owned();
    if segment == Segment::K12 {
        return ["SENR", "SINF"].map(|kind| file(format!("{member}-{kind}.txt"))).to_vec();
    }
    let kinds = ["students", "enrollments", "courses", "awards"];
    let mut arguments: Vec<String> = kinds.iter().map(|kind| file(format!("{member}-{kind}.csv"))).collect();
    for kind in kinds {
        arguments.extend(["--layout".to_owned(), layout(&format!("{kind}.toml"))]);
    }
    arguments
}

#[test]
fn the_files_of_all_five_members_import_as_they_are() {
    for (member, segment) in [
        ("K12A", Segment::K12),
        ("K12B", Segment::K12),
        ("CC1", Segment::Cc),
        ("CC2", Segment::Cc),
        ("UNIV", Segment::Univ),
    ] {
        let node = Node::joined(segment);
        let files = files_of(member, segment);
        let mut arguments = vec!["import"];
        arguments.extend(files.iter().map(String::as_str));
        let dry = node.json(&[&arguments[..], &["--dry-run"]].concat());
        assert_eq!(dry["kept"], false);
        assert_eq!(node.status()["tables"], json!([]), "{member}: a dry run kept something");
        assert_eq!(node.roster_files(), Vec::<String>::new());

        let kept = node.json(&arguments);
        assert_eq!((&kept["kept"], &kept["files"]), (&true.into(), &dry["files"]), "{member}");
        for file in kept["files"].as_array().unwrap() {
            assert!(file["refusal"].is_null() && file["rows_with_errors"] == 0, "{member}: {file}");
            let rows = file["rows"].as_u64().unwrap();
            let not_kept = file["duplicates"].as_u64().unwrap() + file["deleted"].as_u64().unwrap();
            assert_eq!(file["kept"].as_u64().unwrap() + not_kept, rows, "{member}: {}", file["file"]);
            let name = file["file"].as_str().unwrap();
            let path = root().join("deploy/demo/members").join(member).join(name);
            let lines =
                fs::read_to_string(path).unwrap().lines().filter(|line| !line.is_empty()).count() as u64;
            assert_eq!(rows, lines - u64::from(segment != Segment::K12), "{name}: a row was lost");
        }

        let list = root().join("deploy/demo/members").join(member).join("optout.csv");
        let entries = fs::read_to_string(&list).unwrap().lines().count() as u64 - 1;
        assert_eq!(node.json(&["optout", "import", list.to_str().unwrap()]), json!({ "opt_outs": entries }));
        let status = node.status();
        let students = status["students"].as_u64().unwrap();
        assert!(students > 500 && status["unusable"].as_u64().unwrap() < students / 10, "{member}: {status}");
        assert!((1..=entries).contains(&status["opted_out"].as_u64().unwrap()), "{member}: {status}");
        let list =
            status["tables"].as_array().unwrap().iter().find(|one| one["layout"] == "opt-outs").unwrap();
        assert_eq!(list["rows"], entries);
    }
}

#[test]
fn the_screen_says_what_was_recognised_and_why() {
    let node = Node::joined(Segment::K12);
    let mut second = Pupil::number(2);
    second.birth = String::new();
    let file = node.file("SINF.txt", sinf_of(&[Pupil::number(1), second, Pupil::number(1)]));
    let screen = node.run(&["import", &file]);
    let text = screen.succeeded();
    for line in [
        "SINF.txt: CALPADS student information (SINF)",
        "  layout   calpads-sinf version 2019-20",
        "  because  record type SINF or SINF-R, 42 columns, caret between them, 15 checked columns hold what they should",
        "  covers   2022-2023, school 9930002: 2 rows; SSID 2, SSN 0, name and birth date 1; expected match strong 2, standard 0, weak 0",
        "  rows     3 read, 2 kept, 1 repeated",
        "  years    2022-2023",
        "  warning  a value is missing in a column that should have one (rule D2, once)",
        "           Fill it in at the source if it is known.",
        "  warning  the row repeats an earlier row; it was kept once (rule D4, once)",
        "           row 3",
    ] {
        assert!(text.lines().any(|seen| seen == line), "{line:?} is missing in {text}");
    }
    assert!(text.contains("           row 2, column 18 ("), "{text}");
    assert!(text.ends_with("imported; nothing has left this machine\n"), "{text}");
    screen.keeps_to_itself(VALUES);
    let screen = node.run(&["import", &file, "--dry-run"]);
    assert!(screen.succeeded().ends_with("dry run: nothing was kept\n"));
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let node = Node::joined(Segment::K12);
    let file = node.file("SINF.txt", sinf(30));
    node.run(&["import", &file]).succeeded();
    let (status, files) = (node.status(), node.roster_files());
    node.run(&["import", &file]).succeeded();
    assert_eq!((node.status(), node.roster_files()), (status, files));
}

/// What one node writes as Parquet another reads: days, numbers and flags with types of their own, the same records.
#[test]
fn parquet_files_are_read_by_the_names_of_their_columns() {
    const ASKED: &str = "SELECT local_id AS student_id, ssid, ssn, first, middle, last, suffix, prior_last, birth_date, gender, \
                         CASE hispanic WHEN true THEN 'Y' WHEN false THEN 'N' END AS hispanic, races AS race, zip FROM student";
    let nodes = [Node::joined(Segment::Cc), Node::joined(Segment::Cc)];
    let [from, to] = &nodes;
    from.run(&[
        "import",
        files_of("CC1", Segment::Cc).iter().find(|file| file.contains("students")).unwrap(),
    ])
    .succeeded();
    let file = from.dir.join("students.parquet").to_str().unwrap().to_owned();
    from.run(&["query", ASKED, "--out", &file]).succeeded();
    let screen = to.run(&["import", &file]);
    assert!(screen.succeeded().contains("; a Parquet file\n"), "{screen:?}");
    let whole = "SELECT local_id, ssid, ssn, first, last, birth_date, gender, hispanic, races, zip FROM student ORDER BY 1, 2, 3";
    let rows = nodes.each_ref().map(|node| {
        let out = node.dir.join("rows.csv").to_str().unwrap().to_owned();
        node.run(&["query", whole, "--out", &out]).succeeded();
        fs::read_to_string(&out).unwrap()
    });
    assert!(rows[0].lines().count() > 100, "{}", rows[0].lines().count());
    assert!(rows[0] == rows[1], "the records differ");

    let mut bytes = fs::read(&file).unwrap();
    bytes.truncate(bytes.len() - 9);
    let cut = to.file("cut.parquet", bytes);
    let screen = to.run(&["import", &cut]);
    let what = screen.refused("N2010", Some("D2"));
    assert!(what.contains("cut.parquet: the Parquet file cannot be read: it is damaged"), "{what}");
}

/// Where files come by term, each replaces its own term: spring leaves fall as it was (D4).
#[test]
fn a_term_is_replaced_and_the_other_terms_stay() {
    let node = Node::joined(Segment::Cc);
    let file = |name: &str, term: &str, students: core::ops::Range<u32>| {
        let rows: String = students.map(|number| format!("A{number},{term},12,12,FIRST,LD\n")).collect();
        node.file(name, format!("student_id,term,units_attempted,units_earned,status,level\n{rows}"))
    };
    let rows = || {
        let status = node.status();
        let tables = status["tables"].as_array().unwrap().clone();
        let row = |one: &serde_json::Value| {
            (one["term"].as_str().unwrap().to_owned(), one["rows"].as_u64().unwrap())
        };
        tables.iter().map(row).collect::<std::collections::BTreeMap<String, u64>>()
    };
    let of = |counts: &[(&str, u64)]| counts.iter().map(|(term, rows)| ((*term).to_owned(), *rows)).collect();
    node.run(&["import", &file("fall.csv", "2021FA", 1..8), &file("winter.csv", "2022WI", 1..4)]).succeeded();
    let screen = node.run(&["import", &file("spring.csv", "2022SP", 3..9)]);
    assert!(screen.succeeded().contains("  terms    2022SP\n"), "{screen:?}");
    assert_eq!(rows(), of(&[("2021FA", 7), ("2022SP", 6), ("2022WI", 3)]));
    node.run(&["import", &file("fall again.csv", "2021fa", 1..10)]).succeeded();
    assert_eq!(rows(), of(&[("2021FA", 9), ("2022SP", 6), ("2022WI", 3)]));
    let screen = node.run(&["import", &file("a.csv", "2022SP", 1..3), &file("b.csv", "2022SP", 3..5)]);
    let what = screen.refused("N2232", Some("D4"));
    assert!(what.contains("has the same layout and 2022SP of 2021-2022 too"), "{what}");
    node.run(&["data", "destroy", "--year", "2021-2022", "--by", "Registrar"]).succeeded();
    assert_eq!(node.status()["tables"], serde_json::json!([]), "the terms of a year go with it");
}

#[test]
fn a_year_is_replaced_and_the_other_years_stay() {
    let node = Node::joined(Segment::K12);
    let mut before: Vec<Pupil> = (1..=10).map(Pupil::number).collect();
    for pupil in &mut before[..4] {
        pupil.year = "2021-2022";
    }
    node.run(&["import", &node.file("both.txt", sinf_of(&before))]).succeeded();
    let rows = |year: &str| {
        let status = node.status();
        let segments = status["tables"].as_array().unwrap().clone();
        let of_year: Vec<u64> = segments
            .iter()
            .filter(|one| one["year"] == year)
            .map(|one| one["rows"].as_u64().unwrap())
            .collect();
        assert_eq!(of_year.len(), 1, "{status}");
        of_year[0]
    };
    assert_eq!((rows("2021-2022"), rows("2022-2023")), (4, 6));
    let old = node.roster_files();
    node.run(&["import", &node.file("new.txt", sinf(9)), "--period", "2022-2023"]).succeeded();
    assert_eq!((rows("2021-2022"), rows("2022-2023")), (4, 9));
    let new = node.roster_files();
    assert_eq!(new.iter().filter(|file| old.contains(file)).count(), 1, "one segment stays, one is replaced");
    assert_eq!(new.len(), 2);
}

#[test]
fn opt_outs_count_at_once_and_a_new_list_replaces_the_old() {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("SINF.txt", sinf(10))]).succeeded();
    node.run(&[
        "optout",
        "import",
        &node.file("three.csv", "student_id\nLOCAL-8800001\n7315900002\nLATER-1\n"),
    ])
    .succeeded();
    assert_eq!((&node.status()["opted_out"], &node.status()["students"]), (&2.into(), &10.into()));
    node.run(&["optout", "import", &node.file("one.csv", "LOCAL-8800009\n")]).succeeded();
    assert_eq!(node.status()["opted_out"], 1);
    node.run(&["optout", "import", &node.file("none.csv", "student_id\n")]).succeeded();
    assert_eq!(node.status()["opted_out"], 0);
}

#[test]
fn f06_students_with_a_directory_block_are_kept_out_unless_the_institution_decides_otherwise() {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("SINF.txt", sinf(10))]).succeeded();
    let blocked = node.file("blocked.csv", "student_id\nLOCAL-8800001\nLOCAL-8800002\nLEFT-LONG-AGO\n");
    assert_eq!(node.json(&["optout", "import", &blocked, "--directory"]), json!({ "opt_outs": 3 }));
    node.run(&["optout", "import", &node.file("one.csv", "LOCAL-8800002\nLOCAL-8800003\n")]).succeeded();
    let both = node.status();
    assert_eq!(both["opted_out"], 3, "each list stands beside the other");
    // A student who comes back is still blocked.
    let former = sinf(10).replace("LOCAL-8800009", "LEFT-LONG-AGO");
    node.run(&["import", &node.file("SINF.txt", former)]).succeeded();
    assert_eq!(node.status()["opted_out"], 4);

    fs::write(node.dir.join("node.toml"), "exclude_blocked = false\n").unwrap();
    let studies_alone = node.status();
    assert_eq!(studies_alone["opted_out"], 2);
    assert_ne!(studies_alone["snapshot"], both["snapshot"], "other students: another roster");
}

#[test]
fn destroyed_data_leaves_no_table_and_not_its_key() {
    let node = Node::joined(Segment::K12);
    node.run(&["data", "destroy", "--by", "IT, ticket 4711"]).refused("N2230", Some("F10"));
    node.run(&["import", &node.file("SINF.txt", sinf(10))]).succeeded();
    node.run(&["optout", "import", &node.file("optout.csv", "LOCAL-8800001\n")]).succeeded();
    let files = node.roster_files();
    let copies: Vec<(std::path::PathBuf, Vec<u8>)> = files
        .iter()
        .map(|name| node.dir.join("tables").join(name))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    let key = fs::read(node.dir.join("keys/data-1.key")).unwrap();
    let screen = node.run(&["data", "destroy", "--by", "IT, ticket 4711"]);
    assert!(screen.succeeded().contains("every student record and the opt-out list"), "{screen:?}");
    assert!(screen.out.contains("import them again"), "{screen:?}");
    assert_eq!(node.roster_files(), Vec::<String>::new());
    assert_eq!((&node.status()["tables"], &node.status()["students"]), (&json!([]), &0.into()));
    assert!(!node.dir.join("keys/data-1.key").exists());
    assert_ne!(fs::read(node.dir.join("keys/data-2.key")).unwrap(), key);
    let audit = node.run(&["audit", "verify"]);
    assert!(
        audit.succeeded().contains(&format!("data.destroyed by=IT, ticket 4711 tables={}", files.len())),
        "{audit:?}"
    );

    // The certificate is there, signed, and any change of it shows.
    let certificates = fs::read_dir(node.dir.join("certificates")).unwrap();
    let certificate = certificates.map(|entry| entry.unwrap().path()).next().unwrap();
    let checked = node.json(&["data", "certificate", certificate.to_str().unwrap()]);
    assert_eq!(checked["statement"]["table"].as_array().unwrap().len(), files.len());
    assert_eq!(checked["statement"]["signing_key"], node.json(&["doctor"])["signing_key"]);
    let changed = fs::read_to_string(&certificate).unwrap().replace("ticket 4711", "ticket 4712");
    node.run(&["data", "certificate", &node.file("changed.toml", changed)]).refused("S10B1", Some("F10"));

    // New records go under the new key; copies of the old files are swept and could not be read again.
    for (path, copy) in &copies {
        fs::write(path, copy).unwrap();
    }
    node.run(&["import", &node.file("SINF.txt", sinf(11))]).succeeded();
    assert_eq!(node.status()["students"], 11);
    assert!(copies.iter().all(|(path, _)| !path.exists()));
}

#[test]
fn one_layout_or_year_can_be_destroyed_and_the_rest_stays() {
    let node = Node::joined(Segment::K12);
    let mut pupils: Vec<Pupil> = (1..=10).map(Pupil::number).collect();
    for pupil in &mut pupils[..4] {
        pupil.year = "2021-2022";
    }
    node.run(&["import", &node.file("both.txt", sinf_of(&pupils))]).succeeded();
    node.run(&["data", "destroy", "--year", "2015-2016", "--by", "IT"]).refused("N2230", Some("F10"));
    let destroyed = node.json(&["data", "destroy", "--year", "2021-2022", "--by", "IT"]);
    assert_eq!(destroyed["statement"]["scope"], "what belongs to school year 2021-2022");
    assert_eq!(node.status()["students"], 6);
    node.run(&["data", "rekey"]).succeeded();
    assert_eq!(node.status()["students"], 6);
}

#[test]
fn a_passphrase_is_asked_for_and_the_wrong_one_opens_nothing() {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("SINF.txt", sinf(10))]).succeeded();
    node.run(&["data", "rekey", "--guard", "passphrase"]).refused("N2262", Some("I7"));
    let file = node.file("passphrase", "correct horse battery staple\n");
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    fs::write(node.dir.join("node.toml"), format!("passphrase_file = \"{file}\"\n")).unwrap();
    node.run(&["data", "rekey", "--guard", "passphrase"]).succeeded();
    assert_eq!(node.status()["students"], 10);
    fs::write(&file, "another horse battery staple\n").unwrap();
    node.run(&["data", "status"]).refused("N2261", Some("I7"));
    fs::write(&file, "correct horse battery staple\n").unwrap();
    assert_eq!(node.status()["students"], 10);
}

#[test]
fn what_a_killed_import_left_is_swept_when_the_folder_is_opened() {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("SINF.txt", sinf(5))]).succeeded();
    let files = node.roster_files();
    fs::write(node.dir.join("tables/student.calpads-sinf.2022-2023.tmp"), b"half").unwrap();
    fs::write(node.dir.join("tables").join(format!("{}.table", "ab".repeat(32))), b"uncommitted").unwrap();
    assert_eq!(node.status()["students"], 5);
    assert_eq!(node.roster_files(), files);
}

#[test]
fn layouts_are_listed_and_shown_and_own_ones_join_them() {
    let node = Node::joined(Segment::Cc);
    let ids = |node: &Node| -> Vec<String> {
        let list = node.json(&["layout", "list"]);
        list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let shipped = ids(&node);
    assert!(shipped.starts_with(&["calpads-senr".to_owned(), "calpads-sinf".to_owned()]), "{shipped:?}");
    let listed = node.run(&["layout", "list"]);
    for word in ["39 or 41 columns", "high", "source: "] {
        assert!(listed.succeeded().contains(word), "{word} is missing in {listed:?}");
    }
    let screen = node.run(&["layout", "show", "calpads-senr"]);
    let text = screen.succeeded();
    assert_eq!(text, fs::read_to_string(root().join("node/src/import/layouts/calpads-senr.toml")).unwrap());
    node.run(&["layout", "show", "calpads"]).refused("N2241", Some("D1"));

    // A file in the folder `layouts` is known from then on, by content and by id.
    fs::create_dir_all(node.dir.join("layouts")).unwrap();
    let own = fs::read_to_string(layout("students.toml")).unwrap();
    fs::write(node.dir.join("layouts/students.toml"), &own).unwrap();
    assert_eq!(ids(&node), [&["students".to_owned()], shipped.as_slice()].concat());
    let shown = node.json(&["layout", "show", "students"]);
    assert_eq!(
        (&shown["columns"][0]["name"], &shown["columns"][0]["element"]),
        (&"student_id".into(), &"local-id".into())
    );
    let file = node.file("students.csv", [crate::pupils::STUDENTS_HEADER, crate::pupils::STUDENT].concat());
    let json = node.json(&["import", &file, "--dry-run", "--layout", "students"]);
    assert_eq!(json["files"][0]["layout"], "students");
    // Two layouts fit: the file is refused until one is named, or the own one takes the place of the shipped one.
    let screen = node.run(&["import", &file, "--dry-run"]);
    assert!(screen.refused("N2001", Some("D1")).contains("college-students, students"), "{screen:?}");
    let own = own.replace("id = \"students\"", "id = \"college-students\"");
    fs::write(node.dir.join("layouts/students.toml"), own).unwrap();
    let json = node.json(&["import", &file, "--dry-run"]);
    assert_eq!(
        (&json["files"][0]["layout"], &json["files"][0]["version"]),
        (&"college-students".into(), &"1".into())
    );
}
