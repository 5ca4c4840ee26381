//! The real `passage-node` binary, run as a clerk, an administrator and an approver run it: what it prints, how it exits,
//! and what it leaves on the disk.
//!
//! Nodes join through a small coordinator in this process (`world`); everything else is the shipped program. Names and
//! numbers in the files are invented and unmistakable, so that a test can say that none of them was ever printed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at the first surprise, and may say what it measured or could not try"
)]

mod audit;
mod bad_files;
mod coverage;
mod credential;
mod daemon;
mod example_files;
mod full_disk;
mod good_files;
mod help;
mod joining;
mod joins;
mod linkage;
mod log_watch;
mod metrics;
mod people;
mod pupils;
mod questions;
mod scale;
mod schools;
mod stored;
mod units;
mod world;
