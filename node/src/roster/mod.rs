//! A member's students as a round needs them: put together from the stored tables, without those who opted out.

mod assemble;
mod category;
mod error;
mod homes;
mod opt_out;
mod packed;
mod record;
mod students;

#[cfg(test)]
mod tests;

pub use self::{
    assemble::{Counts, Roster, SegmentKind, assemble},
    category::{ethnicity, gender},
    error::RosterError,
    homes::Whose,
    opt_out::{OptOutList, OptOuts},
    record::{Date, Person, Text},
    students::{Student, Students},
};
