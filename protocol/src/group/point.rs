//! Points inside the crate, where the identity may occur between two encodings.
//!
//! Nothing here leaves the crate. Points that leave are encoded by the passes of `mixing`, which have just
//! re-randomised them; an encoded identity then has probability 2^-252 and the next party would refuse it.

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};

use super::{ELEMENT_BYTES, GroupError};

/// A point, the identity included.
#[derive(Clone, Copy)]
pub(crate) struct Point(pub(super) RistrettoPoint);

impl Point {
    /// `2^doublings m G`, for at most 127 doublings.
    pub(crate) fn doubled_multiple_of_base(number: u32, doublings: usize) -> Self {
        let power = Scalar::from(1_u128 << (doublings % 128));
        Self(RistrettoPoint::mul_base(&(Scalar::from(number) * power)))
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
