//! Sealed tables in a temporary folder, filled with rows, and the engine over them.

use std::path::Path;

use passage_analytics::{
    engine::{Embedded, Limits, QueryEngine},
    table::{Cell, Column},
};
use passage_node::{
    custody::{Custody, Guard},
    import::ReportingPeriod,
    metrics::{MetricError, MetricFacts, facts},
    roster::{OptOuts, Roster, SegmentKind, assemble},
    tables::{Folder, Import, Schemas, StoredTable, merge},
};
use passage_protocol::{
    dictionary::column_name,
    metric::{Metric, Side},
    timestamp::Timestamp,
};
use passage_shell::shelf::Room;
use zeroize::Zeroizing;

/// A row: its table, and the elements that are not empty.
pub(crate) type Row = (&'static str, Vec<(&'static str, Cell)>);

/// Tables of one institution.
pub(crate) struct Store {
    _dir: tempfile::TempDir,
    pub(crate) folder: Folder,
    pub(crate) custody: Custody,
    pub(crate) schemas: Schemas,
    pub(crate) tables: Vec<StoredTable>,
}

impl Store {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = dir.path().join("keys");
        std::fs::create_dir(&keys).unwrap();
        let none = |_: &Path| Ok(Zeroizing::new(Vec::new()));
        let (custody, _) = Custody::create(&keys, 1, Guard::File, &|_| none(&keys), None).unwrap();
        let folder = Folder::new(&dir.path().join("tables")).unwrap();
        Self { _dir: dir, folder, custody, schemas: Schemas::builtin().unwrap(), tables: Vec::new() }
    }

    /// Stores rows as one file would have brought them.
    pub(crate) fn with(mut self, rows: impl Iterator<Item = Row>) -> Self {
        let mut import = Import::named(&self.folder, &self.custody, &self.schemas, "test", "1");
        for (table, elements) in rows {
            let columns: &[Column] = &self.schemas.get(table).unwrap().columns;
            let mut cells: Vec<Cell> = columns.iter().map(|_| Cell::Empty).collect();
            for (element, cell) in elements {
                let at = columns.iter().position(|column| same(&column.name, element));
                cells[at.unwrap_or_else(|| panic!("{table} has no {element}"))] = cell;
            }
            import.push(ReportingPeriod::default(), table, &cells).unwrap();
        }
        let change = import.finish(&self.tables, Timestamp(1)).unwrap();
        self.tables = merge(&self.tables, &change);
        self
    }

    pub(crate) fn roster(&self, kind: SegmentKind) -> Roster {
        self.roster_without(kind, "")
    }

    /// The roster without those who opted out by number.
    pub(crate) fn roster_without(&self, kind: SegmentKind, opted_out: &str) -> Roster {
        let opt_outs = OptOuts::parse(opted_out.as_bytes()).unwrap();
        assemble(&self.folder, &self.custody, &self.tables, &opt_outs, kind, &Room::memory()).unwrap()
    }

    pub(crate) fn engine(&self) -> Embedded {
        let mut engine = Embedded::new().unwrap();
        for (name, schema) in self.schemas.queryable() {
            let files = self.tables.iter().filter(|entry| entry.place.table == name);
            let files = files.map(|entry| self.folder.open(&self.custody, entry).unwrap()).collect();
            engine.register(schema, files).unwrap();
        }
        engine
    }
}

/// True if a column is that of an element; without making a name for each of a million cells.
fn same(column: &str, element: &str) -> bool {
    column.len() == element.len()
        && column
            .bytes()
            .zip(element.bytes())
            .all(|(one, other)| one == other || (one == b'_' && other == b'-'))
}

/// What a side of a metric says of the students of a roster.
pub(crate) fn run(
    engine: &Embedded,
    metric: &Metric,
    side: Side,
    roster: &Roster,
) -> Result<MetricFacts, MetricError> {
    let program = metric.program(side).unwrap();
    let mut running = engine
        .query(&program.statement, Limits::default())
        .unwrap_or_else(|fault| panic!("{} {}: {fault}", metric.id, side.name()));
    facts(&mut running, metric, side, roster, &mut |_| {})
}

/// The name of an outcome by its number; none for the denominator alone.
pub(crate) fn name(metric: &Metric, outcome: u8) -> Option<&str> {
    metric.outcomes.get(usize::from(outcome).checked_sub(1)?).map(|outcome| outcome.name.as_str())
}

pub(crate) fn day(year: i64, month: i64, day: i64) -> Cell {
    Cell::Date {
        year: u16::try_from(year).unwrap(),
        month: u8::try_from(month).unwrap(),
        day: u8::try_from(day).unwrap(),
    }
}

#[test]
fn a_column_is_found_by_its_element() {
    assert!(same(&column_name("levels-below-transfer"), "levels-below-transfer"));
    assert!(!same("local_id", "locally-d") && !same("term", "terms"));
}
