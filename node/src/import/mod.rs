//! A member's own files, unchanged, into records it can keep: recognised by content, checked row by row (D1-D4).
//!
//! ```text
//! file --recognise--> Recognised --read--> PlainRecord ... + ImportReport
//!                        |                    |
//!             refused: which layouts     refused: which rows (all or nothing)
//! ```
//!
//! [`recognise`] opens a file and says which [`Layout`] it has and why; [`read`] streams it. Memory is bounded by the
//! longest line and the set of row digests (16 bytes a row). Nothing here writes to disk, and nothing it returns
//! as text carries a value of a student.

mod error;
mod fault;
mod layout;
mod line;
mod problem;
mod read;
mod recognise;
mod row;
mod soundness;
mod value;

pub use self::{
    error::ImportError,
    fault::Fault,
    layout::{Check, Column, Delimiter, Emits, Field, Header, Layout, Need},
    line::{FIELD_BYTES_MAX, LINE_BYTES_MAX, ROWS_MAX},
    problem::{Count, ImportReport, PROBLEMS_LISTED_MAX, Problem, Severity},
    read::{Progress, read},
    recognise::{Recognised, recognise, recognise_as},
};

#[cfg(test)]
mod tests;
