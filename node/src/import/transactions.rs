//! Rows that delete or replace records: found in a first pass over the file, so that the second knows which rows are
//! superseded before it meets them.
//!
//! A later D or R row supersedes every earlier row of its natural key. What becomes of stored rows of those keys is the
//! store's part; it is given the keys.

use std::{collections::HashMap, ops::ControlFlow};

use super::{
    cell::{Cell, RowKey},
    error::ImportError,
    plan::Plan,
    row::Row,
    shape::{FirstRow, Shape},
    source::{Record, Rows},
    value::{Verdict, check, is_no_answer},
};

/// What a row asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Transaction {
    Add,
    Delete,
    Replace,
}

impl Transaction {
    /// What is written in the transaction column; none if it is no transaction.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "" | "A" | "a" => Self::Add,
            "D" | "d" => Self::Delete,
            "R" | "r" => Self::Replace,
            _ => return None,
        })
    }
}

/// Records a file deletes or replaces.
#[derive(Default)]
pub(super) struct Transacted {
    /// The last row that deletes or replaces the record of a key.
    last: HashMap<RowKey, u64>,
}

impl Transacted {
    /// Looks through the file, if its layout has transactions.
    pub(super) fn scan(
        plan: &Plan<'_>,
        shape: &Shape,
        today_year: u16,
        rows: &dyn Fn() -> Result<Box<dyn Rows>, ImportError>,
    ) -> Result<Self, ImportError> {
        let mut found = Self::default();
        let Some(place) = plan.transaction.and_then(|column| shape.places.get(column).copied().flatten())
        else {
            return Ok(found);
        };
        let mut row = Row::new(plan);
        let mut names_due = shape.first_row == FirstRow::Names;
        rows()?.each(&mut |record, _| {
            let is_record = !core::mem::take(&mut names_due);
            let asked = Transaction::parse(record.field(place));
            if is_record && matches!(asked, Some(Transaction::Delete | Transaction::Replace)) {
                found.last.insert(key_of(plan, shape, today_year, record, &mut row), record.row);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// True if a later row deletes or replaces the record of this one.
    pub(super) fn supersedes(&self, key: RowKey, row: u64) -> bool {
        self.last.get(&key).is_some_and(|last| *last > row)
    }

    /// The keys, for the store.
    pub(super) fn into_keys(self) -> impl Iterator<Item = RowKey> {
        self.last.into_keys()
    }
}

/// The natural key of a row, from its checked values as the second pass will see them.
fn key_of(plan: &Plan<'_>, shape: &Shape, today_year: u16, record: &Record, row: &mut Row) -> RowKey {
    row.clear();
    let text_of =
        |column: usize| shape.places.get(column).copied().flatten().map_or("", |place| record.field(place));
    for (place, planned) in plan.columns.iter().enumerate() {
        let Some(key) = planned.key else { continue };
        let text = text_of(place);
        let year = planned.year.map_or("", text_of);
        if is_no_answer(planned.column, text) {
            row.set_key(key, "", None);
            continue;
        }
        match check(planned.column, text, year, today_year) {
            Verdict::Good(value) | Verdict::Repaired(value, _) => row.set_key(key, text, Some(&value.cell)),
            Verdict::Bad(_) => row.set_key(key, text, None::<&Cell>),
        }
    }
    row.key(record.whole())
}
