//! Rows that delete or replace records: found before the file is read, so that reading knows which rows are superseded before
//! it meets them.
//!
//! A later D or R row supersedes every earlier row of its natural key. What becomes of stored rows of those keys is the
//! store's part; it is given the keys.

use std::{collections::HashMap, ops::ControlFlow};

use super::{
    cell::{Cell, RowKey},
    error::ImportError,
    marks::{Mark, Marks, Share},
    plan::Plan,
    read::{Pace, Pass, ProgressOutlet, Subject},
    row::Row,
    shape::FirstRow,
    source::Record,
    value::{Verdict, check, is_no_answer},
};

/// Bytes an entry takes in a full table: a key and a row. A quarter of what may be held is for these: they stay while the file
/// is read.
const ENTRY_BYTES: usize = 25;

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
    superseded: Superseded,
    changes: u64,
}

/// Which rows a later row deletes or replaces.
enum Superseded {
    /// By the last row that does, of each key.
    Held(HashMap<RowKey, u64>),
    /// There are too many to hold: found share by share.
    Marked(Marks),
}

impl Default for Superseded {
    fn default() -> Self {
        Self::Held(HashMap::new())
    }
}

impl Transacted {
    /// Looks through the file, if its layout has transactions.
    ///
    /// # Cost
    ///
    /// One pass over the transaction column. If more records are deleted or replaced than are held, one pass more for each
    /// share of them, and two for each but the first; a byte of memory a row then.
    pub(super) fn scan(
        subject: &Subject<'_>,
        progress: &mut ProgressOutlet<'_>,
    ) -> Result<Self, ImportError> {
        let mut found = Self::default();
        if subject.transaction().is_none() {
            return Ok(found);
        }
        let (mut share, mut marks) = (Share::WHOLE, Marks::default());
        let mut last = found.last_of_each(subject, &mut share, progress)?;
        if share == Share::WHOLE {
            found.superseded = Superseded::Held(last);
            return Ok(found);
        }
        loop {
            mark(subject, &last, &mut marks, progress)?;
            let Some(mut next) = share.next() else { break };
            share = next;
            drop(last); // before its successor is made
            last = Self::default().last_of_each(subject, &mut next, progress)?;
        }
        found.superseded = Superseded::Marked(marks);
        Ok(found)
    }

    /// The last row that deletes or replaces the record of each key of a share, which is halved when there are too many.
    fn last_of_each(
        &mut self,
        subject: &Subject<'_>,
        share: &mut Share,
        progress: &mut ProgressOutlet<'_>,
    ) -> Result<HashMap<RowKey, u64>, ImportError> {
        let mut last = HashMap::new();
        let mut row = Row::new(subject.plan);
        each_record(subject, progress, &mut |record, number| {
            let asked = subject.transaction().and_then(|place| Transaction::parse(record.field(place)));
            if !matches!(asked, Some(Transaction::Delete | Transaction::Replace)) {
                return;
            }
            self.changes += 1;
            let key = key_of(subject, record, &mut row);
            if share.holds(&key) {
                last.insert(key, number);
            }
            if last.len() * ENTRY_BYTES >= subject.held_bytes_max / 4 && share.halve() {
                last.retain(|key, _| share.holds(key));
            }
        })?;
        Ok(last)
    }

    /// True if a later row deletes or replaces the record of this one, the `row`th of the file.
    pub(super) fn supersedes(&self, key: RowKey, row: u64) -> bool {
        match &self.superseded {
            Superseded::Held(last) => last.get(&key).is_some_and(|last| *last > row),
            Superseded::Marked(marks) => marks.of(row).has(Mark::SUPERSEDED),
        }
    }

    /// Rows that delete or replace a record.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }
}

/// Marks the rows that a later one of `last` supersedes.
fn mark(
    subject: &Subject<'_>,
    last: &HashMap<RowKey, u64>,
    marks: &mut Marks,
    progress: &mut ProgressOutlet<'_>,
) -> Result<(), ImportError> {
    let mut row = Row::new(subject.plan);
    each_record(subject, progress, &mut |record, number| {
        let key = key_of(subject, record, &mut row);
        if last.get(&key).is_some_and(|last| *last > number) {
            marks.add(number, Mark::SUPERSEDED);
        }
    })
}

/// Gives each record and its number, from 1.
fn each_record(
    subject: &Subject<'_>,
    progress: &mut ProgressOutlet<'_>,
    each: &mut dyn FnMut(&Record, u64),
) -> Result<(), ImportError> {
    let mut pace = Pace::new(Pass::Changes, subject.bytes);
    let mut names_due = subject.shape.first_row == FirstRow::Names;
    let mut number = 0;
    subject.open()?.each(&mut |record, bytes_done| {
        if !core::mem::take(&mut names_due) {
            number += 1;
            each(record, number);
        }
        pace.step(bytes_done, progress)?;
        Ok(ControlFlow::Continue(()))
    })
}

/// The natural key of a row, from its checked values as reading will see them.
fn key_of(subject: &Subject<'_>, record: &Record, row: &mut Row) -> RowKey {
    row.clear();
    let plan: &Plan<'_> = subject.plan;
    let text_of = |column: usize| {
        subject.shape.places.get(column).copied().flatten().map_or("", |place| record.field(place))
    };
    for (place, planned) in plan.columns.iter().enumerate() {
        let Some(key) = planned.key else { continue };
        let text = text_of(place);
        let year = planned.year.map_or("", text_of);
        if is_no_answer(planned.column, text) {
            row.set_key(key, "", None);
            continue;
        }
        match check(planned.column, text, year, subject.today_year) {
            Verdict::Good(value) | Verdict::Repaired(value, _) => row.set_key(key, text, Some(&value.cell)),
            Verdict::Bad(_) => row.set_key(key, text, None::<&Cell>),
        }
    }
    row.key(record.whole())
}
