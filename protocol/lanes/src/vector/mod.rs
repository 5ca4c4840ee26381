//! Vectors of 64-bit lanes: the one module of the product with `unsafe` in it.
//!
//! # What it promises
//!
//! A vector can be made only from a *proof* ([`zmm::Avx512`], [`ymm::Avx2`]) that exists only if the processor has
//! the instructions, or from another vector. So whoever holds a vector may use every instruction of its type, and
//! everything outside this module is safe code. No function branches or indexes memory by what a lane holds.
//!
//! # How the code around it must be written
//!
//! Rust compiles an instruction into a function that enables its feature, and everything else into a call. So each
//! backend has one generic function with the features ([`Word::enter`]), which runs a [`Job`], and all arithmetic
//! below it is `#[inline(always)]`, without closures; what would make that too much code is a job of its own. A forgotten attribute makes the arithmetic many times slower; it does not make it wrong.
//!
//! [`Twin`](twin::Twin) is the same vector in plain integers, which checks every bound that the fields claim.

#[cfg(test)]
pub(super) mod twin;
#[cfg(target_arch = "x86_64")]
pub(super) mod ymm;
#[cfg(target_arch = "x86_64")]
pub(super) mod zmm;

/// Lanes of the memory form of a vector: 64-bit numbers, of which the first [`Word::LANES`] count.
pub(super) type Lanes = [u64; 8];

/// Work for one backend, started by the backend's `enter`.
pub(super) trait Job<P> {
    /// What comes out.
    type Output;

    /// Does it. Every implementation is `#[inline(always)]`.
    fn run(self, proof: P) -> Self::Output;
}

/// A vector of 64-bit lanes.
pub(super) trait Word: Copy + Send + Sync {
    /// Shows that the processor has the instructions.
    type Proof: Copy;
    /// One truth value a lane.
    type Mask: Copy;
    /// Eight numbers below 2^52 (2^32 for four lanes), one of which every lane can pick.
    type Row: Copy + Send + Sync;
    /// Lanes that count.
    const LANES: usize;

    /// Runs `job` as a function of its own, compiled for the instructions: what is large and called from several places.
    fn enter<J: Job<Self::Proof>>(proof: Self::Proof, job: J) -> J::Output;
    fn load(proof: Self::Proof, lanes: &Lanes) -> Self;
    fn store(self) -> Lanes;
    /// The same number in every lane.
    fn like(self, number: u64) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    /// Shift to the right by 25, 26 or 51 bits.
    fn shr<const BITS: u32>(self) -> Self;
    /// Shift to the left by 1 or 4 bits.
    fn shl<const BITS: u32>(self) -> Self;
    fn equals(self, other: Self) -> Self::Mask;
    /// `yes` where the mask is set.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    fn both(one: Self::Mask, other: Self::Mask) -> Self::Mask;
    fn either(one: Self::Mask, other: Self::Mask) -> Self::Mask;
    fn not(mask: Self::Mask) -> Self::Mask;
    /// The mask, of which the compiler knows nothing any more.
    fn hide(mask: Self::Mask) -> Self::Mask;
    fn row(proof: Self::Proof, numbers: &[u64; 8]) -> Self::Row;
    /// The number at each lane's index modulo 16, eight of `low` and eight of `high`: permutations inside registers, no memory is
    /// indexed. `is_high` is set where the index has its bit of 8.
    fn pick(low: &Self::Row, high: &Self::Row, index: Self, is_high: Self::Mask) -> Self;
}

/// Products of 52-bit lanes.
pub(super) trait Multiply52: Word {
    /// `self + (a b mod 2^52)`; `a` and `b` below 2^52.
    fn add_low(self, a: Self, b: Self) -> Self;
    /// `self + floor(a b / 2^52)`; `a` and `b` below 2^52.
    fn add_high(self, a: Self, b: Self) -> Self;
    /// `19 self`, below 2^64.
    fn times_19(self) -> Self;
}

/// Products of 32-bit lanes.
pub(super) trait Multiply32: Word {
    /// `self * other`; both below 2^32.
    fn product(self, other: Self) -> Self;
}
