//! What is known of the other rows of a file, at each row of it: held while the file is read, or found out before.

use super::{
    cell::RowKey,
    marks::{Mark, Marks, Share},
    repeats::Repeats,
    row::Row,
};

/// What is known of the other rows of the file.
pub(super) enum Known {
    /// The earlier ones, by their digests.
    Held(Repeats),
    /// This pass finds it out, for the digests of one share, and does nothing else.
    Looking(Repeats, Marks),
    /// All of it.
    Marked(Marks),
}

impl Known {
    /// What the other rows have to do with the `row`th, as far as it is known.
    pub(super) fn note(&mut self, row: u64, whole: &str, key: RowKey, values: &Row) -> Mark {
        match self {
            Self::Held(repeats) => repeats.note(whole, key, values),
            Self::Marked(marks) => marks.of(row),
            Self::Looking(repeats, marks) => {
                let mark = repeats.note(whole, key, values);
                marks.add(row, mark);
                if repeats.is_full() {
                    repeats.halve();
                }
                mark
            }
        }
    }

    /// True if it holds all it may while the file is read.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Held(repeats) => repeats.is_full(),
            Self::Looking(..) | Self::Marked(_) => false,
        }
    }

    /// True if this pass only finds out.
    pub(super) fn is_looking(&self) -> bool {
        match self {
            Self::Looking(..) => true,
            Self::Held(_) | Self::Marked(_) => false,
        }
    }

    /// What was found out so far, and the share of the digests it took.
    pub(super) fn found(self) -> (Marks, Share) {
        match self {
            Self::Looking(repeats, marks) => (marks, repeats.share()),
            Self::Held(repeats) => (Marks::default(), repeats.share()),
            Self::Marked(marks) => (marks, Share::WHOLE),
        }
    }
}
