//! Opening one table: check every decryption proof, decode, count (SPEC §9).
//!
//! The list and the partial decryptions are read a window at a time and worked on by all cores; memory is bounded by the
//! window. What comes out still carries the noise; only disclosure control may turn it into something that leaves.

use std::{fs::File, io::Read};

use passage_protocol::{
    ids::MemberCode,
    manifest::{Manifest, shapes::TableShape},
    mixing::{
        CellLookup, DecryptionStatement, DecryptionSums, Histogram, SUMMED_TUPLES, TupleShape, check_tuples,
    },
    refusal::Refusal,
    round::TableParts,
};
use passage_shell::shelf::{Shelf, ShelfError};
use rayon::{
    iter::{IndexedParallelIterator, ParallelIterator},
    slice::ParallelSlice,
};

use crate::{app::Progress, error::CoordinatorError, work::WorkFault};

/// Tuples read at a time: with four receivers 20 MB of list and 10 MB for each committee member.
const WINDOW_TUPLES: u64 = 65_536;

/// One table with what is needed to open it.
pub(super) struct Opening<'a> {
    pub(super) shelf: &'a Shelf,
    pub(super) manifest: &'a Manifest,
    pub(super) number: u16,
    pub(super) table: &'a TableShape,
    pub(super) parts: &'a TableParts,
}

impl Opening<'_> {
    /// Verifies every committee member's proof, then counts.
    ///
    /// # Errors
    ///
    /// [`WorkFault`] with `P0901` and the member whose proof fails, or the code of bytes that are no points and whose
    /// they are.
    pub(super) fn histogram(&self, progress: &Progress) -> Result<Histogram, WorkFault> {
        for position in 0..self.parts.partials.len() {
            self.verify(position, progress)?;
        }
        let shape = self.table.tuple()?;
        let cells = u32::try_from(self.table.domain.len()).unwrap_or(u32::MAX);
        let lookup = CellLookup::new(cells, self.manifest.committee.len());
        let mut total = Histogram::empty(&lookup, shape);
        let every: Vec<usize> = (0..self.parts.partials.len()).collect();
        self.windows(&every, |first, list, partials| {
            let counted: Result<Vec<Histogram>, WorkFault> = list
                .par_chunks(SUMMED_TUPLES * shape.final_bytes())
                .enumerate()
                .map(|(index, chunk)| {
                    let part = shape.partial_bytes();
                    let partials: Vec<&[u8]> =
                        partials.iter().map(|bytes| chunk_of(bytes, index, part)).collect();
                    let first = first + (index * SUMMED_TUPLES) as u64;
                    // What members made was read when it was verified: what is bad now stands in the list.
                    Histogram::decode(chunk, first, &partials, &lookup, shape)
                        .map_err(|error| self.blame(&error, chunk, first, shape, None))
                })
                .collect();
            counted?.iter().for_each(|histogram| total.add(histogram));
            progress.add((list.len() / shape.final_bytes()) as u64);
            Ok(())
        })?;
        Ok(total)
    }

    /// Checks one committee member's proof over the whole table.
    fn verify(&self, position: usize, progress: &Progress) -> Result<(), WorkFault> {
        let member = self.member(position);
        let (partials, proof) = self.parts.partials.get(position).ok_or(CoordinatorError::BlobMissing)?;
        let share = self.manifest.shares.get(position).ok_or(CoordinatorError::BlobMissing)?;
        let statement = DecryptionStatement {
            manifest: self.manifest.digest(),
            table: self.number,
            list: self.parts.last.digest,
            partials: partials.digest,
        };
        let (shape, keys) = (self.table.tuple()?, self.table.keys());
        let mut sums = DecryptionSums::zero();
        self.windows(&[position], |first, list, partials| {
            let partials = partials.first().map_or(&[][..], Vec::as_slice);
            let summed: Result<Vec<DecryptionSums>, WorkFault> = list
                .par_chunks(SUMMED_TUPLES * shape.final_bytes())
                .enumerate()
                .map(|(index, chunk)| {
                    let first = first + (index * SUMMED_TUPLES) as u64;
                    let part = chunk_of(partials, index, shape.partial_bytes());
                    DecryptionSums::of_chunk(&statement, chunk, part, first, shape)
                        .map_err(|error| self.blame(&error, chunk, first, shape, member))
                })
                .collect();
            summed?.iter().for_each(|part| sums.add(part));
            progress.add((list.len() / shape.final_bytes()) as u64);
            Ok(())
        })?;
        proof.verify(&statement, &sums, shape, keys, share).map_err(|error| WorkFault::by(&error, member))
    }

    /// Whose bytes were refused: the list is the last hop's, everything else the member's at this position.
    fn blame(
        &self,
        error: &dyn Refusal,
        chunk: &[u8],
        first: u64,
        shape: TupleShape,
        member: Option<MemberCode>,
    ) -> WorkFault {
        let list_is_good = check_tuples(chunk, first, shape).is_ok();
        let last_hop = self.manifest.committee.len().saturating_sub(1);
        WorkFault::by(error, if list_is_good { member } else { self.member(last_hop) })
    }

    fn member(&self, position: usize) -> Option<MemberCode> {
        let participant = self.manifest.committee.get(position)?;
        self.manifest.seat(*participant).map(|seat| seat.code)
    }

    /// Reads the list and the partial decryptions of `positions` side by side, a window at a time.
    fn windows(
        &self,
        positions: &[usize],
        mut visit: impl FnMut(u64, &[u8], &[Vec<u8>]) -> Result<(), WorkFault>,
    ) -> Result<(), WorkFault> {
        let shape = self.table.tuple()?;
        let (mut list, _) = self.shelf.reader(self.parts.last.digest)?;
        let mut partials = Vec::new();
        for position in positions {
            let (blob, _) = self.parts.partials.get(*position).ok_or(CoordinatorError::BlobMissing)?;
            partials.push(self.shelf.reader(blob.digest)?.0);
        }
        let tuples = u64::from(self.parts.tuples);
        let mut first = 0;
        while first < tuples {
            let count = (tuples - first).min(WINDOW_TUPLES);
            let window = read(&mut list, count, shape.final_bytes())?;
            let windows: Result<Vec<_>, WorkFault> =
                partials.iter_mut().map(|file| read(file, count, shape.partial_bytes())).collect();
            visit(first, &window, &windows?)?;
            first += count;
        }
        Ok(())
    }
}

fn chunk_of(bytes: &[u8], index: usize, width: usize) -> &[u8] {
    let start = (index * SUMMED_TUPLES * width).min(bytes.len());
    let end = (start + SUMMED_TUPLES * width).min(bytes.len());
    bytes.get(start..end).unwrap_or_default()
}

fn read(file: &mut File, count: u64, width: usize) -> Result<Vec<u8>, WorkFault> {
    let bytes = count.saturating_mul(width as u64);
    let mut window = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    file.take(bytes).read_to_end(&mut window).map_err(ShelfError::from)?;
    if window.len() as u64 == bytes { Ok(window) } else { Err(CoordinatorError::BlobMissing.into()) }
}
