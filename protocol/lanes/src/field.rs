//! Arithmetic modulo p = 2^255 - 19, one element a lane; what does not depend on how an element is cut into limbs.

use super::vector::{Job, Word};

/// Independent elements that go through a power together, so that one does not wait for another's multiplications.
pub(super) const ABREAST: usize = 4;

/// A field element in every lane, *reduced*: its limbs are within the bound of the implementation.
///
/// Every function takes and returns reduced elements unless it says otherwise.
pub(super) trait Field: Copy + Send + Sync {
    /// The vectors it is made of.
    type Word: Word;
    /// A product before its carries: a `Wide` may be added to others and subtracted from them, then carried.
    type Wide: Copy;
    /// Eight elements, one of which every lane can pick: a row a limb.
    type Rows: Copy + Send + Sync;
    /// Whether four doublings, written out, fit where a processor keeps decoded instructions (some 6 000 of them). Otherwise they are a
    /// loop.
    const FOUR_DOUBLINGS_FIT: bool;

    /// The element whose 255 low bits stand in `bytes`, little-endian, in each lane; taken modulo p.
    fn load(proof: <Self::Word as Word>::Proof, bytes: &[[u8; 32]; 8]) -> Self;
    /// The canonical bytes of each lane.
    fn store(self) -> [[u8; 32]; 8];
    /// The element below p.
    fn canonical(self) -> Self;
    /// True in lanes whose limbs are all zero: of a canonical element.
    fn limbs_are_zero(self) -> Mask<Self>;
    /// True in lanes whose lowest bit is set: of a canonical element.
    fn lowest_bit(self) -> Mask<Self>;

    /// The product. One of the two may be one of the factors below.
    fn mul_wide(self, other: Self) -> Self::Wide;
    fn square_wide(self) -> Self::Wide;
    /// The sum of up to four products, as one more.
    fn wide_sum(one: Self::Wide, other: Self::Wide) -> Self::Wide;
    /// `one - other`, where `one` is the sum of up to three products and `other` of up to two.
    fn wide_difference(one: Self::Wide, other: Self::Wide) -> Self;
    /// The sum of up to four products, reduced.
    fn carried(wide: Self::Wide) -> Self;

    fn sum(self, other: Self) -> Self;
    fn difference(self, other: Self) -> Self;
    /// `self + other`, perhaps not reduced: only to be squared, or the left factor of a product with a reduced element.
    fn sum_factor(self, other: Self) -> Self;
    /// `self - other`, perhaps not reduced: only the left factor of a product with a reduced element.
    fn difference_factor(self, other: Self) -> Self;
    /// `-self`, not reduced: only the right factor of a product with a reduced element.
    fn negated_factor(self) -> Self;
    fn select(mask: Mask<Self>, yes: Self, no: Self) -> Self;

    /// Rows of the elements in the lanes of eight elements' memory form.
    fn rows(proof: <Self::Word as Word>::Proof, elements: &[[u8; 32]; 8]) -> Self::Rows;
    /// The element at each lane's index modulo 16, eight of `low` and eight of `high`; `is_high` is set where the index has its bit of 8.
    fn pick(low: &Self::Rows, high: &Self::Rows, index: Self::Word, is_high: Mask<Self>) -> Self;
}

/// One truth value a lane.
pub(super) type Mask<F> = <<F as Field>::Word as Word>::Mask;
/// Shows that the processor has what the field needs.
pub(super) type Proof<F> = <<F as Field>::Word as Word>::Proof;

#[inline(always)]
pub(super) fn mul<F: Field>(one: F, other: F) -> F {
    F::carried(one.mul_wide(other))
}

#[inline(always)]
pub(super) fn square<F: Field>(one: F) -> F {
    F::carried(one.square_wide())
}

/// RFC 9496 §4.1 IS_NEGATIVE: the lowest bit of the canonical form.
#[inline(always)]
pub(super) fn is_negative<F: Field>(one: F) -> Mask<F> {
    one.canonical().lowest_bit()
}

#[inline(always)]
pub(super) fn is_zero<F: Field>(one: F) -> Mask<F> {
    one.canonical().limbs_are_zero()
}

#[inline(always)]
pub(super) fn are_equal<F: Field>(one: F, other: F) -> Mask<F> {
    is_zero(one.difference(other))
}

/// Constants of RFC 9496 §4.1, in every lane.
#[derive(Clone, Copy)]
pub(super) struct Constants<F: Field> {
    pub(super) proof: Proof<F>,
    pub(super) zero: F,
    pub(super) one: F,
    pub(super) d: F,
    pub(super) twice_d: F,
    pub(super) sqrt_m1: F,
    pub(super) invsqrt_a_minus_d: F,
    pub(super) sqrt_ad_minus_one: F,
    pub(super) one_minus_d_sq: F,
    pub(super) d_minus_one_sq: F,
}

impl<F: Field> Constants<F> {
    #[inline(always)]
    pub(super) fn load(proof: Proof<F>) -> Self {
        Self {
            proof,
            zero: constant(proof, [0; 4]),
            one: constant(proof, [1, 0, 0, 0]),
            d: constant(proof, D),
            twice_d: constant(proof, TWICE_D),
            sqrt_m1: constant(proof, SQRT_M1),
            invsqrt_a_minus_d: constant(proof, INVSQRT_A_MINUS_D),
            sqrt_ad_minus_one: constant(proof, SQRT_AD_MINUS_ONE),
            one_minus_d_sq: constant(proof, ONE_MINUS_D_SQ),
            d_minus_one_sq: constant(proof, D_MINUS_ONE_SQ),
        }
    }

    #[inline(always)]
    pub(super) fn negated(&self, one: F) -> F {
        self.zero.difference(one)
    }

    /// `-one` where the mask is set.
    #[inline(always)]
    pub(super) fn negated_where(&self, mask: Mask<F>, one: F) -> F {
        F::select(mask, self.negated(one), one)
    }

    /// RFC 9496 §4.1 CT_ABS.
    #[inline(always)]
    pub(super) fn absolute(&self, one: F) -> F {
        self.negated_where(is_negative(one), one)
    }

    /// RFC 9496 §4.2 SQRT_RATIO_M1 for four pairs abreast: whether `u/v` is a square, and the root of it or of
    /// `SQRT_M1 u/v`, not negative.
    pub(super) fn sqrt_ratio(
        &self,
        u: &[F; ABREAST],
        v: &[F; ABREAST],
    ) -> ([Mask<F>; ABREAST], [F; ABREAST]) {
        F::Word::enter(self.proof, SqrtRatio { of: self, u, v })
    }

    /// The inverses of four elements abreast; zero for zero.
    pub(super) fn inverses(&self, of: [F; ABREAST]) -> [F; ABREAST] {
        F::Word::enter(self.proof, Power { of, ending: Ending::Inverse })
    }
}

#[inline(always)]
fn constant<F: Field>(proof: Proof<F>, words: [u64; 4]) -> F {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    F::load(proof, &[bytes; 8])
}

struct SqrtRatio<'a, F: Field> {
    of: &'a Constants<F>,
    u: &'a [F; ABREAST],
    v: &'a [F; ABREAST],
}

impl<F: Field> Job<Proof<F>> for SqrtRatio<'_, F> {
    type Output = ([Mask<F>; ABREAST], [F; ABREAST]);

    #[inline(always)]
    fn run(self, proof: Proof<F>) -> Self::Output {
        let Self { of, u, v } = self;
        let mut root = [of.zero; ABREAST];
        let mut base = root;
        for ((root, base), (u, v)) in root.iter_mut().zip(&mut base).zip(u.iter().zip(v)) {
            let cube = mul(square(*v), *v);
            *root = mul(*u, cube);
            *base = mul(mul(square(cube), *v), *u);
        }
        let power = F::Word::enter(proof, Power { of: base, ending: Ending::Root });
        let mut is_square = [is_zero(of.one); ABREAST];
        for (((root, power), (u, v)), is_square) in
            root.iter_mut().zip(&power).zip(u.iter().zip(v)).zip(&mut is_square)
        {
            *root = mul(*root, *power);
            let check = mul(*v, square(*root));
            let minus_u = of.negated(*u);
            let flipped = are_equal(check, minus_u);
            let flipped_i = are_equal(check, mul(minus_u, of.sqrt_m1));
            *is_square = F::Word::either(are_equal(check, *u), flipped);
            let turned = mul(*root, of.sqrt_m1);
            *root = of.absolute(F::select(F::Word::either(flipped, flipped_i), turned, *root));
        }
        (is_square, root)
    }
}

/// How the chain of squarings, four abreast, ends. Public: it depends on the operation, never on the element.
#[derive(Clone, Copy)]
enum Ending {
    /// `x^((p - 5)/8)`, the exponent being 2^252 - 3.
    Root,
    /// `x^(p - 2)`, the exponent being 2^5 (2^250 - 1) + 11.
    Inverse,
}

/// Raises four elements abreast to one of the two powers.
struct Power<F> {
    of: [F; ABREAST],
    ending: Ending,
}

impl<F: Field> Job<Proof<F>> for Power<F> {
    type Output = [F; ABREAST];

    #[inline(always)]
    fn run(self, proof: Proof<F>) -> [F; ABREAST] {
        let x = self.of;
        let x2 = squared_times(proof, &x, 1, None);
        let x9 = squared_times(proof, &x2, 2, Some(&x));
        let x11 = squared_times(proof, &x9, 0, Some(&x2));
        let of_5 = squared_times(proof, &x11, 1, Some(&x9));
        let of_10 = squared_times(proof, &of_5, 5, Some(&of_5));
        let of_20 = squared_times(proof, &of_10, 10, Some(&of_10));
        let of_40 = squared_times(proof, &of_20, 20, Some(&of_20));
        let of_50 = squared_times(proof, &of_40, 10, Some(&of_10));
        let of_100 = squared_times(proof, &of_50, 50, Some(&of_50));
        let of_200 = squared_times(proof, &of_100, 100, Some(&of_100));
        let of_250 = squared_times(proof, &of_200, 50, Some(&of_50));
        match self.ending {
            Ending::Root => squared_times(proof, &of_250, 2, Some(&x)),
            Ending::Inverse => squared_times(proof, &of_250, 5, Some(&x11)),
        }
    }
}

#[inline(always)]
fn squared_times<F: Field>(
    proof: Proof<F>,
    of: &[F; ABREAST],
    count: usize,
    factor: Option<&[F; ABREAST]>,
) -> [F; ABREAST] {
    F::Word::enter(proof, Squarings { of: *of, count, factor })
}

/// `of^(2^count) factor`, four abreast.
struct Squarings<'a, F> {
    of: [F; ABREAST],
    count: usize,
    factor: Option<&'a [F; ABREAST]>,
}

impl<F: Field> Job<Proof<F>> for Squarings<'_, F> {
    type Output = [F; ABREAST];

    #[inline(always)]
    fn run(self, _: Proof<F>) -> [F; ABREAST] {
        let mut x = self.of;
        for _ in 0..self.count {
            for x in &mut x {
                *x = square(*x);
            }
        }
        if let Some(factor) = self.factor {
            for (x, factor) in x.iter_mut().zip(factor) {
                *x = mul(*x, *factor);
            }
        }
        x
    }
}

/// d of the curve `-x^2 + y^2 = 1 + d x^2 y^2`.
const D: [u64; 4] =
    [0x75eb_4dca_1359_78a3, 0x0070_0a4d_4141_d8ab, 0x8cc7_4079_7779_e898, 0x5203_6cee_2b6f_fe73];
const TWICE_D: [u64; 4] =
    [0xebd6_9b94_26b2_f159, 0x00e0_149a_8283_b156, 0x198e_80f2_eef3_d130, 0x2406_d9dc_56df_fce7];
const SQRT_M1: [u64; 4] =
    [0xc4ee_1b27_4a0e_a0b0, 0x2f43_1806_ad2f_e478, 0x2b4d_0099_3dfb_d7a7, 0x2b83_2480_4fc1_df0b];
const INVSQRT_A_MINUS_D: [u64; 4] =
    [0x99c8_fdaa_805d_40ea, 0x9d2f_1617_5a41_72be, 0x16c2_7b91_fe01_d840, 0x786c_8905_cfaf_fca2];
const SQRT_AD_MINUS_ONE: [u64; 4] =
    [0x7e97_f6a0_497b_2e1b, 0xaf9d_8e0c_1b78_54bd, 0x0f3c_fcc9_31f5_d1fd, 0x3769_31bf_2b83_48ac];
const ONE_MINUS_D_SQ: [u64; 4] =
    [0xe27c_09c1_945f_c176, 0x2c81_a138_cd5e_350f, 0x9994_abdd_be70_dfe4, 0x0290_72a8_b2b3_e0d7];
const D_MINUS_ONE_SQ: [u64; 4] =
    [0x31ad_5aaa_44ed_4d20, 0xd29e_4a2c_b01e_1999, 0x4cdc_d32f_529b_4eeb, 0x5968_b37a_f66c_2241];
