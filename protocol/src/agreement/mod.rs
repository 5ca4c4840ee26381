//! What members agree to, in writing, before anything is computed (G01, G02, G14, F1-F4).
//!
//! ```text
//!   agreement.toml ──signed by every party──▶ Agreement ─┐
//!   study.toml     ──approved by a person──▶  Study     ─┼─▶ permit::grant ─▶ Permit ─┐
//!                                             Manifest  ─┘                            ├─▶ a round may be entered
//!                     what leaves, read by a person ────▶ approval::Approval ─────────┘
//! ```
//!
//! The rules live here, the keeping of signed documents in each daemon's store, and the asking of a person in the node.

mod account;
mod permit;
mod study;
mod terms;

pub use account::{Account, AccountLine, Amount, Approval, Concern, Item, Recipient};
pub use permit::{Clause, Permit, Standing};
pub use study::{Role, Study, StudyParticipant, StudyTable};
pub use terms::{
    Agreement, DocumentId, LegalBasis, NoiseTerms, Party, Purpose, Segment, Share, agreement_digest,
    study_digest,
};
