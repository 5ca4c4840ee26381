//! Which sealed files are in force: the catalogue, one value of the store, changed in one transaction.

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

/// One sealed file: the rows one layout gave to one canonical table for one reporting period.
#[derive(Clone, Debug)]
pub struct StoredTable {
    /// Where it stands; what its seal binds.
    pub place: Place,
    /// Version of the layout it was read with.
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

/// Where rows belong. An import replaces what stood at the layout and reporting period it covers, in every table.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// School year, or a term or quarter of it.
    pub period: ReportingPeriod,
    /// Layout id.
    pub layout: String,
    /// Canonical table.
    pub table: String,
}
codec_struct!(Place { period, layout, table });

impl Place {
    /// What the seal and the wrapped key bind.
    #[must_use]
    pub fn label(&self) -> String {
        let year_and_layout = format!("{}/{}/{}", self.table, self.layout, self.year_word());
        match self.period.term {
            Some(term) => format!("{year_and_layout}/{}", term.as_str()),
            None => year_and_layout,
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

    /// True if both are of one layout and reporting period, so that one replaces the other.
    #[must_use]
    pub fn same_upload(&self, other: &Self) -> bool {
        (&self.layout, self.period) == (&other.layout, other.period)
    }
}

/// The files in force after an import: whatever stood at a layout and period that `new` covers is gone.
#[must_use]
pub fn merge(existing: &[StoredTable], new: &[StoredTable]) -> Vec<StoredTable> {
    let kept = existing.iter().filter(|old| !new.iter().any(|entry| entry.place.same_upload(&old.place)));
    kept.chain(new).cloned().collect()
}
