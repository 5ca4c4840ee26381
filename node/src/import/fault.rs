//! Everything that can be wrong with a row: one list, with the rule, the sentence and the advice for each.
//!
//! The sentences are constant: a fault cannot carry a value even by mistake. What has no rule because a file cannot show
//! it: first and last name exchanged, and a wrong but well-formed value.

/// A fault of a row, a value or, where it is told once, of the file.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs)] // `what` is the documentation
pub enum Fault {
    Blank,
    ByteOrderMark,
    ColumnAbsent,
    ColumnsNotRead,
    DayBeforeMonth,
    DayFirst,
    DayUnknown,
    ExcelDate,
    ExcelScientific,
    ExcelSerial,
    ExcelThousands,
    FieldTooLong,
    FillerName,
    GenderReadAsX,
    HeaderPresent,
    ImplausibleDate,
    ImplausibleYear,
    Itin,
    LeadingZeroLost,
    LettersLost,
    LocalIdTwoSsids,
    MixedCase,
    MonthFirst,
    NotADate,
    NotAGrade,
    NotALevel,
    NotANumber,
    NotAQuarter,
    NotASchool,
    NotASchoolYear,
    NotASsid,
    NotASsn,
    NotATerm,
    NotAZip,
    NotOfTheShape,
    OpenQuote,
    PlaceholderDate,
    RecordLength,
    RecordType,
    RepeatedDigit,
    RepeatedKey,
    RepeatedRow,
    SheetError,
    SplitLetter,
    SsidTwoLocalIds,
    SsnNotIssued,
    SsnShared,
    TrailingSeparators,
    TwoNames,
    TwoSurnames,
    UnknownCode,
    UnknownGender,
    Width,
    Windows1252,
    YearLast,
}

/// Advice for what a spreadsheet did.
const AS_EXPORTED: &str = "Import the file as exported; do not open and save it in a spreadsheet.";
/// Advice for a value that is wrong where it comes from.
const AT_THE_SOURCE: &str = "Correct it at the source.";

impl Fault {
    /// Requirement behind it.
    #[must_use]
    pub fn rule(self) -> &'static str {
        self.facts().0
    }

    /// What was seen and expected.
    #[must_use]
    pub fn what(self) -> &'static str {
        self.facts().1
    }

    /// What to do next.
    #[must_use]
    pub fn advice(self) -> &'static str {
        self.facts().2
    }

    /// Rule, what was seen and expected, what to do next.
    fn facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Blank => (
                "D2",
                "a value is missing in a column that should have one",
                "Fill it in at the source if it is known.",
            ),
            Self::ByteOrderMark => {
                ("D3", "the file starts with a byte order mark; it was not read as text", "Nothing to do.")
            }
            Self::ColumnAbsent => (
                "D1",
                "the header row lacks a column that is expected; its values are missing in every row",
                "Export it too if the system has it.",
            ),
            Self::ColumnsNotRead => (
                "D1",
                "the rows have more columns than the layout describes; the last ones were not read",
                "Nothing to do, unless the publisher added a column that is needed: give the new layout a file of its own.",
            ),
            Self::DayBeforeMonth => (
                "N5",
                "the month is above 12 and the day is not; they were taken as day and month",
                "Check the date format of the export.",
            ),
            Self::DayFirst => (
                "N5",
                "a day stands where the other dates of the column have the month; which is which in the others cannot be told",
                "Export dates as yyyymmdd or yyyy-mm-dd.",
            ),
            Self::DayUnknown => (
                "N5",
                "a date of birth with day 99; year and month were kept",
                "Correct it at the source if it is known.",
            ),
            Self::ExcelDate => (
                "D3",
                "a date with slashes, as a spreadsheet writes it, expected yyyymmdd or yyyy-mm-dd",
                AS_EXPORTED,
            ),
            Self::ExcelScientific => (
                "D3",
                "a number in scientific notation, as a spreadsheet writes it; digits are lost",
                AS_EXPORTED,
            ),
            Self::ExcelSerial => (
                "D3",
                "a date as a day number, as a spreadsheet stores it, expected yyyymmdd or yyyy-mm-dd",
                AS_EXPORTED,
            ),
            Self::ExcelThousands => {
                ("D3", "a number with thousands separators, as a spreadsheet writes it", AS_EXPORTED)
            }
            Self::FieldTooLong => (
                "D2",
                "a value is longer than 1024 bytes",
                "Look for a missing line end or quote in this row.",
            ),
            Self::FillerName => (
                "N4",
                "a word that stands for a missing name; it is kept as written and matches nobody",
                "Correct it at the source if the name is known.",
            ),
            Self::GenderReadAsX => (
                "N6",
                "a gender code that is not known; it was read as X",
                "Nothing to do, unless the code is a mistake.",
            ),
            Self::HeaderPresent => {
                ("D1", "the first row names the columns; it was not read as a record", "Nothing to do.")
            }
            Self::ImplausibleDate => (
                "N5",
                "a date of birth that makes the student younger than 3 or older than 115 in the year of the file",
                AT_THE_SOURCE,
            ),
            Self::ImplausibleYear => {
                ("D2", "a year that is too early, or more than five years ahead", AT_THE_SOURCE)
            }
            Self::Itin => (
                "D2",
                "a number that begins with 9: a taxpayer number, not a social security number; it was not used",
                "Leave it out: it is not required.",
            ),
            Self::LeadingZeroLost => (
                "D3",
                "a digit fewer than expected: a leading zero was lost and has been put back",
                AS_EXPORTED,
            ),
            Self::LettersLost => (
                "D3",
                "letters of a name were lost or garbled in a conversion",
                "Export as UTF-8 or Windows-1252 without converting in between.",
            ),
            Self::LocalIdTwoSsids => (
                "D2",
                "the student number had another SSID in an earlier row",
                "Check which SSID is right; both rows were kept.",
            ),
            Self::MixedCase => (
                "D3",
                "some names are in capitals and some are not; matching does not depend on it",
                "Nothing to do.",
            ),
            Self::MonthFirst => (
                "N5",
                "the dates of the column are written with the month first; days above 12 tell it from the day",
                "Nothing to do.",
            ),
            Self::NotADate => {
                ("D2", "not a date of the calendar, expected yyyymmdd or yyyy-mm-dd", AT_THE_SOURCE)
            }
            Self::NotAGrade => {
                ("D2", "not a grade: letters with or without a sign, or points up to 100", AT_THE_SOURCE)
            }
            Self::NotALevel => {
                ("D2", "not a level, expected one digit or the publisher's letter", AT_THE_SOURCE)
            }
            Self::NotANumber => ("D2", "not a number of the form the column has", AT_THE_SOURCE),
            Self::NotAQuarter => ("D2", "not a quarter, expected the form 2023Q4", AT_THE_SOURCE),
            Self::NotASchool => ("D2", "not a school code of the length the state gives it", AT_THE_SOURCE),
            Self::NotASchoolYear => ("D2", "not a school year, expected the form 2019-2020", AT_THE_SOURCE),
            Self::NotASsid => ("D2", "not ten digits", AT_THE_SOURCE),
            Self::NotASsn => {
                ("D2", "not nine digits", "Correct it at the source, or leave it out: it is not required.")
            }
            Self::NotATerm => (
                "D2",
                "not a term of the form the column has, such as 2021FA (FA, SP, SU or WI)",
                AT_THE_SOURCE,
            ),
            Self::NotAZip => ("D2", "not a ZIP code of five or nine digits", AT_THE_SOURCE),
            Self::NotOfTheShape => ("D2", "not of the shape the code has", AT_THE_SOURCE),
            Self::OpenQuote => (
                "D2",
                "a quote is opened and not closed on the row",
                "Look for a quote inside a value, or a line break inside one.",
            ),
            Self::PlaceholderDate => (
                "N5",
                "a date of birth that stands for unknown (1 January 1900 or 1901)",
                "Correct it at the source if it is known.",
            ),
            Self::RecordLength => (
                "D2",
                "the record has another length than the layout says",
                "Look for a character too many or too few, and do not edit the file: spaces at the end of a record count.",
            ),
            Self::RecordType => (
                "D2",
                "the record type differs from the first row",
                "Put records of one type in a file, as the state system exports them.",
            ),
            Self::RepeatedDigit => ("D2", "an identifier of one repeated digit", AT_THE_SOURCE),
            Self::RepeatedKey => (
                "D4",
                "the row is about the same record as an earlier row, with other details; both were kept",
                "Check which row is right; where they disagree the later one is used.",
            ),
            Self::RepeatedRow => ("D4", "the row repeats an earlier row; it was kept once", "Nothing to do."),
            Self::SheetError => (
                "D3",
                "a cell holds a spreadsheet error instead of a value",
                "Import the file as exported, or correct the formula.",
            ),
            Self::SplitLetter => (
                "D2",
                "a letter stands across two columns of a fixed record",
                "Export as Windows-1252, or as UTF-8 with columns counted in letters.",
            ),
            Self::SsidTwoLocalIds => (
                "D2",
                "the SSID was used in an earlier row by another student number",
                "Check whether they are one student; both rows were kept.",
            ),
            Self::SsnNotIssued => (
                "D2",
                "a social security number that is never issued; it was not used",
                "Correct it at the source, or leave it out: it is not required.",
            ),
            Self::SsnShared => (
                "D2",
                "the social security number was used in an earlier row by another student",
                "Check which student has it; both rows were kept.",
            ),
            Self::TrailingSeparators => (
                "D2",
                "the rows end in more separators than the layout has columns; the empty columns were not read",
                "Nothing to do.",
            ),
            Self::TwoNames => (
                "N4",
                "a last name with a comma in it, as a full name in one column has",
                "Export last and first name in columns of their own.",
            ),
            Self::TwoSurnames => (
                "N2",
                "a last name of two surnames; both are kept, and matching tries each",
                "Nothing to do.",
            ),
            Self::UnknownCode => (
                "D2",
                "a code that is not in the code set",
                "Correct it, or add the code to the layout file if the publisher added it.",
            ),
            Self::UnknownGender => (
                "N6",
                "a gender code that is not known; it was not used",
                "Use F, M or X, or leave it blank.",
            ),
            Self::Width => (
                "D2",
                "the number of columns differs from the layout",
                "Look for a missing or extra separator in this row.",
            ),
            Self::Windows1252 => (
                "D2",
                "characters in Windows-1252; they were converted to UTF-8",
                "Export as UTF-8 if the system can.",
            ),
            Self::YearLast => (
                "N5",
                "a date with the year at its end among dates with the year first, expected yyyymmdd or yyyy-mm-dd",
                "Export every date of the column as yyyymmdd or yyyy-mm-dd.",
            ),
        }
    }

    /// True if the fault shows that the file itself was damaged, so that it is an error in any column (D3).
    #[must_use]
    pub fn damages_the_file(self) -> bool {
        matches!(
            self,
            Self::DayFirst
                | Self::ExcelDate
                | Self::ExcelScientific
                | Self::ExcelSerial
                | Self::ExcelThousands
                | Self::FieldTooLong
                | Self::OpenQuote
                | Self::RecordLength
                | Self::RecordType
                | Self::SheetError
                | Self::SplitLetter
                | Self::Width
                | Self::YearLast
        )
    }

    /// True if nothing is wrong: the value is kept as it is, and worth knowing of.
    #[must_use]
    pub fn is_a_note(self) -> bool {
        matches!(self, Self::TwoSurnames)
    }

    /// True if a value with this fault still shows which column it stands in: damaged, or of the right shape and wrong.
    #[must_use]
    pub(super) fn shows_the_column(self) -> bool {
        self.damages_the_file()
            || matches!(
                self,
                Self::ImplausibleDate
                    | Self::ImplausibleYear
                    | Self::Itin
                    | Self::PlaceholderDate
                    | Self::RepeatedDigit
                    | Self::SsnNotIssued
            )
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn every_sentence_says_what_and_every_advice_is_one() {
        // One sample of each family; the match is exhaustive, so a new fault cannot be left out of it.
        for fault in [Fault::Blank, Fault::ExcelSerial, Fault::Itin, Fault::Windows1252] {
            assert!(
                !fault.what().ends_with('.') && fault.advice().ends_with('.') && !fault.rule().is_empty()
            );
        }
    }
}
