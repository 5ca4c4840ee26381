//! Students who opted out: a list of local student numbers or SSIDs, in force from the next round (D7).
//!
//! An entry that matches no student is kept: the student may come later.

use std::{
    collections::BTreeSet,
    io::{BufRead, Read},
};

use passage_protocol::timestamp::Timestamp;
use zeroize::Zeroizing;

use super::{
    error::RosterError,
    folder::{Folder, SegmentEntry},
    record::{Person, Text},
    segment::{DataKey, FreshSalt},
};

/// Largest list, bytes: a million entries of the longest length.
const LIST_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Longest identifier, bytes.
const IDENTIFIER_BYTES_MAX: usize = 64;
/// Layout id under which the list is kept.
const LAYOUT: &str = "opt-outs";
/// First cells of a header row.
const HEADERS: [&str; 6] = ["STUDENT_ID", "LOCAL_ID", "LOCALID", "LOCALSTUDENTID", "SSID", "ID"];

/// The set of students who opted out. No `Debug`, wiped when dropped.
#[derive(Default)]
pub struct OptOuts(BTreeSet<Text>);

impl OptOuts {
    /// Reads a list: one identifier a line, or the first column of a CSV, with or without a header row.
    ///
    /// # Errors
    ///
    /// [`RosterError::OptOutLine`] names the row; [`RosterError::OptOutList`] if it is not text or too large.
    pub fn parse(source: impl BufRead) -> Result<Self, RosterError> {
        let not_text = || RosterError::OptOutList { bytes_max: LIST_BYTES_MAX };
        let mut text = Zeroizing::new(String::new());
        source.take(LIST_BYTES_MAX + 1).read_to_string(&mut text).map_err(|_| not_text())?;
        if text.len() as u64 > LIST_BYTES_MAX {
            return Err(not_text());
        }
        let mut entries = BTreeSet::new();
        for (index, line) in text.trim_start_matches('\u{FEFF}').lines().enumerate() {
            let cell = line.split([',', '\t', ';']).next().unwrap_or("").trim().trim_matches('"');
            let entry = Text::upper(cell);
            if line.trim().is_empty() || (index == 0 && HEADERS.contains(&entry.expose())) {
                continue;
            }
            let letters_ok =
                entry.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            if entry.is_empty() || entry.expose().len() > IDENTIFIER_BYTES_MAX || !letters_ok {
                return Err(RosterError::OptOutLine { row: index + 1 });
            }
            entries.insert(entry);
        }
        Ok(Self(entries))
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if nobody opted out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if the list names this student by local number or SSID.
    #[must_use]
    pub fn names(&self, person: &Person) -> bool {
        let listed = |text: &str| self.0.contains(&Text::upper(text));
        person.local_id.present().is_some_and(listed)
            || person
                .ssid
                .present()
                .is_some_and(|ssid| listed(ssid) || ssid.strip_prefix('0').is_some_and(listed))
    }

    /// Keeps the list, encrypted like every segment; it replaces the earlier one when the caller commits the entry.
    ///
    /// # Errors
    ///
    /// As [`super::SegmentWriter::finish`].
    pub fn save(
        &self,
        folder: &Folder,
        key: &DataKey,
        salt: FreshSalt,
        existing: &[SegmentEntry],
        saved_at: Timestamp,
    ) -> Result<Vec<SegmentEntry>, RosterError> {
        let mut writer = folder.writer(key, salt, LAYOUT);
        writer.frame(None, b"")?;
        for entry in &self.0 {
            writer.frame(None, entry.expose().as_bytes())?;
        }
        writer.finish(existing, saved_at)
    }

    /// The list among `entries`; empty if none was ever saved.
    ///
    /// # Errors
    ///
    /// As [`Folder::read`].
    pub fn load(folder: &Folder, key: &DataKey, entries: &[SegmentEntry]) -> Result<Self, RosterError> {
        let mut list = BTreeSet::new();
        for entry in entries.iter().filter(|entry| entry.layout == LAYOUT) {
            folder.read_frames(key, entry, &mut |frame| {
                let text =
                    core::str::from_utf8(frame).map_err(|_| RosterError::Record { segment: entry.digest })?;
                if !text.is_empty() {
                    list.insert(Text::new(text));
                }
                Ok(())
            })?;
        }
        Ok(Self(list))
    }

    /// True if an entry of the roster is the opt-out list and not records.
    pub(super) fn is_list(entry: &SegmentEntry) -> bool {
        entry.layout == LAYOUT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_with_and_without_a_header() {
        for list in [
            "student_id,reason\r\nab-1,x\r\n0123456789,\r\n",
            "\u{FEFF}AB-1\n0123456789\n\n",
            "123456789\n\"ab-1\"",
        ] {
            let opt_outs = OptOuts::parse(list.as_bytes()).unwrap();
            assert_eq!(opt_outs.len(), 2, "{list}");
            let named = |local: &str, ssid: &str| {
                opt_outs.names(&Person {
                    local_id: Text::new(local),
                    ssid: Text::new(ssid),
                    ..Person::default()
                })
            };
            assert!(
                named("AB-1", "") && named("Z", "0123456789") && !named("Z", "") && !named("Z", "9123456789")
            );
        }
    }

    #[test]
    fn a_line_that_is_no_identifier_is_refused_by_row() {
        let refused = |text: &str| OptOuts::parse(text.as_bytes()).err();
        assert_eq!(refused("A1\nJosé Pérez\n"), Some(RosterError::OptOutLine { row: 2 }));
        assert!(matches!(OptOuts::parse(&b"\xFF\xFE"[..]).err(), Some(RosterError::OptOutList { .. })));
    }
}
