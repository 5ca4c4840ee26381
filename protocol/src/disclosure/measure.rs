//! What a table counts in a row: students seen at one receiver or any, as one outcome or any, or at both of two receivers.

use crate::{
    disclosure::{NoiseStatement, Outcome, RawTable},
    ids::MemberCode,
};

/// One column of counts. Indices are those of the table's receivers and outcomes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Measure {
    /// Seen there as that; `None` is any of them.
    At {
        /** Where. */
        receiver: Option<u8>,
        /** As what. */
        outcome: Option<u8>,
    },
    /// Seen at each of two receivers, as anything.
    Both(u8, u8),
}

/// A receiver and an outcome: the finest a student's pattern is made of.
pub(super) type Place = (MemberCode, u8);

/// Where students of a figure were seen: at one or more places of each list, every list in ascending order.
pub(super) type Seen = Vec<Vec<Place>>;

impl Measure {
    /// The columns of a table: each receiver by outcome where there are several, each receiver, any receiver, each two receivers.
    /// With one receiver the second and the third are one figure.
    ///
    /// Exact tables of three or four receivers are without pairs: each pair is one more figure whose protection must be planned with
    /// all others, and a cohort then took minutes.
    pub(super) fn all(table: &RawTable) -> Vec<Self> {
        let count = |len: usize| u8::try_from(len).unwrap_or(u8::MAX);
        let (receivers, outcomes) = (count(table.receivers.len()), count(table.outcomes.len()));
        let mut measures = Vec::new();
        for receiver in (0..receivers).map(Some) {
            if outcomes > 1 {
                measures.extend((0..outcomes).map(|outcome| Self::At { receiver, outcome: Some(outcome) }));
            }
            measures.push(Self::At { receiver, outcome: None });
        }
        measures.push(Self::At { receiver: None, outcome: None });
        let pairs = if table.noise == NoiseStatement::Nil && receivers > 2 { 0 } else { receivers };
        for first in 0..pairs {
            measures.extend((first + 1..receivers).map(|second| Self::Both(first, second)));
        }
        measures
    }

    /// Where students must be seen as what: receivers and outcomes of which one is enough, list by list.
    fn lists(self) -> Vec<(Option<u8>, Option<u8>)> {
        match self {
            Self::At { receiver, outcome } => vec![(receiver, outcome)],
            Self::Both(first, second) => vec![(Some(first), None), (Some(second), None)],
        }
    }

    /// Whether a student seen at these receivers as these outcomes fits.
    pub(super) fn fits(self, seen: &[(usize, usize)]) -> bool {
        self.lists().into_iter().all(|list| seen.iter().any(|place| holds(list, *place)))
    }

    /// What makes a figure the same in two tables of a metric.
    pub(super) fn seen(self, table: &RawTable) -> Seen {
        let mut seen: Seen = self.lists().into_iter().map(|list| places(list, table)).collect();
        seen.sort_unstable();
        seen
    }

    /// How its count and its share of the group are written.
    pub(super) fn outcomes(self) -> [Outcome; 2] {
        match self {
            Self::At { receiver: Some(receiver), outcome: Some(outcome) } => {
                [Outcome::SeenAs { receiver, outcome }, Outcome::RateAs { receiver, outcome }]
            }
            Self::At { receiver, .. } => [Outcome::Enrolled(receiver), Outcome::Rate(receiver)],
            Self::Both(first, second) => {
                [Outcome::AtBoth { first, second }, Outcome::RateAtBoth { first, second }]
            }
        }
    }
}

fn holds((receiver, outcome): (Option<u8>, Option<u8>), place: (usize, usize)) -> bool {
    receiver.is_none_or(|one| usize::from(one) == place.0)
        && outcome.is_none_or(|one| usize::from(one) == place.1)
}

/// The receivers and outcomes of a list, ascending.
fn places(list: (Option<u8>, Option<u8>), table: &RawTable) -> Vec<Place> {
    let every = table.receivers.iter().enumerate().flat_map(|(receiver, code)| {
        (0_u8..).zip(&table.outcomes).map(move |(outcome, _)| (receiver, *code, outcome))
    });
    let mut places: Vec<Place> = every
        .filter(|(receiver, _, outcome)| holds(list, (*receiver, usize::from(*outcome))))
        .map(|(_, code, outcome)| (code, outcome))
        .collect();
    places.sort_unstable();
    places
}
