//! The member's side of Passage: its own files in, its own records kept, nothing of a student out.

pub mod import;
pub mod roster;
