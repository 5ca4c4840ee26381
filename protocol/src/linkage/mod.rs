//! The join of fully mixed tags, and the plan drawn from it (SPEC §7, §8).
//!
//! ```text
//!   TagList (sender) ─┐
//!                     ├─ link ─▶ Links ──┬─▶ PairPanel   counts a person may see
//!   TagList (target) ─┘                  └─▶ Plan        row pairs, to the committee, which checks it
//!   TagList ... ─ resolve ─▶ Resolution                  clusters over N lists, for evaluation: not for tables with noise
//! ```
//!
//! # What this module promises
//!
//! * **First hit.** The strongest recipe with any equal tag decides; among the rows it hits, the smallest tag. Whether
//!   a row links depends on the tags alone, not on the order of rows.
//! * **One sender row, one change.** Among lists that repeat no tag, as owners send them ([`crate::match_key`] withholds
//!   repeated keys), adding or removing a sender row changes no other sender row's link. The noise analysis rests on
//!   it (SPEC §10.2).
//! * **Bounded reuse.** No receiver row is linked directly by more sender rows than it has slots; with bridges by no more
//!   than [`times_taken`] says.
//!
//! # What it does not promise
//!
//! [`link`] does not assign rows one to one; that would let one sender row decide another's link. [`resolve`] does, and is
//! kept from tables for that reason. And where a faulty list
//! does repeat a tag, the tag is void, so there a row can cost another its link: the reuse bound is kept instead.
//!
//! # Imports
//!
//! May use `refusal`. It sees tags and row numbers, never a key, a token or a name.

mod join;
mod links;
mod plan;
mod resolve;
mod reuse;
mod tag_list;

pub use join::{Hits, Part, Partitions, SettledPart, hits, link};
pub use links::{BRIDGE_RECIPES, Link, Links, PairPanel};
pub use plan::{NO_RECEIVER, Plan, PlanBounds, PlanError, PlanTuple, ReceiverBound};
pub use resolve::{ListRow, Resolution, resolve};
pub use reuse::times_taken;
pub use tag_list::{ListCells, TAG_BYTES, TagList, TagListError};
