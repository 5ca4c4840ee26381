//! People at the real program: principles before data, accounts, logins, roles, codes, two people, a lost admin.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    thread::sleep,
    time::{Duration, Instant},
};

use aws_lc_rs::hmac;
use passage_protocol::agreement::Segment;

use crate::{
    pupils::sinf,
    world::{Daemon, Node, Screen, World},
};

const ADMIN: &str = "correct horse battery staple";
const OTHER: &str = "another sentence nobody knows";
/// Longest a test waits for an account that waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node that has joined and where nobody has accepted anything.
fn untouched() -> Node {
    let node = Node::new();
    node.run(&["join", &World::get().invite(Segment::K12)]).succeeded();
    node
}

/// A file only this account reads.
fn secret(node: &Node, name: &str, text: &str) -> String {
    let path = node.file(name, text);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// Somebody at a node, with a session file of her own.
struct Person<'a> {
    node: &'a Node,
    runtime: PathBuf,
    settings: &'static [(&'static str, &'static str)],
}

impl<'a> Person<'a> {
    fn at(node: &'a Node, who: &str) -> Self {
        Self::with(node, who, &[])
    }

    fn with(node: &'a Node, who: &str, settings: &'static [(&'static str, &'static str)]) -> Self {
        let runtime = node.dir.parent().unwrap().join(format!("runtime-{who}"));
        fs::create_dir_all(&runtime).unwrap();
        Self { node, runtime, settings }
    }

    fn run(&self, arguments: &[&str]) -> Screen {
        let mut command = self.node.command();
        command.env("XDG_RUNTIME_DIR", &self.runtime).envs(self.settings.iter().copied());
        Screen::of(command.args(arguments).output().unwrap())
    }

    fn add(&self, name: &str, roles: &[&str], passphrase: &str) -> Screen {
        let file = secret(self.node, &format!("{name}.passphrase"), passphrase);
        let person = format!("{name}, Office");
        let mut arguments = vec!["account", "add", name, "--person", &person, "--passphrase-file", &file];
        roles.iter().for_each(|role| arguments.extend(["--role", role]));
        self.run(&arguments)
    }

    fn log_in(&self, name: &str, passphrase: &str) -> Screen {
        let file = secret(self.node, &format!("{name}.typed"), passphrase);
        self.run(&["login", name, "--passphrase-file", &file])
    }
}

/// A node with an admin who has logged in.
fn with_admin(node: &Node) -> Person<'_> {
    let admin = Person::at(node, "admin");
    admin.add("root", &["admin"], ADMIN).succeeded();
    admin.log_in("root", ADMIN).succeeded();
    admin
}

#[test]
fn g05_data_and_reports_wait_until_the_principles_are_accepted() {
    let node = untouched();
    node.run(&["import", &node.file("SINF.txt", sinf(30))]).succeeded();
    for arguments in [
        &["query", "SELECT count(*) FROM student"][..],
        &["data", "coverage"],
        &["data", "quality"],
        &["disclosures"],
        &["disclosures", "--student", "1"],
        &["what-leaves", "latest"],
        &["report", "list"],
        &["report", "show", "latest"],
        &["report", "export", "latest", "--format", "csv"],
    ] {
        let what = node.run(arguments).refused("N2300", Some("G05")).to_owned();
        assert!(what.contains("version 1 of the principles"), "{what}");
    }
    for arguments in [&["data", "status"][..], &["layout", "list"], &["round", "list"], &["doctor"]] {
        node.run(arguments).succeeded();
    }
    assert!(node.run(&["principles", "show"]).succeeded().contains("1. **Where data stay.**"));
    node.run(&["principles", "accept", "--by", "A. Person, Office", "--version", "2"])
        .refused("N2306", Some("G05"));
    node.run(&["principles", "accept"]).refused("N2304", Some("G12"));
    node.run(&["principles", "accept", "--by", "A. Person, Office"]).succeeded();
    node.run(&["query", "SELECT count(*) FROM student"]).succeeded();
    node.run(&["report", "list"]).succeeded();
    assert_eq!(node.json(&["principles", "show"])["accepted"], true);
    // In the daemon the same session counts, and somebody else's has accepted nothing.
    let daemon = node.serve();
    node.run(&["report", "list"]).succeeded();
    Person::at(&node, "other").run(&["report", "list"]).refused("N2300", Some("G05"));
    drop(daemon);
    let log = log(&node);
    assert!(log.contains("principles.accepted") && log.contains("A. Person, Office"), "{log}");
    let mode = fs::metadata(node.dir.join("session")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    node.run(&["logout"]).succeeded();
    node.run(&["report", "list"]).refused("N2300", Some("G05"));
    assert!(!node.dir.join("session").exists());
}

#[test]
fn g05_a_session_that_was_idle_too_long_accepts_again() {
    let node = untouched();
    let person = Person::with(&node, "one", &[("PASSAGE_SESSION_IDLE_MINUTES", "0")]);
    person.run(&["principles", "accept", "--by", "A. Person, Office"]).succeeded();
    sleep(Duration::from_millis(2_100));
    person.run(&["report", "list"]).refused("N2300", Some("G05"));
}

#[test]
fn g12_with_the_first_account_every_command_needs_a_session_and_a_role() {
    let node = Node::joined(Segment::K12);
    let owner = Person::at(&node, "owner");
    owner.add("maria", &["clerk"], OTHER).refused("N2314", Some("G12"));
    owner.log_in("maria", OTHER).refused("N231B", Some("G12"));
    let admin = with_admin(&node);
    // Whoever owns the folder has lost its roles, and the session from before.
    for arguments in [
        &["data", "status"][..],
        &["layout", "list"],
        &["agreement", "list"],
        &["account", "list"],
        &["account", "roles"],
        &["resume", "--by", "Owner"],
    ] {
        owner.run(arguments).refused("N2301", Some("G12"));
        node.run(arguments).refused("N2302", Some("G12"));
    }
    for arguments in [&["doctor"][..], &["principles", "show"], &["logout"]] {
        owner.run(arguments).succeeded();
    }
    admin.run(&["data", "status"]).succeeded();
    let what = admin.run(&["query", "SELECT 1"]).refused("N2303", Some("G18")).to_owned();
    assert!(what.contains("analyst") && what.contains("root has admin"), "{what}");
    admin.run(&["import", "x"]).refused("N2303", Some("G12"));

    admin.add("maria", &["clerk", "reader"], OTHER).succeeded();
    admin.add("maria", &["clerk"], OTHER).refused("N2312", Some("G12"));
    admin.add("short", &["clerk"], "too short").refused("N2318", Some("G12"));
    let maria = Person::at(&node, "maria");
    maria.log_in("maria", OTHER).succeeded();
    maria.run(&["report", "list"]).refused("N2300", Some("G05"));
    maria.run(&["principles", "accept", "--by", "Somebody Else"]).refused("N2305", Some("G12"));
    maria.run(&["principles", "accept"]).succeeded();
    maria.run(&["report", "list"]).succeeded();
    maria.run(&["import", &node.file("SINF.txt", sinf(3))]).succeeded();
    maria.run(&["query", "SELECT count(*) FROM student"]).refused("N2303", Some("G18"));
    maria.run(&["account", "add", "x", "--person", "X", "--role", "admin"]).refused("N231D", Some("G12"));
    maria.run(&["account", "disable", "root"]).refused("N2303", Some("G12"));

    // Roles change at once, in the session that is open.
    admin.run(&["account", "role", "maria", "--role", "analyst"]).succeeded();
    maria.run(&["query", "SELECT count(*) FROM student"]).succeeded();
    maria.run(&["report", "list"]).refused("N2303", Some("G18"));
    admin.run(&["account", "disable", "maria"]).succeeded();
    maria.run(&["data", "status"]).refused("N2302", Some("G12"));
    maria.log_in("maria", OTHER).refused("N2310", Some("G12"));
    admin.run(&["account", "disable", "root"]).refused("N2316", Some("G12"));
    admin.run(&["account", "role", "root", "--role", "clerk"]).refused("N2316", Some("G12"));
}

#[test]
fn g12_whoever_does_not_get_in_is_told_one_thing() {
    let node = Node::joined(Segment::Cc);
    let admin = with_admin(&node);
    admin.add("gone", &["clerk"], OTHER).succeeded();
    admin.run(&["account", "disable", "gone"]).succeeded();
    let stranger = Person::at(&node, "stranger");
    let said: Vec<String> = [("root", OTHER), ("nobody-here", OTHER), ("gone", OTHER), ("root", "")]
        .into_iter()
        .map(|(name, passphrase)| {
            let screen = stranger.log_in(name, passphrase);
            screen.refused("N2310", Some("G12"));
            screen.keeps_to_itself(&[OTHER, "nobody-here", "gone"]);
            screen.err
        })
        .collect();
    assert!(said.iter().all(|one| *one == said[0]), "{said:?}");
    let log = log(&node);
    assert!(!log.contains("nobody-here") && log.contains("unknown"), "{log}");
    assert!(log.contains("login.refused") && log.contains("login.accepted"));
    assert!(!log.contains(OTHER) && !log.contains(ADMIN));
}

#[test]
fn g12_five_failures_make_an_account_wait_and_an_admin_can_end_it() {
    let node = Node::joined(Segment::Cc);
    let admin = with_admin(&node);
    admin.add("maria", &["clerk"], OTHER).succeeded();
    let maria = Person::with(&node, "maria", &[("PASSAGE_LOCKOUT_S", "8")]);
    for _ in 0..5 {
        maria.log_in("maria", "wrong wrong wrong").refused("N2310", Some("G12"));
    }
    maria.log_in("maria", OTHER).refused("N2310", Some("G12"));
    assert!(admin.run(&["account", "list"]).succeeded().contains("waits until"));
    let began = Instant::now();
    while maria.log_in("maria", OTHER).code != 0 {
        assert!(began.elapsed() < PATIENCE, "the account still waits");
        sleep(Duration::from_millis(500));
    }
    maria.run(&["data", "status"]).succeeded();
    let patient = Person::at(&node, "maria");
    for _ in 0..5 {
        patient.log_in("maria", "wrong wrong wrong").refused("N2310", Some("G12"));
    }
    patient.log_in("maria", OTHER).refused("N2310", Some("G12"));
    admin.run(&["account", "enable", "maria"]).succeeded();
    patient.log_in("maria", OTHER).succeeded();
}

#[test]
fn g12_a_code_is_asked_for_and_good_once() {
    let node = Node::joined(Segment::Cc);
    let admin = with_admin(&node);
    let answer = admin.run(&["account", "totp", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(answer.succeeded()).unwrap();
    let secret = unbase32(answer["secret"].as_str().unwrap());
    let other = Person::at(&node, "other");
    other.log_in("root", ADMIN).refused("N2310", Some("G12"));
    other.log_in("root", &format!("{ADMIN}\n000000")).refused("N2310", Some("G12"));
    let code = code_now(&secret);
    other.log_in("root", &format!("{ADMIN}\n{code}")).succeeded();
    other.log_in("root", &format!("{ADMIN}\n{code}")).refused("N2310", Some("G12"));
    assert!(!log(&node).contains(answer["secret"].as_str().unwrap()));
    admin.run(&["account", "totp", "--off"]).succeeded();
    other.log_in("root", ADMIN).succeeded();
}

#[test]
fn g12_a_lost_admin_is_reset_by_the_owner_of_the_folder_while_no_daemon_runs() {
    let node = Node::joined(Segment::Cc);
    let admin = with_admin(&node);
    let owner = Person::at(&node, "owner");
    let new = secret(&node, "new.passphrase", OTHER);
    let daemon = node.serve();
    let reset = ["account", "reset", "root", "--passphrase-file", &new];
    owner.run(&reset).refused("N2317", Some("G12"));
    admin.run(&reset).refused("N2317", Some("G12"));
    let _ = Daemon::stop(daemon);
    owner.run(&reset).succeeded();
    admin.run(&["data", "status"]).refused("N2302", Some("G12"));
    admin.log_in("root", ADMIN).refused("N2310", Some("G12"));
    admin.log_in("root", OTHER).succeeded();
    assert!(admin.run(&["account", "review"]).succeeded().contains("RESET by the owner of the folder"));
    admin.run(&["account", "review", "--confirm"]).succeeded();
    assert!(!admin.run(&["account", "review"]).succeeded().contains("RESET"));
    assert!(log(&node).contains("account.reset") && log(&node).contains("accounts.reviewed"));
}

#[test]
fn g12_a_passphrase_is_changed_by_who_knows_it() {
    let node = Node::joined(Segment::Cc);
    let admin = with_admin(&node);
    let (old, new) = (secret(&node, "old", ADMIN), secret(&node, "new", OTHER));
    let change = |old: &str, new: &str| {
        admin.run(&["account", "passphrase", "root", "--passphrase-file", old, "--new-passphrase-file", new])
    };
    change(&new, &new).refused("N2319", Some("G12"));
    change(&secret(&node, "wrong", "wrong wrong wrong"), &new).refused("N2310", Some("G12"));
    change(&old, &new).succeeded();
    admin.run(&["data", "status"]).refused("N2302", Some("G12"));
    admin.log_in("root", ADMIN).refused("N2310", Some("G12"));
    admin.log_in("root", OTHER).succeeded();
    let open = node.file("open", OTHER);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    admin.run(&["login", "root", "--passphrase-file", &open]).refused("N2264", Some("I7"));
    admin.run(&["login", "root"]).refused("N231D", Some("G12"));
}

#[test]
fn g12_two_people_destroy_what_one_alone_does_not() {
    const TWO: &[(&str, &str)] = &[("PASSAGE_TWO_PERSON", "[\"destroy\"]")];
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("SINF.txt", sinf(30))]).succeeded();
    let owner = Person::with(&node, "owner", TWO);
    owner.run(&["data", "destroy", "--by", "Owner"]).refused("N2320", Some("G12"));
    let admin = with_admin(&node);
    let people = ["ruth", "john"].map(|name| {
        admin.add(name, &["approver"], OTHER).succeeded();
        let person = Person::with(&node, name, TWO);
        person.log_in(name, OTHER).succeeded();
        person
    });
    let students = || {
        let screen = admin.run(&["data", "status", "--json"]);
        let status: serde_json::Value = serde_json::from_str(screen.succeeded()).unwrap();
        status["students"].as_u64()
    };
    let said = people[0].run(&["data", "destroy"]);
    assert!(said.succeeded().contains("nothing is done yet"), "{said:?}");
    assert!(admin.run(&["account", "review"]).succeeded().contains("destroy  asked for by ruth, Office"));
    people[0].run(&["data", "destroy"]).refused("N2321", Some("G12"));
    assert_eq!(students(), Some(30));
    // Another scope is another request.
    let other = people[1].run(&["data", "destroy", "--year", "2019-2020"]);
    assert!(other.succeeded().contains("nothing is done yet"), "{other:?}");
    assert_eq!(students(), Some(30));
    people[1].run(&["data", "destroy"]).succeeded();
    assert_eq!(students(), Some(0));
    let log = log(&node);
    assert!(log.contains("request.made") && log.contains("request.confirmed"), "{log}");
    assert!(log.contains("john, Office"));
}

#[test]
fn l4_a_halt_waits_for_no_session_no_role_and_no_name() {
    let node = Node::joined(Segment::K12);
    let admin = with_admin(&node);
    let stranger = Person::at(&node, "stranger");
    stranger.run(&["halt"]).succeeded();
    stranger.run(&["resume"]).refused("N2301", Some("G12"));
    admin.run(&["resume"]).refused("N2303", Some("G12"));
    admin.run(&["account", "role", "root", "--role", "admin", "--role", "approver"]).succeeded();
    admin.run(&["resume"]).succeeded();
    admin.run(&["halt"]).succeeded();
    let log = log(&node);
    assert!(log.contains("somebody at this node") && log.contains("root, Office"), "{log}");
}

/// The audit log as it stands on the disk.
fn log(node: &Node) -> String {
    let files = fs::read_dir(node.dir.join("audit")).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.is_file());
    files.map(|path| fs::read_to_string(path).unwrap()).collect()
}

fn unbase32(text: &str) -> Vec<u8> {
    let mut bits = 0_u64;
    let (mut count, mut bytes) = (0, Vec::new());
    for letter in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|one| *one == letter).unwrap();
        bits = bits << 5 | value as u64;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xFF) as u8);
        }
    }
    bytes
}

/// The code an app would show now (RFC 6238).
fn code_now(secret: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &(passage_shell::clock::now().0 / 30).to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7FFF_FFFF;
    format!("{:06}", number % 1_000_000)
}
