//! What the figures of a table with one outcome count, and how they are printed.

use crate::disclosure::Outcome;

/// What a figure counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Seen {
    /// Students seen at any receiver.
    Any,
    /// At this one.
    At(u8),
    /// At both.
    Both(u8, u8),
}

impl Seen {
    pub(super) fn every(receivers: usize) -> Vec<Self> {
        let receivers = receivers as u8;
        // Exact tables of more than two receivers print no pairs.
        let paired = if receivers > 2 { 0 } else { receivers };
        let pairs = (0..paired).flat_map(|second| (0..second).map(move |first| Self::Both(first, second)));
        (0..receivers).map(Self::At).chain(pairs).chain([Self::Any]).collect()
    }

    pub(super) fn outcomes(self) -> [Outcome; 2] {
        match self {
            Self::Any => [Outcome::Enrolled(None), Outcome::Rate(None)],
            Self::At(at) => [Outcome::Enrolled(Some(at)), Outcome::Rate(Some(at))],
            Self::Both(first, second) => {
                [Outcome::AtBoth { first, second }, Outcome::RateAtBoth { first, second }]
            }
        }
    }

    pub(super) fn covers(self, pattern: usize) -> bool {
        let at = |receiver: u8| pattern >> receiver & 1 == 1;
        match self {
            Self::Any => pattern != 0,
            Self::At(receiver) => at(receiver),
            Self::Both(first, second) => at(first) && at(second),
        }
    }
}
