//! What a committee member holds for one round and what it publishes of it (SPEC §5.4).
//!
//! The secrets live in memory only: a node that restarts while it owes a turn aborts the round (SPEC §5.6), so
//! there is no byte form of [`CommitteeKeys`] and none can be written by accident.

use curve25519_dalek::ristretto::RistrettoPoint;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use zeroize::Zeroizing;

use super::{Element, GroupError, PossessionProof, SecretScalar};
use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    ids::{MemberCode, RoundId},
};

/// Most column keys a round can have. A key share with more is refused before any arithmetic.
pub const COLUMN_KEYS_MAX: usize = 64;

/// A committee member's secrets for one round: tag share, column shares, hash-key share, nonce key.
///
/// ```compile_fail
/// fn shows<T: std::fmt::Debug>() {}
/// shows::<passage_protocol::group::CommitteeKeys>();
/// ```
/// ```compile_fail
/// fn copies<T: Clone>() {}
/// copies::<passage_protocol::group::CommitteeKeys>();
/// ```
/// ```compile_fail
/// fn stores<T: passage_protocol::codec::Encode>() {}
/// stores::<passage_protocol::group::CommitteeKeys>();
/// ```
pub struct CommitteeKeys {
    tag_share: SecretScalar,
    column_shares: Vec<SecretScalar>,
    hash_share: Zeroizing<[u8; 32]>,
    nonce_key: Zeroizing<[u8; 32]>,
}

impl CommitteeKeys {
    /// Draws fresh secrets for a round with `columns` column keys; more than [`COLUMN_KEYS_MAX`] are cut to it,
    /// and the peers then refuse the share's count.
    ///
    /// `rng_seed` comes from the operating system, is used for nothing else and is not kept.
    #[must_use]
    pub fn generate(columns: usize, rng_seed: [u8; 32]) -> Self {
        let mut rng = ChaCha20Rng::from_seed(rng_seed);
        let tag_share = SecretScalar::random(&mut rng);
        let columns = columns.min(COLUMN_KEYS_MAX);
        let column_shares = (0..columns).map(|_| SecretScalar::random(&mut rng)).collect();
        let mut hash_share = Zeroizing::new([0; 32]);
        rng.fill_bytes(hash_share.as_mut_slice());
        let mut nonce_key = Zeroizing::new([0; 32]);
        rng.fill_bytes(nonce_key.as_mut_slice());
        Self { tag_share, column_shares, hash_share, nonce_key }
    }

    /// The public share, with proofs bound to `round` and to this member's code. About 30 µs per column key.
    ///
    /// Nonces are a keyed function of everything the challenge covers, so the same call gives the same bytes and
    /// two different statements never share a nonce.
    #[must_use]
    pub fn share(&self, round: &RoundId, member: &MemberCode) -> KeyShare {
        let (points, proofs) = self
            .column_shares
            .iter()
            .enumerate()
            .map(|(column, share)| {
                let point = Element(RistrettoPoint::mul_base(share.scalar()));
                (point, PossessionProof::prove(round, member, column, share, &point, &self.nonce_key))
            })
            .unzip();
        KeyShare { points, proofs }
    }

    /// The hash-key share h_j, to be sealed to the other committee members (SPEC §2.4, purpose 5).
    #[must_use]
    pub fn tag_key_share(&self) -> Zeroizing<[u8; 32]> {
        self.hash_share.clone()
    }

    /// Number of column keys.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.column_shares.len()
    }

    pub(crate) fn tag_share(&self) -> &SecretScalar {
        &self.tag_share
    }

    pub(crate) fn column_share(&self, column: usize) -> Option<&SecretScalar> {
        self.column_shares.get(column)
    }

    pub(super) fn nonce_key(&self) -> &[u8; 32] {
        &self.nonce_key
    }
}

/// A committee member's public points Y_jx, one per column key, each with a proof of possession.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyShare {
    points: Vec<Element>,
    proofs: Vec<PossessionProof>,
}

impl KeyShare {
    /// Checks the number of column keys and every proof.
    ///
    /// # Errors
    ///
    /// [`GroupError::ColumnCount`]; [`GroupError::PossessionProof`] with the column key, also for a share made
    /// for another round, by another member or for another position.
    ///
    /// # Cost
    ///
    /// About 60 µs per column key; variable-time, on public data.
    pub fn verify(&self, round: &RoundId, member: &MemberCode, columns: usize) -> Result<(), GroupError> {
        let seen = self.points.len();
        if seen != columns || self.proofs.len() != columns {
            return Err(GroupError::ColumnCount { seen, expected: columns });
        }
        self.points
            .iter()
            .zip(&self.proofs)
            .enumerate()
            .try_for_each(|(column, (point, proof))| proof.verify(round, member, column, point))
    }

    /// The public points in column key order.
    #[must_use]
    pub fn points(&self) -> &[Element] {
        &self.points
    }
}

impl Encode for KeyShare {
    fn encode(&self, out: &mut Vec<u8>) {
        self.points.encode(out);
        self.proofs.encode(out);
    }
}

impl Decode for KeyShare {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let points = counted(reader, 32, position)?;
        let position = reader.position();
        let proofs: Vec<PossessionProof> = counted(reader, 64, position)?;
        if proofs.len() != points.len() {
            return Err(CodecError::Invalid { position, expected: "one proof per column key" });
        }
        Ok(Self { points, proofs })
    }
}

/// Reads at most [`COLUMN_KEYS_MAX`] items; the count is judged before the first of them is decoded.
fn counted<T: Decode>(
    reader: &mut Reader<'_>,
    item_bytes: usize,
    position: usize,
) -> Result<Vec<T>, CodecError> {
    let count = reader.count(item_bytes)?;
    if count > COLUMN_KEYS_MAX {
        return Err(CodecError::Invalid { position, expected: "at most 64 column keys" });
    }
    (0..count).map(|_| T::decode(reader)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROUND: RoundId = RoundId([9; 16]);
    const MEMBER: MemberCode = MemberCode([1, 2, 3, 4, 5]);

    fn share() -> KeyShare {
        CommitteeKeys::generate(3, [7; 32]).share(&ROUND, &MEMBER)
    }

    #[test]
    fn a_share_verifies_and_survives_the_codec() {
        let share = share();
        assert_eq!(share.verify(&ROUND, &MEMBER, 3), Ok(()));
        assert_eq!(KeyShare::from_bytes(&share.to_bytes()), Ok(share));
    }

    #[test]
    fn bad_round_member_count_or_order_is_refused() {
        let share = share();
        let first = Err(GroupError::PossessionProof { column: 0 });
        assert_eq!(share.verify(&RoundId([8; 16]), &MEMBER, 3), first);
        assert_eq!(share.verify(&ROUND, &MemberCode([0; 5]), 3), first);
        assert_eq!(share.verify(&ROUND, &MEMBER, 4), Err(GroupError::ColumnCount { seen: 3, expected: 4 }));
        let mut swapped = share.clone();
        swapped.points.swap(1, 2);
        swapped.proofs.swap(1, 2);
        assert_eq!(swapped.verify(&ROUND, &MEMBER, 3), Err(GroupError::PossessionProof { column: 1 }));
    }

    #[test]
    fn bad_share_with_too_many_columns_is_refused() {
        let one = CommitteeKeys::generate(1, [7; 32]).share(&ROUND, &MEMBER);
        let many = KeyShare { points: vec![one.points[0]; 65], proofs: vec![one.proofs[0]; 65] };
        let expected = "at most 64 column keys";
        assert_eq!(
            KeyShare::from_bytes(&many.to_bytes()),
            Err(CodecError::Invalid { position: 0, expected })
        );
        let unequal = KeyShare { points: one.points.clone(), proofs: Vec::new() };
        assert!(KeyShare::from_bytes(&unequal.to_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(share) = KeyShare::from_bytes(&bytes) {
                prop_assert_eq!(share.to_bytes(), bytes);
            }
        }

        #[test]
        fn a_flipped_bit_never_verifies(index in 0_usize..296, bit in 0_u8..8) {
            let mut bytes = share().to_bytes();
            prop_assert_eq!(bytes.len(), 296);
            bytes[index] ^= 1 << bit;
            if let Ok(share) = KeyShare::from_bytes(&bytes) {
                prop_assert!(share.verify(&ROUND, &MEMBER, 3).is_err());
            }
        }
    }
}
