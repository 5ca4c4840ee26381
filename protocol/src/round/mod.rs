//! One matching round as two state machines, a member's and the coordinator's (SPEC §5-§9).
//!
//! A step is a function `(state, now, input) -> Result<Step { state, effects }, Abort>`. It consumes the state, so a
//! state that was left cannot be used again, and an aborted round cannot be stepped. The driver stores state and effects
//! in one transaction, then acts; an effect may be repeated after a crash and is idempotent by its content.
//!
//! ```text
//! member       AwaitAnswers ─▶ AwaitReveals ─▶ AwaitShares ─▶ AwaitApproval ─▶ AwaitSealed ─▶ Mixing ─▶ AwaitResult ─▶ Finished
//! coordinator  Calling ─▶ Revealing ─▶ Sharing ─▶ Endorsing ─▶ Mixing ─▶ Releasing ─▶ Closing ─▶ Finished
//! ```
//!
//! # States and inputs
//!
//! | member state | awaits | on it | anything else |
//! |---|---|---|---|
//! | `AwaitAnswers` | `Answers` | checks all, reveals its nonce | `P0C02` |
//! | `AwaitReveals` | `Reveals` | draws the committee; a committee member sends its key share | `P0C02` |
//! | `AwaitShares` | `KeyShares` | computes the manifest, asks a person | `P0C02` |
//! | `AwaitApproval` | the person, with a `Permit` | endorses the manifest | `P0C02` |
//! | `AwaitSealed` | `Sealed` | checks every signature, contributes its list | `P0C02` |
//! | `Mixing` | hops, shares, columns, plans, finished work | does its duties as they become possible | `P0C02` |
//! | `AwaitResult` | `Result` | keeps the report, erases the round, sends a receipt | `P0C02` |
//! | `Finished` | nothing | | ignored |
//!
//! # Restart
//!
//! Round keys exist in memory only. A member that restarts before `AwaitResult` aborts with [`AbortReason::MemberRestarted`]
//! and the coordinator re-opens the study under a new round id; so no key share ever meets a second input. From
//! `AwaitResult` on nothing secret is needed and the member resumes. The coordinator holds no secret and resumes in
//! every state.

mod abort;
mod chain;
mod coordinator;
mod coordinator_mixing;
mod member;
mod member_mixing;
mod step;

pub use abort::{Abort, AbortReason};
pub use coordinator::{CoordinatorRound, Plans};
pub use member::{MemberRound, OwnPart};
pub use step::{
    CoordinatorEffect, CoordinatorInput, CoordinatorJob, CoordinatorOutcome, Event, MemberEffect,
    MemberInput, MemberJob, MemberOutcome, Step, TableParts,
};
