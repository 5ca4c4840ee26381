//! Match key fields to a match point (SPEC §4): BLAKE3 XOF to 64 bytes, then the one-way map of RFC 9496 §4.3.4.

use curve25519_dalek::{ristretto::RistrettoPoint, traits::IsIdentity};
use zeroize::Zeroizing;

use super::Element;
use crate::ids::{Digest, RoundId};

const CONTEXT: &str = "passage v1 match point";

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
/// About 10 µs.
#[must_use]
pub fn hash_to_element(recipe: &Digest, round: &RoundId, fields: &[&[u8]]) -> Element {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&recipe.0).update(&round.0);
    for field in fields {
        let [low, high, ..] = field.len().to_le_bytes();
        hasher.update(&[low, high]).update(field);
    }
    let mut output = hasher.finalize_xof();
    let mut wide = Zeroizing::new([0; 64]);
    loop {
        output.fill(wide.as_mut_slice());
        let point = RistrettoPoint::from_uniform_bytes(&wide);
        // Chance 2^-252 per block; then the next 64 bytes of the same output serve.
        if !point.is_identity() {
            return Element(point);
        }
    }
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
        .map(Element::encode)
        .collect();
        assert_eq!(points.len(), 7);
    }

    #[test]
    fn known_answer() {
        let point = hash_to_element(&Digest([1; 32]), &RoundId([2; 16]), &[b"ADA", b"LOVELACE"]);
        assert_eq!(
            hex::encode(point.encode()),
            "222f16aa301acb47d0160e2bd5b9086be7ada7a755f544a12982fd6f9ee11172"
        );
    }
}
