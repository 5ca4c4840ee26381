//! Real processes: whole rounds between binaries, `kill -9` at seeded moments, what a capture of the traffic shows.

#![allow(missing_docs)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: what is not as expected fails the test"
)]

mod audit;
mod destroyed;
mod disk_watch;
mod fleet;
mod hostile_peer;
mod kill;
mod lying;
mod needles;
mod papers;
mod people;
mod plain_files;
mod records;
mod releases;
mod retention;
mod rounds;
mod traffic;
mod workforce;
