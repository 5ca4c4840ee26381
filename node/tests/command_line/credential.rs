//! The key of the stored tables guarded by a credential of the service manager, read as systemd hands it over: a file in the
//! folder `$CREDENTIALS_DIRECTORY` names.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use passage_protocol::agreement::Segment;

use crate::{
    pupils::sinf,
    world::{Node, Screen, names_in},
};

const KEY: &str = "passage-data-key";

/// A node and the folder of credentials of its service.
struct Service {
    node: Node,
    folder: tempfile::TempDir,
}

impl Service {
    fn new() -> Self {
        Self { node: Node::joined(Segment::K12), folder: tempfile::tempdir().unwrap() }
    }

    fn credential(&self, name: &str, bytes: &[u8], mode: u32) -> PathBuf {
        let path = self.folder.path().join(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A command with the credentials, as the service has them.
    fn run(&self, arguments: &[&str]) -> Screen {
        let mut command = self.node.command();
        command.env("CREDENTIALS_DIRECTORY", self.folder.path()).args(arguments);
        Screen::of(command.output().unwrap())
    }

    /// The service itself.
    fn serve(&self) -> Daemon {
        let mut command = self.node.command();
        command.env("CREDENTIALS_DIRECTORY", self.folder.path()).arg("serve");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let socket = self.node.dir.join("control.sock");
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "the service went away");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Daemon(child)
    }
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn key_files(dir: &Path) -> Vec<String> {
    names_in(&dir.join("keys"))
}

#[test]
fn a_node_guarded_by_a_credential_imports_and_answers_after_a_restart_with_it_and_not_without() {
    let service = Service::new();
    let node = &service.node;
    node.run(&["import", &node.file("SINF.txt", sinf(9))]).succeeded();
    service.credential(KEY, &[0x5A; 32], 0o400);
    assert!(
        service
            .run(&["data", "rekey", "--guard", "credential"])
            .succeeded()
            .contains("guarded by: credential")
    );
    assert_eq!(key_files(&node.dir), ["data-2.key"]);

    // Without the service there is no credential, and without it nothing opens.
    let screen = node.run(&["data", "status"]);
    assert!(screen.refused("N2263", Some("I7")).contains(KEY), "{screen:?}");
    for _ in ["first start", "restart"] {
        let daemon = service.serve();
        // A command reaches the service; the person who types it has no credential.
        assert_eq!(node.json(&["query", "SELECT * FROM student"])["rows"], 9);
        node.run(&["import", &node.file("SINF.txt", sinf(9))]).succeeded();
        drop(daemon);
    }
    service.run(&["import", &node.file("more.txt", sinf(30))]).succeeded();
    assert!(service.run(&["query", "SELECT count(*) AS n FROM student"]).succeeded().contains("30"));
    let said = service.run(&["data", "destroy", "--by", "A. Superintendent"]);
    assert!(said.succeeded().contains("verified      yes, "), "{said:?}");
    assert_eq!(key_files(&node.dir), ["data-3.key"]);
}

#[test]
fn a_credential_that_is_wrong_missing_short_or_open_is_refused_by_its_name() {
    let service = Service::new();
    let node = &service.node;
    node.run(&["import", &node.file("SINF.txt", sinf(9))]).succeeded();
    // Before: a key that cannot be had leaves the old one in force.
    let screen = service.run(&["data", "rekey", "--guard", "credential"]);
    assert!(screen.refused("N2263", Some("I7")).contains(KEY), "{screen:?}");
    assert_eq!(
        (node.status()["students"].as_u64(), key_files(&node.dir)),
        (Some(9), vec!["data-1.key".to_owned()])
    );

    service.credential(KEY, &[0x5A; 40], 0o400);
    service.run(&["data", "rekey", "--guard", "credential"]).succeeded();
    let refusals: [(&[u8], u32, &str, &str); 5] = [
        (&[0x5B; 40], 0o400, "N2261", "the credential is not the one the stored tables were sealed with"),
        (&[0x5A; 39], 0o400, "N2261", "the credential is not the one"),
        (&[0x5A; 31], 0o400, "N2265", "the credential passage-data-key has 31 bytes, expected at least 32"),
        (&[], 0o400, "N2265", "the credential passage-data-key has 0 bytes"),
        (&[0x5A; 40], 0o404, "N2264", "other accounts may read the credential passage-data-key"),
    ];
    for (bytes, mode, code, said) in refusals {
        service.credential(KEY, bytes, mode);
        for arguments in [&["data", "status"][..], &["query", "SELECT 1"], &["serve"]] {
            let screen = service.run(arguments);
            assert!(screen.refused(code, Some("I7")).starts_with(said), "{screen:?}");
        }
    }
    fs::remove_file(service.folder.path().join(KEY)).unwrap();
    let screen = service.run(&["data", "status"]);
    let missing = "the credential passage-data-key is not in the folder of credentials";
    assert_eq!(screen.refused("N2263", Some("I7")), missing);

    // As systemd 254 and later show a credential to the account of a service: the mask of an access control list.
    service.credential(KEY, &[0x5A; 40], 0o440);
    service.run(&["data", "status"]).succeeded();
    assert_eq!(key_files(&node.dir), ["data-2.key"]);
}

#[test]
fn a_passphrase_can_come_as_a_credential() {
    let service = Service::new();
    let node = &service.node;
    node.run(&["import", &node.file("SINF.txt", sinf(9))]).succeeded();
    service.credential("passage-passphrase", b"correct horse battery\n", 0o400);
    service.run(&["data", "rekey", "--guard", "passphrase"]).succeeded();
    let daemon = service.serve();
    assert_eq!(node.json(&["query", "SELECT * FROM student"])["rows"], 9);
    drop(daemon);
    node.run(&["data", "status"]).refused("N2262", Some("I7"));
    service.credential("passage-passphrase", b"incorrect horse battery\n", 0o400);
    let screen = service.run(&["data", "status"]);
    assert!(screen.refused("N2261", Some("I7")).starts_with("the passphrase is not the one"), "{screen:?}");
}
