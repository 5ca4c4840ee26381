//! The fields against big integers, with limbs at the bounds their heads claim, on the twin that stops at an overflow and on
//! the instructions.

use super::super::{
    field::{Field, is_negative, is_zero, mul, square},
    field25::Field25,
    field51::{Field51, words},
    vector::{Lanes, Word, twin::Twin},
};
use super::*;

/// Numbers modulo p in four words, slowly and plainly.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Number([u64; 4]);

const P: [u64; 4] = [u64::MAX - 18, u64::MAX, u64::MAX, u64::MAX >> 1];

impl Number {
    const ZERO: Self = Self([0; 4]);

    /// `self + other mod p`, for numbers below p.
    fn plus(self, other: Self) -> Self {
        let (mut sum, mut carry) = ([0; 4], 0_u128);
        for (sum, (one, other)) in sum.iter_mut().zip(self.0.iter().zip(&other.0)) {
            carry += u128::from(*one) + u128::from(*other);
            *sum = carry as u64;
            carry >>= 64;
        }
        Self(sum).reduced()
    }

    /// Below p, for numbers below 2p < 2^256.
    fn reduced(self) -> Self {
        let (mut difference, mut borrow) = ([0; 4], 0_i128);
        for (difference, (one, p)) in difference.iter_mut().zip(self.0.iter().zip(&P)) {
            borrow += i128::from(*one) - i128::from(*p);
            *difference = borrow as u64;
            borrow >>= 64;
        }
        if borrow < 0 { self } else { Self(difference) }
    }

    fn negated(self) -> Self {
        let (mut difference, mut borrow) = ([0; 4], 0_i128);
        for (difference, (p, one)) in difference.iter_mut().zip(P.iter().zip(&self.0)) {
            borrow += i128::from(*p) - i128::from(*one);
            *difference = borrow as u64;
            borrow >>= 64;
        }
        Self(difference).reduced()
    }

    /// By doubling and adding.
    fn times(self, other: Self) -> Self {
        let mut product = Self::ZERO;
        for bit in (0..256).rev() {
            product = product.plus(product);
            if other.0[bit / 64] >> (bit % 64) & 1 == 1 {
                product = product.plus(self);
            }
        }
        product
    }

    /// `sum limb_i 2^(bit_i)`.
    fn of_limbs(limbs: &[u64], bits: &[usize]) -> Self {
        limbs.iter().zip(bits).fold(Self::ZERO, |sum, (limb, bit)| {
            let mut power = Self([1, 0, 0, 0]);
            for _ in 0..*bit {
                power = power.plus(power);
            }
            sum.plus(power.times(Self([*limb, 0, 0, 0])))
        })
    }
}

/// A field in limbs that a test can set.
trait Limbs: Field {
    const BITS: &'static [usize];
    /// The largest reduced limbs.
    const LARGEST: &'static [u64];
    fn of(proof: <Self::Word as Word>::Proof, limbs: &[Lanes]) -> Self;
}

impl<W: super::super::vector::Multiply52> Limbs for Field51<W> {
    const BITS: &'static [usize] = &[0, 51, 102, 153, 204];
    const LARGEST: &'static [u64] = &[(1 << 51) + (1 << 17) - 1; 5];
    fn of(proof: W::Proof, limbs: &[Lanes]) -> Self {
        Self(core::array::from_fn(|index| W::load(proof, &limbs[index])))
    }
}

const EVEN: u64 = (1 << 26) + (1 << 8) - 1;
const ODD: u64 = (1 << 25) + (1 << 17) - 1;

impl<W: super::super::vector::Multiply32> Limbs for Field25<W> {
    const BITS: &'static [usize] = &[0, 26, 51, 77, 102, 128, 153, 179, 204, 230];
    const LARGEST: &'static [u64] = &[EVEN, ODD, EVEN, ODD, EVEN, ODD, EVEN, ODD, EVEN, ODD];
    fn of(proof: W::Proof, limbs: &[Lanes]) -> Self {
        Self(core::array::from_fn(|index| W::load(proof, &limbs[index])))
    }
}

fn stored<F: Field>(element: F) -> Vec<Number> {
    element.store().iter().take(F::Word::LANES).map(|bytes| Number(words(bytes))).collect()
}

/// Limbs at the bound, at zero, at p, at one below and random, a mixture a lane.
fn elements<F: Limbs>(proof: <F::Word as Word>::Proof, seed: u64) -> (F, Vec<Number>) {
    let mut limbs = vec![[0; 8]; F::BITS.len()];
    let mut random = vec![0_u8; 8 * 8 * limbs.len()];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut random);
    let mut random = random.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
    for (index, (lanes, largest)) in limbs.iter_mut().zip(F::LARGEST).enumerate() {
        let width = F::BITS.get(index + 1).unwrap_or(&255) - F::BITS[index];
        let of_p = (1 << width) - if index == 0 { 19 } else { 1 };
        for (lane, limb) in lanes.iter_mut().enumerate() {
            let random = random.next().unwrap();
            *limb = match (seed + lane as u64) % 8 {
                0 => *largest,
                1 => 0,
                2 => of_p,
                3 if index == 0 => of_p + 1,
                3 => of_p,
                4 if index == 0 => of_p - 1,
                4 => of_p,
                5 => [*largest, 0][random as usize % 2],
                _ => random % (largest + 1),
            };
        }
    }
    let numbers = (0..F::Word::LANES)
        .map(|lane| Number::of_limbs(&limbs.iter().map(|lanes| lanes[lane]).collect::<Vec<_>>(), F::BITS));
    (F::of(proof, &limbs), numbers.collect())
}

fn operations_equal_big_integers<F: Limbs>(proof: <F::Word as Word>::Proof) {
    for seed in 0..24 {
        let (a, a_numbers) = elements::<F>(proof, seed);
        for other in [seed, seed + 1, seed + 3, seed + 100] {
            let (b, b_numbers) = elements::<F>(proof, other);
            let pairs = || a_numbers.iter().zip(&b_numbers);
            let expect = |operation: fn(&Number, &Number) -> Number| -> Vec<Number> {
                pairs().map(|(a, b)| operation(a, b)).collect()
            };
            assert_eq!(stored(mul(a, b)), expect(|a, b| a.times(*b)));
            assert_eq!(stored(mul(a, b.negated_factor())), expect(|a, b| a.times(b.negated())));
            assert_eq!(stored(square(a)), expect(|a, _| a.times(*a)));
            assert_eq!(stored(a.sum(b)), expect(|a, b| a.plus(*b)));
            assert_eq!(stored(a.difference(b)), expect(|a, b| a.plus(b.negated())));
            // The largest combinations of products that the formulas make.
            let (ab, nab, bb) = (a.mul_wide(b), a.mul_wide(b.negated_factor()), b.square_wide());
            let three = F::wide_sum(F::wide_sum(ab, bb), bb);
            let two = F::wide_sum(nab, ab);
            let of_three = |a: &Number, b: &Number| a.times(*b).plus(b.times(*b)).plus(b.times(*b));
            assert_eq!(stored(F::carried(three)), expect(of_three));
            // -ab + ab is nothing to take away.
            assert_eq!(stored(F::wide_difference(three, two)), expect(of_three));
            assert_eq!(stored(F::wide_difference(nab, two)), expect(|a, b| a.times(*b).negated()));
            // A result is reduced: it may be multiplied again, which the twin checks.
            let again = mul(F::wide_difference(three, two), a.difference(b));
            let expected: Vec<_> = pairs().map(|(a, b)| of_three(a, b).times(a.plus(b.negated()))).collect();
            assert_eq!(stored(again), expected);
            let product = mul(a.sum_factor(b), a);
            assert_eq!(stored(product), expect(|a, b| a.plus(*b).times(*a)));
            let product = mul(a.difference_factor(b), a);
            assert_eq!(stored(product), expect(|a, b| a.plus(b.negated()).times(*a)));
            let (of_sum, of_difference) = (a.sum_factor(b).mul_wide(b), a.difference_factor(b).mul_wide(a));
            let difference = F::wide_difference(of_sum, of_difference);
            let expected =
                |a: &Number, b: &Number| a.plus(*b).times(*b).plus(a.plus(b.negated()).times(*a).negated());
            assert_eq!(stored(difference), expect(expected));
            let sum = F::carried(F::wide_sum(of_sum, of_difference));
            assert_eq!(stored(sum), expect(|a, b| a.plus(*b).times(*b).plus(a.plus(b.negated()).times(*a))));
            let crossed = F::wide_difference(a.sum_factor(b).square_wide(), F::wide_sum(a.square_wide(), bb));
            assert_eq!(stored(crossed), expect(|a, b| a.times(*b).plus(a.times(*b))));
            let limbs_of_sum = square(a.sum(b));
            assert_eq!(stored(limbs_of_sum), expect(|a, b| a.plus(*b).times(a.plus(*b))));
        }
        let flags = |mask| F::select(mask, one::<F>(proof), one::<F>(proof).difference(one::<F>(proof)));
        let zero: Vec<_> =
            a_numbers.iter().map(|n| Number([u64::from(*n == Number::ZERO), 0, 0, 0])).collect();
        assert_eq!(stored(flags(is_zero(a))), zero);
        let negative: Vec<_> = a_numbers.iter().map(|n| Number([n.0[0] & 1, 0, 0, 0])).collect();
        assert_eq!(stored(flags(is_negative(a))), negative);
    }
}

fn one<F: Field>(proof: <F::Word as Word>::Proof) -> F {
    let mut one = [0; 32];
    one[0] = 1;
    F::load(proof, &[one; 8])
}

#[test]
fn the_twins_keep_their_bounds_and_equal_big_integers() {
    operations_equal_big_integers::<Field51<Twin>>(());
    operations_equal_big_integers::<Field25<Twin>>(());
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_instructions_equal_big_integers() {
    if let Some(proof) = Avx512::detect() {
        operations_equal_big_integers::<Field51<Zmm>>(proof);
    }
    if let Some(proof) = Avx2::detect() {
        operations_equal_big_integers::<Field25<Ymm>>(proof);
    }
}

#[test]
fn what_is_loaded_is_stored_reduced() {
    for byte in [0, 1, 0x7F, 0x80, 0xEC, 0xED, 0xFF] {
        let mut bytes = [0xFF; 32];
        bytes[0] = byte;
        let mut masked = bytes;
        masked[31] &= 0x7F;
        let expected = Number(words(&masked)).reduced();
        assert_eq!(stored(Field51::<Twin>::load((), &[bytes; 8])), vec![expected; 8]);
        assert_eq!(stored(Field25::<Twin>::load((), &[bytes; 8])), vec![expected; 8]);
    }
}
