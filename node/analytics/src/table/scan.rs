//! Chosen columns of a sealed table, row by row.

use std::{
    cell::Cell as Noted,
    panic::{self, AssertUnwindSafe},
};

use bytes::{Buf, Bytes, buf::Reader};
use chrono::Datelike;
use datafusion::{
    arrow::array::{
        Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray,
    },
    parquet::{
        arrow::{
            ProjectionMask,
            arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
        },
        errors::{ParquetError, Result as ParquetResult},
        file::reader::{ChunkReader, Length},
    },
};
use passage_protocol::timestamp::Date;

use super::{Cell, Kind, TableError};
use zeroize::Zeroizing;

use crate::sealed::SealedFile;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 4096;

/// Gives the asked-for `columns` of each row to `each`, in the order they were written; answers the number of rows.
///
/// A column the file lacks reads as empty: files written under an older dictionary stay readable. Only the columns
/// asked for are decrypted and decoded, each byte once.
///
/// # Errors
///
/// What `each` answers; [`TableError::Sealed`] and [`TableError::Corrupt`] if the file is not as it was written;
/// [`TableError::KindAsked`] if `each` read a column as a kind it does not hold.
///
/// # Cost
///
/// Memory of one row group's columns, about 8 MiB as stored. `benches/table.rs` measures rows per second.
pub fn scan(
    file: &SealedFile,
    columns: &[&str],
    each: &mut dyn FnMut(&RowView<'_>) -> Result<(), TableError>,
) -> Result<u64, TableError> {
    let metadata =
        guarded(file, || ArrowReaderMetadata::load(&Footer(file.clone()), ArrowReaderOptions::default()))?;
    let wanted = |name: &str| columns.contains(&name);
    let schema = metadata.parquet_schema();
    let places = schema.columns().iter().enumerate().filter(|(_, column)| wanted(column.name()));
    let mask = ProjectionMask::leaves(schema, places.map(|(at, _)| at));
    let mut rows = 0;
    for group in 0..metadata.metadata().num_row_groups() {
        let mut reader = guarded(file, || {
            let loaded = Loaded::of(file, &metadata, group, &mask)?;
            ParquetRecordBatchReaderBuilder::new_with_metadata(loaded, metadata.clone())
                .with_row_groups(vec![group])
                .with_projection(mask.clone())
                .with_batch_size(BATCH_ROWS)
                .build()
        })?;
        while let Some(batch) = guarded(file, || Ok(reader.next().transpose()?))? {
            rows += give(&batch, columns, each)?;
        }
    }
    Ok(rows)
}

fn give(
    batch: &RecordBatch,
    columns: &[&str],
    each: &mut dyn FnMut(&RowView<'_>) -> Result<(), TableError>,
) -> Result<u64, TableError> {
    let values: Vec<_> = columns.iter().map(|name| batch.column_by_name(name)).collect();
    rows_of(&values, batch.num_rows(), columns, each)?;
    Ok(batch.num_rows() as u64)
}

/// Gives every row of some columns to `each`.
pub(crate) fn rows_of<E: From<TableError>>(
    values: &[Option<&ArrayRef>],
    rows: usize,
    columns: &[&str],
    each: &mut dyn FnMut(&RowView<'_>) -> Result<(), E>,
) -> Result<(), E> {
    for row in 0..rows {
        let view = RowView { values, row, misread: Noted::new(None) };
        each(&view)?;
        if let Some((at, asked)) = view.misread.get() {
            let column = columns.get(at).map_or_else(|| format!("number {at}"), |name| (*name).to_owned());
            return Err(TableError::KindAsked { column, asked }.into());
        }
    }
    Ok(())
}

/// One row. The numbers are places in the list of columns that was asked for.
///
/// An empty cell, and a column the file lacks, is `None`. No `Debug`: it is a student's.
pub struct RowView<'a> {
    values: &'a [Option<&'a ArrayRef>],
    row: usize,
    /// A column that was read as what it is not; `scan` makes an error of it, so that readers need not.
    misread: Noted<Option<(usize, Kind)>>,
}

impl RowView<'_> {
    /// Text.
    #[must_use]
    pub fn text(&self, at: usize) -> Option<&str> {
        self.array::<StringArray>(at, Kind::Text).map(|array| array.value(self.row))
    }

    /// A calendar day.
    #[must_use]
    pub fn date(&self, at: usize) -> Option<Date> {
        let day = self.array::<Date32Array>(at, Kind::Date)?.value_as_date(self.row)?;
        let part = |number: u32| u8::try_from(number).ok();
        Date::new(u16::try_from(day.year()).ok()?, part(day.month())?, part(day.day())?)
    }

    /// A whole number.
    #[must_use]
    pub fn integer(&self, at: usize) -> Option<i64> {
        self.array::<Int64Array>(at, Kind::Integer).map(|array| array.value(self.row))
    }

    /// Hundredths.
    #[must_use]
    pub fn decimal(&self, at: usize) -> Option<i64> {
        self.array::<Decimal128Array>(at, Kind::Decimal)
            .and_then(|array| i64::try_from(array.value(self.row)).ok())
    }

    /// Yes or no.
    #[must_use]
    pub fn flag(&self, at: usize) -> Option<bool> {
        self.array::<BooleanArray>(at, Kind::Flag).map(|array| array.value(self.row))
    }

    /// The value as it would be written again.
    #[must_use]
    pub fn cell(&self, at: usize, kind: Kind) -> Cell {
        let found = match kind {
            Kind::Date => {
                self.date(at).map(|day| Cell::Date { year: day.year, month: day.month, day: day.day })
            }
            Kind::Decimal => self.decimal(at).map(Cell::Decimal),
            Kind::Flag => self.flag(at).map(Cell::Flag),
            Kind::Integer => self.integer(at).map(Cell::Integer),
            Kind::Text => self.text(at).map(|text| Cell::Text(Zeroizing::new(text.to_owned()))),
        };
        found.unwrap_or(Cell::Empty)
    }

    /// The column's array if the row has a value in it.
    fn array<A: Array + 'static>(&self, at: usize, asked: Kind) -> Option<&A> {
        let Some(column) = self.values.get(at) else {
            self.misread.set(Some((at, asked)));
            return None;
        };
        let array = column.as_ref()?.as_any().downcast_ref::<A>();
        if array.is_none() {
            self.misread.set(Some((at, asked)));
        }
        array.filter(|array| array.is_valid(self.row))
    }
}

/// Runs the Parquet decoder. It checks most of what it reads; what it does not check ends here as an error too.
fn guarded<T>(file: &SealedFile, read: impl FnOnce() -> ParquetResult<T>) -> Result<T, TableError> {
    panic::catch_unwind(AssertUnwindSafe(read))
        .map_err(|_| TableError::Corrupt { label: file.label().to_owned() })?
        .map_err(|error| TableError::of_parquet(&error, file.label()))
}

/// Decrypted bytes of a range, wiped when the last reader lets go of them.
pub(crate) fn plain(file: &SealedFile, start: u64, length: u64) -> ParquetResult<Bytes> {
    // Asked before memory is taken: the length may come from a footer.
    if start.checked_add(length).is_none_or(|end| end > file.len()) {
        return Err(ParquetError::EOF("a range beyond the end of the table".to_owned()));
    }
    let length = usize::try_from(length).map_err(|_| ParquetError::EOF("a range too long".to_owned()))?;
    let mut plain = zeroize::Zeroizing::new(vec![0; length]);
    file.read_at(start, &mut plain).map_err(|error| ParquetError::External(Box::new(error)))?;
    Ok(Bytes::from_owner(plain))
}

/// The file as the reader of footers sees it.
struct Footer(SealedFile);

impl Length for Footer {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Footer {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(plain(&self.0, start, self.0.len().saturating_sub(start))?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        plain(&self.0, start, length as u64)
    }
}

/// The chosen columns of one row group, decrypted.
struct Loaded {
    /// Where in the file, and the bytes.
    ranges: Vec<(u64, Bytes)>,
    length: u64,
}

impl Loaded {
    fn of(
        file: &SealedFile,
        metadata: &ArrowReaderMetadata,
        group: usize,
        mask: &ProjectionMask,
    ) -> ParquetResult<Self> {
        let columns = metadata.metadata().row_group(group).columns().iter().enumerate();
        let chosen = columns.filter(|(at, _)| mask.leaf_included(*at));
        let ranges = chosen.map(|(_, column)| {
            let (start, length) = column.byte_range();
            Ok((start, plain(file, start, length)?))
        });
        Ok(Self { ranges: ranges.collect::<ParquetResult<_>>()?, length: file.len() })
    }

    /// The bytes from `start` to the end of the column they are in.
    fn from(&self, start: u64) -> ParquetResult<Bytes> {
        let inside = self.ranges.iter().find_map(|(first, bytes)| {
            let skip = usize::try_from(start.checked_sub(*first)?).ok()?;
            (skip < bytes.len()).then(|| bytes.slice(skip..))
        });
        inside.ok_or_else(|| ParquetError::EOF("a page outside of its column".to_owned()))
    }
}

impl Length for Loaded {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Loaded {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let bytes = self.from(start)?;
        if length > bytes.len() {
            return Err(ParquetError::EOF("a page longer than its column".to_owned()));
        }
        Ok(bytes.slice(..length))
    }
}
