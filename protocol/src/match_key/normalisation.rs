//! The normalisation as a versioned specification: its text, its tables, and their digest in every recipe (SPEC §4).
//!
//! Promises that two members who agree on a recipe's digest agree on the text of `normalisation.md` and on the nickname table,
//! byte for byte. That the program does what the text says is held by tests: the lists here, the steps by the 500 parity
//! vectors. It does not promise that every sentence has a vector.

use std::sync::LazyLock;

use super::nickname;
use crate::{codec::Encode, ids::Digest};

/// The specification members agree on when they agree on a recipe.
pub const NORMALISATION: &str = include_str!("normalisation.md");

/// Digest of the specification and of the nickname table: part of every recipe digest, and so of every manifest.
#[must_use]
pub fn normalisation_digest() -> Digest {
    *DIGEST
}

static DIGEST: LazyLock<Digest> = LazyLock::new(|| {
    let mut form = Vec::new();
    Digest::of_blob(NORMALISATION.as_bytes()).encode(&mut form);
    nickname::table_digest().encode(&mut form);
    Digest::derive("passage v1 normalisation", &form)
});

#[cfg(test)]
mod tests {
    use super::super::{identifier, name, text};
    use super::*;

    /// The words of a list of the specification.
    fn list(name: &str) -> Vec<&'static str> {
        let (_, rest) = NORMALISATION.split_once(&format!("```list {name}\n")).unwrap();
        rest.split_once("\n```").unwrap().0.split_ascii_whitespace().collect()
    }

    #[test]
    fn the_lists_are_the_programs() {
        assert_eq!(list("titles"), name::TITLES);
        assert_eq!(list("suffixes"), name::SUFFIXES);
        assert_eq!(list("placeholders"), name::PLACEHOLDERS);
        assert_eq!(list("particles"), name::PARTICLES);
        let fillers = identifier::SSN_FILLERS.map(|filler| String::from_utf8(filler.to_vec()).unwrap());
        assert_eq!(list("ssn-fillers"), fillers);
    }

    #[test]
    fn the_tables_are_the_programs() {
        let pairs = |name| list(name).into_iter().map(|pair| pair.split_once('=').unwrap());
        for (letter, spelled) in pairs("spellings") {
            assert_eq!(text::tokens(letter).concat(), spelled.to_ascii_uppercase(), "{letter}");
        }
        for (word, letter) in pairs("genders") {
            assert_eq!(
                identifier::Gender::parse(word).map(identifier::Gender::letter),
                Some(letter),
                "{word}"
            );
        }
    }

    /// Whoever changes the text or the table changes every recipe: this says so before a round does.
    #[test]
    fn the_specification_is_the_one_members_agreed_on() {
        assert!(NORMALISATION.starts_with("# Passage normalisation, version 1\n"));
        assert_eq!(
            normalisation_digest().to_string(),
            "6165a4031d3e45a8eb2862c51d6d239458437bbd3d6045b7af0ea6578865aa03"
        );
    }
}
