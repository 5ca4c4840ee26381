//! The attacker, from outside: released cross tables, the legend, the ledger and one member's own data in; bounds out.
//!
//! Everything here goes through the public interface and is written apart from the planner: its own linear programmes,
//! its own enumeration, its own copy of what each reason says.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "test code: a failed unwrap is a failed test, and figures are printed for people"
)]

mod attacker;
mod earlier;
mod earlier_schools;
mod exhaustive;
mod groupings;
mod heuristics;
mod ledger;
mod membership;
mod random;
mod schools;
