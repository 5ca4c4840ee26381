//! The encrypted form of a run of records: XChaCha20-Poly1305 in chunks of 64 KiB.
//!
//! `magic (8) | salt (32) | chunk*`, a chunk being `u32 length | ciphertext`. The key is derived from the data key, the
//! salt and the segment's label (layout and school year), so no key is used for two files; the nonce is the chunk
//! number. Each chunk's associated data binds label, number and whether it is the last: chunks cannot be changed,
//! swapped, dropped or moved to another segment. Inside, each frame is `u32 length | bytes`.
//!
//! It hides values, not sizes: the number of bytes and hence about the number of rows shows.

use std::io::{self, Read, Write};

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use passage_protocol::{ids::Digest, secret::Secret};
use zeroize::Zeroizing;

use super::error::RosterError;

const MAGIC: &[u8; 8] = b"PSGSEG1\0";
/// Plaintext of a chunk, bytes.
const CHUNK_BYTES: usize = 64 * 1024;
/// Poly1305 tag, bytes.
const TAG_BYTES: usize = 16;
/// Longest frame, bytes: a record of 40 fields of the longest length.
const FRAME_BYTES_MAX: usize = 64 * 1024;
const KEY_CONTEXT: &str = "passage 2026 roster segment key v1";
const CONTENT_CONTEXT: &str = "passage 2026 roster segment content v1";

/// The key all of a node's records are kept under; destroying it destroys them (L3).
pub struct DataKey(Secret<[u8; 32]>);

impl DataKey {
    /// Takes the 32 bytes the key file holds.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    fn derive(&self, context: &str, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        hasher.update(self.0.expose());
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Zeroizing::new(*hasher.finalize().as_bytes())
    }
}

/// 32 fresh random bytes for one import. Not `Clone`: using one twice would use a key twice.
pub struct FreshSalt([u8; 32]);

impl FreshSalt {
    /// Takes bytes fresh from the operating system's generator.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// What a sealed segment turned out to be.
pub(super) struct Sealed<W> {
    pub(super) sink: W,
    /// BLAKE3 of the file.
    pub(super) digest: Digest,
    /// Keyed digest of the frames: equal for equal content under one data key.
    pub(super) content: Digest,
    pub(super) bytes: u64,
    pub(super) frames: u64,
}

/// Encrypts frames into a writer.
pub(super) struct Sealer<W> {
    sink: W,
    cipher: XChaCha20Poly1305,
    label: String,
    pending: Zeroizing<Vec<u8>>,
    chunk: u64,
    file: blake3::Hasher,
    content: blake3::Hasher,
    bytes: u64,
    frames: u64,
}

impl<W: Write> Sealer<W> {
    pub(super) fn new(sink: W, key: &DataKey, salt: &FreshSalt, label: &str) -> io::Result<Self> {
        let mut sealer = Self {
            sink,
            cipher: cipher(key, &salt.0, label),
            label: label.to_owned(),
            pending: Zeroizing::new(Vec::with_capacity(CHUNK_BYTES)),
            chunk: 0,
            file: blake3::Hasher::new(),
            content: blake3::Hasher::new_keyed(&key.derive(CONTENT_CONTEXT, &[label.as_bytes()])),
            bytes: 0,
            frames: 0,
        };
        sealer.put(MAGIC)?;
        sealer.put(&salt.0)?;
        Ok(sealer)
    }

    /// Adds one frame.
    pub(super) fn frame(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.append(&length.to_le_bytes())?;
        self.append(bytes)?;
        self.frames += 1;
        Ok(())
    }

    /// Seals the last chunk.
    pub(super) fn finish(mut self) -> io::Result<Sealed<W>> {
        self.seal(Place::Last)?;
        self.sink.flush()?;
        Ok(Sealed {
            sink: self.sink,
            digest: Digest(*self.file.finalize().as_bytes()),
            content: Digest(*self.content.finalize().as_bytes()),
            bytes: self.bytes,
            frames: self.frames,
        })
    }

    fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.content.update(bytes);
        while !bytes.is_empty() {
            if self.pending.len() == CHUNK_BYTES {
                self.seal(Place::Inner)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.pending.len()));
            self.pending.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn seal(&mut self, place: Place) -> io::Result<()> {
        let aad = associated(&self.label, self.chunk, place);
        let payload = Payload { msg: &self.pending, aad: &aad };
        let sealed =
            self.cipher.encrypt(&nonce(self.chunk), payload).map_err(|_| io::ErrorKind::InvalidInput)?;
        let length = u32::try_from(sealed.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.put(&length.to_le_bytes())?;
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

/// Opens a segment and gives each frame to `each`, in order, only after its chunk's seal was checked.
///
/// # Errors
///
/// [`RosterError::Tampered`] names the chunk. Frames given before it were authentic; drop them all the same.
pub(super) fn open(
    mut source: impl Read,
    key: &DataKey,
    segment: Digest,
    label: &str,
    each: &mut dyn FnMut(&[u8]) -> Result<(), RosterError>,
) -> Result<u64, RosterError> {
    let mut chunk = 0_u64;
    let mut header = [0; 40];
    fill(&mut source, &mut header).map_err(|fault| fault.at(segment, chunk))?;
    let (magic, salt) = header.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(RosterError::Tampered { segment, chunk });
    }
    let cipher = cipher(key, salt, label);
    let mut plain = Zeroizing::new(Vec::new());
    let mut frames = 0;
    let mut place = Place::Inner;
    while place == Place::Inner {
        let tampered = || RosterError::Tampered { segment, chunk };
        let mut length = [0; 4];
        fill(&mut source, &mut length).map_err(|fault| fault.at(segment, chunk))?;
        let length = u32::from_le_bytes(length) as usize;
        if length > CHUNK_BYTES + TAG_BYTES {
            return Err(tampered());
        }
        let mut sealed = vec![0; length];
        fill(&mut source, &mut sealed).map_err(|fault| fault.at(segment, chunk))?;
        let open = |place| {
            cipher.decrypt(&nonce(chunk), Payload { msg: &sealed, aad: &associated(label, chunk, place) })
        };
        let part = match open(Place::Inner) {
            Ok(part) => part,
            Err(_) => {
                place = Place::Last;
                open(Place::Last).map_err(|_| tampered())?
            }
        };
        plain.extend_from_slice(&Zeroizing::new(part));
        let used = frames_of(&plain, &mut |frame| {
            frames += 1;
            each(frame)
        })?;
        plain.drain(..used);
        if plain.len() > FRAME_BYTES_MAX + 4 {
            return Err(tampered());
        }
        chunk += 1;
    }
    let mut beyond = [0; 1];
    if !plain.is_empty() || source.read(&mut beyond)? != 0 {
        return Err(RosterError::Tampered { segment, chunk });
    }
    Ok(frames)
}

/// Gives the whole frames at the start of `plain`; answers how many bytes they took.
fn frames_of(
    plain: &[u8],
    each: &mut dyn FnMut(&[u8]) -> Result<(), RosterError>,
) -> Result<usize, RosterError> {
    let mut rest = plain;
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let Some((frame, after)) = after.split_at_checked(u32::from_le_bytes(*length) as usize) else {
            break;
        };
        each(frame)?;
        rest = after;
    }
    Ok(plain.len() - rest.len())
}

/// Whether a chunk is the last.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Place {
    Inner,
    Last,
}

/// Why bytes could not be had.
enum Missing {
    Cut,
    Disk(io::ErrorKind),
}

impl Missing {
    fn at(self, segment: Digest, chunk: u64) -> RosterError {
        match self {
            Self::Cut => RosterError::Tampered { segment, chunk },
            Self::Disk(kind) => RosterError::Disk { kind },
        }
    }
}

fn fill(source: &mut impl Read, out: &mut [u8]) -> Result<(), Missing> {
    source.read_exact(out).map_err(|error| {
        if error.kind() == io::ErrorKind::UnexpectedEof { Missing::Cut } else { Missing::Disk(error.kind()) }
    })
}

fn cipher(key: &DataKey, salt: &[u8], label: &str) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key.derive(KEY_CONTEXT, &[salt, label.as_bytes()])))
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

#[cfg(test)]
mod tests {
    use super::*;

    const LABEL: &str = "calpads-senr/2019-2020";

    fn sealed(frames: usize) -> Vec<u8> {
        let key = DataKey::new([1; 32]);
        let mut sealer = Sealer::new(Vec::new(), &key, &FreshSalt::new([2; 32]), LABEL).unwrap();
        for frame in 0..frames {
            sealer.frame(&vec![u8::try_from(frame % 251).unwrap(); 1000]).unwrap();
        }
        sealer.finish().unwrap().sink
    }

    fn opened(bytes: &[u8], key: u8, label: &str) -> Result<u64, RosterError> {
        open(bytes, &DataKey::new([key; 32]), Digest([0; 32]), label, &mut |frame| {
            assert_eq!(frame.len(), 1000);
            Ok(())
        })
    }

    #[test]
    fn frames_come_back_across_chunks() {
        for frames in [0, 1, 65, 66, 200] {
            assert_eq!(opened(&sealed(frames), 1, LABEL), Ok(frames as u64));
        }
    }

    #[test]
    fn a_changed_cut_extended_or_moved_segment_is_refused() {
        let bytes = sealed(200);
        for position in (0..bytes.len()).step_by(997).chain([3, 39, 41]) {
            let mut changed = bytes.clone();
            changed[position] ^= 1;
            assert!(
                matches!(opened(&changed, 1, LABEL), Err(RosterError::Tampered { .. })),
                "byte {position}"
            );
        }
        let first = 40 + 4 + CHUNK_BYTES + TAG_BYTES;
        assert!(matches!(opened(&bytes[..first], 1, LABEL), Err(RosterError::Tampered { chunk: 1, .. })));
        assert!(opened(&[bytes.as_slice(), &[0]].concat(), 1, LABEL).is_err());
        assert!(matches!(
            opened(&bytes, 1, "calpads-senr/2020-2021"),
            Err(RosterError::Tampered { chunk: 0, .. })
        ));
        assert!(matches!(opened(&bytes, 9, LABEL), Err(RosterError::Tampered { chunk: 0, .. })));
    }

    #[test]
    fn no_frame_shows_in_the_file() {
        let key = DataKey::new([1; 32]);
        let mut sealer = Sealer::new(Vec::new(), &key, &FreshSalt::new([2; 32]), LABEL).unwrap();
        sealer.frame(b"MARKER-SURNAME").unwrap();
        let bytes = sealer.finish().unwrap().sink;
        assert!(!bytes.windows(6).any(|window| window == b"MARKER"));
    }
}
