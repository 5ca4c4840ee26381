//! The coordinator: members, agreements, rounds, the join and the release. It relays sealed bytes and holds no identifier
//! and no key share.
//!
//! ```text
//!   members (QUIC, mutual TLS) ─▶ service ─▶ members · documents · mail · blobs · rounds ─▶ store, shelf, audit log
//!   operator (shell)           ─▶ cli ─▶ command::execute ─┘                    │
//!                                        (here, or in the daemon)             work: join, release
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`app`] | the state folder, opened once; hooks of the running daemon |
//! | [`members`], [`documents`] | who takes part, under what |
//! | [`principles`] | changes of the principles of data sharing |
//! | [`rounds`] | the only caller of the round engine |
//! | [`blobs`], [`mail`] | bulk bytes and messages, and who may have them |
//! | [`retention`] | what rounds left here, until when, its destruction and the proof of it |
//! | [`releases`] | proposals to show a report outside, and what members say to them |
//! | [`work`] | join and release on the bounded pool |
//! | [`checkpoints`] | what members and this side state about their audit logs |
//! | [`service`] | what members ask |
//! | [`command`], [`cli`] | what the operator asks |
//! | [`daemon`] | serving: network, control socket, clock |

pub mod app;
pub mod blobs;
pub mod checkpoints;
pub mod cli;
pub mod command;
pub mod daemon;
pub mod documents;
pub mod error;
#[cfg(test)]
mod fixture;
pub mod mail;
pub mod members;
pub mod principles;
pub mod records;
pub mod releases;
pub mod retention;
pub mod rounds;
pub mod service;
pub mod settings;
pub mod work;
