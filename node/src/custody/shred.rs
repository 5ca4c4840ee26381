//! The end of a local half: its bytes are overwritten and read back, and only then is its name removed. Every step can be
//! repeated, so that a kill in between leaves work and no doubt.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use passage_shell::{failure::Failure, state_dir::sync_folder_of};

use super::path;

/// Overwrites with zeros every local half but that of `keep`, syncs it, and reads it back. After it, what the others wrapped
/// is gone.
///
/// # Errors
///
/// [`Failure`] of the disk, or if other bytes are read back than were written.
pub fn overwrite_others(folder: &Path, keep: u64) -> Result<(), Failure> {
    for stale in others(folder, keep)? {
        overwrite(&stale).map_err(|error| fault(&error))?;
    }
    Ok(())
}

/// Removes the name of every local half but that of `keep`. One that holds anything but zeros is left where it is.
///
/// # Errors
///
/// [`Failure`] of the disk, or if a half was not overwritten.
pub fn remove_others(folder: &Path, keep: u64) -> Result<(), Failure> {
    for stale in others(folder, keep)? {
        read_back(&stale).and_then(|()| fs::remove_file(&stale)).map_err(|error| fault(&error))?;
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| fault(&error))
}

/// Everything in the folder of keys but the half of `keep`.
///
/// # Errors
///
/// [`Failure`] of the disk.
pub fn others(folder: &Path, keep: u64) -> Result<Vec<PathBuf>, Failure> {
    let kept = path(folder, keep);
    let mut others = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| fault(&error))? {
        let path = entry.map_err(|error| fault(&error))?.path();
        if path != kept {
            others.push(path);
        }
    }
    Ok(others)
}

/// Whether the half of `generation` is in the folder.
///
/// # Errors
///
/// [`Failure`] of the disk.
pub fn is_there(folder: &Path, generation: u64) -> Result<bool, Failure> {
    path(folder, generation).try_exists().map_err(|error| fault(&error))
}

/// Overwrites a file with zeros, reads them back, and removes its name; says whether there was one.
///
/// # Errors
///
/// [`Failure`] of the disk, or if other bytes are read back than were written.
pub fn erase(file: &Path) -> Result<bool, Failure> {
    if !blank(file)? {
        return Ok(false);
    }
    fs::remove_file(file).and_then(|()| sync_folder_of(file)).map_err(|error| fault(&error))?;
    Ok(true)
}

/// Overwrites a file with zeros and reads them back, without removing its name; says whether there was one.
///
/// # Errors
///
/// As [`erase`].
pub fn blank(file: &Path) -> Result<bool, Failure> {
    match overwrite(file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(fault(&error)),
    }
}

fn overwrite(half: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(half)?;
    let length = usize::try_from(file.metadata()?.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    file.write_all(&vec![0; length])?;
    file.sync_all()?;
    drop(file);
    read_back(half)
}

/// An error unless the file holds zeros and nothing else.
fn read_back(half: &Path) -> io::Result<()> {
    match fs::read(half)?.iter().all(|byte| *byte == 0) {
        true => Ok(()),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn fault(error: &io::Error) -> Failure {
    Failure::io("shred a key", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_is_removed_only_once_it_reads_as_zeros() {
        let folder = tempfile::tempdir().unwrap();
        for generation in [1, 2] {
            fs::write(path(folder.path(), generation), [7; 64]).unwrap();
        }
        // A leftover of a write that was killed may hold a half too.
        fs::write(folder.path().join("data-1.key.new"), [7; 80]).unwrap();
        assert!(remove_others(folder.path(), 2).is_err());
        assert_eq!(others(folder.path(), 2).unwrap().len(), 2);
        overwrite_others(folder.path(), 2).unwrap();
        for stale in others(folder.path(), 2).unwrap() {
            assert!(fs::read(&stale).unwrap().iter().all(|byte| *byte == 0), "{}", stale.display());
        }
        assert_eq!(fs::read(folder.path().join("data-1.key.new")).unwrap().len(), 80);
        assert_eq!(fs::read(path(folder.path(), 2)).unwrap(), [7; 64]);
        remove_others(folder.path(), 2).unwrap();
        assert!(others(folder.path(), 2).unwrap().is_empty() && is_there(folder.path(), 2).unwrap());
    }
}
