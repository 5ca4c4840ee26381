//! May a report go beyond the parties? Internal use is the default; outside goes only what every member concerned has
//! approved byte for byte (G07, G08, G09, G19, G21; SPEC §24).
//!
//! ```text
//!   Report --outside--> figures --rendered--> file, notes --scan--> no name, no public code (G09)
//!                          |                      |
//!                          +------ Proposal ------+--proposer signs--> every participant of the round
//!   each: rendered again, compared with its own report, read by a person
//!         --> Commented | Approved (no disadvantage, G08) | Refused     until comments_until (G19)
//!         --> Stands: nobody here took the yes back                     after it
//!   Release::standing(now) --> Open | Approved | Refused | Lapsed
//!   Approved --> the file, and a Sheet anybody with the agreement can verify
//! ```
//!
//! # What this module promises
//!
//! A release is approved only by signatures over the digest of its proposal, which holds the digest of every byte that
//! leaves. The coordinator's word counts for nothing: what it makes up does not verify, and a refusal that it hides takes
//! away the word that an approval stands, without which nothing is approved.
//!
//! # What it does not promise
//!
//! It knows only the names and codes it is given to look for, and it cannot tell who an audience is.

mod compare;
mod error;
pub mod page;
mod render;
pub mod scan;
mod sheet;
mod state;
mod warning;

pub use compare::{Comparison, compare};
pub use error::ReleaseError;
pub use render::{Rendered, outside, render, rendered_again};
pub use sheet::Sheet;
pub use state::{
    COMMENT_LETTERS_MAX, DECISION_DAYS, KEPT_DAYS, RELEASE_REPORT_BYTES_MAX, Release, ReleaseId, Standing,
    Terms,
};
pub use warning::{Warning, warnings};
