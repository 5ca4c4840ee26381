//! What a node keeps of its own students: records in memory, encrypted segments on disk, an opt-out list.
//!
//! ```text
//! Filed --SegmentWriter--> <digest>.seg + SegmentEntry --(caller commits entries)--> assemble --> Roster (memory)
//! ```
//!
//! Files are written under a temporary name, synced, renamed, and the folder synced; a file no committed entry names is
//! removed by [`sweep`]. Entries are the caller's to store in one transaction; this module owns only the folder.

mod assemble;
mod category;
mod error;
mod folder;
mod from_row;
mod opt_out;
mod record;
mod segment;

#[cfg(test)]
mod tests;

pub use self::{
    assemble::{Counts, Roster, SegmentKind, Student, assemble},
    category::{ethnicity, gender},
    error::RosterError,
    folder::{Disk, Folder, SegmentEntry, SegmentWriter, merge, sweep},
    from_row::RowReader,
    opt_out::OptOuts,
    record::{Award, Completion, Course, Date, Enrolment, EnrolmentKind, Filed, Person, PlainRecord, Text},
    segment::{DataKey, FreshSalt},
};
