//! A coordinator whose audit log is swapped for an earlier copy between two connections of a node: the node exposes it by
//! name, keeps both signed heads, and takes part in nothing until a person has looked (C6).

use std::{
    fs,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    fleet::{Fleet, PATIENCE, THREE, free_port},
    papers::Noise,
};

/// What `doctor` says of refused logs, once it says anything; `None` if nothing was refused for a while.
fn refused(fleet: &Fleet, name: &str) -> Value {
    let began = Instant::now();
    loop {
        let shown = fleet.node(name, &["doctor"])["audit_refused"].clone();
        if shown.as_array().is_some_and(|logs| !logs.is_empty()) {
            return shown;
        }
        assert!(began.elapsed() < PATIENCE, "{name} did not see it");
        sleep(Duration::from_millis(200));
    }
}

/// Waits until a member holds the coordinator's log up to an entry.
fn held(fleet: &Fleet, name: &str, least: u64) -> Value {
    let began = Instant::now();
    loop {
        let peers = fleet.node(name, &["audit", "verify"])["peers"].clone();
        if peers[0]["number"].as_u64().is_some_and(|number| number >= least) {
            return peers[0].clone();
        }
        assert!(began.elapsed() < PATIENCE, "{name} holds no checkpoint: {peers}");
        sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_coordinator_whose_log_is_swapped_is_exposed_by_name_and_no_round_goes_on() {
    let port = free_port();
    let mut fleet = Fleet::start(THREE, port, port);
    fleet.import(3);
    let log = fleet.folder("coordinator").join("audit/00000001.jsonl");
    let earlier = fs::read(&log).unwrap();
    let agreement = fleet.agree(Noise::None);
    let study = fleet.study(&agreement);
    // A new connection: the log as it is now is signed for.
    let entries = fleet.coordinator(&["audit", "verify"])["entries"].as_u64().unwrap();
    for name in ["K12A", "CC1"] {
        fleet.kill_and_restart(name);
        held(&fleet, name, entries);
    }

    fleet.kill("coordinator");
    fs::write(&log, earlier).unwrap();
    sleep(Duration::from_millis(1_100)); // its first entry then has a later time than what was signed
    fleet.serve("coordinator");

    let refused = refused(&fleet, "K12A");
    assert_eq!(
        (&refused[0]["log"], &refused[0]["code"]),
        (&"coordinator".into(), &"S1048".into()),
        "{refused}"
    );
    let proof = fleet.folder("K12A").join("audit/checkpoints/coordinator.fork.json");
    let proof: Value = serde_json::from_slice(&fs::read(proof).unwrap()).unwrap();
    assert!(proof["held"]["length"].as_u64() > proof["seen"]["length"].as_u64(), "{proof}");
    // The coordinator's own operator sees it as well.
    let doctor = fleet.try_run("coordinator", &["doctor"]).unwrap_err();
    assert!(doctor["what"].as_str().unwrap().contains("not the one that was signed for"), "{doctor}");

    let round = fleet.open(&study);
    let ended = fleet.end_of(&round);
    assert_eq!((&ended["phase"], &ended["aborted"]["code"]), (&"aborted".into(), &"S104D".into()), "{ended}");

    let words = fleet.node("K12A", &["audit", "acknowledge", "coordinator", "--by", "A. Person"]);
    assert_eq!(words["acknowledged"], true);
    assert_eq!(fleet.node("K12A", &["doctor"])["audit_refused"], serde_json::json!([]));
    assert!(
        fleet.folder("K12A").join("audit/checkpoints/coordinator.fork-1.json").exists(),
        "the proof is kept"
    );
}
