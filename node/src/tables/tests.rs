//! The stored tables through a temporary folder: replaced, tampered with, on a full disk; and a world other tests store in.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use passage_analytics::table::Cell;
use passage_protocol::{cells::SchoolYear, timestamp::Timestamp};
use passage_shell::shelf::Room;
use zeroize::Zeroizing;

use super::*;
use crate::{
    custody::{Custody, Guard},
    import::{NamedRecords, Outlets, ReportingPeriod, read, recognise},
};

const TODAY_YEAR: u16 = 2026;

/// A folder of tables with a key of its own.
pub(crate) struct World {
    dir: tempfile::TempDir,
    pub(crate) folder: Folder,
    pub(crate) custody: Custody,
    pub(crate) schemas: Schemas,
}

pub(crate) fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/members")
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|path| Folder::new(path).unwrap())
    }

    fn with(folder: impl FnOnce(&Path) -> Folder) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (tables, keys) = (dir.path().join("tables"), dir.path().join("keys"));
        fs::create_dir(&keys).unwrap();
        let (custody, _) =
            Custody::create(&keys, 1, Guard::File, &|_| Ok(Zeroizing::new(Vec::new())), None).unwrap();
        Self { folder: folder(&tables), custody, schemas: Schemas::builtin().unwrap(), dir }
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path().join("tables")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Imports a file; answers the tables in force afterwards.
    pub(crate) fn store(
        &self,
        path: &Path,
        existing: &[StoredTable],
    ) -> Result<Vec<StoredTable>, TablesError> {
        let recognised = recognise(path, &[]).unwrap();
        let mut import = Import::new(&self.folder, &self.custody, &self.schemas, &recognised.layout);
        let mut outlets = Outlets {
            rows: &mut |filed| import.accept(filed),
            progress: &mut |_| ControlFlow::Continue(()),
            findings: &mut |_| Ok(()),
        };
        // A full disk stops it; `finish` names why.
        if let Ok(imported) = read(&recognised, TODAY_YEAR, &mut outlets, &Room::memory()) {
            let taken = TakenOut::Spoken(&imported.spoken);
            let weighed = import.weigh(existing, taken, &mut |_, _| ControlFlow::Continue(()))?;
            let periods = &imported.report.periods;
            import.keep_others(&weighed, periods, taken, &mut |_, _| ControlFlow::Continue(()))?;
        }
        Ok(merge(existing, &import.finish(existing, Timestamp(1))?))
    }

    fn import(&self) -> Import<'_> {
        Import::named(&self.folder, &self.custody, &self.schemas, "test", "1")
    }

    fn row(&self, local: &str, key: i64) -> Vec<Cell> {
        let mut row = self.schemas.row(
            "student",
            vec![("local-id", Cell::Text(Zeroizing::new(local.to_owned()))), ("hispanic", Cell::Flag(true))],
        );
        *row.last_mut().unwrap() = Cell::Integer(key);
        row
    }

    fn write(&self, rows: &[(u16, &str)], existing: &[StoredTable]) -> Vec<StoredTable> {
        let mut import = self.import();
        for (year, local) in rows {
            import.push(ReportingPeriod::of_year(SchoolYear(*year)), "student", &self.row(local, 0)).unwrap();
        }
        merge(existing, &import.finish(existing, Timestamp(1)).unwrap())
    }

    fn locals(&self, tables: &[StoredTable]) -> Result<Vec<String>, TablesError> {
        let mut found = Vec::new();
        for entry in tables {
            self.folder.read(&self.custody, entry, &["local_id"], &mut |row| {
                found.push(row.text(0).unwrap().to_owned());
                Ok(())
            })?;
        }
        Ok(found)
    }
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let world = World::new();
    let path = demo().join("K12A/K12A-SENR.txt");
    let first = world.store(&path, &[]).unwrap();
    let files = world.names();
    let copy = world.dir.path().join("another name.txt");
    fs::copy(&path, &copy).unwrap();
    let digests = |tables: &[StoredTable]| tables.iter().map(|entry| entry.digest).collect::<Vec<_>>();
    for path in [path, copy] {
        assert_eq!(digests(&world.store(&path, &first).unwrap()), digests(&first));
        assert_eq!(world.names(), files);
    }
}

#[test]
fn a_replaced_year_is_replaced_and_no_other() {
    let world = World::new();
    let first = world.write(&[(2019, "A"), (2019, "B"), (2020, "C")], &[]);
    let second = world.write(&[(2019, "D")], &first);
    assert_eq!(world.locals(&second).unwrap(), ["C", "D"]);
    assert_eq!(world.names().len(), 3);
    let keep: HashSet<_> = second.iter().map(|entry| entry.digest).collect();
    assert_eq!(world.folder.sweep(&keep).unwrap(), 1);
    assert_eq!(world.locals(&second).unwrap(), ["C", "D"]);
}

#[test]
fn an_update_keeps_the_rows_it_does_not_name() {
    let world = World::new();
    let mut import = world.import();
    for (local, key) in [("A", 1), ("B", 2), ("C", 3)] {
        import.push(ReportingPeriod::default(), "student", &world.row(local, key)).unwrap();
    }
    let first = merge(&[], &import.finish(&[], Timestamp(1)).unwrap());
    let mut import = world.import();
    import.push(ReportingPeriod::default(), "student", &world.row("B2", 2)).unwrap();
    let digest = |key: i64| {
        let mut digest = [0; 16];
        digest[..8].copy_from_slice(&key.to_le_bytes());
        digest
    };
    let named = NamedRecords::from_iter([digest(2), digest(3)]);
    let periods = [ReportingPeriod::default()];
    let taken = TakenOut::Records(&named, &periods);
    let mut on = |_, _| ControlFlow::Continue(());
    let weighed = import.weigh(&first, taken, &mut on).unwrap();
    assert_eq!((weighed.replaced()[0].rows_gone, weighed.replaced()[0].rows_stay), (2, 1));
    import.keep_others(&weighed, &periods, taken, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let second = merge(&first, &import.finish(&first, Timestamp(2)).unwrap());
    assert_eq!(world.locals(&second).unwrap(), ["B2", "A"]);
}

#[test]
fn a_tampered_swapped_or_missing_table_is_refused() {
    let world = World::new();
    let tables = world.write(&[(2019, "A"), (2020, "B")], &[]);
    let path = |place: usize| world.folder.table_path(tables[place].digest);
    let honest = fs::read(path(0)).unwrap();
    for position in (0..honest.len()).step_by(97) {
        let mut bytes = honest.clone();
        bytes[position] ^= 1;
        fs::write(path(0), &bytes).unwrap();
        assert!(
            matches!(world.locals(&tables), Err(TablesError::Sealed(_) | TablesError::Table(_))),
            "{position}"
        );
    }
    fs::write(path(0), fs::read(path(1)).unwrap()).unwrap();
    assert!(matches!(world.locals(&tables), Err(TablesError::Sealed(_))));
    fs::remove_file(path(0)).unwrap();
    assert!(matches!(world.locals(&tables), Err(TablesError::Disk { kind: io::ErrorKind::NotFound })));
    fs::write(path(0), honest).unwrap();
    assert_eq!(world.locals(&tables).unwrap(), ["A", "B"]);
    let other = World::new();
    assert!(matches!(world.folder.open(&other.custody, &tables[0]), Err(TablesError::KeyLost { .. })));
}

/// A disk with room for so many bytes a file.
struct FullDisk(usize);

struct Limited(File, usize);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.1 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.1 -= bytes.len();
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Disk for FullDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Write + Send>> {
        Ok(Box::new(Limited(File::create(path)?, self.0)))
    }
}

#[test]
fn a_full_disk_leaves_no_file() {
    for room in [0, 10, 44, 6_000] {
        let world = World::with(|path| Folder::with_disk(path, Box::new(FullDisk(room))).unwrap());
        let stored = world.store(&demo().join("CC1/CC1-students.csv"), &[]);
        assert!(stored.is_err(), "{room}");
        assert_eq!(world.names(), Vec::<String>::new(), "{room}");
    }
}

#[test]
fn an_import_that_is_dropped_leaves_no_file() {
    let world = World::new();
    let mut import = world.import();
    import.push(ReportingPeriod::default(), "student", &world.row("A", 0)).unwrap();
    assert_eq!(world.names().len(), 1);
    drop(import);
    assert_eq!(world.names(), Vec::<String>::new());
}

#[test]
fn nothing_stored_shows_a_value() {
    let world = World::new();
    world.write(&[(2019, "MARKER-SURNAME")], &[]);
    for name in world.names() {
        let bytes = fs::read(world.dir.path().join("tables").join(name)).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"MARKER"));
    }
}

/// What is left of a period when its last record is deleted is nothing; the record does not come back.
#[test]
fn a_file_of_changes_can_delete_the_last_record() {
    let world = World::new();
    let mut import = world.import();
    import.push(ReportingPeriod::default(), "student", &world.row("A", 1)).unwrap();
    let first = merge(&[], &import.finish(&[], Timestamp(1)).unwrap());
    let mut key = [0; 16];
    key[0] = 1;
    let (named, periods) = (NamedRecords::from_iter([key]), [ReportingPeriod::default()]);
    let taken = TakenOut::Records(&named, &periods);
    let mut import = world.import();
    let weighed = import.weigh(&first, taken, &mut |_, _| ControlFlow::Continue(())).unwrap();
    import.keep_others(&weighed, &periods, taken, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let second = merge(&first, &import.finish(&first, Timestamp(2)).unwrap());
    assert_eq!(world.locals(&second).unwrap(), Vec::<String>::new());
}

#[test]
fn comparing_with_what_is_stored_ends_when_nobody_waits() {
    let world = World::new();
    let first = world.write(&[(2019, "A"), (2019, "B")], &[]);
    let periods = [ReportingPeriod::of_year(SchoolYear(2019))];
    let named = NamedRecords::default();
    let import = world.import();
    let mut told = Vec::new();
    let mut gone = |done, total| {
        told.push((done, total));
        ControlFlow::Break(())
    };
    let stopped = import.weigh(&first, TakenOut::Records(&named, &periods), &mut gone);
    assert!(matches!(stopped, Err(TablesError::Table(passage_analytics::table::TableError::Stopped))));
    assert_eq!(told, [(2, 2)]);
}
