//! The audit log: an append-only file in which every entry carries the digest of the one before (SPEC §2.2).
//!
//! # What it promises
//!
//! * An entry is on disk when [`AuditLog::append`] returns.
//! * Any change, removal or insertion before the last entry is found by [`verify`], by anyone who has the file.
//! * A last line torn by a kill or power cut is cut off when the log is opened, and only that: a whole line that does not
//!   fit the chain is refused, never repaired.
//!
//! # What it does not promise
//!
//! Removal of the newest entries shows only to somebody who kept a later [`AuditLog::head`]: members keep the coordinator's.
//! Fields are ids, digests and counts by the caller's discipline; there is no place for a record.

use crate::state_dir::{is_disk_full, sync_folder_of};
use core::fmt;
use passage_protocol::{
    codec::Encode,
    ids::Digest,
    refusal::{Code, Refusal},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

const CONTEXT: &str = "passage v1 audit entry";
/// Bytes of one line: a kind and some dozens of short fields. Also bounds memory while reading.
const LINE_BYTES_MAX: usize = 64 << 10;

/// One entry, as it stands on one line of JSON.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Position in the log, from 1.
    pub number: u64,
    /// Seconds since 1970, UTC.
    pub time: u64,
    /// What happened, for example `round.opened`.
    pub kind: String,
    /// Ids, digests and counts by name.
    pub fields: BTreeMap<String, String>,
    /// Digest of the entry before; 64 zeros for the first.
    pub previous: String,
    /// Digest of this entry.
    pub digest: String,
}

impl Entry {
    fn computed(&self, previous: Digest) -> Digest {
        let mut bytes = Vec::new();
        self.number.encode(&mut bytes);
        self.time.encode(&mut bytes);
        self.kind.encode(&mut bytes);
        let fields: Vec<_> = self.fields.iter().map(|(name, text)| (name.clone(), text.clone())).collect();
        fields.encode(&mut bytes);
        previous.encode(&mut bytes);
        Digest::derive(CONTEXT, &bytes)
    }
}

/// Number and digest of an entry: what to keep elsewhere in order to notice a shortened log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Head {
    /// Number of the last entry; 0 for an empty log.
    pub number: u64,
    /// Its digest; zeros for an empty log.
    pub digest: Digest,
}

/// The log, open for appending. One process at a time: [`crate::state_dir`] sees to it.
#[derive(Debug)]
pub struct AuditLog {
    file: File,
    head: Head,
    /// Length of the whole entries in bytes.
    whole_bytes: u64,
}

impl AuditLog {
    /// Opens or creates the log at `path`, verifies it whole and cuts off a torn last line.
    ///
    /// # Errors
    ///
    /// [`AuditError::Broken`] names the first entry that does not fit.
    ///
    /// # Cost
    ///
    /// One pass over the file, about 300 MB/s.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .mode(0o600)
            .open(path)
            .map_err(|e| fault(&e))?;
        let (head, whole_bytes) = walk(&file, |_| ())?;
        if file.metadata().map_err(|e| fault(&e))?.len() != whole_bytes {
            file.set_len(whole_bytes).map_err(|e| fault(&e))?;
        }
        file.sync_all().and_then(|()| sync_folder_of(path)).map_err(|e| fault(&e))?;
        Ok(Self { file, head, whole_bytes })
    }

    /// Appends an entry and returns once it is on disk.
    ///
    /// # Errors
    ///
    /// [`AuditError::TooLong`] for an entry of more than 64 KiB; [`AuditError::DiskFull`], after which nothing was added.
    pub fn append(
        &mut self,
        now: Timestamp,
        kind: &str,
        fields: &[(&str, &str)],
    ) -> Result<Head, AuditError> {
        let mut entry = Entry {
            number: self.head.number + 1,
            time: now.0,
            kind: kind.to_owned(),
            fields: fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
            previous: self.head.digest.to_string(),
            digest: String::new(),
        };
        let digest = entry.computed(self.head.digest);
        entry.digest = digest.to_string();
        let mut line = serde_json::to_vec(&entry)
            .map_err(|_| AuditError::Broken { number: entry.number, part: "form" })?;
        line.push(b'\n');
        if line.len() > LINE_BYTES_MAX {
            return Err(AuditError::TooLong { bytes: line.len(), limit: LINE_BYTES_MAX });
        }
        if let Err(error) = self.file.write_all(&line).and_then(|()| self.file.sync_data()) {
            // What was half-written is cut off again, so that the next entry does not grow out of it.
            let _ = self.file.set_len(self.whole_bytes);
            return Err(fault(&error));
        }
        self.whole_bytes += line.len() as u64;
        self.head = Head { number: entry.number, digest };
        Ok(self.head)
    }

    /// The last entry's number and digest.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }
}

/// Checks a log from its first entry to its last whole line, handing each entry to `visit`, and returns its head.
///
/// # Errors
///
/// [`AuditError::Broken`] names the first entry that does not fit.
pub fn verify(path: &Path, visit: impl FnMut(&Entry)) -> Result<Head, AuditError> {
    let file = File::open(path).map_err(|error| fault(&error))?;
    walk(&file, visit).map(|(head, _)| head)
}

fn walk(file: &File, mut visit: impl FnMut(&Entry)) -> Result<(Head, u64), AuditError> {
    let mut reader = BufReader::new(file);
    let mut head = Head { number: 0, digest: Digest([0; 32]) };
    let (mut whole_bytes, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let count = reader
            .by_ref()
            .take(LINE_BYTES_MAX as u64)
            .read_until(b'\n', &mut line)
            .map_err(|e| fault(&e))?;
        let number = head.number + 1;
        let Some((b'\n', body)) = line.split_last() else {
            if count == LINE_BYTES_MAX {
                return Err(AuditError::Broken { number, part: "length" });
            }
            return Ok((head, whole_bytes));
        };
        let entry: Entry =
            serde_json::from_slice(body).map_err(|_| AuditError::Broken { number, part: "form" })?;
        if entry.number != number {
            return Err(AuditError::Broken { number, part: "number" });
        }
        if entry.previous != head.digest.to_string() {
            return Err(AuditError::Broken { number, part: "link to the entry before" });
        }
        let digest = entry.computed(head.digest);
        if entry.digest != digest.to_string() {
            return Err(AuditError::Broken { number, part: "digest" });
        }
        visit(&entry);
        head = Head { number, digest };
        whole_bytes += count as u64;
    }
}

fn fault(error: &io::Error) -> AuditError {
    if is_disk_full(error) { AuditError::DiskFull } else { AuditError::Io { kind: error.kind() } }
}

/// Why the audit log was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuditError {
    /// An entry does not fit the chain.
    Broken {
        /** Its place, from 1. */
        number: u64,
        /** What of it does not fit. */
        part: &'static str,
    },
    /// The disk or quota is used up.
    DiskFull,
    /// The file system refused.
    Io {
        /** What the operating system said. */
        kind: io::ErrorKind,
    },
    /// An entry is larger than any may be.
    TooLong {
        /** Its bytes. */
        bytes: usize,
        /** Bytes allowed. */
        limit: usize,
    },
}

impl fmt::Display for AuditError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken { number, part } => {
                write!(formatter, "entry {number} of the audit log does not fit: its {part}")
            }
            Self::DiskFull => formatter.write_str("the disk is full, the audit entry was not written"),
            Self::Io { kind } => write!(formatter, "the audit log cannot be used: {kind}"),
            Self::TooLong { bytes, limit } => {
                write!(formatter, "an audit entry of {bytes} bytes exceeds {limit}")
            }
        }
    }
}

impl Refusal for AuditError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Broken { .. } => 0x1041,
            Self::DiskFull => 0x1042,
            Self::Io { .. } => 0x1043,
            Self::TooLong { .. } => 0x1044,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Broken { .. } => {
                "Keep the file as it is and compare it with a backup: somebody or something altered it."
            }
            Self::DiskFull => "Free space on that disk; nothing is done that could not be logged.",
            Self::Io { .. } => "Check that the state folder is mounted and writable.",
            Self::TooLong { .. } => "This is a fault of the program: report it.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn log_of(count: u64) -> (tempfile::TempDir, std::path::PathBuf, Head) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.log");
        let mut log = AuditLog::open(&path).unwrap();
        for number in 0..count {
            log.append(Timestamp(1_000 + number), "round.opened", &[("round", "R-1"), ("members", "3")])
                .unwrap();
        }
        let head = log.head();
        (dir, path, head)
    }

    #[test]
    fn entries_chain_and_survive_reopening() {
        let (_dir, path, head) = log_of(5);
        let mut seen = 0;
        assert_eq!(verify(&path, |entry| seen += entry.number).unwrap(), head);
        assert_eq!(seen, 15);
        let mut log = AuditLog::open(&path).unwrap();
        assert_eq!(log.append(Timestamp(9), "x", &[]).unwrap().number, 6);
        assert_eq!(verify(&path, |_| ()).unwrap(), log.head());
    }

    #[test]
    fn a_torn_last_line_is_cut_off_wherever_it_was_torn() {
        let (_dir, path, _) = log_of(3);
        let whole = fs::read(&path).unwrap();
        let ends: Vec<usize> =
            whole.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect();
        for cut in ends[1]..ends[2] {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut log = AuditLog::open(&path).unwrap();
            assert_eq!(log.head().number, 2, "cut at {cut}");
            assert_eq!(log.append(Timestamp(7), "next", &[]).unwrap().number, 3);
            verify(&path, |_| ()).unwrap();
        }
    }

    #[test]
    fn an_altered_removed_or_moved_entry_is_refused_and_not_repaired() {
        let (_dir, path, _) = log_of(4);
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let altered = text.replacen("\"members\":\"3\"", "\"members\":\"4\"", 1);
        let removed = [lines[0], lines[2], lines[3], ""].join("\n");
        let moved = [lines[0], lines[2], lines[1], lines[3], ""].join("\n");
        let last = text.trim_end().to_owned().replace(&lines[3][..20], "{\"number\":4,\"time\":1_") + "\n";
        for (case, broken, number) in
            [(altered, "digest", 1), (removed, "number", 2), (moved, "number", 2), (last, "form", 4)]
        {
            fs::write(&path, &case).unwrap();
            let error = AuditLog::open(&path).unwrap_err();
            assert_eq!(error, AuditError::Broken { number, part: broken });
            assert_eq!(fs::read_to_string(&path).unwrap(), case, "nothing was repaired");
        }
    }

    #[test]
    fn an_entry_too_long_is_refused_and_the_log_goes_on() {
        let (_dir, path, head) = log_of(1);
        let mut log = AuditLog::open(&path).unwrap();
        let long = "x".repeat(LINE_BYTES_MAX);
        assert!(matches!(log.append(Timestamp(1), "k", &[("f", &long)]), Err(AuditError::TooLong { .. })));
        assert_eq!(log.head(), head);
        log.append(Timestamp(1), "k", &[]).unwrap();
        assert_eq!(verify(&path, |_| ()).unwrap().number, 2);
    }
}
