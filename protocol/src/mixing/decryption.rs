//! Partial decryption of a final table, and the proof that it was made with the published key (SPEC §9).
//!
//! A member decrypts chunk by chunk, digests its partial decryptions, and then goes over both once more for the
//! proof, because the weights depend on the digest. Sums of chunks add up in any order, so both passes can run in
//! parallel; the coordinator makes the same sums to verify.

use super::{
    MixingError, TableKeys, TupleShape,
    batch::{check, own_pass},
    shape::{CIPHERTEXT_BYTES, POINT_BYTES, points_of, rows_of},
};
use crate::{
    cells::PLACES_MAX,
    codec_struct,
    group::{
        CommitteeKeys, EqualityProof, Factor, GroupError, Input, KeyShare, Output, Pass, Point, SecretScalar,
        WeightedSum,
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
/// About 8 µs a ciphertext with AVX-512 IFMA, 40 µs without vectors; `docs/performance.md`.
pub fn partial_decrypt(
    chunk: &[u8],
    first_tuple: u64,
    shape: TupleShape,
    table_keys: TableKeys,
    keys: &CommitteeKeys,
) -> Result<Vec<u8>, MixingError> {
    let half = |index| {
        let missing = MixingError::ColumnKey { key: index, keys: keys.columns() };
        keys.column_share(index).map(|share| share.half()).ok_or(missing)
    };
    let cell = half(table_keys.cell)?;
    let places = table_keys.windows(shape).map(half).collect::<Result<Vec<_>, _>>()?;
    check(chunk, first_tuple, shape.tuple_bytes())?;
    let (points, _) = chunk.as_chunks::<POINT_BYTES>();
    let tuples = || points.chunks_exact(shape.tuple_bytes() / POINT_BYTES);
    let cells: Vec<_> = tuples().filter_map(<[_]>::first).copied().collect();
    let windows = |place: usize| -> Vec<[u8; POINT_BYTES]> {
        let of_place = |(window, _): &(usize, &[u8; POINT_BYTES])| shape.place(*window) == place;
        let tests = tuples().flat_map(|tuple| tuple.iter().skip(2).step_by(2).enumerate().filter(of_place));
        tests.map(|(_, point)| *point).collect()
    };
    let times = |points: &[[u8; POINT_BYTES]], half: &SecretScalar| {
        let (input, factor) = (Input::Encoded(points), Factor::Shared(half));
        // Every point was checked: none is refused.
        own_pass(&Pass { input, factor, addends: &[], output: Output::Double })
    };
    let mut places: Vec<_> =
        (places.iter().enumerate()).map(|(place, half)| times(&windows(place), half).into_iter()).collect();
    let mut out = Vec::with_capacity(chunk.len() / 2);
    for partial in times(&cells, &cell) {
        out.extend_from_slice(&partial);
        for window in 0..shape.windows() {
            let next = places.get_mut(shape.place(window)).and_then(Iterator::next);
            out.extend(next.into_iter().flatten());
        }
    }
    Ok(out)
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
    /// data; about 15 µs a ciphertext.
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
        let tuples = rows_of(chunk, shape.tuple_bytes())?;
        let partials = rows_of(partials, shape.partial_bytes())?;
        if tuples.len() != partials.len() {
            return Err(MixingError::ChunkLength { seen: partials.len(), expected: tuples.len() });
        }
        let mut cells = Pairs::default();
        let mut windows: [Pairs; PLACES_MAX as usize] = core::array::from_fn(|_| Pairs::default());
        for ((tuple, partial), position) in tuples.zip(partials).zip(first_tuple..) {
            let shared: Vec<u8> = tuple
                .chunks_exact(CIPHERTEXT_BYTES)
                .flat_map(|ciphertext| ciphertext.get(..POINT_BYTES).unwrap_or_default())
                .copied()
                .collect();
            let pairs = points_of(&shared, position)?.into_iter().zip(points_of(partial, position)?);
            for (index, (cipher, partial)) in pairs.enumerate() {
                let into = match index.checked_sub(1) {
                    None => Some(&mut cells),
                    Some(window) => windows.get_mut(shape.place(window)),
                };
                if let Some(into) = into {
                    into.cipher.push(cipher);
                    into.partial.push(partial);
                }
            }
        }
        let mut sums = Self { cell: cells.sum(statement, table_keys.cell, first_tuple), ..Self::zero() };
        // Windows of one place in a tuple.
        let each = (shape.receivers() * shape.outcomes()) as u64;
        for ((key, pairs), sum) in table_keys.windows(shape).zip(windows).zip(&mut sums.windows) {
            *sum = pairs.sum(statement, key, first_tuple.saturating_mul(each));
        }
        Ok(sums)
    }

    /// Adds another chunk's sums.
    pub fn add(&mut self, other: &Self) {
        self.cell.add(&other.cell);
        self.windows.iter_mut().zip(&other.windows).for_each(|(sum, more)| sum.add(more));
    }
}

#[derive(Default)]
struct Pairs {
    cipher: Vec<Point>,
    partial: Vec<Point>,
}

impl Pairs {
    fn sum(&self, statement: &DecryptionStatement, column_key: usize, first: u64) -> WeightedSum {
        let weights = statement.weights(column_key, first, self.cipher.len());
        WeightedSum::vartime_of(&weights, &self.cipher, &self.partial)
    }
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
