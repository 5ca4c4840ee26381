//! A delimited fixture as a grid of cells, and the ways to write it down again.

use passage_node::import::{Column, Delimiter, Header, Layout};

use crate::reading::fixture;

/// Cells of a file, row by row, the header row among them if there is one.
#[derive(Clone)]
pub(crate) struct Grid {
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) separator: char,
    pub(crate) end: &'static str,
}

impl Grid {
    /// The fixture of a layout. No cell of a fixture has a quote or its own separator in it.
    pub(crate) fn of(layout: &Layout) -> Self {
        let bytes = fixture(&layout.id);
        let text = String::from_utf8(bytes).unwrap();
        let first = text.lines().next().unwrap();
        let separator = if first.matches('^').count() > first.matches(',').count() { '^' } else { ',' };
        let rows = text.lines().map(|line| line.split(separator).map(str::to_owned).collect()).collect();
        Self { rows, separator, end: if text.contains('\r') { "\r\n" } else { "\n" } }
    }

    pub(crate) fn width(&self) -> usize {
        self.rows[0].len()
    }

    /// Written with its own separator; a cell that holds the separator is quoted.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.with(|cell| if cell.contains(self.separator) { format!("\"{cell}\"") } else { cell.to_owned() })
    }

    /// Written with every cell in quotes.
    pub(crate) fn quoted(&self) -> Vec<u8> {
        self.with(|cell| format!("\"{cell}\""))
    }

    fn with(&self, write: impl Fn(&str) -> String) -> Vec<u8> {
        let mut out = String::new();
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| write(cell)).collect();
            out.push_str(&cells.join(&self.separator.to_string()));
            out.push_str(self.end);
        }
        out.into_bytes()
    }

    /// The same cells, other separator.
    pub(crate) fn separated(&self, delimiter: Delimiter) -> Self {
        Self { separator: delimiter.character(), ..self.clone() }
    }

    /// With a column before `place`; `cell` says what stands in it, row by row.
    pub(crate) fn inserted(&self, place: usize, cell: impl Fn(&[String]) -> String) -> Self {
        let mut grid = self.clone();
        for row in &mut grid.rows {
            let cell = cell(row);
            row.insert(place.min(row.len()), cell);
        }
        grid
    }

    pub(crate) fn removed(&self, place: usize) -> Self {
        let mut grid = self.clone();
        for row in &mut grid.rows {
            row.remove(place);
        }
        grid
    }

    /// Columns in another order: `order[new] = old`.
    pub(crate) fn ordered(&self, order: &[usize]) -> Self {
        let mut grid = self.clone();
        for row in &mut grid.rows {
            *row = order.iter().map(|place| row[*place].clone()).collect();
        }
        grid
    }

    /// With only the cells the layout keeps: every other column is blank, as in the files of institutions that fill in
    /// what they must. Nothing then shows which column is which but what is kept.
    pub(crate) fn sparse(&self, layout: &Layout) -> Self {
        let kept = |place: usize| {
            let column = layout.column.iter().find(|column| column.number == Some(place + 1));
            place == 0
                || column.is_some_and(|column| {
                    column.element.is_some() || !matches!(column.need, passage_node::import::Need::Optional)
                })
        };
        let mut grid = self.clone();
        for row in &mut grid.rows {
            for (place, cell) in row.iter_mut().enumerate() {
                if !kept(place) {
                    cell.clear();
                }
            }
        }
        grid
    }
}

/// True if the first row of the layout's fixture names the columns.
pub(crate) fn named(layout: &Layout) -> bool {
    layout.header == Header::Required
}

/// The column of a layout that stands at a place of its file.
pub(crate) fn column_at<'a>(
    layout: &'a Layout,
    names: Option<&[String]>,
    place: usize,
) -> Option<&'a Column> {
    let plain = |name: &str| name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    layout.column.iter().find(|column| match names {
        None => column.number == Some(place + 1),
        Some(names) => {
            let spellings = core::iter::once(&column.name).chain(&column.also);
            spellings.into_iter().any(|name| plain(name) == plain(&names[place]))
        }
    })
}
