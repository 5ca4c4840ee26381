//! The folder of segments: written whole or not at all, replaced by school year (D4).
//!
//! A segment is written as `<layout>.<year>.tmp`, synced, renamed to `<digest>.seg`, and the folder synced. Until the caller
//! commits the entries a new segment is a file nothing names; [`sweep`] removes such files. One writer at a time.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use passage_protocol::{
    cells::SchoolYear,
    codec::{Decode, Encode},
    codec_struct,
    ids::Digest,
    timestamp::Timestamp,
};
use zeroize::Zeroizing;

use super::{
    error::RosterError,
    record::{Filed, PlainRecord},
    segment::{DataKey, FreshSalt, Sealer, open},
};

/// Most school years of one import: more would mean more open files, and no member has them.
const YEARS_MAX: usize = 64;

/// A committed segment: the rows of one layout and one school year.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SegmentEntry {
    /// Layout id.
    pub layout: String,
    /// School year; none if the layout has no year and a new file replaces the whole.
    pub year: Option<SchoolYear>,
    /// BLAKE3 of the file, which is also its name.
    pub digest: Digest,
    /// Keyed digest of the records; equal content under one data key has an equal one.
    pub content: Digest,
    /// Records.
    pub rows: u64,
    /// Size of the file, bytes.
    pub bytes: u64,
    /// When it was imported.
    pub imported_at: Timestamp,
}
codec_struct!(SegmentEntry { layout, year, digest, content, rows, bytes, imported_at });

impl SegmentEntry {
    /// What the seal binds: layout and year.
    fn label(&self) -> String {
        label(&self.layout, self.year)
    }

    /// True if `other` is of the same layout and year, and so replaces or is replaced by this one.
    #[must_use]
    pub fn same_place(&self, other: &Self) -> bool {
        (&self.layout, self.year) == (&other.layout, other.year)
    }
}

fn label(layout: &str, year: Option<SchoolYear>) -> String {
    format!("{layout}/{}", year.map_or_else(|| "all".to_owned(), |year| year.to_string()))
}

/// The entries after an import: each new one in the place of the old one of its layout and year.
#[must_use]
pub fn merge(existing: &[SegmentEntry], new: &[SegmentEntry]) -> Vec<SegmentEntry> {
    let kept = existing.iter().filter(|old| !new.iter().any(|entry| entry.same_place(old)));
    kept.chain(new).cloned().collect()
}

/// Where bytes of new segments go: a seam, so that a full disk can be tried without one.
pub trait Disk: Send + Sync {
    /// A new, empty file.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Write>>;
}

/// The real disk.
struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Write>> {
        Ok(Box::new(BufWriter::with_capacity(1 << 17, File::create(path)?)))
    }
}

/// The folder that holds a node's segments.
pub struct Folder {
    path: PathBuf,
    disk: Box<dyn Disk>,
}

impl Folder {
    /// Uses `path`, making it if it is not there.
    ///
    /// # Errors
    ///
    /// [`RosterError::Disk`].
    pub fn new(path: &Path) -> Result<Self, RosterError> {
        Self::with_disk(path, Box::new(RealDisk))
    }

    /// As [`new`](Self::new), over another disk.
    ///
    /// # Errors
    ///
    /// [`RosterError::Disk`].
    pub fn with_disk(path: &Path, disk: Box<dyn Disk>) -> Result<Self, RosterError> {
        fs::create_dir_all(path)?;
        Ok(Self { path: path.to_owned(), disk })
    }

    /// Starts an import of a file of one layout.
    #[must_use]
    pub fn writer<'a>(&'a self, key: &'a DataKey, salt: FreshSalt, layout: &str) -> SegmentWriter<'a> {
        SegmentWriter {
            folder: self,
            key,
            salt,
            layout: layout.to_owned(),
            parts: BTreeMap::new(),
            fault: None,
        }
    }

    /// Gives each record of a segment to `each`.
    ///
    /// # Errors
    ///
    /// [`RosterError::Tampered`], [`RosterError::Record`], [`RosterError::Disk`].
    pub fn read(
        &self,
        key: &DataKey,
        entry: &SegmentEntry,
        each: &mut dyn FnMut(PlainRecord),
    ) -> Result<(), RosterError> {
        self.read_frames(key, entry, &mut |frame| {
            each(PlainRecord::from_bytes(frame).map_err(|_| RosterError::Record { segment: entry.digest })?);
            Ok(())
        })
    }

    /// Gives each frame of a segment to `each`.
    pub(super) fn read_frames(
        &self,
        key: &DataKey,
        entry: &SegmentEntry,
        each: &mut dyn FnMut(&[u8]) -> Result<(), RosterError>,
    ) -> Result<(), RosterError> {
        let source = BufReader::with_capacity(1 << 17, File::open(self.segment_path(entry.digest))?);
        let frames = open(source, key, entry.digest, &entry.label(), each)?;
        if frames == entry.rows {
            Ok(())
        } else {
            Err(RosterError::Tampered { segment: entry.digest, chunk: 0 })
        }
    }

    fn segment_path(&self, digest: Digest) -> PathBuf {
        self.path.join(format!("{digest}.seg"))
    }
}

/// Removes every segment and temporary file that `keep` does not name. Answers how many.
///
/// # Errors
///
/// [`RosterError::Disk`].
pub fn sweep(folder: &Folder, keep: &HashSet<Digest>) -> Result<usize, RosterError> {
    let mut removed = 0;
    for entry in fs::read_dir(&folder.path)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).and_then(Digest::parse);
        let stale = match path.extension().and_then(|extension| extension.to_str()) {
            Some("seg") => !stem.is_some_and(|digest| keep.contains(&digest)),
            Some("tmp") => true,
            Some(_) | None => false,
        };
        if stale {
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    File::open(&folder.path)?.sync_all()?;
    Ok(removed)
}

/// Takes the records of one import; dropping it before [`finish`](Self::finish) leaves no file.
pub struct SegmentWriter<'a> {
    folder: &'a Folder,
    key: &'a DataKey,
    salt: FreshSalt,
    layout: String,
    parts: BTreeMap<Option<SchoolYear>, Part>,
    fault: Option<RosterError>,
}

/// One school year being written.
struct Part {
    sealer: Sealer<Box<dyn Write>>,
    temporary: PathBuf,
}

impl SegmentWriter<'_> {
    /// Takes one record, as [`super::RowReader`] makes it of an imported row. Breaks at the first fault of the disk; `finish` names it.
    pub fn accept(&mut self, filed: &Filed) -> ControlFlow<()> {
        match self.frame(filed.year, &Zeroizing::new(filed.record.to_bytes())) {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => {
                self.fault.get_or_insert(fault);
                ControlFlow::Break(())
            }
        }
    }

    /// Takes one frame.
    pub(super) fn frame(&mut self, year: Option<SchoolYear>, bytes: &[u8]) -> Result<(), RosterError> {
        if !self.parts.contains_key(&year) {
            self.open_part(year)?;
        }
        if let Some(part) = self.parts.get_mut(&year) {
            part.sealer.frame(bytes)?;
        }
        Ok(())
    }

    /// Makes the segments durable. A year whose content equals the one in `existing` keeps its entry and its file.
    ///
    /// # Errors
    ///
    /// The first fault, and no file is left behind.
    pub fn finish(
        mut self,
        existing: &[SegmentEntry],
        imported_at: Timestamp,
    ) -> Result<Vec<SegmentEntry>, RosterError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let mut written = Vec::new();
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

    /// The first fault of the disk, if `accept` broke.
    #[must_use]
    pub fn fault(&self) -> Option<&RosterError> {
        self.fault.as_ref()
    }

    fn open_part(&mut self, year: Option<SchoolYear>) -> Result<(), RosterError> {
        if self.parts.len() == YEARS_MAX {
            return Err(RosterError::TooManyYears { years_max: YEARS_MAX });
        }
        let label = label(&self.layout, year);
        let temporary = self.folder.path.join(format!("{}.tmp", label.replace('/', ".")));
        let opened = self
            .folder
            .disk
            .create(&temporary)
            .and_then(|sink| Sealer::new(sink, self.key, &self.salt, &label));
        match opened {
            Ok(sealer) => {
                self.parts.insert(year, Part { sealer, temporary });
                Ok(())
            }
            Err(error) => {
                let _ = fs::remove_file(&temporary); // it may not exist; the error below is the one to report
                Err(error.into())
            }
        }
    }

    fn publish(
        &mut self,
        existing: &[SegmentEntry],
        imported_at: Timestamp,
        written: &mut Vec<PathBuf>,
    ) -> Result<Vec<SegmentEntry>, RosterError> {
        let mut entries = Vec::new();
        written.extend(self.parts.values().map(|part| part.temporary.clone()));
        while let Some((year, part)) = self.parts.pop_first() {
            let sealed = part.sealer.finish()?;
            drop(sealed.sink);
            let entry = SegmentEntry {
                layout: self.layout.clone(),
                year,
                digest: sealed.digest,
                content: sealed.content,
                rows: sealed.frames,
                bytes: sealed.bytes,
                imported_at,
            };
            let unchanged =
                existing.iter().find(|old| old.same_place(&entry) && old.content == entry.content);
            if let Some(old) = unchanged.filter(|old| self.folder.segment_path(old.digest).exists()) {
                fs::remove_file(&part.temporary)?;
                entries.push(old.clone());
                continue;
            }
            File::open(&part.temporary)?.sync_all()?;
            let path = self.folder.segment_path(entry.digest);
            fs::rename(&part.temporary, &path)?;
            written.push(path);
            entries.push(entry);
        }
        File::open(&self.folder.path)?.sync_all()?;
        Ok(entries)
    }
}

impl Drop for SegmentWriter<'_> {
    fn drop(&mut self) {
        for part in self.parts.values() {
            let _ = fs::remove_file(&part.temporary); // nothing more can be done here; `sweep` finds what is left
        }
    }
}
