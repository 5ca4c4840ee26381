//! Seeded chance for populations and schedules: the same seed gives the same story on every machine.
//!
//! Keys and blinds are not drawn from here: node and coordinator draw them from the operating system as they always do.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// A seeded generator with the few draws the harness needs.
pub struct Dice(ChaCha20Rng);

impl Dice {
    /// Starts from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    /// A number from 0 up to, not including, `end`; 0 if `end` is 0. The bias of the remainder is below 2^-32.
    pub fn below(&mut self, end: usize) -> usize {
        match end as u64 {
            0 => 0,
            end => usize::try_from(self.0.next_u64() % end).unwrap_or(0),
        }
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// So many decimal digits, the first not zero.
    pub fn digits(&mut self, count: usize) -> String {
        let digit = |place: usize, dice: &mut Self| match place {
            0 => 1 + dice.below(9),
            _ => dice.below(10),
        };
        (0..count).map(|place| char::from(b"0123456789"[digit(place, self)])).collect()
    }

    /// 32 bytes.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
