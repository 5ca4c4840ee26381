//! One file's rows into sealed tables, by canonical table and reporting period; nothing is in force until the caller commits.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::Write,
    ops::ControlFlow,
    path::PathBuf,
};

use passage_analytics::{
    sealed::{FileKey, FreshSalt},
    table::{Cell, TableWriter},
};
use passage_protocol::timestamp::Timestamp;
use passage_shell::entropy;
use zeroize::Zeroizing;

use super::{Folder, Place, Schemas, StoredTable, TablesError, folder::TEMPORARY, schema::ROW_KEY};
use crate::{
    custody::{Custody, Wrapped},
    import::{Filed, Layout, ReportingPeriod, RowKey},
};

/// Most reporting periods of one import: thirty years of four terms. Each has files open until the import ends.
const PERIODS_MAX: usize = 120;

/// Takes the rows of one file; dropping it before [`finish`](Self::finish) leaves no file behind.
pub struct Import<'a> {
    folder: &'a Folder,
    custody: &'a Custody,
    schemas: &'a Schemas,
    layout: String,
    layout_version: String,
    /// In the order they were met; few, so that the search for one costs less than a copy of its name.
    parts: Vec<(Place, Part)>,
    fault: Option<TablesError>,
}

/// One table of one period being written.
struct Part {
    writer: TableWriter<Box<dyn Write + Send>>,
    key: Wrapped,
    temporary: PathBuf,
}

impl<'a> Import<'a> {
    /// Starts the import of one file.
    #[must_use]
    pub fn new(folder: &'a Folder, custody: &'a Custody, schemas: &'a Schemas, layout: &Layout) -> Self {
        Self::named(folder, custody, schemas, &layout.id, &layout.version)
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
            layout: layout.to_owned(),
            layout_version: layout_version.to_owned(),
            parts: Vec::new(),
            fault: None,
        }
    }

    /// Takes one row: the sink of [`crate::import::read`]. Breaks at the first fault of the disk; `finish` names it.
    pub fn accept(&mut self, filed: Filed) -> ControlFlow<()> {
        let Filed { period, origin, row, key } = filed;
        let mut cells = row.cells;
        let text = |text: &str| Cell::Text(Zeroizing::new(text.to_owned()));
        cells.extend([
            text(&origin.file.name),
            Cell::Integer(i64::try_from(origin.row).unwrap_or(i64::MAX)),
            text(&self.layout),
            text(&self.layout_version),
            Cell::Integer(row_key(&key)),
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
        let is_it = |(place, _): &&mut (Place, Part)| place.period == period && place.table == table;
        if let Some((_, part)) = self.parts.iter_mut().find(is_it) {
            return Ok(part.writer.push(cells)?);
        }
        let place = Place { period, layout: self.layout.clone(), table: table.to_owned() };
        let mut part = self.open_part(&place)?;
        let pushed = part.writer.push(cells);
        self.parts.push((place, part)); // also if it failed: dropping the import removes its file
        Ok(pushed?)
    }

    /// The first fault, if `accept` broke.
    #[must_use]
    pub fn take_fault(&mut self) -> Option<TablesError> {
        self.fault.take()
    }

    /// For an update file (domain 1B: transactions D and R): adds the rows of the stored periods it touches, but for those
    /// whose natural key it names. Without this a file of changes would replace the period it changes.
    ///
    /// # Errors
    ///
    /// [`TablesError`] if a stored table does not open.
    pub fn keep_others(
        &mut self,
        existing: &[StoredTable],
        periods: &[ReportingPeriod],
        named: &HashSet<RowKey>,
    ) -> Result<(), TablesError> {
        let named: HashSet<i64> = named.iter().map(row_key).collect();
        let here =
            |entry: &&StoredTable| entry.place.layout == self.layout && periods.contains(&entry.place.period);
        let touched: Vec<&StoredTable> = existing.iter().filter(here).collect();
        for entry in touched {
            let schemas = self.schemas;
            let schema = schemas.get(&entry.place.table).ok_or(TablesError::NoSuchTable)?;
            let columns: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
            let kinds: Vec<_> = schema.columns.iter().map(|column| column.kind).collect();
            let at = columns.iter().position(|column| *column == ROW_KEY).unwrap_or(columns.len());
            let (folder, custody) = (self.folder, self.custody);
            let mut fault = None;
            folder.read(custody, entry, &columns, &mut |row| {
                if fault.is_some() || row.integer(at).is_some_and(|key| named.contains(&key)) {
                    return Ok(());
                }
                let cells: Vec<Cell> =
                    kinds.iter().enumerate().map(|(at, kind)| row.cell(at, *kind)).collect();
                fault = self.push(entry.place.period, &entry.place.table, &cells).err();
                Ok(())
            })?;
            if let Some(fault) = fault {
                return Err(fault);
            }
        }
        Ok(())
    }

    /// Makes the tables durable. A table whose content equals the one in force keeps its entry and its file (D4).
    ///
    /// # Errors
    ///
    /// The first fault, and no file is left behind.
    pub fn finish(
        mut self,
        existing: &[StoredTable],
        imported_at: Timestamp,
    ) -> Result<Vec<StoredTable>, TablesError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let mut written: Vec<PathBuf> = self.parts.iter().map(|(_, part)| part.temporary.clone()).collect();
        match self.publish(existing, imported_at, &mut written) {
            Ok(entries) => Ok(entries),
            Err(fault) => {
                for path in written {
                    let _ = fs::remove_file(path); // the fault below is the one to report; `sweep` finds what is left
                }
                Err(fault)
            }
        }
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
        let temporary = self.folder.path.join(format!("{}.{TEMPORARY}", label.replace('/', ".")));
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
        self.parts.sort_by(|(one, _), (other, _)| other.cmp(one));
        while let Some((place, part)) = self.parts.pop() {
            let table = part.writer.finish()?;
            drop(table.sink);
            let unchanged = existing.iter().find(|old| old.place == place && old.content == table.content);
            if let Some(old) = unchanged.filter(|old| self.folder.table_path(old.digest).exists()) {
                fs::remove_file(&part.temporary)?;
                entries.push(old.clone());
                continue;
            }
            File::open(&part.temporary)?.sync_all()?;
            let path = self.folder.table_path(table.digest);
            fs::rename(&part.temporary, &path)?;
            written.push(path);
            entries.push(StoredTable {
                place,
                layout_version: self.layout_version.clone(),
                dictionary: self.schemas.dictionary,
                digest: table.digest,
                content: table.content,
                rows: table.rows,
                bytes: table.bytes,
                imported_at,
                key: part.key,
            });
        }
        self.folder.sync()?;
        Ok(entries)
    }
}

impl Drop for Import<'_> {
    fn drop(&mut self) {
        for (_, part) in &self.parts {
            let _ = fs::remove_file(&part.temporary); // nothing more can be done here; `sweep` finds what is left
        }
    }
}

/// What the column [`ROW_KEY`] holds of a natural key's digest.
fn row_key(digest: &RowKey) -> i64 {
    digest.first_chunk().copied().map_or(0, i64::from_le_bytes)
}
