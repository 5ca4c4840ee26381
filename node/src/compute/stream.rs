//! Blobs as streams: opening ahead of the work on them, sealing.

use std::{
    fs::File,
    io::Read,
    panic,
    sync::mpsc::{self, SyncSender},
    thread,
};

use passage_protocol::{
    ids::Digest,
    seal::{Opener, RecipientKey, SealContext, Sealer},
    wire::{BlobRef, limits::BLOB_BYTES_MAX},
};
use passage_shell::{
    entropy,
    shelf::{BlobWriter, Shelf, ShelfError},
};

use crate::compute::WorkFault;

/// Bytes read from a file at a time.
const READ_BYTES: usize = 64 << 10;

/// Pieces that were opened and wait to be worked on.
const PIECES_AHEAD: usize = 16;

/// Opens a sealed blob and hands its plain bytes to `take` in pieces that are whole multiples of `width`; checks length
/// and digest at the end. Reading and opening go on, a mebibyte ahead, while `take` works.
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
    take: impl FnMut(&[u8]) -> Result<(), WorkFault>,
) -> Result<(), WorkFault> {
    let (file, _) = shelf.reader(sealed)?;
    let mut opener = Opener::new(context, key);
    let open = |ahead: &Ahead| {
        let mut whole = WholeRows::new(expected);
        read(file, |piece| whole.push(opener.push(piece)?, ahead))?;
        whole.push(opener.finish()?, ahead)?;
        whole.finish()
    };
    beside(open, take)
}

/// Reads a blob in clear the same way.
///
/// # Errors
///
/// As [`open_sealed`].
pub fn open_plain(
    shelf: &Shelf,
    expected: Expected,
    take: impl FnMut(&[u8]) -> Result<(), WorkFault>,
) -> Result<(), WorkFault> {
    let (file, _) = shelf.reader(expected.digest)?;
    let open = |ahead: &Ahead| {
        let mut whole = WholeRows::new(expected);
        read(file, |piece| whole.push(piece.to_vec(), ahead))?;
        whole.finish()
    };
    beside(open, take)
}

/// The whole of a file, a piece at a time.
fn read(mut file: File, mut take: impl FnMut(&[u8]) -> Result<(), Halt>) -> Result<(), Halt> {
    let mut piece = vec![0; READ_BYTES];
    loop {
        let count = file.read(&mut piece).map_err(|error| WorkFault::from(ShelfError::from(error)))?;
        match piece.get(..count) {
            Some(read) if !read.is_empty() => take(read)?,
            Some(_) | None => return Ok(()),
        }
    }
}

/// Where opened pieces wait.
type Ahead = SyncSender<Vec<u8>>;

/// Why opening ended early.
enum Halt {
    /// What was opened was refused.
    Fault(WorkFault),
    /// Nobody takes any more: the work has ended with a fault of its own.
    Unwanted,
}

impl<E: Into<WorkFault>> From<E> for Halt {
    fn from(fault: E) -> Self {
        Self::Fault(fault.into())
    }
}

/// Runs `open` on a thread of its own and hands over what it sends.
fn beside(
    open: impl FnOnce(&Ahead) -> Result<(), Halt> + Send,
    mut take: impl FnMut(&[u8]) -> Result<(), WorkFault>,
) -> Result<(), WorkFault> {
    thread::scope(|scope| {
        let (ahead, pieces) = mpsc::sync_channel(PIECES_AHEAD);
        let opening = thread::Builder::new().name("opening".to_owned());
        let opening = opening.spawn_scoped(scope, move || open(&ahead)).map_err(ShelfError::from)?;
        let taken = pieces.iter().try_for_each(|piece: Vec<u8>| take(&piece));
        // A thread that waits for room learns that none will come.
        drop(pieces);
        match opening.join() {
            Ok(Err(Halt::Fault(fault))) => taken.and(Err(fault)),
            Ok(Ok(()) | Err(Halt::Unwanted)) => taken,
            Err(panicked) => panic::resume_unwind(panicked),
        }
    })
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
    expected: Expected,
}

impl WholeRows {
    fn new(expected: Expected) -> Self {
        Self { rest: Vec::new(), hasher: blake3::Hasher::new(), seen: 0, expected }
    }

    fn push(&mut self, plain: Vec<u8>, ahead: &Ahead) -> Result<(), Halt> {
        self.seen += plain.len() as u64;
        if self.seen > self.expected.bytes {
            return Err(self.length().into());
        }
        self.hasher.update(&plain);
        self.rest.extend(plain);
        let width = self.expected.width.max(1);
        let kept = self.rest.split_off(self.rest.len() / width * width);
        ahead.send(core::mem::replace(&mut self.rest, kept)).map_err(|_| Halt::Unwanted)
    }

    fn finish(self) -> Result<(), Halt> {
        if self.seen != self.expected.bytes || !self.rest.is_empty() {
            return Err(self.length().into());
        }
        if Digest(*self.hasher.finalize().as_bytes()) != self.expected.digest {
            return Err(WorkFault::Digest.into());
        }
        Ok(())
    }

    fn length(&self) -> WorkFault {
        WorkFault::Length { seen: self.seen, expected: self.expected.bytes }
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
        let Self { sealer, writer, hasher } = self;
        for part in plain.chunks(READ_BYTES * PIECES_AHEAD) {
            let seal = || -> Result<(), WorkFault> {
                part.chunks(READ_BYTES).try_for_each(|piece| Ok(writer.write(&sealer.push(piece)?)?))
            };
            rayon::join(|| hasher.update(part), seal).1?;
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn opening_goes_no_further_ahead_than_pieces_may_wait() {
        let opened = AtomicUsize::new(0);
        let open = |ahead: &Ahead| {
            for _ in 0..200 {
                opened.fetch_add(1, Ordering::SeqCst);
                ahead.send(vec![7]).map_err(|_| Halt::Unwanted)?;
            }
            Ok(())
        };
        let mut taken = 0;
        let take = |piece: &[u8]| {
            taken += 1;
            assert_eq!(piece, [7]);
            // Beside those that wait, the one here and one that finds no room.
            assert!(opened.load(Ordering::SeqCst) <= taken + PIECES_AHEAD + 1);
            Ok(())
        };
        beside(open, take).unwrap();
        assert_eq!(taken, 200);
    }

    #[test]
    fn a_fault_of_either_stage_is_the_answer_and_ends_the_other() {
        let endless = |ahead: &Ahead| loop {
            ahead.send(vec![0]).map_err(|_| Halt::Unwanted)?;
        };
        let refused = |_: &[u8]| Err(WorkFault::RosterChanged);
        assert!(matches!(beside(endless, refused), Err(WorkFault::RosterChanged)));

        let mut taken = 0;
        let faulty = |ahead: &Ahead| {
            ahead.send(vec![0]).map_err(|_| Halt::Unwanted)?;
            Err(Halt::Fault(WorkFault::Digest))
        };
        let fault = beside(faulty, |_| {
            taken += 1;
            Ok(())
        });
        assert!(matches!(fault, Err(WorkFault::Digest)));
        assert_eq!(taken, 1, "what came before the fault was taken");
    }
}
