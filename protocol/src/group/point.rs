//! Arithmetic inside the crate, where the identity may occur between two encodings; ElGamal ciphertexts.
//!
//! Nothing here leaves the crate. Points that leave are encoded by the passes of `mixing`, which have just
//! re-randomised them; an encoded identity then has probability 2^-252 and the next party would refuse it.

use curve25519_dalek::{
    ristretto::RistrettoPoint,
    scalar::Scalar,
    traits::{Identity, IsIdentity},
};
use rand_core::CryptoRng;

use super::{ELEMENT_BYTES, GroupError, random_element};

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

    /// The canonical encoding.
    pub(crate) fn encode(&self) -> [u8; ELEMENT_BYTES] {
        self.0.compress().to_bytes()
    }

    /// Reads 32 bytes that a peer sent; the identity is refused.
    pub(crate) fn decode(bytes: &[u8; ELEMENT_BYTES]) -> Result<Self, GroupError> {
        super::Element::decode(bytes).map(|element| element.point())
    }
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
}
