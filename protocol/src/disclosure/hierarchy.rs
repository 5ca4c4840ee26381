//! A dimension of a cross table: a tree of categories whose root is the total.

use core::fmt;

use crate::refusal::{Code, Refusal};

/// A tree of categories. Category 0 is the total; children come after their parent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hierarchy {
    name: String,
    parents: Vec<usize>,
}

impl Hierarchy {
    /// A dimension with these parents: `parents[k]` is the parent of category `k + 1`.
    ///
    /// # Errors
    ///
    /// [`CrossError::Hierarchy`] if there is no category or a parent does not come before its child.
    pub fn new(name: &str, parents: Vec<usize>) -> Result<Self, CrossError> {
        let ordered = parents.iter().zip(1..).all(|(parent, child)| *parent < child);
        if parents.is_empty() || !ordered {
            return Err(CrossError::Hierarchy);
        }
        Ok(Self { name: name.to_owned(), parents })
    }

    /// A dimension of so many categories below the total.
    ///
    /// # Errors
    ///
    /// [`CrossError::Hierarchy`] if there is no category.
    pub fn flat(name: &str, categories: usize) -> Result<Self, CrossError> {
        Self::new(name, vec![0; categories])
    }

    /// The name that links it to other tables.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Categories, the total included.
    #[must_use]
    pub fn categories(&self) -> usize {
        self.parents.len() + 1
    }

    /// The categories directly below one.
    pub fn children(&self, category: usize) -> impl Iterator<Item = usize> + '_ {
        self.parents.iter().zip(1..).filter(move |(parent, _)| **parent == category).map(|(_, child)| child)
    }

    /// Whether nothing is below a category.
    #[must_use]
    pub fn is_leaf(&self, category: usize) -> bool {
        category < self.categories() && self.children(category).next().is_none()
    }

    /// The categories with nothing below them, in order.
    pub fn leaves(&self) -> impl Iterator<Item = usize> + '_ {
        (1..self.categories()).filter(|category| self.is_leaf(*category))
    }

    /// A category and everything above it, the total last.
    #[must_use]
    pub fn ancestors(&self, category: usize) -> Vec<usize> {
        let mut up = vec![category];
        let mut at = category;
        while let Some(parent) = at.checked_sub(1).and_then(|index| self.parents.get(index)) {
            up.push(*parent);
            at = *parent;
        }
        up
    }
}

/// Why cross tables cannot be released. Lengths only, never counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CrossError {
    /// More cells than a plan can be made for.
    Cells {
        /** Cells of all tables. */
        count: usize,
    },
    /// The counts do not fit the leaves of the dimensions.
    Counts {
        /** Counts given. */
        seen: usize,
        /** Finest cells. */
        expected: usize,
    },
    /// No dimension, or one twice.
    Dimensions {
        /** Dimensions given. */
        count: usize,
    },
    /// A tree without categories, or a child before its parent.
    Hierarchy,
    /// Earlier releases that no table could have led to.
    Ledger,
    /// A dimension of one name has two shapes.
    Shapes,
}

impl fmt::Display for CrossError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cells { count } => {
                write!(formatter, "{count} cells in the tables of one study, expected 2000 at most")
            }
            Self::Counts { seen, expected } => write!(formatter, "{seen} counts, expected {expected}"),
            Self::Dimensions { count } => {
                write!(formatter, "{count} dimensions, expected one or more different ones")
            }
            Self::Hierarchy => {
                write!(formatter, "categories without an order, expected parents before their children")
            }
            Self::Ledger => write!(
                formatter,
                "earlier releases that contradict the table, expected those of the same students"
            ),
            Self::Shapes => {
                write!(formatter, "two shapes of one dimension, expected the same in every table of a study")
            }
        }
    }
}

impl Refusal for CrossError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Cells { .. } => 0x0A10,
            Self::Counts { .. } => 0x0A11,
            Self::Dimensions { .. } => 0x0A12,
            Self::Hierarchy => 0x0A13,
            Self::Ledger => 0x0A14,
            Self::Shapes => 0x0A15,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Cells { .. } => "Ask for fewer dimensions at once, or for coarser categories.",
            Self::Ledger => {
                "Release against the tables of the same students and definition only; nothing was released."
            }
            Self::Counts { .. } | Self::Dimensions { .. } | Self::Hierarchy | Self::Shapes => {
                "The table does not fit its definition; compare program versions."
            }
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Ledger => Some("domain 4.4"),
            Self::Cells { .. }
            | Self::Counts { .. }
            | Self::Dimensions { .. }
            | Self::Hierarchy
            | Self::Shapes => None,
        }
    }
}
