//! A report beyond the parties, between real processes: nothing leaves while one member is silent or may still comment, and what
//! leaves is what all have signed for, byte for byte (G07, G08, G09, G19, C5).

use serde_json::Value;

use crate::{
    fleet::{Fleet, THREE, free_port},
    papers::Noise,
};

#[test]
fn g07_a_report_leaves_only_when_every_member_has_approved_it_and_the_time_for_comments_is_over() {
    let port = free_port();
    let fleet = Fleet::start(THREE, port, port);
    fleet.import(3);
    let agreement = fleet.agree(Noise::Default);
    let study = fleet.study(&agreement);
    let round = fleet.play(&study);
    let out = |name: &str| fleet.dir.path().join(name).to_str().unwrap().to_owned();

    // G09: the name of a member is in the audience, which stands in the file.
    let propose = |audience: &str, more: &[&str]| {
        let arguments =
            ["release", "propose", &round, "--format", "html", "--by", "Researcher", "--audience", audience];
        fleet.try_run("K12A", &[&arguments, more].concat())
    };
    fleet.until("K12A", &["report", "show", &round]);
    let named = propose("The board of Member UNIV", &[]).unwrap_err();
    assert_eq!((&named["code"], &named["rule"]), (&"P0458".into(), &"G09".into()), "{named}");
    assert!(!named.to_string().contains("UNIV"), "a finding names the place alone: {named}");

    let preview = out("preview.html");
    let proposed = propose("The boards, for the public session", &["--out", &preview]).unwrap();
    let id = proposed["id"].as_str().unwrap();
    let show = |name: &str| fleet.until(name, &["release", "show", id]);
    for name in ["CC1", "UNIV"] {
        fleet.until(name, &["report", "show", &round]);
        let shown = show(name);
        assert_eq!(shown["cannot_be_approved"], Value::Null, "{name}: {shown}");
        // A college's own report lacks the figures of the other college: it is told so.
        assert!(shown["figures_not_in_own_report"].as_u64().unwrap() > 0, "{name}: {shown}");
        assert!(!shown["warnings"].as_array().unwrap().is_empty(), "{name}: one sender alone (G08): {shown}");
    }
    assert_eq!(show("K12A")["figures_not_in_own_report"], 0);

    let approve = |name: &str, more: &[&str]| {
        let arguments = ["release", "approve", id, "--by", "Tester"];
        fleet.try_run(name, &[&arguments, more].concat())
    };
    let unconfirmed = approve("CC1", &[]).unwrap_err();
    assert_eq!(
        (&unconfirmed["code"], &unconfirmed["rule"]),
        (&"P0453".into(), &"G08".into()),
        "{unconfirmed}"
    );
    let yes = ["--no-disadvantage"];
    fleet.node("CC1", &["release", "comment", id, "--by", "Clerk", "The cohort of 2019 is small."]);
    for name in ["K12A", "CC1"] {
        approve(name, &yes).unwrap();
    }
    // UNIV is silent: no export anywhere, and the board says who is awaited.
    let export = |name: &str| {
        let path = out(&format!("{name}.html"));
        fleet.try_run(name, &["release", "export", id, "--out", &path])
    };
    for name in ["K12A", "CC1", "UNIV"] {
        assert_eq!(export(name).unwrap_err()["code"], "P0459", "{name}");
    }
    let univ = fleet.codes().pop().unwrap();
    let board = || fleet.coordinator(&["release", "list"])["proposals"][0].clone();
    while board()["awaited"] != serde_json::json!([univ]) {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    approve("UNIV", &yes).unwrap();
    while show("K12A")["awaited"] != serde_json::json!([]) {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let early = export("K12A");
    let waiting = early.is_err_and(|refused| refused["code"] == "P045A" && refused["rule"] == "G19");
    assert!(waiting || show("K12A")["standing"] == "approved", "{}", show("K12A"));

    // A minute later every yes stands, and each member exports the same bytes.
    for name in ["K12A", "CC1", "UNIV"] {
        fleet.until(name, &["release", "export", id, "--out", &out(&format!("{name}.html"))]);
    }
    let bytes = std::fs::read(&preview).unwrap();
    for name in ["K12A", "CC1", "UNIV"] {
        assert!(std::fs::read(out(&format!("{name}.html"))).unwrap() == bytes, "{name}");
    }
    assert_eq!(board()["standing"], "approved");
    let text = String::from_utf8(bytes.clone()).unwrap();
    for name in fleet.names() {
        assert!(!text.contains(&format!("Member {name}")), "{name}");
    }
    // Verified with the sheet of another member, and without a daemon: one byte more is another file.
    let (file, sheet) = (out("K12A.html"), out("UNIV.html.approval.txt"));
    let verified = fleet.node("CC1", &["release", "verify", &file, &sheet]);
    assert_eq!(verified["verified"], true);
    std::fs::write(&file, [bytes, b" ".to_vec()].concat()).unwrap();
    let changed = fleet.try_run("CC1", &["release", "verify", &file, &sheet]).unwrap_err();
    assert_eq!(changed["code"], "P045E", "{changed}");
    // What stands is not taken back.
    let late = fleet.try_run("UNIV", &["release", "refuse", id, "--by", "Tester"]).unwrap_err();
    assert_eq!(late["code"], "N2346", "{late}");
    assert_eq!(fleet.node("UNIV", &["release", "list", "--approved"]).as_array().unwrap().len(), 1);
}
