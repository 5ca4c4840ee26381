//! Arithmetic inside the crate, where the identity may occur between two encodings; ElGamal ciphertexts.
//!
//! Nothing here leaves the crate. Points that leave are encoded by the passes of `mixing`, which have just
//! re-randomised them; an encoded identity then has probability 2^-252 and the next party would refuse it.

use curve25519_dalek::{
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
    traits::{Identity, IsIdentity},
};
use rand_core::CryptoRng;

use super::{CollectiveKeys, ELEMENT_BYTES, GroupError, SecretScalar, random_element};

/// A point, the identity included.
#[derive(Clone, Copy)]
pub(crate) struct Point(pub(super) RistrettoPoint);

impl Point {
    /// The identity.
    pub(crate) fn identity() -> Self {
        Self(RistrettoPoint::identity())
    }

    /// `m G` for a public or secret number, constant-time.
    pub(crate) fn multiple_of_base(number: u32) -> Self {
        Self(RistrettoPoint::mul_base(&Scalar::from(number)))
    }

    /// True for the identity.
    pub(crate) fn is_identity(&self) -> bool {
        self.0.is_identity()
    }

    /// `self - other`.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        Self(self.0 - other.0)
    }

    /// `scalar * self`, constant-time.
    pub(crate) fn times(&self, scalar: &SecretScalar) -> Self {
        Self(self.0 * scalar.0)
    }

    /// The canonical encoding.
    pub(crate) fn encode(&self) -> [u8; ELEMENT_BYTES] {
        self.0.compress().to_bytes()
    }

    /// Reads 32 bytes that a peer sent; the identity is refused.
    pub(crate) fn decode(bytes: &[u8; ELEMENT_BYTES]) -> Result<Self, GroupError> {
        super::Element::decode(bytes).map(|element| element.point())
    }
}

/// Encodes the *doubles* of many points with one inversion: 0.6 µs a point instead of 4.4 µs.
pub(crate) fn double_and_encode_batch(points: &[Point]) -> impl Iterator<Item = [u8; ELEMENT_BYTES]> + use<> {
    let encoded = RistrettoPoint::double_and_compress_batch(points.iter().map(|point| &point.0));
    encoded.into_iter().map(|CompressedRistretto(bytes)| bytes)
}

/// An exponential ElGamal ciphertext `(A, B)` under one column key (SPEC §6.1).
#[derive(Clone, Copy)]
pub(crate) struct Ciphertext {
    /// `rho G`.
    pub(crate) a: Point,
    /// `rho Y + M`.
    pub(crate) b: Point,
}

impl Ciphertext {
    /// The trivial encryption `(0, m G)`: to be re-randomised before it leaves.
    pub(crate) fn trivial(number: u32) -> Self {
        Self { a: Point::identity(), b: Point::multiple_of_base(number) }
    }

    /// The trivial encryption of a uniformly random point, which nothing decodes.
    pub(crate) fn trivial_undecodable<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self { a: Point::identity(), b: random_element(rng).point() }
    }

    /// The ciphertext of the difference of two plaintexts under the same key.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        Self { a: self.a.minus(&other.a), b: self.b.minus(&other.b) }
    }

    /// `(A + delta G, B + delta Y)`. Two fixed-base multiplications, constant-time.
    pub(crate) fn rerandomise(&self, key: &ColumnKey<'_>, delta: &SecretScalar) -> Self {
        Self {
            a: Point(self.a.0 + RistrettoPoint::mul_base(&delta.0)),
            b: Point(self.b.0 + key.keys.masked(key.index, &delta.0)),
        }
    }

    /// `(z A, z B)`, constant-time.
    pub(crate) fn times(&self, scalar: &SecretScalar) -> Self {
        Self { a: self.a.times(scalar), b: self.b.times(scalar) }
    }
}

/// One of a round's column keys, known to exist.
pub(crate) struct ColumnKey<'a> {
    pub(super) keys: &'a CollectiveKeys,
    pub(super) index: usize,
}

impl ColumnKey<'_> {
    /// `rho/2 Y + m/2 G`, to be doubled by batch encoding. Constant-time.
    pub(crate) fn half_mask(&self, half_rho: &SecretScalar, number: u32) -> Point {
        let half_number = Scalar::from(number).div_by_2();
        Point(self.keys.masked(self.index, &half_rho.0) + RistrettoPoint::mul_base(&half_number))
    }

    /// `rho/2 Y + R` with a uniformly random `R`: undecodable.
    pub(crate) fn half_mask_undecodable<R: CryptoRng + ?Sized>(
        &self,
        half_rho: &SecretScalar,
        rng: &mut R,
    ) -> Point {
        Point(self.keys.masked(self.index, &half_rho.0) + random_element(rng).0)
    }

    /// `B + delta Y`.
    pub(crate) fn remask(&self, point: &Point, delta: &SecretScalar) -> Point {
        Point(point.0 + self.keys.masked(self.index, &delta.0))
    }
}

impl SecretScalar {
    /// `self G`, constant-time.
    pub(crate) fn times_base(&self) -> Point {
        Point(RistrettoPoint::mul_base(&self.0))
    }
}

impl Point {
    /// `self + other`.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(self.0 + other.0)
    }
}
