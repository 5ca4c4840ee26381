//! `node.toml`: what an administrator may set. Every key has a unit, a default and a reason (deploy/config).

use serde::Deserialize;

/// The settings of a node.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Insist on a seat in the committee of every round: this member's key is then a veto, at the cost of passing every
    /// list. Default: no.
    pub insist_on_committee: bool,
}

/// Every key of `node.toml`.
pub const KEYS: &[&str] = &["insist_on_committee"];
