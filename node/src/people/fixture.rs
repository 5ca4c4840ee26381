//! For tests: the state folder of a member that has joined, without a coordinator.

use passage_protocol::{agreement::Segment, ids::MemberCode, signing::SigningKey};
use passage_shell::{
    clock,
    pki::{Authority, KeyFile},
    state_dir::StateDir,
};

use crate::home::{Home, Membership};

/// The home of a district with this code and signing key. The folder is gone with the first of the two.
pub(super) fn home(code: MemberCode, key: &SigningKey) -> (tempfile::TempDir, Home) {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().join("node");
    let dir = StateDir::open(&root).unwrap();
    let now = clock::now();
    let authority = Authority::create("Test", now).unwrap();
    let tls_key = KeyFile::generate().unwrap();
    let (certificate, _) = authority.issue_member(&tls_key.request().unwrap(), code, now).unwrap();
    let membership = Membership {
        code: code.to_string(),
        segment: Segment::K12.name().to_owned(),
        consortium: "Test".to_owned(),
        coordinator: vec!["127.0.0.1:1".to_owned()],
    };
    for (name, bytes) in [
        ("tls.key", tls_key.expose()),
        ("signing.key", key.seed().as_slice()),
        ("certificate.der", &certificate),
        ("authority.der", authority.certificate()),
        ("member.toml", toml::to_string(&membership).unwrap().as_bytes()),
    ] {
        dir.write(name, bytes).unwrap();
    }
    drop(dir);
    let home = Home::open(&root).unwrap();
    (parent, home)
}
