//! `coordinator.toml`: what the operator chose. Every key with its unit, default and reason stands in the file `init` writes.

use std::{net::SocketAddr, path::Path};

use passage_shell::config::{self, Sources};
use serde::Deserialize;

use crate::error::CoordinatorError;

/// File name inside the state folder.
pub const FILE: &str = "coordinator.toml";

const KNOWN: &[&str] = &["consortium", "listen", "public", "round_hours", "jobs", "join_memory_mib"];

/// The coordinator's settings.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct Settings {
    /// What the consortium calls itself; printed on invitations.
    pub consortium: String,
    /// UDP address to listen on.
    pub listen: SocketAddr,
    /// `host:port` under which members reach it, one to five, in the order to try.
    pub public: Vec<String>,
    /// Hours until an unfinished round is aborted.
    #[serde(default = "round_hours")]
    pub round_hours: u64,
    /// Joins and releases computed at once; each uses all cores.
    #[serde(default = "jobs")]
    pub jobs: usize,
    /// Memory the tags of one join may stand in, MiB.
    #[serde(default = "join_memory_mib")]
    pub join_memory_mib: u32,
}

fn round_hours() -> u64 {
    24
}

fn jobs() -> usize {
    1
}

fn join_memory_mib() -> u32 {
    2048
}

impl Settings {
    /// Reads the file in `dir`; `PASSAGE_` variables of the same names override it.
    ///
    /// # Errors
    ///
    /// [`CoordinatorError::Config`].
    pub fn load(dir: &Path) -> Result<Self, CoordinatorError> {
        let path = dir.join(FILE);
        Ok(config::load(KNOWN, &Sources::of_process(Some(&path), Vec::new()))?)
    }

    /// The file as `init` writes it: every key, with its reason.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
        let public: Vec<String> = self.public.iter().map(|address| text(address)).collect();
        format!(
            "# Settings of this coordinator. Restart `passage-coordinator serve` after a change.\n\
             # A key may be overridden by an environment variable: PASSAGE_LISTEN, PASSAGE_ROUND_HOURS, ...\n\n\
             # What the consortium calls itself; members see it on their invitations.\n\
             consortium = {}\n\n\
             # UDP address to listen on. The only port that must be open, and only here: nodes dial out.\n\
             listen = {}\n\n\
             # host:port under which members reach this machine, tried in order, at most five.\n\
             public = [{}]\n\n\
             # Hours until an unfinished round is aborted (default 24: people at every member read and approve).\n\
             round_hours = {}\n\n\
             # Joins and releases computed at once (default 1: each uses all cores and holds its tags in memory).\n\
             jobs = {}\n\n\
             # Memory the tags of one join may stand in, MiB (default 2048: a hundred million tags). More wait on the disk of this\n\
             # folder, in files without names that are sealed under a key held in memory alone.\n\
             join_memory_mib = {}\n",
            text(&self.consortium),
            text(&self.listen.to_string()),
            public.join(", "),
            self.round_hours,
            self.jobs,
            self.join_memory_mib
        )
    }

    /// Memory the tags of one join may stand in, bytes.
    #[must_use]
    pub fn join_memory_bytes(&self) -> u64 {
        u64::from(self.join_memory_mib) << 20
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings {
            consortium: "Valley \"pathways\"".into(),
            listen: "127.0.0.1:4433".parse().unwrap(),
            public: vec!["a.example:1".into(), "[::1]:2".into()],
            round_hours: 24,
            jobs: 1,
            join_memory_mib: 100,
        };
        std::fs::write(dir.path().join(FILE), settings.to_toml()).unwrap();
        assert_eq!(Settings::load(dir.path()).unwrap(), settings);
        std::fs::write(dir.path().join(FILE), settings.to_toml().replace("round_hours", "round_hour"))
            .unwrap();
        assert!(Settings::load(dir.path()).unwrap_err().to_string().contains("round_hours"));
    }
}
