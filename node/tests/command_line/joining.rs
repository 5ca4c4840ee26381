//! Invitations: good, expired, mistyped, used, of another coordinator; and folders that may not be used.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
};

use passage_protocol::{agreement::Segment, timestamp::Timestamp};
use passage_shell::{clock, pki::Fingerprint};

use crate::world::{Node, World};

/// What a folder that has joined holds, and one that has not must not.
const MEMBER_FILES: [&str; 5] = ["member.toml", "tls.key", "signing.key", "certificate.der", "authority.der"];

fn assert_ready_to_try_again(node: &Node) {
    // The keys made here may stay: if an answer was lost on its way, the same request can be made again.
    for name in MEMBER_FILES.iter().filter(|name| !matches!(**name, "tls.key" | "signing.key")) {
        assert!(!node.dir.join(name).exists(), "{name} was left behind");
    }
    node.run(&["join", &World::get().invite(Segment::K12)]).succeeded();
}

#[test]
fn an_invitation_makes_a_member_whose_files_nobody_else_can_read() {
    let node = Node::new();
    let screen = node.run(&["join", &World::get().invite(Segment::Cc)]);
    let text = screen.succeeded();
    let (joined, matched) = text.trim_end().split_once('\n').unwrap();
    assert!(joined.starts_with("joined Test consortium as M-") && joined.ends_with("(cc)"), "{text}");
    assert_eq!(
        matched, "test match: 20 of 60 made-up students are on two lists, and each was found (G17)",
        "before the invitation is spent"
    );
    assert_eq!(fs::metadata(&node.dir).unwrap().mode() & 0o777, 0o700);
    for name in MEMBER_FILES {
        assert_eq!(fs::metadata(node.dir.join(name)).unwrap().mode() & 0o777, 0o600, "{name}");
    }
    let facts = node.json(&["doctor"]);
    assert_eq!((&facts["segment"], &facts["serving"]), (&"cc".into(), &false.into()));
}

#[test]
fn an_expired_invitation_is_refused_before_anything_is_made() {
    let node = Node::new();
    let invitation = World::get().invitation(Segment::K12, Timestamp(clock::now().0 - 1)).to_text();
    let screen = node.run(&["join", &invitation]);
    assert_eq!(screen.refused("N2200", Some("G17")), "the invitation has expired");
    assert!(!node.dir.exists());
    assert_ready_to_try_again(&node);
}

#[test]
fn a_mistyped_invitation_is_refused_by_its_check() {
    let node = Node::new();
    let good = World::get().invite(Segment::K12);
    let secret = &good[good.len() - 60..];
    for (text, code) in [
        (good[..good.len() - 1].to_owned(), "S1063"),
        (good.replace("v1", "v2"), "S1062"),
        ("hello".to_owned(), "S1061"),
        (good.replace("passage", "message"), "S1061"),
        ("x".repeat(5_000), "S1066"),
    ] {
        let screen = node.run(&["join", &text]);
        screen.refused(code, None);
        screen.keeps_to_itself(&[&secret[..32]]);
        assert!(!node.dir.exists());
    }
    // As a mail program folds it.
    let (head, tail) = good.split_at(60);
    node.run(&["join", &format!("{head}\r\n  {tail}")]).succeeded();
}

#[test]
fn g17_an_invitation_is_good_for_one_member() {
    let invitation = World::get().invite(Segment::K12);
    Node::new().run(&["join", &invitation]).succeeded();
    let second = Node::new();
    let screen = second.run(&["join", &invitation]);
    assert!(screen.refused("C3013", Some("G17")).contains("used"), "{screen:?}");
    assert_ready_to_try_again(&second);
}

#[test]
fn a_coordinator_with_another_authority_gets_nothing() {
    let node = Node::new();
    let mut invitation = World::get().invitation(Segment::K12, Timestamp(clock::now().0 + 60));
    let good = invitation.to_text();
    invitation.fingerprint = Fingerprint([3; 32]);
    let screen = node.run(&["join", &invitation.to_text()]);
    let what = screen.refused("N2204", Some("G17"));
    assert!(what.contains("certificate"), "{what}");
    // The secret was not spent: it never left.
    node.run(&["join", &good]).succeeded();
}

#[test]
fn a_coordinator_that_cannot_be_reached_is_said_to_be() {
    let node = Node::new();
    let mut invitation = World::get().invitation(Segment::K12, Timestamp(clock::now().0 + 60));
    invitation.addresses = vec!["passage.invalid:4433".into()];
    let screen = node.run(&["join", &invitation.to_text()]);
    screen.refused("S1071", None);
    assert!(screen.err.contains("firewall"), "{screen:?}");
    assert_ready_to_try_again(&node);
}

#[test]
fn a_second_join_is_refused_and_changes_nothing() {
    let node = Node::joined(Segment::K12);
    let before = fs::read(node.dir.join("signing.key")).unwrap();
    let invitation = World::get().invite(Segment::K12);
    let screen = node.run(&["join", &invitation]);
    assert_eq!(screen.refused("N2201", None), "this folder has joined a consortium already");
    assert_eq!(fs::read(node.dir.join("signing.key")).unwrap(), before);
    Node::new().run(&["join", &invitation]).succeeded();
}

#[test]
fn a_folder_others_can_read_is_refused() {
    let node = Node::joined(Segment::K12);
    fs::set_permissions(&node.dir, fs::Permissions::from_mode(0o755)).unwrap();
    for arguments in [&["data", "status"][..], &["serve"]] {
        let screen = node.run(arguments);
        assert!(screen.refused("S1012", None).ends_with("has permissions 755, expected 700"));
        assert!(screen.err.contains("chmod 700"));
    }
    fs::set_permissions(&node.dir, fs::Permissions::from_mode(0o700)).unwrap();
    node.run(&["data", "status"]).succeeded();
}

#[test]
fn a_damaged_folder_names_the_file() {
    let node = Node::joined(Segment::K12);
    node.run(&["data", "status"]).succeeded();
    for (name, code, rule) in [
        ("keys/data-1.key", "N2260", Some("I7")),
        ("signing.key", "N2203", None),
        ("member.toml", "N2203", None),
    ] {
        let good = fs::read(node.dir.join(name)).unwrap();
        fs::write(node.dir.join(name), b"cut").unwrap();
        let screen = node.run(&["data", "status"]);
        let what = screen.refused(code, rule);
        assert!(what.contains(name) || what.contains("folder `keys`"), "{screen:?}");
        fs::write(node.dir.join(name), good).unwrap();
    }
    node.run(&["data", "status"]).succeeded();
}

#[test]
fn a_setting_that_is_mistyped_names_the_nearest() {
    let node = Node::joined(Segment::K12);
    fs::write(node.dir.join("node.toml"), "insist_on_comittee = true\n").unwrap();
    let screen = node.run(&["data", "status"]);
    let what = screen.refused("S1081", None);
    assert_eq!(what, "insist_on_comittee is not a setting, the nearest is insist_on_committee");
    fs::write(node.dir.join("node.toml"), "insist_on_committee = \"perhaps\"\n").unwrap();
    assert_eq!(node.run(&["data", "status"]).code, 1);
    fs::write(node.dir.join("node.toml"), "insist_on_committee = true\n").unwrap();
    node.run(&["data", "status"]).succeeded();
}
