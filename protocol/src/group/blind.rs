//! The factors on tokens: the owner's blind, a hop's factor, and the key that turns the last token into a tag.
//!
//! With `b_i = (prod_j u_ij)^-1` at the owner and `k_j u_ij` at hop j, a token leaves the last hop as
//! `(prod_j k_j) P`, whatever the order of the hops and whoever the owner (SPEC §6).

use curve25519_dalek::scalar::Scalar;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zeroize::Zeroizing;

use super::{CommitteeKeys, GroupError, SecretScalar};

/// Bytes of a tag.
pub const TAG_BYTES: usize = 16;

/// The blind of an owner that does not go first on the committee, with the shares the committee removes it by.
pub struct OwnerBlind {
    shares: Vec<SecretScalar>,
    blind: SecretScalar,
}

impl OwnerBlind {
    /// Draws one share per committee member from a seed used for nothing else.
    #[must_use]
    pub fn draw(committee_len: usize, seed: [u8; 32]) -> Self {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let shares: Vec<_> = (0..committee_len).map(|_| SecretScalar::random(&mut rng)).collect();
        let product =
            shares.iter().fold(SecretScalar::computed(Scalar::ONE), |product, share| product.product(share));
        Self { shares, blind: product.inverse() }
    }

    /// The share u_ij of committee position `position`, to be sealed to that member (SPEC §2.4, purpose 4).
    #[must_use]
    pub fn share(&self, position: usize) -> Option<Zeroizing<[u8; 32]>> {
        self.shares.get(position).map(SecretScalar::to_bytes)
    }

    pub(crate) fn factor(&self) -> &SecretScalar {
        &self.blind
    }
}

/// What one committee member multiplies every token of one list by.
pub struct HopFactor {
    half: SecretScalar,
}

impl HopFactor {
    /// `k_j`, for a list whose owner went first with its own factor.
    #[must_use]
    pub fn own(keys: &CommitteeKeys) -> Self {
        Self { half: keys.tag_share().half() }
    }

    /// `k_j u_ij`, for a list whose owner blinded.
    ///
    /// # Errors
    ///
    /// [`GroupError::ScalarInvalid`] if the share is zero or not canonical.
    pub fn blinded(keys: &CommitteeKeys, share: &[u8; 32]) -> Result<Self, GroupError> {
        let share = SecretScalar::from_bytes(share).ok_or(GroupError::ScalarInvalid)?;
        Ok(Self { half: keys.tag_share().product(&share).half() })
    }

    /// Half the factor, for passes that encode by doubling.
    pub(crate) fn half(&self) -> &SecretScalar {
        &self.half
    }
}

/// The key h of the tags of a round, known to the committee and to nobody else.
pub struct TagKey(Zeroizing<[u8; 32]>);

impl TagKey {
    /// Derives h from the shares in committee order: `derive_key("passage v1 tag key", h_0 .. h_c-1)`.
    #[must_use]
    pub fn derive(shares: &[[u8; 32]]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("passage v1 tag key");
        for share in shares {
            hasher.update(share);
        }
        Self(Zeroizing::new(*hasher.finalize().as_bytes()))
    }

    /// The tag of a fully mixed token under the recipe at `recipe` in the manifest's order (SPEC §6.5).
    #[must_use]
    pub fn tag(&self, recipe: u8, token: &[u8; 32]) -> [u8; TAG_BYTES] {
        let mut input = [recipe; 33];
        let (_, rest) = input.split_at_mut(1);
        rest.copy_from_slice(token);
        let [low @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            *blake3::keyed_hash(&self.0, &input).as_bytes();
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_undo_the_blind() {
        let blind = OwnerBlind::draw(3, [5; 32]);
        let product = (0..3).fold(Scalar::ONE, |product, position| {
            product * SecretScalar::from_bytes(&blind.share(position).unwrap()).unwrap().scalar()
        });
        assert_eq!(product * blind.factor().scalar(), Scalar::ONE);
        assert!(blind.share(3).is_none());
    }

    #[test]
    fn bad_blind_share_is_refused() {
        let keys = CommitteeKeys::generate(0, [1; 32]);
        assert_eq!(HopFactor::blinded(&keys, &[0; 32]).err(), Some(GroupError::ScalarInvalid));
        assert_eq!(HopFactor::blinded(&keys, &[0xFF; 32]).err(), Some(GroupError::ScalarInvalid));
    }

    #[test]
    fn tags_depend_on_key_order_recipe_and_token() {
        let key = TagKey::derive(&[[1; 32], [2; 32]]);
        let tag = key.tag(0, &[9; 32]);
        assert_ne!(tag, TagKey::derive(&[[2; 32], [1; 32]]).tag(0, &[9; 32]));
        assert_ne!(tag, key.tag(1, &[9; 32]));
        assert_ne!(tag, key.tag(0, &[8; 32]));
        let whole = blake3::keyed_hash(&key.0, &[&[0][..], &[9; 32]].concat());
        assert_eq!(tag, whole.as_bytes()[..16]);
    }
}
