//! Sealing between members: HPKE base mode in chunks, so that the coordinator relays bytes it cannot read (SPEC §2.4).
//!
//! ```text
//! enc (32) | chunk 0: 65,536 + 16 | ... | last chunk: 1..=65,536 + 16
//! AAD         00                          01
//! ```
//!
//! # What this module promises
//!
//! * Nothing opens under another round, manifest, purpose, subject, hop, sender or recipient than it was sealed for.
//! * A flipped bit, a chunk moved, dropped or added, and a blob cut anywhere are refused.
//! * Both sides hold at most one chunk in memory.
//!
//! # What it does not promise
//!
//! It does not say who sealed: the statement that names the blob's digest is signed. A prefix released by
//! [`Opener::push`] is authentic but may not be all: nothing is to be acted on before [`Opener::finish`].

use core::fmt;

use hpke::{
    Deserializable, Kem as _, OpModeR, OpModeS, Serializable,
    aead::{AeadCtxR, AeadCtxS, ChaCha20Poly1305},
    kdf::HkdfSha256,
    kem::X25519HkdfSha256,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    ids::{Digest, MemberCode, RoundId},
    refusal::{Code, Refusal},
};

/// Plaintext bytes of a full chunk.
pub const CHUNK_BYTES: usize = 65_536;
/// Bytes of the encapsulated key in front.
const ENCAPSULATED_BYTES: usize = 32;
/// Bytes of a chunk's tag.
const TAG_BYTES: usize = 16;
const INFO_CONTEXT: &str = "passage v1 seal info";
const NOT_LAST: &[u8] = &[0];
const LAST: &[u8] = &[1];

type Kem = X25519HkdfSha256;
type PrivateKey = <Kem as hpke::Kem>::PrivateKey;
type PublicKey = <Kem as hpke::Kem>::PublicKey;
type EncappedKey = <Kem as hpke::Kem>::EncappedKey;

/// What a sealed blob holds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum SealPurpose {
    /// A list on its way to the next hop.
    List = 1,
    /// The columns after the last hop.
    FinalColumns = 2,
    /// A table on its way to the next hop of the second mix.
    Table = 3,
    /// An owner's blind share for one committee member.
    BlindShare = 4,
    /// A hash-key share for one committee member.
    HashKeyShare = 5,
}

/// Everything a sealed blob is bound to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SealContext {
    /// The round.
    pub round: RoundId,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// What the blob holds.
    pub purpose: SealPurpose,
    /// Index of the list or table, or of the committee position for shares.
    pub subject: u16,
    /// The hop that sealed it, from 0.
    pub hop: u8,
    /// Sender.
    pub from: MemberCode,
    /// Recipient.
    pub to: MemberCode,
}

impl SealContext {
    fn info(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key(INFO_CONTEXT);
        hasher.update(&self.round.0).update(&self.manifest.0).update(&[self.purpose as u8]);
        hasher
            .update(&self.subject.to_le_bytes())
            .update(&[self.hop])
            .update(&self.from.0)
            .update(&self.to.0);
        *hasher.finalize().as_bytes()
    }
}

/// Bytes of the blob that seals `plain_len` bytes.
#[must_use]
pub fn sealed_len(plain_len: u64) -> u64 {
    let chunks = plain_len.div_ceil(CHUNK_BYTES as u64).max(1);
    ENCAPSULATED_BYTES as u64 + plain_len + chunks * TAG_BYTES as u64
}

/// A recipient's key for one round: memory only, erased with the round. No `Debug`, `Clone` or byte form.
///
/// ```compile_fail
/// fn copies<T: Clone>() {}
/// copies::<passage_protocol::seal::RecipientKey>();
/// ```
pub struct RecipientKey {
    private: PrivateKey,
    public: [u8; 32],
}

impl RecipientKey {
    /// Derives the key pair from 32 bytes of operating-system randomness (RFC 9180 §7.1.3).
    #[must_use]
    pub fn generate(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        let (private, public) = Kem::derive_keypair(seed.as_slice());
        Self { private, public: public.to_bytes().into() }
    }

    /// The public half, to be signed in the member's answer (SPEC §5.2).
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.public
    }
}

/// Seals one blob as a stream.
pub struct Sealer {
    context: AeadCtxS<ChaCha20Poly1305, HkdfSha256, Kem>,
    encapsulated: Option<[u8; ENCAPSULATED_BYTES]>,
    buffer: Zeroizing<Vec<u8>>,
}

impl Sealer {
    /// Encapsulates a fresh key to `public`, from a seed used for nothing else.
    ///
    /// # Errors
    ///
    /// [`SealError::RecipientKey`] if `public` is of small order.
    pub fn new(context: &SealContext, public: &[u8; 32], seed: [u8; 32]) -> Result<Self, SealError> {
        let public = PublicKey::from_bytes(public).map_err(|_| SealError::RecipientKey)?;
        let mut rng = ChaCha20Rng::from_seed(seed);
        let (encapsulated, context) =
            hpke::setup_sender_with_rng(&OpModeS::Base, &public, &context.info(), &mut rng)
                .map_err(|_| SealError::RecipientKey)?;
        let buffer = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES));
        Ok(Self { context, encapsulated: Some(encapsulated.to_bytes().into()), buffer })
    }

    /// Takes plaintext and returns what is ready of the blob.
    ///
    /// # Errors
    ///
    /// [`SealError::TooLong`] after 2^64 chunks.
    pub fn push(&mut self, mut plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut out = self.opening();
        while !plain.is_empty() {
            // A full chunk waits until another byte proves that it is not the last.
            if self.buffer.len() == CHUNK_BYTES {
                self.seal_buffer(NOT_LAST, &mut out)?;
            }
            let room = CHUNK_BYTES.saturating_sub(self.buffer.len()).min(plain.len());
            let (now, later) = plain.split_at(room);
            self.buffer.extend_from_slice(now);
            plain = later;
        }
        Ok(out)
    }

    /// Seals the last chunk.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn finish(mut self) -> Result<Vec<u8>, SealError> {
        let mut out = self.opening();
        self.seal_buffer(LAST, &mut out)?;
        Ok(out)
    }

    fn opening(&mut self) -> Vec<u8> {
        self.encapsulated.take().map(Vec::from).unwrap_or_default()
    }

    fn seal_buffer(&mut self, aad: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        let sealed = self.context.seal(&self.buffer, aad).map_err(|_| SealError::TooLong)?;
        out.extend_from_slice(&sealed);
        self.buffer.as_mut_slice().zeroize();
        self.buffer.clear();
        Ok(())
    }
}

/// Opens one blob as a stream.
pub struct Opener<'a> {
    info: [u8; 32],
    key: &'a RecipientKey,
    context: Option<AeadCtxR<ChaCha20Poly1305, HkdfSha256, Kem>>,
    buffer: Vec<u8>,
    chunk: u64,
}

impl<'a> Opener<'a> {
    /// Prepares to open a blob sealed for `context` to `key`.
    #[must_use]
    pub fn new(context: &SealContext, key: &'a RecipientKey) -> Self {
        Self { info: context.info(), key, context: None, buffer: Vec::new(), chunk: 0 }
    }

    /// Takes bytes of the blob and returns plaintext of chunks that are certainly not the last.
    ///
    /// # Errors
    ///
    /// [`SealError::FirstChunk`], [`SealError::Chunk`], [`SealError::Encapsulation`]. After an error the opener is
    /// of no further use.
    pub fn push(&mut self, mut sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut out = Vec::new();
        while !sealed.is_empty() {
            let wanted = self.wanted();
            if self.buffer.len() == wanted {
                self.advance(&mut out)?;
                continue;
            }
            let (now, later) = sealed.split_at(wanted.saturating_sub(self.buffer.len()).min(sealed.len()));
            self.buffer.extend_from_slice(now);
            sealed = later;
        }
        Ok(out)
    }

    /// Opens the last chunk and returns its plaintext.
    ///
    /// # Errors
    ///
    /// [`SealError::Truncated`] if the blob ends early, also at a chunk boundary; [`SealError::EmptyLastChunk`];
    /// otherwise as [`push`](Self::push).
    pub fn finish(mut self) -> Result<Vec<u8>, SealError> {
        let truncated = SealError::Truncated { chunk: self.chunk };
        if self.context.is_none() {
            return Err(truncated);
        }
        if self.buffer.len() < TAG_BYTES {
            return Err(truncated);
        }
        match self.open(LAST) {
            Ok(plain) if plain.is_empty() && self.chunk > 0 => {
                Err(SealError::EmptyLastChunk { chunk: self.chunk })
            }
            Ok(plain) => Ok(plain),
            // A chunk that opens as an inner one was followed by more when it was sealed.
            Err(refused) => Err(self.open(NOT_LAST).map_or(refused, |_| truncated)),
        }
    }

    fn wanted(&self) -> usize {
        if self.context.is_none() { ENCAPSULATED_BYTES } else { CHUNK_BYTES + TAG_BYTES }
    }

    /// Consumes a full buffer: the encapsulated key first, then inner chunks.
    fn advance(&mut self, out: &mut Vec<u8>) -> Result<(), SealError> {
        if self.context.is_none() {
            let key = EncappedKey::from_bytes(&self.buffer).map_err(|_| SealError::Encapsulation)?;
            let context = hpke::setup_receiver(&OpModeR::Base, &self.key.private, &key, &self.info);
            self.context = Some(context.map_err(|_| SealError::Encapsulation)?);
        } else {
            out.append(&mut self.open(NOT_LAST)?);
            self.chunk = self.chunk.saturating_add(1);
        }
        self.buffer.clear();
        Ok(())
    }

    fn open(&mut self, aad: &[u8]) -> Result<Vec<u8>, SealError> {
        let refused =
            if self.chunk == 0 { SealError::FirstChunk } else { SealError::Chunk { chunk: self.chunk } };
        let context = self.context.as_mut().ok_or(SealError::Encapsulation)?;
        context.open(&self.buffer, aad).map_err(|_| refused)
    }
}

/// Why a blob was not sealed or not opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SealError {
    /// A later chunk does not open: changed, moved, or followed by too much.
    Chunk {
        /** Chunk, from 0. */
        chunk: u64,
    },
    /// The blob ends in an empty chunk after others, which no sealer makes.
    EmptyLastChunk {
        /** Chunk, from 0. */
        chunk: u64,
    },
    /// The encapsulated key in front is of small order.
    Encapsulation,
    /// The first chunk does not open: another key, another context, or changed bytes.
    FirstChunk,
    /// The recipient's public key is of small order.
    RecipientKey,
    /// The stream has more chunks than nonces.
    TooLong,
    /// The blob ends before its last chunk.
    Truncated {
        /** Chunk that was being read, from 0. */
        chunk: u64,
    },
}

impl fmt::Display for SealError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chunk { chunk } => write!(formatter, "chunk {chunk} of a sealed blob does not open"),
            Self::EmptyLastChunk { chunk } => {
                write!(
                    formatter,
                    "chunk {chunk} of a sealed blob is last and empty, expected at least one byte"
                )
            }
            Self::Encapsulation => formatter
                .write_str("the key in front of a sealed blob is of small order, expected a fresh one"),
            Self::FirstChunk => formatter.write_str(
                "a sealed blob does not open with this member's key for this round, list and sender",
            ),
            Self::RecipientKey => {
                formatter.write_str("a recipient's public key is of small order, expected one made by a node")
            }
            Self::TooLong => formatter.write_str("a stream has more chunks than can be sealed under one key"),
            Self::Truncated { chunk } => {
                write!(formatter, "a sealed blob ends at chunk {chunk}, expected its last chunk")
            }
        }
    }
}

impl Refusal for SealError {
    fn code(&self) -> Code {
        Code(match self {
            Self::FirstChunk => 0x0B10,
            Self::Chunk { .. } => 0x0B11,
            Self::Truncated { .. } => 0x0B12,
            Self::EmptyLastChunk { .. } => 0x0B13,
            Self::Encapsulation => 0x0B14,
            Self::RecipientKey => 0x0B15,
            Self::TooLong => 0x0B16,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "The transfer was cut; fetch the blob again and compare its digest.",
            Self::TooLong => "Split the list into several rounds.",
            Self::Chunk { .. }
            | Self::EmptyLastChunk { .. }
            | Self::Encapsulation
            | Self::FirstChunk
            | Self::RecipientKey => {
                "Compare the blob's digest with the sender's signed statement; if it matches, the sender's node is faulty or was tampered with."
            }
        }
    }
}

#[cfg(test)]
mod tests;
