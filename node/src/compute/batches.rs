//! Rows in batches, on all cores.
//!
//! A pass is three stages that run beside one another: a thread reads and opens ahead ([`super::stream`]), all cores work on a batch,
//! and what came of the batch before is put away meanwhile. What may wait between them is bounded, so a slow stage holds the
//! others up instead of filling memory.

use rayon::prelude::*;

use crate::compute::{Rows, WorkFault};

/// Rows handled by one thread at a time: large enough for batched inversion, small enough for even progress.
pub const CHUNK_ROWS: usize = 512;
/// Chunks in flight: bounds memory to a few megabytes beside the shuffle.
const CHUNKS_IN_FLIGHT: usize = 32;

/// What came of a batch and is not put away yet.
#[derive(Default)]
pub struct Made(Vec<Vec<u8>>);

impl Made {
    /// Works on the chunks of a batch on all cores, while what came of the batch before is put away in order.
    ///
    /// # Errors
    ///
    /// Whatever `work` or `put` returns.
    pub fn next<C: Send>(
        &mut self,
        chunks: impl IndexedParallelIterator<Item = C>,
        work: impl Fn(usize, C) -> Result<Vec<u8>, WorkFault> + Sync + Send,
        put: &mut (impl FnMut(&[u8]) -> Result<(), WorkFault> + Send),
    ) -> Result<(), WorkFault> {
        let before = core::mem::take(&mut self.0);
        let (put, made) = rayon::join(
            || before.iter().try_for_each(|chunk| put(chunk)),
            || chunks.enumerate().map(|(index, chunk)| work(index, chunk)).collect::<Result<_, _>>(),
        );
        put?;
        self.0 = made?;
        Ok(())
    }

    /// Puts away what is left.
    ///
    /// # Errors
    ///
    /// Whatever `put` returns.
    pub fn end(self, mut put: impl FnMut(&[u8]) -> Result<(), WorkFault>) -> Result<(), WorkFault> {
        self.0.iter().try_for_each(|chunk| put(chunk))
    }
}

/// Collects whole rows into batches and passes them through `work` on all cores, in order, into `put`.
pub struct Batches<'a, F, P> {
    pending: Vec<u8>,
    made: Made,
    width: usize,
    first: u64,
    work: F,
    put: P,
    rows: Rows<'a>,
}

impl<'a, F, P> Batches<'a, F, P>
where
    F: Fn(&[u8], u64) -> Result<Vec<u8>, WorkFault> + Sync + Send,
    P: FnMut(&[u8]) -> Result<(), WorkFault> + Send,
{
    /// Starts; `work` gets a chunk of whole rows and the position of its first row.
    pub fn new(width: usize, rows: Rows<'a>, work: F, put: P) -> Self {
        Self { pending: Vec::new(), made: Made::default(), width: width.max(1), first: 0, work, put, rows }
    }

    /// Adds whole rows, working as soon as a batch is full.
    ///
    /// # Errors
    ///
    /// Whatever `work` or `put` returns.
    pub fn push(&mut self, rows: &[u8]) -> Result<(), WorkFault> {
        self.pending.extend_from_slice(rows);
        let is_full = self.pending.len() >= CHUNK_ROWS * CHUNKS_IN_FLIGHT * self.width;
        if is_full { self.work_off() } else { Ok(()) }
    }

    /// Works off what is pending and puts all of it away.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn end(mut self) -> Result<(), WorkFault> {
        self.work_off()?;
        self.made.end(self.put)
    }

    fn work_off(&mut self) -> Result<(), WorkFault> {
        let Self { pending, made, width, first, work, put, .. } = self;
        let row = |chunk: usize| *first + (chunk * CHUNK_ROWS) as u64;
        let chunks = pending.par_chunks(CHUNK_ROWS * *width);
        made.next(chunks, |chunk, rows| work(rows, row(chunk)), put)?;
        let count = (pending.len() / *width) as u64;
        *first += count;
        (self.rows)(count);
        pending.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn every_row_is_worked_on_once_and_put_away_in_order(rows in 0_u32..40_000, piece in 1_usize..30_000) {
            let list: Vec<u8> = (0..rows).flat_map(u32::to_le_bytes).collect();
            let told = AtomicUsize::new(0);
            let progress = |rows: u64| _ = told.fetch_add(rows as usize, Ordering::SeqCst);
            let mut away = Vec::new();
            let work = |chunk: &[u8], first: u64| {
                assert_eq!(chunk.first_chunk().map(|first| u32::from_le_bytes(*first)), u32::try_from(first).ok());
                Ok(chunk.to_vec())
            };
            let mut batches = Batches::new(4, &progress, work, |chunk: &[u8]| {
                away.extend_from_slice(chunk);
                Ok(())
            });
            for rows in list.chunks(4 * piece) {
                batches.push(rows).unwrap();
            }
            batches.end().unwrap();
            prop_assert!(away == list);
            prop_assert_eq!(told.into_inner(), rows as usize);
        }

        #[test]
        fn a_fault_in_any_chunk_is_the_answer(rows in 1_u32..40_000, bad in any::<prop::sample::Index>()) {
            let bad = bad.index(rows as usize) as u64;
            let work = |chunk: &[u8], first: u64| {
                let is_here = (first..first + chunk.len() as u64 / 4).contains(&bad);
                if is_here { Err(WorkFault::RosterChanged) } else { Ok(chunk.to_vec()) }
            };
            let mut batches = Batches::new(4, &|_| (), work, |_: &[u8]| Ok(()));
            let pushed = batches.push(&vec![0; 4 * rows as usize]);
            let ended = pushed.and_then(|()| batches.end());
            prop_assert!(matches!(ended, Err(WorkFault::RosterChanged)));
        }
    }
}
