//! A file that has more rows than digests are held of: looked through first, one share of the digests at a time.
//!
//! Each pass checks rows exactly as reading does, tells nothing, and leaves one byte a row ([`Marks`]). The first pass
//! finds out how many shares it takes: it halves its own whenever it is full.

use std::ops::ControlFlow;

use super::{
    error::ImportError,
    known::Known,
    marks::{Marks, Share},
    read::{Outlets, Pace, Pass, ProgressOutlet, Subject},
    reading::Reading,
    repeats::Repeats,
    transactions::Transacted,
};

/// The marks of every row: which repeats, which shares an identifier.
///
/// # Cost
///
/// One pass for each share; memory for the digests of one share and a byte a row.
pub(super) fn look_through(
    subject: &Subject<'_>,
    transacted: &Transacted,
    progress: &mut ProgressOutlet<'_>,
) -> Result<Marks, ImportError> {
    let (mut marks, mut share) = (Marks::default(), Share::WHOLE);
    loop {
        let repeats = Repeats::new(subject.plan, share, subject.held_bytes_max);
        let mut looking = Reading::new(subject, Known::Looking(repeats, marks), transacted);
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
        (marks, share) = looking.into_known().found();
        match share.next() {
            Some(next) => share = next,
            None => return Ok(marks),
        }
    }
}
