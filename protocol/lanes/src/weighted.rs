//! Sums of points times public 128-bit weights, which decryption proofs are about.
//!
//! Eight points that stand one after the other share a weight and each goes into a sum of its own: a sum a lane. So a digit of a
//! weight names one bucket for a whole vector, and a point costs one addition for each digit (Pippenger's buckets, without one lane
//! waiting for another's). Weights are public, and so is which bucket is touched; points are handled as everywhere.

use core::marker::PhantomData;

use super::{
    BadPoint, BadPointKind, WEIGHED_TOGETHER,
    curve::{Affine, Extended, turned},
    digits::{DIGITS_OF_WEIGHT, LARGEST_OF_WEIGHT, recoded_weight},
    field::{ABREAST, Constants, Field, Proof, mul},
    pass::{load_encoded, part},
    ristretto::encode,
    vector::{Job, Word},
};
use crate::ELEMENT_BYTES;

/// Groups of eight points whose buckets are emptied together: a megabyte of points, most of which stays in the second cache.
pub(super) const GROUPS: usize = 1024;

/// The lanes' sums of one batch.
pub(super) struct LaneSums<'a, F> {
    points: &'a [[u8; ELEMENT_BYTES]],
    first: usize,
    weights: &'a [u128],
    field: PhantomData<F>,
}

impl<'a, F> LaneSums<'a, F> {
    /// Of points of which the first stands in lane `first`, below eight; one weight for each eight, beginning with the first point's.
    pub(super) fn of(points: &'a [[u8; ELEMENT_BYTES]], first: usize, weights: &'a [u128]) -> Self {
        let (points, first) = weighed(points, first, weights);
        Self { points, first, weights, field: PhantomData }
    }
}

/// The points that have a weight, and the lane of the first.
pub(super) fn weighed<'a>(
    points: &'a [[u8; ELEMENT_BYTES]],
    first: usize,
    weights: &[u128],
) -> (&'a [[u8; ELEMENT_BYTES]], usize) {
    let first = first % WEIGHED_TOGETHER;
    (part(points, 0, weights.len().saturating_mul(WEIGHED_TOGETHER).saturating_sub(first)), first)
}

impl<F: Field> Job<Proof<F>> for LaneSums<'_, F> {
    type Output = Result<[[u8; ELEMENT_BYTES]; WEIGHED_TOGETHER], BadPoint>;

    #[inline(always)]
    fn run(self, proof: Proof<F>) -> Self::Output {
        let of = &Constants::<F>::load(proof);
        let sets = WEIGHED_TOGETHER / F::Word::LANES;
        let mut totals = [Extended::identity(of); ABREAST];
        let (mut at, mut lead) = (0, self.first);
        let (mut points, mut affine) = (Vec::new(), Vec::new());
        for weights in self.weights.chunks(GROUPS) {
            // Lanes before the first point hold the identity, and so do those behind the last.
            let mut encodings = vec![[0; ELEMENT_BYTES]; lead];
            let len = weights.len() * WEIGHED_TOGETHER - lead;
            let given = part(self.points, at, len);
            encodings.extend_from_slice(given);
            encodings.resize(weights.len() * WEIGHED_TOGETHER, [0; ELEMENT_BYTES]);
            points.clear();
            let forgiven = Some(BadPointKind::Identity);
            let loaded = load_encoded(of, proof, &encodings, 0, forgiven, &mut points);
            let refused = loaded.err().map(|bad| BadPoint { index: at + bad.index - lead, ..bad });
            if let Some(index) = given.iter().position(|bytes| *bytes == [0; ELEMENT_BYTES]) {
                let identity = BadPoint { index: at + index, kind: BadPointKind::Identity };
                return Err(refused.filter(|bad| bad.index < identity.index).unwrap_or(identity));
            }
            if let Some(bad) = refused {
                return Err(bad);
            }
            affine.clear();
            for point in &points {
                // Just decoded: Z is 1.
                affine.push(Affine {
                    plus: point.y.sum(point.x),
                    minus: point.y.difference(point.x),
                    twice_dt: mul(point.t, of.twice_d),
                });
            }
            let digits: Vec<_> = weights.iter().map(|weight| recoded_weight(*weight)).collect();
            for (set, total) in totals.iter_mut().enumerate().take(sets) {
                let mut sum = Extended::identity(of);
                for digit in (0..DIGITS_OF_WEIGHT).rev() {
                    for _ in 0..LARGEST_OF_WEIGHT.ilog2() + 1 {
                        sum = sum.doubled().extended();
                    }
                    let points = affine.get(set..).unwrap_or_default();
                    let of_digit =
                        F::Word::enter(proof, OfDigit { of, points, sets, digits: &digits, digit });
                    sum = sum.add(&of_digit.cached(of)).extended();
                }
                *total = total.add(&sum.cached(of)).extended();
            }
            at += len;
            lead = 0;
        }
        let codes = encode(of, &totals);
        let mut lanes = [[0; ELEMENT_BYTES]; WEIGHED_TOGETHER];
        for (lanes, code) in lanes.chunks_mut(F::Word::LANES).zip(codes) {
            for (lane, bytes) in lanes.iter_mut().zip(code.store()) {
                *lane = bytes;
            }
        }
        Ok(lanes)
    }
}

/// The sum of every `sets`-th vector of points times one digit of its weight.
struct OfDigit<'a, F: Field> {
    of: &'a Constants<F>,
    points: &'a [Affine<F>],
    sets: usize,
    digits: &'a [[i16; DIGITS_OF_WEIGHT]],
    digit: usize,
}

impl<F: Field> Job<Proof<F>> for OfDigit<'_, F> {
    type Output = Extended<F>;

    #[inline(always)]
    fn run(self, proof: Proof<F>) -> Extended<F> {
        let zero = F::Word::load(proof, &[0; 8]);
        let mut buckets = [Extended::identity(self.of); LARGEST_OF_WEIGHT];
        for (point, digits) in self.points.iter().step_by(self.sets).zip(self.digits) {
            let digit = digits.get(self.digit).copied().unwrap_or(0);
            let bucket = usize::from(digit.unsigned_abs()).checked_sub(1);
            if let Some(bucket) = bucket.and_then(|bucket| buckets.get_mut(bucket)) {
                let is_negative = zero.like(u64::from(digit.cast_unsigned() >> 15)).equals(zero.like(1));
                let (plus, minus, twice_dt) = turned(is_negative, point.plus, point.minus, point.twice_dt);
                *bucket = bucket.add_affine(&Affine { plus, minus, twice_dt }).extended();
            }
        }
        // 1 b_1 + 2 b_2 + ...: every bucket once for itself and for each below it.
        let (mut running, mut sum) = (Extended::identity(self.of), Extended::identity(self.of));
        for bucket in buckets.iter().rev() {
            running = running.add(&bucket.cached(self.of)).extended();
            sum = sum.add(&running.cached(self.of)).extended();
        }
        sum
    }
}
