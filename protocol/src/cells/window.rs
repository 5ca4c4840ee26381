//! What a receiver says of a student, and how it is held against what the sender expects, without anybody reading either
//! (SPEC §6.1, §8).
//!
//! A receiver says one year and one outcome. A sender says the student's cohort. A metric names the differences of the two that count,
//! outcome by outcome; each is one test in the second mix, and at most one of them can come true.

use crate::{
    cells::SchoolYear,
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
};

/// Most tests of one receiver in one table.
pub const TESTS_MAX: usize = 16;
/// Most outcomes of a metric.
pub const OUTCOMES_MAX: u8 = 15;
/// Furthest a receiver's year may lie from the cohort, either way, in years.
pub const YEARS_MAX: u8 = 15;
/// Numbers kept for the outcomes of one year.
const STRIDE: u32 = 16;

/// One difference that counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct WindowTest {
    /// The outcome it counts as, from 1.
    pub outcome: u8,
    /// The receiver's year less the cohort, plus [`YEARS_MAX`]; [`YEARS_MAX`] where years do not matter.
    pub distance: u8,
}
codec_struct!(WindowTest { outcome, distance });

/// The tests of a metric, by outcome, and whether years matter to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Window {
    years: bool,
    tests: Vec<WindowTest>,
}

impl Window {
    /// Tests within the limits; `outcomes[o]` holds the differences in years that count as outcome `o + 1`. Empty lists throughout mean
    /// that years do not matter.
    ///
    /// `None` if there is no outcome or no test, more than [`OUTCOMES_MAX`] or [`TESTS_MAX`], a difference beyond [`YEARS_MAX`] or given twice,
    /// or some outcomes have years and others none.
    #[must_use]
    pub fn new(outcomes: &[Vec<i8>]) -> Option<Self> {
        let years = outcomes.iter().any(|years| !years.is_empty());
        let mut tests = Vec::new();
        for (outcome, counted) in (1_u8..).zip(outcomes) {
            if years && counted.is_empty() {
                return None;
            }
            let mut distances = if years { Vec::new() } else { vec![YEARS_MAX] };
            for year in counted {
                distances
                    .push(YEARS_MAX.checked_add_signed(*year).filter(|distance| *distance <= 2 * YEARS_MAX)?);
            }
            distances.sort_unstable();
            tests.extend(distances.into_iter().map(|distance| WindowTest { outcome, distance }));
        }
        Self { years, tests }.sound()
    }

    fn sound(self) -> Option<Self> {
        let outcomes = self.tests.iter().map(|test| test.outcome);
        let steps = self.tests.first().is_some_and(|test| test.outcome == 1)
            && outcomes
                .clone()
                .zip(outcomes.skip(1))
                .all(|(before, after)| after == before || after == before + 1);
        let within = |test: &WindowTest| {
            test.outcome <= OUTCOMES_MAX
                && if self.years { test.distance <= 2 * YEARS_MAX } else { test.distance == YEARS_MAX }
        };
        let holds = steps
            && self.tests.len() <= TESTS_MAX
            && self.tests.is_sorted_by(|before, after| before < after)
            && self.tests.iter().all(within);
        holds.then_some(self)
    }

    /// The outcome each test counts as, from 1, in order.
    #[must_use]
    pub fn outcomes_by_test(&self) -> Vec<u8> {
        self.tests.iter().map(|test| test.outcome).collect()
    }

    /// Number of outcomes.
    #[must_use]
    pub fn outcomes(&self) -> u8 {
        self.tests.last().map_or(0, |test| test.outcome)
    }

    /// What a sender encrypts for a student of `cohort`.
    #[must_use]
    pub fn sender_value(&self, cohort: SchoolYear) -> u32 {
        if self.years { STRIDE * u32::from(cohort.0) } else { 0 }
    }

    /// What a receiver encrypts for a student seen with `outcome`, from 1, in `year`; 0, which no test hits, for any other.
    #[must_use]
    pub fn receiver_value(&self, seen: Option<(Option<SchoolYear>, u8)>) -> u32 {
        match seen {
            Some((year, outcome)) if (1..=self.outcomes()).contains(&outcome) => match (self.years, year) {
                (false, _) => STRIDE * u32::from(YEARS_MAX) + u32::from(outcome),
                (true, Some(year)) => {
                    STRIDE * (u32::from(year.0) + u32::from(YEARS_MAX)) + u32::from(outcome)
                }
                (true, None) => 0,
            },
            Some(_) | None => 0,
        }
    }

    /// What each test expects the receiver's value to exceed the sender's by.
    #[must_use]
    pub fn constants(&self) -> Vec<u32> {
        self.tests.iter().map(|test| STRIDE * u32::from(test.distance) + u32::from(test.outcome)).collect()
    }

    /// The outcome, from 1, that a receiver's word counts as for a student of `cohort`, in the clear: what the tests decide.
    #[must_use]
    pub fn decide(&self, cohort: SchoolYear, seen: Option<(Option<SchoolYear>, u8)>) -> Option<u8> {
        let difference = self.receiver_value(seen).checked_sub(self.sender_value(cohort))?;
        let hit = self.constants().into_iter().zip(&self.tests).find(|(constant, _)| *constant == difference);
        hit.map(|(_, test)| test.outcome)
    }
}

impl Encode for Window {
    fn encode(&self, out: &mut Vec<u8>) {
        self.years.encode(out);
        self.tests.encode(out);
    }
}

impl Decode for Window {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let window = Self { years: Decode::decode(reader)?, tests: Decode::decode(reader)? };
        window.sound().ok_or(CodecError::Invalid { position, expected: "tests of a window" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_window_is_refused() {
        let beyond = i8::try_from(YEARS_MAX).unwrap() + 1;
        for bad in [
            vec![],
            vec![vec![1], vec![]],
            vec![vec![1, 1]],
            vec![vec![beyond]],
            vec![vec![-beyond]],
            vec![(0..9).collect(), (0..8).collect()],
            vec![vec![]; 16],
        ] {
            assert!(Window::new(&bad).is_none(), "{bad:?}");
        }
        assert!(Window::new(&vec![vec![]; 15]).is_some());
        assert!(Window::new(&[(0..8).collect(), (0..8).collect()]).is_some());
    }

    #[test]
    fn a_year_out_of_order_is_no_window_on_the_wire() {
        let good = Window::new(&[vec![1, 2], vec![0]]).unwrap();
        let bytes = good.to_bytes();
        assert_eq!(Window::from_bytes(&bytes), Ok(good));
        let swapped = Window {
            years: true,
            tests: vec![WindowTest { outcome: 1, distance: 17 }, WindowTest { outcome: 1, distance: 16 }],
        };
        let skipped = Window { years: true, tests: vec![WindowTest { outcome: 2, distance: 17 }] };
        let with_years = Window { years: false, tests: vec![WindowTest { outcome: 1, distance: 17 }] };
        for bad in [swapped, skipped, with_years] {
            assert!(Window::from_bytes(&bad.to_bytes()).is_err(), "{bad:?}");
        }
    }

    proptest! {
        /// The tests decide what the words of the metric say: the outcome, if its years hold the difference.
        #[test]
        fn tests_decide_what_the_metric_says(
            outcomes in prop::collection::vec(prop::collection::btree_set(-15_i8..=15, 1..4), 1..5),
            cohort in 1950_u16..2100,
            year in 1930_i32..2120,
            outcome in 0_u8..6,
        ) {
            let lists: Vec<Vec<i8>> = outcomes.iter().map(|years| years.iter().copied().collect()).collect();
            let window = Window::new(&lists).unwrap();
            let said = outcome.checked_sub(1).and_then(|at| outcomes.get(usize::from(at)));
            let difference = year - i32::from(cohort);
            let expected = said.filter(|years| years.iter().any(|after| i32::from(*after) == difference)).map(|_| outcome);
            let seen = Some((Some(SchoolYear(u16::try_from(year).unwrap())), outcome));
            prop_assert_eq!(window.decide(SchoolYear(cohort), seen), expected);
            prop_assert_eq!(window.decide(SchoolYear(cohort), None), None);
            prop_assert_eq!(window.decide(SchoolYear(cohort), Some((None, outcome))), None);
        }

        #[test]
        fn without_years_any_year_counts(outcomes in 1_usize..=15, outcome in 0_u8..=16, cohort in 1950_u16..2100) {
            let window = Window::new(&vec![Vec::new(); outcomes]).unwrap();
            let expected = (1..=outcomes).contains(&usize::from(outcome)).then_some(outcome);
            prop_assert_eq!(window.decide(SchoolYear(cohort), Some((None, outcome))), expected);
            prop_assert_eq!(window.decide(SchoolYear(cohort), Some((Some(SchoolYear(2020)), outcome))), expected);
        }
    }
}
