//! Whether a figure is shown, known or in no table, and when it tells of too few.

use super::Figure;

/// What can be done about a figure.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Standing {
    /// The reader knows it; withholding it would protect nothing.
    Held,
    /// It stands in no table, and singles out students if it is small.
    Hidden,
    /// It stands in no table, and is what a row would be: it tells of students as a shown row does.
    Remainder,
    /// It stands in no table and is noise in itself.
    Loose,
    /// It is shown or withheld, as the plan decides.
    Open,
}

impl Standing {
    /// Whether a figure needs protection as it stands.
    pub(super) fn is_sensitive(self, figure: &Figure, floor: i64) -> bool {
        match self {
            Self::Held | Self::Loose => false,
            Self::Hidden => (1..floor).contains(&figure.value),
            Self::Remainder => figure.group.is_some_and(|group| {
                let (few, rest) = (figure.value < floor, group - figure.value < floor);
                group > 0 && (group < 2 * floor - 1 || few || rest)
            }),
            Self::Open => figure.reason.is_some(),
        }
    }
}
