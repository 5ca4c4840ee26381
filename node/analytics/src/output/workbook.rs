//! An Excel workbook of one sheet. Text is stored as text, whatever it begins with; identifiers keep their zeros.
//!
//! The writer's own mode of constant memory is not used: it keeps rows in temporary files, in the clear.

use std::fs::File;

use chrono::Datelike;
use datafusion::arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{DataType, Date32Type},
    util::display::ArrayFormatter,
};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::{OutputError, batches, words};
use crate::engine::{Progress, Running};

/// Rows of a sheet below its header.
const ROWS_MAX: u32 = 1_048_575;
const COLUMNS_MAX: usize = 16_384;
/// Letters of a cell, as Excel counts them: UTF-16 units.
const LETTERS_MAX: usize = 32_767;
/// Digits of a number a cell keeps.
const DIGITS_MAX: usize = 15;

/// Answers 0: the file has types, nothing in it is taken for a formula.
pub(super) fn write(
    running: &mut Running,
    file: &mut File,
    each: &mut dyn FnMut(Progress),
) -> Result<u64, OutputError> {
    let names: Vec<String> = running.columns().map(str::to_owned).collect();
    if names.len() > COLUMNS_MAX {
        return Err(OutputError::TooManyColumns { columns: names.len(), columns_max: COLUMNS_MAX });
    }
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    for (column, name) in (0_u16..).zip(&names) {
        sheet.write_string(0, column, name).map_err(|error| fault(&error))?;
    }
    let mut row = 0;
    batches(running, each, &mut |batch| {
        let columns = batch.columns().iter().map(Values::of).collect::<Result<Vec<_>, _>>()?;
        for at in 0..batch.num_rows() {
            if row == ROWS_MAX {
                return Err(OutputError::TooManyRows { rows_max: ROWS_MAX });
            }
            row += 1;
            for ((column, values), name) in (0_u16..).zip(&columns).zip(&names) {
                match values.write(sheet, (row, column), at, &day)? {
                    Put::Done => {}
                    Put::TooLong => {
                        let (row, column) = (row.into(), name.clone());
                        return Err(OutputError::TextTooLong { row, column, letters_max: LETTERS_MAX });
                    }
                }
            }
        }
        Ok(())
    })?;
    workbook.save_to_writer(file).map_err(|error| fault(&error))?;
    Ok(0)
}

/// A column of a batch, by the type of cell it is written as.
struct Values<'a> {
    array: &'a ArrayRef,
    words: ArrayFormatter<'a>,
    cell: CellType,
}

#[derive(Clone, Copy)]
enum CellType {
    Date,
    Flag,
    Number,
    Text,
}

impl<'a> Values<'a> {
    fn of(array: &'a ArrayRef) -> Result<Self, OutputError> {
        let kind = array.data_type();
        let cell = if kind.is_numeric() {
            CellType::Number
        } else if *kind == DataType::Date32 {
            CellType::Date
        } else if *kind == DataType::Boolean {
            CellType::Flag
        } else {
            CellType::Text
        };
        Ok(Self { array, words: words(array)?, cell })
    }

    /// Writes the value at `at`. What its type of cell cannot hold exactly becomes text: long numbers, early days.
    fn write(
        &self,
        sheet: &mut Worksheet,
        place: (u32, u16),
        at: usize,
        day: &Format,
    ) -> Result<Put, OutputError> {
        if self.array.is_null(at) {
            return Ok(Put::Done);
        }
        let (row, column) = place;
        let written = match self.cell {
            CellType::Date => {
                self.date(at).map(|date| sheet.write_datetime_with_format(row, column, date, day).map(drop))
            }
            CellType::Flag => {
                let flag = self.array.as_boolean_opt().map(|flags| flags.value(at));
                flag.map(|flag| sheet.write_boolean(row, column, flag).map(drop))
            }
            CellType::Number => {
                self.number(at)?.map(|number| sheet.write_number(row, column, number).map(drop))
            }
            CellType::Text => None,
        };
        let written = match written {
            Some(written) => written,
            None => sheet.write_string(row, column, self.text(at)?).map(drop),
        };
        match written {
            Ok(()) => Ok(Put::Done),
            Err(XlsxError::MaxStringLengthExceeded) => Ok(Put::TooLong),
            Err(error) => Err(fault(&error)),
        }
    }

    fn text(&self, at: usize) -> Result<String, OutputError> {
        self.words.value(at).try_to_string().map_err(|_| OutputError::Unreadable)
    }

    /// The number, if a cell keeps all its digits. A fraction in binary has no more than a cell keeps.
    fn number(&self, at: usize) -> Result<Option<f64>, OutputError> {
        let text = self.text(at)?;
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let fits = self.array.data_type().is_floating() || digits <= DIGITS_MAX;
        Ok(text.parse().ok().filter(|number: &f64| fits && number.is_finite()))
    }

    /// The day, if a workbook's calendar has it: it begins in 1900, with a 29 February that never was.
    fn date(&self, at: usize) -> Option<ExcelDateTime> {
        let day = self.array.as_primitive_opt::<Date32Type>()?.value_as_date(at)?;
        let year = u16::try_from(day.year()).ok().filter(|year| *year > 1900)?;
        ExcelDateTime::from_ymd(year, u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?).ok()
    }
}

/// How the writing of a cell ended.
enum Put {
    Done,
    TooLong,
}

pub(super) fn fault(error: &XlsxError) -> OutputError {
    if let XlsxError::IoError(disk) = error {
        return OutputError::Disk { kind: disk.kind() };
    }
    OutputError::Unreadable
}
