//! The agreement as a consent document: what is read, what is in force, what may run, what a person reads. One test for
//! every requirement, named after it.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: what is not as expected fails the test"
)]

mod asked;
mod consents;
mod documents;
mod manifests;
mod pages;
mod papers;
mod principles;
mod schools;
mod studies;
