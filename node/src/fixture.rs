//! The state folder of a member that has joined, for tests.

use std::path::Path;

use passage_protocol::{agreement::Segment, ids::MemberCode, signing::SigningKey, timestamp::Timestamp};
use passage_shell::{
    entropy,
    pki::{Authority, KeyFile},
    state_dir::StateDir,
};

use crate::home::Membership;

/// The member's code.
pub(crate) const CODE: MemberCode = MemberCode([7; 5]);

/// Writes what `join` would have written, with a certificate issued at `issued`; the coordinator's key is pinned.
pub(crate) fn joined(root: &Path, issued: Timestamp, coordinator: &SigningKey) -> Authority {
    let dir = StateDir::open(root).unwrap();
    let authority = Authority::create("Test", issued).unwrap();
    let tls_key = KeyFile::generate().unwrap();
    let (certificate, _) = authority.issue_member(&tls_key.request().unwrap(), CODE, issued).unwrap();
    let membership = Membership {
        code: CODE.to_string(),
        segment: Segment::Cc.name().to_owned(),
        consortium: "Test".to_owned(),
        coordinator: vec!["127.0.0.1:1".to_owned()],
    };
    let signing_key = SigningKey::generate(entropy::seed().unwrap());
    for (name, bytes) in [
        ("tls.key", tls_key.expose()),
        ("signing.key", signing_key.seed().as_slice()),
        ("certificate.der", &certificate),
        ("authority.der", authority.certificate()),
        ("coordinator.pub", coordinator.verifying_key().to_string().as_bytes()),
        ("member.toml", toml::to_string(&membership).unwrap().as_bytes()),
    ] {
        dir.write(name, bytes).unwrap();
    }
    authority
}
