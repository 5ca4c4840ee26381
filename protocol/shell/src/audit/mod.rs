//! The audit log of a daemon and what the other side holds of it (C6, SPEC §20).
//!
//! * [`act`] - every kind of entry, with its fields. Start there.
//! * [`chain`] - the log itself: append, verify, the digests of its bodies.
//! * [`checkpoints`] - what peers signed about their logs and this side about its own, kept on disk; refused logs.
//! * [`compare`] - the copies of two members held against each other.
//! * [`page`] - what `audit verify` prints.
//!
//! ```text
//!   <state folder>/audit/00000001.jsonl ...             the log, 1,024 entries a file
//!   <state folder>/audit/checkpoints/own.jsonl          what this side signed
//!   <state folder>/audit/checkpoints/<owner>.jsonl      what that owner signed, each line after the one before
//!   <state folder>/audit/checkpoints/<owner>.fork.json  a statement that was refused, beside the one it contradicts
//! ```

pub mod act;
pub mod chain;
pub mod checkpoints;
pub mod compare;
mod error;
mod line;
pub mod page;

pub use self::{
    act::{Act, PeopleAct},
    chain::{AuditLog, Entry, verify},
    checkpoints::Checkpoints,
    error::AuditError,
    line::Line,
};
pub use passage_protocol::checkpoint::Head;

/// Name of the folder of the log in the state folder.
pub const FOLDER: &str = "audit";
