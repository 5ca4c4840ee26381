//! A pass by `curve25519-dalek`, one point after the other: for every processor without lanes, and what the others are held to.

use curve25519_dalek::{
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
    traits::{Identity, VartimeMultiscalarMul},
};

use super::{Addend, BadPoint, BadPointKind, Factor, Input, Output, Pass, Scalars};
use crate::ELEMENT_BYTES;

/// Points encoded with one inversion: enough to share it, few enough to stay in cache.
const POINTS_PER_CHUNK: usize = 256;

pub(super) fn run(pass: &Pass<'_>) -> Result<Vec<[u8; ELEMENT_BYTES]>, BadPoint> {
    let indices: Vec<usize> = (0..pass.len()).collect();
    let mut encoded = Vec::with_capacity(indices.len());
    for chunk in indices.chunks(POINTS_PER_CHUNK) {
        let inputs: Result<Vec<_>, BadPoint> = chunk.iter().map(|index| input(pass.input, *index)).collect();
        let points: Vec<_> =
            inputs?.into_iter().zip(chunk).map(|(point, index)| result(pass, point, *index)).collect();
        match pass.output {
            Output::Double => encoded.extend(RistrettoPoint::double_and_compress_batch(&points)),
            Output::Nothing => {}
            Output::Plain => encoded.extend(points.iter().map(RistrettoPoint::compress)),
        }
    }
    Ok(encoded.iter().map(CompressedRistretto::to_bytes).collect())
}

/// `sum of weights[i] * points[i]`.
pub(super) fn weighted_sum(
    points: &[[u8; ELEMENT_BYTES]],
    weights: &[u128],
) -> Result<RistrettoPoint, BadPoint> {
    let count = points.len().min(weights.len());
    let points: Result<Vec<_>, BadPoint> = (0..count).map(|index| decoded(points, index, None)).collect();
    let weights = weights.iter().take(count).map(|weight| Scalar::from(*weight));
    Ok(RistrettoPoint::vartime_multiscalar_mul(weights, points?))
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

/// `factor * point + sum of addends`.
fn result(pass: &Pass<'_>, point: RistrettoPoint, index: usize) -> RistrettoPoint {
    let multiplied = match pass.factor {
        Factor::One => point,
        Factor::Shared(scalar) => point * scalar.0,
        Factor::Each(scalars) => scalars.get(index).map_or(point, |scalar| point * scalar.0),
    };
    let multiple = |addend: &Addend<'_>| {
        let table = addend.base.portable();
        match addend.scalars {
            Scalars::Numbers(numbers) => numbers.get(index).map(|number| table * &Scalar::from(*number)),
            Scalars::Secret(scalars) => scalars.get(index).map(|scalar| table * &scalar.0),
        }
    };
    pass.addends.iter().filter_map(multiple).fold(multiplied, |sum, multiple| sum + multiple)
}
