//! A pass by `curve25519-dalek`, one point after the other: for every processor without lanes, and what the others are held to.

use curve25519_dalek::{
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
    traits::{Identity, VartimeMultiscalarMul},
};

use super::{
    Addend, BadPoint, BadPointKind, Factor, Input, Output, Pass, Scalars, WEIGHED_TOGETHER, weighted::weighed,
};
use crate::ELEMENT_BYTES;

/// Points encoded with one inversion: enough to share it, few enough to stay in cache.
const POINTS_PER_CHUNK: usize = 256;

pub(super) fn run(pass: &Pass<'_>) -> Result<Vec<[u8; ELEMENT_BYTES]>, BadPoint> {
    let indices: Vec<usize> = (0..pass.len()).collect();
    let mut encoded = Vec::with_capacity(indices.len());
    for chunk in indices.chunks(POINTS_PER_CHUNK) {
        let inputs: Result<Vec<_>, BadPoint> = chunk.iter().map(|index| input(pass.input, *index)).collect();
        let more = |index: &usize| pass.more.map(|more| input(more.input, *index)).transpose();
        let more: Result<Vec<_>, BadPoint> = chunk.iter().map(more).collect();
        let points: Vec<_> = (inputs?.into_iter().zip(more?).zip(chunk))
            .map(|((point, more), index)| result(pass, point, more, *index))
            .collect();
        match pass.output {
            Output::Double => encoded.extend(RistrettoPoint::double_and_compress_batch(&points)),
            Output::Nothing => {}
            Output::Plain => encoded.extend(points.iter().map(RistrettoPoint::compress)),
        }
    }
    Ok(encoded.iter().map(CompressedRistretto::to_bytes).collect())
}

/// As [`super::Backend::weighted_sums`].
pub(super) fn weighted_sums(
    points: &[[u8; ELEMENT_BYTES]],
    first: usize,
    weights: &[u128],
) -> Result<[RistrettoPoint; WEIGHED_TOGETHER], BadPoint> {
    let (points, first) = weighed(points, first, weights);
    let decoded: Vec<RistrettoPoint> =
        (0..points.len()).map(|index| decoded(points, index, None)).collect::<Result<_, _>>()?;
    let weights: Vec<Scalar> = weights.iter().map(|weight| Scalar::from(*weight)).collect();
    let mut sums = [RistrettoPoint::identity(); WEIGHED_TOGETHER];
    for (lane, sum) in sums.iter_mut().enumerate() {
        // The first point of the lane has the first weight if the lane does not lie before the first point.
        let skipped = usize::from(lane < first);
        let begin = (lane + skipped * WEIGHED_TOGETHER).saturating_sub(first);
        let of_lane = || decoded.iter().skip(begin).step_by(WEIGHED_TOGETHER);
        let weights = weights.iter().skip(skipped).take(of_lane().count());
        *sum = RistrettoPoint::vartime_multiscalar_mul(weights, of_lane());
    }
    Ok(sums)
}

fn input(input: Input<'_>, index: usize) -> Result<RistrettoPoint, BadPoint> {
    match input {
        Input::None => Ok(RistrettoPoint::identity()),
        Input::Uniform(all) => {
            Ok(all.get(index).map_or_else(RistrettoPoint::identity, RistrettoPoint::from_uniform_bytes))
        }
        Input::Encoded(all) => decoded(all, index, None),
        Input::Own(all) => decoded(all, index, Some(BadPointKind::Identity)),
        Input::Difference { of, less } => {
            let forgiven = Some(BadPointKind::Identity);
            let mut point = decoded(of, index, forgiven)?;
            for less in less {
                point -= decoded(less, index, forgiven)?;
            }
            Ok(point)
        }
    }
}

fn decoded(
    all: &[[u8; ELEMENT_BYTES]],
    index: usize,
    forgiven: Option<BadPointKind>,
) -> Result<RistrettoPoint, BadPoint> {
    let Some(bytes) = all.get(index) else { return Ok(RistrettoPoint::identity()) };
    let point = CompressedRistretto(*bytes).decompress();
    let undecodable = point.is_none().then_some(BadPointKind::NotCanonical);
    match BadPointKind::of_bytes(bytes).or(undecodable) {
        Some(kind) if forgiven != Some(kind) => Err(BadPoint { index, kind }),
        Some(_) | None => Ok(point.unwrap_or_default()),
    }
}

/// `factor * point`.
fn multiplied(factor: Factor<'_>, point: RistrettoPoint, index: usize) -> RistrettoPoint {
    match factor {
        Factor::One => point,
        Factor::Shared(scalar) => point * scalar.0,
        Factor::Each(scalars) => scalars.get(index).map_or(point, |scalar| point * scalar.0),
    }
}

/// `factor * point + more + sum of addends`.
fn result(
    pass: &Pass<'_>,
    point: RistrettoPoint,
    more: Option<RistrettoPoint>,
    index: usize,
) -> RistrettoPoint {
    let more = pass.more.zip(more).map(|(more, point)| multiplied(more.factor, point, index));
    let sum = multiplied(pass.factor, point, index) + more.unwrap_or_default();
    let multiple = |addend: &Addend<'_>| {
        let table = addend.base.portable();
        match addend.scalars {
            Scalars::Numbers(numbers) => numbers.get(index).map(|number| table * &Scalar::from(*number)),
            Scalars::Secret(scalars) => scalars.get(index).map(|scalar| table * &scalar.0),
        }
    };
    pass.addends.iter().filter_map(multiple).fold(sum, |sum, multiple| sum + multiple)
}
