//! Sealed files: XChaCha20-Poly1305 in chunks of fixed size, so that any range of bytes can be read by itself.
//!
//! ```text
//!   magic (8) | salt (32) | chunk 0 | chunk 1 | ... | last chunk
//!                           each 64 KiB of plaintext + 16 bytes tag; the last may be shorter
//! ```
//!
//! The key is derived from the file key, the salt and the label, so no key is used for two files; the nonce is the
//! chunk number. Each chunk's associated data binds label, number and whether it is the last: chunks cannot be
//! changed, swapped, dropped, appended or moved to another file. Opening reads the last chunk, so a cut file shows
//! before a query starts.
//!
//! It hides values, not sizes: the number of bytes shows. It does not tell an old file from a new one of the same
//! label: whoever keeps the digests does.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    sync::Arc,
};

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, AeadInOut, Payload},
};
use passage_protocol::{ids::Digest, secret::Secret};
use zeroize::Zeroizing;

mod error;
#[cfg(test)]
mod tests;

pub use error::SealedError;

const MAGIC: &[u8; 8] = b"PSGTAB1\0";
const HEADER_BYTES: u64 = 40;
/// Plaintext of a chunk, bytes. Large enough that the tag costs nothing, small enough that a footer is read cheaply.
const CHUNK_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
const KEY_CONTEXT: &str = "passage 2026 analytics sealed file key v1";

/// The key a data set's files are sealed under. Wiped when dropped; destroying it destroys the files (G15).
pub struct FileKey(Secret<[u8; 32]>);

impl FileKey {
    /// Takes the 32 bytes of the key.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    fn cipher(&self, salt: &[u8; 32], label: &str) -> XChaCha20Poly1305 {
        let mut hasher = blake3::Hasher::new_derive_key(KEY_CONTEXT);
        hasher.update(self.0.expose());
        hasher.update(salt);
        hasher.update(label.as_bytes());
        let key = Zeroizing::new(*hasher.finalize().as_bytes());
        XChaCha20Poly1305::new(&Key::from(*key))
    }
}

/// 32 fresh random bytes for one file. Not `Clone`: using one twice would use a key twice.
pub struct FreshSalt([u8; 32]);

impl FreshSalt {
    /// Takes bytes fresh from the operating system's generator.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// What a sealed file turned out to be.
pub struct Sealed<W> {
    /// Where the bytes went. Flushed, not synced.
    pub sink: W,
    /// BLAKE3 of the file as it lies on the disk; also its name.
    pub digest: Digest,
    /// Size on the disk, bytes.
    pub bytes: u64,
}

/// Encrypts what is written to it. Holds one chunk of plaintext.
///
/// A file is whole only after [`finish`](Self::finish): what was written before it is refused when opened.
pub struct SealedWriter<W: Write> {
    sink: W,
    cipher: XChaCha20Poly1305,
    label: String,
    pending: Zeroizing<Vec<u8>>,
    chunk: u64,
    file: blake3::Hasher,
    bytes: u64,
}

impl<W: Write> SealedWriter<W> {
    /// Starts a file. `label` says what the file is (table, school year, part); the same label opens it.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub fn new(sink: W, key: &FileKey, salt: FreshSalt, label: &str) -> io::Result<Self> {
        let FreshSalt(salt) = salt;
        let mut writer = Self {
            sink,
            cipher: key.cipher(&salt, label),
            label: label.to_owned(),
            pending: Zeroizing::new(Vec::with_capacity(SEALED_CHUNK_BYTES)),
            chunk: 0,
            file: blake3::Hasher::new(),
            bytes: 0,
        };
        writer.put(MAGIC)?;
        writer.put(&salt)?;
        Ok(writer)
    }

    /// Seals the last chunk and flushes the sink.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub fn finish(mut self) -> io::Result<Sealed<W>> {
        self.seal(Place::Last)?;
        self.sink.flush()?;
        Ok(Sealed { sink: self.sink, digest: Digest(*self.file.finalize().as_bytes()), bytes: self.bytes })
    }

    fn seal(&mut self, place: Place) -> io::Result<()> {
        let aad = associated(&self.label, self.chunk, place);
        let payload = Payload { msg: self.pending.as_slice(), aad: &aad };
        let sealed =
            self.cipher.encrypt(&nonce(self.chunk), payload).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.put(&sealed)?;
        self.pending.clear();
        self.chunk += 1;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_all(bytes)?;
        self.file.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

impl<W: Write> Write for SealedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits for the next byte: only then is it known not to be the last.
        if self.pending.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.seal(Place::Inner)?;
        }
        let (now, _) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.pending.len()));
        self.pending.extend_from_slice(now);
        Ok(now.len())
    }

    /// Flushes the sink. The chunk being filled stays in memory: a part of a chunk cannot be sealed.
    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// A sealed file open for reading at any place, by any number of threads.
///
/// It holds the open file: removing the path does not disturb a scan that runs. Cloning is cheap.
#[derive(Clone)]
pub struct SealedFile(Arc<Open>);

struct Open {
    file: File,
    cipher: XChaCha20Poly1305,
    label: String,
    chunks: u64,
    /// Length of the plaintext, bytes.
    length: u64,
}

impl SealedFile {
    /// Opens a file and checks its length and its last chunk.
    ///
    /// # Errors
    ///
    /// * [`SealedError::NotSealed`]: another kind of file.
    /// * [`SealedError::Tampered`]: cut, changed, under another key or of another label.
    /// * [`SealedError::Disk`]: the disk would not give it.
    pub fn open(file: File, key: &FileKey, label: &str) -> Result<Self, SealedError> {
        let size = file.metadata()?.len();
        let mut magic = [0; MAGIC.len()];
        let mut salt = [0; 32];
        let header = file.read_exact_at(&mut magic, 0).and_then(|()| file.read_exact_at(&mut salt, 8));
        match header {
            Ok(()) if magic == *MAGIC => {}
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error.into()),
            Ok(()) | Err(_) => return Err(SealedError::NotSealed { label: label.to_owned() }),
        }
        let body = size.saturating_sub(HEADER_BYTES);
        let chunks = body.div_ceil(SEALED_CHUNK_BYTES as u64);
        let last = chunks.saturating_sub(1);
        let rest = body - last * SEALED_CHUNK_BYTES as u64;
        // Only a file without content has an empty last chunk.
        if rest < TAG_BYTES as u64 || (rest == TAG_BYTES as u64 && last > 0) {
            return Err(SealedError::Tampered { label: label.to_owned(), chunk: last });
        }
        let opened = Self(Arc::new(Open {
            cipher: key.cipher(&salt, label),
            file,
            label: label.to_owned(),
            chunks,
            length: body - chunks * TAG_BYTES as u64,
        }));
        opened.0.chunk(last, &mut Zeroizing::new(Vec::new()))?;
        Ok(opened)
    }

    /// Length of the plaintext, bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a length in bytes, not of a collection")]
    pub fn len(&self) -> u64 {
        self.0.length
    }

    /// Fills `out` with the plaintext from `offset`. Decrypts every chunk the range touches: about 60 µs each.
    ///
    /// # Errors
    ///
    /// [`SealedError::Tampered`] names the first chunk that is not authentic; `out` may then hold authentic bytes of
    /// chunks before it. [`SealedError::OutOfRange`] if the range ends after the file. [`SealedError::Disk`].
    pub fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<(), SealedError> {
        let wanted = out.len() as u64;
        if offset.checked_add(wanted).is_none_or(|end| end > self.0.length) {
            return Err(SealedError::OutOfRange { label: self.0.label.clone(), length: self.0.length });
        }
        let chunk_bytes = CHUNK_BYTES as u64;
        let mut chunk = offset / chunk_bytes;
        let mut skip = usize::try_from(offset % chunk_bytes).unwrap_or(0);
        let mut rest = out;
        let mut plain = Zeroizing::new(Vec::new());
        while !rest.is_empty() {
            self.0.chunk(chunk, &mut plain)?;
            let part = plain.get(skip..).unwrap_or_default();
            let (now, later) = rest.split_at_mut(rest.len().min(part.len()));
            let (part, _) = part.split_at(now.len());
            now.copy_from_slice(part);
            rest = later;
            skip = 0;
            chunk += 1;
        }
        Ok(())
    }

    /// Checks every chunk. Costs a read and decryption of the whole file.
    ///
    /// # Errors
    ///
    /// As [`read_at`](Self::read_at).
    pub fn verify(&self) -> Result<(), SealedError> {
        let mut plain = Zeroizing::new(Vec::new());
        (0..self.0.chunks).try_for_each(|chunk| self.0.chunk(chunk, &mut plain))
    }

    /// What the file was said to be when it was opened.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.0.label
    }
}

impl Open {
    /// Puts the plaintext of one chunk into `plain`, after its seal was checked. A chunk that is not whole or not
    /// authentic leaves `plain` empty.
    fn chunk(&self, chunk: u64, plain: &mut Zeroizing<Vec<u8>>) -> Result<(), SealedError> {
        let tampered = || SealedError::Tampered { label: self.label.clone(), chunk };
        let place = if chunk + 1 == self.chunks { Place::Last } else { Place::Inner };
        let start = chunk * CHUNK_BYTES as u64;
        let length = self.length.saturating_sub(start).min(CHUNK_BYTES as u64);
        let length = usize::try_from(length).map_err(|_| tampered())?;
        plain.clear();
        plain.resize(length + TAG_BYTES, 0);
        let position = HEADER_BYTES + chunk * SEALED_CHUNK_BYTES as u64;
        self.file.read_exact_at(plain, position).map_err(|error| {
            // The file was whole when it was opened.
            if error.kind() == io::ErrorKind::UnexpectedEof { tampered() } else { error.into() }
        })?;
        let aad = associated(&self.label, chunk, place);
        let buffer: &mut Vec<u8> = plain;
        self.cipher.decrypt_in_place(&nonce(chunk), &aad, buffer).map_err(|_| {
            buffer.clear();
            tampered()
        })
    }
}

/// Whether a chunk is the last.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Place {
    Inner,
    Last,
}

fn nonce(chunk: u64) -> XNonce {
    let mut bytes = [0; 24];
    let (low, _) = bytes.split_at_mut(8);
    low.copy_from_slice(&chunk.to_le_bytes());
    XNonce::from(bytes)
}

fn associated(label: &str, chunk: u64, place: Place) -> Vec<u8> {
    let mut bytes = label.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend_from_slice(&chunk.to_le_bytes());
    bytes.push(u8::from(place == Place::Last));
    bytes
}
