//! Small sealed tables for the tests of this crate.

use std::io::Write;

use zeroize::Zeroizing;

use crate::{
    engine::{Embedded, QueryEngine},
    sealed::{FileKey, FreshSalt, SealedFile},
    table::{Cell, Column, Kind, Role, TableSchema, TableWriter},
};

pub(crate) const LABEL: &str = "part";
/// A value that must never be in a message.
pub(crate) const MARKER: &str = "MARKER-7731";

pub(crate) fn schema(name: &str, columns: &[(&str, Kind)]) -> TableSchema {
    let columns = columns
        .iter()
        .map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind, role: Role::Content })
        .collect();
    TableSchema { name: name.to_owned(), columns }
}

pub(crate) fn student() -> TableSchema {
    schema("student", &[("local_id", Kind::Text), ("grade", Kind::Integer), ("units", Kind::Decimal)])
}

pub(crate) fn sealed(schema: &TableSchema, rows: impl Iterator<Item = Vec<Cell>>) -> Vec<u8> {
    let (key, salt) = (FileKey::new([1; 32]), FreshSalt::new([2; 32]));
    let mut writer = TableWriter::new(Vec::new(), &key, salt, LABEL, schema, &[3; 32]).unwrap();
    rows.for_each(|row| writer.push(&row).unwrap());
    writer.finish().unwrap().sink
}

pub(crate) fn open(bytes: &[u8]) -> SealedFile {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    SealedFile::open(file, &FileKey::new([1; 32]), LABEL).unwrap()
}

pub(crate) fn row(number: i64) -> Vec<Cell> {
    let id = if number == 3 { MARKER.to_owned() } else { format!("S{number}") };
    vec![Cell::Text(Zeroizing::new(id)), Cell::Integer(number % 13), Cell::Decimal(number * 50)]
}

/// One table of two files of `rows` rows in all, and an empty one.
pub(crate) fn engine(rows: i64) -> Embedded {
    let mut engine = Embedded::new().unwrap();
    let half = rows / 2;
    let files =
        vec![open(&sealed(&student(), (0..half).map(row))), open(&sealed(&student(), (half..rows).map(row)))];
    engine.register(student(), files).unwrap();
    engine
        .register(schema("award", &[("local_id", Kind::Text), ("awarded_on", Kind::Date)]), Vec::new())
        .unwrap();
    engine
}
