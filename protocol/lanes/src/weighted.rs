//! Sums of points times public 128-bit weights, which decryption proofs are about.
//!
//! Every digit position has a sum of its own in every lane, so that the doublings are made once, at the end. The weights are
//! public; points are handled as everywhere.

use core::marker::PhantomData;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};

use super::{
    BadPoint,
    curve::{Cached, Extended, turned},
    digits::{DIGITS_OF_WEIGHT, Digit, Digits},
    field::{ABREAST, Constants, Field, Proof},
    multiply::{MakeMultiples, scan},
    pass::{load_encoded, part},
    ristretto::encode,
    vector::{Job, Word},
};
use crate::ELEMENT_BYTES;

/// What every lane has summed at each digit position, lowest first.
type Sums<F> = [Extended<F>; DIGITS_OF_WEIGHT];

/// The sum of one batch, a part of it in every lane.
pub(super) struct Sum<'a, F> {
    points: &'a [[u8; ELEMENT_BYTES]],
    weights: &'a [u128],
    field: PhantomData<F>,
}

impl<'a, F> Sum<'a, F> {
    /// As many points as there are weights.
    pub(super) fn of(points: &'a [[u8; ELEMENT_BYTES]], weights: &'a [u128]) -> Self {
        let count = points.len().min(weights.len());
        Self { points: part(points, 0, count), weights: part(weights, 0, count), field: PhantomData }
    }
}

impl<F: Field> Job<Proof<F>> for Sum<'_, F> {
    type Output = Result<Vec<[u8; ELEMENT_BYTES]>, BadPoint>;

    #[inline(always)]
    fn run(self, proof: Proof<F>) -> Self::Output {
        let of = &Constants::<F>::load(proof);
        let mut sums = [Extended::identity(of); DIGITS_OF_WEIGHT];
        let mut digits = Digits::zero();
        let mut points = Vec::with_capacity(ABREAST);
        let quad = ABREAST * F::Word::LANES;
        for first in (0..self.points.len()).step_by(quad) {
            points.clear();
            load_encoded(of, proof, part(self.points, first, quad), first, None, &mut points)?;
            for (point, at) in points.iter().zip((first..).step_by(F::Word::LANES)) {
                digits.set_weights(part(self.weights, at, F::Word::LANES));
                F::Word::enter(proof, Accumulate { of, point, digits: &digits, sums: &mut sums });
            }
        }
        let mut total = Extended::identity(of);
        for sum in sums.iter().rev() {
            for _ in 0..4 {
                total = total.doubled().extended();
            }
            total = total.add(&sum.cached(of)).extended();
        }
        let [code, ..] = encode(of, &[total; ABREAST]);
        Ok(code.store().into_iter().take(F::Word::LANES).collect())
    }
}

/// Adds one group of points, times their digits, to the sums of all positions.
struct Accumulate<'a, F: Field> {
    of: &'a Constants<F>,
    point: &'a Extended<F>,
    digits: &'a Digits,
    sums: &'a mut Sums<F>,
}

impl<F: Field> Job<Proof<F>> for Accumulate<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self, proof: Proof<F>) {
        let multiples = F::Word::enter(proof, MakeMultiples { of: self.of, point: self.point });
        let zero = Cached::identity(self.of);
        for (sum, lanes) in self.sums.iter_mut().zip(self.digits.lowest(DIGITS_OF_WEIGHT)) {
            let digit = Digit::<F::Word>::load(proof, lanes);
            let wanted = digit.wanted();
            let plus = scan!(&multiples, wanted, plus, zero);
            let minus = scan!(&multiples, wanted, minus, zero);
            let twice_z = scan!(&multiples, wanted, twice_z, zero);
            let twice_dt = scan!(&multiples, wanted, twice_dt, zero);
            let (plus, minus, twice_dt) = turned(digit.is_negative, plus, minus, twice_dt);
            *sum = sum.add(&Cached { plus, minus, twice_z, twice_dt }).extended();
        }
    }
}

/// The sum over the lanes.
pub(super) fn total(lanes: &[[u8; ELEMENT_BYTES]]) -> RistrettoPoint {
    // Encodings just made: each is one.
    lanes.iter().filter_map(|code| CompressedRistretto(*code).decompress()).sum()
}
