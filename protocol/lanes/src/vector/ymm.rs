//! Four lanes in an AVX2 register.

use core::{arch::x86_64::*, hint::black_box};

use super::{Job, Lanes, Multiply32, Word};

/// Shows that the processor has AVX2, and the system saves the registers.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx2(());

impl Avx2 {
    /// Asks the processor.
    pub(in super::super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

#[inline(never)]
#[target_feature(enable = "avx2")]
fn enter<J: Job<Avx2>>(proof: Avx2, job: J) -> J::Output {
    job.run(proof)
}

/// Four lanes.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(in super::super) struct Ymm(__m256i);

/// One instruction. Use only where a [`Ymm`] or an [`Avx2`] is at hand.
macro_rules! instruction {
    ($call:expr) => {
        // SAFETY: the instructions named in this file need AVX2 and nothing else: they take and return values, no
        // pointers. The function has a `Ymm` or an `Avx2`, neither of which exists without the feature: a `Ymm` is
        // made only by `load` and `row`, which take an `Avx2`, and from other `Ymm`.
        unsafe { $call }
    };
}

impl Word for Ymm {
    type Proof = Avx2;
    type Mask = Self;
    type Row = Self;
    const LANES: usize = 4;

    fn enter<J: Job<Avx2>>(proof: Avx2, job: J) -> J::Output {
        // SAFETY: a proof exists, so `detect` found every feature that `enter` enables.
        unsafe { enter(proof, job) }
    }

    #[inline(always)]
    fn load(_: Avx2, lanes: &Lanes) -> Self {
        let [a, b, c, d, ..] = lanes.map(u64::cast_signed);
        Self(instruction!(_mm256_setr_epi64x(a, b, c, d)))
    }

    #[inline(always)]
    fn store(self) -> Lanes {
        // SAFETY: both types are 32 bytes of integers, for which every bit pattern is a value.
        let [a, b, c, d]: [u64; 4] = unsafe { core::mem::transmute(self.0) };
        [a, b, c, d, 0, 0, 0, 0]
    }

    #[inline(always)]
    fn like(self, number: u64) -> Self {
        Self(instruction!(_mm256_set1_epi64x(number.cast_signed())))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(instruction!(_mm256_add_epi64(self.0, other.0)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(instruction!(_mm256_sub_epi64(self.0, other.0)))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(instruction!(_mm256_and_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn shr<const BITS: u32>(self) -> Self {
        Self(instruction!(match BITS {
            25 => _mm256_srli_epi64::<25>(self.0),
            26 => _mm256_srli_epi64::<26>(self.0),
            _ => _mm256_srl_epi64(self.0, _mm_cvtsi64_si128(i64::from(BITS))),
        }))
    }

    #[inline(always)]
    fn shl<const BITS: u32>(self) -> Self {
        Self(instruction!(match BITS {
            1 => _mm256_add_epi64(self.0, self.0),
            4 => _mm256_slli_epi64::<4>(self.0),
            _ => _mm256_sll_epi64(self.0, _mm_cvtsi64_si128(i64::from(BITS))),
        }))
    }

    #[inline(always)]
    fn equals(self, other: Self) -> Self {
        Self(instruction!(_mm256_cmpeq_epi64(self.0, other.0)))
    }

    #[inline(always)]
    fn select(mask: Self, yes: Self, no: Self) -> Self {
        Self(instruction!(_mm256_blendv_epi8(no.0, yes.0, mask.0)))
    }

    #[inline(always)]
    fn both(one: Self, other: Self) -> Self {
        one.and(other)
    }

    #[inline(always)]
    fn either(one: Self, other: Self) -> Self {
        Self(instruction!(_mm256_or_si256(one.0, other.0)))
    }

    #[inline(always)]
    fn not(mask: Self) -> Self {
        Self(instruction!(_mm256_xor_si256(mask.0, _mm256_set1_epi64x(-1))))
    }

    #[inline(always)]
    fn hide(mask: Self) -> Self {
        black_box(mask)
    }

    /// Eight numbers of 32 bits.
    #[inline(always)]
    fn row(_: Avx2, numbers: &[u64; 8]) -> Self {
        // Below 2^32 by the contract of `Word::Row`; what is above it could not be kept.
        let [a, b, c, d, e, f, g, h] =
            numbers.map(|number| (number & 0xFFFF_FFFF) as u32).map(u32::cast_signed);
        Self(instruction!(_mm256_setr_epi32(a, b, c, d, e, f, g, h)))
    }

    #[inline(always)]
    fn pick(low: &Self, high: &Self, index: Self, is_high: Self) -> Self {
        // The upper half of each lane picks by the upper half of the index; it is cut off.
        let of_low = Self(instruction!(_mm256_permutevar8x32_epi32(low.0, index.0)));
        let of_high = Self(instruction!(_mm256_permutevar8x32_epi32(high.0, index.0)));
        let picked = Self::select(is_high, of_high, of_low);
        picked.and(picked.like(0xFFFF_FFFF))
    }
}

impl Multiply32 for Ymm {
    #[inline(always)]
    fn product(self, other: Self) -> Self {
        Self(instruction!(_mm256_mul_epu32(self.0, other.0)))
    }
}
