//! One committee member's pass over a chunk of a table (SPEC §8).

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{
    MixingError, TableTurn, TupleShape, UnmixedTuples,
    batch::{ROWS_PER_BATCH, first_bad, pass},
    columns::{Half, by_key, half_of, in_tuples},
    shape::{POINT_BYTES, check_length},
    tuples::Unmixed,
};
use crate::{
    cells::PLACES_MAX,
    group::{
        Addend, BadPoint, CollectiveKeys, Factor, FixedBase, Input, More, Output, Pass, Scalars, SecretScalar,
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

/// Re-randomises every cell, multiplies every window test by a fresh non-zero scalar and re-randomises it; the last pass adds the cell to
/// each test and leaves it out otherwise.
///
/// After the last pass a test decrypts to the cell exactly if it came true, and to a random point otherwise: a student who was not seen
/// opens nothing. The caller shuffles the whole table, noise included, before anything leaves.
///
/// # Errors
///
/// [`MixingError::ColumnKey`], [`MixingError::ChunkLength`] also for unmixed tuples of another shape,
/// [`MixingError::PointNotCanonical`], [`MixingError::PointIdentity`]. No output on error.
///
/// # Cost
///
/// About 4 µs a cell and 16 µs a window test with AVX-512 IFMA, 45 µs and 110 µs without vectors; `docs/performance.md`.
pub fn table_hop(
    chunk: TupleChunk<'_>,
    shape: TupleShape,
    turn: TableTurn,
    table_keys: TableKeys,
    keys: &CollectiveKeys,
    seed: &[u8; 32],
) -> Result<Vec<u8>, MixingError> {
    let key = |index| keys.key(index).ok_or(MixingError::ColumnKey { key: index, keys: keys.columns() });
    let windows = table_keys.windows(shape).map(key).collect::<Result<Vec<_>, _>>()?;
    let bases = Bases { cell: key(table_keys.cell)?, windows, turn };
    let mut rng = ChaCha20Rng::from_seed(*seed);
    let mut out = Vec::new();
    match chunk {
        TupleChunk::Mixed { bytes, first_tuple } => {
            check_length(bytes, shape.tuple_bytes())?;
            let (points, _) = bytes.as_chunks::<POINT_BYTES>();
            for batch in points.chunks(ROWS_PER_BATCH * 2 * (1 + shape.windows())) {
                let mixed = bases.mix(&Source::Peer(batch), shape, &mut rng);
                let refused = |bad| first_bad(bytes, first_tuple, shape.tuple_bytes(), bad);
                out.extend_from_slice(mixed.map_err(refused)?.as_flattened());
            }
        }
        TupleChunk::Unmixed(tuples) => {
            if tuples.shape() != shape {
                let (seen, expected) = (tuples.shape().windows(), shape.windows());
                return Err(MixingError::ChunkLength { seen, expected });
            }
            for batch in tuples.ciphertexts().chunks(ROWS_PER_BATCH * (1 + shape.windows())) {
                let mixed = bases.mix(&Source::Own(batch), shape, &mut rng);
                out.extend_from_slice(mixed.map_err(|bad| tuples.first_bad(bad))?.as_flattened());
            }
        }
    }
    Ok(out)
}

/// Whole tuples to mix.
enum Source<'a> {
    /// A peer's points, each ciphertext `A B`.
    Peer(&'a [[u8; POINT_BYTES]]),
    /// What this member's own tuples are differences of.
    Own(&'a [Unmixed]),
}

impl Source<'_> {
    fn tuples(&self, shape: TupleShape) -> usize {
        match self {
            Self::Peer(points) => points.len() / (2 * (1 + shape.windows())),
            Self::Own(ciphertexts) => ciphertexts.len() / (1 + shape.windows()),
        }
    }

    /// How points go into a pass.
    fn input<'b>(&self, points: &'b Half, less: &'b [&'b [[u8; POINT_BYTES]]]) -> Input<'b> {
        match self {
            Self::Peer(_) => Input::Encoded(points),
            Self::Own(_) => Input::Difference { of: points, less },
        }
    }

    /// One half of all ciphertexts, by key; and what is to be subtracted from it.
    fn half(&self, half: usize, shape: TupleShape) -> (Vec<Half>, Vec<Vec<Half>>) {
        match self {
            Self::Peer(points) => (by_key(half_of(points, half), shape), Vec::new()),
            Self::Own(ciphertexts) => {
                let of = |term: usize| by_key(ciphertexts.iter().map(|one| one.term(half, term)), shape);
                (of(0), (1..Unmixed::terms(half)).map(of).collect())
            }
        }
    }
}

/// The column keys of a table, to be multiplied.
struct Bases<'a> {
    cell: &'a FixedBase,
    windows: Vec<&'a FixedBase>,
    turn: TableTurn,
}

impl Bases<'_> {
    /// Mixes whole tuples.
    fn mix(&self, source: &Source<'_>, shape: TupleShape, rng: &mut ChaCha20Rng) -> Result<Half, BadPoint> {
        let drawn = Drawn::for_tuples(source.tuples(shape), shape, rng);
        let first = self.first_half(source, shape, &drawn)?;
        let second = self.second_half(source, shape, &drawn)?;
        Ok(in_tuples(&[first, second], shape, self.turn))
    }

    /// `A` of all ciphertexts, by key.
    fn first_half(
        &self,
        source: &Source<'_>,
        shape: TupleShape,
        drawn: &Drawn,
    ) -> Result<Vec<Half>, BadPoint> {
        let (points, subtracted) = source.half(0, shape);
        let base = FixedBase::generator();
        let column = |(key, points): (usize, &Half)| {
            let (factor, deltas) = drawn.of_key(key);
            let addends = [Addend { base, scalars: Scalars::Secret(&deltas) }];
            let less = less(&subtracted, key);
            let input = source.input(points, &less);
            pass(&Pass { input, factor, more: None, addends: &addends, output: Output::Double })
        };
        points.iter().enumerate().map(column).collect()
    }

    /// `B` of all ciphertexts, by key; after the last pass that of a cell stands in its tests.
    fn second_half(
        &self,
        source: &Source<'_>,
        shape: TupleShape,
        drawn: &Drawn,
    ) -> Result<Vec<Half>, BadPoint> {
        let (points, subtracted) = source.half(1, shape);
        // After the last pass each of the tests of one place in a tuple holds its cell, of which there is none before.
        let tests = if self.turn.is_last() { shape.receivers() * shape.outcomes() } else { 0 };
        let cells: Half = (points.first().into_iter().flatten())
            .flat_map(|cell| core::iter::repeat_n(*cell, tests))
            .collect();
        let deltas_of_cells: Vec<&SecretScalar> =
            drawn.cell_deltas.iter().flat_map(|delta| core::iter::repeat_n(delta, tests)).collect();
        let column = |(key, points): (usize, &Half)| {
            let (factor, deltas) = drawn.of_key(key);
            let mut addends = vec![Addend { base: self.of_key(key), scalars: Scalars::Secret(&deltas) }];
            let less = less(&subtracted, key);
            let input = source.input(points, &less);
            let mut more = None;
            if self.turn.is_last() {
                if key == 0 {
                    return Ok(Half::new());
                }
                more = Some(More { input: source.input(&cells, &[]), factor: Factor::One });
                addends.push(Addend { base: self.cell, scalars: Scalars::Secret(&deltas_of_cells) });
            }
            pass(&Pass { input, factor, more, addends: &addends, output: Output::Double })
        };
        points.iter().enumerate().map(column).collect()
    }

    fn of_key(&self, key: usize) -> &FixedBase {
        key.checked_sub(1).and_then(|place| self.windows.get(place)).copied().unwrap_or(self.cell)
    }
}

/// What is subtracted from the points under one key: a cell is nobody's difference.
fn less(subtracted: &[Vec<Half>], key: usize) -> Vec<&[[u8; POINT_BYTES]]> {
    let terms = if key == 0 { &[][..] } else { subtracted };
    terms.iter().filter_map(|all| all.get(key)).map(Vec::as_slice).collect()
}

/// The scalars of one batch, drawn tuple by tuple. What comes out is doubled, and the double of a uniform scalar is uniform.
struct Drawn {
    cell_deltas: Vec<SecretScalar>,
    places: Vec<DrawnPlace>,
}

/// Those of the windows of one place.
#[derive(Default)]
struct DrawnPlace {
    deltas: Vec<SecretScalar>,
    factors: Vec<SecretScalar>,
}

impl Drawn {
    /// What the ciphertexts under one key are multiplied by, and what is added to them.
    fn of_key(&self, key: usize) -> (Factor<'_>, Vec<&SecretScalar>) {
        match key.checked_sub(1).and_then(|place| self.places.get(place)) {
            Some(place) => (Factor::Each(&place.factors), place.deltas.iter().collect()),
            None => (Factor::One, self.cell_deltas.iter().collect()),
        }
    }

    fn for_tuples(tuples: usize, shape: TupleShape, rng: &mut ChaCha20Rng) -> Self {
        let mut drawn = Self {
            cell_deltas: Vec::with_capacity(tuples),
            places: (0..shape.places()).map(|_| DrawnPlace::default()).collect(),
        };
        for _ in 0..tuples {
            drawn.cell_deltas.push(SecretScalar::random(rng));
            for window in 0..shape.windows() {
                let (delta, factor) = (SecretScalar::random(rng), SecretScalar::random(rng));
                if let Some(place) = drawn.places.get_mut(shape.place(window)) {
                    place.deltas.push(delta);
                    place.factors.push(factor);
                }
            }
        }
        drawn
    }
}
