//! More than one layout fits: which of them says more, and what would tell the others apart.

use std::collections::HashSet;

use super::Fit;
use crate::import::{
    error::ImportError,
    layout::{Column, Finding, Layout},
};

/// Leaves out layouts that read only a part of what another one reads by the same header row: theirs is the narrower
/// description of the same file.
pub(super) fn narrow(fitting: &mut Vec<Fit>) {
    let reads: Vec<_> = fitting.iter().map(|fit| fit.reads.clone()).collect();
    fitting.retain(|fit| {
        !reads.iter().any(|other| {
            other.len() > fit.reads.len() && other.is_superset(&fit.reads) && !fit.reads.is_empty()
        })
    });
}

/// The refusal: the candidates, and for each what it alone reads.
pub(super) fn refusal(fitting: &[Fit]) -> ImportError {
    let candidates: Vec<String> = fitting.iter().map(|fit| fit.layout.id.clone()).collect();
    let mut telling = Vec::new();
    for (number, fit) in fitting.iter().enumerate() {
        let others = fitting.iter().enumerate().filter(|(other, _)| *other != number);
        let elsewhere: HashSet<String> = others.flat_map(|(_, other)| marks(&other.layout)).collect();
        let mut only: Vec<String> = marks(&fit.layout).difference(&elsewhere).cloned().collect();
        only.sort();
        telling.push(match only.as_slice() {
            [] => format!("{} has no column of its own", fit.layout.id),
            columns => format!("only {} reads {}", fit.layout.id, columns.join(", ")),
        });
    }
    ImportError::Ambiguous { candidates, telling: telling.join("; ") }
}

/// What tells a layout's columns from another's: the name, and the place where there is one.
fn marks(layout: &Layout) -> HashSet<String> {
    let mark = |column: &Column| match (layout.finding(), column.number, column.at) {
        (Finding::Position, Some(number), _) => format!("{} in column {number}", column.name),
        (Finding::Bytes, _, Some((first, last))) => format!("{} in bytes {first} to {last}", column.name),
        (Finding::Bytes | Finding::Name | Finding::Position, _, _) => column.name.clone(),
    };
    layout.column.iter().map(mark).collect()
}
