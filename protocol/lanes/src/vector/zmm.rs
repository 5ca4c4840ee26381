//! Eight lanes in an AVX-512 register, with the 52-bit multiply-add of AVX-512 IFMA.

use core::{arch::x86_64::*, hint::black_box};

use super::{Job, Lanes, Multiply52, Word};

/// Shows that the processor has AVX-512 F, DQ, VL, BW and IFMA, and the system saves the registers.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx512(());

impl Avx512 {
    /// Asks the processor.
    pub(in super::super) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512ifma");
        has.then_some(Self(()))
    }
}

#[inline(never)]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx512ifma")]
fn enter<J: Job<Avx512>>(proof: Avx512, job: J) -> J::Output {
    job.run(proof)
}

/// Eight lanes.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(in super::super) struct Zmm(__m512i);

/// One instruction. Use only where a [`Zmm`] or an [`Avx512`] is at hand.
macro_rules! instruction {
    ($call:expr) => {
        // SAFETY: the instructions named in this file need the features of `Avx512` and nothing else: they take and
        // return values, no pointers. The function has a `Zmm` or an `Avx512`, neither of which exists without the
        // features: a `Zmm` is made only by `load` and `row`, which take an `Avx512`, and from other `Zmm`.
        unsafe { $call }
    };
}

impl Word for Zmm {
    type Proof = Avx512;
    type Mask = __mmask8;
    type Row = Self;
    const LANES: usize = 8;

    fn enter<J: Job<Avx512>>(proof: Avx512, job: J) -> J::Output {
        // SAFETY: a proof exists, so `detect` found every feature that `enter` enables.
        unsafe { enter(proof, job) }
    }

    #[inline(always)]
    fn load(_: Avx512, lanes: &Lanes) -> Self {
        let [a, b, c, d, e, f, g, h] = lanes.map(u64::cast_signed);
        Self(instruction!(_mm512_setr_epi64(a, b, c, d, e, f, g, h)))
    }

    #[inline(always)]
    fn store(self) -> Lanes {
        // SAFETY: both types are 64 bytes of integers, for which every bit pattern is a value.
        unsafe { core::mem::transmute(self.0) }
    }

    #[inline(always)]
    fn like(self, number: u64) -> Self {
        Self(instruction!(_mm512_set1_epi64(number.cast_signed())))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(instruction!(_mm512_add_epi64(self.0, other.0)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(instruction!(_mm512_sub_epi64(self.0, other.0)))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(instruction!(_mm512_and_si512(self.0, other.0)))
    }

    #[inline(always)]
    fn shr<const BITS: u32>(self) -> Self {
        Self(instruction!(_mm512_srli_epi64::<BITS>(self.0)))
    }

    #[inline(always)]
    fn shl<const BITS: u32>(self) -> Self {
        Self(instruction!(_mm512_slli_epi64::<BITS>(self.0)))
    }

    #[inline(always)]
    fn equals(self, other: Self) -> __mmask8 {
        instruction!(_mm512_cmpeq_epi64_mask(self.0, other.0))
    }

    #[inline(always)]
    fn select(mask: __mmask8, yes: Self, no: Self) -> Self {
        Self(instruction!(_mm512_mask_blend_epi64(mask, no.0, yes.0)))
    }

    #[inline(always)]
    fn both(one: __mmask8, other: __mmask8) -> __mmask8 {
        one & other
    }

    #[inline(always)]
    fn either(one: __mmask8, other: __mmask8) -> __mmask8 {
        one | other
    }

    #[inline(always)]
    fn not(mask: __mmask8) -> __mmask8 {
        !mask
    }

    #[inline(always)]
    fn hide(mask: __mmask8) -> __mmask8 {
        black_box(mask)
    }

    #[inline(always)]
    fn row(proof: Avx512, numbers: &[u64; 8]) -> Self {
        Self::load(proof, numbers)
    }

    #[inline(always)]
    fn pick(low: &Self, high: &Self, index: Self, _: __mmask8) -> Self {
        Self(instruction!(_mm512_permutex2var_epi64(low.0, index.0, high.0)))
    }
}

impl Multiply52 for Zmm {
    #[inline(always)]
    fn add_low(self, a: Self, b: Self) -> Self {
        Self(instruction!(_mm512_madd52lo_epu64(self.0, a.0, b.0)))
    }

    #[inline(always)]
    fn add_high(self, a: Self, b: Self) -> Self {
        Self(instruction!(_mm512_madd52hi_epu64(self.0, a.0, b.0)))
    }

    #[inline(always)]
    fn times_19(self) -> Self {
        Self(instruction!(_mm512_mullo_epi64(self.0, _mm512_set1_epi64(19))))
    }
}
