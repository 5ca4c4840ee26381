//! Match key fields to a match point (SPEC §4): BLAKE3 XOF to 64 bytes, then the one-way map of RFC 9496 §4.3.4.

use curve25519_dalek::{ristretto::RistrettoPoint, traits::IsIdentity};
use rand_core::CryptoRng;

use super::Element;
use crate::ids::{Digest, RoundId};

const CONTEXT: &str = "passage v1 match point";

/// What the fields of one recipe hash to: 64 uniform bytes, which name a point by the one-way map.
///
/// The map itself is left to [`contribute`](crate::mixing::contribute), which runs it for many at a time. No `Debug`: the point can
/// be guessed back from low-entropy fields.
#[derive(Clone, Copy)]
pub struct MatchPoint {
    uniform: [u8; 64],
}

impl MatchPoint {
    /// From uniform bytes, as a test vector has them.
    #[must_use]
    pub fn from_uniform(uniform: [u8; 64]) -> Self {
        Self { uniform }
    }

    /// A uniformly random point: what stands for a missing match key (SPEC §4).
    pub(crate) fn random<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut uniform = [0; 64];
        rng.fill_bytes(&mut uniform);
        Self { uniform }
    }

    /// The bytes that are mapped.
    pub(crate) fn uniform(&self) -> &[u8; 64] {
        &self.uniform
    }

    /// The point itself, about 9 µs; `None` for the identity (chance 2^-252).
    #[must_use]
    pub fn element(&self) -> Option<Element> {
        let point = RistrettoPoint::from_uniform_bytes(&self.uniform);
        (!point.is_identity()).then_some(Element(point))
    }
}

/// Maps the normalised fields of one recipe to a point that no other round, recipe or field split shares.
///
/// # Inputs
///
/// * `recipe` — digest of the recipe; `round` — this opening, so that points of two rounds are unrelated.
/// * `fields` — normalised text of each data element in recipe order, each below 65,536 bytes. A longer one is
///   counted modulo 65,536 and hashed whole: importers refuse such a field long before.
///
/// # Cost
///
/// About 0.3 µs; the map is paid for where the point is used.
#[must_use]
pub fn hash_to_element(recipe: &Digest, round: &RoundId, fields: &[&[u8]]) -> MatchPoint {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&recipe.0).update(&round.0);
    for field in fields {
        let [low, high, ..] = field.len().to_le_bytes();
        hasher.update(&[low, high]).update(field);
    }
    let mut uniform = [0; 64];
    hasher.finalize_xof().fill(&mut uniform);
    MatchPoint { uniform }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_input_separates() {
        let recipe = Digest([1; 32]);
        let round = RoundId([2; 16]);
        let points: HashSet<_> = [
            hash_to_element(&recipe, &round, &[b"ab", b"c"]),
            hash_to_element(&recipe, &round, &[b"a", b"bc"]),
            hash_to_element(&recipe, &round, &[b"abc"]),
            hash_to_element(&recipe, &round, &[b"abc", b""]),
            hash_to_element(&recipe, &round, &[]),
            hash_to_element(&Digest([3; 32]), &round, &[b"abc"]),
            hash_to_element(&recipe, &RoundId([3; 16]), &[b"abc"]),
        ]
        .iter()
        .map(|point| point.element().unwrap().encode())
        .collect();
        assert_eq!(points.len(), 7);
    }

    #[test]
    fn known_answer() {
        let point = hash_to_element(&Digest([1; 32]), &RoundId([2; 16]), &[b"ADA", b"LOVELACE"]);
        assert_eq!(
            hex::encode(point.element().unwrap().encode()),
            "222f16aa301acb47d0160e2bd5b9086be7ada7a755f544a12982fd6f9ee11172"
        );
    }
}
