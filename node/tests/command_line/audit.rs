//! The log takes an entry before anything is done: with a log that takes nothing, every command is refused and nothing changed.

use std::{fs, path::PathBuf};

use passage_protocol::{agreement::Segment, checkpoint::Head};
use passage_shell::audit::{Act, AuditLog, Entry, chain::SEGMENT_ENTRIES};

use crate::{pupils::sinf, world::Node};

/// Fills the log's file and puts a folder where the next one would be: from then on no entry can be written.
fn block_the_log(node: &Node) -> PathBuf {
    let folder = node.dir.join("audit");
    fs::remove_file(folder.join("00000001.jsonl")).unwrap();
    AuditLog::open(&folder).unwrap().append(passage_shell::clock::now(), &Act::DaemonStopped).unwrap();
    let text = fs::read_to_string(folder.join("00000001.jsonl")).unwrap();
    let mut entry: Entry = serde_json::from_str(text.trim_end()).unwrap();
    let (mut lines, mut head) = (String::new(), Head::EMPTY);
    while head.number < SEGMENT_ENTRIES {
        entry = Entry { number: head.number + 1, previous: head.digest.to_string(), ..entry };
        head = head.after(entry.body());
        entry.digest = head.digest.to_string();
        lines += &format!("{}\n", serde_json::to_string(&entry).unwrap());
    }
    fs::write(folder.join("00000001.jsonl"), lines).unwrap();
    let next = folder.join("00000002.jsonl");
    fs::create_dir(&next).unwrap();
    next
}

#[test]
fn audit_precedes_the_act() {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("first.txt", sinf(25))]).succeeded();
    let next = block_the_log(&node);
    let state = |node: &Node| {
        let keys = fs::read(node.dir.join("keys/data-1.key")).unwrap();
        (node.status(), node.roster_files(), keys)
    };
    let before = state(&node);
    let more = node.file("more.txt", sinf(30));
    let opted = node.file("optout.csv", "student_id\nLOCAL-8800004\n");
    let rows = node.file("rows.csv", "");
    fs::remove_file(&rows).unwrap();
    for command in [
        &["import", &more][..],
        &["optout", "import", &opted],
        &["data", "rekey"],
        &["data", "destroy", "--by", "IT"],
        &["query", "SELECT count(*) FROM student", "--out", &rows],
        &["serve"],
    ] {
        let screen = node.run(command);
        screen.refused("S1043", None);
        assert_eq!(state(&node), before, "{command:?}");
    }
    assert!(!PathBuf::from(&rows).exists(), "rows were written");
    // With room again the same commands are carried out, each with its outcome.
    fs::remove_dir(next).unwrap();
    node.run(&["import", &more]).succeeded();
    assert_eq!(node.status()["students"], 30);
    let shown = node.run(&["audit", "verify"]);
    let entries: Vec<&str> = shown.succeeded().lines().collect();
    assert!(entries[0].starts_with("826 earlier entries"), "{}", entries[0]);
    assert!(shown.out.contains("file.imported layout=calpads-sinf rows=30"), "{}", shown.out);
    assert!(shown.out.contains("act.done entry=1025"), "{}", shown.out);
}

#[test]
fn an_act_that_fails_has_its_outcome_in_the_log() {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("first.txt", sinf(25))]).succeeded();
    let out = node.dir.join("no-such-folder/rows.csv");
    let screen = node.run(&["query", "SELECT count(*) FROM student", "--out", out.to_str().unwrap()]);
    assert_eq!(screen.code, 1, "{screen:?}");
    let shown = node.run(&["audit", "verify"]);
    assert!(shown.succeeded().contains("query.exported format=csv"), "{}", shown.out);
    assert!(shown.out.contains("act.failed code=N28"), "{}", shown.out);
}
