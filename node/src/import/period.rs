//! What one upload stands for and the next one of its kind replaces: a school year, or one term or quarter of it (D4).
//!
//! A layout says it by the column its year comes from: where that holds school years or days, files come by the year;
//! where it holds terms or quarters, they come by those.

use core::fmt;

use passage_protocol::{
    cells::SchoolYear,
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
};
use serde::{Serialize, Serializer};

/// The period a row is reported for. Without a year, a file replaces the whole earlier file of its layout.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ReportingPeriod {
    /// School year.
    #[serde(serialize_with = "year_word")]
    pub year: Option<SchoolYear>,
    /// Term or quarter, if files of the layout come by these.
    pub term: Option<Term>,
}
codec_struct!(ReportingPeriod { year, term });

impl ReportingPeriod {
    /// The whole of a school year.
    #[must_use]
    pub fn of_year(year: SchoolYear) -> Self {
        Self { year: Some(year), term: None }
    }
}

impl fmt::Display for ReportingPeriod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.year, self.term) {
            (None, _) => formatter.write_str("all years"),
            (Some(year), None) => write!(formatter, "{year}"),
            (Some(year), Some(term)) => write!(formatter, "{} of {year}", term.as_str()),
        }
    }
}

fn year_word<S: Serializer>(year: &Option<SchoolYear>, serializer: S) -> Result<S::Ok, S::Error> {
    year.map(|year| year.to_string()).serialize(serializer)
}

/// Most letters and digits of a term.
const TERM_BYTES: usize = 8;

/// A term or quarter as its source writes it, in upper case: `2021FA`, `217`, `20214`, `2023Q4`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Term([u8; TERM_BYTES]);

impl Term {
    /// From one to eight letters and digits; case does not count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; TERM_BYTES];
        let letters = bytes.get_mut(..text.len())?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        letters.copy_from_slice(text.as_bytes());
        letters.make_ascii_uppercase();
        Some(Self(bytes))
    }

    /// Its letters and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let letters = self.0.split(|byte| *byte == 0).next().unwrap_or_default();
        core::str::from_utf8(letters).unwrap_or_default()
    }
}

impl Serialize for Term {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Encode for Term {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_str().to_owned().encode(out);
    }
}

impl Decode for Term {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let text = String::decode(reader)?;
        let term = Self::parse(&text).filter(|term| term.as_str() == text);
        term.ok_or(CodecError::Invalid { position, expected: "a term" })
    }
}
