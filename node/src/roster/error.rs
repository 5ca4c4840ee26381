//! Why an opt-out list was refused. Codes `N2102`-`N210F`. No value.

use core::fmt;

use passage_protocol::refusal::{Code, Refusal};

/// Why an opt-out list was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RosterError {
    /// A line of an opt-out list is not an identifier.
    OptOutLine {
        /// Row, from 1.
        row: usize,
    },
    /// An opt-out list that is not text, or is too large.
    OptOutList {
        /// Most permitted, bytes.
        bytes_max: u64,
    },
}

impl fmt::Display for RosterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OptOutLine { row } => {
                write!(
                    formatter,
                    "row {row} of the opt-out list is not an identifier of 1 to 64 letters, digits and hyphens"
                )
            }
            Self::OptOutList { bytes_max } => {
                write!(formatter, "the opt-out list is not UTF-8 text of at most {bytes_max} bytes")
            }
        }
    }
}

impl Refusal for RosterError {
    fn code(&self) -> Code {
        Code(match self {
            Self::OptOutLine { .. } => 0x2102,
            Self::OptOutList { .. } => 0x2103,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::OptOutLine { .. } => "List one local student number or SSID a line.",
            Self::OptOutList { .. } => "Save the list as plain UTF-8 text.",
        }
    }

    fn rule(&self) -> Option<&'static str> {
        Some("D7")
    }
}
