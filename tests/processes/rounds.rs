//! A round from invitation to report, refusals that need real processes, and revocation.

use crate::fleet::{Fleet, Noise, THREE, free_port};

#[test]
fn three_members_run_a_round_and_each_gets_its_report() {
    let port = free_port();
    let fleet = Fleet::start(THREE, port, port);
    fleet.import(3);
    let agreement = fleet.propose_agreement(Noise::Default);
    fleet.names().iter().for_each(|name| fleet.sign(name, &agreement));
    let study = fleet.study(&agreement, 2);
    let round = fleet.open(&study);
    fleet.approve(&round);
    assert_eq!(fleet.end_of(&round)["phase"], "finished");
    for name in fleet.names() {
        let figures = fleet.figures(&name, &round);
        assert!(figures.lines().count() > 10, "{name}: {figures}");
        // Beside the table stands what it means, and a program gets the same rows.
        let notes = fleet.folder(&name).join(format!("../../{name}.notes.txt"));
        let notes = std::fs::read_to_string(notes).unwrap();
        assert!(notes.contains(&round) && notes.contains(&agreement), "{name}: {notes}");
        let shown = fleet.node(&name, &["report", "show", &round]);
        assert_eq!(shown["rows"].as_array().unwrap().len() + 1, figures.lines().count(), "{name}");
        assert_eq!(shown["rows"][0]["run"], round.as_str());
        let leaves = fleet.node(&name, &["what-leaves", &round]);
        let lines: u64 =
            leaves["lines"].as_array().unwrap().iter().map(|line| line["bytes"].as_u64().unwrap()).sum();
        assert_eq!(leaves["bytes"], lines, "{name}: {leaves}");
    }
    // The same question of the same rosters is answered from the stored release (SPEC §10.4).
    let again = fleet.open(&study);
    let ended = fleet.end_of(&again);
    assert_eq!(ended["phase"], "aborted");
    assert_eq!(ended["aborted"]["code"], "P0419", "{ended}");
}

#[test]
fn no_round_opens_before_every_party_has_signed() {
    let port = free_port();
    let fleet = Fleet::start(THREE, port, port);
    let agreement = fleet.propose_agreement(Noise::None);
    fleet.sign("K12A", &agreement);
    fleet.sign("CC1", &agreement);
    let study = fleet.study(&agreement, 2);
    let refusal = fleet.try_run("coordinator", &["round", "open", &study]).unwrap_err();
    assert_eq!(refusal["rule"], "G01", "{refusal}");
    assert!(!refusal["what"].as_str().unwrap().contains("M-"), "who has signed is not revealed: {refusal}");
}

#[test]
fn a_revoked_member_is_shut_out_at_its_next_handshake() {
    let port = free_port();
    let mut fleet = Fleet::start(THREE, port, port);
    let agreement = fleet.propose_agreement(Noise::None);
    fleet.sign("UNIV", &agreement);
    let code = fleet.codes().pop().unwrap();
    fleet.coordinator(&["members", "revoke", &code]);
    fleet.kill_and_restart("UNIV");
    std::thread::sleep(std::time::Duration::from_secs(3));
    let log = std::fs::read_to_string(fleet.folder("UNIV").join("log.jsonl")).unwrap();
    let since: Vec<&str> = log.lines().rev().take_while(|line| !line.contains("serving")).collect();
    assert!(
        since.iter().any(|line| line.contains("documents not compared") || line.contains("mail not taken")),
        "{since:?}"
    );
    fleet.sign("CC1", &agreement);
}
