//! The audit log: append-only files in which every entry carries the digest of the one before (SPEC §20).
//!
//! # What it promises
//!
//! * An entry is on disk when [`AuditLog::append`] returns; one that could not be written is refused, and so must be the act.
//! * Any change, removal or insertion before the last entry is found by [`verify`], by anyone who has the files.
//! * A last line torn by a kill or power cut is cut off when the log is opened, and only that: a whole line that does not
//!   fit the chain is refused, never repaired.
//! * Times never go back, whatever the clock does.
//! * Opening reads one file of [`SEGMENT_ENTRIES`] entries; everything else reads line by line. Millions of entries take
//!   no more memory than one.
//!
//! # What it does not promise
//!
//! What stands in earlier files is not read when the log is opened: [`verify`] does that. Removal of the newest entries
//! shows only against a checkpoint ([`super::checkpoints`]).

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use passage_protocol::{
    checkpoint::{BODIES_MAX, Head},
    codec::Encode,
    ids::Digest,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Act, AuditError, error::fault};
use crate::{
    entropy,
    state_dir::{StateDirError, create_private, sync_folder_of},
};

const CONTEXT: &str = "passage v1 audit entry";
/// Bytes of one line; bounds memory while reading.
const LINE_BYTES_MAX: usize = 64 << 10;
/// Entries of one file: some 400 KB, read in a few milliseconds when the log is opened. A million entries are a thousand
/// files.
pub const SEGMENT_ENTRIES: u64 = 1_024;

/// One entry, as it stands on one line of JSON.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Position in the log, from 1.
    pub number: u64,
    /// Seconds since 1970, UTC.
    pub time: u64,
    /// What was about to happen: a kind of [`super::act`], or of a later version of it.
    pub kind: String,
    /// Ids, digests and counts by name.
    pub fields: BTreeMap<String, String>,
    /// 32 random hexadecimal digits, so that the digest of the body does not give its content away.
    pub salt: String,
    /// Head before; 64 zeros for the first.
    pub previous: String,
    /// Head with this entry.
    pub digest: String,
}

impl Entry {
    /// Digest of what the entry says: all that anybody else is shown of it.
    #[must_use]
    pub fn body(&self) -> Digest {
        let mut bytes = Vec::new();
        self.salt.encode(&mut bytes);
        self.number.encode(&mut bytes);
        self.time.encode(&mut bytes);
        self.kind.encode(&mut bytes);
        let fields: Vec<_> = self.fields.iter().map(|(name, text)| (name.clone(), text.clone())).collect();
        fields.encode(&mut bytes);
        Digest::derive(CONTEXT, &bytes)
    }
}

/// A place in a log with the time of its last entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct End {
    /// Number and digest.
    pub head: Head,
    /// Time of that entry; 0 for an empty log.
    pub time: Timestamp,
}

impl End {
    const EMPTY: Self = Self { head: Head::EMPTY, time: Timestamp(0) };
}

/// The log, open for appending. One process at a time: [`crate::state_dir`] sees to it.
#[derive(Debug)]
pub struct AuditLog {
    folder: PathBuf,
    file: File,
    /// Which file, from 1.
    segment: u64,
    end: End,
    /// Length of the whole entries of the file in bytes.
    whole_bytes: u64,
    /// Set when a half-written entry could not be cut off again: nothing may grow out of it.
    spoilt: bool,
}

impl AuditLog {
    /// Opens or creates the log in `folder`, verifies its last file and cuts off a torn last line.
    ///
    /// # Errors
    ///
    /// [`AuditError::Broken`] names the first entry of that file that does not fit.
    ///
    /// # Cost
    ///
    /// One pass over at most [`SEGMENT_ENTRIES`] entries, however long the log is.
    pub fn open(folder: &Path) -> Result<Self, AuditError> {
        create_private(folder).map_err(unusable)?;
        let segment = last_segment(folder)?.max(1);
        let before = end_before(folder, segment)?;
        let file = open_segment(folder, segment)?;
        let (end, whole_bytes) = walk(&file, before, |_| ())?;
        if file.metadata().map_err(|e| fault(&e))?.len() != whole_bytes {
            file.set_len(whole_bytes).map_err(|e| fault(&e))?;
        }
        file.sync_all().and_then(|()| sync_folder_of(&path(folder, segment))).map_err(|e| fault(&e))?;
        Ok(Self { folder: folder.to_owned(), file, segment, end, whole_bytes, spoilt: false })
    }

    /// Appends an entry and returns its number once it is on disk.
    ///
    /// # Errors
    ///
    /// [`AuditError::TooLong`] for an entry of more than 64 KiB; [`AuditError::DiskFull`], after which nothing was added.
    pub fn append(&mut self, now: Timestamp, act: &Act<'_>) -> Result<u64, AuditError> {
        if self.spoilt {
            return Err(AuditError::Io { kind: io::ErrorKind::BrokenPipe });
        }
        if self.end.head.number == self.segment.saturating_mul(SEGMENT_ENTRIES) {
            self.begin_segment()?;
        }
        let mut salt = [0; 16];
        entropy::fill(&mut salt).map_err(|_| AuditError::Io { kind: io::ErrorKind::Other })?;
        let time = now.max(self.end.time);
        let mut entry = Entry {
            number: self.end.head.number + 1,
            time: time.0,
            kind: act.kind().to_owned(),
            fields: act.fields().into_iter().map(|(name, text)| (name.to_owned(), text)).collect(),
            salt: salt.iter().map(|byte| format!("{byte:02x}")).collect(),
            previous: self.end.head.digest.to_string(),
            digest: String::new(),
        };
        let head = self.end.head.after(entry.body());
        entry.digest = head.digest.to_string();
        let mut line = serde_json::to_vec(&entry)
            .map_err(|_| AuditError::Broken { number: entry.number, part: "form" })?;
        line.push(b'\n');
        if line.len() > LINE_BYTES_MAX {
            return Err(AuditError::TooLong { bytes: line.len(), limit: LINE_BYTES_MAX });
        }
        if let Err(error) = self.file.write_all(&line).and_then(|()| self.file.sync_data()) {
            // What was half-written is cut off again, so that the next entry does not grow out of it.
            self.spoilt = self.file.set_len(self.whole_bytes).is_err();
            return Err(fault(&error));
        }
        self.whole_bytes += line.len() as u64;
        self.end = End { head, time };
        Ok(head.number)
    }

    /// Begins an empty log with the digest of the log of an earlier form at `old`, if there is one; that file stays as it is.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    pub fn continue_from(&mut self, old: &Path, now: Timestamp) -> Result<(), AuditError> {
        if self.head() != Head::EMPTY || !old.is_file() {
            return Ok(());
        }
        let (mut hasher, mut chunk) = (blake3::Hasher::new(), vec![0; LINE_BYTES_MAX]);
        let mut file = File::open(old).map_err(|e| fault(&e))?;
        loop {
            let count = file.read(&mut chunk).map_err(|e| fault(&e))?;
            match chunk.get(..count) {
                Some(read @ [_, ..]) => hasher.update(read),
                Some([]) | None => break,
            };
        }
        self.append(now, &Act::LogContinued { digest: Digest(*hasher.finalize().as_bytes()) }).map(|_| ())
    }

    /// The last entry's number and digest.
    #[must_use]
    pub fn head(&self) -> Head {
        self.end.head
    }

    /// The head, with its time.
    #[must_use]
    pub fn end(&self) -> End {
        self.end
    }

    fn begin_segment(&mut self) -> Result<(), AuditError> {
        let next = self.segment + 1;
        let file = open_segment(&self.folder, next)?;
        // A length other than 0 would be of a file that was not there when the log was opened.
        if file.metadata().map_err(|e| fault(&e))?.len() != 0 {
            return Err(AuditError::Broken { number: self.end.head.number + 1, part: "file" });
        }
        sync_folder_of(&path(&self.folder, next)).map_err(|e| fault(&e))?;
        (self.file, self.segment, self.whole_bytes) = (file, next, 0);
        Ok(())
    }
}

/// Part of a log as a peer is shown it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stretch {
    /// Where it begins.
    pub from: Head,
    /// Digests of the bodies after it.
    pub bodies: Vec<Digest>,
    /// Where it ends.
    pub head: Head,
}

/// The log in `folder` from entry `from` on, at most [`BODIES_MAX`] entries and not beyond `end`. Reads at most that many
/// entries and one file more. May run beside appends.
///
/// # Errors
///
/// [`AuditError::Broken`] names the first entry that does not fit.
pub fn stretch(folder: &Path, from: u64, end: Head) -> Result<Stretch, AuditError> {
    let from = from.min(end.number);
    let until = end.number.min(from.saturating_add(BODIES_MAX as u64));
    let mut segment = from / SEGMENT_ENTRIES + 1;
    let mut at = end_before(folder, segment)?;
    let mut found = Stretch { from: at.head, bodies: Vec::new(), head: at.head };
    while at.head.number < until {
        let file = File::open(path(folder, segment)).map_err(|e| fault(&e))?;
        let before = at.head.number;
        let mut head = at.head;
        (at, _) = walk(&file, at, |entry| {
            head = Head { number: entry.number, digest: Digest::parse(&entry.digest).unwrap_or(head.digest) };
            if entry.number == from {
                found.from = head;
            }
            if entry.number > from && entry.number <= until {
                found.bodies.push(entry.body());
            }
            if entry.number <= until {
                found.head = head;
            }
        })?;
        if at.head.number == before {
            return Err(AuditError::Broken { number: before + 1, part: "file" });
        }
        segment += 1;
    }
    Ok(found)
}

/// Checks a log from its first entry to its last whole line, handing each entry to `visit`, and returns its end.
///
/// # Errors
///
/// [`AuditError::Broken`] names the first entry that does not fit.
pub fn verify(folder: &Path, mut visit: impl FnMut(&Entry)) -> Result<End, AuditError> {
    let last = last_segment(folder)?;
    let mut end = End::EMPTY;
    for segment in 1..=last {
        let number = end.head.number + 1;
        let missing = |error: io::Error| {
            let gone = error.kind() == io::ErrorKind::NotFound;
            if gone { AuditError::Broken { number, part: "file" } } else { fault(&error) }
        };
        let file = File::open(path(folder, segment)).map_err(missing)?;
        let (reached, whole_bytes) = walk(&file, end, &mut visit)?;
        let full = reached.head.number == segment.saturating_mul(SEGMENT_ENTRIES);
        let torn = file.metadata().map_err(|e| fault(&e))?.len() != whole_bytes;
        if segment < last && (!full || torn) {
            return Err(AuditError::Broken { number: reached.head.number + 1, part: "file" });
        }
        end = reached;
    }
    Ok(end)
}

/// The file of an entry and its line there, both from 1.
pub(super) fn place(number: u64) -> (u64, u64) {
    let before = number.saturating_sub(1);
    (before / SEGMENT_ENTRIES + 1, before % SEGMENT_ENTRIES + 1)
}

/// A folder that cannot be made or entered.
pub(super) fn unusable(error: StateDirError) -> AuditError {
    match error {
        StateDirError::DiskFull { .. } => AuditError::DiskFull,
        StateDirError::Unusable { kind, .. } => AuditError::Io { kind },
        StateDirError::InUse { .. } | StateDirError::TooLong { .. } | StateDirError::TooOpen { .. } => {
            AuditError::Io { kind: io::ErrorKind::PermissionDenied }
        }
    }
}

fn path(folder: &Path, segment: u64) -> PathBuf {
    folder.join(format!("{segment:08}.jsonl"))
}

fn open_segment(folder: &Path, segment: u64) -> Result<File, AuditError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true).mode(0o600);
    options.open(path(folder, segment)).map_err(|e| fault(&e))
}

/// The newest file, 0 if there is none.
fn last_segment(folder: &Path) -> Result<u64, AuditError> {
    let mut last = 0;
    for entry in fs::read_dir(folder).map_err(|e| fault(&e))? {
        let entry = entry.map_err(|e| fault(&e))?;
        let (name, is_file) = (entry.file_name(), entry.file_type().is_ok_and(|kind| kind.is_file()));
        let number = name.to_str().and_then(|name| name.strip_suffix(".jsonl")?.parse().ok());
        last = last.max(number.filter(|_| is_file).unwrap_or(0));
    }
    Ok(last)
}

/// The end of the file before `segment`, from its last line; that the line fits those before it, [`verify`] checks.
fn end_before(folder: &Path, segment: u64) -> Result<End, AuditError> {
    let Some(before @ 1..) = segment.checked_sub(1) else { return Ok(End::EMPTY) };
    let number = before.saturating_mul(SEGMENT_ENTRIES);
    let broken = |part| AuditError::Broken { number, part };
    let mut file = File::open(path(folder, before)).map_err(|_| broken("file"))?;
    let line = last_line(&mut file, LINE_BYTES_MAX).map_err(|e| fault(&e))?;
    let entry: Entry = serde_json::from_slice(&line).map_err(|_| broken("form"))?;
    let previous = Digest::parse(&entry.previous).ok_or(broken("form"))?;
    let head = Head { number: number - 1, digest: previous }.after(entry.body());
    if entry.number != number || entry.digest != head.digest.to_string() {
        return Err(broken("digest"));
    }
    Ok(End { head, time: Timestamp(entry.time) })
}

/// The last whole line of a file whose lines have at most `bytes_max` bytes, without its end; empty if there is none.
pub(super) fn last_line(file: &mut File, bytes_max: usize) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    // Twice: a torn line may stand behind the last whole one.
    file.seek(SeekFrom::Start(length.saturating_sub(2 * bytes_max as u64)))?;
    let mut tail = Vec::new();
    file.take(2 * bytes_max as u64).read_to_end(&mut tail)?;
    let Some(end) = tail.iter().rposition(|byte| *byte == b'\n') else { return Ok(Vec::new()) };
    tail.truncate(end);
    let begin = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Ok(tail.split_off(begin))
}

fn walk(file: &File, before: End, mut visit: impl FnMut(&Entry)) -> Result<(End, u64), AuditError> {
    let mut reader = BufReader::new(file);
    let (mut end, mut whole_bytes, mut line) = (before, 0, Vec::new());
    loop {
        line.clear();
        let count = reader
            .by_ref()
            .take(LINE_BYTES_MAX as u64)
            .read_until(b'\n', &mut line)
            .map_err(|e| fault(&e))?;
        let number = end.head.number + 1;
        let Some((b'\n', body)) = line.split_last() else {
            if count == LINE_BYTES_MAX {
                return Err(AuditError::Broken { number, part: "length" });
            }
            return Ok((end, whole_bytes));
        };
        let entry: Entry =
            serde_json::from_slice(body).map_err(|_| AuditError::Broken { number, part: "form" })?;
        if entry.number != number {
            return Err(AuditError::Broken { number, part: "number" });
        }
        if entry.previous != end.head.digest.to_string() {
            return Err(AuditError::Broken { number, part: "link to the entry before" });
        }
        let head = end.head.after(entry.body());
        if entry.digest != head.digest.to_string() {
            return Err(AuditError::Broken { number, part: "digest" });
        }
        if entry.time < end.time.0 {
            return Err(AuditError::Broken { number, part: "time" });
        }
        visit(&entry);
        end = End { head, time: Timestamp(entry.time) };
        whole_bytes += count as u64;
    }
}

#[cfg(test)]
mod tests;
