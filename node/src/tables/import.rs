//! One file's rows into sealed tables, by canonical table and reporting period; nothing is in force until the caller commits.

use std::{
    collections::{BTreeSet, HashSet},
    fs::{self, File},
    io::Write,
    ops::ControlFlow,
    path::PathBuf,
};

use passage_analytics::{
    sealed::{FileKey, FreshSalt},
    table::{Cell, TableWriter, Written},
};
use passage_protocol::{ids::Digest, timestamp::Timestamp};
use passage_shell::entropy;
use zeroize::Zeroizing;

use super::{
    Change, Folder, Place, Schemas, StoredOutlet, StoredTable, TablesError, TakenOut, Weighed,
    folder::TEMPORARY,
    replacing::{Goes, Steps},
    schema::{ROW_KEY, UNIT},
};
use crate::{
    custody::{Custody, Wrapped},
    import::{Filed, Layout, ReportingPeriod, stored_key},
};

/// Most reporting periods of one import: thirty years of four terms. Each has files open until the import ends.
const PERIODS_MAX: usize = 120;

/// Most bytes of rows that wait in memory in all of them together, about; the fullest is written out first.
const WAITING_BYTES_MAX: usize = 96 << 20;
/// Rows between two looks at how much waits.
const LOOK_ROWS: u64 = 4_096;

/// Takes the rows of one file, in bounded memory whatever their number; dropping it before [`finish`](Self::finish) leaves no file behind.
pub struct Import<'a> {
    folder: &'a Folder,
    custody: &'a Custody,
    schemas: &'a Schemas,
    family: String,
    layout: String,
    layout_version: String,
    periods: BTreeSet<ReportingPeriod>,
    /// In the order they were met; few, so that the search for one costs less than a copy of its name.
    parts: Vec<(Place, Part)>,
    /// What is left of stored tables, written anew.
    remainders: Vec<(StoredTable, Closed)>,
    /// Stored tables of the periods of which nothing goes.
    untouched: Vec<StoredTable>,
    rows: u64,
    fault: Option<TablesError>,
}

/// One table of one period being written.
struct Part {
    writer: TableWriter<Box<dyn Write + Send>>,
    key: Wrapped,
    temporary: PathBuf,
}

/// Where the rows of a table came from, and when.
struct Origin {
    place: Place,
    layout_version: String,
    dictionary: u16,
    imported_at: Timestamp,
}

/// One table of one period, written to its end.
struct Closed {
    digest: Digest,
    content: Digest,
    rows: u64,
    bytes: u64,
    key: Wrapped,
    temporary: PathBuf,
}

impl Part {
    fn close(self) -> Result<Closed, TablesError> {
        let Self { writer, key, temporary } = self;
        match writer.finish() {
            Ok(Written { sink, digest, content, rows, bytes }) => {
                drop(sink);
                Ok(Closed { digest, content, rows, bytes, key, temporary })
            }
            Err(error) => {
                let _ = fs::remove_file(&temporary); // the error below is the one to report
                Err(error.into())
            }
        }
    }
}

impl<'a> Import<'a> {
    /// Starts the import of one file.
    #[must_use]
    pub fn new(folder: &'a Folder, custody: &'a Custody, schemas: &'a Schemas, layout: &Layout) -> Self {
        let mut import = Self::named(folder, custody, schemas, &layout.id, &layout.version);
        layout.family().clone_into(&mut import.family);
        import
    }

    /// As [`new`](Self::new), for rows that no layout file describes.
    #[must_use]
    pub fn named(
        folder: &'a Folder,
        custody: &'a Custody,
        schemas: &'a Schemas,
        layout: &str,
        layout_version: &str,
    ) -> Self {
        Self {
            folder,
            custody,
            schemas,
            family: layout.to_owned(),
            layout: layout.to_owned(),
            layout_version: layout_version.to_owned(),
            periods: BTreeSet::new(),
            parts: Vec::new(),
            remainders: Vec::new(),
            untouched: Vec::new(),
            rows: 0,
            fault: None,
        }
    }

    /// Takes one row: the sink of [`crate::import::read`]. Breaks at the first fault of the disk; `finish` names it.
    pub fn accept(&mut self, filed: Filed) -> ControlFlow<()> {
        let Filed { period, unit, origin, row, key } = filed;
        let mut cells = row.cells;
        let text = |text: &str| Cell::Text(Zeroizing::new(text.to_owned()));
        cells.extend([
            unit.map_or(Cell::Empty, |unit| text(unit.as_str())),
            text(&origin.file.name),
            Cell::Integer(i64::try_from(origin.row).unwrap_or(i64::MAX)),
            text(&self.layout),
            text(&self.layout_version),
            Cell::Integer(stored_key(&key)),
        ]);
        match self.push(period, row.table, &cells) {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => {
                self.fault.get_or_insert(fault);
                ControlFlow::Break(())
            }
        }
    }

    /// Takes one row with its provenance, in the stored shape ([`Schemas::get`]).
    ///
    /// # Errors
    ///
    /// The first fault of the disk, or of the row's shape.
    pub fn push(&mut self, period: ReportingPeriod, table: &str, cells: &[Cell]) -> Result<(), TablesError> {
        self.rows += 1;
        if self.rows.is_multiple_of(LOOK_ROWS) {
            self.make_room()?;
        }
        let is_it = |(place, _): &&mut (Place, Part)| place.period == period && place.table == table;
        if let Some((_, part)) = self.parts.iter_mut().find(is_it) {
            return Ok(part.writer.push(cells)?);
        }
        self.periods.insert(period);
        let place = Place { period, family: self.family.clone(), table: table.to_owned() };
        let mut part = self.open_part(&place)?;
        let pushed = part.writer.push(cells);
        self.parts.push((place, part)); // also if it failed: dropping the import removes its file
        Ok(pushed?)
    }

    /// Writes out what waits in the fullest tables, until little enough waits in all of them.
    fn make_room(&mut self) -> Result<(), TablesError> {
        let mut waiting: Vec<usize> = self.parts.iter().map(|(_, part)| part.writer.held_bytes()).collect();
        let mut sum: usize = waiting.iter().sum();
        while sum > WAITING_BYTES_MAX {
            let Some((at, most)) = waiting.iter().copied().enumerate().max_by_key(|(_, bytes)| *bytes) else {
                break;
            };
            if let Some((_, part)) = self.parts.get_mut(at) {
                part.writer.write_out()?;
            }
            sum = sum.saturating_sub(most.max(1));
            if let Some(bytes) = waiting.get_mut(at) {
                *bytes = 0;
            }
        }
        Ok(())
    }

    /// The first fault, if `accept` broke.
    #[must_use]
    pub fn take_fault(&mut self) -> Option<TablesError> {
        self.fault.take()
    }

    /// What the file would take out of the stored rows of its family and periods; nothing is written.
    ///
    /// # Errors
    ///
    /// [`TablesError`] if a stored table does not open, or if `outlet` stops it.
    pub fn weigh<'t, 'o>(
        &self,
        existing: &'t [StoredTable],
        taken: TakenOut<'_>,
        outlet: &'o mut StoredOutlet<'o>,
    ) -> Result<Weighed<'t>, TablesError> {
        let touched = |entry: &&StoredTable| entry.place.family == self.family && taken.touches(&entry.place);
        let touched: Vec<&StoredTable> = existing.iter().filter(touched).collect();
        Weighed::new(self.folder, self.custody, &touched, taken, &mut Steps::new(&touched, outlet))
    }

    /// Keeps what the file leaves of the stored rows of its `periods`. A table of which nothing goes stays as it is; of one of
    /// which some goes, what stays is written anew. Without this the file takes the place of all there is.
    ///
    /// # Errors
    ///
    /// [`TablesError`] if a stored table does not open, or if `outlet` stops it.
    pub fn keep_others<'o>(
        &mut self,
        weighed: &Weighed<'_>,
        periods: &[ReportingPeriod],
        taken: TakenOut<'_>,
        outlet: &'o mut StoredOutlet<'o>,
    ) -> Result<(), TablesError> {
        self.periods.extend(periods);
        let (untouched, halved) = weighed.sorted();
        self.untouched = untouched.into_iter().cloned().collect();
        let mut steps = Steps::new(&halved, outlet);
        halved.into_iter().try_for_each(|entry| self.write_remainder(entry, taken, &mut steps))
    }

    fn write_remainder(
        &mut self,
        entry: &StoredTable,
        taken: TakenOut<'_>,
        steps: &mut Steps<'_>,
    ) -> Result<(), TablesError> {
        let schema = self.schemas.get(&entry.place.table).ok_or(TablesError::NoSuchTable)?;
        let columns: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
        let kinds: Vec<_> = schema.columns.iter().map(|column| column.kind).collect();
        let at = |name: &str| columns.iter().position(|column| *column == name).unwrap_or(columns.len());
        let (unit, key) = (at(UNIT), at(ROW_KEY));
        let mut part = self.open_part(&entry.place)?;
        let read = self.folder.read(self.custody, entry, &columns, &mut |row| {
            steps.step()?;
            if taken.takes(&entry.place, row.text(unit), row.integer(key)) == Goes::Out {
                return Ok(());
            }
            let cells: Vec<Cell> = kinds.iter().enumerate().map(|(at, kind)| row.cell(at, *kind)).collect();
            part.writer.push(&cells)
        });
        if let Err(fault) = read {
            let _ = fs::remove_file(&part.temporary); // the fault below is the one to report
            return Err(fault);
        }
        // Closed at once: there may be one for each earlier file, and an open one holds rows.
        self.remainders.push((entry.clone(), part.close()?));
        Ok(())
    }

    /// Makes the tables durable. A table whose content equals one in force keeps its entry and its file (D4).
    ///
    /// # Errors
    ///
    /// The first fault, and no file is left behind.
    pub fn finish(mut self, existing: &[StoredTable], imported_at: Timestamp) -> Result<Change, TablesError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let mut written: Vec<PathBuf> = self.temporaries().cloned().collect();
        match self.publish(existing, imported_at, &mut written) {
            Ok(tables) => {
                let (family, periods) =
                    (core::mem::take(&mut self.family), core::mem::take(&mut self.periods));
                Ok(Change { family, periods, tables })
            }
            Err(fault) => {
                for path in written {
                    let _ = fs::remove_file(path); // the fault below is the one to report; `sweep` finds what is left
                }
                Err(fault)
            }
        }
    }

    fn temporaries(&self) -> impl Iterator<Item = &PathBuf> {
        let open = self.parts.iter().map(|(_, part)| &part.temporary);
        open.chain(self.remainders.iter().map(|(_, closed)| &closed.temporary))
    }

    fn open_part(&self, place: &Place) -> Result<Part, TablesError> {
        let periods: HashSet<_> = self.parts.iter().map(|(place, _)| place.period).collect();
        if periods.len() == PERIODS_MAX && !periods.contains(&place.period) {
            return Err(TablesError::TooManyPeriods { periods_max: PERIODS_MAX });
        }
        let schema = self.schemas.get(&place.table).ok_or(TablesError::NoSuchTable)?;
        let label = place.label();
        let (key, wrapped) = self.custody.fresh(&label)?;
        let salt = FreshSalt::new(entropy::seed().map_err(passage_shell::failure::Failure::from)?);
        let number = self.parts.len() + self.remainders.len();
        let temporary = self.folder.path.join(format!("{}.{number}.{TEMPORARY}", label.replace('/', ".")));
        let sink = self.folder.disk.create(&temporary)?;
        let opened = TableWriter::new(
            sink,
            &FileKey::new(*key.expose()),
            salt,
            &label,
            schema,
            self.custody.content_key(),
        );
        match opened {
            Ok(writer) => Ok(Part { writer, key: wrapped, temporary }),
            Err(error) => {
                let _ = fs::remove_file(&temporary); // the error below is the one to report
                Err(error.into())
            }
        }
    }

    fn publish(
        &mut self,
        existing: &[StoredTable],
        imported_at: Timestamp,
        written: &mut Vec<PathBuf>,
    ) -> Result<Vec<StoredTable>, TablesError> {
        let mut entries = Vec::new();
        let stays = |entry: &StoredTable| self.untouched.iter().any(|other| other.digest == entry.digest);
        let gone: Vec<&StoredTable> = existing.iter().filter(|entry| !stays(entry)).collect();
        self.parts.sort_by(|(one, _), (other, _)| other.cmp(one));
        while let Some((place, part)) = self.parts.pop() {
            let table = part.close()?;
            let unchanged = gone.iter().find(|old| old.place == place && old.content == table.content);
            if let Some(old) = unchanged.filter(|old| self.folder.table_path(old.digest).exists()) {
                fs::remove_file(&table.temporary)?;
                entries.push((*old).clone());
                continue;
            }
            let (layout_version, dictionary) = (self.layout_version.clone(), self.schemas.dictionary);
            entries.push(self.name(
                table,
                written,
                Origin { place, layout_version, dictionary, imported_at },
            )?);
        }
        for (entry, table) in core::mem::take(&mut self.remainders) {
            let StoredTable { place, layout_version, imported_at, .. } = entry;
            let dictionary = self.schemas.dictionary;
            entries.push(self.name(
                table,
                written,
                Origin { place, layout_version, dictionary, imported_at },
            )?);
        }
        entries.append(&mut self.untouched);
        self.folder.sync()?;
        Ok(entries)
    }

    /// Makes a closed table durable under its name.
    fn name(
        &self,
        table: Closed,
        written: &mut Vec<PathBuf>,
        origin: Origin,
    ) -> Result<StoredTable, TablesError> {
        File::open(&table.temporary)?.sync_all()?;
        let path = self.folder.table_path(table.digest);
        fs::rename(&table.temporary, &path)?;
        written.push(path);
        let Origin { place, layout_version, dictionary, imported_at } = origin;
        let Closed { digest, content, rows, bytes, key, .. } = table;
        Ok(StoredTable { place, layout_version, dictionary, digest, content, rows, bytes, imported_at, key })
    }
}

impl Drop for Import<'_> {
    fn drop(&mut self) {
        for temporary in self.temporaries() {
            let _ = fs::remove_file(temporary); // nothing more can be done here; `sweep` finds what is left
        }
    }
}
