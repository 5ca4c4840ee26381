//! The principles of data sharing that ship, as text: an agreement names the version and the digest it was signed under
//! (G05). Who accepts them and how they change is not decided here.

use crate::ids::Digest;

/// Version of [`TEXT`].
pub const VERSION: u16 = 1;

/// The ten principles in words.
pub const TEXT: &str = include_str!("principles.v1.md");

/// Digest of [`TEXT`] (SPEC §2.2).
#[must_use]
pub fn digest() -> Digest {
    digest_of(TEXT)
}

/// Digest of a text of principles (SPEC §2.2).
#[must_use]
pub fn digest_of(text: &str) -> Digest {
    Digest::derive("passage v1 principles", text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_ten_and_a_changed_word_is_another_text() {
        assert!((1..=10).all(|number| TEXT.contains(&format!("\n{number}. **"))));
        assert!(!TEXT.contains("\n11. "));
        assert_ne!(digest_of(&TEXT.replacen("Review", "Look", 1)), digest());
    }
}
