//! The folder of sealed tables: what is written is written whole, and what no entry names is swept.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use passage_analytics::{
    sealed::{FileKey, SealedFile},
    table::{RowView, TableError, scan},
};
use passage_protocol::ids::Digest;

use super::{StoredTable, TablesError};
use crate::custody::Custody;

/// Ending of a table in force.
const TABLE: &str = "table";
/// Ending of a table being written.
pub(super) const TEMPORARY: &str = "tmp";

/// Where bytes of new tables go: a seam, so that a full disk can be tried without one.
pub trait Disk: Send + Sync {
    /// A new, empty file.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Write + Send>>;
}

/// The real disk.
struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Write + Send>> {
        Ok(Box::new(BufWriter::with_capacity(1 << 17, File::create(path)?)))
    }
}

/// The folder that holds a node's tables.
pub struct Folder {
    pub(super) path: PathBuf,
    pub(super) disk: Box<dyn Disk>,
}

impl Folder {
    /// Uses `path`, making it if it is not there.
    ///
    /// # Errors
    ///
    /// [`TablesError::Disk`].
    pub fn new(path: &Path) -> Result<Self, TablesError> {
        Self::with_disk(path, Box::new(RealDisk))
    }

    /// As [`new`](Self::new), over another disk.
    ///
    /// # Errors
    ///
    /// [`TablesError::Disk`].
    pub fn with_disk(path: &Path, disk: Box<dyn Disk>) -> Result<Self, TablesError> {
        fs::create_dir_all(path)?;
        Ok(Self { path: path.to_owned(), disk })
    }

    /// Opens a table; it can be read to its end even if it is replaced meanwhile.
    ///
    /// # Errors
    ///
    /// [`TablesError::KeyLost`], [`TablesError::Sealed`], [`TablesError::Disk`].
    pub fn open(&self, custody: &Custody, entry: &StoredTable) -> Result<SealedFile, TablesError> {
        let label = entry.place.label();
        let key = custody.unwrap(&entry.key, &label).ok_or(TablesError::KeyLost { place: label.clone() })?;
        let file = File::open(self.table_path(entry.digest))?;
        Ok(SealedFile::open(file, &FileKey::new(*key.expose()), &label)?)
    }

    /// Gives the asked-for columns of each row to `each`, in the order they were imported.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`TablesError::Table`].
    pub fn read(
        &self,
        custody: &Custody,
        entry: &StoredTable,
        columns: &[&str],
        each: &mut dyn FnMut(&RowView<'_>) -> Result<(), TableError>,
    ) -> Result<(), TablesError> {
        scan(&self.open(custody, entry)?, columns, each)?;
        Ok(())
    }

    /// Removes every table and temporary file that `keep` does not name. Answers how many.
    ///
    /// # Errors
    ///
    /// [`TablesError::Disk`].
    pub fn sweep(&self, keep: &HashSet<Digest>) -> Result<usize, TablesError> {
        let mut removed = 0;
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str()).and_then(Digest::parse);
            let stale = match path.extension().and_then(|extension| extension.to_str()) {
                Some(TABLE) => !stem.is_some_and(|digest| keep.contains(&digest)),
                Some(TEMPORARY) => true,
                Some(_) | None => false,
            };
            if stale {
                fs::remove_file(&path)?;
                removed += 1;
            }
        }
        self.sync()?;
        Ok(removed)
    }

    /// Path of a table in force.
    #[must_use]
    pub fn table_path(&self, digest: Digest) -> PathBuf {
        self.path.join(format!("{digest}.{TABLE}"))
    }

    pub(super) fn sync(&self) -> Result<(), TablesError> {
        Ok(File::open(&self.path)?.sync_all()?)
    }
}
