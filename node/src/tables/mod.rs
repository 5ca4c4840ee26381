//! What the institution's files said, kept: one sealed file per canonical table, layout and school year (D4).
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
mod schema;

#[cfg(test)]
pub(crate) mod tests;

pub use self::{
    catalogue::{Catalogue, OPT_OUT_TABLE, Place, StoredTable, merge},
    error::TablesError,
    folder::{Disk, Folder},
    import::Import,
    schema::Schemas,
};
