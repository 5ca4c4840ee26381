//! Why a file was not imported at all. Codes `N2001`-`N2012`.
//!
//! Nothing here carries a value of a student record: rows, columns, layout names, byte counts.

use core::fmt;
use std::io;

use passage_protocol::refusal::{Code, Refusal};
use passage_shell::shelf::ShelfError;

use super::report::ImportReport;

/// Why a file was refused.
#[derive(Debug)]
pub enum ImportError {
    /// More than one layout fits.
    Ambiguous {
        /// Ids of the layouts that fit.
        candidates: Vec<String>,
        /// What would tell them apart.
        telling: String,
    },
    /// The file has no bytes, or only blank lines.
    Empty,
    /// There is a header row and nothing under it.
    HeaderOnly,
    /// A layout file is not right.
    Layout {
        /// Line of the layout file, from 1, if known.
        line: Option<usize>,
        /// What is wrong.
        fault: String,
        /// For an unknown key, the nearest known one.
        nearest: Option<&'static str>,
    },
    /// A line is longer than a line can be.
    LineTooLong {
        /// Row, from 1.
        row: u64,
        /// Longest permitted, bytes.
        bytes_max: usize,
    },
    /// The layout is known, and files of it are not taken.
    LayoutRefused {
        /// Id of the layout.
        layout: String,
        /// Why, as the layout file says.
        why: String,
    },
    /// A NUL byte, which no text file has.
    NulByte {
        /// Row, from 1.
        row: u64,
    },
    /// What is found out about a long file could not be set down on the disk of the state folder.
    Disk {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// The list of problems could not be written.
    ProblemList {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// The disk would not give the file.
    Read {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// Rows have errors: all or nothing, so nothing was kept.
    Rows {
        /// What was found, row by row.
        report: Box<ImportReport>,
    },
    /// A Parquet file that cannot be read.
    Parquet {
        /// What is wrong with it; may name a column.
        fault: String,
    },
    /// A spreadsheet that cannot be read.
    Spreadsheet {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The receiver of the records asked to stop, for a reason of its own.
    Stopped,
    /// More rows than one file may have.
    TooManyRows {
        /// Most permitted.
        rows_max: u64,
    },
    /// More schools or colleges than one file may have rows of.
    TooManyUnits {
        /// Most permitted, each period counted by itself.
        units_max: usize,
    },
    /// No layout fits.
    Unrecognised {
        /// Each layout tried, the nearest first.
        tried: Vec<Miss>,
    },
    /// The file is UTF-16, as Excel's "Unicode text" is.
    Utf16,
}

/// Why a layout did not fit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Miss {
    /// Id of the layout.
    pub layout: String,
    /// What did not fit.
    pub why: String,
    /// How near it came.
    pub near: Nearness,
}

/// How near a layout came to a file it does not fit.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Nearness {
    /// Another record type, header or record length: not this sort of file.
    Other,
    /// Some of the names or the record type, and then something that did not fit.
    Kin,
    /// Everything up to the values.
    Close,
    /// Every name of a header row, or every checked column: one doubt is left.
    Closest,
}

/// Layouts named in the sentence about a file that fits none.
const MISSES_SHOWN: usize = 4;

impl From<io::Error> for ImportError {
    fn from(error: io::Error) -> Self {
        Self::Read { kind: error.kind() }
    }
}

impl From<ShelfError> for ImportError {
    fn from(error: ShelfError) -> Self {
        Self::Disk { kind: error.kind() }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ambiguous { candidates, telling } => {
                write!(
                    formatter,
                    "the file fits {} layouts ({}), expected one; {telling}",
                    candidates.len(),
                    candidates.join(", ")
                )
            }
            Self::Empty => formatter.write_str("the file is empty, expected rows of records"),
            Self::HeaderOnly => formatter.write_str("the file has a header row and no record under it"),
            Self::Layout { line, fault, nearest } => {
                formatter.write_str("the layout file is not right")?;
                if let Some(line) = line {
                    write!(formatter, " at line {line}")?;
                }
                write!(formatter, ": {}", fault.trim_end().replace('\n', " "))?;
                nearest.map_or(Ok(()), |key| write!(formatter, "; the nearest known key is `{key}`"))
            }
            Self::LineTooLong { row, bytes_max } => {
                write!(formatter, "row {row} is longer than {bytes_max} bytes, the most a line may have")
            }
            Self::LayoutRefused { layout, why } => {
                write!(formatter, "the file has the layout {layout}, and files of it are not taken: {why}")
            }
            Self::NulByte { row } => write!(formatter, "row {row} has a NUL byte, expected text"),
            Self::Disk { kind } => {
                write!(
                    formatter,
                    "the file's rows could not be noted on the disk of the state folder: {kind}"
                )
            }
            Self::ProblemList { kind } => {
                write!(formatter, "the list of problems could not be written: {kind}")
            }
            Self::Read { kind } => write!(formatter, "the file could not be read: {kind}"),
            Self::Rows { report } => {
                write!(
                    formatter,
                    "{} of {} rows have errors, expected none; nothing was imported",
                    report.rows_with_errors, report.rows
                )
            }
            Self::Parquet { fault } => write!(formatter, "the Parquet file cannot be read: {fault}"),
            Self::Spreadsheet { fault } => write!(formatter, "the spreadsheet cannot be read: {fault}"),
            Self::Stopped => {
                formatter.write_str("the import was stopped before the end of the file; nothing was imported")
            }
            Self::TooManyRows { rows_max } => write!(formatter, "the file has more than {rows_max} rows"),
            Self::TooManyUnits { units_max } => write!(
                formatter,
                "the file has rows of more than {units_max} schools or colleges, each year and term counted by itself"
            ),
            Self::Unrecognised { tried } => {
                formatter.write_str("no layout fits the file")?;
                let nearest = tried.iter().map(|miss| miss.near).max().unwrap_or(Nearness::Other);
                let shown: Vec<&Miss> = tried
                    .iter()
                    .filter(|miss| miss.near == nearest)
                    .take(if nearest == Nearness::Other { 2 } else { MISSES_SHOWN })
                    .collect();
                shown.iter().try_for_each(|miss| write!(formatter, "; {}: {}", miss.layout, miss.why))?;
                match tried.len().saturating_sub(shown.len()) {
                    0 => Ok(()),
                    others => write!(formatter, "; and {others} others fit less or no better"),
                }
            }
            Self::Utf16 => formatter.write_str("the file is UTF-16, expected UTF-8 or Windows-1252"),
        }
    }
}

impl Refusal for ImportError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Ambiguous { .. } => 0x2001,
            Self::Empty => 0x2002,
            Self::HeaderOnly => 0x2003,
            Self::Layout { .. } => 0x2004,
            Self::LineTooLong { .. } => 0x2005,
            Self::NulByte { .. } => 0x2006,
            Self::Read { .. } => 0x2007,
            Self::Rows { .. } => 0x2008,
            Self::Stopped => 0x2009,
            Self::TooManyRows { .. } => 0x200A,
            Self::Unrecognised { .. } => 0x200B,
            Self::Utf16 => 0x200C,
            Self::Spreadsheet { .. } => 0x200D,
            Self::LayoutRefused { .. } => 0x200E,
            Self::ProblemList { .. } => 0x200F,
            Self::Parquet { .. } => 0x2010,
            Self::TooManyUnits { .. } => 0x2011,
            Self::Disk { .. } => 0x2012,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Ambiguous { .. } => "Say which layout it is with --layout.",
            Self::Empty | Self::HeaderOnly => "Export the file again and check that records were selected.",
            Self::Layout { .. } => {
                "Correct the layout file; `layout show calpads-senr` prints one that works."
            }
            Self::LayoutRefused { .. } => "Leave the file out: no study needs it.",
            Self::LineTooLong { .. } | Self::NulByte { .. } => {
                "Export the file again as plain text; this one is damaged or not text."
            }
            Self::Read { .. } => "Check that the file exists and that this account may read it.",
            Self::Disk { .. } | Self::ProblemList { .. } => {
                "Make room on the disk of the state folder and import again."
            }
            Self::Rows { .. } => {
                "Correct the rows listed in problems.csv at the source, export again and import again."
            }
            Self::Parquet { .. } => {
                "Write it again with plain columns and no encryption, or export it as CSV UTF-8."
            }
            Self::Spreadsheet { .. } => "Save it as .xlsx without a password, or export it as CSV UTF-8.",
            Self::Stopped => "See the message before this one.",
            Self::TooManyRows { .. } => "Split the file by school year.",
            Self::TooManyUnits { .. } => {
                "Check the columns of school and district, or split the file by school year."
            }
            Self::Unrecognised { .. } => {
                "Export it unchanged from the state system, or write a layout.toml for it."
            }
            Self::Utf16 => "Save it as \"CSV UTF-8\" instead of \"Unicode text\".",
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Ambiguous { .. } | Self::Layout { .. } | Self::Unrecognised { .. } => Some("D1"),
            Self::LayoutRefused { .. } => Some("F3"),
            Self::Empty
            | Self::HeaderOnly
            | Self::LineTooLong { .. }
            | Self::NulByte { .. }
            | Self::Rows { .. }
            | Self::Parquet { .. }
            | Self::Spreadsheet { .. }
            | Self::TooManyRows { .. }
            | Self::TooManyUnits { .. }
            | Self::Utf16 => Some("D2"),
            Self::Disk { .. } | Self::ProblemList { .. } | Self::Read { .. } | Self::Stopped => None,
        }
    }
}
