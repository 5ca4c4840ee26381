//! A Parquet file that somebody else wrote, row by row as text: what an import reads beside CSV and XLSX (D1).
//!
//! A value becomes what a person would have typed: a day `2020-01-31`, a whole number its digits, a number with a
//! fraction its shortest form and never scientific notation. Text columns without the mark of text are taken if they are
//! UTF-8. Lists, maps and structures have no place in a table of rows and are refused by the name of their column.
//!
//! The bytes come from outside: every length is checked before memory is taken, and what the decoder does not check ends
//! as an error here too.

use core::fmt;
use std::{
    fs::File,
    io,
    ops::ControlFlow,
    panic::{self, AssertUnwindSafe},
    path::Path,
};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, RecordBatch},
        datatypes::{DataType, Float32Type, Float64Type},
        error::ArrowError,
        util::display::{ArrayFormatter, FormatOptions},
    },
    parquet::arrow::arrow_reader::{
        ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    },
};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 1024;
/// Most columns, as many as a spreadsheet has.
const COLUMNS_MAX: usize = 16_384;
/// Largest column of a row group, unpacked: what the decoder may hold of one.
const CHUNK_BYTES_MAX: i64 = 1 << 30;
/// Largest footer, bytes: names and places of a million column parts.
const FOOTER_BYTES_MAX: u32 = 64 << 20;
/// What stands at both ends of the file.
const MAGIC: &[u8; 4] = b"PAR1";
/// What stands there if the names of the columns are encrypted.
const MAGIC_ENCRYPTED: &[u8; 4] = b"PARE";

/// How values are written: a day without the time of day, which no layout reads.
const WRITTEN: FormatOptions<'static> = FormatOptions::new()
    .with_display_error(false)
    .with_date_format(DAY)
    .with_datetime_format(DAY)
    .with_timestamp_format(DAY)
    .with_timestamp_tz_format(DAY);
const DAY: Option<&str> = Some("%Y-%m-%d");

/// Why such a file cannot be read. Names columns, never values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ForeignError {
    /// It is damaged, cut short, or packed in a way the decoder does not know.
    Damaged,
    /// It is encrypted.
    Encrypted,
    /// It could not be read from the disk.
    Disk(io::ErrorKind),
    /// A column holds lists, maps or structures, or something without a written form.
    Nested {
        /// The column.
        column: String,
    },
    /// A column that is not marked as text holds bytes that are no text.
    NotText {
        /// The column.
        column: String,
    },
    /// A part that memory would have to hold is too large, or there are too many columns.
    TooLarge,
}

impl fmt::Display for ForeignError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => formatter.write_str("it is damaged, or no Parquet file"),
            Self::Encrypted => formatter.write_str("it is encrypted"),
            Self::Disk(kind) => write!(formatter, "the disk says {kind}"),
            Self::Nested { column } => {
                write!(
                    formatter,
                    "column {column} holds no plain values, expected text, numbers, days or yes and no"
                )
            }
            Self::NotText { column } => {
                write!(formatter, "column {column} holds bytes that are no UTF-8 text")
            }
            Self::TooLarge => {
                formatter.write_str("a column of one of its row groups is larger than 1 GiB unpacked")
            }
        }
    }
}

impl core::error::Error for ForeignError {}

/// True if a file begins as a Parquet file does.
#[must_use]
pub fn looks_like_parquet(start: &[u8]) -> bool {
    start.starts_with(MAGIC) || start.starts_with(MAGIC_ENCRYPTED)
}

/// Takes the fields of one row; may stop the reading, or fail with an error of its own.
pub type EachRow<'a, E> = dyn FnMut(&[String]) -> Result<ControlFlow<()>, E> + 'a;

/// A Parquet file, open.
#[derive(Debug)]
pub struct ForeignFile {
    file: File,
    metadata: ArrowReaderMetadata,
}

impl ForeignFile {
    /// Opens a file and reads its footer.
    ///
    /// # Errors
    ///
    /// [`ForeignError`]: what is wrong with the file as a whole.
    pub fn open(path: &Path) -> Result<Self, ForeignError> {
        let file = File::open(path).map_err(|error| ForeignError::Disk(error.kind()))?;
        check_footer(&file)?;
        let load = || ArrowReaderMetadata::load(&file, ArrowReaderOptions::default());
        let metadata = guarded(|| load().map_err(|_| ForeignError::Damaged))?;
        if metadata.schema().fields().len() > COLUMNS_MAX {
            return Err(ForeignError::TooLarge);
        }
        for group in metadata.metadata().row_groups() {
            if group.columns().iter().any(|column| column.uncompressed_size() > CHUNK_BYTES_MAX) {
                return Err(ForeignError::TooLarge);
            }
        }
        if let Some(field) = metadata.schema().fields().iter().find(|field| !is_plain(field.data_type())) {
            return Err(ForeignError::Nested { column: field.name().clone() });
        }
        Ok(Self { file, metadata })
    }

    /// Names of the columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.metadata.schema().fields().iter().map(|field| field.name().as_str())
    }

    /// Rows, as the footer says.
    #[must_use]
    pub fn rows(&self) -> u64 {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// Gives each row to `each`, one text for each column, empty where there is no value.
    ///
    /// # Errors
    ///
    /// [`ForeignError`] as the `E` it becomes; what `each` answers.
    ///
    /// # Cost
    ///
    /// Memory of one page of each column, and 1024 rows.
    pub fn each<E: From<ForeignError>>(&self, each: &mut EachRow<'_, E>) -> Result<(), E> {
        let mut reader = guarded(|| self.reader())?;
        let names: Vec<&str> = self.names().collect();
        let mut fields: Vec<String> = vec![String::new(); names.len()];
        while let Some(batch) = guarded(|| reader.next().transpose().map_err(|_| ForeignError::Damaged))? {
            let columns = texts(&batch, &names)?;
            for row in 0..batch.num_rows() {
                for (field, column) in fields.iter_mut().zip(&columns) {
                    field.clear();
                    column.write(row, field)?;
                }
                if each(&fields)? == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn reader(&self) -> Result<ParquetRecordBatchReader, ForeignError> {
        let file = self.file.try_clone().map_err(|error| ForeignError::Disk(error.kind()))?;
        ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|_| ForeignError::Damaged)
    }
}

/// The footer's length stands before the last four bytes; the decoder would take that much memory.
fn check_footer(mut file: &File) -> Result<(), ForeignError> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut end = [0; 8];
    let read = file.seek(SeekFrom::End(-8)).and_then(|_| file.read_exact(&mut end));
    match read {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof) => {
            return Err(ForeignError::Damaged);
        }
        Err(error) => return Err(ForeignError::Disk(error.kind())),
    }
    let [a, b, c, d, magic @ ..] = end;
    match &magic {
        MAGIC_ENCRYPTED => Err(ForeignError::Encrypted),
        MAGIC if u32::from_le_bytes([a, b, c, d]) > FOOTER_BYTES_MAX => Err(ForeignError::TooLarge),
        MAGIC => Ok(()),
        _ => Err(ForeignError::Damaged),
    }
}

/// Runs the decoder. It checks most of what it reads; what it does not check ends here as an error too.
fn guarded<T>(read: impl FnOnce() -> Result<T, ForeignError>) -> Result<T, ForeignError> {
    panic::catch_unwind(AssertUnwindSafe(read)).map_err(|_| ForeignError::Damaged)?
}

/// True for a type with one written value a row.
fn is_plain(kind: &DataType) -> bool {
    if let DataType::Dictionary(_, values) = kind {
        return is_plain(values);
    }
    kind.is_numeric()
        || kind.is_temporal() && !matches!(kind, DataType::Interval(_) | DataType::Duration(_))
        || matches!(
            kind,
            DataType::Boolean
                | DataType::Null
                | DataType::Utf8
                | DataType::LargeUtf8
                | DataType::Utf8View
                | DataType::Binary
                | DataType::LargeBinary
                | DataType::BinaryView
        )
}

/// One column of a batch, ready to be written row by row.
struct TextColumn<'a> {
    values: Values<'a>,
    name: &'a str,
}

enum Values<'a> {
    Bytes(Vec<Option<&'a [u8]>>),
    Float32(&'a ArrayRef),
    Float64(&'a ArrayRef),
    Flag(&'a ArrayRef),
    Other(ArrayFormatter<'a>),
}

fn texts<'a>(batch: &'a RecordBatch, names: &[&'a str]) -> Result<Vec<TextColumn<'a>>, ForeignError> {
    batch.columns().iter().zip(names).map(|(array, name)| TextColumn::new(array, name)).collect()
}

impl<'a> TextColumn<'a> {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "what Arrow can write, it writes; a new kind is refused by name"
    )]
    fn new(array: &'a ArrayRef, name: &'a str) -> Result<Self, ForeignError> {
        let values = match array.data_type() {
            DataType::Binary => Values::Bytes(array.as_binary::<i32>().iter().collect()),
            DataType::LargeBinary => Values::Bytes(array.as_binary::<i64>().iter().collect()),
            DataType::BinaryView => Values::Bytes(array.as_binary_view().iter().collect()),
            DataType::Float32 => Values::Float32(array),
            DataType::Float64 => Values::Float64(array),
            DataType::Boolean => Values::Flag(array),
            _ => {
                let formatter = ArrayFormatter::try_new(array.as_ref(), &WRITTEN);
                Values::Other(formatter.map_err(|_| ForeignError::Nested { column: name.to_owned() })?)
            }
        };
        Ok(Self { values, name })
    }

    fn write(&self, row: usize, out: &mut String) -> Result<(), ForeignError> {
        use core::fmt::Write as _;
        // Writing to a String cannot fail; a formatter fails on a value it cannot write.
        let written = match &self.values {
            Values::Bytes(values) => {
                let bytes = values.get(row).copied().flatten().unwrap_or_default();
                let text = core::str::from_utf8(bytes);
                out.push_str(text.map_err(|_| ForeignError::NotText { column: self.name.to_owned() })?);
                Ok(())
            }
            Values::Float32(array) if array.is_valid(row) => {
                write!(out, "{}", array.as_primitive::<Float32Type>().value(row))
            }
            Values::Float64(array) if array.is_valid(row) => {
                write!(out, "{}", array.as_primitive::<Float64Type>().value(row))
            }
            Values::Flag(array) if array.is_valid(row) => {
                out.push_str(if array.as_boolean().value(row) { "TRUE" } else { "FALSE" });
                Ok(())
            }
            Values::Float32(_) | Values::Float64(_) | Values::Flag(_) => Ok(()),
            Values::Other(formatter) => {
                let value = formatter.value(row);
                let written: Result<(), ArrowError> = value.write(out);
                written.map_err(|_| fmt::Error)
            }
        };
        written.map_err(|_| ForeignError::Damaged)
    }
}

#[cfg(test)]
mod tests;
