//! The harness: whole federations in one process, without sockets, to be checked against the same question answered in the
//! clear.
//!
//! ```text
//!   population ─▶ records ─▶ member_host ┐
//!        │                               ├─ federation ─▶ reports, raw counts, key ledger
//!        │       papers ─▶ coordinator_host ┘  │   ▲
//!        └────────────────▶ plaintext_oracle   │   └ sim_net, faults, mischief
//! ```
//!
//! What is real: the round engines, the node's import segments, preparation, secrets, shelf and compute jobs; the
//! coordinator's store, shelf, mail, blob rules, join and release. What is not: sockets, certificates, clocks, and the node's
//! own store, for which [`member_host`] keeps the commit rule.
//!
//! A harness that cannot go on fails the test where it stands, so it unwraps freely.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "test code: a failed unwrap is a failed test, and the place is what one wants to know"
)]

pub mod coordinator_host;
pub mod dice;
pub mod faults;
pub mod federation;
pub mod forge;
pub mod key_ledger;
pub mod member_host;
pub mod mischief;
pub mod papers;
pub mod plaintext_oracle;
pub mod population;
pub mod records;
pub mod seeded_round;
pub mod shown;
pub mod sim_net;

use std::{fs::Permissions, os::unix::fs::PermissionsExt, path::Path};

use tempfile::TempDir;

/// A temporary folder, in memory where the machine offers that: rounds commit often and nothing here outlives the test.
#[must_use]
pub fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    // State folders refuse to stand where others can read.
    tempfile::Builder::new()
        .prefix("passage-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .unwrap()
}
