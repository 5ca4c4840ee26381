//! From a person's identity fields to match keys: normalisation, recipes, and the owner's own merge (SPEC §4).
//!
//! ```text
//!   PersonFields ──normalise──▶ NormalisedPerson ──derive (recipe)──▶ MatchKey ──group──▶ match point
//!                                      └──────── local_persons: merge, union, suppress ────────┘
//!   Supply ──advise──▶ Preset, with reasons       NormalisedPerson ──▶ Footing: what it can be matched by
//! ```
//!
//! # What this module promises
//!
//! * **Same input, same bytes, everywhere.** Everything a key depends on is an argument or part of the recipe's digest:
//!   the order and normaliser of its parts, its slots, the version of the normalisation and the nickname table. All
//!   500 parity vectors of the linkage study are reproduced (`tests/norm_vectors.rs`).
//! * **No key from a missing part.** A person without a gender has no key under a recipe that reads it.
//! * **No recipe that strangers share.** [`Recipe::new`] refuses one without a full identifier, or without a full
//!   date of birth and a part of the name, and one with fewer than [`Recipe::BITS_MIN`] bits (linkage findings 5).
//! * **One text.** [`NORMALISATION`] says what becomes of a field; its digest is part of every recipe's.
//! * **Nothing here leaves the machine.** [`NormalisedPerson`] and [`MatchKey`] are wiped when dropped, print as
//!   redacted or not at all, and have no byte form.
//!
//! # What it does not promise
//!
//! It does not wipe the intermediate text of normalisation, and it does not promise that equal keys mean one person:
//! the measured precision of each preset is in the linkage findings.
//!
//! # Imports
//!
//! May use `ids`, `codec`, `refusal`. Must not use `group`, `manifest`, or anything that reads a clock.

mod advice;
mod birth_date;
mod derive;
mod entropy;
mod equal_values;
mod footing;
mod identifier;
mod local_persons;
mod merge;
mod name;
mod nickname;
mod normalisation;
mod partition;
mod person;
mod preset;
mod recipe;
mod soundex;
mod text;

pub use advice::{Advice, Reason, Supply, advise};
pub use derive::{MatchKey, SlotKeys, derive};
pub use footing::{Footing, is_matchable};
pub use local_persons::{LocalPerson, LocalPersons, MergeCounts, local_persons, slots_of_person};
pub use name::is_placeholder_name;
pub use normalisation::{NORMALISATION, normalisation_digest};
pub use partition::{KeyTrace, Together, Traces, ValueTrace};
pub use person::{NormalisedPerson, PersonFields};
pub use preset::Preset;
pub use recipe::{Element, Normaliser, Part, Recipe, RecipeError, SLOTS_PER_RECIPE_MAX};
pub(crate) use text::tokens;
