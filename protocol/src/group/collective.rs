//! The committee's joint column keys Y_x: the sum of the shares, with a fixed-base table each.

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar, traits::IsIdentity};

use super::{Element, FixedBase, GroupError, KeyShare};

/// Public column keys of a round. About 60 KiB a key, once it has been used.
pub struct CollectiveKeys {
    points: Vec<Element>,
    tables: Vec<FixedBase>,
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
    /// An addition for each share and column key; about 0.2 ms a column key more when it is first used.
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
            tables: sums.iter().copied().map(FixedBase::new).collect(),
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

    /// The column key at `index`, if there is one, to be multiplied.
    pub(crate) fn key(&self, index: usize) -> Option<&FixedBase> {
        self.tables.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::{Decode, Encode},
        group::{Addend, Backend, CommitteeKeys, Factor, Input, Output, Pass, Scalars, SecretScalar},
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
            let scalar = SecretScalar::computed(Scalar::from(77_u8));
            let addends = [Addend { base: keys.key(column).unwrap(), scalars: Scalars::Secret(&[&scalar]) }];
            let pass = Pass {
                input: Input::None,
                factor: Factor::One,
                more: None,
                addends: &addends,
                output: Output::Plain,
            };
            let expected = (sum * scalar.scalar()).compress().to_bytes();
            for backend in Backend::available() {
                assert_eq!(backend.run(&pass).unwrap(), [expected], "{backend:?}");
            }
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
