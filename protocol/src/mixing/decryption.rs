//! Partial decryption of a final table, and the proof that it was made with the published key (SPEC §9).
//!
//! A member decrypts chunk by chunk, digests its partial decryptions, and then goes over both once more for the
//! proof, because the weights depend on the digest. Sums of chunks add up in any order, so both passes can run in
//! parallel; the coordinator makes the same sums to verify.

use super::{
    MixingError, TableKeys, TupleShape,
    batch::first_bad,
    columns::{Half, by_key, half_of, in_tuples},
    shape::{check_length, points_of, rows_of},
};
use crate::{
    cells::PLACES_MAX,
    codec_struct,
    group::{
        Backend, BadPoint, CommitteeKeys, EqualityProof, GroupError, KeyShare, SecretScalar, WeightedSum,
    },
    ids::Digest,
};

/// Bytes of a weight: 128 bits.
const WEIGHT_BYTES: usize = 16;

/// `D = y A` for every ciphertext of a chunk, in order: 32 bytes each, cell first, then the window tests.
///
/// # Errors
///
/// [`MixingError::ColumnKey`], [`MixingError::ChunkLength`], [`MixingError::PointNotCanonical`],
/// [`MixingError::PointIdentity`]: all points are decoded, so that a bad `B` is refused by everybody alike.
///
/// # Cost
///
/// About 6.5 µs a ciphertext with AVX-512 IFMA, 40 µs without vectors; `docs/performance.md`.
pub fn partial_decrypt(
    chunk: &[u8],
    first_tuple: u64,
    shape: TupleShape,
    table_keys: TableKeys,
    keys: &CommitteeKeys,
) -> Result<Vec<u8>, MixingError> {
    let shares = shares(shape, table_keys, keys)?;
    check_length(chunk, shape.tuple_bytes())?;
    let refused = |bad| first_bad(chunk, first_tuple, shape.tuple_bytes(), bad);
    let masked: Half = half_of(chunk.as_chunks().0, 1).collect();
    Backend::best().check(&masked).map_err(refused)?;
    let times = |(points, share): (&Half, &&SecretScalar)| Backend::best().raise(points, share);
    let cipher = by_key(half_of(chunk.as_chunks().0, 0), shape);
    let partials = cipher.iter().zip(&shares).map(times).collect::<Result<_, _>>().map_err(refused)?;
    Ok(in_tuples(&[partials], shape).into_flattened())
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
    /// `manifest || table || list || partials || x`, the start of the weights and of the challenge.
    fn bytes(&self, column_key: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + 2 + 32 + 32 + 2);
        bytes.extend_from_slice(&self.manifest.0);
        bytes.extend_from_slice(&self.table.to_le_bytes());
        bytes.extend_from_slice(&self.list.0);
        bytes.extend_from_slice(&self.partials.0);
        bytes.extend_from_slice(&u16::try_from(column_key).unwrap_or(u16::MAX).to_le_bytes());
        bytes
    }

    /// Weights of `count` ciphertexts from the `first`-th under one column key: 16 bytes each of the XOF, from
    /// position `16 first`, so that every chunk finds its own.
    fn weights(&self, column_key: usize, first: u64, count: usize) -> Vec<u128> {
        let mut hasher = blake3::Hasher::new_derive_key("passage v1 decryption weights");
        hasher.update(&self.bytes(column_key));
        let mut output = hasher.finalize_xof();
        output.set_position(first.saturating_mul(WEIGHT_BYTES as u64));
        let mut bytes = [0; WEIGHT_BYTES];
        let draw = |_| {
            output.fill(&mut bytes);
            u128::from_le_bytes(bytes)
        };
        (0..count).map(draw).collect()
    }
}

/// Weighted sums of a table's ciphertexts and partial decryptions, one per column key; adds up over chunks.
pub struct DecryptionSums {
    cell: WeightedSum,
    windows: [WeightedSum; PLACES_MAX as usize],
}

impl DecryptionSums {
    /// Sums over no tuple.
    #[must_use]
    pub fn zero() -> Self {
        Self { cell: WeightedSum::zero(), windows: core::array::from_fn(|_| WeightedSum::zero()) }
    }

    /// Sums over one chunk of the list and the partial decryptions of the same tuples. Variable-time, on public
    /// data; with lanes about 3 µs a ciphertext.
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
        table_keys: TableKeys,
    ) -> Result<Self, MixingError> {
        let tuples = rows_of(chunk, shape.tuple_bytes())?.len();
        let rows = rows_of(partials, shape.partial_bytes())?.len();
        if tuples != rows {
            return Err(MixingError::ChunkLength { seen: rows, expected: tuples });
        }
        let cipher = by_key(half_of(chunk.as_chunks().0, 0), shape);
        let partial = by_key(partials.as_chunks().0.iter().copied(), shape);
        let sum = |weights: &[u128], cipher: &Half, partial: &Half| {
            WeightedSum::vartime_of(weights, cipher, partial)
        };
        let sums = Self::over(statement, first_tuple, shape, table_keys, &cipher, partial.iter(), sum);
        sums.map_err(|found| refused(chunk, partials, first_tuple, shape, found))
    }

    /// The same sums as the member makes them whose partial decryptions they are: of those only the digest is needed, for
    /// their sum is the share times the ciphertexts' sum. Half the cost.
    ///
    /// # Errors
    ///
    /// As [`of_chunk`](Self::of_chunk), and [`MixingError::ColumnKey`].
    pub fn of_own_chunk(
        statement: &DecryptionStatement,
        chunk: &[u8],
        first_tuple: u64,
        shape: TupleShape,
        table_keys: TableKeys,
        keys: &CommitteeKeys,
    ) -> Result<Self, MixingError> {
        let shares = shares(shape, table_keys, keys)?;
        check_length(chunk, shape.tuple_bytes())?;
        let cipher = by_key(half_of(chunk.as_chunks().0, 0), shape);
        let sum = |weights: &[u128], cipher: &Half, share: &SecretScalar| {
            WeightedSum::vartime_of_share(weights, cipher, share)
        };
        let sums = Self::over(statement, first_tuple, shape, table_keys, &cipher, shares.into_iter(), sum);
        sums.map_err(|found| first_bad(chunk, first_tuple, shape.tuple_bytes(), found))
    }

    /// One sum for each column key, over its ciphertexts and what belongs to them.
    fn over<'a, E>(
        statement: &DecryptionStatement,
        first_tuple: u64,
        shape: TupleShape,
        table_keys: TableKeys,
        cipher: &'a [Half],
        else_of_key: impl Iterator<Item = E>,
        sum: impl Fn(&[u128], &'a Half, E) -> Result<WeightedSum, BadPoint>,
    ) -> Result<Self, BadPoint> {
        // Windows of one place in a tuple.
        let tests = (shape.receivers() * shape.outcomes()) as u64;
        let mut sums = Self::zero();
        let columns = cipher.iter().zip(else_of_key);
        let cell = core::iter::once((table_keys.cell, 1, &mut sums.cell));
        let places = table_keys.windows(shape).zip(&mut sums.windows).map(|(key, sum)| (key, tests, sum));
        for ((key, each, into), (cipher, other)) in cell.chain(places).zip(columns) {
            let weights = statement.weights(key, first_tuple.saturating_mul(each), cipher.len());
            *into = sum(&weights, cipher, other)?;
        }
        Ok(sums)
    }

    /// Adds another chunk's sums.
    pub fn add(&mut self, other: &Self) {
        self.cell.add(&other.cell);
        self.windows.iter_mut().zip(&other.windows).for_each(|(sum, more)| sum.add(more));
    }
}

/// The first bad point that the sums over a chunk and its partial decryptions met: in each tuple its ciphertexts' first points, then
/// their partial decryptions.
fn refused(
    chunk: &[u8],
    partials: &[u8],
    first_tuple: u64,
    shape: TupleShape,
    found: BadPoint,
) -> MixingError {
    let tuples = chunk.chunks_exact(shape.tuple_bytes()).zip(partials.chunks_exact(shape.partial_bytes()));
    let error = tuples.zip(first_tuple..).find_map(|((tuple, partial), position)| {
        let cipher: Half = half_of(tuple.as_chunks().0, 0).collect();
        points_of(cipher.as_flattened(), position).err().or_else(|| points_of(partial, position).err())
    });
    error.unwrap_or(MixingError::PointNotCanonical { row: first_tuple, point: found.index })
}

/// Proof for one table and one member: 96 bytes for the cell key and as many for the window key of each place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DecryptionProof {
    cell: EqualityProof,
    windows: Vec<EqualityProof>,
}
codec_struct!(DecryptionProof { cell, windows });

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
        let prove = |column: usize, sum| EqualityProof::prove(keys, column, &statement.bytes(column), sum);
        Ok(Self {
            cell: prove(table_keys.cell, &sums.cell)?,
            windows: (table_keys.windows(shape).zip(&sums.windows))
                .map(|(key, sum)| prove(key, sum))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Checks the proof against the member's published share (`P0901` on failure).
    ///
    /// # Errors
    ///
    /// [`GroupError::EqualityProof`] with the column key; [`GroupError::ColumnCount`] if the share has no such key or the proof is not
    /// for every place.
    pub fn verify(
        &self,
        statement: &DecryptionStatement,
        sums: &DecryptionSums,
        shape: TupleShape,
        table_keys: TableKeys,
        share: &KeyShare,
    ) -> Result<(), GroupError> {
        let verify = |proof: &EqualityProof, column: usize, sum| {
            let (seen, expected) = (share.points().len(), column.saturating_add(1));
            let point = share.points().get(column).ok_or(GroupError::ColumnCount { seen, expected })?;
            proof.verify(column, point, &statement.bytes(column), sum)
        };
        if self.windows.len() != shape.places() {
            return Err(GroupError::ColumnCount { seen: self.windows.len(), expected: shape.places() });
        }
        verify(&self.cell, table_keys.cell, &sums.cell)?;
        let windows = self.windows.iter().zip(table_keys.windows(shape)).zip(&sums.windows);
        for ((proof, key), sum) in windows {
            verify(proof, key, sum)?;
        }
        Ok(())
    }
}
