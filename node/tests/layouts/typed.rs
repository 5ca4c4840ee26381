//! A grid of cells with the types a spreadsheet or a data frame would give them, written as XLSX and as Parquet.

use std::fs;

use passage_analytics::{
    engine::{Embedded, Limits, QueryEngine},
    output::{Format as FileFormat, save},
};
use passage_node::import::{Check, Layout};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::grid::{Grid, column_at, named};

/// How cells are typed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Typing {
    /// Every cell as text, as a careful export writes them.
    Text,
    /// Dates as dates, the rest as text.
    Dates,
    /// What is all digits, or digits and a point, as a number; dates of eight digits too.
    Numbers,
    /// Dates as dates, the rest as numbers where it can be.
    DatesAndNumbers,
}

impl Typing {
    pub(crate) const ALL: [Self; 4] = [Self::Text, Self::Dates, Self::Numbers, Self::DatesAndNumbers];

    fn dates(self) -> bool {
        matches!(self, Self::Dates | Self::DatesAndNumbers)
    }

    pub(crate) fn numbers(self) -> bool {
        matches!(self, Self::Numbers | Self::DatesAndNumbers)
    }
}

/// Rows of names and cells, and which columns hold dates.
pub(crate) struct Typed {
    /// The first row, if it is of names.
    pub(crate) names: Option<Vec<String>>,
    pub(crate) rows: Vec<Vec<String>>,
    dated: Vec<bool>,
    typing: Typing,
}

impl Typed {
    /// The cells of a layout's file, with the names of its columns if it has a header row.
    pub(crate) fn of(layout: &Layout, grid: &Grid, typing: Typing) -> Self {
        let mut rows = grid.rows.clone();
        let names = named(layout).then(|| rows.remove(0));
        let is_date = |check: Check| matches!(check, Check::BirthDate | Check::Date | Check::UsDate);
        let dated =
            |place| column_at(layout, names.as_deref(), place).is_some_and(|column| is_date(column.check));
        let dated = (0..grid.width()).map(dated).collect();
        Self { names, rows, dated, typing }
    }

    /// With the names the layout gives its columns above the rows.
    pub(crate) fn with_names(mut self, layout: &Layout) -> Self {
        let mut names: Vec<String> =
            (0..self.dated.len()).map(|place| format!("Column{}", place + 1)).collect();
        for column in layout.column.iter().filter(|column| column.number.is_some()) {
            names[column.number.unwrap() - 1].clone_from(&column.name);
        }
        self.names = Some(names);
        self
    }

    /// With a column before `place`, named `name` if there are names.
    pub(crate) fn inserted(mut self, place: usize, name: &str, filler: &str) -> Self {
        if let Some(names) = &mut self.names {
            names.insert(place, name.to_owned());
        }
        self.rows.iter_mut().for_each(|row| row.insert(place, filler.to_owned()));
        self.dated.insert(place, false);
        self
    }

    pub(crate) fn width(&self) -> usize {
        self.dated.len()
    }

    fn day(&self, place: usize, cell: &str) -> Option<(u16, u8, u8)> {
        let digits: String = cell.chars().filter(|letter| *letter != '-').collect();
        let is = self.typing.dates() && self.dated[place] && digits.len() == 8;
        is.then(|| {
            (digits[..4].parse().unwrap(), digits[4..6].parse().unwrap(), digits[6..].parse().unwrap())
        })
    }

    /// The workbook.
    pub(crate) fn xlsx(&self) -> Vec<u8> {
        let mut book = Workbook::new();
        let page = book.add_worksheet();
        let day = Format::new().set_num_format("m/d/yyyy");
        let mut row = 0;
        if let Some(names) = &self.names {
            for (place, name) in (0..).zip(names) {
                page.write_string(row, place, name).unwrap();
            }
            row += 1;
        }
        for cells in &self.rows {
            for (place, cell) in (0_u16..).zip(cells) {
                if let Some((year, month, of_month)) = self.day(usize::from(place), cell) {
                    let date = ExcelDateTime::from_ymd(year, month, of_month).unwrap();
                    page.write_datetime_with_format(row, place, &date, &day).unwrap();
                } else if let Some(number) = number(cell).filter(|_| self.typing.numbers()) {
                    page.write_number(row, place, number).unwrap();
                } else if !cell.is_empty() {
                    page.write_string(row, place, cell).unwrap();
                }
            }
            row += 1;
        }
        book.save_to_buffer().unwrap()
    }

    /// The Parquet file; a column has one type.
    pub(crate) fn parquet(&self) -> Vec<u8> {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let written = |cell: &String| if cell.is_empty() { "NULL".to_owned() } else { quoted(cell) };
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| format!("({})", row.iter().map(written).collect::<Vec<_>>().join(", ")))
            .collect();
        let names = self.names.as_ref().unwrap();
        let columns: Vec<String> = (0..self.width())
            .map(|place| {
                let name = names[place].replace('"', "\"\"");
                format!("CAST(column{} AS {}) AS \"{name}\"", place + 1, self.sql_type(place))
            })
            .collect();
        let sql = format!("SELECT {} FROM (VALUES {})", columns.join(", "), rows.join(", "));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.parquet");
        let running = Embedded::new().unwrap().query(&sql, Limits::default());
        let running = running.unwrap_or_else(|error| panic!("{error}: {sql}"));
        save(running, FileFormat::Parquet, &path, &mut |_| {}).unwrap();
        fs::read(path).unwrap()
    }

    fn sql_type(&self, place: usize) -> &'static str {
        let cells: Vec<&String> =
            self.rows.iter().map(|row| &row[place]).filter(|cell| !cell.is_empty()).collect();
        let all = |is: &dyn Fn(&str) -> bool| !cells.is_empty() && cells.iter().all(|cell| is(cell));
        if all(&|cell| self.day(place, cell).is_some()) {
            "DATE"
        } else if self.typing.numbers() && all(&|cell| number(cell).is_some() && !cell.contains('.')) {
            "BIGINT"
        } else if self.typing.numbers() && all(&|cell| number(cell).is_some()) {
            "DOUBLE"
        } else {
            "VARCHAR"
        }
    }
}

/// What a spreadsheet takes for a number.
fn number(cell: &str) -> Option<f64> {
    let plain = cell.len() <= 15 && cell.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    cell.parse().ok().filter(|_| plain)
}
