//! Records of any length in the order in which they came: in memory up to an allowance, beyond it sealed on disk.
//!
//! The file has no name from its first byte on and every block of it is sealed under a key that exists in this value alone, as in
//! [`Spill`](super::Spill): a killed process leaves nothing, an imaged disk shows nothing. Unlike there, records can be read as often as wanted.

use std::{fs::File, os::unix::fs::FileExt};

use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce, aead::AeadInOut};
use zeroize::Zeroizing;

use super::{BUCKETS_MAX, Shelf, ShelfError};
use crate::entropy;

/// Bytes of a block before it is sealed; the record that fills it may go beyond. A sequence holds one block in memory.
const BLOCK_BYTES: usize = 64 << 10;
/// Bytes before a record: its length.
const LENGTH_BYTES: usize = 4;

/// Where records may go, and the memory they may take there.
#[derive(Clone)]
pub struct Room {
    shelf: Option<Shelf>,
    bytes: u64,
}

impl Room {
    /// `bytes` of memory, and beyond it the disk of `shelf`.
    #[must_use]
    pub fn new(shelf: &Shelf, bytes: u64) -> Self {
        Self { shelf: Some(shelf.clone()), bytes }
    }

    /// Memory without a limit, and no disk.
    #[must_use]
    pub fn memory() -> Self {
        Self { shelf: None, bytes: u64::MAX }
    }

    /// Bytes of memory.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// So much of it as makes at most `bytes`.
    #[must_use]
    pub fn at_most(&self, bytes: u64) -> Self {
        Self { shelf: self.shelf.clone(), bytes: self.bytes.min(bytes) }
    }

    /// One of `parts` equal parts of it.
    #[must_use]
    pub fn part(&self, parts: u64) -> Self {
        Self { shelf: self.shelf.clone(), bytes: self.bytes / parts.max(1) }
    }

    /// An empty sequence that may take all of it.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        Sequence {
            room: self.clone(),
            memory: Vec::new(),
            memory_bytes: 0,
            disk: None,
            pending: Zeroizing::default(),
            records: 0,
        }
    }

    /// Empty sequences that may take all of it together, so many that the `bytes` they will make of their records, evenly
    /// spread, need no more memory than this room when one is read after the other; at most [`BUCKETS_MAX`].
    #[must_use]
    pub fn buckets(&self, bytes: u64) -> Vec<Sequence> {
        let count = bytes.div_ceil(self.bytes.max(1)).clamp(1, BUCKETS_MAX as u64);
        (0..count).map(|_| self.part(count).sequence()).collect()
    }
}

/// Records of any length, in order.
pub struct Sequence {
    room: Room,
    /// Full blocks, as long as they have room.
    memory: Vec<Zeroizing<Vec<u8>>>,
    memory_bytes: u64,
    /// Apart, so that its key is in one place however often the sequence moves.
    disk: Option<Box<Disk>>,
    /// Records that do not fill a block yet.
    pending: Zeroizing<Vec<u8>>,
    records: u64,
}

struct Disk {
    file: File,
    key: Zeroizing<[u8; 32]>,
    /// Where each block begins, and how long it is, sealed.
    blocks: Vec<(u64, usize)>,
    end: u64,
}

impl Sequence {
    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.records
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Whether anything of it went to the disk.
    #[must_use]
    pub fn is_spilled(&self) -> bool {
        self.disk.is_some()
    }

    /// Appends a record.
    ///
    /// # Errors
    ///
    /// [`ShelfError::DiskFull`], [`ShelfError::Io`]; [`ShelfError::TooLong`] for a record of four GiB or more.
    pub fn push(&mut self, record: &[u8]) -> Result<(), ShelfError> {
        let (bytes, limit) = (record.len() as u64, u64::from(u32::MAX));
        let length = u32::try_from(bytes).map_err(|_| ShelfError::TooLong { bytes, limit })?;
        self.pending.extend_from_slice(&length.to_le_bytes());
        self.pending.extend_from_slice(record);
        self.records += 1;
        if self.pending.len() < BLOCK_BYTES {
            return Ok(());
        }
        let full = std::mem::take(&mut self.pending);
        if let Some(disk) = &mut self.disk {
            disk.append(full)?;
        } else {
            self.memory_bytes += full.len() as u64;
            self.memory.push(full);
        }
        match &self.room.shelf {
            Some(shelf) if self.disk.is_none() && self.memory_bytes > self.room.bytes => {
                let disk = self.disk.insert(Box::new(Disk::new(shelf)?));
                self.memory.drain(..).try_for_each(|block| disk.append(block))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Hands over the records in order, some hundreds at a time.
    ///
    /// # Errors
    ///
    /// Whatever `take` returns, and [`ShelfError::Io`], of kind `InvalidData` if somebody altered the file.
    pub fn blocks<E: From<ShelfError>>(
        &self,
        mut take: impl FnMut(&[&[u8]]) -> Result<(), E>,
    ) -> Result<(), E> {
        for block in &self.memory {
            take(&records(block)?)?;
        }
        for number in 0..self.disk.as_ref().map_or(0, |disk| disk.blocks.len()) {
            if let Some(disk) = &self.disk {
                take(&records(&disk.read(number)?)?)?;
            }
        }
        if self.pending.is_empty() { Ok(()) } else { take(&records(&self.pending)?) }
    }

    /// Hands over the records in order, one by one.
    ///
    /// # Errors
    ///
    /// As [`blocks`](Self::blocks).
    pub fn each<E: From<ShelfError>>(&self, mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.blocks(|records| records.iter().try_for_each(|record| take(record)))
    }
}

impl Disk {
    fn new(shelf: &Shelf) -> Result<Self, ShelfError> {
        let no_key = |_| ShelfError::Io { kind: std::io::ErrorKind::Other };
        let key = Zeroizing::new(entropy::seed().map_err(no_key)?);
        Ok(Self { file: tempfile::tempfile_in(&shelf.folder)?, key, blocks: Vec::new(), end: 0 })
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(*self.key))
    }

    /// Seals a block where it stands and writes it.
    fn append(&mut self, mut block: Zeroizing<Vec<u8>>) -> Result<(), ShelfError> {
        let sealing = self.cipher().encrypt_in_place(&nonce(self.blocks.len()), b"", &mut *block);
        sealing.map_err(|_| ShelfError::DAMAGED)?;
        self.file.write_all_at(&block, self.end)?;
        self.blocks.push((self.end, block.len()));
        self.end += block.len() as u64;
        Ok(())
    }

    fn read(&self, number: usize) -> Result<Zeroizing<Vec<u8>>, ShelfError> {
        let (start, bytes) = self.blocks.get(number).copied().ok_or(ShelfError::DAMAGED)?;
        let mut block = Zeroizing::new(vec![0; bytes]);
        self.file.read_exact_at(&mut block, start)?;
        self.cipher().decrypt_in_place(&nonce(number), b"", &mut *block).map_err(|_| ShelfError::DAMAGED)?;
        Ok(block)
    }
}

/// The records of a block.
fn records(block: &[u8]) -> Result<Vec<&[u8]>, ShelfError> {
    let (mut records, mut rest) = (Vec::new(), block);
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or(ShelfError::DAMAGED)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (record, next) = after.split_at_checked(length).ok_or(ShelfError::DAMAGED)?;
        records.push(record);
        rest = next;
    }
    Ok(records)
}

fn nonce(block: usize) -> Nonce {
    let mut nonce = [0; 12];
    nonce.split_at_mut(4).1.copy_from_slice(&(block as u64).to_le_bytes());
    nonce.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(sequence: &Sequence) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        let kept = sequence.each(|record| {
            all.push(record.to_vec());
            Ok::<(), ShelfError>(())
        });
        kept.unwrap();
        all
    }

    fn shelf() -> (tempfile::TempDir, Shelf) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path()).unwrap();
        (folder, shelf)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn records_come_back_as_often_as_wanted_on_disk_as_in_memory(lengths in proptest::collection::vec(0_usize..3_000, 0..400), allowance in 0_u64..600_000) {
            let (_folder, shelf) = shelf();
            let mut sequence = Room::new(&shelf, allowance).sequence();
            let expected: Vec<Vec<u8>> =
                lengths.iter().enumerate().map(|(at, length)| vec![at as u8; *length]).collect();
            for record in &expected {
                sequence.push(record).unwrap();
            }
            prop_assert_eq!(all(&sequence), expected.clone());
            prop_assert_eq!(sequence.len(), expected.len() as u64);
            let total: usize = lengths.iter().map(|length| length + LENGTH_BYTES).sum();
            prop_assert!(!sequence.is_spilled() || total as u64 > allowance);
            prop_assert!(sequence.is_spilled() || (total as u64) < allowance + (BLOCK_BYTES + 3_004) as u64);
            sequence.push(b"one more").unwrap();
            prop_assert_eq!(all(&sequence).len(), expected.len() + 1);
        }
    }

    #[test]
    fn memory_alone_is_never_left() {
        let mut sequence = Room::memory().sequence();
        (0..40_000_u32).for_each(|number| sequence.push(&number.to_le_bytes().repeat(10)).unwrap());
        assert!(!sequence.is_spilled());
        assert_eq!(Room::memory().buckets(1 << 40).len(), 1);
    }

    #[test]
    fn so_many_buckets_that_each_fits_the_room() {
        let (_folder, shelf) = shelf();
        let count = |room: u64, bytes: u64| Room::new(&shelf, room).buckets(bytes).len();
        assert_eq!((count(100, 0), count(100, 100), count(100, 101), count(100, 1_000)), (1, 1, 2, 10));
        assert_eq!(count(1, u64::MAX), BUCKETS_MAX);
        assert_eq!(count(0, 10), 10);
    }

    #[test]
    fn nothing_can_be_read_on_the_disk_and_nothing_is_left() {
        let (folder, shelf) = shelf();
        let mut sequence = Room::new(&shelf, 100_000).sequence();
        (0..20_000).for_each(|_| sequence.push(b"Ana Silva 2068905818").unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
        let disk = sequence.disk.as_ref().unwrap();
        let mut bytes = vec![0; usize::try_from(disk.end).unwrap()];
        disk.file.read_exact_at(&mut bytes, 0).unwrap();
        assert!(bytes.len() > 400_000, "{} bytes were spilled", bytes.len());
        assert!(!bytes.windows(5).any(|window| window == b"Silva"));
        assert!(sequence.memory.is_empty() && sequence.pending.len() < BLOCK_BYTES);
    }

    #[test]
    fn bad_block_is_refused() {
        let (_folder, shelf) = shelf();
        let mut sequence = Room::new(&shelf, 0).sequence();
        (0..20_000).for_each(|_| sequence.push(b"Ana Silva 2068905818").unwrap());
        sequence.disk.as_ref().unwrap().file.write_all_at(&[0xFF; 2], 70_000).unwrap();
        assert_eq!(sequence.each(|_| Ok::<(), ShelfError>(())), Err(ShelfError::DAMAGED));
    }
}
