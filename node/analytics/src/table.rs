//! Tables as sealed Parquet: what a column may hold, writing row by row, reading row by row.
//!
//! Parquet because both the row-by-row reader here and the SQL engine take only the columns they need from it;
//! sealed because records never lie on a disk in the clear.

use zeroize::Zeroizing;

mod error;
mod scan;
#[cfg(test)]
mod tests;
mod write;

pub use error::TableError;
pub use scan::{RowView, scan};
pub(crate) use scan::{plain, rows_of};
pub use write::{TableWriter, Written};

pub use passage_protocol::dictionary::Kind;

use datafusion::arrow::datatypes::{DataType, Field, Schema};

/// Digits of a decimal, of which two stand after the point: amounts of money and units of credit.
const DECIMAL_DIGITS: u8 = 14;
const DECIMAL_SCALE: i8 = 2;
/// Longest name of a table or column, letters. What other SQL systems allow too, so that exports load there.
const NAME_LETTERS_MAX: usize = 63;

/// The engine's type of a column that holds `kind`. Every column may also be empty.
pub(crate) fn arrow(kind: Kind) -> DataType {
    match kind {
        Kind::Date => DataType::Date32,
        Kind::Decimal => DataType::Decimal128(DECIMAL_DIGITS, DECIMAL_SCALE),
        Kind::Flag => DataType::Boolean,
        Kind::Integer => DataType::Int64,
        Kind::Text => DataType::Utf8,
    }
}

/// The word a message uses for a kind.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Date => "date",
        Kind::Decimal => "decimal",
        Kind::Flag => "flag",
        Kind::Integer => "integer",
        Kind::Text => "text",
    }
}

/// What a column is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// It says something: it counts when two tables are compared by [`Written::content`].
    Content,
    /// It says where a row came from: the same rows from a file of another name are the same content.
    Provenance,
}

/// One column of a table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Column {
    /// Its SQL name: small letters, digits and underscores, beginning with a letter.
    pub name: String,
    /// What it holds: an element of the dictionary says the same.
    pub kind: Kind,
    /// What it is for.
    pub role: Role,
}

/// A table's name and columns, as SQL sees them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TableSchema {
    /// Its SQL name: small letters, digits and underscores, beginning with a letter.
    pub name: String,
    /// At least one, each name once.
    pub columns: Vec<Column>,
}

impl TableSchema {
    /// Checks the names and gives the shape the engine knows the table by.
    ///
    /// # Errors
    ///
    /// [`TableError::Name`] or [`TableError::ColumnTwice`] or [`TableError::NoColumns`].
    pub(crate) fn arrow(&self) -> Result<Schema, TableError> {
        let names = || self.columns.iter().map(|column| column.name.as_str());
        let name_of_sql = |name: &str| {
            name.starts_with(|letter: char| letter.is_ascii_lowercase())
                && name.len() <= NAME_LETTERS_MAX
                && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        };
        if let Some(name) = [self.name.as_str()].into_iter().chain(names()).find(|name| !name_of_sql(name)) {
            return Err(TableError::Name { name: name.to_owned() });
        }
        if self.columns.is_empty() {
            return Err(TableError::NoColumns { table: self.name.clone() });
        }
        let twice = names().enumerate().find(|(at, name)| names().take(*at).any(|before| before == *name));
        if let Some((_, name)) = twice {
            return Err(TableError::ColumnTwice { table: self.name.clone(), column: name.to_owned() });
        }
        let field = |column: &Column| Field::new(column.name.clone(), arrow(column.kind), true);
        Ok(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }
}

/// One value of a row to be written. No `Debug`, no `Clone`: it is a student's.
#[derive(Default)]
pub enum Cell {
    /// Nothing. SQL `NULL`.
    #[default]
    Empty,
    /// Text, wiped when dropped. Empty text is text.
    Text(Zeroizing<String>),
    /// A calendar day.
    Date {
        /// Calendar year, four digits.
        year: u16,
        /// Month, 1 to 12.
        month: u8,
        /// Day of the month, 1 to 31.
        day: u8,
    },
    /// A whole number.
    Integer(i64),
    /// Hundredths.
    Decimal(i64),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// A copy of a text.
    #[must_use]
    pub fn text(value: &str) -> Self {
        Self::Text(Zeroizing::new(value.to_owned()))
    }

    /// The text; empty if it is no text.
    #[must_use]
    pub fn as_text(&self) -> &str {
        if let Self::Text(text) = self { text } else { "" }
    }

    /// True if there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The same value again, for an element that two tables have. Spelled out, so that no cell is copied by accident.
    #[must_use]
    pub fn again(&self) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::Text(text) => Self::text(text),
            Self::Date { year, month, day } => Self::Date { year: *year, month: *month, day: *day },
            Self::Integer(number) => Self::Integer(*number),
            Self::Decimal(hundredths) => Self::Decimal(*hundredths),
            Self::Flag(answer) => Self::Flag(*answer),
        }
    }

    /// What it holds; `None` for an empty cell, which fits every column.
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Empty => None,
            Self::Text(_) => Some(Kind::Text),
            Self::Date { .. } => Some(Kind::Date),
            Self::Integer(_) => Some(Kind::Integer),
            Self::Decimal(_) => Some(Kind::Decimal),
            Self::Flag(_) => Some(Kind::Flag),
        }
    }
}
