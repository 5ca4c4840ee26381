//! Bulk bytes in files named by their BLAKE3 digest (SPEC §2.2): lists, hops, tables. Never a whole blob in memory.
//!
//! A blob is on the shelf whole and right, or not at all: its length and digest are known before the first byte, it is
//! hashed while written to a temporary file, synced and renamed. A writer that is dropped removes its file; what a
//! killed process leaves is removed when the shelf is next opened.

mod error;
mod sequence;
mod spill;
pub use self::error::ShelfError;
pub use self::sequence::{Room, Sequence};
pub use self::spill::{BUCKETS_MAX, Spill};
use passage_protocol::ids::Digest;
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

const TEMPORARY: &str = "incoming-";

/// Name and length of a blob, as announced before it is sent.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Blob {
    /// Plain BLAKE3 digest of the bytes.
    pub digest: Digest,
    /// Number of bytes.
    pub bytes: u64,
}

/// A folder of blobs. Cheap to clone; clones share the folder.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: Arc<Path>,
    counter: Arc<AtomicU64>,
}

impl Shelf {
    /// Opens or creates the shelf in `folder` and removes unfinished files of an earlier process.
    ///
    /// # Errors
    ///
    /// Any failure of the file system.
    pub fn open(folder: &Path) -> Result<Self, ShelfError> {
        crate::state_dir::create_private(folder)
            .map_err(|_| ShelfError::Io { kind: io::ErrorKind::PermissionDenied })?;
        for entry in fs::read_dir(folder).map_err(ShelfError::from)? {
            let entry = entry.map_err(ShelfError::from)?;
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                fs::remove_file(entry.path()).map_err(ShelfError::from)?;
            }
        }
        Ok(Self { folder: folder.into(), counter: Arc::default() })
    }

    /// Starts a blob whose length and digest were announced; refuses at once if it exceeds `bytes_max`.
    ///
    /// # Errors
    ///
    /// [`ShelfError::TooLong`], or any failure of the file system.
    pub fn writer(&self, blob: Blob, bytes_max: u64) -> Result<BlobWriter, ShelfError> {
        if blob.bytes > bytes_max {
            return Err(ShelfError::TooLong { bytes: blob.bytes, limit: bytes_max });
        }
        self.start(Some(blob), bytes_max)
    }

    /// Starts a blob of our own making, whose digest is known only at the end; at most `bytes_max` bytes.
    ///
    /// # Errors
    ///
    /// Any failure of the file system.
    pub fn own_writer(&self, bytes_max: u64) -> Result<BlobWriter, ShelfError> {
        self.start(None, bytes_max)
    }

    fn start(&self, announced: Option<Blob>, limit: u64) -> Result<BlobWriter, ShelfError> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{TEMPORARY}{}-{number}", std::process::id()));
        let file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(ShelfError::from)?;
        let limit = announced.map_or(limit, |blob| blob.bytes);
        Ok(BlobWriter {
            shelf: self.clone(),
            announced,
            limit,
            path,
            file,
            hasher: blake3::Hasher::new(),
            written: 0,
        })
    }

    /// Puts bytes already in memory on the shelf.
    ///
    /// # Errors
    ///
    /// Any failure of the file system.
    pub fn put(&self, bytes: &[u8]) -> Result<Blob, ShelfError> {
        let mut writer = self.own_writer(bytes.len() as u64)?;
        writer.write(bytes)?;
        writer.finish()
    }

    /// Buckets for records that do not fit in memory, on the disk of this shelf.
    ///
    /// # Errors
    ///
    /// Any failure of the file system or of the random source.
    pub fn spill(&self, record_bytes: usize, buckets: usize) -> Result<Spill, ShelfError> {
        Spill::new(&self.folder, record_bytes, buckets)
    }

    /// Opens a blob for reading, with its length.
    ///
    /// # Errors
    ///
    /// [`ShelfError::Absent`] if it is not on the shelf.
    pub fn reader(&self, digest: Digest) -> Result<(File, Blob), ShelfError> {
        let file = match File::open(self.path(digest)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ShelfError::Absent { digest });
            }
            Err(error) => return Err(ShelfError::from(error)),
        };
        let bytes = file.metadata().map_err(ShelfError::from)?.len();
        Ok((file, Blob { digest, bytes }))
    }

    /// The blob's length if it is on the shelf.
    #[must_use]
    pub fn find(&self, digest: Digest) -> Option<Blob> {
        fs::metadata(self.path(digest)).ok().map(|meta| Blob { digest, bytes: meta.len() })
    }

    /// Where a blob stands or would stand.
    #[must_use]
    pub fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(digest.to_string())
    }

    /// Reads a blob again and compares its digest: for backups and `doctor`.
    ///
    /// # Errors
    ///
    /// [`ShelfError::DigestDiffers`] if the file was altered since it was put.
    pub fn verify(&self, digest: Digest) -> Result<(), ShelfError> {
        let (file, _) = self.reader(digest)?;
        let mut hasher = blake3::Hasher::new();
        let mut reader = io::BufReader::with_capacity(crate::limits::CHUNK_BYTES, file);
        loop {
            let chunk = reader.fill_buf().map_err(ShelfError::from)?;
            if chunk.is_empty() {
                break;
            }
            hasher.update(chunk);
            let count = chunk.len();
            reader.consume(count);
        }
        if *hasher.finalize().as_bytes() == digest.0 {
            Ok(())
        } else {
            Err(ShelfError::DigestDiffers { digest })
        }
    }

    /// Removes a blob; one that is not there is no error.
    ///
    /// # Errors
    ///
    /// Any failure of the file system.
    pub fn remove(&self, digest: Digest) -> Result<(), ShelfError> {
        match fs::remove_file(self.path(digest)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ShelfError::from(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Overwrites a blob with zeros, reads them back, and removes it; one that is not there is no error.
    ///
    /// # Errors
    ///
    /// Any failure of the file system, and [`ShelfError::DigestDiffers`] if other bytes are read back than were written.
    pub fn shred(&self, digest: Digest) -> Result<(), ShelfError> {
        let path = self.path(digest);
        let mut file = match OpenOptions::new().write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened.map_err(ShelfError::from)?,
        };
        let length = file.metadata().map_err(ShelfError::from)?.len();
        io::copy(&mut io::repeat(0).take(length), &mut file).map_err(ShelfError::from)?;
        file.sync_all().map_err(ShelfError::from)?;
        drop(file);
        let mut reader = io::BufReader::with_capacity(crate::limits::CHUNK_BYTES, File::open(&path)?);
        loop {
            let chunk = reader.fill_buf().map_err(ShelfError::from)?;
            if chunk.iter().any(|byte| *byte != 0) {
                return Err(ShelfError::DigestDiffers { digest });
            }
            let count = chunk.len();
            if count == 0 {
                break;
            }
            reader.consume(count);
        }
        fs::remove_file(&path).map_err(ShelfError::from)?;
        Ok(File::open(&*self.folder).and_then(|folder| folder.sync_all())?)
    }

    /// Removes every blob not in `set`; returns how many went. Files that are not blobs, and unfinished ones, stay.
    ///
    /// # Errors
    ///
    /// Any failure of the file system.
    pub fn keep(&self, set: &BTreeSet<Digest>) -> Result<usize, ShelfError> {
        let mut removed = 0;
        for blob in self.blobs()? {
            if !set.contains(&blob.digest) {
                fs::remove_file(self.path(blob.digest)).map_err(ShelfError::from)?;
                removed += 1;
            }
        }
        File::open(&*self.folder).and_then(|folder| folder.sync_all()).map_err(ShelfError::from)?;
        Ok(removed)
    }

    /// Every blob on the shelf, in order of digest.
    ///
    /// # Errors
    ///
    /// Any failure of the file system.
    pub fn blobs(&self) -> Result<Vec<Blob>, ShelfError> {
        let mut blobs = Vec::new();
        for entry in fs::read_dir(&*self.folder).map_err(ShelfError::from)? {
            let entry = entry.map_err(ShelfError::from)?;
            if let Some(digest) = entry.file_name().to_str().and_then(Digest::parse) {
                blobs.push(Blob { digest, bytes: entry.metadata().map_err(ShelfError::from)?.len() });
            }
        }
        blobs.sort_unstable();
        Ok(blobs)
    }

    /// Bytes of all blobs together.
    ///
    /// # Errors
    ///
    /// Any failure of the file system.
    pub fn total_bytes(&self) -> Result<u64, ShelfError> {
        Ok(self.blobs()?.iter().map(|blob| blob.bytes).sum())
    }
}

/// A blob under way. Dropping it before [`finish`](Self::finish) leaves nothing behind.
#[derive(Debug)]
pub struct BlobWriter {
    shelf: Shelf,
    announced: Option<Blob>,
    limit: u64,
    path: PathBuf,
    file: File,
    hasher: blake3::Hasher,
    written: u64,
}

impl BlobWriter {
    /// Appends `bytes`.
    ///
    /// # Errors
    ///
    /// [`ShelfError::TooLong`] before a byte beyond the announced length is written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ShelfError> {
        let total = self.written.saturating_add(bytes.len() as u64);
        if total > self.limit {
            return Err(ShelfError::TooLong { bytes: total, limit: self.limit });
        }
        self.file.write_all(bytes).map_err(ShelfError::from)?;
        self.hasher.update(bytes);
        self.written = total;
        Ok(())
    }

    /// Bytes written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Checks length and digest, syncs, and puts the blob on the shelf.
    ///
    /// # Errors
    ///
    /// [`ShelfError::TooShort`] or [`ShelfError::DigestDiffers`]; nothing is then left behind.
    pub fn finish(self) -> Result<Blob, ShelfError> {
        let blob = Blob { digest: Digest(*self.hasher.finalize().as_bytes()), bytes: self.written };
        if let Some(announced) = self.announced {
            if blob.bytes < announced.bytes {
                return Err(ShelfError::TooShort { bytes: blob.bytes, expected: announced.bytes });
            }
            if blob.digest != announced.digest {
                return Err(ShelfError::DigestDiffers { digest: announced.digest });
            }
        }
        let path = self.shelf.path(blob.digest);
        self.file.sync_all().map_err(ShelfError::from)?;
        fs::rename(&self.path, &path).map_err(ShelfError::from)?;
        crate::state_dir::sync_folder_of(&path).map_err(ShelfError::from)?;
        Ok(blob)
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        // After a rename there is nothing at this path any more.
        let _ = fs::remove_file(&self.path);
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::write(self, bytes).map(|()| bytes.len()).map_err(|error| io::Error::other(error.to_string()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> (tempfile::TempDir, Shelf) {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(&dir.path().join("shelf")).unwrap();
        (dir, shelf)
    }

    fn files(shelf: &Shelf) -> usize {
        fs::read_dir(&*shelf.folder).unwrap().count()
    }

    #[test]
    fn a_blob_goes_on_and_comes_back() {
        let (_dir, shelf) = shelf();
        let blob = shelf.put(&[7; 100_000]).unwrap();
        assert_eq!(blob, Blob { digest: Digest::of_blob(&[7; 100_000]), bytes: 100_000 });
        assert_eq!(shelf.reader(blob.digest).unwrap().1, blob);
        shelf.verify(blob.digest).unwrap();
        fs::write(shelf.path(blob.digest), b"x").unwrap();
        assert_eq!(shelf.verify(blob.digest), Err(ShelfError::DigestDiffers { digest: blob.digest }));
    }

    #[test]
    fn a_wrong_digest_an_overflow_and_a_short_blob_leave_nothing() {
        let (_dir, shelf) = shelf();
        let announced = Blob { digest: Digest::of_blob(b"right"), bytes: 5 };
        let mut writer = shelf.writer(announced, 10).unwrap();
        writer.write(b"wrong").unwrap();
        assert_eq!(writer.finish(), Err(ShelfError::DigestDiffers { digest: announced.digest }));
        let mut writer = shelf.writer(announced, 10).unwrap();
        assert_eq!(writer.write(b"right!"), Err(ShelfError::TooLong { bytes: 6, limit: 5 }));
        drop(writer);
        let mut writer = shelf.writer(announced, 10).unwrap();
        writer.write(b"rig").unwrap();
        assert_eq!(writer.finish(), Err(ShelfError::TooShort { bytes: 3, expected: 5 }));
        assert_eq!(shelf.writer(announced, 4).unwrap_err(), ShelfError::TooLong { bytes: 5, limit: 4 });
        assert_eq!(files(&shelf), 0);
    }

    #[test]
    fn a_sweep_keeps_what_it_is_told() {
        let (_dir, shelf) = shelf();
        let (kept, gone) = (shelf.put(b"kept").unwrap(), shelf.put(b"gone!").unwrap());
        assert_eq!(shelf.total_bytes().unwrap(), 9);
        assert_eq!(shelf.keep(&BTreeSet::from([kept.digest])).unwrap(), 1);
        assert_eq!(shelf.blobs().unwrap(), vec![kept]);
        assert_eq!(shelf.reader(gone.digest).unwrap_err(), ShelfError::Absent { digest: gone.digest });
    }

    #[test]
    fn what_a_killed_process_left_is_removed_on_opening() {
        let (dir, shelf) = shelf();
        std::mem::forget(shelf.own_writer(10).unwrap());
        assert_eq!(files(&shelf), 1);
        let again = Shelf::open(&dir.path().join("shelf")).unwrap();
        assert_eq!(files(&again), 0);
    }
}
