//! One committee member's pass over a chunk of a table (SPEC §8).

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{
    MixingError, TupleShape, UnmixedTuples,
    batch::{ROWS_PER_BATCH, first_bad, pass},
    shape::{POINT_BYTES, check_length},
};
use crate::{
    cells::PLACES_MAX,
    group::{
        Addend, BadPoint, Ciphertext, CollectiveKeys, Factor, FixedBase, Input, Output, Pass, Scalars,
        SecretScalar,
    },
};

/// The column keys of a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TableKeys {
    /// Column key of the cell column.
    pub cell: usize,
    windows: [usize; PLACES_MAX as usize],
}

impl TableKeys {
    /// The key of the cell column and those of the window columns, place by place; what is beyond the last place is not read.
    #[must_use]
    pub const fn new(cell: usize, windows: &[usize]) -> Self {
        let mut keys = [0; PLACES_MAX as usize];
        let count = if windows.len() < keys.len() { windows.len() } else { keys.len() };
        let ((known, _), (given, _)) = (keys.split_at_mut(count), windows.split_at(count));
        known.copy_from_slice(given);
        Self { cell, windows: keys }
    }

    /// Column keys of the window columns of a table of that shape, place by place.
    pub(super) fn windows(&self, shape: TupleShape) -> impl Iterator<Item = usize> {
        self.windows.into_iter().take(shape.places())
    }
}

/// A chunk to mix.
pub enum TupleChunk<'a> {
    /// Tuples the previous hop sent, with the position of the first in the list.
    Mixed {
        /// Whole tuples.
        bytes: &'a [u8],
        /// Position of the first, for errors.
        first_tuple: u64,
    },
    /// Tuples of the plan or of this dealer's noise.
    Unmixed(UnmixedTuples),
}

/// Re-randomises every cell, multiplies every window test by a fresh non-zero scalar and re-randomises it.
///
/// After it a window test decrypts to the identity exactly if it did before, and to a random point otherwise. The
/// caller shuffles the whole table, noise included, before anything leaves.
///
/// # Errors
///
/// [`MixingError::ColumnKey`], [`MixingError::ChunkLength`] also for unmixed tuples of another shape,
/// [`MixingError::PointNotCanonical`], [`MixingError::PointIdentity`]. No output on error.
///
/// # Cost
///
/// About 5 µs a cell and 17 µs a window test with AVX-512 IFMA, 45 µs and 110 µs without vectors; `docs/performance.md`.
pub fn table_hop(
    chunk: TupleChunk<'_>,
    shape: TupleShape,
    table_keys: TableKeys,
    keys: &CollectiveKeys,
    seed: &[u8; 32],
) -> Result<Vec<u8>, MixingError> {
    let key = |index| keys.key(index).ok_or(MixingError::ColumnKey { key: index, keys: keys.columns() });
    let windows = table_keys.windows(shape).map(key).collect::<Result<Vec<_>, _>>()?;
    let bases = Bases { cell: key(table_keys.cell)?, windows };
    let mut rng = ChaCha20Rng::from_seed(*seed);
    let mut out = Vec::new();
    match chunk {
        TupleChunk::Mixed { bytes, first_tuple } => {
            check_length(bytes, shape.tuple_bytes())?;
            let (points, _) = bytes.as_chunks::<POINT_BYTES>();
            for batch in points.chunks(ROWS_PER_BATCH * points_of_tuple(shape)) {
                let mixed = bases.mix(batch, |points| Input::Encoded(points), shape, &mut rng);
                let refused = |bad| first_bad(bytes, first_tuple, shape.tuple_bytes(), bad);
                out.extend_from_slice(mixed.map_err(refused)?.as_flattened());
            }
        }
        TupleChunk::Unmixed(tuples) => {
            if tuples.shape() != shape {
                let (seen, expected) = (tuples.shape().windows(), shape.windows());
                return Err(MixingError::ChunkLength { seen, expected });
            }
            let encoded = |ciphertext: &Ciphertext| [ciphertext.a.encode(), ciphertext.b.encode()];
            let points: Vec<_> = tuples.into_ciphertexts().iter().flat_map(encoded).collect();
            for batch in points.chunks(ROWS_PER_BATCH * points_of_tuple(shape)) {
                let mixed = bases.mix(batch, |points| Input::Own(points), shape, &mut rng);
                // Encodings of this party's own points are never refused.
                let refused = |bad: BadPoint| MixingError::PointNotCanonical { row: 0, point: bad.index };
                out.extend_from_slice(mixed.map_err(refused)?.as_flattened());
            }
        }
    }
    Ok(out)
}

/// Points of one tuple.
fn points_of_tuple(shape: TupleShape) -> usize {
    shape.tuple_bytes() / POINT_BYTES
}

/// The column keys of a table, to be multiplied.
struct Bases<'a> {
    cell: &'a FixedBase,
    windows: Vec<&'a FixedBase>,
}

/// One half, `A` or `B`, of the ciphertexts under one key, in order.
type Half = Vec<[u8; POINT_BYTES]>;

impl Bases<'_> {
    /// Mixes whole tuples, each `A B` for the cell and for every window test.
    fn mix(
        &self,
        points: &[[u8; POINT_BYTES]],
        input: for<'a> fn(&'a [[u8; POINT_BYTES]]) -> Input<'a>,
        shape: TupleShape,
        rng: &mut ChaCha20Rng,
    ) -> Result<Half, BadPoint> {
        let drawn = Drawn::for_tuples(points.len() / points_of_tuple(shape), shape, rng);
        let deltas: Vec<_> = drawn.cell_deltas.iter().collect();
        let tuples = || points.chunks_exact(points_of_tuple(shape));
        let (mut cells, mut windows): (Vec<Half>, Vec<Vec<Half>>) = (Vec::new(), Vec::new());
        for half in 0..2 {
            let base = |key| if half == 0 { FixedBase::generator() } else { key };
            let own: Half = tuples().filter_map(|tuple| tuple.get(half)).copied().collect();
            let addends = [Addend { base: base(self.cell), scalars: Scalars::Secret(&deltas) }];
            let (factor, output) = (Factor::One, Output::Plain);
            cells.push(pass(&Pass { input: input(&own), factor, addends: &addends, output })?);
            let mut places = Vec::with_capacity(self.windows.len());
            for ((place, key), drawn) in self.windows.iter().enumerate().zip(&drawn.places) {
                let of_place = |(window, _): &(usize, &[u8; POINT_BYTES])| shape.place(*window) == place;
                let tests: Half = tuples()
                    .flat_map(|tuple| tuple.iter().skip(2 + half).step_by(2).enumerate().filter(of_place))
                    .map(|(_, point)| *point)
                    .collect();
                let half_deltas: Vec<_> = drawn.half_deltas.iter().collect();
                let addends = [Addend { base: base(key), scalars: Scalars::Secret(&half_deltas) }];
                let (factor, output) = (Factor::Each(&drawn.half_factors), Output::Double);
                places.push(pass(&Pass { input: input(&tests), factor, addends: &addends, output })?);
            }
            windows.push(places);
        }
        Ok(in_tuples(&cells, &windows, shape))
    }
}

/// The halves of the cells, and those of the windows by place, in their order to tuples.
fn in_tuples(cells: &[Half], windows: &[Vec<Half>], shape: TupleShape) -> Half {
    let ([cell_a, cell_b], [windows_a, windows_b]) = (cells, windows) else { return Vec::new() };
    let mut places: Vec<_> = windows_a.iter().zip(windows_b).map(|(a, b)| a.iter().zip(b)).collect();
    let mut out = Vec::with_capacity(cell_a.len() * points_of_tuple(shape));
    for (a, b) in cell_a.iter().zip(cell_b) {
        out.extend([a, b]);
        for window in 0..shape.windows() {
            let next = places.get_mut(shape.place(window)).and_then(Iterator::next);
            out.extend(next.into_iter().flat_map(|(a, b)| [a, b]));
        }
    }
    out
}

/// The scalars of one batch, drawn tuple by tuple.
struct Drawn {
    cell_deltas: Vec<SecretScalar>,
    places: Vec<DrawnPlace>,
}

/// Those of the windows of one place.
#[derive(Default)]
struct DrawnPlace {
    half_deltas: Vec<SecretScalar>,
    half_factors: Vec<SecretScalar>,
}

impl Drawn {
    fn for_tuples(tuples: usize, shape: TupleShape, rng: &mut ChaCha20Rng) -> Self {
        let mut drawn = Self {
            cell_deltas: Vec::with_capacity(tuples),
            places: (0..shape.places()).map(|_| DrawnPlace::default()).collect(),
        };
        for _ in 0..tuples {
            drawn.cell_deltas.push(SecretScalar::random(rng));
            for window in 0..shape.windows() {
                let (delta, factor) = (SecretScalar::random(rng).half(), SecretScalar::random(rng).half());
                if let Some(place) = drawn.places.get_mut(shape.place(window)) {
                    place.half_deltas.push(delta);
                    place.half_factors.push(factor);
                }
            }
        }
        drawn
    }
}
