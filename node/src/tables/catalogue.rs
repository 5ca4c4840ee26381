//! Which sealed files are in force: the catalogue, one value of the store, changed in one transaction.

use std::collections::BTreeSet;

use passage_protocol::{codec_struct, ids::Digest, timestamp::Timestamp};

use crate::{
    custody::{KeyState, Wrapped},
    import::ReportingPeriod,
};

/// Name of the table that holds the opt-out list; no dictionary has it and no query sees it.
pub const OPT_OUT_TABLE: &str = "opt-out";

/// What is stored, and which generation of the node key opens it.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The node key in force.
    pub keys: KeyState,
    /// The files in force.
    pub tables: Vec<StoredTable>,
}
codec_struct!(Catalogue { keys, tables });

/// One sealed file: rows that files of one family of layouts gave to one canonical table for one reporting period. A place may
/// have several: one for each file that brought other schools, and what a file of changes left of an earlier one.
#[derive(Clone, Debug)]
pub struct StoredTable {
    /// Where it stands; what its seal binds.
    pub place: Place,
    /// Version of the layout its newest rows were read with.
    pub layout_version: String,
    /// Version of the dictionary whose columns it has.
    pub dictionary: u16,
    /// BLAKE3 of the file, which is also its name.
    pub digest: Digest,
    /// Keyed digest of the rows without their provenance: equal content under one node has an equal one.
    pub content: Digest,
    /// Rows.
    pub rows: u64,
    /// Size of the file, bytes.
    pub bytes: u64,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// The key of the file, wrapped.
    pub key: Wrapped,
}
codec_struct!(StoredTable {
    place,
    layout_version,
    dictionary,
    digest,
    content,
    rows,
    bytes,
    imported_at,
    key
});

/// Where rows belong. An import replaces what it speaks for of what stood at its family of layouts and reporting period, in every
/// table.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// School year, or a term or quarter of it.
    pub period: ReportingPeriod,
    /// Family of layouts: what their vintages have in common ([`crate::import::Layout::family`]).
    pub family: String,
    /// Canonical table.
    pub table: String,
}
codec_struct!(Place { period, family, table });

impl Place {
    /// What the seal and the wrapped key bind.
    #[must_use]
    pub fn label(&self) -> String {
        let year_and_family = format!("{}/{}/{}", self.table, self.family, self.year_word());
        match self.period.term {
            Some(term) => format!("{year_and_family}/{}", term.as_str()),
            None => year_and_family,
        }
    }

    /// The school year and the term, or `all`.
    #[must_use]
    pub fn period_word(&self) -> String {
        match self.period.year {
            Some(_) => self.period.to_string(),
            None => self.year_word(),
        }
    }

    /// The school year, or `all`.
    #[must_use]
    pub fn year_word(&self) -> String {
        self.period.year.map_or_else(|| "all".to_owned(), |year| year.to_string())
    }
}

/// What one file does to the catalogue: of its family and periods these tables are in force from then on, and no others.
#[derive(Clone, Debug)]
pub struct Change {
    /// Family of layouts.
    pub family: String,
    /// Periods it covers.
    pub periods: BTreeSet<ReportingPeriod>,
    /// What is in force of them: the rows of the file first, then what it left of earlier ones.
    pub tables: Vec<StoredTable>,
}

impl Change {
    /// True if it decides about what stands at a place.
    #[must_use]
    pub fn covers(&self, place: &Place) -> bool {
        self.family == place.family && self.periods.contains(&place.period)
    }
}

/// The files in force after a change: those that stay where they were, then the new ones.
#[must_use]
pub fn merge(existing: &[StoredTable], change: &Change) -> Vec<StoredTable> {
    let is_in =
        |tables: &[StoredTable], entry: &StoredTable| tables.iter().any(|one| one.digest == entry.digest);
    let stays = |old: &&StoredTable| !change.covers(&old.place) || is_in(&change.tables, old);
    let new = change.tables.iter().filter(|entry| !is_in(existing, entry));
    existing.iter().filter(stays).chain(new).cloned().collect()
}
