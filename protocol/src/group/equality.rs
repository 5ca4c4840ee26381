//! Proof that all partial decryptions of a list were made with the published column shares (SPEC §9).
//!
//! Chaum-Pedersen for several bases at once, on random combinations: with public 128-bit weights that nobody could know before the
//! list and the partial decryptions were fixed, `D* = sum over x of y_x A_x*` holds for a list with one wrong `D` with probability
//! below 2^-126 (a product of three weights, each 128 bits).

use curve25519_dalek::{
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
    traits::VartimeMultiscalarMul,
};

use super::{
    Backend, BadPoint, CommitteeKeys, ELEMENT_BYTES, Element, GroupError, WEIGHED_TOGETHER,
    possession::{challenge, nonce},
};
use crate::codec_struct;

const CONTEXT: &str = "passage v1 table decryption proof";

/// Sums of points times the weights of their eights, one for each place among eight.
#[derive(Clone, Copy, Default)]
pub(crate) struct LaneSums([RistrettoPoint; WEIGHED_TOGETHER]);

impl LaneSums {
    /// Of points of which the first stands at place `first` among eight. Variable-time, on public data; with lanes about 1.2 µs a point.
    ///
    /// # Errors
    ///
    /// [`BadPoint`] for the first encoding that is not canonical or is the identity.
    pub(crate) fn vartime_of(
        points: &[[u8; ELEMENT_BYTES]],
        first: usize,
        weights: &[u128],
    ) -> Result<Self, BadPoint> {
        Backend::best().weighted_sums(points, first, weights).map(Self)
    }

    /// Adds another chunk's sums.
    pub(crate) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, other)| *sum += other);
    }
}

/// One column of a table: the place of its key among the table's, and the sums over its points.
pub(crate) type Summed<'a> = (usize, &'a LaneSums);

/// What is proved: `image` is the sum of the member's column shares times their bases, of which the first is that of the cell.
pub(crate) struct Combination {
    /// Column keys and what their shares multiply.
    bases: Vec<(usize, RistrettoPoint)>,
    /// The sum.
    image: RistrettoPoint,
}

impl Combination {
    /// Of a table's keys, the cell's first. `weights` has one for each place among eight and one for each test; `partials` are the sums
    /// of what was decrypted, test by test.
    pub(crate) fn new(
        columns: &[usize],
        weights: &[u128],
        cells: &LaneSums,
        tests: &[Summed<'_>],
        partials: &[LaneSums],
    ) -> Self {
        let weights: Vec<Scalar> = weights.iter().copied().map(Scalar::from).collect();
        let (of_places, of_tests) = weights.split_at(WEIGHED_TOGETHER.min(weights.len()));
        let over_places = |sums: &LaneSums| RistrettoPoint::vartime_multiscalar_mul(of_places, &sums.0);
        let mut bases: Vec<_> = columns.iter().map(|column| (*column, RistrettoPoint::default())).collect();
        if let Some((_, base)) = bases.first_mut() {
            *base = over_places(cells) * of_tests.iter().sum::<Scalar>();
        }
        for ((key, sums), weight) in tests.iter().zip(of_tests) {
            if let Some((_, base)) = bases.get_mut(*key) {
                *base += over_places(sums) * weight;
            }
        }
        let image = partials.iter().zip(of_tests).map(|(sums, weight)| over_places(sums) * weight).sum();
        Self { bases, image }
    }

    /// The column keys.
    pub(crate) fn columns(&self) -> impl Iterator<Item = usize> {
        self.bases.iter().map(|(column, _)| *column)
    }

    /// The same with the image that a member knows by its shares: of partial decryptions that it made itself.
    pub(crate) fn by(self, keys: &CommitteeKeys) -> Self {
        let times = |(column, base): &(usize, RistrettoPoint)| {
            keys.column_share(*column).map(|share| base * share.scalar())
        };
        Self { image: self.bases.iter().filter_map(times).sum(), ..self }
    }
}

/// `R || z` of one column key, 64 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyProof {
    commitment: [u8; 32],
    response: [u8; 32],
}
codec_struct!(KeyProof { commitment, response });

/// A commitment and a response for each column key, and the commitment for the sum.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EqualityProof {
    keys: Vec<KeyProof>,
    commitment_sum: [u8; 32],
}
codec_struct!(EqualityProof { keys, commitment_sum });

/// The transcript a challenge covers before the commitments: `context || Y_x || A_x* of every key || D*`.
fn statement(context: &[u8], points: &[Element], combination: &Combination) -> Vec<u8> {
    let mut bytes = context.to_vec();
    for (point, (_, base)) in points.iter().zip(&combination.bases) {
        bytes.extend_from_slice(&point.encode());
        bytes.extend_from_slice(&base.compress().to_bytes());
    }
    bytes.extend_from_slice(&combination.image.compress().to_bytes());
    bytes
}

fn challenge_of(statement: &[u8], commitments: &[[u8; 32]], sum: &[u8; 32]) -> Scalar {
    challenge(CONTEXT, &[statement, commitments.as_flattened(), sum])
}

impl EqualityProof {
    /// Proves the combination for the member's own column shares.
    ///
    /// # Errors
    ///
    /// [`GroupError::ColumnCount`] if the member has not all its column keys.
    pub(crate) fn prove(
        keys: &CommitteeKeys,
        context: &[u8],
        combination: &Combination,
    ) -> Result<Self, GroupError> {
        let share = |column: usize| {
            let missing =
                GroupError::ColumnCount { seen: keys.columns(), expected: column.saturating_add(1) };
            keys.column_share(column).ok_or(missing)
        };
        let shares =
            combination.bases.iter().map(|(column, _)| share(*column)).collect::<Result<Vec<_>, _>>()?;
        let points: Vec<Element> =
            shares.iter().map(|share| Element(RistrettoPoint::mul_base(share.scalar()))).collect();
        let statement = statement(context, &points, combination);
        let nonces: Vec<_> = (0_u16..)
            .zip(&combination.bases)
            .map(|(number, _)| {
                nonce(keys.nonce_key(), CONTEXT, &[statement.as_slice(), &number.to_le_bytes()].concat())
            })
            .collect();
        let commitments: Vec<[u8; 32]> = nonces
            .iter()
            .map(|nonce| RistrettoPoint::mul_base(nonce.scalar()).compress().to_bytes())
            .collect();
        let sum: RistrettoPoint =
            nonces.iter().zip(&combination.bases).map(|(nonce, (_, base))| base * nonce.scalar()).sum();
        let commitment_sum = sum.compress().to_bytes();
        let challenge = challenge_of(&statement, &commitments, &commitment_sum);
        let response = |nonce: &super::SecretScalar, share: &super::SecretScalar| {
            (nonce.scalar() + challenge * share.scalar()).to_bytes()
        };
        let keys = (nonces.iter().zip(shares).zip(commitments))
            .map(|((nonce, share), commitment)| KeyProof { commitment, response: response(nonce, share) })
            .collect();
        Ok(Self { keys, commitment_sum })
    }

    /// Checks the proof against the published points, one for each base. Variable-time, on public data.
    ///
    /// # Errors
    ///
    /// [`GroupError::EqualityProof`] with the first column key, [`GroupError::ColumnCount`] if the proof has another number of keys.
    pub(crate) fn verify(
        &self,
        points: &[Element],
        context: &[u8],
        combination: &Combination,
    ) -> Result<(), GroupError> {
        let (seen, expected) = (self.keys.len(), combination.bases.len());
        if seen != expected || points.len() != expected {
            return Err(GroupError::ColumnCount { seen, expected });
        }
        let column = combination.bases.first().map_or(0, |(column, _)| *column);
        let refused = GroupError::EqualityProof { column };
        let response = |key: &KeyProof| Option::<Scalar>::from(Scalar::from_canonical_bytes(key.response));
        let responses = self.keys.iter().map(response).collect::<Option<Vec<_>>>().ok_or(refused)?;
        let statement = statement(context, points, combination);
        let commitments: Vec<[u8; 32]> = self.keys.iter().map(|key| key.commitment).collect();
        let challenge = challenge_of(&statement, &commitments, &self.commitment_sum);
        let keys_match =
            (points.iter().zip(&responses).zip(&commitments)).all(|((point, response), commitment)| {
                // R = z G - c Y; comparing encodings refuses a non-canonical R as well.
                let base =
                    RistrettoPoint::vartime_double_scalar_mul_basepoint(&-challenge, &point.0, response);
                base.compress() == CompressedRistretto(*commitment)
            });
        let scalars = responses.iter().copied().chain([-challenge]);
        let bases = combination.bases.iter().map(|(_, base)| *base).chain([combination.image]);
        let sum = RistrettoPoint::vartime_multiscalar_mul(scalars, bases);
        let matches = keys_match & (sum.compress() == CompressedRistretto(self.commitment_sum));
        if matches { Ok(()) } else { Err(refused) }
    }
}
