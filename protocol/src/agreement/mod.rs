//! What members agree to, in writing, before anything is computed (G01-G04, G10, G14, G18, F1-F4, F9, F11).
//!
//! ```text
//!   agreement.toml ──each party signs──▶ AgreementSignature ─┐
//!                    ──and may choose──▶ Acceptance ─────────┼─▶ ConsentRecord ─▶ EffectiveShares
//!                    ──or leave────────▶ Withdrawal ─────────┘         │
//!   study.toml ─────approved by a person──▶ Study ─────────────▶ Standing ─check_call─▶ an answer
//!   Manifest ──────────────────────────────────────────────────▶ Permit::grant ─▶ Permit ─┐
//!                      what leaves, read by a person ──────────▶ Approval ───────────────┴─▶ a round may be entered
//! ```
//!
//! * `terms`, `shape`, `required`, `basis`, `party`, `shares` - the document. `principles` - the text it holds the parties to.
//! * `statement`, `consent`, `effective` - who said what to it, and what is shared in effect.
//! * `elements`, `study`, `standing`, `permit`, `clause` - may this round run, and which rule refuses.
//! * `account` - what leaves. `notice` - what falls due. [`page`] - the agreement as a person reads and prints it.
//!
//! The rules live here, the keeping of signed documents in each daemon's store, and the asking of a person in the node.

mod account;
mod basis;
mod clause;
mod consent;
mod effective;
mod elements;
mod identity;
mod notice;
pub mod page;
mod party;
mod permit;
pub mod principles;
mod required;
mod shape;
mod shares;
mod standing;
mod statement;
mod study;
mod terms;

pub use account::{Account, AccountBridge, AccountLine, Amount, Approval, Concern, Item, Recipient};
pub use basis::{AuditTerms, ContractClause, Destruction, LegalBasis, Purpose};
pub use clause::{Clause, ManifestPart, rule_of};
pub use consent::{ConsentError, ConsentRecord, Taken};
pub use effective::{EffectiveShares, effective};
pub use elements::{bridge_elements, elements_of, match_elements, read_elements, told_elements};
pub use identity::{DocumentId, agreement_digest, study_digest};
pub use notice::{Notice, notices};
pub use party::{Capacity, Party, RightsHolder, Segment, Signer};
pub use permit::Permit;
pub use shares::{Level, ShareLine, Ticks};
pub use standing::{
    ELEMENTS_GRACE_DAYS, ROUND_DAYS_MAX, SCHOOL_COUNTS_EXACT_MAX, SCHOOL_COUNTS_MAX, Standing, check_length,
    takes_the_place_of,
};
pub use statement::{Acceptance, AgreementSignature, ConsentStatement, Withdrawal, link};
pub use study::{Role, Study, StudyParticipant, StudyTable};
pub use terms::{Agreement, Edition, NoiseTerms, Publication};
