//! The thin shell both daemons share: every effect Passage has on the world is made here, once.
//!
//! # Why this crate exists
//!
//! `passage-protocol` decides and touches nothing; the node and the coordinator must never import each other. What both
//! need from the world (time, randomness, a state folder, a store, blobs on disk, an audit log, certificates, QUIC) would
//! otherwise be written twice. An auditor who asks "where does it touch the disk, the clock or the network?" reads this crate.
//!
//! # What it does not do
//!
//! It knows no student, no round and no message of SPEC §5-§9: frames and blobs are opaque bytes. It takes no decision
//! about what may leave. It forbids `unsafe`.
//!
//! | module | effect |
//! |---|---|
//! | [`clock`], [`entropy`] | the only readers of time and of operating-system randomness |
//! | [`failure`] | the only error a person sees on a command line |
//! | [`state_dir`] | the daemon's folder: locked, private, written atomically |
//! | [`store`] | small state, atomic and durable; the only file that names sled |
//! | [`shelf`] | bulk bytes in files named by their BLAKE3 digest |
//! | [`audit`] | append-only log in which every entry names the one before |
//! | [`destruction`] | certificates of destruction, as text that anybody can verify |
//! | [`pki`] | the consortium's private CA, certificates, revocation, invitations |
//! | [`transport`] | QUIC with mutual TLS; the node dials, the coordinator listens |
//! | [`mod@bench`] | what a round costs on this machine |
//! | [`work`] | heavy computation on a bounded pool, away from the network |
//! | [`control`] | commands typed at a shell reach the daemon that owns the folder |
//! | [`config`], [`logs`] | settings in, log lines out |
//! | [`limits`] | every limit and time-out with its unit and its reason |

pub mod audit;
pub mod bench;
pub mod clock;
pub mod config;
pub mod control;
pub mod destruction;
pub mod entropy;
pub mod failure;
pub mod limits;
pub mod logs;
pub mod pki;
pub mod shelf;
pub mod state_dir;
pub mod store;
pub mod transport;
pub mod work;
