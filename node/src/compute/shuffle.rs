//! A shuffled list in the making, in memory or, where that would exceed the allowance, in sealed buckets on disk (SPEC §6.4).
//!
//! One permutation of the whole list is drawn, four bytes a row, and decides everything: in memory it says where a row
//! stands, on disk it says in which bucket and where in it. So a list that was spilled leaves in the very order it would have
//! left without, and the law of that order is the permutation's.

use passage_protocol::mixing::Permutation;
use passage_shell::{
    entropy,
    shelf::{BUCKETS_MAX, Shelf, Spill},
};

use crate::compute::WorkFault;

/// Rows arrive in order, leave in the order of a fresh uniform permutation.
pub struct Shuffle {
    width: usize,
    permutation: Permutation,
    next: usize,
    place: Place,
}

enum Place {
    /// The only whole copy of a list in memory.
    Memory(Vec<u8>),
    /// Each row with its place in its bucket.
    Disk { spill: Spill, bucket_rows: usize, record: Vec<u8> },
}

/// Bytes of a row's place in its bucket.
const PLACE_BYTES: usize = 4;

impl Shuffle {
    /// For exactly `rows` rows of `width` bytes, at most about `allowance` bytes of which stand in memory at a time beside four
    /// bytes a row for the permutation.
    ///
    /// # Errors
    ///
    /// [`WorkFault::Entropy`], [`WorkFault::Shelf`].
    pub fn new(shelf: &Shelf, allowance: u64, rows: u32, width: usize) -> Result<Self, WorkFault> {
        Self::ordered(shelf, allowance, Permutation::draw(rows, entropy::seed()?), width)
    }

    fn ordered(shelf: &Shelf, allowance: u64, order: Permutation, width: usize) -> Result<Self, WorkFault> {
        let (rows, bytes) = (order.len(), order.len() as u64 * width as u64);
        let place = if bytes <= allowance {
            Place::Memory(vec![0; rows * width])
        } else {
            // A bucket is put in order in memory, beside one block of every bucket.
            let buckets = bytes.div_ceil((allowance / 2).max(1)).min(BUCKETS_MAX as u64);
            let bucket_rows = rows.div_ceil(usize::try_from(buckets).unwrap_or(BUCKETS_MAX)).max(1);
            let spill = shelf.spill(width + PLACE_BYTES, rows.div_ceil(bucket_rows))?;
            Place::Disk { spill, bucket_rows, record: Vec::with_capacity(width + PLACE_BYTES) }
        };
        Ok(Self { width, permutation: order, next: 0, place })
    }

    /// Puts the next rows in their places.
    ///
    /// # Errors
    ///
    /// [`WorkFault::Length`] if there are more rows than announced; [`WorkFault::Shelf`].
    pub fn put(&mut self, rows: &[u8]) -> Result<(), WorkFault> {
        for row in rows.chunks_exact(self.width) {
            let too_many =
                WorkFault::Length { seen: self.next as u64 + 1, expected: self.permutation.len() as u64 };
            let Some(target) = self.permutation.target(self.next) else { return Err(too_many) };
            match &mut self.place {
                Place::Memory(bytes) => {
                    let start = target * self.width;
                    let place = bytes.get_mut(start..start + self.width);
                    place.ok_or(too_many)?.copy_from_slice(row);
                }
                Place::Disk { spill, bucket_rows, record } => {
                    let place = u32::try_from(target % *bucket_rows).unwrap_or(u32::MAX);
                    record.clear();
                    record.extend_from_slice(&place.to_le_bytes());
                    record.extend_from_slice(row);
                    spill.put(target / *bucket_rows, record)?;
                }
            }
            self.next += 1;
        }
        Ok(())
    }

    /// Hands over the shuffled list from its first row to its last, in pieces of whole rows.
    ///
    /// # Errors
    ///
    /// [`WorkFault::Length`] if rows are missing; [`WorkFault::Shelf`]; whatever `take` returns.
    pub fn finish(self, mut take: impl FnMut(&[u8]) -> Result<(), WorkFault>) -> Result<(), WorkFault> {
        let (seen, expected) = (self.next as u64, self.permutation.len() as u64);
        if seen != expected {
            return Err(WorkFault::Length { seen, expected });
        }
        let (mut spill, bucket_rows) = match self.place {
            Place::Memory(bytes) => return take(&bytes),
            Place::Disk { spill, bucket_rows, .. } => (spill, bucket_rows),
        };
        let (rows, width) = (self.permutation.len(), self.width);
        // The order has been followed; while buckets are read nothing needs it.
        drop(self.permutation);
        let mut ordered = Vec::new();
        for bucket in 0..spill.buckets() {
            let here = bucket_rows.min(rows.saturating_sub(bucket * bucket_rows));
            ordered.resize(here * width, 0);
            spill.drain(bucket, |records| {
                for record in records.chunks_exact(PLACE_BYTES + width) {
                    let Some((place, row)) = record.split_first_chunk::<PLACE_BYTES>() else { continue };
                    let start = u32::from_le_bytes(*place) as usize * width;
                    let missing = WorkFault::Length { seen: start as u64, expected: ordered.len() as u64 };
                    ordered.get_mut(start..start + width).ok_or(missing)?.copy_from_slice(row);
                }
                Ok::<(), WorkFault>(())
            })?;
            take(&ordered)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shuffled(shelf: &Shelf, allowance: u64, rows: u32, width: usize, seed: [u8; 32]) -> Vec<u8> {
        let mut shuffle = Shuffle::ordered(shelf, allowance, Permutation::draw(rows, seed), width).unwrap();
        let list: Vec<u8> = (0..rows).flat_map(|row| row.to_le_bytes().repeat(width / 4)).collect();
        list.chunks(7 * width).for_each(|part| shuffle.put(part).unwrap());
        let mut all = Vec::new();
        shuffle
            .finish(|piece| {
                assert!(piece.len().is_multiple_of(width));
                all.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn a_spilled_list_leaves_in_the_order_of_one_in_memory(rows in 0_u32..3_000, words in 1_usize..60, allowance in 1_u64..100_000, seed in any::<[u8; 32]>()) {
            let folder = tempfile::tempdir().unwrap();
            let shelf = Shelf::open(folder.path()).unwrap();
            let whole = shuffled(&shelf, u64::MAX, rows, 4 * words, seed);
            prop_assert_eq!(shuffled(&shelf, allowance, rows, 4 * words, seed), whole);
        }
    }

    #[test]
    fn a_list_above_the_allowance_holds_no_more_than_it_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path()).unwrap();
        let order = Permutation::draw(100_000, [4; 32]);
        let mut shuffle = Shuffle::ordered(&shelf, 1 << 20, order, 100).unwrap();
        assert!(matches!(&shuffle.place, Place::Disk { spill, .. } if spill.buckets() == 20));
        (0..100_000_u32).for_each(|row| shuffle.put(&row.to_le_bytes().repeat(25)).unwrap());
        let (mut largest, mut total) = (0, 0);
        shuffle
            .finish(|piece| {
                (largest, total) = (piece.len().max(largest), total + piece.len());
                Ok(())
            })
            .unwrap();
        assert_eq!(total, 10_000_000);
        assert!(largest <= 1 << 19, "a bucket of {largest} bytes");
    }

    #[test]
    fn bad_number_of_rows_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path()).unwrap();
        for allowance in [1, u64::MAX] {
            let mut shuffle = Shuffle::new(&shelf, allowance, 2, 4).unwrap();
            shuffle.put(&[1; 4]).unwrap();
            assert!(matches!(shuffle.finish(|_| Ok(())), Err(WorkFault::Length { seen: 1, expected: 2 })));
            let mut shuffle = Shuffle::new(&shelf, allowance, 1, 4).unwrap();
            assert!(matches!(shuffle.put(&[1; 8]), Err(WorkFault::Length { seen: 2, expected: 1 })));
        }
    }
}
