//! What a release does that a member should think of before it says that it is at no disadvantage (G08, principle 5).
//!
//! The rule, exactly. A figure is a count or a rate shown as a value or a range; cohort sizes count for their sender.
//!
//! * **One sender**: every figure of the release is about students of one and the same sender.
//! * **One receiver**: figures about single receivers name one and the same receiver.
//! * **In order**: for one metric, cohort and row, rates of two or more institutions stand in the release; whoever reads it
//!   can put them in the order of those rates, whatever order they are printed in. Rates of several receivers of one sender
//!   count, and rates of several senders at the same receiver or at any.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use crate::{
    disclosure::{Category, Mark, Outcome},
    ids::MemberCode,
    report::Report,
};

/// Something a release does to the institutions in it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Warning {
    /// It is about one receiver by itself.
    OneReceiver {
        /** Which. */
        receiver: MemberCode,
    },
    /// It is about one sender by itself.
    OneSender {
        /** Which. */
        sender: MemberCode,
    },
    /// Rates let a reader put institutions in order.
    Ranks {
        /** Which, by code. */
        members: BTreeSet<MemberCode>,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneReceiver { receiver } => {
                write!(formatter, "singles out the receiver {receiver}: no other receiver stands beside it")
            }
            Self::OneSender { sender } => {
                write!(formatter, "singles out the sender {sender}: every figure is about its students")
            }
            Self::Ranks { members } => {
                let codes: Vec<String> = members.iter().map(ToString::to_string).collect();
                write!(
                    formatter,
                    "lets a reader put institutions in the order of a rate: {}",
                    codes.join(", ")
                )
            }
        }
    }
}

/// What a release does, in a fixed order.
#[must_use]
pub fn warnings(report: &Report) -> Vec<Warning> {
    let (mut senders, mut receivers) = (BTreeSet::new(), BTreeSet::new());
    // Rates that can be compared, by what they have in common, and whose each is.
    let mut comparable: BTreeMap<String, BTreeSet<MemberCode>> = BTreeMap::new();
    for table in &report.tables {
        for cell in table.cells.iter().filter(|cell| is_figure(cell.mark)) {
            senders.insert(table.sender);
            let receiver = table.receiver(cell.outcome);
            receivers.extend(table.receivers_of(cell.outcome).flatten());
            let (Outcome::Rate(_) | Outcome::RateAs { .. } | Outcome::RateAtBoth { .. }, Category::One(row)) =
                (cell.outcome, &cell.category)
            else {
                continue;
            };
            let what = cell.outcome.outcome().map_or(String::new(), |outcome| format!(" as {outcome}"));
            let row =
                format!("{} {} {} {row}{what}", table.metric, table.domain.dimension.name(), cell.cohort);
            // Beside the same other receiver, two can be put in order too.
            let both: Vec<MemberCode> = match cell.outcome.both() {
                Some(_) => table.receivers_of(cell.outcome).flatten().collect(),
                None => Vec::new(),
            };
            for (one, other) in both.iter().zip(both.iter().rev()) {
                let beside = format!("{row} beside {one} from {}", table.sender);
                comparable.entry(beside).or_default().insert(*other);
            }
            let at = match both.as_slice() {
                [] => receiver.map_or("any".to_owned(), |code| code.to_string()),
                both => both.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
            };
            comparable.entry(format!("{row} at {at}")).or_default().insert(table.sender);
            if let Some(receiver) = receiver {
                comparable.entry(format!("{row} from {}", table.sender)).or_default().insert(receiver);
            }
        }
    }
    let ranked: BTreeSet<MemberCode> =
        comparable.into_values().filter(|members| members.len() > 1).flatten().collect();
    let only = |codes: &BTreeSet<MemberCode>| codes.first().copied().filter(|_| codes.len() == 1);
    let mut found: Vec<Warning> = Vec::new();
    found.extend(only(&senders).map(|sender| Warning::OneSender { sender }));
    found.extend(only(&receivers).map(|receiver| Warning::OneReceiver { receiver }));
    found.extend((!ranked.is_empty()).then_some(Warning::Ranks { members: ranked }));
    found
}

fn is_figure(mark: Mark) -> bool {
    matches!(mark, Mark::Value { .. } | Mark::Bound { .. })
}
