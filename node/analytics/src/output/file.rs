//! A file that is there whole or not at all.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process,
};

use super::OutputError;

/// Readable and writable by its owner: the file holds records in the clear.
const MODE: u32 = 0o600;
/// Names tried before giving up: leftovers of killed processes with this one's number.
const NAMES_MAX: u32 = 16;

/// A file under a temporary name, removed when dropped unless it is kept.
pub(super) struct Partial {
    file: File,
    /// Where it is; `None` once it has its own name.
    temporary: Option<PathBuf>,
    path: PathBuf,
}

impl Partial {
    /// Makes the file in the folder of `path`, so that the renaming does not copy.
    pub(super) fn beside(path: &Path) -> Result<Self, OutputError> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename).map_err(io::Error::from)?;
        for attempt in 0..NAMES_MAX {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{attempt}.partial", process::id()));
            let temporary = path.with_file_name(hidden);
            match OpenOptions::new().write(true).read(true).create_new(true).mode(MODE).open(&temporary) {
                Ok(file) => return Ok(Self { file, temporary: Some(temporary), path: path.to_owned() }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists).into())
    }

    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Syncs the file and gives it its name; answers its size in bytes.
    pub(super) fn keep(mut self) -> Result<u64, OutputError> {
        self.file.sync_all()?;
        let bytes = self.file.metadata()?.len();
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.path)?;
        }
        self.temporary = None;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(bytes)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Nothing more can be done about a file that cannot be removed.
            let _ = fs::remove_file(temporary);
        }
    }
}
