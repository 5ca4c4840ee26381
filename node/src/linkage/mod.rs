//! Match quality on files whose true persons are known: the real keys and the real linking rule, in the clear, on one machine.
//!
//! ```text
//!   files ─▶ NormalisedPerson ─▶ local persons, keys ─▶ tags in the clear ─▶ link / bridged / resolve ─▶ right, wrong, missed
//!   truth ───────────────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! # What this module promises
//!
//! * **Nothing of its own.** Normalisation, merging, keys, suppression, presets and rules are `passage_protocol`'s, called as a
//!   round calls them; only the tags are a hash of the key instead of a mixed point, which are equal exactly if those are.
//! * **Figures alone come out.** No row, no name, no number of a student is in a result.
//! * **Three rules side by side.** The rule of rounds, the same with bridges, and the best resolution (linkage findings 4.3): the
//!   last is no rule for tables with noise, and is stated because what it finds more is the price of the noise.
//!
//! # What it does not promise
//!
//! That real files match as well as simulated ones. It needs no state folder and no daemon.

mod evaluate;
mod files;
mod groups;
mod measure;
mod tags;
mod text;

pub use evaluate::{Evaluation, PresetResult, Request, evaluate};
pub use groups::{Gap, GroupResult};
pub use measure::{Figures, PairResult, RecipeResult, Rule, RuleResult};
