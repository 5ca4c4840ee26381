//! Exact noise on counts: a truncated, shifted, two-sided geometric distribution (SPEC §10.1).
//!
//! ```text
//! P(x) ~ exp(-eps |x - n|)    for x = 0 .. 2n
//!
//!             |
//!           | | |
//!         | | | | |
//!     . | | | | | | | .
//!     0       n       2n
//! ```
//!
//! Each committee member adds `x` rows to every (cell, pattern) of a table and the coordinator takes the known
//! offset `n` off again, so a count moves by `x - n` and never shows fewer rows than there are.
//!
//! # What this module promises
//!
//! * No floating point: `n`, the cumulative table and the samples come from integers alone, on every machine alike.
//! * The difference between the shipped table and the ideal distribution is below 2^-100 in total; the tests
//!   recompute delta from the table itself.
//! * Sampling reads the whole table whatever the draw.
//!
//! # What it does not promise
//!
//! It says nothing about what a neighbour is; SPEC §10.2 does, and the report prints it.

use core::fmt;

use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};
use zeroize::Zeroizing;

use crate::refusal::{Code, Refusal};

mod fixed;

/// Smallest epsilon, in thousandths. Below it, dummy rows would outnumber any real table.
pub const EPSILON_MILLI_MIN: u32 = 10;
/// Largest epsilon, in thousandths. Above it, the draw is almost surely the offset and hides nothing.
pub const EPSILON_MILLI_MAX: u32 = 10_000;
/// Largest delta, in parts per 10^12: one in a thousand.
pub const DELTA_PPT_MAX: u64 = 1_000_000_000;

/// The distribution of one dealer's draw, as a cumulative table of 128-bit weights. Public.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoiseTable {
    /// `n`; the table covers 0..=2n.
    offset: u32,
    /// `cumulative[x]` is `floor(2^128 P(draw <= x))`; the last entry, 2^128, is implied.
    cumulative: Vec<u128>,
}

impl NoiseTable {
    /// Builds the table for epsilon in thousandths and delta in parts per 10^12, with Delta = 1 (SPEC §10.2).
    ///
    /// # Errors
    ///
    /// [`NoiseError`] outside [`EPSILON_MILLI_MIN`]`..=`[`EPSILON_MILLI_MAX`] and `1..=`[`DELTA_PPT_MAX`].
    ///
    /// # Cost
    ///
    /// About 0.3 µs per entry; 29 entries for epsilon 1 and delta 10^-6, 4,000 for the smallest epsilon and delta.
    pub fn new(epsilon_milli: u32, delta_ppt: u64) -> Result<Self, NoiseError> {
        if !(EPSILON_MILLI_MIN..=EPSILON_MILLI_MAX).contains(&epsilon_milli) {
            return Err(NoiseError::Epsilon { milli: epsilon_milli });
        }
        if !(1..=DELTA_PPT_MAX).contains(&delta_ppt) {
            return Err(NoiseError::Delta { parts_per_trillion: delta_ppt });
        }
        let ratio = fixed::exp_minus_milli(epsilon_milli);
        let powers = powers_to_offset(ratio, delta_ppt);
        let offset = u32::try_from(powers.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let weights: Vec<u128> =
            powers.iter().rev().chain(powers.iter().skip(1)).map(|power| power >> SUM_HEADROOM).collect();
        let total: u128 = weights.iter().sum();
        let mut running = 0;
        let cumulative = weights
            .iter()
            .take(weights.len().saturating_sub(1))
            .map(|weight| {
                running += weight;
                fixed::fraction_of_2_128(running, total)
            })
            .collect();
        Ok(Self { offset, cumulative })
    }

    /// No noise: every draw is zero. Only where an agreement says so in words (SPEC §10.5).
    #[must_use]
    pub fn none() -> Self {
        Self { offset: 0, cumulative: Vec::new() }
    }

    /// `n`, what one dealer adds to every (cell, pattern) on average.
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// `2n`, the largest draw.
    #[must_use]
    pub fn support(&self) -> u32 {
        self.offset.saturating_mul(2)
    }

    /// Adds one draw, less the offset, to each count; never below zero. For counts one party releases by itself, such as a
    /// match panel.
    pub fn perturb(&self, counts: &mut [u64], seed: [u8; 32]) {
        let mut rng = ChaCha20Rng::from_seed(seed);
        for count in counts {
            let drawn = u64::from(self.sample(&mut rng));
            *count = (*count + drawn).saturating_sub(u64::from(self.offset()));
        }
    }

    /// One draw from 0..=2n: 16 bytes of `rng`, compared with every entry, never rejected.
    pub fn sample<R: CryptoRng + ?Sized>(&self, rng: &mut R) -> u32 {
        let mut bytes = Zeroizing::new([0; 16]);
        rng.fill_bytes(bytes.as_mut_slice());
        let uniform = u128::from_le_bytes(*bytes);
        self.cumulative.iter().map(|bound| u32::from(*bound <= uniform)).sum()
    }

    /// Probability of each draw in units of 2^-128; the largest possible value stands for 1.
    pub(crate) fn probabilities(&self) -> impl Iterator<Item = u128> + '_ {
        let ends = self.cumulative.iter().copied().chain(core::iter::once(u128::MAX));
        let starts = core::iter::once(0).chain(self.cumulative.iter().copied());
        ends.zip(starts).map(|(end, start)| end.saturating_sub(start))
    }

    /// Variance of one draw in millionths of a student squared, rounded down.
    #[must_use]
    pub fn variance_micro(&self) -> u64 {
        let sum: u128 = self
            .probabilities()
            .zip(0_i64..)
            .map(|(probability, draw)| {
                let distance = u128::from((draw - i64::from(self.offset)).unsigned_abs());
                // 64 bits of probability, 24 of distance squared, 20 of the unit: below 2^128 over the whole table.
                (probability >> 64) * distance * distance * 1_000_000
            })
            .sum();
        u64::try_from(sum >> 64).unwrap_or(u64::MAX)
    }

    /// Half the width of the symmetric 95 % interval of a sum of `cells` noisy cells with `dealers` dealers each,
    /// in students: normal approximation, `1.959964 sqrt(cells dealers variance)`, rounded up.
    #[must_use]
    pub fn half_width_95(&self, cells: u32, dealers: u32) -> u64 {
        const QUANTILE_MICRO: u128 = 1_959_964;
        let draws = u128::from(cells) * u128::from(dealers);
        // One millionth is added because the variance was rounded down.
        let variance = if self.offset == 0 { 0 } else { u128::from(self.variance_micro()) + 1 };
        let Some(square) = draws.checked_mul(variance).and_then(|v| v.checked_mul(QUANTILE_MICRO.pow(2)))
        else {
            return u64::MAX;
        };
        // The units are 10^-6 for the variance and 10^-12 for the quantile squared.
        let square = square.div_ceil(1_000_000_000_000_000_000);
        let root = square.isqrt();
        u64::try_from(if root * root < square { root + 1 } else { root }).unwrap_or(u64::MAX)
    }
}

/// Bits given up so that the sum of a table's weights fits 128 bits with one to spare.
const SUM_HEADROOM: u32 = 9;

/// `r^0, r^1 .. r^n` for the least n with `r^n (1 - r + 2 r delta) <= delta (1 + r)`, which is the ceiling of SPEC §10.1.
fn powers_to_offset(ratio: u128, delta_ppt: u64) -> Vec<u128> {
    let delta = fixed::per_trillion(delta_ppt);
    let ratio_delta = fixed::product(ratio, delta);
    let factor = fixed::ONE - ratio + 2 * ratio_delta;
    let bound = delta + ratio_delta;
    let mut powers = vec![fixed::ONE];
    let mut power = fixed::ONE;
    while fixed::product(power, factor) > bound {
        power = fixed::product(power, ratio);
        powers.push(power);
    }
    powers
}

/// Why a distribution cannot be built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoiseError {
    /// Delta is zero or too large to protect anybody.
    Delta {
        /** Parts per 10^12 asked for. */
        parts_per_trillion: u64,
    },
    /// Epsilon is outside what tables are built for.
    Epsilon {
        /** Thousandths asked for. */
        milli: u32,
    },
}

impl fmt::Display for NoiseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delta { parts_per_trillion } => write!(
                formatter,
                "delta is {parts_per_trillion} parts per 10^12, expected 1 to {DELTA_PPT_MAX}"
            ),
            Self::Epsilon { milli } => write!(
                formatter,
                "epsilon is {milli} thousandths, expected {EPSILON_MILLI_MIN} to {EPSILON_MILLI_MAX}"
            ),
        }
    }
}

impl Refusal for NoiseError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Epsilon { .. } => 0x0A01,
            Self::Delta { .. } => 0x0A02,
        })
    }

    fn advice(&self) -> &'static str {
        "Correct the noise section of the agreement; epsilon 2 and delta 0.000001 are the defaults."
    }

    fn rule(&self) -> Option<&'static str> {
        Some("SPEC §10.1")
    }
}

#[cfg(test)]
mod tests;
