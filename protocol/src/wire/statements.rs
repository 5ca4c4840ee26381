//! Statements a party signs about bulk data it has produced.

use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    ids::Digest,
    mixing::DecryptionProof,
    wire::limits::BLOB_BYTES_MAX,
};

/// A blob by digest and length, so that a receiver can refuse it before taking a byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BlobRef {
    /// Plain BLAKE3 of the bytes.
    pub digest: Digest,
    /// Length.
    pub bytes: u64,
}

impl Encode for BlobRef {
    fn encode(&self, out: &mut Vec<u8>) {
        self.digest.encode(out);
        self.bytes.encode(out);
    }
}

impl Decode for BlobRef {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let digest = Digest::decode(reader)?;
        let position = reader.position();
        let bytes = u64::decode(reader)?;
        if bytes > BLOB_BYTES_MAX {
            return Err(CodecError::Invalid { position, expected: "a blob length within the limit" });
        }
        Ok(Self { digest, bytes })
    }
}

/// One pass over a list (SPEC §6.3). Hop 0 is the owner's contribution.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HopStatement {
    /// The manifest everything is bound to.
    pub manifest: Digest,
    /// Participant index of the list's owner.
    pub list: u16,
    /// Place in the list's order of passes.
    pub hop: u8,
    /// Rows.
    pub rows: u32,
    /// Digest of the row bytes taken in; zero at hop 0.
    pub input: Digest,
    /// Digest of the row bytes put out; of the columns alone at the last hop.
    pub output: Digest,
    /// The sealed list for the next hop; at the last hop the tags, in clear.
    pub sealed: BlobRef,
}
codec_struct!(HopStatement { manifest, list, hop, rows, input, output, sealed });

/// One pass over a table (SPEC §8).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TableHopStatement {
    /// The manifest everything is bound to.
    pub manifest: Digest,
    /// Table number.
    pub table: u16,
    /// Committee position.
    pub hop: u8,
    /// Tuples put out.
    pub tuples: u32,
    /// Digest of the tuple bytes taken in; of the plan at hop 0.
    pub input: Digest,
    /// Digest of the tuple bytes put out.
    pub output: Digest,
    /// The sealed table for the next hop; at the last hop the table itself, in clear.
    pub sealed: BlobRef,
}
codec_struct!(TableHopStatement { manifest, table, hop, tuples, input, output, sealed });

/// One committee member's partial decryptions of a final table (SPEC §9).
#[derive(Clone, Debug)]
pub struct PartialStatement {
    /// The manifest everything is bound to.
    pub manifest: Digest,
    /// Table number.
    pub table: u16,
    /// Digest of the final table decrypted.
    pub table_digest: Digest,
    /// The partial decryptions.
    pub partials: BlobRef,
    /// One batched proof for the cell key, one for the window key.
    pub proof: DecryptionProof,
}
codec_struct!(PartialStatement { manifest, table, table_digest, partials, proof });

/// A member's word that it has erased the round's keys, lists and intermediates (G15, F10).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// The manifest of the round.
    pub manifest: Digest,
    /// Digest of the report received.
    pub report: Digest,
    /// Blobs erased.
    pub blobs: u32,
    /// Bytes erased.
    pub bytes: u64,
}
codec_struct!(Receipt { manifest, report, blobs, bytes });
