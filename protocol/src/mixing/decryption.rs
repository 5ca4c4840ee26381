//! Partial decryption of a final table, and the proof that it was made with the published keys (SPEC §9).
//!
//! A member decrypts chunk by chunk, digests its partial decryptions, and then goes over the list once more for the
//! proof, because the weights depend on the digest. Sums of chunks add up in any order, so both passes can run in
//! parallel; the coordinator makes the same sums to verify.

use super::{
    MixingError, TableKeys, TupleShape,
    batch::{first_bad, pass},
    columns::{Half, in_rows, of_rows},
    shape::{check_length, points_of, rows_of},
};
use crate::{
    codec_struct,
    group::{
        BadPoint, Combination, CommitteeKeys, EqualityProof, Factor, GroupError, Input, KeyShare, LaneSums,
        More, Output, Pass, SUMMED_TOGETHER, SecretScalar, WEIGHED_TOGETHER,
    },
    ids::Digest,
};

/// Tuples whose weighted sums are best made together: smaller chunks cost more a tuple.
pub const SUMMED_TUPLES: usize = SUMMED_TOGETHER;

/// Bytes of a weight: 128 bits.
const WEIGHT_BYTES: usize = 16;

/// `D = y_cell A_cell + y_place A_test` for every test of a chunk of a final list, in order: 32 bytes each.
///
/// # Errors
///
/// [`MixingError::ColumnKey`], [`MixingError::ChunkLength`], [`MixingError::PointNotCanonical`],
/// [`MixingError::PointIdentity`]. What the tests mask is not read; the coordinator, who reads it, refuses what is no point.
///
/// # Cost
///
/// About 8 µs a test with AVX-512 IFMA, 60 µs without vectors; `docs/performance.md`.
pub fn partial_decrypt(
    chunk: &[u8],
    first_tuple: u64,
    shape: TupleShape,
    table_keys: TableKeys,
    keys: &CommitteeKeys,
) -> Result<Vec<u8>, MixingError> {
    let shares = shares(shape, table_keys, keys)?;
    check_length(chunk, shape.final_bytes())?;
    let list = FinalColumns::of(chunk, shape);
    let mut partials = Vec::with_capacity(shape.windows());
    for (window, test) in list.tests.iter().enumerate() {
        let [cell, place] = [0, 1 + shape.place(window)].map(|key| shares.get(key).map(|share| share.half()));
        let (Some(cell), Some(place)) = (cell, place) else { continue };
        let more = Some(More { input: Input::Encoded(&list.cells), factor: Factor::Shared(&cell) });
        let (input, factor, output) = (Input::Encoded(test), Factor::Shared(&place), Output::Double);
        let decrypted = pass(&Pass { input, factor, more, addends: &[], output });
        partials.push(decrypted.map_err(|bad| first_bad(chunk, first_tuple, shape.final_bytes(), bad))?);
    }
    Ok(in_rows(&partials).into_flattened())
}

/// The member's shares of a table's keys: the cell's, then those of the window tests, place by place.
fn shares(
    shape: TupleShape,
    table_keys: TableKeys,
    keys: &CommitteeKeys,
) -> Result<Vec<&SecretScalar>, MixingError> {
    let share =
        |index| keys.column_share(index).ok_or(MixingError::ColumnKey { key: index, keys: keys.columns() });
    core::iter::once(table_keys.cell).chain(table_keys.windows(shape)).map(share).collect()
}

/// The first points of a final list's ciphertexts: the cells', and each test's.
struct FinalColumns {
    cells: Half,
    tests: Vec<Half>,
}

impl FinalColumns {
    fn of(chunk: &[u8], shape: TupleShape) -> Self {
        let mut columns = of_rows(chunk.as_chunks().0, 1 + 2 * shape.windows()).into_iter();
        Self { cells: columns.next().unwrap_or_default(), tests: columns.step_by(2).collect() }
    }
}

/// What a decryption proof is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DecryptionStatement {
    /// Digest of the round's manifest.
    pub manifest: Digest,
    /// Index of the table.
    pub table: u16,
    /// Digest of the final list, which the last hop signed.
    pub list: Digest,
    /// Digest of this member's partial decryptions.
    pub partials: Digest,
}

impl DecryptionStatement {
    /// `manifest || table || list || partials`, the start of the weights and of the challenge.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + 2 + 32 + 32);
        bytes.extend_from_slice(&self.manifest.0);
        bytes.extend_from_slice(&self.table.to_le_bytes());
        bytes.extend_from_slice(&self.list.0);
        bytes.extend_from_slice(&self.partials.0);
        bytes
    }

    /// `count` weights from the `first`-th on, 16 bytes each of the XOF. The first eight are those of a tuple's place among eight, then
    /// comes one for each test of a tuple, then one for each eight tuples: every chunk finds its own.
    fn weights(&self, first: u64, count: usize) -> Vec<u128> {
        let mut hasher = blake3::Hasher::new_derive_key("passage v1 table decryption weights");
        hasher.update(&self.bytes());
        let mut output = hasher.finalize_xof();
        output.set_position(first.saturating_mul(WEIGHT_BYTES as u64));
        let mut bytes = [0; WEIGHT_BYTES];
        let draw = |_| {
            output.fill(&mut bytes);
            u128::from_le_bytes(bytes)
        };
        (0..count).map(draw).collect()
    }

    /// The weights of the eights of tuples from `first_tuple` on.
    fn weights_of_tuples(&self, first_tuple: u64, tuples: usize, shape: TupleShape) -> Vec<u128> {
        let before = WEIGHED_TOGETHER + shape.windows();
        let first = first_tuple / WEIGHED_TOGETHER as u64;
        let count = (lane_of(first_tuple) + tuples).div_ceil(WEIGHED_TOGETHER);
        self.weights(first.saturating_add(before as u64), count)
    }
}

/// A tuple's place among eight.
fn lane_of(tuple: u64) -> usize {
    usize::try_from(tuple % WEIGHED_TOGETHER as u64).unwrap_or(0)
}

/// Weighted sums of a final list's points and of one member's partial decryptions; adds up over chunks.
#[derive(Default)]
pub struct DecryptionSums {
    cells: LaneSums,
    tests: Vec<LaneSums>,
    /// `None` where the member proves what it made itself.
    partials: Option<Vec<LaneSums>>,
}

impl DecryptionSums {
    /// Sums over no tuple.
    #[must_use]
    pub fn zero() -> Self {
        Self::default()
    }

    /// Sums over one chunk of the list and the partial decryptions of the same tuples. Variable-time, on public data; with lanes about
    /// 1.2 µs a point.
    ///
    /// # Errors
    ///
    /// [`MixingError::ChunkLength`] also if the two chunks hold different numbers of tuples;
    /// [`MixingError::PointNotCanonical`], [`MixingError::PointIdentity`].
    pub fn of_chunk(
        statement: &DecryptionStatement,
        chunk: &[u8],
        partials: &[u8],
        first_tuple: u64,
        shape: TupleShape,
    ) -> Result<Self, MixingError> {
        let tuples = rows_of(chunk, shape.final_bytes())?.len();
        let rows = rows_of(partials, shape.partial_bytes())?.len();
        if tuples != rows {
            return Err(MixingError::ChunkLength { seen: rows, expected: tuples });
        }
        let decrypted = of_rows(partials.as_chunks().0, shape.windows());
        let sum = |columns: &[Half]| lanes(statement, columns, first_tuple, shape);
        let sums = Self::of_list(statement, chunk, first_tuple, shape)
            .and_then(|own| Ok(Self { partials: Some(sum(&decrypted)?), ..own }));
        sums.map_err(|found| refused(chunk, partials, first_tuple, shape, found))
    }

    /// The sums that the member needs whose partial decryptions they are: it knows their sum by its shares. Half the cost.
    ///
    /// # Errors
    ///
    /// As [`of_chunk`](Self::of_chunk).
    pub fn of_own_chunk(
        statement: &DecryptionStatement,
        chunk: &[u8],
        first_tuple: u64,
        shape: TupleShape,
    ) -> Result<Self, MixingError> {
        check_length(chunk, shape.final_bytes())?;
        let sums = Self::of_list(statement, chunk, first_tuple, shape);
        sums.map_err(|found| first_bad(chunk, first_tuple, shape.final_bytes(), found))
    }

    fn of_list(
        statement: &DecryptionStatement,
        chunk: &[u8],
        first_tuple: u64,
        shape: TupleShape,
    ) -> Result<Self, BadPoint> {
        let list = FinalColumns::of(chunk, shape);
        let cells = lanes(statement, &[list.cells], first_tuple, shape)?;
        let tests = lanes(statement, &list.tests, first_tuple, shape)?;
        Ok(Self { cells: cells.first().copied().unwrap_or_default(), tests, partials: None })
    }

    /// Adds another chunk's sums.
    pub fn add(&mut self, other: &Self) {
        self.cells.add(&other.cells);
        add(&mut self.tests, &other.tests);
        if let Some(partials) = &other.partials {
            add(self.partials.get_or_insert_default(), partials);
        }
    }

    /// What is proved: each key's weighted sum, and the sum of all partial decryptions.
    fn combination(
        &self,
        statement: &DecryptionStatement,
        shape: TupleShape,
        table_keys: TableKeys,
    ) -> Combination {
        let columns: Vec<usize> =
            core::iter::once(table_keys.cell).chain(table_keys.windows(shape)).collect();
        let weights = statement.weights(0, WEIGHED_TOGETHER + shape.windows());
        let tests = self.tests.iter().enumerate().map(|(window, sums)| (1 + shape.place(window), sums));
        let partials = self.partials.as_deref().unwrap_or_default();
        Combination::new(&columns, &weights, &self.cells, &tests.collect::<Vec<_>>(), partials)
    }
}

/// The weighted sums of columns that have one point for each tuple from `first_tuple` on.
fn lanes(
    statement: &DecryptionStatement,
    columns: &[Half],
    first_tuple: u64,
    shape: TupleShape,
) -> Result<Vec<LaneSums>, BadPoint> {
    let tuples = columns.first().map_or(0, Vec::len);
    let weights = statement.weights_of_tuples(first_tuple, tuples, shape);
    columns.iter().map(|column| LaneSums::vartime_of(column, lane_of(first_tuple), &weights)).collect()
}

fn add(sums: &mut Vec<LaneSums>, others: &[LaneSums]) {
    sums.resize(sums.len().max(others.len()), LaneSums::default());
    sums.iter_mut().zip(others).for_each(|(sum, other)| sum.add(other));
}

/// The first bad point that the sums over a chunk and its partial decryptions met: in each tuple the first points of its ciphertexts,
/// then their partial decryptions.
fn refused(
    chunk: &[u8],
    partials: &[u8],
    first_tuple: u64,
    shape: TupleShape,
    found: BadPoint,
) -> MixingError {
    let tuples = chunk.chunks_exact(shape.final_bytes()).zip(partials.chunks_exact(shape.partial_bytes()));
    let error = tuples.zip(first_tuple..).find_map(|((tuple, partial), position)| {
        let list = FinalColumns::of(tuple, shape);
        let first: Half = list.cells.into_iter().chain(list.tests.into_iter().flatten()).collect();
        points_of(first.as_flattened(), position).err().or_else(|| points_of(partial, position).err())
    });
    error.unwrap_or(MixingError::PointNotCanonical { row: first_tuple, point: found.index })
}

/// Proof for one table and one member: 64 bytes for the cell key and the window key of each place, and 32 more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DecryptionProof {
    equality: EqualityProof,
}
codec_struct!(DecryptionProof { equality });

impl DecryptionProof {
    /// Proves the partial decryptions that `sums` were made from.
    ///
    /// # Errors
    ///
    /// [`GroupError::ColumnCount`] if the member has no such column key.
    pub fn prove(
        statement: &DecryptionStatement,
        sums: &DecryptionSums,
        shape: TupleShape,
        table_keys: TableKeys,
        keys: &CommitteeKeys,
    ) -> Result<Self, GroupError> {
        let combination = sums.combination(statement, shape, table_keys);
        let combination = if sums.partials.is_some() { combination } else { combination.by(keys) };
        Ok(Self { equality: EqualityProof::prove(keys, &statement.bytes(), &combination)? })
    }

    /// Checks the proof against the member's published share (`P0901` on failure).
    ///
    /// # Errors
    ///
    /// [`GroupError::EqualityProof`] with the cell's column key; [`GroupError::ColumnCount`] if the share has no such key or the proof
    /// is not for every place.
    pub fn verify(
        &self,
        statement: &DecryptionStatement,
        sums: &DecryptionSums,
        shape: TupleShape,
        table_keys: TableKeys,
        share: &KeyShare,
    ) -> Result<(), GroupError> {
        let combination = sums.combination(statement, shape, table_keys);
        let point = |column: usize| {
            let (seen, expected) = (share.points().len(), column.saturating_add(1));
            share.points().get(column).copied().ok_or(GroupError::ColumnCount { seen, expected })
        };
        let points = combination.columns().map(point).collect::<Result<Vec<_>, _>>()?;
        self.equality.verify(&points, &statement.bytes(), &combination)
    }
}
