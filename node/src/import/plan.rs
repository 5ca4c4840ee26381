//! A layout made ready for reading: names looked up once, so that a row costs no search.
//!
//! Every element that the layout feeds or the engine derives has a slot of the row; a table is a list of slots.

use passage_protocol::dictionary::{Dictionary, Kind};

use super::{
    elements::dictionary,
    error::ImportError,
    layout::{Column, Layout, Part},
};

/// Elements the engine works out of others, in every table that has them.
const DERIVED: [&str; 7] =
    ["birth-month", "completer-cohort", "ethnicity", "hispanic", "races", "school-year", "term-season"];

/// A layout, its names looked up.
pub(super) struct Plan<'a> {
    pub(super) layout: &'a Layout,
    /// One for each column of the layout.
    pub(super) columns: Vec<Planned<'a>>,
    /// Tables of the layout, in its order.
    pub(super) tables: Vec<PlannedTable>,
    /// Number of slots.
    pub(super) slots: usize,
    /// Values the layout itself gives, by slot.
    pub(super) constants: Vec<(usize, Constant<'a>)>,
    /// Slots of elements by name and part, for the rules that know elements.
    names: Vec<Named<'a>>,
    /// Place of the transaction column.
    pub(super) transaction: Option<usize>,
    /// Place of the column that says the school year.
    pub(super) year_from: Option<usize>,
    /// True if the layout says anything of race or ethnicity.
    pub(super) tells_race: bool,
}

/// A column, its names looked up.
pub(super) struct Planned<'a> {
    pub(super) column: &'a Column,
    /// Slot it feeds.
    pub(super) slot: Option<usize>,
    /// Place in the natural key.
    pub(super) key: Option<usize>,
    /// Place in the school or college the row is reported for.
    pub(super) unit: Option<usize>,
    /// Place of the column with the year of its term.
    pub(super) year: Option<usize>,
    /// Place of the column that says whether this one counts, and the codes that say so.
    pub(super) only_if: Option<(usize, &'a [String])>,
}

/// An element, and the part of the row it tells of.
type Named<'a> = (&'a str, Option<&'a str>);

/// A value that stands in the layout and not in the file.
#[derive(Clone, Copy)]
pub(super) enum Constant<'a> {
    Integer(i64),
    Text(&'a str),
}

/// A table, as slots.
pub(super) struct PlannedTable {
    pub(super) name: &'static str,
    /// One for each element of the table: its slot, and whether no later table needs it.
    pub(super) cells: Vec<Option<(usize, Use)>>,
    /// Slots of which one must have a value, or the row says nothing of its part; empty if it has no part.
    pub(super) demands: Vec<usize>,
}

/// Whether a slot is needed again after a table has taken it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Use {
    Again,
    Last,
}

impl<'a> Plan<'a> {
    /// Looks every name up.
    ///
    /// # Errors
    ///
    /// [`ImportError::Layout`] if the dictionary does not parse.
    pub(super) fn new(layout: &'a Layout) -> Result<Self, ImportError> {
        let dictionary = dictionary()?;
        let named = |column: &'a Column| Some((column.element.as_deref()?, column.part.as_deref()));
        let given = given(layout, dictionary);
        let mut names: Vec<Named<'a>> = Vec::new();
        let fed = layout.column.iter().filter_map(named).chain(given.iter().map(|(name, _)| *name));
        for name in fed.chain(DERIVED.map(|element| (element, None))) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let slot = |name: Named<'_>| names.iter().position(|known| *known == name);
        let place = |name: &String| layout.column_named(name).map(|(place, _)| place);
        let columns = layout.column.iter().map(|column| Planned {
            column,
            slot: named(column).and_then(slot),
            key: layout.key.iter().position(|name| *name == column.name),
            unit: layout.unit_from.iter().position(|name| *name == column.name),
            year: column.year_column.as_ref().and_then(place),
            only_if: column
                .only_if
                .as_ref()
                .and_then(|only_if| Some((place(&only_if.column)?, only_if.is.as_slice()))),
        });
        let columns: Vec<Planned<'a>> = columns.collect();
        let mut tables: Vec<PlannedTable> = Vec::new();
        for name in &layout.tables {
            let Some((name, table)) = dictionary.tables.get_key_value(name) else { continue };
            let feeds = |part: &str| {
                let column = |column: &Column| {
                    let element = column.element.as_ref().filter(|_| column.part.as_deref() == Some(part));
                    element.is_some_and(|element| table.elements.contains(element))
                };
                layout.column.iter().any(column)
            };
            let parts: Vec<&str> =
                layout.part.iter().map(|part| part.name.as_str()).filter(|part| feeds(part)).collect();
            for part in parts.iter().map(|part| Some(*part)).chain(parts.is_empty().then_some(None)) {
                let own = |element: &String| slot((element, part)).or_else(|| slot((element, None)));
                let cells = table.elements.iter().map(|element| own(element).map(|slot| (slot, Use::Again)));
                let fed =
                    layout.column.iter().filter(|column| part.is_some() && column.part.as_deref() == part);
                let demands = fed.filter_map(named).filter_map(slot).collect();
                tables.push(PlannedTable { name, cells: cells.collect(), demands });
            }
        }
        let mut taken = vec![false; names.len()];
        for (slot, last) in tables.iter_mut().rev().flat_map(|table| table.cells.iter_mut().flatten()) {
            if let Some(taken) = taken.get_mut(*slot).filter(|taken| !**taken) {
                (*taken, *last) = (true, Use::Last);
            }
        }
        let tells =
            |element: &str| layout.column.iter().any(|column| column.element.as_deref() == Some(element));
        Ok(Self {
            layout,
            slots: names.len(),
            constants: given.into_iter().filter_map(|(name, value)| Some((slot(name)?, value))).collect(),
            transaction: layout.column.iter().position(|column| column.transaction),
            year_from: layout.year_from.as_ref().and_then(place),
            tells_race: tells("races") || tells("hispanic"),
            columns,
            tables,
            names,
        })
    }

    /// The slot of an element; none if no column feeds it and it is not derived.
    pub(super) fn slot(&self, element: &str) -> Option<usize> {
        self.names.iter().position(|name| *name == (element, None))
    }

    /// Place of the column that feeds an element.
    pub(super) fn column_of(&self, element: &str) -> Option<usize> {
        self.layout.column.iter().position(|column| column.element.as_deref() == Some(element))
    }

    /// True if the layout feeds a table.
    pub(super) fn feeds(&self, table: &str) -> bool {
        self.tables.iter().any(|planned| planned.name == table)
    }
}

/// The values that stand in the layout, as its check has found them to be.
fn given<'a>(layout: &'a Layout, dictionary: &Dictionary) -> Vec<(Named<'a>, Constant<'a>)> {
    let everywhere = layout.constants.iter().map(|constant| (None, constant));
    let of = |part: &'a Part| part.constants.iter().map(|constant| (Some(part.name.as_str()), constant));
    let named = everywhere.chain(layout.part.iter().flat_map(of));
    named
        .filter_map(|(part, (element, text))| {
            let value = match dictionary.elements.get(element)?.kind {
                Kind::Integer => Constant::Integer(text.parse().ok()?),
                Kind::Date | Kind::Decimal | Kind::Flag | Kind::Text => Constant::Text(text),
            };
            Some(((element.as_str(), part), value))
        })
        .collect()
}
