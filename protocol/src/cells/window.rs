//! What a receiver says of a student, and how it is held against what the sender says, without anybody reading either
//! (SPEC §6.1, §8).
//!
//! A sender says the student's cohort. A receiver says for which cohorts the student would count, and as what. Each pair is a column of its
//! own; in the second mix every outcome is one test of it, and at most one test of a receiver comes true.

use crate::{
    cells::SchoolYear,
    codec::{CodecError, Decode, Encode, Reader},
};

/// Most outcomes of a metric.
pub const OUTCOMES_MAX: u8 = 15;
/// Most cohorts for which one student of a receiver can count.
pub const PLACES_MAX: u8 = 4;
/// Numbers kept for the outcomes of one cohort.
const STRIDE: u32 = 16;

/// How many outcomes a metric has, and for how many cohorts a student of a receiver can count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Window {
    outcomes: u8,
    places: u8,
}

impl Window {
    /// A window within the limits: 1 to [`OUTCOMES_MAX`] outcomes, 1 to [`PLACES_MAX`] places.
    #[must_use]
    pub fn new(outcomes: u8, places: u8) -> Option<Self> {
        let within = (1..=OUTCOMES_MAX).contains(&outcomes) && (1..=PLACES_MAX).contains(&places);
        within.then_some(Self { outcomes, places })
    }

    /// Number of outcomes.
    #[must_use]
    pub fn outcomes(self) -> u8 {
        self.outcomes
    }

    /// Pairs of cohort and outcome a receiver has room for.
    #[must_use]
    pub fn places(self) -> u8 {
        self.places
    }

    /// What a sender encrypts for a student of `cohort`, once for every place.
    #[must_use]
    pub fn sender_value(cohort: SchoolYear) -> u32 {
        STRIDE * u32::from(cohort.0)
    }

    /// What a receiver encrypts for a student who counts for `cohort` as `outcome`, from 1; 0, which no test hits, stands for nothing.
    #[must_use]
    pub fn receiver_value(seen: Option<(SchoolYear, u8)>) -> u32 {
        seen.map_or(0, |(cohort, outcome)| {
            STRIDE * u32::from(cohort.0) + u32::from(outcome.min(OUTCOMES_MAX))
        })
    }

    /// What the tests of one place expect the receiver's value to exceed the sender's by: the outcomes' numbers.
    pub fn constants(self) -> impl Iterator<Item = u32> {
        (1..=self.outcomes).map(u32::from)
    }
}

/// What students of one cell can show over a table's receivers: nothing or one of the outcomes at each. Digit r of a pattern, to the
/// base of `outcomes + 1` and the first the least, is the outcome at receiver r; 0 is none (SPEC §5.5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Patterns {
    receivers: usize,
    outcomes: usize,
}

impl Patterns {
    /// The patterns of so many outcomes over so many receivers.
    #[must_use]
    pub fn new(receivers: usize, outcomes: usize) -> Self {
        Self { receivers, outcomes }
    }

    /// The base the digits are written in.
    #[must_use]
    pub fn base(self) -> usize {
        self.outcomes.saturating_add(1)
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> usize {
        (0..self.receivers).fold(1, |count: usize, _| count.saturating_mul(self.base()))
    }

    /// The outcome a pattern shows at a receiver; 0 is none.
    #[must_use]
    pub fn outcome(self, pattern: usize, receiver: usize) -> usize {
        (0..receiver).fold(pattern, |rest, _| rest / self.base()) % self.base()
    }
}

impl Encode for Window {
    fn encode(&self, out: &mut Vec<u8>) {
        self.outcomes.encode(out);
        self.places.encode(out);
    }
}

impl Decode for Window {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let window = Self { outcomes: Decode::decode(reader)?, places: Decode::decode(reader)? };
        let expected = "1 to 15 outcomes and 1 to 4 places";
        Self::new(window.outcomes, window.places).ok_or(CodecError::Invalid { position, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_window_is_refused() {
        for (outcomes, places) in [(0, 1), (1, 0), (16, 1), (1, 5)] {
            assert_eq!(Window::new(outcomes, places), None);
            assert!(Window::from_bytes(&[outcomes, places]).is_err());
        }
        let window = Window::new(15, 4).unwrap();
        assert_eq!(Window::from_bytes(&window.to_bytes()), Ok(window));
    }

    proptest! {
        /// A test comes true exactly for the cohort and the outcome said.
        #[test]
        fn tests_decide_what_was_said(
            outcomes in 1_u8..=15,
            cohort in 1950_u16..2100,
            said in 1950_u16..2100,
            outcome in 1_u8..=15,
        ) {
            let window = Window::new(outcomes, 1).unwrap();
            let sender = Window::sender_value(SchoolYear(cohort));
            let hit = |value: u32| window.constants().find(|constant| value == sender + constant);
            let expected = (cohort == said && outcome <= outcomes).then_some(u32::from(outcome));
            prop_assert_eq!(hit(Window::receiver_value(Some((SchoolYear(said), outcome)))), expected);
            prop_assert_eq!(hit(Window::receiver_value(None)), None);
        }
    }
}
