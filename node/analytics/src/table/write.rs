//! Rows in, one sealed Parquet file out, in bounded memory.

use std::{io::Write, sync::Arc};

use chrono::NaiveDate;
use datafusion::{
    arrow::{
        array::{
            ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, RecordBatch,
            StringBuilder,
        },
        datatypes::{Date32Type, SchemaRef},
    },
    parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties},
};
use passage_protocol::ids::Digest;

use super::{Cell, Column, DECIMAL_DIGITS, Kind, Role, TableError, TableSchema, arrow, word};
use crate::sealed::{FileKey, FreshSalt, SealedWriter};

/// Rows of a row group: the engine reads or skips a group as a whole.
const GROUP_ROWS: usize = 64 * 1024;
/// Encoded bytes of a row group, all of which wait in memory until it is written.
const GROUP_BYTES: usize = 8 * 1024 * 1024;
/// Rows and bytes of text that wait in memory before they are encoded, whichever comes first.
const PENDING_ROWS: usize = 4096;
const PENDING_TEXT_BYTES: usize = 4 * 1024 * 1024;
/// Longest text of a cell, bytes: as long as the longest line of a file that is imported.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// First hundredths that have too many digits.
const DECIMAL_END: u64 = 10_u64.pow(DECIMAL_DIGITS as u32);

/// What a written table turned out to be.
pub struct Written<W> {
    /// Where the bytes went. Flushed, not synced.
    pub sink: W,
    /// BLAKE3 of the file as it lies on the disk; also its name.
    pub digest: Digest,
    /// Keyed digest of the columns that are content and their cells: equal for equal rows in equal order under one key.
    pub content: Digest,
    /// Rows written.
    pub rows: u64,
    /// Size on the disk, bytes.
    pub bytes: u64,
}

/// Writes one table, row by row, as Parquet inside a sealed file.
///
/// Holds at most one row group, about 8 MiB encoded, and a few thousand rows before it, whatever the length of the
/// table. The memory of the rows goes back to the allocator without being wiped: Parquet's encoders own copies.
pub struct TableWriter<W: Write + Send> {
    parquet: ArrowWriter<SealedWriter<W>>,
    schema: SchemaRef,
    columns: Vec<(Column, Pending)>,
    pending_rows: usize,
    pending_text_bytes: usize,
    content: blake3::Hasher,
    rows: u64,
    label: String,
}

impl<W: Write + Send> TableWriter<W> {
    /// Starts a table. `label` says what the file is (table, school year, part); the same label opens it.
    /// `content_key` keys [`Written::content`], so that equal tables cannot be recognised by others.
    ///
    /// # Errors
    ///
    /// [`TableError::Name`] and its like if the schema is not one; [`TableError::Disk`] from the sink.
    pub fn new(
        sink: W,
        key: &FileKey,
        salt: FreshSalt,
        label: &str,
        schema: &TableSchema,
        content_key: &[u8; 32],
    ) -> Result<Self, TableError> {
        let shape = Arc::new(schema.arrow()?);
        let properties = WriterProperties::builder()
            // Pure Rust: a C library would keep plaintext in memory that nobody wipes.
            .set_compression(Compression::LZ4_RAW)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_max_row_group_bytes(Some(GROUP_BYTES))
            .set_created_by("passage".to_owned())
            .build();
        let sealed = SealedWriter::new(sink, key, salt, label)?;
        let parquet = ArrowWriter::try_new(sealed, Arc::clone(&shape), Some(properties))
            .map_err(|error| TableError::of_parquet(&error, label))?;
        let mut content = blake3::Hasher::new_keyed(content_key);
        hash_text(&mut content, &schema.name);
        for column in schema.columns.iter().filter(|column| column.role == Role::Content) {
            hash_text(&mut content, &column.name);
            hash_text(&mut content, word(column.kind));
        }
        let columns =
            schema.columns.iter().map(|column| (column.clone(), Pending::of(column.kind))).collect();
        Ok(Self {
            parquet,
            schema: shape,
            columns,
            pending_rows: 0,
            pending_text_bytes: 0,
            content,
            rows: 0,
            label: label.to_owned(),
        })
    }

    /// Adds a row: one cell for each column, in the schema's order.
    ///
    /// # Errors
    ///
    /// A row that does not fit is refused as a whole, with the column's name, and the table is as before.
    /// After [`TableError::Disk`] the table cannot be finished.
    pub fn push(&mut self, row: &[Cell]) -> Result<(), TableError> {
        let number = self.rows + 1;
        if row.len() != self.columns.len() {
            return Err(TableError::CellCount { row: number, seen: row.len(), expected: self.columns.len() });
        }
        for (cell, (column, _)) in row.iter().zip(&self.columns) {
            check(cell, column, number)?;
        }
        for (cell, (column, pending)) in row.iter().zip(&mut self.columns) {
            pending.append(cell);
            if column.role == Role::Content {
                hash_cell(&mut self.content, cell);
            }
            if let Cell::Text(text) = cell {
                self.pending_text_bytes += text.len();
            }
        }
        self.rows = number;
        self.pending_rows += 1;
        if self.pending_rows == PENDING_ROWS || self.pending_text_bytes >= PENDING_TEXT_BYTES {
            self.encode()?;
        }
        Ok(())
    }

    /// Bytes that wait in memory, about: rows that are not encoded yet, and the row group that is not written yet.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let cells = self.pending_rows * self.columns.len() * size_of::<u64>();
        self.parquet.memory_size() + self.pending_text_bytes + cells
    }

    /// Writes what waits in memory as a row group of its own. Whoever writes many tables at once bounds them together by it.
    ///
    /// # Errors
    ///
    /// [`TableError::Disk`] from the sink.
    pub fn write_out(&mut self) -> Result<(), TableError> {
        self.encode()?;
        self.parquet.flush().map_err(|error| TableError::of_parquet(&error, &self.label))
    }

    /// Writes the rest and the footer, and seals the file.
    ///
    /// # Errors
    ///
    /// [`TableError::Disk`] from the sink.
    pub fn finish(mut self) -> Result<Written<W>, TableError> {
        self.encode()?;
        let sealed = self
            .parquet
            .into_inner()
            .map_err(|error| TableError::of_parquet(&error, &self.label))?
            .finish()?;
        self.content.update(&self.rows.to_le_bytes());
        Ok(Written {
            sink: sealed.sink,
            digest: sealed.digest,
            content: Digest(*self.content.finalize().as_bytes()),
            rows: self.rows,
            bytes: sealed.bytes,
        })
    }

    fn encode(&mut self) -> Result<(), TableError> {
        if self.pending_rows == 0 {
            return Ok(());
        }
        let arrays = self.columns.iter_mut().map(|(_, pending)| pending.take()).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(|_| TableError::Corrupt { label: self.label.clone() })?;
        self.pending_rows = 0;
        self.pending_text_bytes = 0;
        self.parquet.write(&batch).map_err(|error| TableError::of_parquet(&error, &self.label))
    }
}

/// Rows of one column that are not yet encoded.
enum Pending {
    Date(Date32Builder),
    Decimal(Decimal128Builder),
    Flag(BooleanBuilder),
    Integer(Int64Builder),
    Text(StringBuilder),
}

impl Pending {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Decimal => Self::Decimal(Decimal128Builder::new().with_data_type(arrow(kind))),
            Kind::Flag => Self::Flag(BooleanBuilder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Text => Self::Text(StringBuilder::new()),
        }
    }

    /// Adds a cell that [`check`] let pass.
    fn append(&mut self, cell: &Cell) {
        match (self, cell) {
            (Self::Date(builder), Cell::Date { year, month, day }) => {
                builder.append_option(days(*year, *month, *day));
            }
            (Self::Decimal(builder), Cell::Decimal(hundredths)) => builder.append_value((*hundredths).into()),
            (Self::Flag(builder), Cell::Flag(flag)) => builder.append_value(*flag),
            (Self::Integer(builder), Cell::Integer(number)) => builder.append_value(*number),
            (Self::Text(builder), Cell::Text(text)) => builder.append_value(text.as_str()),
            (Self::Date(builder), _) => builder.append_null(),
            (Self::Decimal(builder), _) => builder.append_null(),
            (Self::Flag(builder), _) => builder.append_null(),
            (Self::Integer(builder), _) => builder.append_null(),
            (Self::Text(builder), _) => builder.append_null(),
        }
    }

    fn take(&mut self) -> ArrayRef {
        match self {
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder) => Arc::new(builder.finish()),
            Self::Flag(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Text(builder) => Arc::new(builder.finish()),
        }
    }
}

fn check(cell: &Cell, column: &Column, row: u64) -> Result<(), TableError> {
    let name = || column.name.clone();
    match cell.kind() {
        Some(seen) if seen != column.kind => {
            return Err(TableError::KindWritten { row, column: name(), seen, expected: column.kind });
        }
        Some(_) | None => {}
    }
    match cell {
        Cell::Text(text) if text.len() > TEXT_BYTES_MAX => {
            Err(TableError::TextTooLong { row, column: name(), bytes_max: TEXT_BYTES_MAX })
        }
        Cell::Date { year, month, day } if days(*year, *month, *day).is_none() => {
            Err(TableError::DateNotInCalendar { row, column: name() })
        }
        Cell::Decimal(hundredths) if hundredths.unsigned_abs() >= DECIMAL_END => {
            Err(TableError::DecimalTooLong { row, column: name() })
        }
        Cell::Date { .. }
        | Cell::Decimal(_)
        | Cell::Empty
        | Cell::Flag(_)
        | Cell::Integer(_)
        | Cell::Text(_) => Ok(()),
    }
}

/// Days since 1970-01-01; `None` for a day that is not in the calendar.
fn days(year: u16, month: u8, day: u8) -> Option<i32> {
    NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()).map(Date32Type::from_naive_date)
}

/// One byte says the kind, then the value: of fixed length, or after its length.
fn hash_cell(content: &mut blake3::Hasher, cell: &Cell) {
    match cell {
        Cell::Empty => {
            content.update(&[0]);
        }
        Cell::Text(text) => {
            content.update(&[1]);
            hash_text(content, text);
        }
        Cell::Date { year, month, day } => {
            let [low, high] = year.to_le_bytes();
            content.update(&[2, low, high, *month, *day]);
        }
        Cell::Integer(number) => {
            content.update(&[3]);
            content.update(&number.to_le_bytes());
        }
        Cell::Decimal(hundredths) => {
            content.update(&[4]);
            content.update(&hundredths.to_le_bytes());
        }
        Cell::Flag(flag) => {
            content.update(&[5, u8::from(*flag)]);
        }
    }
}

fn hash_text(content: &mut blake3::Hasher, text: &str) {
    content.update(&(text.len() as u64).to_le_bytes());
    content.update(text.as_bytes());
}
