//! The daemon's state folder: private to one account, held by one daemon at a time, written so that a power cut leaves
//! either the old file or the new one.
//!
//! It does not protect against another process of the same account, or against root.

use core::fmt;
use passage_protocol::refusal::{Code, Refusal};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// An open, locked state folder. Dropping it releases the lock.
#[derive(Debug)]
pub struct StateDir {
    root: PathBuf,
    _lock: File,
}

impl StateDir {
    /// Opens `root`, creating it with mode 0700 if needed, and locks it for this process.
    ///
    /// # Errors
    ///
    /// [`StateDirError::InUse`] if another daemon holds it, [`StateDirError::TooOpen`] if other accounts can read it.
    pub fn open(root: &Path) -> Result<Self, StateDirError> {
        create_private(root)?;
        let mode = fs::metadata(root).map_err(|error| fault(root, &error))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(StateDirError::TooOpen { path: root.to_owned(), mode });
        }
        let lock_path = root.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock_path)
            .map_err(|error| fault(&lock_path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateDirError::InUse { path: root.to_owned() }),
            Err(TryLockError::Error(error)) => Err(fault(&lock_path, &error)),
        }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Path of `name` inside the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A folder inside, created with mode 0700 if needed.
    ///
    /// # Errors
    ///
    /// Any failure of the file system.
    pub fn folder(&self, name: &str) -> Result<PathBuf, StateDirError> {
        let path = self.path(name);
        create_private(&path)?;
        Ok(path)
    }

    /// Replaces `name` by `bytes`, mode 0600, atomically and durably.
    ///
    /// # Errors
    ///
    /// Any failure of the file system; the old file then still stands.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StateDirError> {
        write_atomically(&self.path(name), bytes)
    }

    /// Reads `name`, at most `bytes_max`; `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// [`StateDirError::TooLong`] if the file is longer, before it is read to the end.
    pub fn read(&self, name: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, StateDirError> {
        let path = self.path(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault(&path, &error)),
        };
        let mut bytes = Vec::new();
        file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(|error| fault(&path, &error))?;
        if bytes.len() > bytes_max {
            return Err(StateDirError::TooLong { path, limit: bytes_max });
        }
        Ok(Some(bytes))
    }

    /// Refuses unless `bytes` are free on the folder's file system.
    ///
    /// # Errors
    ///
    /// [`StateDirError::DiskFull`] with what is free and what is needed.
    pub fn require_free(&self, bytes: u64) -> Result<(), StateDirError> {
        let free = free_bytes(&self.root)?;
        if free < bytes {
            return Err(StateDirError::DiskFull { path: self.root.clone(), needed: Some(bytes) });
        }
        Ok(())
    }
}

/// Bytes free to this account on the file system of `path`.
///
/// # Errors
///
/// Any failure of the file system.
pub fn free_bytes(path: &Path) -> Result<u64, StateDirError> {
    let space = rustix::fs::statvfs(path).map_err(|errno| fault(path, &io::Error::from(errno)))?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Writes `bytes` to a temporary neighbour of `path`, syncs it, renames it over `path` and syncs the folder. Mode 0600.
///
/// # Errors
///
/// Any failure of the file system; `path` is then untouched and no temporary file remains.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StateDirError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let written = (|| {
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temporary)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder_of(path)
    })();
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        fault(path, &error)
    })
}

/// Makes a rename or removal inside the folder of `path` durable.
///
/// # Errors
///
/// Any failure of the file system.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

pub(crate) fn create_private(path: &Path) -> Result<(), StateDirError> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| fault(path, &error))
}

fn fault(path: &Path, error: &io::Error) -> StateDirError {
    if is_disk_full(error) {
        return StateDirError::DiskFull { path: path.to_owned(), needed: None };
    }
    StateDirError::Unusable { path: path.to_owned(), kind: error.kind() }
}

/// Whether the operating system said that the disk or the quota is used up.
#[must_use]
pub fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Why the state folder was refused. Paths are the administrator's own, never taken from a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StateDirError {
    /// The disk or quota is used up.
    DiskFull {
        /** What was being written. */
        path: PathBuf,
        /** Bytes needed, where known. */
        needed: Option<u64>,
    },
    /// Another process holds the folder.
    InUse {
        /** The folder. */
        path: PathBuf,
    },
    /// A file is longer than its kind can be.
    TooLong {
        /** The file. */
        path: PathBuf,
        /** Bytes allowed. */
        limit: usize,
    },
    /// Other accounts may enter the folder.
    TooOpen {
        /** The folder. */
        path: PathBuf,
        /** Its permission bits. */
        mode: u32,
    },
    /// The file system refused.
    Unusable {
        /** What was touched. */
        path: PathBuf,
        /** What the operating system said. */
        kind: io::ErrorKind,
    },
}

impl fmt::Display for StateDirError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DiskFull { path, needed: Some(bytes) } => {
                write!(formatter, "the disk of {} has less than the {bytes} bytes needed", path.display())
            }
            Self::DiskFull { path, needed: None } => {
                write!(formatter, "the disk is full while writing {}, nothing was replaced", path.display())
            }
            Self::InUse { path } => {
                write!(formatter, "{} is held by another running process, expected none", path.display())
            }
            Self::TooLong { path, limit } => {
                write!(formatter, "{} is longer than the {limit} bytes such a file can have", path.display())
            }
            Self::TooOpen { path, mode } => {
                write!(formatter, "{} has permissions {mode:03o}, expected 700", path.display())
            }
            Self::Unusable { path, kind } => write!(formatter, "{} cannot be used: {kind}", path.display()),
        }
    }
}

impl Refusal for StateDirError {
    fn code(&self) -> Code {
        Code(match self {
            Self::InUse { .. } => 0x1011,
            Self::TooOpen { .. } => 0x1012,
            Self::DiskFull { .. } => 0x1013,
            Self::TooLong { .. } => 0x1014,
            Self::Unusable { .. } => 0x1015,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::DiskFull { .. } => "Free space on that disk and repeat; nothing is half-written.",
            Self::InUse { .. } => "Stop the other daemon, or give this one another folder with --dir.",
            Self::TooLong { .. } => "Restore the file from a backup: it was not written by this program.",
            Self::TooOpen { .. } => "Run chmod 700 on the folder after checking who could read it.",
            Self::Unusable { .. } => {
                "Check that the folder exists, belongs to the daemon's account and is writable."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_daemon_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("state");
        let first = StateDir::open(&root).unwrap();
        assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(StateDir::open(&root).unwrap_err(), StateDirError::InUse { path: root.clone() });
        drop(first);
        StateDir::open(&root).unwrap();
    }

    #[test]
    fn a_folder_others_can_read_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("state");
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(StateDir::open(&root), Err(StateDirError::TooOpen { mode: 0o755, .. })));
    }

    #[test]
    fn files_are_private_replaced_whole_and_bounded() {
        let parent = tempfile::tempdir().unwrap();
        let dir = StateDir::open(&parent.path().join("state")).unwrap();
        assert_eq!(dir.read("key", 10).unwrap(), None);
        dir.write("key", b"one").unwrap();
        dir.write("key", b"three").unwrap();
        assert_eq!(dir.read("key", 5).unwrap().unwrap(), b"three");
        assert!(matches!(dir.read("key", 4), Err(StateDirError::TooLong { limit: 4, .. })));
        assert_eq!(fs::metadata(dir.path("key")).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!dir.path("key.new").exists());
    }

    #[test]
    fn more_than_the_disk_holds_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let dir = StateDir::open(&parent.path().join("state")).unwrap();
        dir.require_free(1).unwrap();
        assert!(matches!(
            dir.require_free(u64::MAX),
            Err(StateDirError::DiskFull { needed: Some(u64::MAX), .. })
        ));
        assert!(is_disk_full(&io::Error::from_raw_os_error(28)));
    }
}
