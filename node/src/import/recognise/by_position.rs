//! Columns at positions: the state's delimited files.
//!
//! A column that was inserted or removed somewhere moves every later one. It is seen because every column that is read
//! has a probe at or after it (the layout is refused otherwise), because a probe that fails refuses, and because a probe
//! without values whose neighbour has fitting ones is a doubt too.

use std::collections::BTreeSet;

use super::{
    Doubt, Fit, Note, dates,
    probe::{Opinion, Score, counts},
    sample::Table,
};
use crate::import::{
    error::Nearness,
    fault::Fault,
    layout::{Column, Header, Layout},
    shape::{FileForm, FirstRow, Shape, names},
};

/// Header names that must be found before a first row without a record type is taken for a header.
const HEADER_NAMES_MIN: usize = 3;
/// Probes that must pass before a file is taken, if the layout has so many.
const PROBES_MIN: usize = 3;

/// Tries the layout on rows cut at one delimiter.
pub(super) fn fit(layout: &Layout, table: &Table, form: FileForm, word: &str) -> Result<Fit, Doubt> {
    let (first_row, rows) = header(layout, table)?;
    if matches!(form, FileForm::Parquet) && first_row == FirstRow::Record {
        return Err(Doubt::new(Nearness::Other, "the names of the columns of the Parquet file do not agree"));
    }
    record_type(layout, rows)?;
    let width = usual_width(rows);
    let whole: Vec<&Vec<String>> = rows.iter().filter(|row| usual(row, width)).collect();
    let (named_width, mut notes) = check_width(layout, &whole, width)?;
    let sheet = matches!(form, FileForm::Parquet | FileForm::Sheet);
    let published = layout;
    let dated = dates::settle(layout, |column| {
        let place = layout.column.get(column).and_then(|column| column.number?.checked_sub(1));
        whole.iter().filter_map(move |row| row.get(place?)).map(String::as_str)
    });
    let layout = dated.as_ref().map_or(layout, |dated| &dated.layout);
    let grid = Grid { layout, rows: whole.clone() };
    let passed = grid.probe().map_err(|doubt| match first_row {
        FirstRow::Names => Doubt { near: Nearness::Closest, ..doubt },
        FirstRow::Record => doubt,
    })?;
    if !layout.columns.contains(&named_width) {
        if !sheet {
            grid.anchored()?;
        }
        grid.not_one_off()?;
    }
    let (layout, told) = dates::settled(published, dated)?;
    notes.extend(told);
    if first_row == FirstRow::Names {
        notes.push((Fault::HeaderPresent, None));
    }
    let mut why = Vec::new();
    if !layout.record_types.is_empty() {
        why.push(format!("record type {}", layout.record_types.join(" or ")));
    }
    why.push(format!("{width} columns"));
    why.push(if sheet { word.to_owned() } else { format!("{word} between them") });
    if first_row == FirstRow::Names {
        why.push("a header row that agrees".to_owned());
    }
    why.push(format!("{passed} checked columns hold what they should"));
    let place =
        |column: &Column| column.number.and_then(|number| number.checked_sub(1)).filter(|at| *at < width);
    let places = layout.column.iter().map(place).collect();
    Ok(Fit {
        layout,
        why: why.join(", "),
        shape: Shape { form, first_row, width, places, notes },
        reads: BTreeSet::new(),
    })
}

/// Takes a first row of names off, if there is one and its names stand where the layout has them.
fn header<'t>(layout: &Layout, table: &'t Table) -> Result<(FirstRow, &'t [Vec<String>]), Doubt> {
    let Some((first, rest)) = table.split_first() else {
        return Err(Doubt::new(Nearness::Other, "no row can be cut into columns"));
    };
    let found = |column: &Column| first.iter().position(|cell| names(column, cell));
    let places: Vec<(&Column, Option<usize>)> =
        layout.column.iter().map(|column| (column, found(column))).collect();
    let known = places.iter().filter(|(_, place)| place.is_some()).count();
    let record = !layout.record_types.is_empty()
        && layout.record_types.contains(first.first().unwrap_or(&String::new()));
    if record || known < HEADER_NAMES_MIN.min(layout.column.len()) {
        return Ok((FirstRow::Record, table));
    }
    if layout.header == Header::Absent {
        return Err(Doubt::new(Nearness::Kin, "it has a header row, expected none"));
    }
    let moved = places.iter().find_map(|(column, place)| {
        let (number, place) = (column.number?, (*place)? + 1);
        let there = first.get(number - 1).is_some_and(|cell| names(column, cell));
        (number != place && !there).then_some((column, number, place))
    });
    match moved {
        Some((column, number, place)) => Err(Doubt::new(
            Nearness::Close,
            format!(
                "its header row has {} in column {place}, the layout in column {number}: another vintage?",
                column.name
            ),
        )),
        None => Ok((FirstRow::Names, rest)),
    }
}

fn record_type(layout: &Layout, rows: &[Vec<String>]) -> Result<(), Doubt> {
    if layout.record_types.is_empty() {
        return Ok(());
    }
    let known = |row: &&Vec<String>| row.first().is_some_and(|kind| layout.record_types.contains(kind));
    if rows.iter().filter(known).count() * 2 >= rows.len().max(1) {
        Ok(())
    } else {
        Err(Doubt::new(Nearness::Other, format!("column 1 is not {}", layout.record_types.join(" or "))))
    }
}

/// The number of columns most rows have, separators at the end left out if other rows show that they are that.
fn usual_width(rows: &[Vec<String>]) -> usize {
    let mut widths: Vec<usize> = rows.iter().map(Vec::len).collect();
    widths.sort_unstable();
    let times = |width: usize| widths.iter().filter(|other| **other == width).count();
    widths.iter().copied().max_by_key(|width| (times(*width), core::cmp::Reverse(*width))).unwrap_or(0)
}

/// A row of another width has its values in other columns; reading the file names it (rule D2).
fn usual(row: &&Vec<String>, width: usize) -> bool {
    row.get(width..).is_some_and(|rest| rest.iter().all(String::is_empty))
}

/// The number of columns against the description: the width to hold against it, and what is told of it.
fn check_width(layout: &Layout, rows: &[&Vec<String>], width: usize) -> Result<(usize, Vec<Note>), Doubt> {
    let (Some(least), Some(most)) = (layout.columns.iter().min(), layout.columns.iter().max()) else {
        return Ok((width, Vec::new()));
    };
    let filled = rows.iter().map(|row| row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |at| at + 1));
    let filled = filled.max().unwrap_or(0);
    let needed =
        layout.column.iter().filter(|column| column.is_indispensable()).filter_map(|column| column.number);
    if width < *least && needed.max().is_some_and(|needed| width < needed) {
        let expected: Vec<String> = layout.columns.iter().map(ToString::to_string).collect();
        return Err(Doubt::new(
            Nearness::Kin,
            format!("it has {width} columns, expected {}", expected.join(" or ")),
        ));
    }
    let note = match width {
        width if layout.columns.contains(&width) => None,
        _ if filled > *most => Some(Fault::ColumnsNotRead),
        width if width > *least => Some(Fault::TrailingSeparators),
        _ => None,
    };
    Ok((width, note.map(|fault| (fault, None)).into_iter().collect()))
}

/// Rows of one width under a layout.
struct Grid<'a> {
    layout: &'a Layout,
    rows: Vec<&'a Vec<String>>,
}

impl Grid<'_> {
    fn probes(&self) -> impl Iterator<Item = (&Column, usize)> {
        self.layout
            .column
            .iter()
            .filter(|column| column.is_probe())
            .filter_map(|column| Some((column, column.number?)))
    }

    fn score(&self, column: &Column, number: usize) -> Score {
        let place = number.wrapping_sub(1);
        let counting = self.rows.iter().filter(|row| {
            counts(self.layout, column, |other| {
                let number = self.layout.column.get(other).and_then(|other| other.number);
                number.and_then(|number| row.get(number.wrapping_sub(1))).map_or("", String::as_str)
            })
        });
        Score::of(column, counting.filter_map(|row| row.get(place)).map(String::as_str))
    }

    /// Every probe where the layout has it: how many pass, or the doubt.
    fn probe(&self) -> Result<usize, Doubt> {
        let mut passed = 0;
        let mut failing: Vec<(&Column, usize, Score)> = Vec::new();
        for (column, number) in self.probes() {
            let score = self.score(column, number);
            match score.opinion() {
                Opinion::Passes => passed += 1,
                Opinion::Fails => failing.push((column, number, score)),
                Opinion::Blank if column.is_indispensable() && self.layout.refused.is_none() => {
                    failing.push((column, number, score));
                }
                Opinion::Blank => {}
            }
        }
        let shifted = self.shifted(failing.iter().map(|(_, number, _)| *number).min());
        if let Some((column, number, score)) = failing.first() {
            let first = match score.values {
                0 => format!("column {number} ({}) has no value in {} rows", column.name, self.rows.len()),
                values => format!(
                    "column {number} ({}) passes its check in {} of {values} rows",
                    column.name, score.passed
                ),
            };
            let shift = shifted.map_or_else(String::new, |words| format!("; {words}"));
            return Err(Doubt::new(if passed > 0 { Nearness::Close } else { Nearness::Kin }, first + &shift));
        }
        if let Some(words) = shifted {
            return Err(Doubt::new(Nearness::Close, words));
        }
        let needed = PROBES_MIN.min(self.probes().count());
        if passed < needed {
            let words = format!("{passed} checked columns have values, expected at least {needed}");
            return Err(Doubt::new(Nearness::Kin, words));
        }
        Ok(passed)
    }

    /// Whether columns look as if one was inserted or removed before them: in words, with the first and last of them.
    fn shifted(&self, failing: Option<usize>) -> Option<String> {
        for step in [1_isize, -1] {
            let there = |number: usize| number.checked_add_signed(step).filter(|number| *number > 0);
            let moved = |column: &Column, number: usize| {
                there(number).map_or(Opinion::Fails, |at| self.score(column, at).opinion())
            };
            for (column, number) in self.probes() {
                let own = self.score(column, number).opinion();
                if own == Opinion::Passes || moved(column, number) != Opinion::Passes {
                    continue;
                }
                // The neighbour's values are its own if the layout says so.
                let taken = self.probes().any(|(other, place)| {
                    Some(place) == there(number) && self.score(other, place).opinion() == Opinion::Passes
                });
                if own == Opinion::Blank && taken {
                    continue;
                }
                let later: Vec<usize> = self
                    .probes()
                    .filter(|(other, place)| *place >= number && moved(other, *place) != Opinion::Fails)
                    .map(|(_, place)| place)
                    .collect();
                let all = self.probes().filter(|(_, place)| *place >= number).count() == later.len();
                if failing.is_some() || all {
                    let last = later.last().copied().unwrap_or(number);
                    return Some(format!("columns {number} to {last} look shifted by one: another vintage?"));
                }
            }
        }
        None
    }

    /// Whether a column may have been inserted or removed where no probe fails for it. Asked only if the number of columns
    /// is not one of the layout's. There is a doubt if columns one place off would explain the file as well as the layout's
    /// own places do.
    fn not_one_off(&self) -> Result<(), Doubt> {
        let kept = self.layout.column.iter().filter(|column| column.element.is_some());
        let last = kept.filter_map(|column| column.number).max().unwrap_or(0);
        for (step, behind) in [(1_isize, 0), (-1, 1)] {
            for from in 2..=last + behind {
                let own = self.probes().filter(|(_, number)| *number + behind >= from);
                let own = own
                    .filter(|(column, number)| self.score(column, *number).opinion() == Opinion::Passes)
                    .count();
                let mut moved = 0;
                let refuted = self.probes().filter(|(_, number)| *number >= from).any(|(column, number)| {
                    let opinion = number.checked_add_signed(step).map(|at| self.score(column, at).opinion());
                    moved += usize::from(opinion == Some(Opinion::Passes));
                    opinion == Some(Opinion::Fails)
                });
                if !refuted && moved > 0 && moved >= own {
                    let words = "the number of columns is not the layout's, and from column";
                    let words =
                        format!("{words} {from} on they would fit as well one place off: another vintage?");
                    return Err(Doubt::new(Nearness::Close, words));
                }
            }
        }
        Ok(())
    }

    /// Every column of text with values must have a probe with values at or after it, or a shift would not be seen.
    fn anchored(&self) -> Result<(), Doubt> {
        let last = self
            .probes()
            .filter(|(column, number)| self.score(column, *number).opinion() == Opinion::Passes)
            .map(|(_, number)| number)
            .max()
            .unwrap_or(0);
        let loose = self.layout.column.iter().find(|column| {
            let number = column.number.unwrap_or(0);
            column.element.is_some() && number > last && self.score(column, number).values > 0
        });
        loose.map_or(Ok(()), |column| {
            Err(Doubt::new(
                Nearness::Close,
                format!(
                    "no checked column from {} on has a value, and the number of columns is not the layout's: it cannot be told whether {} is in its place",
                    last + 1,
                    column.name
                ),
            ))
        })
    }
}
