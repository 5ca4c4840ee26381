//! Secret scalars: non-zero, wiped when dropped, without `Debug`, `Clone` or a codec form.

use curve25519_dalek::scalar::Scalar;
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A secret, non-zero scalar modulo the group order.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretScalar(pub(crate) Scalar);

impl SecretScalar {
    /// Draws a uniform non-zero scalar: 64 bytes reduced, bias below 2^-250.
    pub fn random<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut wide = Zeroizing::new([0; 64]);
        loop {
            rng.fill_bytes(wide.as_mut_slice());
            let scalar = Scalar::from_bytes_mod_order_wide(&wide);
            if scalar != Scalar::ZERO {
                return Self(scalar);
            }
        }
    }

    /// Reads a canonical, non-zero scalar, little-endian; `None` for zero and for any value not below the group order.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let scalar: Option<Scalar> = Scalar::from_canonical_bytes(*bytes).into();
        scalar.filter(|scalar| *scalar != Scalar::ZERO).map(Self)
    }

    /// A scalar that was computed; zero, which then has probability 2^-252, multiplies every point to the identity.
    #[must_use]
    pub fn computed(scalar: Scalar) -> Self {
        Self(scalar)
    }

    /// The scalar, for arithmetic of proofs.
    #[must_use]
    pub fn scalar(&self) -> &Scalar {
        &self.0
    }

    /// The 32 canonical bytes, for sealing to the one party that may know them.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The product of two scalars.
    #[must_use]
    pub fn product(&self, other: &Self) -> Self {
        Self(self.0 * other.0)
    }

    /// The inverse.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self(self.0.invert())
    }

    /// Half the scalar: batch encoding doubles (`double_and_encode_batch`), so passes multiply by half first.
    #[must_use]
    pub fn half(&self) -> Self {
        Self(self.0.div_by_2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    #[test]
    fn bad_scalars_are_refused() {
        assert!(SecretScalar::from_bytes(&[0; 32]).is_none());
        let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
        let order: [u8; 32] = order.try_into().unwrap();
        assert!(SecretScalar::from_bytes(&order).is_none());
        let mut one = [0; 32];
        one[0] = 1;
        assert!(SecretScalar::from_bytes(&one).is_some());
    }

    #[test]
    fn inverse_half_and_product_agree() {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let scalar = SecretScalar::random(&mut rng);
        assert_eq!(scalar.product(&scalar.inverse()).0, Scalar::ONE);
        assert_eq!(scalar.half().0 + scalar.half().0, scalar.0);
        assert_eq!(SecretScalar::from_bytes(&scalar.to_bytes()).unwrap().0, scalar.0);
    }
}
