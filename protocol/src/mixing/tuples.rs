//! Tuples before their first mix: built from the plan, or made up as noise (SPEC §8, §10.3).
//!
//! Both are trivially readable by whoever knows the columns. [`UnmixedTuples`] therefore has no byte form: only
//! `table_hop` takes it, and what comes out is re-randomised.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{
    MixingError, TableTurn, TupleShape,
    permutation::below,
    shape::{IDENTITY, POINT_BYTES, points_of},
};
use crate::{
    cells::Window,
    group::{BadPoint, Point, random_element},
    noise::NoiseTable,
};

/// A ciphertext `(a[0] - a[1], b[0] - b[1] - b[2])`, in encodings as they stand in the rows: whoever mixes it makes the differences,
/// many at a time.
#[derive(Clone, Copy)]
pub(super) struct Unmixed {
    a: [[u8; POINT_BYTES]; 2],
    b: [[u8; POINT_BYTES]; 3],
}

impl Unmixed {
    /// The trivial encryption of a point.
    fn trivial(point: [u8; POINT_BYTES]) -> Self {
        Self { a: [IDENTITY; 2], b: [point, IDENTITY, IDENTITY] }
    }

    /// Terms of a half: the first and what is subtracted from it.
    pub(super) fn terms(half: usize) -> usize {
        if half == 0 { 2 } else { 3 }
    }

    /// One of them.
    pub(super) fn term(&self, half: usize, term: usize) -> [u8; POINT_BYTES] {
        let terms: &[_] = if half == 0 { &self.a } else { &self.b };
        terms.get(term).copied().unwrap_or(IDENTITY)
    }
}

/// `number G`, encoded, as it stands in a list of that turn.
fn multiple(number: u32, turn: TableTurn) -> [u8; POINT_BYTES] {
    Point::doubled_multiple_of_base(number, turn.doublings()).encode()
}

/// Tuples that have not been through a hop. No `Debug`, `Clone` or byte form.
///
/// ```compile_fail
/// fn stores<T: passage_protocol::codec::Encode>() {}
/// stores::<passage_protocol::mixing::UnmixedTuples>();
/// ```
pub struct UnmixedTuples {
    shape: TupleShape,
    ciphertexts: Vec<Unmixed>,
    /// Position of the first tuple in the plan, for errors.
    first: u64,
    /// For every ciphertext of a tuple, where `b[0]` and `b[1]` stand in their rows.
    places: Vec<[usize; 2]>,
}

impl UnmixedTuples {
    /// Number of tuples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ciphertexts.len() / (1 + self.shape.windows())
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ciphertexts.is_empty()
    }

    /// The shape of every tuple.
    #[must_use]
    pub fn shape(&self) -> TupleShape {
        self.shape
    }

    /// Splits off what lies behind the first `tuples` tuples, so that chunks can be mixed in parallel.
    #[must_use]
    pub fn split_off(&mut self, tuples: usize) -> Self {
        let at = tuples.saturating_mul(1 + self.shape.windows()).min(self.ciphertexts.len());
        let first = self.first.saturating_add((at / (1 + self.shape.windows())) as u64);
        let ciphertexts = self.ciphertexts.split_off(at);
        Self { shape: self.shape, ciphertexts, first, places: self.places.clone() }
    }

    /// All ciphertexts, tuple by tuple.
    pub(super) fn ciphertexts(&self) -> &[Unmixed] {
        &self.ciphertexts
    }

    /// The first point that some pass found to be none: only rows of a peer can hold one.
    pub(super) fn first_bad(&self, found: BadPoint) -> MixingError {
        let tuples = self.ciphertexts.chunks(1 + self.shape.windows()).zip(self.first..);
        let points = tuples.flat_map(|(tuple, position)| {
            tuple.iter().zip(&self.places).flat_map(move |(one, [b, less_b])| {
                let ([a, less_a], [of, less, _]) = (one.a, one.b);
                [(a, 0), (less_a, 0), (of, *b), (less, *less_b)].map(|(point, at)| (point, at, position))
            })
        });
        let refused = points.filter(|(point, ..)| *point != IDENTITY).find_map(|(point, at, position)| {
            points_of(&point, position).err().map(|error| renumbered(error, at))
        });
        refused.unwrap_or(MixingError::PointNotCanonical { row: self.first, point: found.index })
    }
}

/// Where a table's values stand in the rows of its lists.
pub struct TupleColumns {
    /// The cell's column in the sender's rows.
    pub cell: usize,
    /// The window's columns in the sender's rows, one for each place: the student's cohort. None where the link alone counts.
    pub sender_windows: Vec<usize>,
    /// The window's columns in each receiver's rows: cohort and outcome, place by place under the sender's column keys.
    pub receiver_windows: Vec<Vec<usize>>,
}

/// One tuple of the plan, as final columns of the rows it names.
pub struct PlanEntry<'a> {
    /// The sender row's columns, `32 (1 + columns)` bytes.
    pub sender: &'a [u8],
    /// Each receiver row's columns; `None` where the plan has no link.
    pub receivers: &'a [Option<&'a [u8]>],
}

/// Builds the tuples of one chunk of a plan that has been checked.
///
/// Where the link alone counts ([`Window::LINK`]) a receiver's test is made of the plan: it comes true where the plan has a row, and
/// nothing of that row is read.
///
/// `first_tuple` is the position of the first entry in the plan, for errors; `committee` the number of members through whose hands the
/// lists went. Points are decoded when the tuples are mixed: `table_hop`
/// refuses what is none, and names it by its tuple and by its index in the row it stands in, the sender's or a receiver's.
///
/// # Errors
///
/// [`MixingError::ShapeLimit`], [`MixingError::ChunkLength`] if an entry has another number of receivers, a list of columns not one for
/// each place, or a row is not whole
/// points, [`MixingError::ColumnMissing`], [`MixingError::PointIdentity`].
///
/// # Cost
///
/// Below 1 µs a ciphertext: bytes are copied.
pub fn build_tuples(
    columns: &TupleColumns,
    window: Window,
    entries: &[PlanEntry<'_>],
    first_tuple: u64,
    committee: usize,
) -> Result<UnmixedTuples, MixingError> {
    let shape = TupleShape::new(columns.receiver_windows.len(), window)?;
    let turn = TableTurn::new(0, committee);
    let constants: Vec<_> = window.constants().map(|number| multiple(number, turn)).collect();
    let (hit, miss) = (Unmixed::trivial(IDENTITY), Unmixed::trivial(multiple(MISS, turn)));
    let mut ciphertexts = Vec::with_capacity(entries.len().saturating_mul(1 + shape.windows()));
    for (entry, position) in entries.iter().zip(first_tuple..) {
        if entry.receivers.len() != shape.receivers() {
            return Err(MixingError::ChunkLength {
                seen: entry.receivers.len(),
                expected: shape.receivers(),
            });
        }
        let [a, b] = column_of(entry.sender, columns.cell, position)?;
        ciphertexts.push(Unmixed { a: [a, IDENTITY], b: [b, IDENTITY, IDENTITY] });
        let own = columns.sender_windows.iter().map(|column| column_of(entry.sender, *column, position));
        let own = own.collect::<Result<Vec<_>, _>>()?;
        for (receiver, places) in entry.receivers.iter().zip(&columns.receiver_windows) {
            let said = usize::from(window.places());
            if own.len() != said || places.len() != said {
                return Err(MixingError::ChunkLength { seen: places.len(), expected: said });
            }
            if window.is_link() {
                ciphertexts.push(if receiver.is_some() { hit } else { miss });
            }
            for (column, [less_a, less_b]) in places.iter().zip(&own) {
                match receiver {
                    Some(row) => {
                        let [a, b] = column_of(row, *column, position)?;
                        let test = |constant: &_| Unmixed { a: [a, *less_a], b: [b, *less_b, *constant] };
                        ciphertexts.extend(constants.iter().map(test));
                    }
                    None => ciphertexts.extend(constants.iter().map(|_| miss)),
                }
            }
        }
    }
    Ok(UnmixedTuples { shape, ciphertexts, first: first_tuple, places: columns.places(shape) })
}

impl TupleColumns {
    /// For every ciphertext of a tuple, where its points stand in their rows.
    fn places(&self, shape: TupleShape) -> Vec<[usize; 2]> {
        // The shared point stands before the columns.
        let mut places = vec![[self.cell.saturating_add(1), 0]];
        for receiver in &self.receiver_windows {
            for (column, own) in receiver.iter().zip(&self.sender_windows) {
                let both = [column.saturating_add(1), own.saturating_add(1)];
                places.extend(core::iter::repeat_n(both, shape.outcomes()));
            }
        }
        places
    }
}

/// Tuples each dealer adds to a table: `2n x (cells + 1) x patterns` (SPEC §10.3).
#[must_use]
pub fn noise_tuple_count(cells: u32, shape: TupleShape, noise: &NoiseTable) -> u64 {
    // One cell more than the table has: the withheld students' (see [`noise_tuples`]).
    let cells = u64::from(cells).saturating_add(1);
    u64::from(noise.support()).saturating_mul(cells).saturating_mul(shape.patterns().count() as u64)
}

/// One dealer's noise for a table: for every (cell, pattern) as many tuples as it draws, then filler to exactly
/// [`noise_tuple_count`].
///
/// The numbers drawn are secret. The seed comes from the operating system, is used for this table only and is not
/// kept. The time taken depends on the draws, and only the dealer could measure it.
#[must_use]
pub fn noise_tuples(
    cells: u32,
    shape: TupleShape,
    turn: TableTurn,
    noise: &NoiseTable,
    seed: &[u8; 32],
) -> UnmixedTuples {
    let mut rng = ChaCha20Rng::from_seed(*seed);
    let width = 1 + shape.windows();
    let total =
        usize::try_from(noise_tuple_count(cells, shape, noise)).unwrap_or(usize::MAX).saturating_mul(width);
    let mut ciphertexts = Vec::with_capacity(total);
    // A student withheld by the source floor has an undecodable cell: one unknown point, the same in every test that comes true. Without
    // noise of its own the coordinator would count exactly how many of those were seen at two receivers. Tuples without a hit open
    // nothing; they are dealt against a last hop that departs from the protocol and asks for cells whatever their tests say.
    let (hit, miss) = (Unmixed::trivial(IDENTITY), Unmixed::trivial(multiple(MISS, turn)));
    for cell in 1..=cells.saturating_add(1) {
        let code = Unmixed::trivial(multiple(cell, turn));
        for pattern in 0..shape.patterns().count() {
            for _ in 0..noise.sample(&mut rng) {
                ciphertexts.push(match cell {
                    cell if cell <= cells => code,
                    _ => Unmixed::trivial(random_element(&mut rng).encode()),
                });
                for receiver in 0..shape.receivers() {
                    // Honest receivers write what they say into any place alike.
                    let place = if shape.places() > 1 { below(&mut rng, shape.places() as u64) } else { 0 };
                    let outcome = shape.patterns().outcome(pattern, receiver);
                    let tests = tests_of(shape, outcome, place);
                    ciphertexts.extend(tests.map(|is_hit| if is_hit { hit } else { miss }));
                }
            }
        }
    }
    while ciphertexts.len() < total {
        ciphertexts.push(Unmixed::trivial(random_element(&mut rng).encode()));
    }
    UnmixedTuples { shape, ciphertexts, first: 0, places: Vec::new() }
}

/// Which of one receiver's tests comes true for a made-up student of that outcome (0: none), said at `place`.
fn tests_of(shape: TupleShape, outcome: usize, place: u64) -> impl Iterator<Item = bool> {
    let place = usize::try_from(place).unwrap_or(0);
    let hit = outcome.checked_sub(1).map(|outcome| place * shape.outcomes() + outcome);
    (0..shape.tests()).map(move |test| Some(test) == hit)
}

/// What stands for a missing link: any number but zero.
const MISS: u32 = 1;

/// The two points of one column of a row's final columns. Not decoded, but none is the identity.
fn column_of(row: &[u8], column: usize, position: u64) -> Result<[[u8; POINT_BYTES]; 2], MixingError> {
    let (points, rest) = row.as_chunks::<POINT_BYTES>();
    if !rest.is_empty() {
        return Err(MixingError::ChunkLength { seen: row.len(), expected: POINT_BYTES });
    }
    let missing = MixingError::ColumnMissing { column, columns: points.len().saturating_sub(1) };
    let index = column.checked_add(1).ok_or(missing)?;
    let (shared, masked) = (points.first().ok_or(missing)?, points.get(index).ok_or(missing)?);
    for (point, at) in [(shared, 0), (masked, index)] {
        if *point == IDENTITY {
            return Err(MixingError::PointIdentity { row: position, point: at });
        }
    }
    Ok([*shared, *masked])
}

/// The same refusal, with the point's index in its whole row.
fn renumbered(error: MixingError, point: usize) -> MixingError {
    match error {
        MixingError::PointIdentity { row, .. } => MixingError::PointIdentity { row, point },
        MixingError::PointNotCanonical { row, .. } => MixingError::PointNotCanonical { row, point },
        MixingError::ChunkLength { .. }
        | MixingError::ColumnKey { .. }
        | MixingError::ColumnMissing { .. }
        | MixingError::RowShape { .. }
        | MixingError::ShapeLimit { .. } => error,
    }
}
