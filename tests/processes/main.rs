//! Real processes: whole rounds between binaries, `kill -9` at seeded moments, what a capture of the traffic shows.

#![allow(missing_docs)]

mod fleet;
mod kill;
mod rounds;
mod traffic;
