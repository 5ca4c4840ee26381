//! The principles of data sharing: the version that ships, as text; and how a later one takes its place, by the signature of
//! every member (G05, G06).
//!
//! * `change` - the document that proposes a new version, and whether it may be signed here and now.
//! * `record` - who has signed it, and whether that is everybody.
//!
//! Who accepts the version in force, and when, is the node's affair.

mod change;
mod error;
mod record;

pub use change::{ChangeMember, Known, PrinciplesChange, change_digest};
pub use error::PrinciplesError;
pub use record::{PrinciplesSignature, SignatureRecord};

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
