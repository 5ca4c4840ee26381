//! What `data coverage`, `data dictionary`, `data rekey` and `data destroy` print and leave.

use std::fs;

use passage_protocol::agreement::Segment;

use crate::{
    pupils::{VALUES, sinf},
    world::{Node, names_in},
};

fn with_pupils(count: u32) -> Node {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("SINF.txt", sinf(count))]).succeeded();
    node
}

#[test]
fn the_coverage_page_counts_what_is_stored_names_nobody_and_fetches_nothing() {
    let node = with_pupils(37);
    let page = node.file("coverage.html", "old");
    let answer = node.json(&["data", "coverage", "--out", &page]);
    let total = &answer["lines"].as_array().unwrap()[0];
    assert_eq!((total["students"].as_u64(), total["ssid"].as_u64()), (Some(37), Some(37)), "{answer}");
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<td>37</td>"), "{html}");
    for outside in ["http://", "https://", "<script", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(VALUES.iter().all(|value| !html.contains(value)), "{html}");
    let screen = node.run(&["data", "coverage"]);
    assert!(screen.succeeded().contains("37"), "{screen:?}");
    screen.keeps_to_itself(VALUES);
    // Through the daemon the same, and a folder that is not there is named as the fault.
    let daemon = node.serve();
    assert_eq!(node.json(&["data", "coverage"])["lines"], answer["lines"]);
    node.run(&["data", "coverage", "--out", "/nowhere/at/all.html"]).refused("S1015", None);
    drop(daemon);
}

#[test]
fn the_dictionary_names_every_column_a_query_can_name() {
    let node = with_pupils(2);
    let dictionary = node.json(&["data", "dictionary"]);
    let tables = dictionary["tables"].as_array().unwrap();
    assert!(tables.len() > 5, "{dictionary}");
    for table in tables {
        let name = table["table"].as_str().unwrap();
        let columns = table["columns"].as_array().unwrap();
        let names: Vec<&str> = columns.iter().map(|column| column["column"].as_str().unwrap()).collect();
        assert!(!names.is_empty());
        let sql = format!(
            "SELECT {}, source_file, source_row, layout, layout_version FROM {name}",
            names.join(", ")
        );
        node.run(&["query", &sql]).succeeded();
        let screen = node.run(&["data", "dictionary", name]);
        let said = screen.succeeded();
        assert!(names.iter().all(|column| said.contains(column)), "{said}");
    }
    let all = node.run(&["data", "dictionary"]);
    assert!(all.succeeded().contains("data element dictionary, version 1, digest "), "{all:?}");
    let screen = node.run(&["data", "dictionary", "studnet"]);
    assert_eq!(screen.refused("N226B", Some("D1")), "there is no table of this name; the nearest is student");
}

#[test]
fn a_new_key_leaves_the_records_and_shreds_the_old_half() {
    let node = with_pupils(12);
    let half = fs::read(node.dir.join("keys/data-1.key")).unwrap();
    let (status, files) = (node.status(), node.roster_files());
    assert_eq!(node.json(&["data", "rekey"])["guard"], "file");
    assert_eq!(names_in(&node.dir.join("keys")), ["data-2.key"]);
    let daemon = node.serve();
    let screen = node.run(&["data", "rekey", "--guard", "file"]);
    assert!(screen.succeeded().ends_with("guarded by: file\n"), "{screen:?}");
    drop(daemon);
    assert_eq!(names_in(&node.dir.join("keys")), ["data-3.key"]);
    assert_ne!(fs::read(node.dir.join("keys/data-3.key")).unwrap()[..32], half[..32]);
    // Only keys were sealed anew, and what they open is what was there.
    assert_eq!((node.status(), node.roster_files()), (status, files));
    assert_eq!(node.json(&["query", "SELECT * FROM student"])["rows"], 12);
    // The old half put back opens nothing: what it wrapped is no longer in force.
    fs::write(node.dir.join("keys/data-3.key"), half).unwrap();
    node.run(&["data", "status"]).refused("N2261", Some("I7"));
}

#[test]
fn a_passphrase_is_read_from_its_file_and_a_wrong_one_is_refused_by_name() {
    let node = with_pupils(12);
    let passphrase = node.file("passphrase", "correct horse battery\n");
    let private = |mode: u32| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&passphrase, fs::Permissions::from_mode(mode)).unwrap();
    };
    private(0o600);
    fs::write(node.dir.join("node.toml"), format!("passphrase_file = \"{passphrase}\"\n")).unwrap();
    node.run(&["data", "rekey", "--guard", "passphrase"]).succeeded();
    assert_eq!(node.status()["students"], 12);
    private(0o644);
    let screen = node.run(&["data", "status"]);
    assert!(screen.refused("N2264", Some("I7")).contains("file of the passphrase"), "{screen:?}");
    private(0o600);
    fs::write(&passphrase, "incorrect horse battery\n").unwrap();
    let screen = node.run(&["data", "status"]);
    assert!(screen.refused("N2261", Some("I7")).starts_with("the passphrase is not the one"), "{screen:?}");
    fs::write(&passphrase, "short\n").unwrap();
    let screen = node.run(&["data", "status"]);
    assert_eq!(screen.refused("N2265", Some("I7")), "the passphrase has 5 bytes, expected at least 12");
    fs::remove_file(node.dir.join("node.toml")).unwrap();
    node.run(&["data", "status"]).refused("N2262", Some("I7"));
}

#[test]
fn l3_f10_a_destruction_leaves_a_certificate_that_says_what_was_found() {
    let node = with_pupils(12);
    let screen = node.run(&["data", "destroy", "--by", "A. Superintendent"]);
    let said = screen.succeeded().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("12 rows in 1 tables") && said.contains("verified yes, "), "{said}");
    assert!(said.contains("zeros were read back") && said.contains("of which 1 opened before"), "{said}");
    let [name] = names_in(&node.dir.join("certificates")).try_into().unwrap();
    let path = node.dir.join("certificates").join(name);
    let checked = node.json(&["data", "certificate", path.to_str().unwrap()]);
    assert_eq!(
        (checked["valid"].as_bool(), checked["statement"]["verified"].as_bool()),
        (Some(true), Some(true))
    );
    assert_eq!(
        (names_in(&node.dir.join("keys")), node.roster_files().len()),
        (vec!["data-2.key".to_owned()], 0)
    );
    // Whoever says more than was found has to sign it.
    let text = fs::read_to_string(&path).unwrap();
    let changed = node.file("changed.toml", text.replacen("zeros were read back", "ones were read back", 1));
    node.run(&["data", "certificate", &changed]).refused("S10B1", Some("F10"));
    node.run(&["data", "destroy", "--by", "A. Superintendent"]).refused("N2230", Some("F10"));
    assert_eq!(names_in(&node.dir.join("certificates")).len(), 1);
}
