//! Everything that can be wrong with a row: one list, with the rule, the sentence and the advice for each.
//!
//! The sentences are constant: a fault cannot carry a value even by mistake.

/// A fault of a row or a value.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs)] // `what` is the documentation
pub enum Fault {
    Blank,
    DayBeforeMonth,
    ExcelDate,
    ExcelScientific,
    ExcelThousands,
    FieldTooLong,
    ImplausibleDate,
    ImplausibleYear,
    LeadingZeroLost,
    NotADate,
    NotALevel,
    NotASchoolYear,
    NotASsid,
    NotASsn,
    NotATerm,
    OpenQuote,
    PlaceholderDate,
    RecordType,
    RepeatedDigit,
    RepeatedRow,
    RepeatedStudent,
    SsnNotIssued,
    UnknownCode,
    UnknownGender,
    Width,
    Windows1252,
}

impl Fault {
    /// Requirement behind it.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::Blank
            | Self::FieldTooLong
            | Self::ImplausibleYear
            | Self::NotADate
            | Self::NotALevel
            | Self::NotASchoolYear
            | Self::NotASsid
            | Self::NotASsn
            | Self::NotATerm
            | Self::OpenQuote
            | Self::RecordType
            | Self::RepeatedDigit
            | Self::SsnNotIssued
            | Self::UnknownCode
            | Self::Width
            | Self::Windows1252 => "D2",
            Self::DayBeforeMonth | Self::ImplausibleDate | Self::PlaceholderDate => "N5",
            Self::ExcelDate | Self::ExcelScientific | Self::ExcelThousands | Self::LeadingZeroLost => "D3",
            Self::RepeatedRow | Self::RepeatedStudent => "D4",
            Self::UnknownGender => "N6",
        }
    }

    /// What was seen and expected.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Blank => "a value is missing in a column that should have one",
            Self::DayBeforeMonth => {
                "the month is above 12 and the day is not; they were taken as day and month"
            }
            Self::ExcelDate => {
                "a date with slashes, as a spreadsheet writes it, expected yyyymmdd or yyyy-mm-dd"
            }
            Self::ExcelScientific => {
                "a number in scientific notation, as a spreadsheet writes it; digits are lost"
            }
            Self::ExcelThousands => "a number with thousands separators, as a spreadsheet writes it",
            Self::FieldTooLong => "a value is longer than 1024 bytes",
            Self::ImplausibleDate => "a date of birth before 1905 or after this year",
            Self::ImplausibleYear => "a year before 1980 or more than five years ahead",
            Self::LeadingZeroLost => {
                "9 digits where 10 are expected: a leading zero was lost and has been put back"
            }
            Self::NotADate => "not a date of the calendar, expected yyyymmdd or yyyy-mm-dd",
            Self::NotALevel => "not a single digit",
            Self::NotASchoolYear => "not a school year, expected the form 2019-2020",
            Self::NotASsid => "not ten digits",
            Self::NotASsn => "not nine digits",
            Self::NotATerm => "not a term, expected the form 2021FA (FA, SP, SU or WI)",
            Self::OpenQuote => "a quote is opened and not closed on the row",
            Self::PlaceholderDate => "a date of birth that stands for unknown (1 January 1900 or 1901)",
            Self::RecordType => "the record type differs from the first row",
            Self::RepeatedDigit => "an identifier of one repeated digit",
            Self::RepeatedRow => "the row repeats an earlier row; it was kept once",
            Self::RepeatedStudent => "the student number was used in an earlier row with other details",
            Self::SsnNotIssued => "a social security number that is never issued; it was not used",
            Self::UnknownCode => "a code that is not in the code set",
            Self::UnknownGender => "a gender code that is not known; it was not used",
            Self::Width => "the number of columns differs from the layout",
            Self::Windows1252 => "characters in Windows-1252; they were converted to UTF-8",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Blank => "Fill it in at the source if it is known.",
            Self::DayBeforeMonth => "Check the date format of the export.",
            Self::ExcelDate | Self::ExcelScientific | Self::ExcelThousands | Self::LeadingZeroLost => {
                "Import the file as exported; do not open and save it in a spreadsheet."
            }
            Self::FieldTooLong => "Look for a missing line end or quote in this row.",
            Self::ImplausibleDate
            | Self::ImplausibleYear
            | Self::NotADate
            | Self::NotALevel
            | Self::NotASchoolYear
            | Self::NotASsid
            | Self::NotATerm
            | Self::RepeatedDigit => "Correct it at the source.",
            Self::NotASsn | Self::SsnNotIssued => {
                "Correct it at the source, or leave it out: it is not required."
            }
            Self::OpenQuote => "Look for a quote inside a value, or a line break inside one.",
            Self::PlaceholderDate => "Correct it at the source if it is known.",
            Self::RecordType => "Put records of one type in a file, as the state system exports them.",
            Self::RepeatedRow => "Nothing to do.",
            Self::RepeatedStudent => "Check which row is right; the later one is used.",
            Self::UnknownCode => "Correct it, or add the code to the layout file if the publisher added it.",
            Self::UnknownGender => "Use F, M or X, or leave it blank.",
            Self::Width => "Look for a missing or extra separator in this row.",
            Self::Windows1252 => "Export as UTF-8 if the system can.",
        }
    }

    /// True if the fault shows that the file itself was damaged, so that it is an error in any column (D3).
    #[must_use]
    pub fn damages_the_file(self) -> bool {
        matches!(
            self,
            Self::ExcelDate
                | Self::ExcelScientific
                | Self::ExcelThousands
                | Self::FieldTooLong
                | Self::OpenQuote
                | Self::RecordType
                | Self::Width
        )
    }
}
