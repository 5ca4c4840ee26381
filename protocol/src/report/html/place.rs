//! Where students were seen: at any member, at one receiver, or at both of two. A reader's share list may leave only some of these.
//!
//! Promises that every figure of a table belongs to one sight of [`sights`], and that no two of them say the same.

use std::collections::BTreeSet;

use crate::{
    disclosure::{Outcome, ReleasedTable},
    ids::MemberCode,
    report::{
        Report,
        html::{escape, figure::member},
    },
};

/// Receiver of an outcome by index; `None` is any of them.
pub(super) type Place = Option<u8>;

/// A place and, where students can be seen as several things, one of them.
#[derive(Clone, Copy)]
pub(super) enum Sight {
    /// As anything.
    At(Place),
    /// As one outcome, by index.
    As(u8, u8),
    /// At both of two receivers.
    Both(u8, u8),
}

impl Sight {
    /// The counts of it.
    pub(super) fn count(self) -> Outcome {
        match self {
            Self::At(place) => Outcome::Enrolled(place),
            Self::As(receiver, outcome) => Outcome::SeenAs { receiver, outcome },
            Self::Both(first, second) => Outcome::AtBoth { first, second },
        }
    }

    /// The shares of it.
    pub(super) fn rate(self) -> Outcome {
        match self {
            Self::At(place) => Outcome::Rate(place),
            Self::As(receiver, outcome) => Outcome::RateAs { receiver, outcome },
            Self::Both(first, second) => Outcome::RateAtBoth { first, second },
        }
    }

    /// The sight in words, marked up.
    pub(super) fn name(self, report: &Report, table: &ReleasedTable) -> String {
        match self {
            Self::At(place) => name(report, table, place),
            Self::As(receiver, outcome) => {
                format!(
                    "{} as {}",
                    name(report, table, Some(receiver)),
                    escape::text(outcome_name(table, outcome))
                )
            }
            Self::Both(first, second) => {
                format!("{} and {}", name(report, table, Some(first)), name(report, table, Some(second)))
            }
        }
    }

    /// The sight as bare text, for labels of charts and regions.
    pub(super) fn plain(self, table: &ReleasedTable) -> String {
        match self {
            Self::At(place) => plain(table, place),
            Self::As(receiver, outcome) => {
                format!("{} as {}", plain(table, Some(receiver)), escape::text(outcome_name(table, outcome)))
            }
            Self::Both(first, second) => {
                format!("{} and {}", plain(table, Some(first)), plain(table, Some(second)))
            }
        }
    }
}

/// Everything the table has figures about: its places, each two receivers, and at each receiver each of several outcomes.
pub(super) fn sights(table: &ReleasedTable) -> Vec<Sight> {
    shown(table).into_iter().map(Sight::At).chain(pathways(table)).chain(as_outcomes(table)).collect()
}

/// Each two receivers at both of which students can be seen, as far as the table has figures about it.
pub(super) fn pathways(table: &ReleasedTable) -> Vec<Sight> {
    let found: BTreeSet<_> = table.cells.iter().filter_map(|cell| cell.outcome.both()).collect();
    found.into_iter().map(|(first, second)| Sight::Both(first, second)).collect()
}

/// At each receiver each of several outcomes, as far as the table has figures about it.
pub(super) fn as_outcomes(table: &ReleasedTable) -> Vec<Sight> {
    let of = |outcome: Outcome| match outcome {
        Outcome::SeenAs { receiver, outcome } | Outcome::RateAs { receiver, outcome } => {
            Some((receiver, outcome))
        }
        Outcome::Cohort
        | Outcome::Enrolled(_)
        | Outcome::Rate(_)
        | Outcome::AtBoth { .. }
        | Outcome::RateAtBoth { .. } => None,
    };
    let found: BTreeSet<_> = table.cells.iter().filter_map(|cell| of(cell.outcome)).collect();
    found.into_iter().map(|(receiver, outcome)| Sight::As(receiver, outcome)).collect()
}

fn outcome_name(table: &ReleasedTable, outcome: u8) -> &str {
    table.outcomes.get(usize::from(outcome)).map_or("unknown outcome", String::as_str)
}

/// Every place the table has figures about, any receiver first.
///
/// With one receiver in all, "any" and that receiver are the same students; then only "any" is listed.
pub(super) fn shown(table: &ReleasedTable) -> Vec<Place> {
    let single = (0..table.receivers.len()).filter_map(|at| u8::try_from(at).ok()).map(Some);
    let places: Vec<Place> = [None].into_iter().chain(single).filter(|place| has(table, *place)).collect();
    if table.receivers.len() == 1 && places.len() == 2 && is_same(table) { vec![None] } else { places }
}

/// The places the main figures are about: any receiver, or each one the reader may see where "any" is not for him.
pub(super) fn main(table: &ReleasedTable) -> Vec<Place> {
    let places = shown(table);
    if places.contains(&None) { vec![None] } else { places }
}

/// The one receiver the place is about, if it is one: also "any" of a table with a single receiver.
pub(super) fn receiver(table: &ReleasedTable, place: Place) -> Option<MemberCode> {
    table.receiver(Outcome::Rate(place)).or(match table.receivers.as_slice() {
        [only] => Some(*only),
        _ => None,
    })
}

/// The place in words, marked up.
pub(super) fn name(report: &Report, table: &ReleasedTable, place: Place) -> String {
    receiver(table, place).map_or(ANY.to_owned(), |receiver| member(report, receiver))
}

/// The place as bare text, for labels of charts and regions.
pub(super) fn plain(table: &ReleasedTable, place: Place) -> String {
    receiver(table, place).map_or(ANY.to_owned(), |receiver| receiver.to_string())
}

const ANY: &str = "any member institution";

/// True if the reader may see some receivers of the table but not what holds over all of them.
pub(super) fn is_partial(table: &ReleasedTable) -> bool {
    !has(table, None)
}

fn has(table: &ReleasedTable, place: Place) -> bool {
    let of_place = [Outcome::Enrolled(place), Outcome::Rate(place)];
    table.cells.iter().any(|cell| of_place.contains(&cell.outcome))
}

/// True if the figures of the first receiver are, cell by cell, those over any.
fn is_same(table: &ReleasedTable) -> bool {
    let of = |count: Outcome, rate: Outcome| {
        let cells = table.cells.iter().filter(move |cell| cell.outcome == count || cell.outcome == rate);
        cells.map(|cell| (cell.cohort, &cell.category, cell.mark))
    };
    of(Outcome::Enrolled(None), Outcome::Rate(None))
        .eq(of(Outcome::Enrolled(Some(0)), Outcome::Rate(Some(0))))
}
