//! The files people write and sign: TOML read strictly, with the nearest known key named when one is unknown.
//!
//! A document's identity is the digest of its bytes as written (SPEC §3): every party parses the same bytes with this
//! same reader, so nothing can be lost between what was read and what was signed.

use core::fmt;

use serde::{Deserialize, de::DeserializeOwned};

use crate::refusal::{Code, Refusal};

/// Longest document accepted, in bytes: an agreement among a thousand members with a share list stays below it.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;

/// Reads a document of shape `T`.
///
/// # Errors
///
/// [`DocumentError`] names the line and, for an unknown key, the nearest key that exists.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, DocumentError> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(DocumentError::TooLong { bytes: text.len() });
    }
    toml::from_str(text).map_err(|error| explain(text, &error))
}

/// Refuses a document of an earlier format as a whole, before its keys are refused one by one.
///
/// # Errors
///
/// [`DocumentError::EarlierFormat`] if the document says that it is one of `earlier`.
pub fn refuse_earlier(
    text: &str,
    earlier: &[&'static str],
    current: &'static str,
) -> Result<(), DocumentError> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
    }
    if text.len() > DOCUMENT_BYTES_MAX {
        return Ok(()); // refused by `read`
    }
    let Ok(Head { format }) = toml::from_str(text) else { return Ok(()) };
    match earlier.iter().find(|name| **name == format) {
        Some(found) => Err(DocumentError::EarlierFormat { found, current }),
        None => Ok(()),
    }
}

fn explain(text: &str, error: &toml::de::Error) -> DocumentError {
    let start = error.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
    let message = error.message();
    // serde words an unknown key as: unknown field `x`, expected one of `a`, `b` (or: expected `a`).
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let mut words = rest.split('`').step_by(2).map(|word| plain(word, KEY_LETTERS_MAX));
        let key = words.next().unwrap_or_default();
        let known = words.take(KEYS_MAX);
        let nearest = known.min_by_key(|known| strsim::damerau_levenshtein(known, &key)).unwrap_or_default();
        return DocumentError::UnknownKey { line, key, nearest };
    }
    DocumentError::Malformed { line, message: plain(message, MESSAGE_LETTERS_MAX) }
}

/// Words that may be the file's own: too few to fill a log, and none that steers a terminal.
pub(crate) fn plain(words: &str, letters_max: usize) -> String {
    let shown = |one: char| if one.is_control() { ' ' } else { one };
    words.chars().take(letters_max).map(shown).collect()
}

/// True if a text of a document can be shown as it is: short enough to be read, and without what steers a terminal.
pub(crate) fn is_plain(text: &str) -> bool {
    text.chars().count() <= TEXT_LETTERS_MAX && !text.chars().any(|one| one.is_control() && one != '\n')
}

/// Letters of one text of a document: half a page.
const TEXT_LETTERS_MAX: usize = 2_000;
/// Letters of a key that are passed on; the longest known one has twenty.
pub(crate) const KEY_LETTERS_MAX: usize = 64;
/// Known keys compared with an unknown one; the largest table has thirteen.
const KEYS_MAX: usize = 64;
/// Letters of the reader's own words that are passed on: a sentence.
const MESSAGE_LETTERS_MAX: usize = 400;

/// Why a document could not be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DocumentError {
    /// The document was written for an earlier version of this program.
    EarlierFormat {
        /** The format it names. */
        found: &'static str,
        /** The format read now. */
        current: &'static str,
    },
    /// Not TOML, a missing key, or a value of the wrong kind.
    Malformed {
        /** One-based line. */
        line: usize,
        /** The reader's own words; documents hold no personal data. */
        message: String,
    },
    /// A value is outside what the document's format allows.
    OutOfRange {
        /** Key, with its table. */
        key: &'static str,
        /** What is allowed there. */
        expected: &'static str,
    },
    /// A requirement of law or governance that the document does not meet.
    Ruled {
        /** The requirement. */
        rule: &'static str,
        /** Key, with its table. */
        key: &'static str,
        /** What the requirement asks for there. */
        expected: String,
    },
    /// More than [`DOCUMENT_BYTES_MAX`] bytes.
    TooLong {
        /** Bytes received. */
        bytes: usize,
    },
    /// A key the format does not have.
    UnknownKey {
        /** One-based line. */
        line: usize,
        /** The key as written. */
        key: String,
        /** The nearest key that exists. */
        nearest: String,
    },
}

impl fmt::Display for DocumentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EarlierFormat { found, current } => {
                write!(formatter, "the document is of format \"{found}\", expected \"{current}\"")
            }
            Self::Ruled { key, expected, .. } => write!(formatter, "`{key}` is not {expected}"),
            Self::Malformed { line, message } => {
                write!(formatter, "line {line}: {message}")
            }
            Self::OutOfRange { key, expected } => write!(formatter, "`{key}` is not {expected}"),
            Self::TooLong { bytes } => {
                write!(formatter, "the document has {bytes} bytes, expected at most {DOCUMENT_BYTES_MAX}")
            }
            Self::UnknownKey { line, key, nearest } => {
                write!(
                    formatter,
                    "line {line}: there is no key `{key}`; the nearest known key is `{nearest}`"
                )
            }
        }
    }
}

impl Refusal for DocumentError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Malformed { .. } => 0x0401,
            Self::OutOfRange { .. } => 0x0402,
            Self::TooLong { .. } => 0x0403,
            Self::UnknownKey { .. } => 0x0404,
            Self::EarlierFormat { .. } => 0x0420,
            Self::Ruled { .. } => 0x0421,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::EarlierFormat { .. } => {
                "Write it anew after the annotated example in deploy/config, which shows what is new, and have it signed again."
            }
            Self::Malformed { .. }
            | Self::OutOfRange { .. }
            | Self::Ruled { .. }
            | Self::TooLong { .. }
            | Self::UnknownKey { .. } => {
                "Correct the file and propose it again; deploy/config holds an annotated example of every document."
            }
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Ruled { rule, .. } => Some(rule),
            Self::EarlierFormat { .. }
            | Self::Malformed { .. }
            | Self::OutOfRange { .. }
            | Self::TooLong { .. }
            | Self::UnknownKey { .. } => None,
        }
    }
}

/// Reads a non-negative decimal such as `2`, `0.5` or `1e-6` as an exact multiple of `10^-places`.
///
/// `None` if the text has another shape, needs more places, or does not fit.
#[must_use]
pub fn decimal(text: &str, places: u32) -> Option<u64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || !(whole.bytes().chain(fraction.bytes())).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
    let shift = i32::try_from(places)
        .ok()?
        .checked_add(exponent)?
        .checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let power = 10_u64.checked_pow(shift.unsigned_abs())?;
    if shift >= 0 { digits.checked_mul(power) } else { digits.is_multiple_of(power).then(|| digits / power) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Sample {
        effective: String,
        expires: String,
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let error = read::<Sample>("effective = \"x\"\nexpire = \"y\"\n").unwrap_err();
        assert_eq!(
            error,
            DocumentError::UnknownKey { line: 2, key: "expire".to_owned(), nearest: "expires".to_owned() }
        );
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(decimal("2", 3), Some(2_000));
        assert_eq!(decimal("0.5", 3), Some(500));
        assert_eq!(decimal("1e-6", 12), Some(1_000_000));
        assert_eq!(decimal("0.0001", 3), None);
        for bad in ["", "-1", "1.2.3", "e5", "nan", "1e99"] {
            assert_eq!(decimal(bad, 3), None, "{bad}");
        }
    }
}
