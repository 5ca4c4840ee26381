//! What falls due on an agreement: the end of its term, its review, the yearly look at the elements (G03, G14).

use core::fmt;

use crate::{
    agreement::{Agreement, ELEMENTS_GRACE_DAYS},
    timestamp::Date,
};

/// Something a party should do about an agreement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Notice {
    /// The yearly review of the elements is due; rounds stop when the days are over (G03).
    ElementsDue {
        /** Days until rounds are refused. */
        days_left: i64,
    },
    /// The term ends soon (G14): told at sixty, thirty and seven days.
    EndsSoon {
        /** Days until the last day. */
        days_left: i64,
        /** Which of 60, 30 and 7 it has passed last. */
        within: u8,
    },
    /// The day of review has come (G14).
    ReviewDue,
}

impl Notice {
    /// The requirement behind it.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::ElementsDue { .. } => "G03",
            Self::EndsSoon { .. } | Self::ReviewDue => "G14",
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ElementsDue { days_left } => write!(
                formatter,
                "the shared elements were agreed on more than twelve months ago; review them within {days_left} days, or rounds stop"
            ),
            Self::EndsSoon { days_left, .. } => {
                write!(formatter, "the term ends in {days_left} days; sign a new agreement to go on")
            }
            Self::ReviewDue => {
                formatter.write_str("the day has come on which the parties wanted to review it")
            }
        }
    }
}

/// What is due on that day, the most pressing first. What is over is not due: a round is refused for it instead.
#[must_use]
pub fn notices(agreement: &Agreement, today: Date) -> Vec<Notice> {
    let mut due = Vec::new();
    let ends = agreement.expires.days_since(today);
    let within = [7_u8, 30, 60].into_iter().find(|days| ends <= i64::from(*days));
    if let (Some(within), true) = (within, ends >= 0) {
        due.push(Notice::EndsSoon { days_left: ends, within });
    }
    let overdue = today.days_since(agreement.elements_agreed.a_year_later());
    if (0..=ELEMENTS_GRACE_DAYS).contains(&overdue) {
        due.push(Notice::ElementsDue { days_left: ELEMENTS_GRACE_DAYS - overdue });
    }
    if agreement.review <= today && today <= agreement.expires {
        due.push(Notice::ReviewDue);
    }
    due
}
