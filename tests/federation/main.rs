//! Federation tests: whole rounds against the plaintext oracle, with crashes, hostile parties and bytes of any kind.
//! One binary, so that everything is linked once.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "test code: a failed unwrap is a failed test"
)]

mod bridges;
mod by_grouping;
mod by_school;
mod consortia;
mod crashes;
mod decoders;
mod documents;
mod earlier;
mod honest_round;
mod hostile;
mod layering;
mod linkage_set;
mod match_panel;
mod no_personal_data;
mod noise;
mod peers;
mod share_list;
mod specification;
mod what_leaves;
