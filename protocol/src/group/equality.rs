//! Proof that all partial decryptions of a list were made with the published column share (SPEC §9).
//!
//! Chaum-Pedersen on random combinations: with public 128-bit weights e_i that nobody could know before the list
//! and the partial decryptions were fixed, `A* = sum e_i A_i` and `D* = sum e_i D_i` satisfy `D* = y A*` for a
//! list with one wrong `D_i` with probability 2^-128.

use curve25519_dalek::{
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
    traits::{Identity, VartimeMultiscalarMul},
};

use super::{
    Backend, BadPoint, CommitteeKeys, ELEMENT_BYTES, Element, GroupError, SecretScalar,
    possession::{challenge, nonce},
};
use crate::codec_struct;

const CONTEXT: &str = "passage v1 decryption proof";

/// `R1 || R2 || z`, 96 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EqualityProof {
    commitment_base: [u8; 32],
    commitment_sum: [u8; 32],
    response: [u8; 32],
}
codec_struct!(EqualityProof { commitment_base, commitment_sum, response });

/// Weighted sums of ciphertext points and of their partial decryptions; adds up over chunks.
pub(crate) struct WeightedSum {
    cipher: RistrettoPoint,
    partial: RistrettoPoint,
}

impl WeightedSum {
    /// The empty sum.
    pub(crate) fn zero() -> Self {
        Self { cipher: RistrettoPoint::identity(), partial: RistrettoPoint::identity() }
    }

    /// Adds another chunk's sums.
    pub(crate) fn add(&mut self, other: &Self) {
        self.cipher += other.cipher;
        self.partial += other.partial;
    }

    /// `sum e_i A_i` and `sum e_i D_i`; variable-time, on public data. With lanes about 3 µs a ciphertext.
    ///
    /// # Errors
    ///
    /// [`BadPoint`] for the first encoding of either that is not canonical or is the identity.
    pub(crate) fn vartime_of(
        weights: &[u128],
        cipher: &[[u8; ELEMENT_BYTES]],
        partial: &[[u8; ELEMENT_BYTES]],
    ) -> Result<Self, BadPoint> {
        let sum = |points| Backend::best().weighted_sum(points, weights);
        Ok(Self { cipher: sum(cipher)?, partial: sum(partial)? })
    }

    /// `sum e_i A_i` and `share` times it, which is `sum e_i D_i` where every `D_i` is `share A_i`.
    ///
    /// # Errors
    ///
    /// As [`vartime_of`](Self::vartime_of).
    pub(crate) fn vartime_of_share(
        weights: &[u128],
        cipher: &[[u8; ELEMENT_BYTES]],
        share: &SecretScalar,
    ) -> Result<Self, BadPoint> {
        let cipher = Backend::best().weighted_sum(cipher, weights)?;
        Ok(Self { cipher, partial: cipher * share.scalar() })
    }
}

/// The transcript a challenge covers before the commitments: `context || Y || A* || D*`.
fn statement(context: &[u8], point: &Element, sums: &WeightedSum) -> Vec<u8> {
    let mut bytes = context.to_vec();
    bytes.extend_from_slice(&point.encode());
    bytes.extend_from_slice(&sums.cipher.compress().to_bytes());
    bytes.extend_from_slice(&sums.partial.compress().to_bytes());
    bytes
}

impl EqualityProof {
    /// Proves `D* = y A*` and `Y = y G` for the member's own column share.
    ///
    /// # Errors
    ///
    /// [`GroupError::ColumnCount`] if the member has no such column key.
    pub(crate) fn prove(
        keys: &CommitteeKeys,
        column: usize,
        context: &[u8],
        sums: &WeightedSum,
    ) -> Result<Self, GroupError> {
        let missing = GroupError::ColumnCount { seen: keys.columns(), expected: column.saturating_add(1) };
        let share = keys.column_share(column).ok_or(missing)?;
        let point = Element(RistrettoPoint::mul_base(share.scalar()));
        let statement = statement(context, &point, sums);
        let nonce = nonce(keys.nonce_key(), CONTEXT, &statement);
        let commitment_base = RistrettoPoint::mul_base(nonce.scalar()).compress().to_bytes();
        let commitment_sum = (sums.cipher * nonce.scalar()).compress().to_bytes();
        let challenge = challenge(CONTEXT, &[&statement, &commitment_base, &commitment_sum]);
        Ok(Self {
            commitment_base,
            commitment_sum,
            response: (nonce.scalar() + challenge * share.scalar()).to_bytes(),
        })
    }

    /// Checks the proof against the published point. Variable-time, on public data.
    ///
    /// # Errors
    ///
    /// [`GroupError::EqualityProof`] with the column key.
    pub(crate) fn verify(
        &self,
        column: usize,
        point: &Element,
        context: &[u8],
        sums: &WeightedSum,
    ) -> Result<(), GroupError> {
        let refused = GroupError::EqualityProof { column };
        let response: Option<Scalar> = Scalar::from_canonical_bytes(self.response).into();
        let response = response.ok_or(refused)?;
        let statement = statement(context, point, sums);
        let challenge = challenge(CONTEXT, &[&statement, &self.commitment_base, &self.commitment_sum]);
        let base = RistrettoPoint::vartime_double_scalar_mul_basepoint(&-challenge, &point.0, &response);
        let sum =
            RistrettoPoint::vartime_multiscalar_mul([response, -challenge], [sums.cipher, sums.partial]);
        let matches = base.compress() == CompressedRistretto(self.commitment_base)
            && sum.compress() == CompressedRistretto(self.commitment_sum);
        if matches { Ok(()) } else { Err(refused) }
    }
}
