//! One row of a member's own file as the node understands it: the first rung of the privacy ladder.
//!
//! These values never leave the machine: no `Debug`, no `Serialize`, no `Clone`; text is wiped when dropped. Their
//! byte form exists only inside an encrypted segment (`segment.rs`).
//!
//! ```compile_fail
//! fn printable<T: std::fmt::Debug>() {}
//! printable::<passage_node::roster::PlainRecord>();
//! ```

use passage_protocol::{
    cells::SchoolYear,
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct, timestamp,
};
use zeroize::Zeroizing;

/// Text of a student record: wiped when dropped, not printable.
#[derive(Default)]
pub struct Text(Zeroizing<String>);

impl Text {
    /// Takes a copy of a field.
    #[must_use]
    pub fn new(value: &str) -> Self {
        Self(Zeroizing::new(value.to_owned()))
    }

    /// The text in upper case: the form student numbers are compared in.
    #[must_use]
    pub fn upper(value: &str) -> Self {
        Self(Zeroizing::new(value.to_ascii_uppercase()))
    }

    /// Lends the text to code that must compute with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True if the file had nothing here, or nothing usable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, or `None` if empty.
    #[must_use]
    pub fn present(&self) -> Option<&str> {
        (!self.is_empty()).then_some(self.expose())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.expose().cmp(other.expose())
    }
}

impl core::hash::Hash for Text {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

impl Encode for Text {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.as_str().encode(out);
    }
}

impl Decode for Text {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        String::decode(reader).map(|text| Self(Zeroizing::new(text)))
    }
}

/// A real calendar date, proleptic Gregorian.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The date, if the calendar has it.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        timestamp::Date::new(year, month, day).map(|_| Self { year, month, day })
    }

    /// Calendar year.
    #[must_use]
    pub fn year(self) -> u16 {
        self.year
    }

    /// Month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, from 1.
    #[must_use]
    pub fn day(self) -> u8 {
        self.day
    }

    /// The school year whose graduates leave on this date: 16 August to 15 August (domain 1B, CALPADS 1.22).
    #[must_use]
    pub fn graduating_year(self) -> SchoolYear {
        let later = (self.month, self.day) >= (8, 16);
        SchoolYear(if later { self.year } else { self.year.saturating_sub(1) })
    }
}

impl Encode for Date {
    fn encode(&self, out: &mut Vec<u8>) {
        self.year.encode(out);
        self.month.encode(out);
        self.day.encode(out);
    }
}

impl Decode for Date {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let (year, month, day) = (u16::decode(reader)?, u8::decode(reader)?, u8::decode(reader)?);
        Self::new(year, month, day).ok_or(CodecError::Invalid { position, expected: "a calendar date" })
    }
}

/// Who a row is about. Empty text means the file had none, or none that was usable.
#[derive(Default)]
pub struct Person {
    /// The institution's own student number.
    pub local_id: Text,
    /// Ten digits.
    pub ssid: Text,
    /// Nine digits.
    pub ssn: Text,
    /// Given name as written.
    pub first: Text,
    /// Middle name as written.
    pub middle: Text,
    /// Surname as written.
    pub last: Text,
    /// Name suffix as written.
    pub suffix: Text,
    /// A surname used before.
    pub prior_last: Text,
    /// Alias given name.
    pub alias_first: Text,
    /// Alias middle name.
    pub alias_middle: Text,
    /// Alias surname.
    pub alias_last: Text,
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// Gender code as written; [`super::category::gender`] reads it.
    pub gender: Text,
    /// ZIP code as written.
    pub zip: Text,
    /// Hispanic indicator, if the file answered.
    pub hispanic: Option<bool>,
    /// Three-digit race codes, at most five (domain 1B).
    pub races: Vec<u16>,
}
codec_struct!(Person {
    local_id,
    ssid,
    ssn,
    first,
    middle,
    last,
    suffix,
    prior_last,
    alias_first,
    alias_middle,
    alias_last,
    birth_date,
    gender,
    zip,
    hispanic,
    races
});

/// How a student left a high school.
pub struct Completion {
    /// The institution's own student number.
    pub local_id: Text,
    /// Ten digits, or empty.
    pub ssid: Text,
    /// The school year of the row.
    pub school_year: SchoolYear,
    /// School code as written.
    pub school: Text,
    /// The class the student completed with, by the CALPADS rule of domain 1B; `None` if not a completer.
    pub cohort: Option<SchoolYear>,
}
codec_struct!(Completion { local_id, ssid, school_year, school, cohort });

/// One student in one college term.
pub struct Enrolment {
    /// The institution's own student number.
    pub local_id: Text,
    /// Term as written, `2021FA`.
    pub term: Text,
    /// The school year the term belongs to.
    pub school_year: SchoolYear,
    /// Dual enrolment of a pupil still in high school, or regular.
    pub kind: EnrolmentKind,
}
codec_struct!(Enrolment { local_id, term, school_year, kind });

/// Whether a college term was taken while still in high school.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum EnrolmentKind {
    /// An ordinary student.
    Regular,
    /// A special admit: dual enrolment.
    Special,
}

impl Encode for EnrolmentKind {
    fn encode(&self, out: &mut Vec<u8>) {
        (*self == Self::Special).encode(out);
    }
}

impl Decode for EnrolmentKind {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        bool::decode(reader).map(|special| if special { Self::Special } else { Self::Regular })
    }
}

/// One course attempt, kept for later course reports.
pub struct Course {
    /// The institution's own student number.
    pub local_id: Text,
    /// Term as written.
    pub term: Text,
    /// The school year the term belongs to.
    pub school_year: SchoolYear,
    /// Subject code.
    pub subject: Text,
    /// Course number.
    pub number: Text,
    /// Grade as written.
    pub grade: Text,
    /// Levels below transfer level; 0 is transfer level.
    pub levels_below_transfer: Option<u8>,
}
codec_struct!(Course { local_id, term, school_year, subject, number, grade, levels_below_transfer });

/// One award conferred.
pub struct Award {
    /// The institution's own student number.
    pub local_id: Text,
    /// Day it was conferred.
    pub date: Date,
    /// Award code as written.
    pub award: Text,
}
codec_struct!(Award { local_id, date, award });

/// Anything a row can say.
pub enum PlainRecord {
    /// An award.
    Award(Award),
    /// How a pupil left high school.
    Completion(Completion),
    /// A course attempt.
    Course(Course),
    /// A college term.
    Enrolment(Enrolment),
    /// Who the student is.
    Person(Box<Person>),
}

/// A record and the school year its row belongs to; no year means the file replaces the whole earlier file.
pub struct Filed {
    /// School year of the row.
    pub year: Option<SchoolYear>,
    /// What the row says.
    pub record: PlainRecord,
}

impl Encode for PlainRecord {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Award(award) => 0_u8.encode_then(award, out),
            Self::Completion(completion) => 1_u8.encode_then(completion, out),
            Self::Course(course) => 2_u8.encode_then(course, out),
            Self::Enrolment(enrolment) => 3_u8.encode_then(enrolment, out),
            Self::Person(person) => 4_u8.encode_then(person.as_ref(), out),
        }
    }
}

impl Decode for PlainRecord {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Award::decode(reader).map(Self::Award),
            1 => Completion::decode(reader).map(Self::Completion),
            2 => Course::decode(reader).map(Self::Course),
            3 => Enrolment::decode(reader).map(Self::Enrolment),
            4 => Person::decode(reader).map(|person| Self::Person(Box::new(person))),
            _ => Err(CodecError::Invalid { position, expected: "a record kind" }),
        }
    }
}

/// Writes a variant number and what follows it.
trait EncodeThen {
    fn encode_then(self, body: &impl Encode, out: &mut Vec<u8>);
}

impl EncodeThen for u8 {
    fn encode_then(self, body: &impl Encode, out: &mut Vec<u8>) {
        self.encode(out);
        body.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_the_calendar_lacks_are_refused() {
        assert!(Date::new(2004, 2, 29).is_some());
        assert!(Date::new(2003, 2, 29).is_none());
        assert!(Date::new(2003, 13, 1).is_none());
        assert!(Date::new(2003, 4, 31).is_none());
        assert!(Date::new(2003, 4, 0).is_none());
    }

    #[test]
    fn graduating_years_turn_over_on_16_august() {
        let year = |month, day| Date::new(2020, month, day).unwrap().graduating_year();
        assert_eq!(year(8, 15), SchoolYear(2019));
        assert_eq!(year(8, 16), SchoolYear(2020));
    }

    #[test]
    fn records_decode_to_what_was_encoded() {
        let person = Person { local_id: Text::new("A1"), races: vec![700, 201], ..Person::default() };
        let bytes = PlainRecord::Person(Box::new(person)).to_bytes();
        let PlainRecord::Person(read) = PlainRecord::from_bytes(&bytes).unwrap() else { panic!("kind") };
        assert_eq!((read.local_id.expose(), read.races.as_slice()), ("A1", &[700, 201][..]));
    }
}
