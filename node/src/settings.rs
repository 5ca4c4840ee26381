//! `node.toml`: what an administrator may set. Every key has a unit, a default and a reason (deploy/config).

use std::path::PathBuf;

use passage_shell::failure::Failure;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{
    custody::{Guard, of_process},
    people::request::TwoPersonAct,
};

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
    /// Seconds an account waits after its fifth failed login in a row; twice as long after each further one, at most a day.
    /// Default: 900.
    pub lockout_s: u32,
    /// Days after which a passphrase must be changed before the next login. Default: 0, never: NIST SP 800-63B advises against
    /// changing passphrases that nobody knows.
    pub passphrase_max_days: u32,
    /// Memory one query may use, MiB. Nothing is ever spilled to the disk, so a query that needs more is refused. Default: 1024.
    pub query_memory_mib: u32,
    /// Memory a list or a table of a round may stand in, MiB; a larger one is prepared and shuffled in sealed files without names
    /// on the disk of the state folder, a few per cent slower. Default: 1024.
    pub round_memory_mib: u32,
    /// Hours a session lasts at most. Default: 12, a working day.
    pub session_hours: u32,
    /// Minutes without a command after which a session ends. Default: 30.
    pub session_idle_minutes: u32,
    /// Acts that two people must ask for: `sign`, `destroy`, `release`. Default: none.
    pub two_person: Vec<TwoPersonAct>,
}

/// Every key of `node.toml`.
pub const KEYS: &[&str] = &[
    "exclude_blocked",
    "insist_on_committee",
    "lockout_s",
    "passphrase_file",
    "passphrase_max_days",
    "query_memory_mib",
    "round_memory_mib",
    "session_hours",
    "session_idle_minutes",
    "two_person",
];

/// Memory of one query unless set otherwise, MiB.
const QUERY_MEMORY_MIB: u32 = 1024;

/// Memory of one list of a round unless set otherwise, MiB.
const ROUND_MEMORY_MIB: u32 = 1024;

impl Default for Settings {
    fn default() -> Self {
        Self {
            exclude_blocked: true,
            insist_on_committee: false,
            passphrase_file: PathBuf::new(),
            lockout_s: 900,
            passphrase_max_days: 0,
            query_memory_mib: QUERY_MEMORY_MIB,
            round_memory_mib: ROUND_MEMORY_MIB,
            session_hours: 12,
            session_idle_minutes: 30,
            two_person: Vec::new(),
        }
    }
}

impl Settings {
    /// Where the outer half of the node key comes from.
    pub fn outer(&self) -> impl Fn(Guard) -> Result<Zeroizing<Vec<u8>>, Failure> + use<> {
        of_process(Some(self.passphrase_file.as_path()).filter(|path| !path.as_os_str().is_empty()))
    }

    /// Memory a list of a round may stand in, bytes.
    #[must_use]
    pub fn round_memory_bytes(&self) -> u64 {
        u64::from(self.round_memory_mib) << 20
    }

    /// Memory one query may use, bytes.
    #[must_use]
    pub fn query_memory_bytes(&self) -> u64 {
        u64::from(self.query_memory_mib) << 20
    }
}
