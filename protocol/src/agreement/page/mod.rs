//! The agreement as one page a superintendent can read and print (L1): who, why, under which law, what is shared, what
//! never leaves, small numbers, how long, how destroyed, whom to call, how to stop, who has signed.
//!
//! [`text`] and [`html`] print the same `content`; neither adds a word of its own, so that what was read on a screen is
//! what was printed. The page is made from the document and the parties' own statements; it reads no clock.

mod content;
mod html;
mod text;

use crate::{
    agreement::{Agreement, ConsentRecord},
    ids::Digest,
    retention::Destruction,
    timestamp::Date,
};

pub use self::{
    html::html,
    text::{text, wrap},
};

/// What a page is made from.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// Digest of its bytes.
    pub digest: Digest,
    /// What the parties said to it.
    pub consents: &'a ConsentRecord,
    /// What is signed about the destruction of what parties that withdrew had contributed (G10).
    pub destroyed: &'a [Destruction],
    /// The day it is read: what is due depends on it.
    pub today: Date,
}

/// A heading and what stands under it.
struct Section {
    heading: &'static str,
    blocks: Vec<Block>,
}

/// One piece of a section.
enum Block {
    /// A paragraph.
    Words(String),
    /// Label and text, line by line.
    Facts(Vec<(&'static str, String)>),
    /// A list.
    Points(Vec<String>),
    /// Columns with a heading each.
    Table { head: Vec<&'static str>, rows: Vec<Vec<String>> },
}

/// The whole page.
struct Page {
    title: String,
    id: String,
    sections: Vec<Section>,
}
