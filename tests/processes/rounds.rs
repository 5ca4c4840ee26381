//! A round from invitation to report, refusals that need real processes, and revocation.

use crate::{
    fleet::{Fleet, THREE, eventually, free_port},
    papers::Noise,
};

#[test]
fn three_members_run_a_round_and_each_gets_its_report() {
    let port = free_port();
    let mut fleet = Fleet::start(THREE, port, port);
    fleet.import(3);
    let agreement = fleet.agree(Noise::Default);
    let study = fleet.study(&agreement);
    let round = fleet.play(&study);
    for name in fleet.names() {
        let figures = fleet.figures(&name, &round);
        assert!(figures.lines().count() > 10, "{name}: {figures}");
        // Beside the table stands what it means, and a program gets the same rows.
        let notes = fleet.folder(&name).join(format!("../../{name}.notes.txt"));
        let notes = std::fs::read_to_string(notes).unwrap();
        assert!(notes.contains(&round) && notes.contains(&agreement[..16]), "{name}: {notes}");
        let shown = fleet.node(&name, &["report", "show", &round]);
        assert_eq!(shown["rows"].as_array().unwrap().len() + 1, figures.lines().count(), "{name}");
        assert_eq!(shown["rows"][0]["run"], round.as_str());
        let leaves = fleet.node(&name, &["what-leaves", &round]);
        let lines: u64 =
            leaves["lines"].as_array().unwrap().iter().map(|line| line["bytes"].as_u64().unwrap()).sum();
        assert_eq!(leaves["bytes"], lines, "{name}: {leaves}");
    }
    disclosures_are_on_record(&fleet, &round);
    // A13: the same bytes after a process died and another opened the folder.
    let page = |fleet: &Fleet| {
        let path = fleet.dir.path().join("page.html");
        fleet.until(
            "UNIV",
            &["report", "export", &round, "--format", "html", "--out", path.to_str().unwrap()],
        );
        std::fs::read(path).unwrap()
    };
    let before = page(&fleet);
    fleet.kill_and_restart("UNIV");
    assert_eq!(page(&fleet), before);
    // The same question about the same students is answered from the stored release (SPEC §10.4); operator and school are told
    // which.
    let again = fleet.coordinator(&["round", "open", &study]);
    assert_eq!(again["answered_by"], serde_json::json!([round]), "{again}");
    let ended = fleet.end_of(again["round"].as_str().unwrap());
    assert_eq!(ended["phase"], "aborted");
    assert_eq!(ended["aborted"]["code"], "P0419", "{ended}");
    assert_eq!(ended["answered_by"], round.as_str(), "{ended}");
    let told = fleet.node("K12A", &["round", "show", again["round"].as_str().unwrap()]);
    assert!(
        told["standing"].as_str().unwrap().contains(&format!("already answered by report {round}")),
        "{told}"
    );
    // G10: what was released is told and not recalled; nothing runs afterwards.
    let left = fleet.node("CC1", &["agreement", "withdraw", &agreement, "--by", "Counsel"]);
    assert_eq!(left["released"].as_array().unwrap().len(), 1, "{left}");
    assert_eq!(left["released"][0]["round"], round.as_str());
    let opened = || fleet.try_run("coordinator", &["round", "open", &study]);
    eventually(|| opened().is_err_and(|refusal| refusal["rule"] == "G10"), || "still opened".to_owned());
}

#[test]
fn no_round_opens_before_every_party_has_signed_and_none_runs_while_one_has_halted() {
    let port = free_port();
    let mut fleet = Fleet::start(THREE, port, port);
    let agreement = fleet.propose_agreement(Noise::None);
    fleet.sign("K12A", &agreement);
    fleet.sign("CC1", &agreement);
    let study = fleet.study(&agreement);
    let refusal = fleet.try_run("coordinator", &["round", "open", &study]).unwrap_err();
    assert_eq!(refusal["rule"], "G01", "{refusal}");
    assert!(!refusal["what"].as_str().unwrap().contains("M-"), "who has signed is not revealed: {refusal}");

    // L4: one command, and it holds through a restart; nothing was imported, so a node that read its roster would fail otherwise.
    fleet.node("K12A", &["halt", "--by", "Superintendent"]);
    fleet.kill_and_restart("K12A");
    fleet.sign("UNIV", &agreement);
    let round = fleet.open(&study);
    let ended = fleet.end_of(&round);
    assert_eq!(ended["aborted"]["code"], "P0C04", "{ended}");
    let refused = fleet.try_run("K12A", &["round", "approve", &round, "--by", "Clerk"]).unwrap_err();
    assert_eq!((&refused["code"], &refused["rule"]), (&"N2223".into(), &"L4".into()), "{refused}");
    assert_eq!(fleet.node("K12A", &["doctor"])["halted"]["by"], "Superintendent");
    fleet.node("K12A", &["resume", "--by", "Superintendent"]);
    assert!(fleet.node("K12A", &["doctor"])["halted"].is_null());
    let refused = fleet.try_run("K12A", &["resume", "--by", "Superintendent"]).unwrap_err();
    assert_eq!(refused["code"], "N2224", "{refused}");
}

#[test]
fn a_revoked_member_is_shut_out_at_its_next_handshake() {
    let port = free_port();
    let mut fleet = Fleet::start(THREE, port, port);
    let codes = fleet.codes();
    let [_, bystander, revoked] = codes.as_slice() else { panic!("three members") };
    fleet.coordinator(&["members", "revoke", revoked]);
    let before = [connections(&fleet, bystander), connections(&fleet, revoked)];
    fleet.kill_and_restart("UNIV");
    fleet.kill_and_restart("CC1");
    // The handshake is refused by name; a network that fails says S1071, S1073 or S1074.
    eventually(|| refusals(&fleet, "UNIV", "S1072") > 0, || since_start(&fleet, "UNIV"));
    // The same restart lets a member in whose certificate stands.
    eventually(|| connections(&fleet, bystander) > before[0], || since_start(&fleet, "CC1"));
    assert_eq!(refusals(&fleet, "CC1", "S1072"), 0);
    assert_eq!(connections(&fleet, revoked), before[1], "the revoked member was let in");
}

/// How often the coordinator has let a member in.
fn connections(fleet: &Fleet, code: &str) -> usize {
    let log = std::fs::read_to_string(fleet.folder("coordinator").join("log.jsonl")).unwrap();
    log.lines().filter(|line| line.contains("\"member connected\"") && line.contains(code)).count()
}

/// What a member's log says since its last start.
fn since_start(fleet: &Fleet, name: &str) -> String {
    let log = std::fs::read_to_string(fleet.folder(name).join("log.jsonl")).unwrap();
    log.rsplit_once("\"serving\"").map_or(log.clone(), |(_, since)| since.to_owned())
}

/// How often the log of a member names a code since its last start.
fn refusals(fleet: &Fleet, name: &str, code: &str) -> usize {
    since_start(fleet, name).matches(&format!("\"code\":\"{code}\"")).count()
}

/// F5, L2: who completed in the cohorts is in the record of the round, by the district's own number; who did not is not.
fn disclosures_are_on_record(fleet: &Fleet, round: &str) {
    let file = std::fs::read_to_string(fleet.dir.path().join("K12A-SENR.txt")).unwrap();
    let rows: Vec<Vec<&str>> = file.lines().map(|line| line.split('^').collect()).collect();
    let completed = |row: &&Vec<&str>| row[25] == "E230" && row[26] == "100";
    let number = |row: &Vec<&str>| row[8].to_owned();
    let completers: std::collections::BTreeSet<String> =
        rows.iter().filter(|row| row[25] == "E230").map(number).collect();
    let one = number(rows.iter().find(completed).unwrap());
    let other = rows.iter().map(number).find(|number| !completers.contains(number)).unwrap();

    let of = |student: &str| fleet.node("K12A", &["disclosures", "--student", student]);
    let found = of(&one.to_ascii_lowercase());
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found[0]["round"], round);
    assert_eq!(found[0]["outcome"], "counts were released to the parties named above");
    let names: Vec<&str> =
        found[0]["parties"].as_array().unwrap().iter().map(|party| party["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Member CC1", "Member UNIV", "coordinator of Test"]);
    assert_eq!((of(&other), of("no such number")), (serde_json::json!([]), serde_json::json!([])));
    // Every member has its own; how many students is for it alone.
    for name in fleet.names() {
        let all = fleet.node(&name, &["disclosures"]);
        assert!(all[0]["students"].as_u64().unwrap() > 50, "{name}: {all}");
    }
}
