//! The committee's joint column keys Y_x: the sum of the shares, with a fixed-base table each.

use curve25519_dalek::{
    ristretto::{RistrettoBasepointTable, RistrettoPoint},
    scalar::Scalar,
    traits::IsIdentity,
};

use super::{Element, GroupError, KeyShare, point::ColumnKey};

/// Public column keys of a round. About 30 KiB a key.
pub struct CollectiveKeys {
    points: Vec<Element>,
    tables: Vec<RistrettoBasepointTable>,
}

impl CollectiveKeys {
    /// Adds up the shares of the whole committee. The caller has verified each of them ([`KeyShare::verify`]).
    ///
    /// # Errors
    ///
    /// [`GroupError::NoShares`], [`GroupError::ColumnCount`] if two shares differ in their number of column keys,
    /// [`GroupError::CombinedIdentity`] if a sum is the identity.
    ///
    /// # Cost
    ///
    /// About 0.1 ms a column key, once per round.
    pub fn combine(shares: &[KeyShare]) -> Result<Self, GroupError> {
        let expected = shares.first().ok_or(GroupError::NoShares)?.points().len();
        let mut sums = vec![Scalar::ZERO * RistrettoPoint::default(); expected];
        for share in shares {
            let seen = share.points().len();
            if seen != expected {
                return Err(GroupError::ColumnCount { seen, expected });
            }
            for (sum, point) in sums.iter_mut().zip(share.points()) {
                *sum += point.0;
            }
        }
        if let Some(column) = sums.iter().position(IsIdentity::is_identity) {
            return Err(GroupError::CombinedIdentity { column });
        }
        Ok(Self {
            tables: sums.iter().map(RistrettoBasepointTable::create).collect(),
            points: sums.into_iter().map(Element).collect(),
        })
    }

    /// The joint points Y_x in column key order.
    #[must_use]
    pub fn points(&self) -> &[Element] {
        &self.points
    }

    /// Number of column keys.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.points.len()
    }

    /// The column key at `index`, if there is one.
    pub(crate) fn key(&self, index: usize) -> Option<ColumnKey<'_>> {
        (index < self.points.len()).then_some(ColumnKey { keys: self, index })
    }

    /// `scalar * Y_index` by table, constant-time. `index` comes from a [`ColumnKey`] and therefore exists.
    pub(super) fn masked(&self, index: usize, scalar: &Scalar) -> RistrettoPoint {
        self.tables.get(index).map_or_else(RistrettoPoint::default, |table| table * scalar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::{Decode, Encode},
        group::CommitteeKeys,
        ids::{MemberCode, RoundId},
    };

    const ROUND: RoundId = RoundId([9; 16]);

    fn share(seed: u8, columns: usize) -> KeyShare {
        CommitteeKeys::generate(columns, [seed; 32]).share(&ROUND, &MemberCode([seed; 5]))
    }

    #[test]
    fn the_table_multiplies_the_sum() {
        let shares = [share(1, 2), share(2, 2)];
        let keys = CollectiveKeys::combine(&shares).unwrap();
        for column in 0..2 {
            let sum = shares[0].points()[column].0 + shares[1].points()[column].0;
            assert_eq!(keys.points()[column].0, sum);
            assert_eq!(keys.masked(column, &Scalar::from(77_u8)), sum * Scalar::from(77_u8));
        }
        assert!(keys.key(2).is_none());
    }

    #[test]
    fn bad_sets_of_shares_are_refused() {
        assert_eq!(CollectiveKeys::combine(&[]).err(), Some(GroupError::NoShares));
        let unequal = CollectiveKeys::combine(&[share(1, 2), share(2, 3)]).err();
        assert_eq!(unequal, Some(GroupError::ColumnCount { seen: 3, expected: 2 }));
        // A rogue share that cancels another, as bytes: the point negated, the proof worthless.
        let honest = share(1, 1);
        let mut bytes = honest.to_bytes();
        bytes[4..36].copy_from_slice(&(-honest.points()[0].0).compress().to_bytes());
        let rogue = KeyShare::from_bytes(&bytes).unwrap();
        assert!(rogue.verify(&ROUND, &MemberCode([1; 5]), 1).is_err());
        let combined = CollectiveKeys::combine(&[honest, rogue]).err();
        assert_eq!(combined, Some(GroupError::CombinedIdentity { column: 0 }));
    }
}
