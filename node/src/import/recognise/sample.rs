//! The first rows of a file, as text that layouts are tried on.

use std::{
    cell::OnceCell,
    fs::File,
    io::{BufRead, BufReader},
    ops::ControlFlow,
    path::Path,
};

use passage_analytics::foreign::looks_like_parquet;

use crate::import::{
    error::ImportError,
    layout::Delimiter,
    source::{Lines, Parquet, Record, Rows, Sheet, looks_like_a_sheet, split},
};

/// Rows looked at.
const SAMPLE_ROWS: usize = 200;

/// Number of [`Delimiter`]s.
const DELIMITERS: usize = 5;

/// Rows cut into columns.
pub(super) type Table = Vec<Vec<String>>;

/// The start of a file.
pub(super) struct Sample {
    pub(super) content: Content,
    /// Size of the file, bytes.
    pub(super) bytes: u64,
    /// It begins with a byte order mark.
    pub(super) marked: bool,
}

/// What the file is made of.
pub(super) enum Content {
    /// Rows of a Parquet file, the names of its columns first.
    Parquet(Table),
    /// Rows of the first sheet with data.
    Sheet(Table),
    /// Lines that are not blank.
    Text(Text),
}

/// Lines, and what they are when cut at each delimiter: many layouts are tried at each.
pub(super) struct Text {
    pub(super) lines: Vec<String>,
    cut: [OnceCell<Table>; DELIMITERS],
}

impl Sample {
    /// Reads the start of a file.
    pub(super) fn take(path: &Path) -> Result<Self, ImportError> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut source = BufReader::new(file);
        let start = source.fill_buf()?;
        let sample = if looks_like_a_sheet(start) {
            Sheet::measure(path)?;
            Self { content: Content::Sheet(even(table(&mut Sheet::new(path, bytes))?)), bytes, marked: false }
        } else if looks_like_parquet(start) {
            Self { content: Content::Parquet(table(&mut Parquet::new(path, bytes))?), bytes, marked: false }
        } else {
            let (lines, marked) = text(source)?;
            Self { content: Content::Text(Text::new(lines)), bytes, marked }
        };
        let empty = match &sample.content {
            Content::Parquet(rows) | Content::Sheet(rows) => rows.is_empty(),
            Content::Text(text) => text.lines.is_empty(),
        };
        if empty { Err(ImportError::Empty) } else { Ok(sample) }
    }

    /// True if nothing can be under a header.
    pub(super) fn has_one_row(&self) -> bool {
        match &self.content {
            Content::Parquet(rows) | Content::Sheet(rows) => rows.len() == 1,
            Content::Text(text) => text.lines.len() == 1,
        }
    }
}

fn table(source: &mut dyn Rows) -> Result<Table, ImportError> {
    let mut rows = Table::new();
    source.each(&mut |record, _| {
        rows.push(record.fields().map(str::to_owned).collect());
        Ok(if rows.len() == SAMPLE_ROWS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(rows)
}

/// A sheet has no cells after the last of a row: the widest row says how many columns there are.
fn even(mut rows: Table) -> Table {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    rows.iter_mut().for_each(|row| row.resize(width, String::new()));
    rows
}

fn text(source: impl BufRead) -> Result<(Vec<String>, bool), ImportError> {
    let (mut lines, mut marked) = (Vec::new(), false);
    let (mut source, mut text) = (Lines::new(source), String::new());
    while lines.len() < SAMPLE_ROWS {
        let Some(line) = source.next(&mut text)? else { break };
        marked |= line.marked;
        if !text.chars().all(|letter| letter.is_whitespace() || letter == '\u{1A}') {
            lines.push(text.clone());
        }
    }
    Ok((lines, marked))
}

impl Text {
    fn new(lines: Vec<String>) -> Self {
        Self { lines, cut: Default::default() }
    }

    /// The lines cut at a delimiter; a line that cannot be cut is left out, reading the file names it.
    pub(super) fn cut(&self, delimiter: Delimiter) -> &Table {
        const NONE: &Table = &Table::new();
        let place = match delimiter {
            Delimiter::Caret => 0,
            Delimiter::Comma => 1,
            Delimiter::Pipe => 2,
            Delimiter::Semicolon => 3,
            Delimiter::Tab => 4,
        };
        self.cut
            .get(place)
            .map_or(NONE, |cut| cut.get_or_init(|| rows_of(&self.lines, delimiter.character())))
    }
}

fn rows_of(lines: &[String], delimiter: char) -> Table {
    let mut record = Record::default();
    let mut rows = Table::new();
    for line in lines {
        record.begin(1);
        split(line, delimiter, &mut record);
        if record.fault.is_none() {
            rows.push(record.fields().map(str::to_owned).collect());
        }
    }
    rows
}
