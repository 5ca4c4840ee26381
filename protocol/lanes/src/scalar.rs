//! Secret scalars: non-zero, wiped when dropped, without `Debug`, `Clone` or a codec form.

use core::hint::black_box;

use curve25519_dalek::scalar::Scalar;
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A secret, non-zero scalar modulo the group order.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretScalar(pub(crate) Scalar);

impl SecretScalar {
    /// Draws a uniform non-zero scalar: 253 bits, drawn again until they are below the group order, which one draw in two is. What
    /// was thrown away says nothing of what was kept. Exactly uniform.
    pub fn random<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        loop {
            rng.fill_bytes(bytes.as_mut_slice());
            if let Some(top) = bytes.last_mut() {
                *top &= 0x1F;
            }
            if is_canonical(&bytes) {
                return Self(Scalar::from_bytes_mod_order(*bytes));
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

    /// The smaller of the scalar and what the order exceeds it by, at most half the order, and 1 or -1: what it is to be multiplied by
    /// to be the scalar. No branch depends on the scalar.
    pub(crate) fn smaller(&self) -> (Zeroizing<[u8; 32]>, i8) {
        let (mut negated, mut borrow) = (Zeroizing::new([0; 4]), false);
        let (mut is_larger, mut smaller) = (false, Zeroizing::new([0; 32]));
        for (((word, order), half), negated) in
            self.0.as_bytes().as_chunks().0.iter().zip(ORDER).zip(HALF_ORDER).zip(negated.iter_mut())
        {
            let word = u64::from_le_bytes(*word);
            (*negated, borrow) = order.borrowing_sub(word, borrow);
            (_, is_larger) = half.borrowing_sub(word, is_larger);
        }
        let mask = black_box(u64::from(is_larger)).wrapping_neg();
        for ((place, word), negated) in
            smaller.as_chunks_mut().0.iter_mut().zip(self.0.as_bytes().as_chunks().0).zip(negated.iter())
        {
            let word = u64::from_le_bytes(*word);
            *place = (word ^ (mask & (word ^ negated))).to_le_bytes();
        }
        (smaller, 1 - 2 * i8::from(is_larger))
    }
}

/// The group order, 2^252 + 27742317777372353535851937790883648493, in words from the lowest.
const ORDER: [u64; 4] = [0x5812_631a_5cf5_d3ed, 0x14de_f9de_a2f7_9cd6, 0, 0x1000_0000_0000_0000];

/// `(order - 1) / 2`.
const HALF_ORDER: [u64; 4] = [0x2c09_318d_2e7a_e9f6, 0x0a6f_7cef_517b_ce6b, 0, 0x0800_0000_0000_0000];

/// Whether little-endian bytes are above zero and below the group order. No branch depends on them.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let (mut any, mut borrow) = (0, false);
    for (word, order) in bytes.as_chunks::<8>().0.iter().zip(ORDER) {
        let word = u64::from_le_bytes(*word);
        any |= word;
        (_, borrow) = word.borrowing_sub(order, borrow);
    }
    (any != 0) & borrow
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng as _, SeedableRng};

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
    fn canonical_is_what_dalek_reads() {
        let order: [u8; 32] = core::array::from_fn(|at| ORDER[at / 8].to_le_bytes()[at % 8]);
        let mut cases = vec![[0; 32], order, [0xFF; 32], [0x0F; 32]];
        for place in 0..32 {
            for step in [1, 255] {
                let mut near = order;
                near[place] = near[place].wrapping_add(step);
                cases.push(near);
            }
        }
        let mut rng = ChaCha20Rng::from_seed([4; 32]);
        cases.extend((0..200).map(|_| {
            let mut bytes = [0; 32];
            rng.fill_bytes(&mut bytes);
            bytes[31] &= 0x1F;
            bytes
        }));
        for bytes in cases {
            assert_eq!(is_canonical(&bytes), SecretScalar::from_bytes(&bytes).is_some(), "{bytes:?}");
        }
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
