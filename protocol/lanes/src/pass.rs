//! One pass over a batch on lanes: decode or map, multiply, add multiples of fixed bases, encode.

use super::{
    BadPoint, BadPointKind, Factor, Input, Output, Pass, Scalars,
    curve::Extended,
    digits::Digits,
    field::{ABREAST, Constants, Field, Proof},
    multiply::{Multiply, MultiplyOnto, Table},
    ristretto::{decode, encode, encode_doubles, map},
    vector::{Job, Word},
};
use crate::ELEMENT_BYTES;

/// Points encoded with one inversion a strand: the working set (about 110 KiB) stays in the second cache.
const POINTS_PER_CHUNK: usize = 256;

/// The pass for one field.
pub(super) struct Run<'a, F: Field> {
    pub(super) pass: &'a Pass<'a>,
    /// The addends' tables, in their order.
    pub(super) tables: Vec<&'a Table<F>>,
}

/// Makes the table of a fixed base for one field.
pub(super) struct MakeTable<F> {
    pub(super) base: [u8; ELEMENT_BYTES],
    pub(super) digits: usize,
    pub(super) field: core::marker::PhantomData<F>,
}

impl<F: Field> Job<Proof<F>> for MakeTable<F> {
    type Output = Table<F>;

    #[inline(always)]
    fn run(self, proof: Proof<F>) -> Table<F> {
        let of = Constants::<F>::load(proof);
        let s = F::load(proof, &[self.base; 8]);
        let (_, [base, ..]) = decode(&of, &[s; ABREAST]);
        Table::of(&of, proof, &base, self.digits)
    }
}

impl<F: Field> Job<Proof<F>> for Run<'_, F> {
    type Output = Result<Vec<[u8; ELEMENT_BYTES]>, BadPoint>;

    #[inline(always)]
    fn run(self, proof: Proof<F>) -> Self::Output {
        let of = Constants::<F>::load(proof);
        let count = self.pass.len();
        let mut encoded = Vec::with_capacity(count);
        let mut points = Vec::with_capacity(POINTS_PER_CHUNK / F::Word::LANES);
        let mut own = Digits::zero();
        let (mut codes, mut more) = (Vec::new(), Vec::new());
        let shared = shared_digits(self.pass.factor);
        let more_shared = self.pass.more.and_then(|more| shared_digits(more.factor));
        for first in (0..count).step_by(POINTS_PER_CHUNK) {
            let len = POINTS_PER_CHUNK.min(count - first);
            load(&of, proof, self.pass.input, first, len, &mut points)?;
            if let Some(also) = self.pass.more {
                load(&of, proof, also.input, first, len, &mut more)?;
            }
            match (&shared, &more_shared) {
                (Some(one), Some(other)) => {
                    for (point, more) in points.iter_mut().zip(&more) {
                        let (of, points, digits) = (&of, [&*point, more], [one, other]);
                        *point = F::Word::enter(proof, Multiply { of, points, digits });
                    }
                }
                (one, other) => {
                    multiply(&of, proof, self.pass.factor, one.as_ref(), first, &mut points);
                    if let Some(also) = self.pass.more {
                        multiply(&of, proof, also.factor, other.as_ref(), first, &mut more);
                        for (point, more) in points.iter_mut().zip(&more) {
                            *point = point.add(&more.cached(&of)).extended();
                        }
                    }
                }
            }
            for (addend, table) in self.pass.addends.iter().zip(&self.tables) {
                for (point, at) in points.iter_mut().zip((first..first + len).step_by(F::Word::LANES)) {
                    match addend.scalars {
                        Scalars::Numbers(numbers) => own.set_numbers(part(numbers, at, F::Word::LANES)),
                        Scalars::Secret(scalars) => {
                            own.set_for_fixed(part(scalars, at, F::Word::LANES).iter().copied())
                        }
                    }
                    let (of, sum, digits) = (&of, &*point, &own);
                    *point = F::Word::enter(proof, MultiplyOnto { of, table, sum, digits });
                }
            }
            match self.pass.output {
                Output::Double => encode_doubles(&of, &points, &mut codes),
                Output::Nothing => codes.clear(),
                Output::Plain => encode_all(&of, &points, &mut codes),
            }
            for (code, group) in codes.iter().zip(0_usize..) {
                let left = len.saturating_sub(group * F::Word::LANES);
                encoded.extend(code.store().into_iter().take(left.min(F::Word::LANES)));
            }
        }
        Ok(encoded)
    }
}

/// The digits of a factor that all points share.
fn shared_digits(factor: Factor<'_>) -> Option<Digits> {
    match factor {
        Factor::Shared(scalar) => Some(Digits::shared(scalar)),
        Factor::One | Factor::Each(_) => None,
    }
}

/// Multiplies the points of a chunk, of which the first is the `first`-th of the pass.
#[inline(always)]
fn multiply<F: Field>(
    of: &Constants<F>,
    proof: Proof<F>,
    factor: Factor<'_>,
    shared: Option<&Digits>,
    first: usize,
    points: &mut [Extended<F>],
) {
    if let Some(digits) = shared {
        for point in &mut *points {
            *point = F::Word::enter(proof, Multiply { of, points: [&*point], digits: [digits] });
        }
    }
    if let Factor::Each(scalars) = factor {
        let mut own = Digits::zero();
        let groups = part(scalars, first, POINTS_PER_CHUNK).chunks(F::Word::LANES);
        for (point, scalars) in points.iter_mut().zip(groups) {
            own.set_secret(scalars);
            *point = F::Word::enter(proof, Multiply { of, points: [&*point], digits: [&own] });
        }
    }
}

/// The points of a chunk as they go in.
#[inline(always)]
fn load<F: Field>(
    of: &Constants<F>,
    proof: Proof<F>,
    input: Input<'_>,
    first: usize,
    len: usize,
    points: &mut Vec<Extended<F>>,
) -> Result<(), BadPoint> {
    points.clear();
    let forgiven = Some(BadPointKind::Identity);
    match input {
        Input::Difference { of: all, less } => {
            load_encoded(of, proof, part(all, first, len), first, forgiven, points)?;
            let mut others = Vec::with_capacity(points.len());
            for less in less {
                others.clear();
                load_encoded(of, proof, part(less, first, len), first, forgiven, &mut others)?;
                subtract(of, points, &others);
            }
        }
        Input::None => points.resize(len.div_ceil(F::Word::LANES), Extended::identity(of)),
        Input::Encoded(all) => load_encoded(of, proof, part(all, first, len), first, None, points)?,
        Input::Own(all) => load_encoded(of, proof, part(all, first, len), first, forgiven, points)?,
        Input::Uniform(all) => load_uniform(of, proof, part(all, first, len), points),
    }
    Ok(())
}

/// At most `len` items from the `first`-th on.
pub(super) fn part<T>(items: &[T], first: usize, len: usize) -> &[T] {
    let rest = items.get(first..).unwrap_or_default();
    rest.get(..len).unwrap_or(rest)
}

/// Decodes a chunk; `first` is the index of its first encoding, `forgiven` what does not refuse one.
#[inline(always)]
pub(super) fn load_encoded<F: Field>(
    of: &Constants<F>,
    proof: Proof<F>,
    chunk: &[[u8; ELEMENT_BYTES]],
    first: usize,
    forgiven: Option<BadPointKind>,
    points: &mut Vec<Extended<F>>,
) -> Result<(), BadPoint> {
    let zero = [0; ELEMENT_BYTES];
    for (quad, at) in chunk.chunks(ABREAST * F::Word::LANES).zip((first..).step_by(ABREAST * F::Word::LANES))
    {
        let mut s = [of.zero; ABREAST];
        for (s, group) in s.iter_mut().zip(quad.chunks(F::Word::LANES)) {
            *s = F::load(proof, &padded(group, &zero).map(|bytes| *bytes));
        }
        let (valid, decoded) = decode(of, &s);
        for (((group, valid), point), at) in
            quad.chunks(F::Word::LANES).zip(valid).zip(decoded).zip((at..).step_by(F::Word::LANES))
        {
            let valid = F::select(valid, of.one, of.zero).store();
            for ((bytes, valid), index) in group.iter().zip(valid).zip(at..) {
                let undecodable = (valid == [0; 32]).then_some(BadPointKind::NotCanonical);
                match BadPointKind::of_bytes(bytes).or(undecodable) {
                    Some(kind) if forgiven != Some(kind) => return Err(BadPoint { index, kind }),
                    Some(_) | None => {}
                }
            }
            points.push(point);
        }
    }
    Ok(())
}

/// Subtracts point by point.
#[inline(always)]
fn subtract<F: Field>(of: &Constants<F>, points: &mut [Extended<F>], others: &[Extended<F>]) {
    for (point, other) in points.iter_mut().zip(others) {
        *point = point.add(&other.cached(of).negated()).extended();
    }
}

/// RFC 9496 §4.3.4: the sum of the maps of both halves.
#[inline(always)]
fn load_uniform<F: Field>(
    of: &Constants<F>,
    proof: Proof<F>,
    chunk: &[[u8; 64]],
    points: &mut Vec<Extended<F>>,
) {
    let zero = [0; 64];
    for pair in chunk.chunks(ABREAST / 2 * F::Word::LANES) {
        let mut t = [of.zero; ABREAST];
        for ([low, high], group) in t.as_chunks_mut::<2>().0.iter_mut().zip(pair.chunks(F::Word::LANES)) {
            let lanes = padded(group, &zero);
            let mut halves = [[[0; 32]; 8]; 2];
            for (lane, bytes) in lanes.into_iter().enumerate() {
                for (half, bytes) in halves.iter_mut().zip(bytes.as_chunks::<32>().0) {
                    if let Some(half) = half.get_mut(lane) {
                        *half = *bytes;
                    }
                }
            }
            let [low_half, high_half] = &halves;
            // The top bit of each half is ignored by the load.
            (*low, *high) = (F::load(proof, low_half), F::load(proof, high_half));
        }
        let mapped = map(of, &t);
        for ([low, high], _) in mapped.as_chunks::<2>().0.iter().zip(pair.chunks(F::Word::LANES)) {
            points.push(low.add(&high.cached(of)).extended());
        }
    }
}

/// The lanes of a group of at most eight items, the missing ones filled with `fill`.
fn padded<'a, T>(items: &'a [T], fill: &'a T) -> [&'a T; 8] {
    let mut lanes = [fill; 8];
    for (lane, item) in lanes.iter_mut().zip(items) {
        *lane = item;
    }
    lanes
}

#[inline(always)]
fn encode_all<F: Field>(of: &Constants<F>, points: &[Extended<F>], codes: &mut Vec<F>) {
    codes.clear();
    for quad in points.chunks(ABREAST) {
        let mut four = [Extended::identity(of); ABREAST];
        for (place, point) in four.iter_mut().zip(quad) {
            *place = *point;
        }
        codes.extend(encode(of, &four).into_iter().take(quad.len()));
    }
}
