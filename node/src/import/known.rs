//! What is known of the other rows of a file, at each row of it: held while the file is read, or found out before.

use super::{
    cell::RowKey,
    error::ImportError,
    marks::{Mark, Marks},
    repeats::{Repeats, SetDown},
    row::Row,
};

/// What is known of the other rows of the file.
pub(super) enum Known {
    /// The earlier ones, by their digests.
    Held(Box<Repeats>),
    /// This pass sets down what finds it out, and does nothing else.
    Looking(SetDown),
    /// All of it.
    Marked(Marks),
}

impl Known {
    /// What the other rows have to do with the `row`th, as far as it is known.
    pub(super) fn note(
        &mut self,
        row: u64,
        whole: &str,
        key: RowKey,
        values: &Row,
    ) -> Result<Mark, ImportError> {
        match self {
            Self::Held(repeats) => Ok(repeats.note(whole, key, values)),
            Self::Marked(marks) => Ok(marks.of(row)),
            Self::Looking(set_down) => {
                set_down.note(row, whole, key, values)?;
                Ok(Mark::default())
            }
        }
    }

    /// The bytes of digests held, if they are all that may be held while the file is read.
    pub(super) fn full(&self) -> Option<usize> {
        match self {
            Self::Held(repeats) => repeats.is_full().then(|| repeats.bytes()),
            Self::Looking(_) | Self::Marked(_) => None,
        }
    }

    /// True if this pass only finds out.
    pub(super) fn is_looking(&self) -> bool {
        match self {
            Self::Looking(_) => true,
            Self::Held(_) | Self::Marked(_) => false,
        }
    }

    /// The marks of every row, once it was looked at.
    pub(super) fn found(self) -> Result<Marks, ImportError> {
        match self {
            Self::Looking(set_down) => Ok(set_down.marks()?),
            Self::Held(_) => Ok(Marks::default()),
            Self::Marked(marks) => Ok(marks),
        }
    }
}
