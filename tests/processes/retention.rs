//! Retention, withdrawal and renewed certificates between real processes. Time is moved by writing an earlier end of a round,
//! or an older certificate, into the folders of stopped daemons: no program has a switch for it.

use std::{fs, path::Path, thread::sleep, time::Duration};

use passage_coordinator::records as theirs;
use passage_node::records as ours;
use passage_protocol::{
    codec::{Decode, Encode},
    ids::{MemberCode, RoundId},
    timestamp::Timestamp,
};
use passage_shell::{
    clock,
    pki::{Authority, KeyFile},
    store::{Op, Store},
};
use serde_json::Value;

use crate::{
    fleet::{Fleet, THREE, eventually, free_port},
    papers::Noise,
};

const DAY_S: u64 = 86_400;

/// A fleet that has played one round; the round and the agreement.
fn played() -> (Fleet, String, String) {
    let port = free_port();
    let fleet = Fleet::start(THREE, port, port);
    fleet.import(6);
    let agreement = fleet.agree(Noise::None);
    let round = fleet.play(&fleet.study(&agreement));
    for name in fleet.names() {
        fleet.until(&name, &["report", "show", &round]);
    }
    (fleet, agreement, round)
}

fn store(fleet: &Fleet, name: &str) -> Store {
    Store::open(&fleet.folder(name).join("store")).unwrap()
}

/// Whether some file below a folder holds these bytes.
fn holds(folder: &Path, needle: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, needle);
        }
        fs::read(&path).unwrap_or_default().windows(needle.len()).any(|part| part == needle)
    })
}

/// The line of a round in a `retention list`.
fn line<'a>(list: &'a Value, rows: &str, name: &str, round: &str) -> &'a Value {
    let rows = list[rows].as_array().unwrap();
    rows.iter().find(|row| row[name] == round).unwrap_or_else(|| panic!("{list}"))
}

#[test]
fn g15_what_a_round_has_left_goes_on_both_sides_and_each_sees_the_others_word() {
    let (mut fleet, _, round) = played();
    let names = fleet.names();
    let id = RoundId::parse(&round).unwrap();
    let early = fleet.coordinator(&["retention", "list"]);
    assert_eq!((&early["overdue_here"], &early["overdue_members"]), (&0.into(), &0.into()), "{early}");
    let released = fleet.coordinator(&["release", "list"]);
    let digests: Vec<String> = released["releases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["report"].as_str().unwrap().to_owned())
        .collect();
    let shelf = fleet.folder("coordinator").join("blobs");
    let reports: Vec<Vec<u8>> = digests.iter().map(|digest| fs::read(shelf.join(digest)).unwrap()).collect();
    // The figures of a report: everything after its head, which repeats the study.
    let needle = |report: &[u8]| report[report.len() - 200..].to_vec();

    let everybody: Vec<String> = names.iter().cloned().chain(["coordinator".to_owned()]).collect();
    everybody.iter().for_each(|name| fleet.kill(name));
    let past = Timestamp(clock::now().0 - 31 * DAY_S);
    for name in &names {
        let store = store(&fleet, name);
        let mut record =
            ours::RoundRecord::from_bytes(&store.get(ours::ROUNDS, &id.0).unwrap().unwrap()).unwrap();
        record.moved = past;
        store.commit(&[Op::put(ours::ROUNDS, id.0, record.to_bytes())]).unwrap();
    }
    let coordinator = store(&fleet, "coordinator");
    let key = id.to_bytes();
    let mut record =
        theirs::RoundRecord::from_bytes(&coordinator.get(theirs::ROUNDS, &key).unwrap().unwrap()).unwrap();
    record.moved = past;
    coordinator.commit(&[Op::put(theirs::ROUNDS, key, record.to_bytes())]).unwrap();
    drop(coordinator);

    fleet.serve("coordinator");
    eventually(
        || {
            line(&fleet.coordinator(&["retention", "list"]), "ended", "what", &round)["here"]["destroyed"]
                .is_object()
        },
        || "the coordinator has not swept".to_owned(),
    );
    let list = fleet.coordinator(&["retention", "list"]);
    assert_eq!((&list["overdue_here"], &list["overdue_members"]), (&0.into(), &1.into()), "{list}");
    let members = &line(&list, "ended", "what", &round)["members"];
    assert!(members.as_array().unwrap().iter().all(|member| member["overdue"] == true), "{members}");
    for (digest, report) in digests.iter().zip(&reports) {
        assert!(!shelf.join(digest).exists());
        assert!(
            !holds(&fleet.folder("coordinator"), &needle(report)),
            "a report is still at the coordinator"
        );
    }

    for name in &names {
        fleet.serve(name);
        eventually(
            || {
                let list = fleet.node(name, &["retention", "list"]);
                let line = line(&list, "rounds", "round", &round);
                line["here"]["destroyed"].is_object() && line["coordinator"]["destroyed"].is_object()
            },
            || "a member has not swept, or was not told of the coordinator".to_owned(),
        );
        let refused = fleet.try_run(name, &["report", "show", &round]).unwrap_err();
        assert_eq!(refused["code"], "N2251", "{refused}");
        assert!(reports.iter().all(|report| !holds(&fleet.folder(name), &needle(report))), "{name}");
        let certificates = fs::read_dir(fleet.folder(name).join("certificates")).unwrap();
        for entry in certificates {
            let checked = fleet.node(name, &["data", "certificate", entry.unwrap().path().to_str().unwrap()]);
            assert_eq!(
                (&checked["statement"]["verified"], &checked["key_known"]),
                (&true.into(), &true.into())
            );
        }
        // The coordinator's certificate is checked here with the pinned key.
        let theirs =
            fs::read_dir(fleet.folder("coordinator").join("certificates")).unwrap().next().unwrap().unwrap();
        let checked = fleet.node(name, &["data", "certificate", theirs.path().to_str().unwrap()]);
        assert_eq!(checked["statement"]["member"], "coordinator", "{checked}");
        assert_eq!(checked["key_known"], true);
    }
    eventually(
        || fleet.coordinator(&["retention", "list"])["overdue_members"] == 0,
        || "the members' words have not reached the coordinator".to_owned(),
    );
    assert_eq!(fleet.node(&names[0], &["doctor"])["overdue"]["here"], 0);
}

#[test]
fn g10_a_withdrawal_takes_the_contribution_and_everybody_sees_when() {
    let (fleet, agreement, round) = played();
    let released = fleet.coordinator(&["release", "list"]);
    let codes = fleet.codes();
    let report_of = |code: &str| {
        let all = released["releases"].as_array().unwrap();
        all.iter().find(|one| one["member"] == code).unwrap()["report"].as_str().unwrap().to_owned()
    };
    // CC1 is the second of the three.
    let (mine, other) = (report_of(&codes[1]), report_of(&codes[0]));
    let shelf = fleet.folder("coordinator").join("blobs");
    assert!(shelf.join(&mine).exists() && shelf.join(&other).exists());
    let left = fleet.node("CC1", &["agreement", "withdraw", &agreement, "--by", "Counsel"]);
    assert_eq!(left["released"][0]["round"], round.as_str(), "{left}");
    let certificate = left["certificate"].as_str().unwrap();
    let checked = fleet.node("CC1", &["data", "certificate", certificate]);
    assert_eq!(checked["statement"]["verified"], true, "{checked}");
    assert!(checked["statement"]["scope"].as_str().unwrap().contains(&round));
    eventually(
        || !shelf.join(&mine).exists(),
        || "the report made for who withdrew is still at the coordinator".to_owned(),
    );
    assert!(shelf.join(&other).exists(), "what others got is not recalled");
    fleet.node("CC1", &["report", "show", &round]);

    // Without waiting for the hour: a withdrawal that somebody learns of is asked about at the next look.
    let about = format!("withdrawal of {}", codes[1]);
    let listed = || fleet.coordinator(&["retention", "list"]);
    eventually(
        || {
            let list = listed();
            let line = line(&list, "ended", "what", &about);
            line["here"]["destroyed"].is_object() && line["members"][0]["destroyed"].is_object()
        },
        || "one of the two words about the withdrawal is missing at the coordinator".to_owned(),
    );
    assert!(fleet.folder("coordinator").join("certificates").is_dir());
    let board = fleet.coordinator(&["agreement", "list"]);
    assert_eq!(board["agreements"][0]["withdrawn"][0], codes[1].as_str(), "{board}");
}

#[test]
fn i5_a_certificate_renews_by_itself_whenever_the_node_is_killed() {
    let port = free_port();
    let mut fleet = Fleet::start(&[("K12A", "k12", "sender"), ("CC1", "cc", "receiver")], port, port);
    let code = MemberCode::parse(&fleet.codes()[1]).unwrap();
    fleet.kill("CC1");
    fleet.kill("coordinator");
    // As if it had joined 300 days ago.
    let then = Timestamp(clock::now().0 - 300 * DAY_S);
    let (node, coordinator) = (fleet.folder("CC1"), fleet.folder("coordinator"));
    let key = KeyFile::from_bytes(fs::read(node.join("tls.key")).unwrap()).unwrap();
    let ca = KeyFile::from_bytes(fs::read(coordinator.join("ca.key")).unwrap()).unwrap();
    let authority = Authority::restore(ca, fs::read(coordinator.join("ca.der")).unwrap().into()).unwrap();
    let (old, serial) = authority.issue_member(&key.request().unwrap(), code, then).unwrap();
    fs::write(node.join("certificate.der"), &old).unwrap();
    let store = store(&fleet, "coordinator");
    let member =
        theirs::Member::from_bytes(&store.get(theirs::MEMBERS, &code.to_bytes()).unwrap().unwrap()).unwrap();
    let member = theirs::Member { serial: serial.0.to_vec(), ..member };
    store.commit(&[Op::put(theirs::MEMBERS, code.to_bytes(), member.to_bytes())]).unwrap();
    drop(store);

    fleet.serve("coordinator");
    for kill in 0..3_u64 {
        fleet.serve("CC1");
        sleep(Duration::from_millis(980 + 40 * kill));
        fleet.kill("CC1");
    }
    fleet.serve("CC1");
    eventually(
        || {
            let until = fleet.node("CC1", &["doctor"])["certificate_until"].as_str().unwrap().to_owned();
            until > clock::now().plus_s(399 * DAY_S).to_string() && !node.join("tls.next.key").exists()
        },
        || "the certificate was not renewed".to_owned(),
    );
    assert_ne!(fs::read(node.join("certificate.der")).unwrap(), old.to_vec());
    // What arrives now arrives on the new one.
    let agreement = fleet.propose_agreement(Noise::None);
    fleet.sign("CC1", &agreement);
    // And a revoked one is cut off at once and cannot come back.
    fleet.coordinator(&["members", "revoke", &code.to_string()]);
    eventually(
        || {
            let log = fs::read_to_string(node.join("log.jsonl")).unwrap_or_default();
            log.lines().rev().take(20).any(|line| line.contains("S1072"))
        },
        || "a revoked node still talks".to_owned(),
    );
}
