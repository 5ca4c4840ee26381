//! The catalogue of metrics at work: by hand on few students, against an independent implementation on many, and on the files of
//! the demonstration.
//!
//! The metric files and the fixtures of `hand/` are read from the disk; that the catalogue of the program is those files is
//! held by a test of `passage-protocol`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "test code: what is not as expected fails the test"
)]

mod career;
mod catalogue;
mod courses;
mod demonstration;
mod documented;
mod elsewhere;
mod grouped;
mod groups;
mod hand;
mod large;
mod plain;
mod refusals;
mod store;
mod students;
mod wages;
mod written;
