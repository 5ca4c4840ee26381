//! What the passes over batches are measured with: the same multiplications on every backend, and one point at a time with
//! `curve25519-dalek` beside them (`docs/performance.md`). For `bench` commands; a round never comes here.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{
    Addend, Backend, BadPoint, ELEMENT_BYTES, Factor, FixedBase, Input, MatchPoint, Output, Pass, Scalars,
    SecretScalar,
};

/// One scalar for every multiplication.
pub struct Yardstick(SecretScalar);

impl Yardstick {
    /// Draws the scalar from a seed.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self(SecretScalar::random(&mut ChaCha20Rng::from_seed(seed)))
    }

    /// An owner's pass over match points: map, multiply, encode.
    #[must_use]
    pub fn first(&self, backend: Backend, points: &[MatchPoint]) -> Vec<[u8; ELEMENT_BYTES]> {
        let uniform: Vec<[u8; 64]> = points.iter().map(|point| *point.uniform()).collect();
        backend.map_and_raise(&uniform, &self.0)
    }

    /// A hop over tokens: decode, multiply, encode.
    ///
    /// # Errors
    ///
    /// [`BadPoint`] for the first encoding that is refused.
    pub fn hop(
        &self,
        backend: Backend,
        tokens: &[[u8; ELEMENT_BYTES]],
    ) -> Result<Vec<[u8; ELEMENT_BYTES]>, BadPoint> {
        backend.raise(tokens, &self.0)
    }

    /// A hop over one column of ciphertext points: decode, add a multiple of a fixed base, encode doubles.
    ///
    /// # Errors
    ///
    /// As [`hop`](Self::hop).
    pub fn mask(
        &self,
        backend: Backend,
        column: &[[u8; ELEMENT_BYTES]],
    ) -> Result<Vec<[u8; ELEMENT_BYTES]>, BadPoint> {
        let deltas = vec![&self.0; column.len()];
        let addends = [Addend { base: FixedBase::generator(), scalars: Scalars::Secret(&deltas) }];
        let (input, factor, output) = (Input::Encoded(column), Factor::One, Output::Double);
        backend.run(&Pass { input, factor, more: None, addends: &addends, output })
    }

    /// [`first`](Self::first) with `curve25519-dalek`, one point at a time, about 35 µs each.
    #[must_use]
    pub fn first_singly(&self, points: &[MatchPoint]) -> Vec<[u8; ELEMENT_BYTES]> {
        let one = |point: &MatchPoint| RistrettoPoint::from_uniform_bytes(point.uniform()) * self.0.scalar();
        points.iter().map(|point| one(point).compress().to_bytes()).collect()
    }

    /// [`hop`](Self::hop) with `curve25519-dalek`, one point at a time, about 30 µs each. An encoding that is refused stays out.
    #[must_use]
    pub fn hop_singly(&self, tokens: &[[u8; ELEMENT_BYTES]]) -> Vec<[u8; ELEMENT_BYTES]> {
        let decoded = tokens.iter().filter_map(|token| CompressedRistretto(*token).decompress());
        decoded.map(|point| (point * self.0.scalar()).compress().to_bytes()).collect()
    }

    /// [`mask`](Self::mask) with `curve25519-dalek`, one point at a time, about 20 µs each. An encoding that is refused stays out.
    #[must_use]
    pub fn mask_singly(&self, column: &[[u8; ELEMENT_BYTES]]) -> Vec<[u8; ELEMENT_BYTES]> {
        let decoded = column.iter().filter_map(|point| CompressedRistretto(*point).decompress());
        let masked = |point: RistrettoPoint| point + RistrettoPoint::mul_base(self.0.scalar());
        decoded.map(masked).map(|point| (point + point).compress().to_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        group::hash_to_element,
        ids::{Digest, RoundId},
    };

    #[test]
    fn every_backend_is_measured_doing_the_same() {
        let yardstick = Yardstick::new([3; 32]);
        let point = |number: u8| hash_to_element(&Digest([1; 32]), &RoundId([2; 16]), &[&[number]]);
        let points: Vec<MatchPoint> = (0..20).map(point).collect();
        let tokens = yardstick.first_singly(&points);
        let (hopped, masked) = (yardstick.hop_singly(&tokens), yardstick.mask_singly(&tokens));
        assert_eq!(hopped.len(), 20);
        for backend in Backend::available() {
            assert_eq!(yardstick.first(backend, &points), tokens, "{backend:?}");
            assert_eq!(yardstick.hop(backend, &tokens).unwrap(), hopped, "{backend:?}");
            assert_eq!(yardstick.mask(backend, &tokens).unwrap(), masked, "{backend:?}");
        }
    }
}
