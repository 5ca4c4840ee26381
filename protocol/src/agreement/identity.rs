//! What names a document: the digest of its bytes as written, and the short id people read aloud (SPEC §2.2, §3).

use core::fmt;

use crate::ids::Digest;

/// Digest of an agreement's bytes (SPEC §2.2).
#[must_use]
pub fn agreement_digest(text: &str) -> Digest {
    Digest::derive("passage v1 agreement document", text.as_bytes())
}

/// Digest of a study's bytes (SPEC §2.2).
#[must_use]
pub fn study_digest(text: &str) -> Digest {
    Digest::derive("passage v1 study document", text.as_bytes())
}

/// A document as people name it: `A-` or `S-` and the first 16 hexadecimal digits of its digest. For people only: documents
/// name each other by the whole digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DocumentId {
    /// An agreement.
    Agreement(Digest),
    /// A study.
    Study(Digest),
}

impl fmt::Display for DocumentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (letter, digest) = match self {
            Self::Agreement(digest) => ('A', digest),
            Self::Study(digest) => ('S', digest),
        };
        let text = digest.to_string();
        write!(formatter, "{letter}-{}", text.get(..16).unwrap_or(&text))
    }
}
