//! The vectors in plain integers, for tests: every sum, difference and multiplicand is held to its bound.
//!
//! It runs wherever Rust runs, under Miri too, and gives the same numbers as the instructions or stops. Nothing is inlined: the
//! fields' code around it would take minutes to compile.

use super::{Job, Lanes, Multiply32, Multiply52, Word};

/// Eight lanes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) struct Twin(pub(in super::super) Lanes);

impl Twin {
    fn zip(self, other: Self, operation: impl Fn(u64, u64) -> u64) -> Self {
        Self(core::array::from_fn(|lane| operation(self.0[lane], other.0[lane])))
    }

    fn limited(self, limit: u64) -> Self {
        assert!(self.0.iter().all(|lane| *lane < limit), "a multiplicand is not below {limit:#x}: {self:x?}");
        self
    }
}

impl Word for Twin {
    type Proof = ();
    type Mask = [bool; 8];
    type Row = Self;
    const LANES: usize = 8;

    #[inline(never)]
    fn enter<J: Job<()>>((): (), job: J) -> J::Output {
        job.run(())
    }

    fn load((): (), lanes: &Lanes) -> Self {
        Self(*lanes)
    }

    fn store(self) -> Lanes {
        self.0
    }

    fn like(self, number: u64) -> Self {
        Self([number; 8])
    }

    #[inline(never)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a.checked_add(b).expect("a sum stays below 2^64"))
    }

    #[inline(never)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a.checked_sub(b).expect("a difference is not negative"))
    }

    #[inline(never)]
    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    #[inline(never)]
    fn shr<const BITS: u32>(self) -> Self {
        Self(self.0.map(|lane| lane >> BITS))
    }

    #[inline(never)]
    fn shl<const BITS: u32>(self) -> Self {
        Self(self.0.map(|lane| lane.checked_mul(1 << BITS).expect("a shifted number stays below 2^64")))
    }

    #[inline(never)]
    fn equals(self, other: Self) -> [bool; 8] {
        core::array::from_fn(|lane| self.0[lane] == other.0[lane])
    }

    #[inline(never)]
    fn select(mask: [bool; 8], yes: Self, no: Self) -> Self {
        Self(core::array::from_fn(|lane| if mask[lane] { yes.0[lane] } else { no.0[lane] }))
    }

    fn both(one: [bool; 8], other: [bool; 8]) -> [bool; 8] {
        core::array::from_fn(|lane| one[lane] && other[lane])
    }

    fn either(one: [bool; 8], other: [bool; 8]) -> [bool; 8] {
        core::array::from_fn(|lane| one[lane] || other[lane])
    }

    fn not(mask: [bool; 8]) -> [bool; 8] {
        mask.map(|lane| !lane)
    }

    fn hide(mask: [bool; 8]) -> [bool; 8] {
        mask
    }

    fn row((): (), numbers: &[u64; 8]) -> Self {
        Self(*numbers)
    }

    fn pick(low: &Self, high: &Self, index: Self, is_high: Self::Mask) -> Self {
        let of = |row: &Self| Self(index.0.map(|lane| row.0[(lane % 8) as usize]));
        Self::select(is_high, of(high), of(low))
    }
}

impl Multiply52 for Twin {
    #[inline(never)]
    fn add_low(self, a: Self, b: Self) -> Self {
        let low = |a: u64, b: u64| ((u128::from(a) * u128::from(b)) & ((1 << 52) - 1)) as u64;
        self.add(a.limited(1 << 52).zip(b.limited(1 << 52), low))
    }

    #[inline(never)]
    fn add_high(self, a: Self, b: Self) -> Self {
        let high = |a: u64, b: u64| ((u128::from(a) * u128::from(b)) >> 52) as u64;
        self.add(a.limited(1 << 52).zip(b.limited(1 << 52), high))
    }

    #[inline(never)]
    fn times_19(self) -> Self {
        self.zip(self.like(19), |a, b| a.checked_mul(b).expect("a folded column stays below 2^64"))
    }
}

impl Multiply32 for Twin {
    #[inline(never)]
    fn product(self, other: Self) -> Self {
        self.limited(1 << 32).zip(other.limited(1 << 32), |a, b| a * b)
    }
}
