//! Who said what: Ed25519 signatures, each bound to its kind and to one round (SPEC §2.3).
//!
//! # What this module promises
//!
//! A signature of one kind or round is not one of another; only the strict verification rule is used, so that all
//! parties agree on every signature; small-order keys are refused when they are read.
//!
//! # What it does not promise
//!
//! It does not know whose key is whose: agreements pin keys to members.

use core::fmt;

use ed25519_dalek::Signer;
use zeroize::Zeroizing;

use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    ids::RoundId,
    refusal::{Code, Refusal},
};

const CONTEXT: &str = "passage v1 signature";

/// What a signed message is. The number is part of what is signed (SPEC §2.3).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum SignatureKind {
    /// An agreement between members.
    Agreement = 1,
    /// A person's approval of a study.
    StudyApproval = 2,
    /// A member's answer to a round's call.
    RoundAnswer = 3,
    /// The opening of a committee draw commitment.
    Reveal = 4,
    /// A committee member's public key share.
    KeyShare = 5,
    /// The manifest of a round.
    Manifest = 6,
    /// One hop of the first mix.
    HopStatement = 7,
    /// One hop of the second mix.
    TableHopStatement = 8,
    /// Partial decryptions of a table.
    PartialDecryption = 9,
    /// Proof that a round's lists were deleted.
    DestructionReceipt = 10,
    /// A member leaving an agreement.
    Withdrawal = 11,
    /// A member's certificate that it destroyed student records it had stored.
    DestructionCertificate = 12,
    /// A party's offer and acceptance of lines of an agreement's share list.
    ShareAcceptance = 13,
    /// A member's signature on a new version of the principles.
    Principles = 14,
    /// What a member says to the release of a report outside the parties.
    ReleaseDecision = 15,
    /// What a party states about its audit log.
    AuditCheckpoint = 16,
    // Reserved: 17 halt notice, 18 to 20 (SPEC §19).
    /// A side's word that what ended has left nothing with it.
    DestructionConfirmation = 21,
    /// A member's request for its next certificate.
    CertificateRenewal = 22,
}

/// A member's signing key. Made on its own machine; wiped when dropped; no `Debug`, no `Clone`, no codec form.
///
/// ```compile_fail
/// fn shows<T: std::fmt::Debug>() {}
/// shows::<passage_protocol::signing::SigningKey>();
/// ```
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Makes the key that belongs to 32 bytes of operating-system randomness.
    #[must_use]
    pub fn generate(seed: [u8; 32]) -> Self {
        Self::from_seed(&Zeroizing::new(seed))
    }

    /// Reads the seed kept in the node's key file.
    #[must_use]
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The seed, for the node's key file only.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half, to be pinned in agreements.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `payload` as a message of `kind`, in `round` or outside any. About 20 µs.
    #[must_use]
    pub fn sign(&self, kind: SignatureKind, round: Option<RoundId>, payload: &[u8]) -> Signature {
        Signature(self.0.sign(&signed_bytes(kind, round, payload)).to_bytes())
    }
}

/// A public signing key: a point that is not of small order. Prints as 64 hexadecimal digits.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// Reads 32 bytes.
    ///
    /// # Errors
    ///
    /// [`SignatureError::KeyInvalid`] if they are no point, [`SignatureError::KeyWeak`] if it has small order.
    pub fn from_public_bytes(bytes: &[u8; 32]) -> Result<Self, SignatureError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| SignatureError::KeyInvalid)?;
        if key.is_weak() { Err(SignatureError::KeyWeak) } else { Ok(Self(*bytes)) }
    }

    /// Reads 64 hexadecimal digits as printed by `Display`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        crate::ids::Digest::parse(text).and_then(|bytes| Self::from_public_bytes(&bytes.0).ok())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks a signature by the strict rule. About 45 µs, variable-time on public data.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Refused`]; which check failed is deliberately not said.
    pub fn verify(
        &self,
        kind: SignatureKind,
        round: Option<RoundId>,
        payload: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&self.0).map_err(|_| SignatureError::KeyInvalid)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(&signed_bytes(kind, round, payload), &signature)
            .map_err(|_| SignatureError::Refused { kind })
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "VerifyingKey({self})")
    }
}

impl Encode for VerifyingKey {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for VerifyingKey {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let expected = "an Ed25519 public key";
        Self::from_public_bytes(&reader.array()?).map_err(|_| CodecError::Invalid { position, expected })
    }
}

/// An Ed25519 signature, 64 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Signature(pub [u8; 64]);

impl Encode for Signature {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for Signature {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.array().map(Self)
    }
}

/// A value with the exact bytes that were signed: verification uses the bytes received, never a re-encoding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed<T> {
    value: T,
    bytes: Vec<u8>,
    signature: Signature,
}

impl<T: Encode + Decode> Signed<T> {
    /// Signs a value.
    #[must_use]
    pub fn new(value: T, kind: SignatureKind, round: Option<RoundId>, key: &SigningKey) -> Self {
        let bytes = value.to_bytes();
        let signature = key.sign(kind, round, &bytes);
        Self { value, bytes, signature }
    }

    /// The value, once the signature has been checked.
    ///
    /// # Errors
    ///
    /// As [`VerifyingKey::verify`].
    pub fn verify(
        &self,
        kind: SignatureKind,
        round: Option<RoundId>,
        key: &VerifyingKey,
    ) -> Result<&T, SignatureError> {
        key.verify(kind, round, &self.bytes, &self.signature).map(|()| &self.value)
    }

    /// The value. [`verify`](Self::verify) before believing it; before that it only tells whose key to check with.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The bytes that were signed.
    #[must_use]
    pub fn signed_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The signature alone.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }
}

impl<T: Encode + Decode> Encode for Signed<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.bytes.encode(out);
        self.signature.encode(out);
    }
}

impl<T: Encode + Decode> Decode for Signed<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let count = reader.count(1)?;
        let bytes = reader.take(count)?.to_vec();
        let value = T::from_bytes(&bytes)?;
        Ok(Self { value, bytes, signature: Signature::decode(reader)? })
    }
}

/// Why a signature or a key was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignatureError {
    /// The key is not a point of the curve.
    KeyInvalid,
    /// The key has small order: it would accept signatures nobody made.
    KeyWeak,
    /// The signature does not verify.
    Refused {
        /** What the message claimed to be. */
        kind: SignatureKind,
    },
}

impl fmt::Display for SignatureError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyInvalid => formatter.write_str("32 bytes are not an Ed25519 public key"),
            Self::KeyWeak => formatter.write_str("a public key has small order, expected one made by a node"),
            Self::Refused { kind } => {
                write!(formatter, "the signature of a message of kind {kind:?} does not verify")
            }
        }
    }
}

impl Refusal for SignatureError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Refused { .. } => 0x0B01,
            Self::KeyInvalid => 0x0B02,
            Self::KeyWeak => 0x0B03,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::KeyInvalid | Self::KeyWeak => {
                "Ask the member for its public key again, by a second channel."
            }
            Self::Refused { .. } => {
                "The message is not from the member it names, or was changed on the way; ask that member whether it sent one."
            }
        }
    }
}

/// `derive_key(context, kind || round id or 16 zero bytes || payload)`.
fn signed_bytes(kind: SignatureKind, round: Option<RoundId>, payload: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&[kind as u8]).update(&round.map_or([0; 16], |round| round.0)).update(payload);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests;
