//! Proof that a member knows the secret behind its public column point (SPEC §5.4): Schnorr, Fiat-Shamir, BLAKE3.
//!
//! Without it the last to publish could choose a share that cancels the others' and hold the column key alone.

use curve25519_dalek::{
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
};
use zeroize::Zeroizing;

use super::{Element, GroupError, SecretScalar};
use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    ids::{MemberCode, RoundId},
};

const CONTEXT: &str = "passage v1 possession proof";

/// `R || s`, 64 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PossessionProof {
    commitment: [u8; 32],
    response: [u8; 32],
}

impl PossessionProof {
    /// Proves knowledge of `share`; the nonce is a keyed function of the whole statement.
    pub(super) fn prove(
        round: &RoundId,
        member: &MemberCode,
        column: usize,
        share: &SecretScalar,
        point: &Element,
        nonce_key: &[u8; 32],
    ) -> Self {
        let statement = statement(round, member, column, point);
        let nonce = nonce(nonce_key, CONTEXT, &statement);
        let commitment = RistrettoPoint::mul_base(nonce.scalar()).compress().to_bytes();
        let challenge = challenge(CONTEXT, &[&statement, &commitment]);
        Self { commitment, response: (nonce.scalar() + challenge * share.scalar()).to_bytes() }
    }

    /// Checks the proof. Variable-time, on public data.
    pub(super) fn verify(
        &self,
        round: &RoundId,
        member: &MemberCode,
        column: usize,
        point: &Element,
    ) -> Result<(), GroupError> {
        let refused = GroupError::PossessionProof { column };
        let response: Option<Scalar> = Scalar::from_canonical_bytes(self.response).into();
        let response = response.ok_or(refused)?;
        let statement = statement(round, member, column, point);
        let challenge = challenge(CONTEXT, &[&statement, &self.commitment]);
        // R = s G - e Y; comparing encodings refuses a non-canonical R as well.
        let expected = RistrettoPoint::vartime_double_scalar_mul_basepoint(&-challenge, &point.0, &response);
        if expected.compress() == CompressedRistretto(self.commitment) { Ok(()) } else { Err(refused) }
    }
}

impl Encode for PossessionProof {
    fn encode(&self, out: &mut Vec<u8>) {
        self.commitment.encode(out);
        self.response.encode(out);
    }
}

impl Decode for PossessionProof {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self { commitment: reader.array()?, response: reader.array()? })
    }
}

/// `round || code || x (u16) || Y`.
fn statement(round: &RoundId, member: &MemberCode, column: usize, point: &Element) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + 5 + 2 + 32);
    round.encode(&mut bytes);
    member.encode(&mut bytes);
    u16::try_from(column).unwrap_or(u16::MAX).encode(&mut bytes);
    Encode::encode(point, &mut bytes);
    bytes
}

/// 64 bytes of the derived XOF, reduced.
pub(super) fn challenge(context: &'static str, parts: &[&[u8]]) -> Scalar {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    let mut wide = [0; 64];
    hasher.finalize_xof().fill(&mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

/// A nonce no other statement shares: keyed by a secret drawn with the shares, fed all that the challenge covers.
pub(super) fn nonce(key: &[u8; 32], context: &'static str, statement: &[u8]) -> SecretScalar {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(context.as_bytes()).update(&[0]).update(statement);
    let mut wide = Zeroizing::new([0; 64]);
    hasher.finalize_xof().fill(wide.as_mut_slice());
    SecretScalar::computed(Scalar::from_bytes_mod_order_wide(&wide))
}
