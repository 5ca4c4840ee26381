//! The dictionary's tables as stored: their elements in order, then where each row came from.

use passage_analytics::table::{Cell, Column, Kind, Role, TableSchema};
use passage_protocol::dictionary::{Dictionary, column_name};
use passage_shell::failure::Failure;

use super::OPT_OUT_TABLE;
use crate::home::refuse;

/// Columns every stored row has after its elements. Equal content keeps the file that is there, whatever its provenance.
pub(super) const PROVENANCE: [(&str, Kind, Role); 6] = [
    // What a row is reported for is part of what it says: the same rows of another school are not the same content.
    (UNIT, Kind::Text, Role::Content),
    ("source_file", Kind::Text, Role::Provenance),
    ("source_row", Kind::Integer, Role::Provenance),
    ("layout", Kind::Text, Role::Provenance),
    ("layout_version", Kind::Text, Role::Provenance),
    // Two records can leave equal elements in a table that lacks what tells them apart; a later file of changes tells them apart.
    (ROW_KEY, Kind::Integer, Role::Content),
];
/// School or college the row is reported for, if its layout says so: whose rows a later file replaces. Not for queries.
pub(super) const UNIT: &str = "unit";
/// First eight bytes of the digest of the row's natural key: what a later update file names its row by. Not for queries.
pub(super) const ROW_KEY: &str = "row_key";

/// Every table a row can go into.
pub struct Schemas {
    /// Version of the dictionary.
    pub dictionary: u16,
    /// Stored shapes, by name of the dictionary.
    tables: Vec<(String, TableSchema)>,
}

impl Schemas {
    /// The shapes of the built-in dictionary, and that of the opt-out list.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the built-in dictionary is broken, which is a fault of the build.
    pub fn builtin() -> Result<Self, Failure> {
        let dictionary = Dictionary::builtin().map_err(|error| {
            refuse(
                0x2266,
                &format!("the built-in dictionary: {error}"),
                "Report this fault of the build.",
                None,
            )
        })?;
        let mut tables = Vec::new();
        for (name, table) in &dictionary.tables {
            let kind = |element: &String| dictionary.elements.get(element).map(|element| element.kind);
            let content =
                table.elements.iter().filter_map(|element| Some((element.as_str(), kind(element)?)));
            tables.push((name.clone(), schema(name, content)));
        }
        tables.push((OPT_OUT_TABLE.to_owned(), schema(OPT_OUT_TABLE, [("identifier", Kind::Text)])));
        Ok(Self { dictionary: dictionary.version, tables })
    }

    /// The stored shape of a table.
    #[must_use]
    pub fn get(&self, table: &str) -> Option<&TableSchema> {
        self.tables.iter().find(|(name, _)| name == table).map(|(_, schema)| schema)
    }

    /// A row of `table` with these elements, all others empty, and no provenance; for rows that no file gave.
    #[must_use]
    pub fn row(&self, table: &str, elements: Vec<(&str, Cell)>) -> Vec<Cell> {
        let columns = self.get(table).map_or(&[][..], |schema| schema.columns.as_slice());
        let mut cells: Vec<Cell> = columns.iter().map(|_| Cell::Empty).collect();
        for (element, cell) in elements {
            let at = columns.iter().position(|column| column.name == column_name(element));
            if let Some(place) = at.and_then(|at| cells.get_mut(at)) {
                *place = cell;
            }
        }
        cells
    }

    /// The tables a query may see, with the columns it may see.
    pub fn queryable(&self) -> impl Iterator<Item = (&str, TableSchema)> {
        let open = |(name, schema): &(String, TableSchema)| {
            let shown = |column: &&Column| column.name != ROW_KEY && column.name != UNIT;
            let columns = schema.columns.iter().filter(shown).cloned().collect();
            TableSchema { name: column_name(name), columns }
        };
        self.tables
            .iter()
            .filter(|(name, _)| name != OPT_OUT_TABLE)
            .map(move |table| (table.0.as_str(), open(table)))
    }
}

fn schema<'a>(name: &str, content: impl IntoIterator<Item = (&'a str, Kind)>) -> TableSchema {
    let column = |name: &str, kind, role| Column { name: column_name(name), kind, role };
    let content = content.into_iter().map(|(name, kind)| column(name, kind, Role::Content));
    let provenance = PROVENANCE.iter().map(|(name, kind, role)| column(name, *kind, *role));
    TableSchema { name: column_name(name), columns: content.chain(provenance).collect() }
}
