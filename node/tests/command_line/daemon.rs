//! A command gives the same answer whether a daemon serves the folder or not; a daemon owns its folder and ends cleanly.

use std::{
    os::unix::fs::MetadataExt as _,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use passage_protocol::agreement::Segment;

use crate::{
    pupils::{Pupil, sinf, sinf_of},
    world::{Node, PROGRAM, Screen},
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
        &["round", "approve", "latest", "--by", "A. Superintendent"][..],
        &["round", "refuse", "latest", "--by", "A. Superintendent"],
    ] {
        let screen = node.run(arguments);
        assert!(screen.refused("N2240", None).contains("running daemon"), "{screen:?}");
        assert!(screen.err.contains("passage-node serve"), "{screen:?}");
    }
}

/// L4: the superintendent's command needs nothing that could be down.
#[test]
fn l4_a_halt_needs_no_daemon_and_outlasts_one() {
    let node = Node::joined(Segment::K12);
    assert_eq!(node.json(&["halt", "--by", "A. Superintendent"])["halted"], 0);
    let daemon = node.serve();
    // Halted again by another: the first stays on record.
    node.run(&["halt", "--by", "Counsel"]).succeeded();
    assert_eq!(node.json(&["doctor"])["halted"]["by"], "A. Superintendent");
    drop(daemon);
    node.run(&["resume", "--by", "A. Superintendent"]).succeeded();
    assert!(node.json(&["doctor"])["halted"].is_null());
    node.run(&["resume", "--by", "A. Superintendent"]).refused("N2224", Some("L4"));
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
    let (entries, standing) = text.split_once("\nlog ").unwrap();
    assert!(entries.lines().last().unwrap().ends_with("daemon.stopped"), "{text}");
    assert!(standing.contains("entries, unbroken") && standing.contains("head "), "{text}");
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
    assert_eq!(status["tables"].as_array().unwrap().len(), 4, "{status}");
    assert_eq!(node.roster_files().len(), 4);
    drop(daemon);
}

/// Starts an import of 100,000 pupils and waits until its first segment is being written.
fn importing(node: &Node) -> std::process::Child {
    let large = node.file("large.txt", sinf(100_000));
    let child =
        node.command().args(["import", &large]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let started = || node.roster_files().iter().any(|file| file.ends_with(".tmp"));
    while !started() {
        thread::sleep(Duration::from_millis(1));
    }
    child
}

#[test]
fn a_kill_in_the_middle_of_an_import_leaves_what_was_there() {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("SINF.txt", sinf(25))]).succeeded();
    let (status, files) = (node.status(), node.roster_files());

    // The process that imports by itself.
    let mut alone = importing(&node);
    alone.kill().unwrap();
    assert!(!alone.wait().unwrap().success(), "the import ended before it was killed");
    assert_eq!((node.status(), node.roster_files()), (status.clone(), files.clone()));

    // The daemon, while a command waits for it.
    let daemon = node.serve();
    let waiting = importing(&node);
    drop(daemon);
    let screen = Screen::of(waiting.wait_with_output().unwrap());
    screen.refused("S1005", None);
    assert_eq!((node.status(), node.roster_files()), (status, files));
}

#[test]
fn sigterm_in_the_middle_of_an_import_keeps_all_of_it_or_nothing() {
    let node = Node::joined(Segment::K12);
    let daemon = node.serve();
    let waiting = importing(&node);
    assert_eq!(daemon.stop().0, Some(0));
    Screen::of(waiting.wait_with_output().unwrap()).refused("S1005", None);
    let students = node.status()["students"].as_u64().unwrap();
    assert!([0, 100_000].contains(&students), "{students}");
    assert_eq!(node.roster_files().len(), usize::from(students > 0));
}

#[test]
fn a_progress_bar_is_cleared_and_a_pipe_gets_none() {
    let node = Node::joined(Segment::K12);
    let large = node.file("large.txt", sinf(12_000));
    let line = format!("{PROGRAM} --dir {} import {large} --dry-run", node.dir.display());
    // A terminal, as a person has one.
    let seen = Command::new("script").args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").output();
    let Ok(seen) = seen else {
        eprintln!("not tried: this machine has no script(1)");
        return;
    };
    let seen = String::from_utf8(seen.stdout).unwrap();
    let (bars, rest) =
        seen.rsplit_once("\u{1b}[2K").unwrap_or_else(|| panic!("no line was cleared: {seen:?}"));
    assert!(bars.contains("reading large.txt ["), "{seen:?}");
    assert!(!rest.contains("reading large.txt [") && rest.contains("dry run: nothing was kept"), "{seen:?}");
    let piped = node.run(&["import", &large, "--dry-run"]);
    assert!(!piped.succeeded().contains('\u{1b}'));
}
