//! A group element as peers exchange it: canonical, never the identity, 32 bytes (RFC 9496 §4.3.1, §4.3.2).

use core::fmt;

use curve25519_dalek::{
    ristretto::{CompressedRistretto, RistrettoPoint},
    traits::IsIdentity,
};
use rand_core::CryptoRng;

use super::{ELEMENT_BYTES, GroupError, Point};
use crate::codec::{CodecError, Decode, Encode, Reader};

/// A decoded element of ristretto255 other than the identity. `Debug` does not show it: a match point can be
/// guessed back from low-entropy fields.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Element(pub(super) RistrettoPoint);

impl Element {
    /// Reads the canonical encoding of an element.
    ///
    /// # Errors
    ///
    /// [`GroupError::NotCanonical`] for any other bytes, [`GroupError::Identity`] for the identity.
    ///
    /// # Cost
    ///
    /// About 5 µs.
    pub fn decode(bytes: &[u8; ELEMENT_BYTES]) -> Result<Self, GroupError> {
        let point = CompressedRistretto(*bytes).decompress().ok_or(GroupError::NotCanonical)?;
        if point.is_identity() { Err(GroupError::Identity) } else { Ok(Self(point)) }
    }

    /// The canonical encoding, about 5 µs.
    #[must_use]
    pub fn encode(&self) -> [u8; ELEMENT_BYTES] {
        self.0.compress().to_bytes()
    }

    /// This element times `scalar`: again not the identity, because neither is zero. Constant-time, about 30 µs.
    #[cfg(test)]
    pub(crate) fn times(&self, scalar: &super::SecretScalar) -> Self {
        Self(self.0 * scalar.scalar())
    }

    /// The element for arithmetic in which the identity may occur.
    pub(crate) fn point(&self) -> Point {
        Point(self.0)
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Element(redacted)")
    }
}

impl Encode for Element {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&Element::encode(self));
    }
}

impl Decode for Element {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let expected = "a canonical group element other than the identity";
        Element::decode(&reader.array()?).map_err(|_| CodecError::Invalid { position, expected })
    }
}

/// A uniformly random element: what stands for a missing match key (SPEC §4).
pub fn random_element<R: CryptoRng + ?Sized>(rng: &mut R) -> Element {
    loop {
        let mut bytes = [0; 64];
        rng.fill_bytes(&mut bytes);
        let point = RistrettoPoint::from_uniform_bytes(&bytes);
        if !point.is_identity() {
            return Element(point);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    #[test]
    fn bad_identity_is_refused_as_such() {
        assert_eq!(Element::decode(&[0; 32]), Err(GroupError::Identity));
    }

    #[test]
    fn debug_does_not_show_the_point() {
        let element = random_element(&mut ChaCha20Rng::from_seed([1; 32]));
        assert_eq!(format!("{element:?}"), "Element(redacted)");
    }

    proptest! {
        #[test]
        fn what_decodes_re_encodes(bytes in any::<[u8; 32]>(), seed in any::<[u8; 32]>()) {
            if let Ok(element) = Element::decode(&bytes) {
                prop_assert_eq!(element.encode(), bytes);
            }
            let element = random_element(&mut ChaCha20Rng::from_seed(seed));
            prop_assert_eq!(Element::decode(&element.encode()), Ok(element));
            prop_assert_eq!(Element::from_bytes(&element.to_bytes()), Ok(element));
        }
    }
}
