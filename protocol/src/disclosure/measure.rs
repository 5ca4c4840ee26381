//! What a table counts in a row: students seen at one receiver or any, as one outcome or any.

use crate::{
    disclosure::{Outcome, RawTable},
    ids::MemberCode,
};

/// One column of counts. Indices are those of the table's receivers and outcomes; `None` is any of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Measure {
    receiver: Option<u8>,
    outcome: Option<u8>,
}

/// A receiver and an outcome: the finest a student's pattern is made of.
pub(super) type Place = (MemberCode, u8);

/// Where students of a figure were seen: at one or more places of each list, every list in ascending order.
pub(super) type Seen = Vec<Vec<Place>>;

impl Measure {
    /// The columns of a table: each receiver by outcome where there are several, each receiver, any receiver. With one receiver the last
    /// two are one figure.
    pub(super) fn all(table: &RawTable) -> Vec<Self> {
        let count = |len: usize| u8::try_from(len).unwrap_or(u8::MAX);
        let outcomes = count(table.outcomes.len());
        let mut measures = Vec::new();
        for receiver in 0..count(table.receivers.len()) {
            if outcomes > 1 {
                measures.extend(
                    (0..outcomes).map(|outcome| Self { receiver: Some(receiver), outcome: Some(outcome) }),
                );
            }
            measures.push(Self { receiver: Some(receiver), outcome: None });
        }
        measures.push(Self { receiver: None, outcome: None });
        measures
    }

    /// Whether a student seen there as that fits.
    pub(super) fn holds(&self, receiver: usize, outcome: usize) -> bool {
        self.receiver.is_none_or(|one| usize::from(one) == receiver)
            && self.outcome.is_none_or(|one| usize::from(one) == outcome)
    }

    /// What makes a figure the same in two tables of a metric.
    pub(super) fn seen(&self, table: &RawTable) -> Seen {
        vec![self.places(table)]
    }

    /// The receivers and outcomes it covers, ascending.
    fn places(&self, table: &RawTable) -> Vec<Place> {
        let every = table.receivers.iter().enumerate().flat_map(|(receiver, code)| {
            (0_u8..).zip(&table.outcomes).map(move |(outcome, _)| (receiver, *code, outcome))
        });
        let mut places: Vec<Place> = every
            .filter(|(receiver, _, outcome)| self.holds(*receiver, usize::from(*outcome)))
            .map(|(_, code, outcome)| (code, outcome))
            .collect();
        places.sort_unstable();
        places
    }

    /// How its count and its share of the group are written.
    pub(super) fn outcomes(self) -> [Outcome; 2] {
        match (self.receiver, self.outcome) {
            (Some(receiver), Some(outcome)) => {
                [Outcome::SeenAs { receiver, outcome }, Outcome::RateAs { receiver, outcome }]
            }
            (receiver, _) => [Outcome::Enrolled(receiver), Outcome::Rate(receiver)],
        }
    }
}
