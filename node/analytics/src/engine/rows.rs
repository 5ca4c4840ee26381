//! An answer row by row, for a program that counts: the same view of a row that a stored table has.

use std::time::Duration;

use datafusion::arrow::{
    array::{ArrayRef, RecordBatch},
    compute::cast,
    datatypes::DataType,
};

use super::{EngineError, Progress, Running, Waited};
use crate::table::{Kind, RowView, TableError, arrow, rows_of};

/// How long whoever waits goes without a word of the query.
const PATIENCE: Duration = Duration::from_millis(250);

/// What a column of an answer is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answered {
    /// The answer has no such column.
    Absent,
    /// It can be read as this kind.
    Of(Kind),
    /// Empty in every row, whatever the tables hold: it can be read as any kind.
    Nothing,
    /// Something no table of ours has.
    Other,
}

impl Running {
    /// What a column of the answer is; known before the first row.
    #[must_use]
    pub fn answered(&self, column: &str) -> Answered {
        let Ok(field) = self.schema().field_with_name(column) else { return Answered::Absent };
        let found = field.data_type();
        let kinds = [Kind::Date, Kind::Decimal, Kind::Flag, Kind::Text];
        if *found == DataType::Null {
            Answered::Nothing
        } else if found.is_integer() {
            Answered::Of(Kind::Integer)
        } else if matches!(found, DataType::LargeUtf8 | DataType::Utf8View) {
            Answered::Of(Kind::Text)
        } else {
            let kind = kinds.into_iter().find(|kind| *found == arrow(*kind));
            kind.map_or(Answered::Other, Answered::Of)
        }
    }

    /// Gives every row to `take`, which sees the asked-for columns by place, and tells `told` how far the query is.
    ///
    /// # Errors
    ///
    /// What the query or `take` answers; [`EngineError::Calculation`] if a column cannot be read as its kind.
    ///
    /// # Cost
    ///
    /// Memory of one batch.
    pub fn each_row<E: From<EngineError> + From<TableError>>(
        &mut self,
        columns: &[(&str, Kind)],
        told: &mut dyn FnMut(Progress),
        take: &mut dyn FnMut(&RowView<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        loop {
            match self.wait(PATIENCE)? {
                Waited::Batch(batch) => {
                    let read: Vec<Option<ArrayRef>> = columns
                        .iter()
                        .map(|column| as_kind(&batch.0, *column))
                        .collect::<Result<_, EngineError>>()?;
                    let values: Vec<Option<&ArrayRef>> = read.iter().map(Option::as_ref).collect();
                    rows_of(&values, batch.rows(), &names, take)?;
                }
                Waited::InVain => {}
                Waited::End => return Ok(()),
            }
            told(self.progress());
        }
    }
}

/// A column as one kind: engines answer texts and numbers in several forms.
fn as_kind(batch: &RecordBatch, (name, kind): (&str, Kind)) -> Result<Option<ArrayRef>, EngineError> {
    let Some(column) = batch.column_by_name(name) else { return Ok(None) };
    cast(column, &arrow(kind))
        .map(Some)
        .map_err(|_| EngineError::Calculation { what: "a column cannot be read as its kind" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::QueryEngine, fixture};

    #[derive(Debug)]
    struct Stopped;

    impl From<EngineError> for Stopped {
        fn from(_: EngineError) -> Self {
            Self
        }
    }

    impl From<TableError> for Stopped {
        fn from(_: TableError) -> Self {
            Self
        }
    }

    #[test]
    fn an_answer_is_read_by_row_whatever_form_the_engine_gives_it() {
        let engine = fixture::engine(10);
        let sql = "SELECT local_id, CAST(max(grade) AS SMALLINT) AS grade, NULL AS gone FROM student GROUP BY 1 ORDER BY 1";
        let mut running = engine.query(sql, super::super::Limits::default()).unwrap();
        assert_eq!(running.answered("local_id"), Answered::Of(Kind::Text));
        assert_eq!(running.answered("grade"), Answered::Of(Kind::Integer));
        assert_eq!(
            (running.answered("gone"), running.answered("units")),
            (Answered::Nothing, Answered::Absent)
        );
        let columns = [
            ("local_id", Kind::Text),
            ("grade", Kind::Integer),
            ("gone", Kind::Text),
            ("units", Kind::Decimal),
        ];
        let mut sum = 0;
        let mut take = |row: &RowView<'_>| -> Result<(), Stopped> {
            assert!(row.text(0).is_some() && row.text(2).is_none() && row.decimal(3).is_none());
            sum += row.integer(1).unwrap();
            Ok(())
        };
        running.each_row(&columns, &mut |_| {}, &mut take).unwrap();
        assert_eq!(sum, (0..10).sum::<i64>());
    }

    #[test]
    fn the_first_refusal_of_a_reader_ends_the_reading() {
        let mut running = fixture::engine(10)
            .query("SELECT local_id FROM student", super::super::Limits::default())
            .unwrap();
        let mut seen = 0;
        let mut take = |_: &RowView<'_>| -> Result<(), Stopped> {
            seen += 1;
            Err(Stopped)
        };
        assert!(running.each_row(&[("local_id", Kind::Text)], &mut |_| {}, &mut take).is_err());
        assert_eq!(seen, 1);
    }
}
