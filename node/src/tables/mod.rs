//! What the institution's files said, kept: sealed files by canonical table, family of layouts and reporting period (D4).
//!
//! ```text
//! Filed --Import--> <digest>.table + StoredTable --(caller commits the catalogue)--> read / open (roster, SQL)
//! ```
//!
//! Files are written under a temporary name, synced, renamed, and the folder synced; a file no committed entry names is
//! removed by [`Folder::sweep`]. Each file has a key of its own, wrapped in its entry ([`crate::custody`]). The catalogue is the
//! caller's to store in one transaction; this module owns only the folder.

mod catalogue;
mod error;
mod folder;
mod import;
mod replacing;
mod schema;

#[cfg(test)]
pub(crate) mod tests;

pub use self::{
    catalogue::{Catalogue, Change, OPT_OUT_TABLE, Place, StoredTable, merge},
    error::TablesError,
    folder::{Disk, Folder},
    import::Import,
    replacing::{Replaced, StoredOutlet, TakenOut, Weighed},
    schema::Schemas,
};
