//! A member's own files, unchanged, into rows it can keep: recognised by content, checked row by row (D1-D4).
//!
//! ```text
//! file --recognise--> Recognised --read--> rows of canonical tables + ImportReport
//!                        |                    |
//!             refused: which layouts     refused: which rows (all or nothing)
//! ```
//!
//! [`recognise`] opens a file and says which [`Layout`] it has and why; [`read`] streams it. No layout is known by name:
//! everything about one is in its file. Memory is bounded whatever the length of the file ([`read`] says by what). Nothing here writes to disk, and nothing it returns as text carries a value of a student.
//!
//! | module | holds |
//! |---|---|
//! | `source` | bytes to rows of text: delimited, fixed width, spreadsheet |
//! | `layout` | the description of a file, as data |
//! | `recognise` | which layout a file has |
//! | `value` | one value against its check |
//! | `row`, `plan` | a row's values, what follows from them, the table rows they make |
//! | `reading`, `read` | the pass over the file |
//! | `known`, `repeats`, `marks`, `look`, `transactions` | what other rows have to do with a row, in bounded memory |
//! | `units` | which schools or colleges a file speaks for |

mod cell;
mod coverage;
mod elements;
mod error;
mod fault;
mod known;
mod layout;
mod look;
mod marks;
mod names;
mod period;
mod plan;
mod problem;
mod read;
mod reading;
mod recognise;
mod repeats;
mod report;
mod row;
mod shape;
mod source;
mod surplus;
mod transactions;
mod units;
mod value;

pub use self::{
    cell::{Cell, Filed, NamedRecords, Origin, RowKey, SourceFile, TableRow, stored_key},
    coverage::Covered,
    error::{ImportError, Miss, Nearness},
    fault::Fault,
    layout::{Check, Column, Confidence, Delimiter, Form, Header, Layout, Need, OnlyIf, Part, Segment},
    period::{ReportingPeriod, Term},
    problem::{Count, Finding, FindingSink, PROBLEMS_LISTED_MAX, Problem, Severity},
    read::{Imported, Outlets, Pass, Progress, ProgressOutlet, read},
    recognise::{Recognised, recognise, recognise_among, recognise_as},
    report::{Dropped, ImportReport, Transactions},
    source::{FIELD_BYTES_MAX, LINE_BYTES_MAX, ROWS_MAX},
    units::{Spoken, Unit, Units},
};

#[cfg(test)]
mod tests;
