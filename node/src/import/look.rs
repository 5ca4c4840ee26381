//! A file that has more rows than digests are held of: looked through first, its digests set down beside it.
//!
//! The pass checks rows exactly as reading does, tells nothing, and leaves one byte a row ([`Marks`]).

use std::ops::ControlFlow;

use super::{
    error::ImportError,
    known::Known,
    marks::Marks,
    read::{Outlets, Pace, Pass, ProgressOutlet, Subject},
    reading::Reading,
    repeats::SetDown,
    transactions::Transacted,
};

/// The marks of every row: which repeats, which shares an identifier. All digests would take about `bytes` in memory.
///
/// # Cost
///
/// One pass; 150 bytes a row on the disk, sealed, and memory for the digests of one part and a byte a row.
pub(super) fn look_through(
    subject: &Subject<'_>,
    transacted: &Transacted,
    bytes: u64,
    progress: &mut ProgressOutlet<'_>,
) -> Result<Marks, ImportError> {
    let set_down = SetDown::new(subject.plan, bytes, &subject.room.at_most(subject.held_bytes_max as u64));
    let mut looking = Reading::new(subject, Known::Looking(set_down), transacted);
    let mut pace = Pace::new(Pass::Repeats, subject.bytes);
    let mut silent = Outlets {
        rows: &mut |_| ControlFlow::Continue(()),
        progress: &mut |_| ControlFlow::Continue(()),
        findings: &mut |_| Ok(()),
    };
    subject.open()?.each(&mut |record, bytes_done| {
        looking.row(record, &mut silent)?;
        pace.step(bytes_done, progress)?;
        Ok(ControlFlow::Continue(()))
    })?;
    looking.into_known().found()
}
