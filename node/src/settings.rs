//! `node.toml`: what an administrator may set. Every key has a unit, a default and a reason (deploy/config).

use std::path::PathBuf;

use passage_shell::failure::Failure;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::custody::{Guard, of_process};

/// The settings of a node.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Insist on a seat in the committee of every round: this member's key is then a veto, at the cost of passing every
    /// list. Default: no.
    pub insist_on_committee: bool,
    /// Keep students out whose directory information is blocked (`optout import --directory`), in all studies. Default: yes, as
    /// the strictest institutions do; a block alone is no opt-out of studies (F6).
    pub exclude_blocked: bool,
    /// File that holds the passphrase of the stored tables, mode 0600 or 0400; only read if `data rekey --guard passphrase` was
    /// given. Default: empty; the terminal or the systemd credential `passage-passphrase` is asked.
    pub passphrase_file: PathBuf,
    /// Memory one query may use, MiB. Nothing is ever spilled to the disk, so a query that needs more is refused. Default: 1024.
    pub query_memory_mib: u32,
}

/// Every key of `node.toml`.
pub const KEYS: &[&str] = &["exclude_blocked", "insist_on_committee", "passphrase_file", "query_memory_mib"];

/// Memory of one query unless set otherwise, MiB.
const QUERY_MEMORY_MIB: u32 = 1024;

impl Default for Settings {
    fn default() -> Self {
        Self {
            exclude_blocked: true,
            insist_on_committee: false,
            passphrase_file: PathBuf::new(),
            query_memory_mib: QUERY_MEMORY_MIB,
        }
    }
}

impl Settings {
    /// Where the outer half of the node key comes from.
    pub fn outer(&self) -> impl Fn(Guard) -> Result<Zeroizing<Vec<u8>>, Failure> + use<> {
        of_process(Some(self.passphrase_file.as_path()).filter(|path| !path.as_os_str().is_empty()))
    }

    /// Memory one query may use, bytes.
    #[must_use]
    pub fn query_memory_bytes(&self) -> u64 {
        u64::from(self.query_memory_mib) << 20
    }
}
