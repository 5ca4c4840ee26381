//! The principles change between real processes while sessions are open (G05, G06).

use std::{fs, thread::sleep, time::Duration};

use serde_json::{Value, json};

use crate::{
    fleet::{Fleet, THREE, free_port, repository},
    papers::Noise,
};

const WORDS: &str = "on its own machine, and on no other";

/// Writes a change for some members of a fleet, after version 1.
fn change(fleet: &Fleet, members: &[String]) -> String {
    let example = fs::read_to_string(repository().join("deploy/config/principles.example.toml")).unwrap();
    let head = example.split_once("[[member]]").unwrap().0;
    let authority = fleet.node(&members[0], &["doctor"])["authority"].as_str().unwrap().to_owned();
    assert!(head.contains("on its own machine"));
    let mut text = head.replace(&"0".repeat(64), &authority).replace("on its own machine", WORDS);
    for name in members {
        let doctor = fleet.node(name, &["doctor"]);
        let fact = |key: &str| doctor[key].as_str().unwrap().to_owned();
        text.push_str(&format!(
            "[[member]]\ncode = \"{}\"\nsigning_key = \"{}\"\n[[member.signer]]\nname = \"Tester\"\ntitle = \"Registrar\"\ncapacity = \"designee\"\n",
            fact("code"),
            fact("signing_key")
        ));
    }
    let path = fleet.dir.path().join("principles.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn refusal(outcome: Result<Value, Value>) -> String {
    outcome.unwrap_err()["code"].as_str().unwrap().to_owned()
}

#[test]
fn g06_the_principles_change_with_the_last_signature_and_every_open_session_accepts_again() {
    let port = free_port();
    let fleet = Fleet::start(THREE, port, port);
    let names = fleet.names();
    let agreement = fleet.propose_agreement(Noise::None);
    names.iter().for_each(|name| fleet.sign(name, &agreement));
    // Each member's signature has reached the coordinator once it knows all of them.
    let all_signed = || {
        let list = fleet.coordinator(&["agreement", "list"]);
        list["agreements"][0]["signed"].as_array().unwrap().len() == names.len()
    };
    while !all_signed() {
        sleep(Duration::from_millis(50));
    }
    let partial = change(&fleet, &names[..2]);
    assert_eq!(refusal(fleet.try_run("coordinator", &["principles", "propose", &partial])), "P0442");
    let whole = change(&fleet, &names);
    fleet.coordinator(&["principles", "propose", &whole]);
    for (number, name) in names.iter().enumerate() {
        fleet.until(name, &["principles", "sign", "--by", "Tester"]);
        if number + 1 < names.len() {
            let shown = fleet.node(name, &["principles", "show"]);
            assert_eq!((&shown["version"], &shown["accepted"]), (&json!(1), &json!(true)), "{shown}");
            fleet.node(name, &["report", "list"]);
            let listed = fleet.coordinator(&["principles", "list"]);
            assert_eq!(listed["in_force"], 1, "{listed}");
        }
    }
    for name in &names {
        while fleet.node(name, &["principles", "show"])["version"] != 2 {
            sleep(Duration::from_millis(50));
        }
        let shown = fleet.node(name, &["principles", "show"]);
        assert!(shown["text"].as_str().unwrap().contains(WORDS) && shown["accepted"] == false, "{shown}");
        assert_eq!(refusal(fleet.try_run(name, &["report", "list"])), "N2300");
        fleet.node(name, &["principles", "accept", "--by", "A. Person, Office", "--version", "2"]);
        fleet.node(name, &["report", "list"]);
    }
    assert_eq!(fleet.coordinator(&["principles", "list"])["in_force"], 2);
}

#[test]
fn g12_accounts_are_the_same_through_the_daemon_and_a_restart() {
    let port = free_port();
    let mut fleet = Fleet::start(&THREE[..1], port, port);
    let file = |name: &str, text: &str| {
        let path = fleet.dir.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (right, wrong) = (file("right", "correct horse battery staple"), file("wrong", "another sentence"));
    let node = |fleet: &Fleet, arguments: &[&str]| fleet.try_run("K12A", arguments);
    let add =
        ["account", "add", "root", "--person", "R. Root, IT", "--role", "admin", "--passphrase-file", &right];
    node(&fleet, &add).unwrap();
    assert_eq!(refusal(node(&fleet, &["data", "status"])), "N2302", "the owner's session has ended");
    node(&fleet, &["login", "root", "--passphrase-file", &right]).unwrap();
    node(&fleet, &["data", "status"]).unwrap();
    assert_eq!(refusal(node(&fleet, &["report", "list"])), "N2303");
    fleet.kill_and_restart("K12A");
    node(&fleet, &["data", "status"]).unwrap();
    for _ in 0..5 {
        assert_eq!(refusal(node(&fleet, &["login", "root", "--passphrase-file", &wrong])), "N2310");
    }
    assert_eq!(refusal(node(&fleet, &["login", "root", "--passphrase-file", &right])), "N2310");
    fleet.kill_and_restart("K12A");
    assert_eq!(
        refusal(node(&fleet, &["login", "root", "--passphrase-file", &right])),
        "N2310",
        "it still waits"
    );
    node(&fleet, &["account", "enable", "root"]).unwrap();
    node(&fleet, &["login", "root", "--passphrase-file", &right]).unwrap();
    node(&fleet, &["logout"]).unwrap();
    assert_eq!(refusal(node(&fleet, &["data", "status"])), "N2301");
    assert_eq!(refusal(node(&fleet, &["account", "reset", "root", "--passphrase-file", &right])), "N2317");
}
