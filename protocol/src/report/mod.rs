//! Reports: bytes a person reads, made from released tables only (product.md "Files people get"; A2, A8, A9, A13).
//!
//! [`csv`], [`notes`] and [`html`] are pure functions of a [`Report`]: the same report gives the same bytes. They apply
//! no disclosure rule, read no clock and know no institution's name (G09): whatever reaches them may be shown to the
//! viewer it was cut for.
//!
//! | renderer | gives |
//! |---|---|
//! | [`csv`] | every cell, one per line, in the columns scripts rely on |
//! | [`notes`] | the text that goes beside a CSV: definitions, legend, provenance |
//! | [`html`] | one self-contained page, charts inside, no script, nothing fetched |
//!
//! Beside the cells stand figures made of them: equity flags ([`equity`]), the gap between groups in a match panel ([`gap`]), course sequences ([`sequence`]), the bands of medians ([`median`]), and quartiles of unnamed peers ([`peers`]). An estimate
//! of missed matches ([`missed`]) is for the sender's own eyes and in none of the files.
//!
//! What these give is for internal use and says so. [`html_outside`] and [`notes_outside`] word the same report for a reader who is
//! no party; whether they may leave is decided in [`crate::release`].

mod csv;
pub mod equity;
pub mod gap;
mod html;
pub mod median;
pub mod missed;
mod model;
mod notes;
mod outside;
pub mod peers;
mod rows;
pub mod sequence;

pub use csv::{CSV_HEADER, csv, read_csv};
pub use html::{html, html_outside};
pub use model::{BreakMarker, MetricDefinition, Report, Segment};
pub use notes::{notes, notes_outside};
pub use outside::Outside;
pub use rows::{Row, derived, rows};
