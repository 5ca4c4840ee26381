//! An owner's own rows to the first encrypted list (SPEC §6.1, §6.2).

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::{
    MixingError, RowShape, SLOTS_MAX,
    batch::{ROWS_PER_BATCH, RowPoints, own_pass},
    permutation::below,
    shape::POINT_BYTES,
};
use crate::group::{
    Addend, CollectiveKeys, CommitteeKeys, Factor, FixedBase, Input, MatchPoint, Output, OwnerBlind, Pass,
    Scalars, SecretScalar,
};

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
    pub tokens: Vec<Option<MatchPoint>>,
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

/// A number below twelve for each of `rows` rows, uniform and independent: where among one to four places a receiver begins to write what
/// it says, so that a place says nothing.
///
/// `seed` comes from the operating system, is used for these rows only and is not kept.
#[must_use]
pub fn turns(rows: usize, seed: &[u8; 32]) -> Vec<u8> {
    let mut rng = ChaCha20Rng::from_seed(*seed);
    (0..rows).map(|_| u8::try_from(below(&mut rng, 12)).unwrap_or(0)).collect()
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
/// About 7 µs a token and 2 µs a column with AVX-512 IFMA, 40 µs and 20 µs without vectors; `docs/performance.md`.
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
    // A pass of the committee doubles what a column hides, and the owner's own is one of them if it sits there.
    let (half_factor, doubled) = match factor {
        FirstFactor::Blinded(blind) => (blind.factor().half(), 1),
        FirstFactor::Own(keys) => (keys.tag_share().half(), 2),
    };
    let mut rng = ChaCha20Rng::from_seed(*seed);
    let mut out = Vec::with_capacity(rows.len().saturating_mul(shape.row_bytes()));
    for batch in rows.chunks(ROWS_PER_BATCH) {
        let drawn = Drawn::for_rows(batch, shape.columns(), doubled, &mut rng);
        let points = drawn.encoded(&half_factor, column_keys, keys)?;
        points.append_rows(shape.slots(), &mut out);
    }
    Ok(out)
}

/// What the rows of one batch are made of, drawn row by row.
struct Drawn {
    /// Uniform bytes of the tokens, row by row.
    tokens: Vec<[u8; 64]>,
    /// Half of each row's rho.
    half_rhos: Vec<SecretScalar>,
    /// What each column hides, row by row.
    columns: Vec<Vec<Hidden>>,
}

/// What one ciphertext column hides in one row.
#[derive(Clone, Copy)]
enum Hidden {
    Code(u32),
    /// Uniform bytes of half of a random point, which nothing decodes.
    Undecodable([u8; 64]),
}

impl Drawn {
    fn for_rows(rows: &[PlainRow], columns: usize, times: u32, rng: &mut ChaCha20Rng) -> Self {
        let mut drawn = Self {
            tokens: Vec::with_capacity(rows.len() * SLOTS_MAX),
            half_rhos: Vec::with_capacity(rows.len()),
            columns: (0..columns).map(|_| Vec::with_capacity(rows.len())).collect(),
        };
        for plain in rows {
            for token in &plain.tokens {
                // A missing key is drawn as a point and multiplied all the same: both take the same time.
                let point = token.unwrap_or_else(|| MatchPoint::random(rng));
                drawn.tokens.push(*point.uniform());
            }
            drawn.half_rhos.push(SecretScalar::random(rng));
            for (value, column) in plain.values.iter().zip(&mut drawn.columns) {
                column.push(match value {
                    ColumnValue::Code(code) => Hidden::Code(code.saturating_mul(times)),
                    ColumnValue::Undecodable => Hidden::Undecodable(*MatchPoint::random(rng).uniform()),
                });
            }
        }
        drawn
    }

    fn encoded(
        &self,
        half_factor: &SecretScalar,
        column_keys: &[usize],
        keys: &CollectiveKeys,
    ) -> Result<RowPoints, MixingError> {
        let (input, factor) = (Input::Uniform(&self.tokens), Factor::Shared(half_factor));
        let tokens = own_pass(&Pass { input, factor, more: None, addends: &[], output: Output::Double });
        let half_rhos: Vec<&SecretScalar> = self.half_rhos.iter().collect();
        let shared = [Addend { base: FixedBase::generator(), scalars: Scalars::Secret(&half_rhos) }];
        let (input, factor) = (Input::None, Factor::One);
        let mut columns =
            vec![own_pass(&Pass { input, factor, more: None, addends: &shared, output: Output::Double })];
        for (column, index) in self.columns.iter().zip(column_keys) {
            let missing = MixingError::ColumnKey { key: *index, keys: keys.columns() };
            columns.push(masked(column, &half_rhos, keys.key(*index).ok_or(missing)?));
        }
        Ok(RowPoints { tokens, columns })
    }
}

/// `rho Y + m G`, or `rho Y + 2 R` for an undecodable cell, row by row.
fn masked(column: &[Hidden], half_rhos: &[&SecretScalar], key: &FixedBase) -> Vec<[u8; POINT_BYTES]> {
    let (mut codes, mut code_rhos) = (Vec::new(), Vec::new());
    let (mut random, mut random_rhos) = (Vec::new(), Vec::new());
    for (hidden, half_rho) in column.iter().zip(half_rhos) {
        match hidden {
            Hidden::Code(code) => {
                codes.push(*code);
                code_rhos.push(*half_rho);
            }
            Hidden::Undecodable(uniform) => {
                random.push(*uniform);
                random_rhos.push(*half_rho);
            }
        }
    }
    let number = FixedBase::half_generator_for_numbers();
    let addends = [
        Addend { base: key, scalars: Scalars::Secret(&code_rhos) },
        Addend { base: number, scalars: Scalars::Numbers(&codes) },
    ];
    let (factor, output) = (Factor::One, Output::Double);
    let mut codes =
        own_pass(&Pass { input: Input::None, factor, more: None, addends: &addends, output }).into_iter();
    let addends = [Addend { base: key, scalars: Scalars::Secret(&random_rhos) }];
    let input = Input::Uniform(&random);
    let mut random = own_pass(&Pass { input, factor, more: None, addends: &addends, output }).into_iter();
    let in_order = column.iter().filter_map(|hidden| match hidden {
        Hidden::Code(_) => codes.next(),
        Hidden::Undecodable(_) => random.next(),
    });
    in_order.collect()
}
