//! Blobs as streams: opening, working on them in batches, sealing.

use std::io::Read;

use passage_protocol::{
    ids::Digest,
    seal::{Opener, RecipientKey, SealContext, Sealer},
    wire::{BlobRef, limits::BLOB_BYTES_MAX},
};
use passage_shell::{
    entropy,
    shelf::{BlobWriter, Shelf, ShelfError},
};
use rayon::prelude::*;

use crate::compute::{Rows, WorkFault};

/// Rows handled by one thread at a time: large enough for batched inversion, small enough for even progress.
pub const CHUNK_ROWS: usize = 512;
/// Chunks in flight: bounds memory to a few megabytes beside the shuffle.
const CHUNKS_IN_FLIGHT: usize = 32;
/// Bytes read from a file at a time.
const READ_BYTES: usize = 64 << 10;

/// Opens a sealed blob and hands its plain bytes to `take` in pieces that are whole multiples of `width`; checks length
/// and digest at the end.
///
/// # Errors
///
/// [`WorkFault::Seal`], [`WorkFault::Length`], [`WorkFault::Digest`], or whatever `take` returns.
pub fn open_sealed(
    shelf: &Shelf,
    sealed: Digest,
    context: &SealContext,
    key: &RecipientKey,
    expected: Expected,
    mut take: impl FnMut(&[u8]) -> Result<(), WorkFault>,
) -> Result<(), WorkFault> {
    let (mut file, _) = shelf.reader(sealed)?;
    let mut opener = Opener::new(context, key);
    let mut whole = WholeRows::new(expected.width);
    let mut piece = vec![0; READ_BYTES];
    loop {
        let count = file.read(&mut piece).map_err(ShelfError::from)?;
        let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { break };
        whole.push(&opener.push(read)?, expected.bytes, &mut take)?;
    }
    whole.push(&opener.finish()?, expected.bytes, &mut take)?;
    whole.finish(expected)
}

/// Reads a blob in clear the same way.
///
/// # Errors
///
/// As [`open_sealed`].
pub fn open_plain(
    shelf: &Shelf,
    expected: Expected,
    mut take: impl FnMut(&[u8]) -> Result<(), WorkFault>,
) -> Result<(), WorkFault> {
    let (mut file, _) = shelf.reader(expected.digest)?;
    let mut whole = WholeRows::new(expected.width);
    let mut piece = vec![0; READ_BYTES];
    loop {
        let count = file.read(&mut piece).map_err(ShelfError::from)?;
        let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { break };
        whole.push(read, expected.bytes, &mut take)?;
    }
    whole.finish(expected)
}

/// What opened bytes must be.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// Digest signed by the sender.
    pub digest: Digest,
    /// Length in bytes.
    pub bytes: u64,
    /// Bytes of a row.
    pub width: usize,
}

struct WholeRows {
    rest: Vec<u8>,
    hasher: blake3::Hasher,
    seen: u64,
    width: usize,
}

impl WholeRows {
    fn new(width: usize) -> Self {
        Self { rest: Vec::new(), hasher: blake3::Hasher::new(), seen: 0, width: width.max(1) }
    }

    fn push(
        &mut self,
        plain: &[u8],
        limit: u64,
        take: &mut impl FnMut(&[u8]) -> Result<(), WorkFault>,
    ) -> Result<(), WorkFault> {
        self.seen += plain.len() as u64;
        if self.seen > limit {
            return Err(WorkFault::Length { seen: self.seen, expected: limit });
        }
        self.hasher.update(plain);
        self.rest.extend_from_slice(plain);
        let whole = self.rest.len() / self.width * self.width;
        let kept = self.rest.split_off(whole);
        take(&self.rest)?;
        self.rest = kept;
        Ok(())
    }

    fn finish(self, expected: Expected) -> Result<(), WorkFault> {
        if self.seen != expected.bytes || !self.rest.is_empty() {
            return Err(WorkFault::Length { seen: self.seen, expected: expected.bytes });
        }
        if Digest(*self.hasher.finalize().as_bytes()) != expected.digest {
            return Err(WorkFault::Digest);
        }
        Ok(())
    }
}

/// Collects whole rows into batches and passes them through `work` on all cores, in order, into `put`.
pub struct Batches<'a, F> {
    pending: Vec<u8>,
    width: usize,
    first: u64,
    work: F,
    rows: Rows<'a>,
}

impl<'a, F> Batches<'a, F>
where
    F: Fn(&[u8], u64) -> Result<Vec<u8>, WorkFault> + Sync,
{
    /// Starts; `work` gets a chunk of whole rows and the position of its first row.
    pub fn new(width: usize, rows: Rows<'a>, work: F) -> Self {
        Self { pending: Vec::new(), width, first: 0, work, rows }
    }

    /// Adds whole rows, working as soon as a batch is full.
    ///
    /// # Errors
    ///
    /// Whatever `work` or `put` returns.
    pub fn push(
        &mut self,
        rows: &[u8],
        put: &mut impl FnMut(&[u8]) -> Result<(), WorkFault>,
    ) -> Result<(), WorkFault> {
        self.pending.extend_from_slice(rows);
        if self.pending.len() >= CHUNK_ROWS * CHUNKS_IN_FLIGHT * self.width {
            self.flush(put)
        } else {
            Ok(())
        }
    }

    /// Works off what is pending.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn flush(&mut self, put: &mut impl FnMut(&[u8]) -> Result<(), WorkFault>) -> Result<(), WorkFault> {
        let chunk_bytes = CHUNK_ROWS * self.width;
        let first = self.first;
        let work = &self.work;
        let done: Result<Vec<Vec<u8>>, WorkFault> = (self.pending.par_chunks(chunk_bytes).enumerate())
            .map(|(index, chunk)| work(chunk, first + (index * CHUNK_ROWS) as u64))
            .collect();
        for chunk in done? {
            put(&chunk)?;
        }
        let count = (self.pending.len() / self.width.max(1)) as u64;
        self.first += count;
        (self.rows)(count);
        self.pending.clear();
        Ok(())
    }
}

/// A sealed blob for one recipient in the making, with the digest of what is inside.
pub struct SealedOut {
    sealer: Sealer,
    writer: BlobWriter,
    hasher: blake3::Hasher,
}

impl SealedOut {
    /// Begins an empty blob.
    ///
    /// # Errors
    ///
    /// [`WorkFault::Entropy`], [`WorkFault::Seal`], [`WorkFault::Shelf`].
    pub fn begin(shelf: &Shelf, context: &SealContext, recipient: &[u8; 32]) -> Result<Self, WorkFault> {
        Ok(Self {
            sealer: Sealer::new(context, recipient, entropy::seed()?)?,
            writer: shelf.own_writer(BLOB_BYTES_MAX)?,
            hasher: blake3::Hasher::new(),
        })
    }

    /// Takes the next plain bytes.
    ///
    /// # Errors
    ///
    /// [`WorkFault::Seal`], [`WorkFault::Shelf`].
    pub fn take(&mut self, plain: &[u8]) -> Result<(), WorkFault> {
        for piece in plain.chunks(READ_BYTES) {
            self.hasher.update(piece);
            self.writer.write(&self.sealer.push(piece)?)?;
        }
        Ok(())
    }

    /// Puts it on the shelf; the digest of the plain bytes, and the sealed blob.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub fn end(mut self) -> Result<(Digest, BlobRef), WorkFault> {
        self.writer.write(&self.sealer.finish()?)?;
        Ok((Digest(*self.hasher.finalize().as_bytes()), finish(self.writer)?))
    }
}

/// Seals a short secret into bytes that travel inside a message.
///
/// # Errors
///
/// [`WorkFault::Seal`].
pub fn seal_short(plain: &[u8], context: &SealContext, recipient: &[u8; 32]) -> Result<Vec<u8>, WorkFault> {
    let mut sealer = Sealer::new(context, recipient, entropy::seed()?)?;
    let mut out = sealer.push(plain)?;
    out.extend(sealer.finish()?);
    Ok(out)
}

/// Opens a short secret of exactly 32 bytes.
///
/// # Errors
///
/// [`WorkFault::Seal`], [`WorkFault::Length`].
pub fn open_short(
    sealed: &[u8],
    context: &SealContext,
    key: &RecipientKey,
) -> Result<zeroize::Zeroizing<[u8; 32]>, WorkFault> {
    let mut opener = Opener::new(context, key);
    let mut plain = zeroize::Zeroizing::new(opener.push(sealed)?);
    plain.extend(opener.finish()?);
    let seen = plain.len() as u64;
    let array =
        <[u8; 32]>::try_from(plain.as_slice()).map_err(|_| WorkFault::Length { seen, expected: 32 })?;
    Ok(zeroize::Zeroizing::new(array))
}

/// Ends a blob of our own making.
///
/// # Errors
///
/// [`WorkFault::Shelf`].
pub fn finish(writer: BlobWriter) -> Result<BlobRef, WorkFault> {
    let blob = writer.finish()?;
    Ok(BlobRef { digest: blob.digest, bytes: blob.bytes })
}
