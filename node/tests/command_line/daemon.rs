//! A command gives the same answer whether a daemon serves the folder or not; a daemon owns its folder and ends cleanly.

use std::{os::unix::fs::MetadataExt as _, thread};

use passage_protocol::agreement::Segment;

use crate::{
    pupils::{Pupil, sinf, sinf_of},
    world::Node,
};

#[test]
fn commands_answer_alike_with_and_without_a_daemon() {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("SINF.txt", sinf(25))]).succeeded();
    let mut damaged = Pupil::number(2);
    damaged.ssid = "1.23457E+09".into();
    let bad = node.file("bad.txt", sinf_of(&[Pupil::number(1), damaged]));
    let good = node.file("good.txt", sinf(25));
    let commands = [
        &["data", "status"][..],
        &["data", "status", "--json"],
        &["import", &bad],
        &["import", &bad, "--json"],
        &["import", &good, "--dry-run"],
        &["layout", "list"],
        &["layout", "show", "calpads-sinf"],
        &["layout", "show", "nothing"],
        &["agreement", "list"],
        &["agreement", "show", "A-0123456789abcdef"],
        &["agreement", "sign", "A-0123456789abcdef", "--by", "A. Superintendent"],
        &["study", "list"],
        &["study", "approve", "S-0123456789abcdef", "--by", "A. Superintendent"],
        &["round", "list"],
        &["round", "show", "latest"],
        &["what-leaves", "latest"],
        &["report", "list"],
        &["report", "show", "latest"],
        &["report", "export", "latest", "--format", "csv"],
    ];
    let screens = || -> Vec<(i32, String, String)> {
        commands
            .iter()
            .map(|arguments| node.run(arguments))
            .map(|screen| (screen.code, screen.out, screen.err))
            .collect()
    };
    let without = screens();
    let daemon = node.serve();
    let with = screens();
    for ((arguments, without), with) in commands.iter().zip(&without).zip(&with) {
        assert_eq!(without, with, "{arguments:?}");
    }
    assert!(without.iter().any(|(code, ..)| *code == 1) && without.iter().any(|(code, ..)| *code == 0));
    assert_eq!(node.json(&["doctor"])["serving"], true);
    drop(daemon);
}

#[test]
fn what_needs_the_daemon_says_so() {
    let node = Node::joined(Segment::K12);
    for arguments in [
        &["halt", "--by", "A. Superintendent"][..],
        &["round", "approve", "latest", "--by", "A. Superintendent"],
        &["round", "refuse", "latest", "--by", "A. Superintendent"],
    ] {
        let screen = node.run(arguments);
        assert!(screen.refused("N2240", None).contains("running daemon"), "{screen:?}");
        assert!(screen.err.contains("passage-node serve"), "{screen:?}");
    }
    let daemon = node.serve();
    assert_eq!(node.json(&["halt", "--by", "A. Superintendent"])["halted"], 0);
    drop(daemon);
}

#[test]
fn a_second_daemon_in_the_folder_is_refused() {
    let node = Node::joined(Segment::K12);
    let daemon = node.serve();
    assert_eq!(std::fs::metadata(node.dir.join("control.sock")).unwrap().mode() & 0o777, 0o600);
    let screen = node.run(&["serve"]);
    assert!(screen.refused("S1011", None).ends_with("is held by another running process, expected none"));
    // The first one is not disturbed, and its socket is still its own.
    assert_eq!(node.json(&["doctor"])["serving"], true);
    drop(daemon);
}

#[test]
fn sigterm_ends_the_daemon_cleanly() {
    let node = Node::joined(Segment::K12);
    let (code, rest) = node.serve().stop();
    assert_eq!((code, rest.as_str()), (Some(0), "stopped\n"));
    assert!(!node.dir.join("control.sock").exists());
    let audit = node.run(&["audit", "verify"]);
    let text = audit.succeeded();
    let last = text.lines().rev().nth(1).unwrap();
    assert!(last.ends_with("daemon stopped ") || last.ends_with("daemon stopped"), "{text}");
    assert!(text.lines().last().unwrap().contains("unbroken"), "{text}");
    // Once more: nothing was left locked.
    assert_eq!(node.serve().stop().0, Some(0));
}

#[test]
fn a_killed_daemon_leaves_a_folder_that_opens() {
    let node = Node::joined(Segment::K12);
    let daemon = node.serve();
    node.run(&["import", &node.file("SINF.txt", sinf(25))]).succeeded();
    drop(daemon); // SIGKILL
    assert!(node.dir.join("control.sock").exists(), "a killed process cannot tidy up");
    assert_eq!(node.status()["students"], 25);
    assert_eq!(node.serve().stop().0, Some(0));
}

#[test]
fn two_imports_at_once_both_count() {
    let node = Node::joined(Segment::K12);
    let daemon = node.serve();
    let files: Vec<String> = ["2019-2020", "2020-2021", "2021-2022", "2022-2023"]
        .into_iter()
        .map(|year| {
            let pupils: Vec<Pupil> =
                (1..=2_000).map(|number| Pupil { year, ..Pupil::number(number) }).collect();
            node.file(&format!("{year}.txt"), sinf_of(&pupils))
        })
        .collect();
    thread::scope(|scope| {
        for file in &files {
            scope.spawn(|| node.run(&["import", file]).succeeded().len());
        }
    });
    let status = node.status();
    assert_eq!(status["segments"].as_array().unwrap().len(), 4, "{status}");
    assert_eq!(node.roster_files().len(), 4);
    drop(daemon);
}
