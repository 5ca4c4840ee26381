//! What a receiver says of a student, and how it is held against what the sender says, without anybody reading either
//! (SPEC §6.1, §8).
//!
//! A sender says the student's cohort. A receiver says for which cohorts the student would count, and as what. Each pair is a column of its
//! own; in the second mix every outcome is one test of it, and at most one test of a receiver comes true.
//!
//! Where the link itself is what is counted ([`Window::LINK`]), neither side says anything and no list has a column for it.

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

/// How many outcomes a metric has, and for how many cohorts a student of a receiver can count: none, where the link alone counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Window {
    outcomes: u8,
    places: u8,
}

impl Window {
    /// The window in which a link counts whatever the receiver says of the student: one outcome, no place.
    pub const LINK: Self = Self { outcomes: 1, places: 0 };

    /// A window within the limits: 1 to [`OUTCOMES_MAX`] outcomes, 1 to [`PLACES_MAX`] places; or [`LINK`](Self::LINK), one outcome and
    /// no place.
    #[must_use]
    pub fn new(outcomes: u8, places: u8) -> Option<Self> {
        let window = Self { outcomes, places };
        let said = (1..=OUTCOMES_MAX).contains(&outcomes) && (1..=PLACES_MAX).contains(&places);
        (said || window == Self::LINK).then_some(window)
    }

    /// True if the link alone counts: nothing is said, so no list has a column of it.
    #[must_use]
    pub fn is_link(self) -> bool {
        self == Self::LINK
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

    /// Column keys its tests are under: one for each place, and one for a link, under which no list encrypts anything.
    #[must_use]
    pub fn keys(self) -> u8 {
        self.places.max(1)
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
        let expected = "1 to 15 outcomes and 1 to 4 places, or one outcome and no place";
        Self::new(window.outcomes, window.places).ok_or(CodecError::Invalid { position, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_window_is_refused() {
        for (outcomes, places) in [(0, 0), (0, 1), (2, 0), (16, 1), (1, 5)] {
            assert_eq!(Window::new(outcomes, places), None);
            assert!(Window::from_bytes(&[outcomes, places]).is_err());
        }
        for window in [Window::new(15, 4).unwrap(), Window::LINK] {
            assert_eq!(Window::from_bytes(&window.to_bytes()), Ok(window));
        }
    }

    #[test]
    fn a_link_has_one_test_under_one_key_and_no_place() {
        assert_eq!(Window::new(1, 0), Some(Window::LINK));
        assert_eq!((Window::LINK.outcomes(), Window::LINK.places(), Window::LINK.keys()), (1, 0, 1));
        let said = Window::new(3, 2).unwrap();
        assert_eq!((said.is_link(), said.keys()), (false, 2));
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
