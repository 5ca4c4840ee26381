//! Passage's pure core: what may leave the building, decided without I/O, clock or global randomness.
//!
//! # What this crate does not do
//!
//! It opens no file and no socket, reads no clock, no environment and no global random source, spawns no
//! thread and awaits nothing. Bytes, time and seeds come in as arguments; bytes and decisions go out as values.
//! An auditor who asks "what can leave the building?" can answer from this crate alone.
//!
//! # Reading order
//!
//! `docs/spec.md` is the protocol on paper; module docs cite its sections as `SPEC §n`.
//!
//! | row | module | holds |
//! |---|---|---|
//! | 0 | [`ids`], [`timestamp`], [`codec`], [`secret`], [`refusal`], [`document`] | vocabulary, files people write |
//! | 1 | [`group`], [`seal`], [`signing`], [`match_key`], [`cells`], [`noise`], [`linkage`], [`checkpoint`] | group elements, HPKE, signatures, match keys, code domains, noise, join, audit checkpoints |
//! | 2 | [`mixing`], [`disclosure`], [`retention`] | first and second mix; what may be released; when what a round leaves must be gone |
//! | 3 | [`agreement`], [`dictionary`], [`metric`], [`grouping`], [`manifest`] | what was signed, what data elements mean, what is counted and by what, what one round is |
//! | 4 | [`wire`] | messages and limits |
//! | 5 | [`round`] | the round as a state machine |
//! | 6 | [`report`] | bytes a person reads, from released tables only |
//! | 7 | [`release`] | whether such bytes may go beyond the parties |
//!
//! A module imports only from its own row or rows above it in this table; `tests/federation/layering.rs` holds it.
//!
//! # The privacy ladder
//!
//! `PlainRecord -> MatchKey -> token -> RawTable -> ReleasedTable`. Each step is one named function:
//! [`match_key::derive`], [`mixing::contribute`], [`linkage`] and [`disclosure::release`].

pub mod agreement;
pub mod cells;
pub mod checkpoint;
pub mod codec;
pub mod dictionary;
pub mod disclosure;
pub mod document;
pub mod group;
pub mod grouping;
pub mod ids;
pub mod linkage;
pub mod manifest;
pub mod match_key;
pub mod metric;
pub mod mixing;
pub mod noise;
pub mod refusal;
pub mod release;
pub mod report;
pub mod retention;
pub mod round;
pub mod seal;
pub mod secret;
pub mod signing;
pub mod timestamp;
pub mod wire;
