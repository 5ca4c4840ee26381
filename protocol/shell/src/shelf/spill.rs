//! Records that do not fit in memory: scattered to buckets on disk, read back bucket by bucket, readable by nobody else.
//!
//! A bucket is a file without a name from its first byte on, so a killed process leaves none, and every block of it is sealed
//! under a key that exists in this value alone, so a disk that is imaged while a pass runs shows nothing either.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce, aead::AeadInOut};
use zeroize::Zeroizing;

use super::ShelfError;
use crate::entropy;

/// Bytes of a block before it is sealed, rounded down to whole records. Every bucket holds one block in memory.
const BLOCK_BYTES: usize = 64 << 10;
/// Bytes a sealed block is longer.
const TAG_BYTES: usize = 16;
/// Buckets of one spill: each is an open file, of which a process has 1,024 on many systems.
pub const BUCKETS_MAX: usize = 256;

/// Buckets of records of one size.
pub struct Spill {
    key: Zeroizing<[u8; 32]>,
    record_bytes: usize,
    block_bytes: usize,
    buckets: Vec<Bucket>,
}

struct Bucket {
    file: File,
    /// Records that do not fill a block yet.
    pending: Vec<u8>,
    /// Number of the first block in the file, and of the next one: they go on after a drain, so that no nonce is used twice.
    blocks: std::ops::Range<u64>,
}

impl Spill {
    /// Empty buckets in `folder`, at most [`BUCKETS_MAX`].
    pub(super) fn new(folder: &Path, record_bytes: usize, buckets: usize) -> Result<Self, ShelfError> {
        let record_bytes = record_bytes.max(1);
        let key = entropy::seed().map_err(|_| ShelfError::Io { kind: std::io::ErrorKind::Other })?;
        let bucket = |_| -> Result<Bucket, ShelfError> {
            Ok(Bucket { file: tempfile::tempfile_in(folder)?, pending: Vec::new(), blocks: 0..0 })
        };
        Ok(Self {
            key: Zeroizing::new(key),
            record_bytes,
            block_bytes: (BLOCK_BYTES / record_bytes).max(1) * record_bytes,
            buckets: (0..buckets.clamp(1, BUCKETS_MAX)).map(bucket).collect::<Result<_, _>>()?,
        })
    }

    /// How many buckets there are.
    #[must_use]
    pub fn buckets(&self) -> usize {
        self.buckets.len()
    }

    /// Appends one record to a bucket.
    ///
    /// # Errors
    ///
    /// [`ShelfError::DiskFull`], [`ShelfError::Io`]; [`ShelfError::TooLong`] if it has not the length of a record, or there is no such bucket.
    pub fn put(&mut self, bucket: usize, record: &[u8]) -> Result<(), ShelfError> {
        let (bytes, limit) = (record.len() as u64, self.record_bytes as u64);
        let place = self.buckets.get_mut(bucket).filter(|_| bytes == limit);
        let place = place.ok_or(ShelfError::TooLong { bytes, limit })?;
        if place.pending.is_empty() {
            place.pending.reserve_exact(self.block_bytes + TAG_BYTES);
        }
        place.pending.extend_from_slice(record);
        if place.pending.len() >= self.block_bytes { self.seal(bucket) } else { Ok(()) }
    }

    /// Hands the records of a bucket to `take` in the order in which they came, in pieces of whole records, and forgets them.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put), whatever `take` returns, and [`ShelfError::Io`] of kind `InvalidData` if somebody altered the file.
    pub fn drain<E: From<ShelfError>>(
        &mut self,
        bucket: usize,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (key, block_bytes) = (Key::from(*self.key), self.block_bytes);
        let limit = self.record_bytes as u64;
        let place = self.buckets.get_mut(bucket).ok_or(ShelfError::TooLong { bytes: 0, limit })?;
        place.file.seek(SeekFrom::Start(0)).map_err(ShelfError::from)?;
        let cipher = ChaCha20Poly1305::new(&key);
        let mut block = Vec::with_capacity(block_bytes + TAG_BYTES);
        for number in place.blocks.clone() {
            block.resize(block_bytes + TAG_BYTES, 0);
            place.file.read_exact(&mut block).map_err(ShelfError::from)?;
            let opening = cipher.decrypt_in_place(&nonce(bucket, number), b"", &mut block);
            opening.map_err(|_| ShelfError::Io { kind: std::io::ErrorKind::InvalidData })?;
            take(&block)?;
        }
        if !place.pending.is_empty() {
            take(&place.pending)?;
            place.pending = Vec::new();
        }
        place.blocks.start = place.blocks.end;
        place.file.set_len(0).map_err(ShelfError::from)?;
        place.file.seek(SeekFrom::Start(0)).map_err(ShelfError::from)?;
        Ok(())
    }

    fn seal(&mut self, bucket: usize) -> Result<(), ShelfError> {
        let key = Key::from(*self.key);
        let Some(place) = self.buckets.get_mut(bucket) else { return Ok(()) };
        let cipher = ChaCha20Poly1305::new(&key);
        let sealing = cipher.encrypt_in_place(&nonce(bucket, place.blocks.end), b"", &mut place.pending);
        sealing.map_err(|_| ShelfError::Io { kind: std::io::ErrorKind::InvalidData })?;
        place.file.write_all(&place.pending)?;
        place.blocks.end += 1;
        place.pending.clear();
        Ok(())
    }
}

fn nonce(bucket: usize, block: u64) -> Nonce {
    let mut nonce = [0; 12];
    let (low, high) = nonce.split_at_mut(4);
    low.copy_from_slice(&u32::try_from(bucket).unwrap_or(u32::MAX).to_le_bytes());
    high.copy_from_slice(&block.to_le_bytes());
    nonce.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drained(spill: &mut Spill, bucket: usize) -> Vec<u8> {
        let mut all = Vec::new();
        spill
            .drain(bucket, |records| -> Result<(), ShelfError> {
                assert!(records.len().is_multiple_of(20), "whole records");
                all.extend_from_slice(records);
                Ok(())
            })
            .unwrap();
        all
    }

    fn record(number: u32) -> [u8; 20] {
        let mut record = *b"record of the spill.";
        record[16..].copy_from_slice(&number.to_le_bytes());
        record
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
        #[test]
        fn every_bucket_gives_back_what_it_was_given_in_order(buckets in 1_usize..6, choices in proptest::collection::vec(0_usize..6, 0..12_000)) {
            let folder = tempfile::tempdir().unwrap();
            let mut spill = Spill::new(folder.path(), 20, buckets).unwrap();
            let mut expected = vec![Vec::new(); buckets];
            for turn in 0..2_u32 {
                for (number, choice) in (0_u32..).zip(&choices) {
                    let record = record(number + turn);
                    spill.put(choice % buckets, &record).unwrap();
                    expected[choice % buckets].extend_from_slice(&record);
                }
                for (bucket, expected) in expected.iter_mut().enumerate() {
                    prop_assert_eq!(drained(&mut spill, bucket), std::mem::take(expected), "turn {}", turn);
                }
            }
        }
    }

    #[test]
    fn nothing_can_be_read_on_the_disk_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(folder.path(), 20, 2).unwrap();
        (0..20_000).for_each(|number| spill.put(1, &record(number)).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a bucket has no name");
        let mut bytes = Vec::new();
        let file = &mut spill.buckets[1].file;
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        assert!(bytes.len() > 300_000, "{} bytes were spilled", bytes.len());
        assert!(!bytes.windows(9).any(|window| window == b"record of"));
    }

    #[test]
    fn bad_block_is_refused_and_so_is_a_record_of_another_length() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(folder.path(), 20, 2).unwrap();
        (0..20_000).for_each(|number| spill.put(0, &record(number)).unwrap());
        assert_eq!(spill.put(0, &[0; 19]), Err(ShelfError::TooLong { bytes: 19, limit: 20 }));
        assert!(spill.put(2, &[0; 20]).is_err(), "there is no such bucket");
        let file = &mut spill.buckets[0].file;
        file.seek(SeekFrom::Start(5)).unwrap();
        file.write_all(&[0xFF]).unwrap();
        let refused = spill.drain(0, |_| Ok::<(), ShelfError>(()));
        assert_eq!(refused, Err(ShelfError::Io { kind: std::io::ErrorKind::InvalidData }));
    }
}
