//! A Parquet file, as rows of text. Its first row is the names of the columns, numbered 0; the records count from 1, as
//! whoever wrote it counts them.

use std::{ops::ControlFlow, path::Path, path::PathBuf};

use passage_analytics::foreign::{ForeignError, ForeignFile};

use super::{EachRow, FIELD_BYTES_MAX, ROWS_MAX, Record, Rows};
use crate::import::error::ImportError;

/// A Parquet file.
pub(in crate::import) struct Parquet {
    path: PathBuf,
    bytes: u64,
}

impl Parquet {
    pub(in crate::import) fn new(path: &Path, bytes: u64) -> Self {
        Self { path: path.to_owned(), bytes }
    }
}

impl Rows for Parquet {
    fn each(&mut self, each: &mut EachRow<'_>) -> Result<(), ImportError> {
        let file = ForeignFile::open(&self.path)?;
        let mut record = Record::default();
        record.begin(0);
        file.names().for_each(|name| record.push(name));
        if each(&record, 0)? == ControlFlow::Break(()) {
            return Ok(());
        }
        let rows = file.rows().max(1);
        let mut row = 0_u64;
        file.each(&mut |fields| {
            row += 1;
            if row > ROWS_MAX {
                return Err(ImportError::TooManyRows { rows_max: ROWS_MAX });
            }
            record.begin(row);
            for field in fields {
                // A line break inside a text is a space, as every other form of rows has it.
                if field.contains(['\n', '\r', '\0']) && field.len() <= FIELD_BYTES_MAX {
                    record.push(&field.replace(['\n', '\r', '\0'], " "));
                } else {
                    record.push(field);
                }
            }
            if record.is_blank() {
                return Ok(ControlFlow::Continue(()));
            }
            let share = u128::from(self.bytes) * u128::from(row.min(rows)) / u128::from(rows);
            each(&record, u64::try_from(share).unwrap_or(self.bytes))
        })
    }
}

impl From<ForeignError> for ImportError {
    fn from(error: ForeignError) -> Self {
        match error {
            ForeignError::Disk(kind) => Self::Read { kind },
            error @ (ForeignError::Damaged
            | ForeignError::Encrypted
            | ForeignError::Nested { .. }
            | ForeignError::NotText { .. }
            | ForeignError::TooLarge) => Self::Parquet { fault: error.to_string() },
        }
    }
}
