//! The fields against big integers, with limbs at the bounds their heads claim, on the twin that stops at an overflow and on
//! the instructions.

use super::super::{
    field::{Field, Proof, is_negative, is_zero, mul},
    field25::Field25,
    field51::{Field51, words},
    vector::{Job, Lanes, Word, twin::Twin},
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

    fn less(self, other: Self) -> Self {
        self.plus(other.negated())
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

/// What the formulas do with two elements, up to the largest combinations of products that they make.
#[derive(Clone, Copy)]
enum Operation {
    Difference,
    DifferenceFactor,
    DifferencesOfSums,
    FourProducts,
    IsNegative,
    IsZero,
    Product,
    ProductNegated,
    Square,
    SquareOfSum,
    Sum,
    SumFactor,
    ThreeLessTwo,
    ThreeProducts,
}

/// The same on numbers.
type OfNumbers = fn(Number, Number) -> Number;

const OPERATIONS: [(Operation, OfNumbers); 14] = [
    (Operation::Difference, |a, b| a.less(b)),
    (Operation::DifferenceFactor, |a, b| a.less(b).times(a)),
    (Operation::DifferencesOfSums, |a, b| a.plus(b).times(b).less(a.less(b).times(a))),
    (Operation::FourProducts, |a, b| a.plus(b).times(b).plus(a.less(b).times(a))),
    (Operation::IsNegative, |a, _| Number([a.0[0] & 1, 0, 0, 0])),
    (Operation::IsZero, |a, _| Number([u64::from(a == Number::ZERO), 0, 0, 0])),
    (Operation::Product, Number::times),
    (Operation::ProductNegated, |a, b| a.times(b.negated())),
    (Operation::Square, |a, _| a.times(a)),
    (Operation::SquareOfSum, |a, b| a.times(b).plus(a.times(b))),
    (Operation::Sum, Number::plus),
    (Operation::SumFactor, |a, b| a.plus(b).times(a)),
    // (ab + 2 bb - (ab - ab)) (a - b): what comes out of a combination may be multiplied again.
    (Operation::ThreeLessTwo, |a, b| a.times(b).plus(b.times(b)).plus(b.times(b)).times(a.less(b))),
    (Operation::ThreeProducts, |a, b| a.times(b).plus(b.times(b)).plus(b.times(b))),
];

/// One operation, compiled for the instructions.
struct Operate<F> {
    operation: Operation,
    a: F,
    b: F,
    one: F,
}

impl<F: Field> Job<Proof<F>> for Operate<F> {
    type Output = F;

    #[inline(always)]
    fn run(self, _: Proof<F>) -> F {
        let Self { operation, a, b, one } = self;
        let zero = one.difference(one);
        let (ab, bb) = (a.mul_wide(b), b.square_wide());
        let three = F::wide_sum(F::wide_sum(ab, bb), bb);
        let (of_sum, of_difference) = (a.sum_factor(b).mul_wide(b), a.difference_factor(b).mul_wide(a));
        let minus_ab = a.mul_wide(b.negated_factor());
        match operation {
            Operation::Difference => a.difference(b),
            Operation::DifferenceFactor => F::carried(of_difference),
            Operation::DifferencesOfSums => F::wide_difference(of_sum, of_difference),
            Operation::FourProducts => F::carried(F::wide_sum(of_sum, of_difference)),
            Operation::IsNegative => F::select(is_negative(a), one, zero),
            Operation::IsZero => F::select(is_zero(a), one, zero),
            Operation::Product => F::carried(ab),
            Operation::ProductNegated => F::carried(minus_ab),
            Operation::Square => F::carried(a.square_wide()),
            Operation::SquareOfSum => {
                F::wide_difference(a.sum_factor(b).square_wide(), F::wide_sum(a.square_wide(), bb))
            }
            Operation::Sum => a.sum(b),
            Operation::SumFactor => F::carried(a.sum_factor(b).mul_wide(a)),
            Operation::ThreeLessTwo => {
                mul(F::wide_difference(three, F::wide_sum(minus_ab, ab)), a.difference(b))
            }
            Operation::ThreeProducts => F::carried(three),
        }
    }
}

fn operations_equal_big_integers<F: Limbs>(proof: Proof<F>) {
    for seed in 0..24 {
        let (a, a_numbers) = elements::<F>(proof, seed);
        for other in [seed, seed + 1, seed + 3, seed + 100] {
            let (b, b_numbers) = elements::<F>(proof, other);
            for (index, (operation, of_numbers)) in OPERATIONS.into_iter().enumerate() {
                let expected: Vec<_> =
                    a_numbers.iter().zip(&b_numbers).map(|(a, b)| of_numbers(*a, *b)).collect();
                let result = F::Word::enter(proof, Operate { operation, a, b, one: one(proof) });
                assert_eq!(stored(result), expected, "operation {index}, elements {seed} and {other}");
            }
        }
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
