//! The data element dictionary: neutral names for what every layout feeds, so that agreements, metrics and SQL speak of the
//! same things (domain 1G, D1, F3).
//!
//! It is data (`elements.v1.toml`), versioned and digested: an agreement that names a digest means these words and no
//! others. What it does not hold: where an element stands in a file (the node's layouts do) and any value of a student.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::{
    document::{self, DocumentError},
    ids::Digest,
};

const BUILTIN: &str = include_str!("elements.v1.toml");
const FORMAT: &str = "passage-dictionary/1";

/// One version of the dictionary.
#[derive(Clone, Debug)]
pub struct Dictionary {
    /// Version of the meanings.
    pub version: u16,
    /// BLAKE3 of the file as written, under a context of its own.
    pub digest: Digest,
    /// Elements by name, `lower-case-with-hyphens`.
    pub elements: BTreeMap<String, Element>,
    /// Tables by name.
    pub tables: BTreeMap<String, Table>,
    /// Code lists by name: code to meaning.
    pub codes: BTreeMap<String, BTreeMap<String, String>>,
}

/// What one element means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Element {
    /// Type of its values.
    pub kind: Kind,
    /// How much it tells about a person.
    pub class: Sensitivity,
    /// Meaning in one line.
    pub title: String,
    /// Name in the Ed-Fi Data Standard 5.2, if it has one.
    pub ed_fi: Option<String>,
    /// Name of the CEDS element, if it has one.
    pub ceds: Option<String>,
    /// Name of its code list, if it has one.
    pub codes: Option<String>,
}

/// One canonical table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Meaning of a row in one line.
    pub title: String,
    /// What one row stands for.
    pub grain: String,
    /// Its elements in column order.
    pub elements: Vec<String>,
}

/// Type of an element's values.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A calendar date.
    Date,
    /// A decimal number with two places.
    Decimal,
    /// Yes or no.
    Flag,
    /// A whole number.
    Integer,
    /// Text.
    Text,
}

/// How much an element tells about a person.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Sensitivity {
    /// About the institution or its courses.
    Institution,
    /// What a person did at the institution.
    Education,
    /// About a person's circumstances.
    Sensitive,
    /// Narrows down to a person together with others.
    Indirect,
    /// Names a person by itself.
    Direct,
}

static READ: LazyLock<Option<Dictionary>> = LazyLock::new(|| Dictionary::parse(BUILTIN).ok());

impl Dictionary {
    /// The dictionary that ships, read once.
    ///
    /// # Errors
    ///
    /// A built-in file that does not parse is a fault of the build; the error says which line.
    pub fn builtin() -> Result<Self, DocumentError> {
        READ.clone().map_or_else(|| Self::parse(BUILTIN), Ok)
    }

    /// The word of the dictionary that ships for an element of that name.
    #[must_use]
    pub fn word(element: &str) -> Option<&'static str> {
        READ.as_ref()?.elements.get_key_value(element).map(|(word, _)| word.as_str())
    }

    /// Reads a dictionary and checks that tables and code lists name what exists.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with line and key.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let shape: Shape = document::read(text)?;
        let refuse = |key, expected| Err(DocumentError::OutOfRange { key, expected });
        if shape.format != FORMAT {
            return refuse("format", "\"passage-dictionary/1\"");
        }
        let names = shape.elements.keys().chain(shape.tables.keys());
        if names.clone().any(|name| !well_named(name)) {
            return refuse("elements/tables", "names of lower-case letters, digits and hyphens");
        }
        for table in shape.tables.values() {
            let mut elements: Vec<&String> = table.elements.iter().collect();
            elements.sort();
            elements.dedup();
            if elements.len() != table.elements.len()
                || !elements.iter().all(|name| shape.elements.contains_key(*name))
            {
                return refuse("tables.elements", "elements of this dictionary, each once");
            }
        }
        let lists = shape.elements.values().filter_map(|element| element.codes.as_ref());
        if !lists.clone().all(|list| shape.codes.contains_key(list)) {
            return refuse("elements.codes", "a code list of this dictionary");
        }
        Ok(Self {
            version: shape.version,
            digest: Digest::derive("passage v1 data element dictionary", text.as_bytes()),
            elements: shape.elements,
            tables: shape.tables,
            codes: shape.codes,
        })
    }

    /// Tables that hold `element`, in alphabetical order.
    pub fn tables_with<'a>(&'a self, element: &'a str) -> impl Iterator<Item = &'a str> {
        let holds = move |table: &Table| table.elements.iter().any(|name| name == element);
        self.tables.iter().filter(move |(_, table)| holds(table)).map(|(name, _)| name.as_str())
    }
}

/// The column a table of SQL has for an element: hyphens are not allowed in unquoted SQL names.
#[must_use]
pub fn column_name(element: &str) -> String {
    element.replace('-', "_")
}

fn well_named(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(allowed)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    format: String,
    version: u16,
    elements: BTreeMap<String, Element>,
    tables: BTreeMap<String, Table>,
    codes: BTreeMap<String, BTreeMap<String, String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_dictionary_holds_together() {
        let dictionary = Dictionary::builtin().unwrap();
        let unused: Vec<&String> =
            dictionary.elements.keys().filter(|name| dictionary.tables_with(name).next().is_none()).collect();
        assert_eq!(unused, Vec::<&String>::new(), "elements no table holds");
        assert_eq!(dictionary.tables.len(), 9);
    }

    #[test]
    fn a_changed_word_is_another_dictionary() {
        let other = Dictionary::parse(&BUILTIN.replace("Date of birth", "Birthday")).unwrap();
        assert_ne!(other.digest, Dictionary::builtin().unwrap().digest);
    }

    #[test]
    fn dictionaries_that_name_what_is_not_there_are_refused() {
        for (from, to) in [
            ("passage-dictionary/1", "passage-dictionary/2"),
            ("codes = \"gender\"", "codes = \"sex\""),
            (
                "elements = [\"local-id\", \"ssid\", \"ssn\"",
                "elements = [\"local-id\", \"local-id\", \"ssn\"",
            ),
            ("elements = [\"local-id\", \"ssid\", \"ssn\"", "elements = [\"local-id\", \"sid\", \"ssn\""),
            ("local-id = {", "Local_Id = {"),
            ("class = \"direct\"", "class = \"secret\""),
        ] {
            assert!(Dictionary::parse(&BUILTIN.replacen(from, to, 1)).is_err(), "{to}");
        }
    }

    #[test]
    fn names_become_sql_columns() {
        assert_eq!(column_name("levels-below-transfer"), "levels_below_transfer");
    }
}
