//! Reports beyond the parties: who must say yes to what, what a file may hold, what people read (G07, G08, G09, G19).
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: what is not as expected fails the test"
)]

#[path = "../report/once.rs"]
mod once;
mod pages;
mod review;
#[allow(dead_code)] // the example's own `main`
#[path = "../../examples/sample_report.rs"]
mod sample_report;
mod scans;
mod standing;
mod world;
