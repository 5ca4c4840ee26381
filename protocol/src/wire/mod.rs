//! What parties say to each other (SPEC §5-§9): one variant per message, a size limit for each, one byte form.
//!
//! | message | from | to | bulk beside it |
//! |---|---|---|---|
//! | `Call`, `Answers`, `Reveals`, `KeyShares`, `Sealed` | coordinator | members | |
//! | `Answer`, `Reveal`, `KeyShare`, `Endorsement` | member | coordinator | |
//! | `BlindShare`, `TagKeyShare` | member | committee member, relayed | sealed inside |
//! | `CohortCounts` | sender | coordinator | |
//! | `Hop` | member | coordinator and committee | sealed list, or the final tags |
//! | `Columns` | last hop | committee member, relayed | sealed columns |
//! | `Plan` | coordinator | committee | plan |
//! | `TableHop` | committee member | coordinator and committee | sealed table, or the final list in clear |
//! | `Partial` | committee member | coordinator | partial decryptions |
//! | `Result` | coordinator | member | report |
//! | `Receipt` | member | coordinator | |
//! | `Abort` | anyone | everyone | |
//!
//! Bulk travels beside the messages, named by digest; a message never grows with the number of students.

pub mod governance;
pub mod limits;
mod message;
pub mod principles;
mod release;
pub mod service;
mod statements;

pub use message::{AbortNotice, Envelope, Message, Outgoing};
pub use release::{
    Proposal, ReleaseFormat, ReleaseName, ReleasePapers, ReleaseSaid, ReleaseSaying, ReleaseStatus,
    ReleaseTold, ReleaseWord, Releases,
};
pub use statements::{BlobRef, HopStatement, PartialStatement, Receipt, TableHopStatement};
