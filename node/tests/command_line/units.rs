//! The service units of `deploy/systemd`: systemd takes them, they start what is shipped, and they keep records in the process.

use std::{
    fs,
    process::{Command, Output},
};

use clap::Parser as _;
use passage_node::cli::{Cli, Verb};
use passage_protocol::agreement::Segment;

use crate::{
    pupils::root,
    world::{Node, PROGRAM},
};

fn unit(name: &str) -> String {
    fs::read_to_string(root().join("deploy/systemd").join(format!("passage-{name}.service"))).unwrap()
}

/// Settings of the section `[Service]`, without comments.
fn service(name: &str) -> Vec<String> {
    let text = unit(name);
    let (_, rest) = text.split_once("[Service]\n").unwrap();
    let (section, _) = rest.split_once("\n[Install]").unwrap();
    let lines = section.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// Runs systemd-analyze over a unit that starts a program of this machine; none if the machine has no systemd.
fn analyzed(name: &str, arguments: &[&str]) -> Option<Output> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("passage-{name}.service"));
    fs::write(&path, unit(name).replace(&format!("/usr/local/bin/passage-{name}"), PROGRAM)).unwrap();
    Command::new("systemd-analyze").args(arguments).arg(&path).output().ok()
}

#[test]
fn systemd_takes_both_units_without_a_complaint_and_finds_them_confined() {
    for name in ["node", "coordinator"] {
        let Some(verified) = analyzed(name, &["verify", "--man=no"]) else {
            eprintln!("not tried: this machine has no systemd-analyze(1)");
            return;
        };
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert!(verified.status.success() && !said.contains(&format!("passage-{name}.service")), "{said}");
        // 0 is confined, 100 is not at all; a unit without any setting has 96.
        let confined =
            analyzed(name, &["security", "--offline=yes", "--threshold=15", "--no-pager"]).unwrap();
        assert!(confined.status.success(), "{}", String::from_utf8_lossy(&confined.stdout));
    }
}

#[test]
fn the_node_unit_starts_the_daemon_and_loads_the_credentials_the_program_asks_for() {
    let settings = service("node");
    let start = settings.iter().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let cli = Cli::try_parse_from(start.split_whitespace()).unwrap();
    assert!(matches!(cli.verb, Verb::Serve) && start.starts_with("/usr/local/bin/passage-node "), "{start}");
    let state = settings.iter().find_map(|line| line.strip_prefix("StateDirectory=")).unwrap();
    assert_eq!(cli.dir.to_str(), Some(format!("/var/lib/{state}").as_str()));
    for guard in ["credential", "passphrase"] {
        let screen = Node::joined(Segment::K12).run(&["data", "rekey", "--guard", guard]);
        let asked = settings.iter().filter_map(|line| line.strip_prefix("LoadCredentialEncrypted="));
        assert!(asked.clone().any(|name| screen.err.contains(name)), "{screen:?}");
    }
}

#[test]
fn both_units_keep_the_process_to_itself_and_differ_in_nothing_else() {
    let own = |line: &String| {
        let names =
            ["ExecStart", "User", "Group", "StateDirectory", "LoadCredentialEncrypted", "ReadWritePaths"];
        names.iter().any(|name| line.starts_with(&format!("{name}=")))
    };
    let shared =
        |name: &str| -> Vec<String> { service(name).into_iter().filter(|line| !own(line)).collect() };
    assert_eq!(shared("node"), shared("coordinator"));
    for line in [
        "LimitCORE=0",
        "MemorySwapMax=0",
        "UMask=0077",
        "StateDirectoryMode=0700",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
    ] {
        assert!(shared("node").iter().any(|setting| setting == line), "{line}");
    }
}
