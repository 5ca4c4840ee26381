//! An owner's own rows to the first encrypted list (SPEC §6.1, §6.2).

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{MixingError, RowShape, shape::POINT_BYTES};
use crate::group::{
    CollectiveKeys, CommitteeKeys, Element, OwnerBlind, Point, SecretScalar, double_and_encode_batch,
    random_element,
};

/// Rows encoded together: enough to share one inversion, few enough to stay in cache.
pub(super) const ROWS_PER_BATCH: usize = 64;

/// What an owner puts into one ciphertext column of a row. Mute: it is a student's data.
pub enum ColumnValue {
    /// A cell code or a school year.
    Code(u32),
    /// A cell withheld by the source floor: a random point that nothing decodes.
    Undecodable,
}

/// One student before blinding. Stays on the owner's machine: no `Debug`, no `Clone`, no codec form.
///
/// ```compile_fail
/// fn stores<T: passage_protocol::codec::Encode>() {}
/// stores::<passage_protocol::mixing::PlainRow>();
/// ```
pub struct PlainRow {
    /// Match points by slot; `None` is a missing key and becomes a random point.
    pub tokens: Vec<Option<Element>>,
    /// Values by column.
    pub values: Vec<ColumnValue>,
}

/// The first factor on an owner's tokens.
#[derive(Clone, Copy)]
pub enum FirstFactor<'a> {
    /// The owner blinds; the committee's shares undo it hop by hop.
    Blinded(&'a OwnerBlind),
    /// The owner is first on the committee: its tag share serves as blind.
    Own(&'a CommitteeKeys),
}

/// Blinds and encrypts one chunk of an owner's rows, in their order.
///
/// # Inputs
///
/// * `column_keys` — for each column the index of its column key in `keys`; every column of a list has its own.
/// * `seed` — of this chunk ([`super::chunk_seed`]).
///
/// # Errors
///
/// [`MixingError::RowShape`], [`MixingError::ColumnKey`], [`MixingError::ChunkLength`] for the column keys.
///
/// # Cost
///
/// About 30 µs a token and 30 µs a column.
pub fn contribute(
    rows: &[PlainRow],
    shape: RowShape,
    column_keys: &[usize],
    factor: FirstFactor<'_>,
    keys: &CollectiveKeys,
    seed: &[u8; 32],
) -> Result<Vec<u8>, MixingError> {
    shape.check_keys(column_keys, keys)?;
    for (row, plain) in rows.iter().enumerate() {
        for (seen, expected) in [(plain.tokens.len(), shape.slots()), (plain.values.len(), shape.columns())] {
            if seen != expected {
                return Err(MixingError::RowShape { row, seen, expected });
            }
        }
    }
    let half_factor = match factor {
        FirstFactor::Blinded(blind) => blind.factor().half(),
        FirstFactor::Own(keys) => keys.tag_share().half(),
    };
    let mut rng = ChaCha20Rng::from_seed(*seed);
    let mut out = Vec::with_capacity(rows.len().saturating_mul(shape.row_bytes()));
    for batch in rows.chunks(ROWS_PER_BATCH) {
        let mut halves: Vec<Point> = Vec::with_capacity(batch.len() * shape.row_bytes() / POINT_BYTES);
        for plain in batch {
            for token in &plain.tokens {
                // A missing key is drawn as a point and multiplied all the same: both take the same time.
                let point = token.unwrap_or_else(|| random_element(&mut rng));
                halves.push(point.point().times(&half_factor));
            }
            let half_rho = SecretScalar::random(&mut rng);
            halves.push(half_rho.times_base());
            for (value, index) in plain.values.iter().zip(column_keys) {
                let missing = MixingError::ColumnKey { key: *index, keys: keys.columns() };
                let key = keys.key(*index).ok_or(missing)?;
                halves.push(match value {
                    ColumnValue::Code(code) => key.half_mask(&half_rho, *code),
                    ColumnValue::Undecodable => key.half_mask_undecodable(&half_rho, &mut rng),
                });
            }
        }
        double_and_encode_batch(&halves).for_each(|bytes| out.extend_from_slice(&bytes));
    }
    Ok(out)
}
