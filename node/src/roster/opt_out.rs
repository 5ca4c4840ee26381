//! Students who opted out: lists of local student numbers or SSIDs, in force from the next round (D7, F6).
//!
//! An entry that matches no student is kept: the student may come later.

use std::{
    collections::BTreeSet,
    io::{BufRead, Read},
};

use passage_analytics::table::Cell;
use passage_protocol::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    error::RosterError,
    record::{Person, Text},
};
use crate::{
    custody::Custody,
    import::ReportingPeriod,
    tables::{Change, Folder, Import, OPT_OUT_TABLE, Schemas, StoredTable, TablesError},
};

/// Largest list, bytes: a million entries of the longest length.
const LIST_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Longest identifier, bytes.
const IDENTIFIER_BYTES_MAX: usize = 64;
/// First cells of a header row.
const HEADERS: [&str; 6] = ["STUDENT_ID", "LOCAL_ID", "LOCALID", "LOCALSTUDENTID", "SSID", "ID"];

/// Which list: an institution keeps both.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum OptOutList {
    /// Students who do not take part in studies (D7): always kept out.
    Studies,
    /// Students whose directory information is blocked, as long as the block stands, also after they have left (F6, 34 CFR
    /// 99.37): kept out unless the institution has set otherwise. A block alone is no opt-out of the studies exception.
    Directory,
}

impl OptOutList {
    /// The family it is stored under.
    #[must_use]
    pub fn family(self) -> &'static str {
        match self {
            Self::Studies => "opt-outs",
            Self::Directory => "directory-blocks",
        }
    }
}

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

    /// Keeps the list, sealed like every table; it replaces the earlier one when the caller commits the entry.
    ///
    /// # Errors
    ///
    /// As [`Import::finish`].
    pub fn save(
        &self,
        mut import: Import<'_>,
        schemas: &Schemas,
        existing: &[StoredTable],
        saved_at: Timestamp,
    ) -> Result<Change, TablesError> {
        // A row for the list itself, so that an empty list is a table too and replaces the earlier one.
        import.push(ReportingPeriod::default(), OPT_OUT_TABLE, &schemas.row(OPT_OUT_TABLE, Vec::new()))?;
        for entry in &self.0 {
            let identifier = Cell::Text(Zeroizing::new(entry.expose().to_owned()));
            import.push(
                ReportingPeriod::default(),
                OPT_OUT_TABLE,
                &schemas.row(OPT_OUT_TABLE, vec![("identifier", identifier)]),
            )?;
        }
        import.finish(existing, saved_at)
    }

    /// The lists among `tables` as one; empty if none was ever saved.
    ///
    /// # Errors
    ///
    /// As [`Folder::read`].
    pub fn load(folder: &Folder, custody: &Custody, tables: &[StoredTable]) -> Result<Self, TablesError> {
        let mut list = BTreeSet::new();
        for entry in tables.iter().filter(|entry| entry.place.table == OPT_OUT_TABLE) {
            folder.read(custody, entry, &["identifier"], &mut |row| {
                list.extend(row.text(0).map(Text::new));
                Ok(())
            })?;
        }
        Ok(Self(list))
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

    /// Any bytes: a list of what was in its lines, or a refusal by row; replayed by `cargo test`, open-ended in a fuzzer.
    #[test]
    fn any_bytes_are_a_list_or_a_refusal() {
        bolero::check!().for_each(|bytes: &[u8]| {
            // Bytes that lists are made of, so that most lines are identifiers.
            let likely: Vec<u8> =
                bytes.iter().map(|byte| b"A1b2-_., ;\t\"\r\n\xEF\xBBssid"[usize::from(*byte) % 20]).collect();
            for list in [bytes, &likely] {
                let lines = list.split(|byte| *byte == b'\n').count();
                match OptOuts::parse(list) {
                    Ok(list) => {
                        assert!(list.len() <= lines);
                        for entry in &list.0 {
                            let lower = entry.expose().to_ascii_lowercase();
                            assert!((1..=IDENTIFIER_BYTES_MAX).contains(&lower.len()));
                            assert!(list.names(&Person { local_id: Text::new(&lower), ..Person::default() }));
                        }
                    }
                    Err(RosterError::OptOutLine { row }) => assert!((1..=lines).contains(&row)),
                    Err(_) => assert!(core::str::from_utf8(list).is_err()),
                }
            }
        });
    }
}
