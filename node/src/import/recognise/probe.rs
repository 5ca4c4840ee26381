//! Whether a column holds what its check expects, and whether the next column would do better.

use crate::import::{
    fault::Fault,
    layout::{Check, Column, Layout},
    value::{Verdict, check, is_no_answer},
};

/// Of 10 values of a probed column, how many must pass: a column shifted by one passes almost none.
const PROBE_TENTHS: usize = 6;
/// Of so many rows, one value is too little to say that a column is another one.
const SPARSE_ROWS: usize = 20;
/// Latest year a probe admits; the exact bound is applied when the file is read.
const PROBE_YEAR: u16 = 2099;
/// Year that stands in for the value of a year column: only the shape of a term is probed.
const ANY_YEAR: &str = "2020";

/// How the values of a place do under a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Score {
    /// Rows looked at.
    rows: usize,
    /// Values that are not blank.
    pub(super) values: usize,
    /// Of these, what passes.
    pub(super) passed: usize,
}

/// What a score says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Opinion {
    /// There is nothing to go by.
    Blank,
    /// Not this column.
    Fails,
    /// As it should be.
    Passes,
}

impl Score {
    /// Scores values of one place.
    pub(super) fn of<'a>(column: &Column, values: impl Iterator<Item = &'a str>) -> Self {
        let mut score = Self { rows: 0, values: 0, passed: 0 };
        for value in values {
            score.rows += 1;
            if is_no_answer(column, value) {
                continue;
            }
            score.values += 1;
            score.passed += usize::from(passes(column, value));
        }
        score
    }

    /// Scores values of one range of bytes. Such a value is as long as its range: one that would have to be repaired shows
    /// another range.
    pub(super) fn of_bytes<'a>(column: &Column, values: impl Iterator<Item = &'a str>) -> Self {
        let mut score = Self { rows: 0, values: 0, passed: 0 };
        for value in values {
            score.rows += 1;
            if is_no_answer(column, value) {
                continue;
            }
            let repaired = matches!(
                check(column, value, ANY_YEAR, PROBE_YEAR),
                Verdict::Repaired(_, Fault::LeadingZeroLost)
            );
            score.values += 1;
            score.passed += usize::from(passes(column, value) && !repaired);
        }
        score
    }

    pub(super) fn opinion(self) -> Opinion {
        let fails = self.passed * 10 < self.values * PROBE_TENTHS;
        if self.values == 0 || fails && self.values * SPARSE_ROWS < self.rows {
            Opinion::Blank
        } else if fails {
            Opinion::Fails
        } else {
            Opinion::Passes
        }
    }
}

/// True if the column counts in a row; `text_of` gives the row's text of a column of the layout.
pub(super) fn counts<'a>(layout: &Layout, column: &Column, text_of: impl Fn(usize) -> &'a str) -> bool {
    column.only_if.as_ref().is_none_or(|only_if| {
        let said = layout.column_named(&only_if.column).map_or("", |(place, _)| text_of(place));
        only_if.is.iter().any(|code| code.eq_ignore_ascii_case(said))
    })
}

/// True if a text can be a value of a column, damaged or not.
pub(in crate::import) fn holds(column: &Column, value: &str) -> bool {
    is_no_answer(column, value) || passes(column, value)
}

/// A damaged value still shows which column it is: a fault of the file counts as the right column.
fn passes(column: &Column, value: &str) -> bool {
    match check(column, value, ANY_YEAR, PROBE_YEAR) {
        // Any letter is read as X: it shows nothing.
        Verdict::Repaired(_, Fault::GenderReadAsX) => false,
        Verdict::Good(_) | Verdict::Repaired(..) => true,
        // A damaged date in a column of codes shows another column.
        Verdict::Bad(fault) => fault.shows_the_column() && column.check != Check::Code,
    }
}
