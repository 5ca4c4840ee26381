//! Names planted in the roster are in no log line, no audit entry, no answer, and in no file of the state folder in clear.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::Path,
};

use passage_protocol::agreement::Segment;

use crate::{
    pupils::{Pupil, VALUES, sinf_of},
    world::{Node, Screen},
};

/// Every place a value may be found in `bytes`: as text, as UTF-16, in any case.
fn holds(bytes: &[u8], value: &str) -> bool {
    let lower = bytes.to_ascii_lowercase();
    let value = value.to_ascii_lowercase();
    let wide: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = |part: &[u8]| lower.windows(part.len()).any(|window| window == part);
    found(value.as_bytes()) || found(&wide)
}

fn watch(folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            watch(&path, files);
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap();
            for value in VALUES {
                assert!(!holds(&bytes, value), "{} holds {value} in clear", path.display());
            }
            files.push(entry.file_name().into_string().unwrap());
        }
    }
}

#[test]
fn planted_names_are_found_nowhere() {
    let node = Node::joined(Segment::K12);
    let daemon = node.serve();
    let good = node.file("SINF.txt", sinf_of(&(1..=200).map(Pupil::number).collect::<Vec<_>>()));
    let mut damaged = Pupil::number(3);
    damaged.birth = "17/03/2005 MARKERSON".into();
    let bad = node.file("bad.txt", sinf_of(&[Pupil::number(1), damaged]));
    let list = node.file("optout.csv", "student_id\nLOCAL-8800004\n7315900005\n");
    let wrong = node.file("wrong.csv", "student_id\nQuillona Zephyrine Markerson\n");
    let commands: &[(&[&str], i32)] = &[
        (&["import", &good, "--dry-run"], 0),
        (&["import", &good], 0),
        (&["import", &bad], 1),
        (&["optout", "import", &list], 0),
        (&["optout", "import", &wrong], 1),
        (&["data", "status"], 0),
        (&["doctor"], 0),
        (&["audit", "verify"], 0),
    ];
    let mut seen = 0;
    for (arguments, code) in commands {
        for form in [&[][..], &["--json"]] {
            let screen: Screen = node.run(&[arguments, form].concat());
            assert_eq!(screen.code, *code, "{arguments:?}: {screen:?}");
            screen.keeps_to_itself(VALUES);
            seen += 1;
        }
    }
    assert_eq!(seen, 16);

    // The control socket itself, with a request that no version knows.
    let mut stream = UnixStream::connect(node.dir.join("control.sock")).unwrap();
    stream.write_all(b"{\"Import\":{\"MARKERSON\":\"Quillona\"}}\n").unwrap();
    let answers: Vec<String> = BufReader::new(stream).lines().map(|line| line.unwrap()).collect();
    assert_eq!(answers.len(), 1);
    assert!(answers[0].contains("S1006") && !answers[0].contains("MARKERSON"), "{answers:?}");

    // While it runs, and after it has stopped.
    let mut files = Vec::new();
    watch(&node.dir, &mut files);
    for name in ["log.jsonl", "00000001.jsonl", "member.toml"] {
        assert!(files.iter().any(|file| file == name), "{name} was not watched: {files:?}");
    }
    assert!(files.iter().any(|file| file.ends_with(".table")), "no table was watched: {files:?}");
    assert_eq!(daemon.stop().0, Some(0));
    watch(&node.dir, &mut Vec::new());
    let log = fs::read_to_string(node.dir.join("log.jsonl")).unwrap();
    assert!(
        log.lines().count() >= 2
            && log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
    );
}

#[test]
fn the_watch_finds_what_it_looks_for() {
    assert!(holds(b"..Markerson..", "MARKERSON"));
    assert!(holds(b"m\0a\0r\0", "MAR"));
    assert!(!holds(b"m.a.r", "MAR"));
}
