//! Help, usage errors, and verbs in a folder that has not joined.

use clap::CommandFactory as _;
use passage_node::cli::Cli;

use crate::world::{Node, Screen, program};

/// Every verb with its words: `["agreement", "sign"]`.
fn verbs(command: &clap::Command, words: &[String], found: &mut Vec<Vec<String>>) {
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        let words = [words, &[verb.get_name().to_owned()]].concat();
        verbs(verb, &words, found);
        found.push(words);
    }
}

#[test]
fn the_help_of_every_verb_carries_an_example_of_that_verb() {
    let mut found = Vec::new();
    verbs(&Cli::command(), &[], &mut found);
    assert!(found.len() > 30, "{}", found.len());
    for words in &found {
        let screen = Screen::of(program().args(words).arg("--help").output().unwrap());
        let text = screen.succeeded();
        let example = text.split_once("Example:\n").unwrap_or_else(|| panic!("no example: {words:?}")).1;
        let start = format!("passage-node {}", words.join(" "));
        assert!(
            example.replace("--dir /var/lib/passage ", "").contains(&start),
            "the example of {words:?} is of another verb: {example}"
        );
    }
    let screen = Screen::of(program().arg("--help").output().unwrap());
    assert!(screen.succeeded().contains("Example: a clerk's first day"));
}

#[test]
fn the_verbs_of_the_command_contract_exist() {
    let mut found = Vec::new();
    verbs(&Cli::command(), &[], &mut found);
    for verb in [
        "join",
        "serve",
        "import",
        "data status",
        "data destroy",
        "optout import",
        "layout list",
        "layout show",
        "agreement list",
        "agreement show",
        "agreement sign",
        "agreement share",
        "agreement withdraw",
        "study list",
        "study show",
        "study approve",
        "study refuse",
        "what-leaves",
        "report list",
        "report show",
        "report export",
        "halt",
        "login",
        "logout",
        "principles show",
        "principles accept",
        "principles sign",
        "account add",
        "account list",
        "account roles",
        "account role",
        "account passphrase",
        "account totp",
        "account disable",
        "account enable",
        "account review",
        "account reset",
        "audit acknowledge",
        "audit checkpoints",
        "audit verify",
        "doctor",
    ] {
        assert!(found.iter().any(|words| words.join(" ") == verb), "{verb} is missing");
    }
}

#[test]
fn wrong_usage_exits_with_2_and_says_how() {
    let node = Node::new();
    for (arguments, said) in [
        (&["impotr", "x"][..], "import"),
        (&["import"], "<FILES>"),
        (&["import", "x", "--period", "2023"], "2019-2020"),
        (&["import", "x", "--period", "2019-2021"], "2019-2020"),
        (&["data", "destroy", "--by", "  "], "a name"),
        (&["data", "destroy", "--by", "A\nB"], "a name"),
        (&["halt", "--by", &"x".repeat(201)], "200 letters"),
        (&["report", "export", "latest", "--format", "pdf"], "html"),
        (&["join"], "<INVITATION>"),
        (&[], "Usage"),
    ] {
        let screen = node.run(arguments);
        assert_eq!((screen.code, screen.out.as_str()), (2, ""), "{arguments:?}: {screen:?}");
        assert!(screen.err.contains(said), "{arguments:?}: {screen:?}");
    }
    assert!(!node.dir.exists(), "wrong usage touched the disk");
}

#[test]
fn a_folder_that_has_not_joined_is_refused_and_not_made() {
    let node = Node::new();
    let file = node.file("a.txt", "SINF^");
    for arguments in [
        &["data", "status"][..],
        &["import", &file],
        &["doctor"],
        &["layout", "list"],
        &["agreement", "list"],
        &["serve"],
    ] {
        let screen = node.run(arguments);
        assert_eq!(screen.refused("N2202", None), "this folder has not joined a consortium");
        assert!(screen.err.contains("passage-node join INVITATION"));
    }
    assert!(!node.dir.exists());
}

#[test]
fn a_refusal_as_json_has_the_same_facts() {
    let node = Node::new();
    let screen = node.run(&["data", "status", "--json"]);
    assert_eq!((screen.code, screen.err.as_str()), (1, ""));
    let json: serde_json::Value = serde_json::from_str(&screen.out).unwrap();
    assert_eq!(json["code"], "N2202");
    assert_eq!(json["what"], "this folder has not joined a consortium");
    assert!(json["advice"].as_str().unwrap().contains("join") && json["rule"].is_null());
}
