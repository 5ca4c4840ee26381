//! From what DataFusion says to what a person is told.
//!
//! DataFusion's messages quote what it was working on: literals of the query while it plans, values of rows while it
//! runs. So words of its are passed on only for faults of planning, with the query's literals taken out; faults of
//! running become sentences of ours.

use datafusion::{
    arrow::error::ArrowError,
    common::{DataFusionError, SchemaError},
    object_store,
    parquet::errors::ParquetError,
    sql::sqlparser::{dialect::GenericDialect, parser::ParserError, tokenizer::Tokenizer},
};

use super::{EngineError, Limits};
use crate::{sealed::SealedError, table::TableSchema};

/// How alike a known name must be to be offered, from 0 to 1.
const ALIKE: f64 = 0.7;
/// Stands for a value that was typed.
const LEFT_OUT: &str = "…";

/// What stopped a query, before it is put in words.
pub(super) enum Fault {
    Engine(EngineError),
    Inner(DataFusionError),
    /// A table that is not registered.
    Table(String),
}

impl From<DataFusionError> for Fault {
    fn from(error: DataFusionError) -> Self {
        Self::Inner(error)
    }
}

impl From<EngineError> for Fault {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl Fault {
    /// In words, before the first row was read.
    pub(super) fn while_planning(self, typed: &Typed, known: &[TableSchema], limits: Limits) -> EngineError {
        match self {
            Self::Engine(error) => error,
            Self::Table(name) => {
                let tables: Vec<_> = known.iter().map(|table| table.name.clone()).collect();
                EngineError::UnknownTable {
                    nearest: nearest(&name, &tables),
                    name: typed.without(&name),
                    tables,
                }
            }
            Self::Inner(error) => planning(error.find_root(), typed, limits),
        }
    }

    /// In words, once rows are read: nothing of the inner message is kept.
    pub(super) fn while_running(self, limits: Limits) -> EngineError {
        match self {
            Self::Engine(error) => error,
            Self::Table(_) => EngineError::Failed { what: "a table went away" },
            Self::Inner(error) => running(&error, limits),
        }
    }
}

fn planning(error: &DataFusionError, typed: &Typed, limits: Limits) -> EngineError {
    if let DataFusionError::SQL(fault, _) = error {
        let fault = match fault.as_ref() {
            ParserError::TokenizerError(words) | ParserError::ParserError(words) => typed.without(words),
            ParserError::RecursionLimitExceeded => "it is nested too deeply".to_owned(),
        };
        return EngineError::Syntax { fault };
    }
    if let DataFusionError::SchemaError(fault, _) = error {
        return column(fault, typed);
    }
    if let DataFusionError::Plan(words) | DataFusionError::NotImplemented(words) = error {
        if words.contains("single SQL statement") || words.contains("No SQL statements") {
            return EngineError::NotAQuery;
        }
        return EngineError::Unplannable { fault: typed.without(words) };
    }
    running(error, limits)
}

fn column(fault: &SchemaError, typed: &Typed) -> EngineError {
    match fault {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let mut columns: Vec<_> = valid_fields.iter().map(|column| column.name.clone()).collect();
            columns.sort();
            columns.dedup();
            let nearest = nearest(&field.name, &columns);
            EngineError::UnknownColumn { name: typed.without(&field.name), nearest, columns }
        }
        SchemaError::AmbiguousReference { .. }
        | SchemaError::DuplicateQualifiedField { .. }
        | SchemaError::DuplicateUnqualifiedField { .. } => {
            EngineError::Unplannable { fault: typed.without(&fault.to_string()) }
        }
    }
}

fn running(error: &DataFusionError, limits: Limits) -> EngineError {
    let root = error.find_root();
    if let Some(sealed) = sealed(root) {
        return EngineError::Sealed(sealed);
    }
    if matches!(root, DataFusionError::ResourcesExhausted(_)) {
        return EngineError::Memory { limit_bytes: limits.memory_bytes };
    }
    let what = if let DataFusionError::ArrowError(error, _) = root {
        calculation(error)
    } else if matches!(root, DataFusionError::Execution(_)) {
        // Functions report a value they cannot take in this way, and little else does.
        Some("a function cannot be applied")
    } else {
        None
    };
    what.map_or(EngineError::Failed { what: "a fault that no query should meet" }, |what| {
        EngineError::Calculation { what }
    })
}

fn calculation(error: &ArrowError) -> Option<&'static str> {
    if matches!(
        error,
        ArrowError::CastError(_) | ArrowError::ParseError(_) | ArrowError::InvalidArgumentError(_)
    ) {
        Some("the type asked for does not fit")
    } else if matches!(error, ArrowError::DivideByZero) {
        Some("it would divide by zero")
    } else if matches!(error, ArrowError::ArithmeticOverflow(_)) {
        Some("the result is too large for its type")
    } else if matches!(error, ArrowError::ComputeError(_)) {
        Some("the calculation has no result")
    } else {
        None
    }
}

/// The fault of a sealed file, however deep it lies: reader, store and engine each wrap it.
fn sealed(error: &DataFusionError) -> Option<SealedError> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(sealed) = error.downcast_ref::<SealedError>() {
            return Some(sealed.clone());
        }
        // These answer the source of what they hold, and so skip over what they hold.
        next = if let Some(ParquetError::External(held)) = error.downcast_ref::<ParquetError>() {
            Some(held.as_ref())
        } else if let Some(object_store::Error::Generic { source, .. }) =
            error.downcast_ref::<object_store::Error>()
        {
            Some(source.as_ref())
        } else {
            error.source()
        };
    }
    None
}

fn nearest(name: &str, known: &[String]) -> Option<String> {
    let alike = known.iter().map(|known| (strsim::jaro_winkler(name, known), known));
    let (_, known) = alike.filter(|(alike, _)| *alike >= ALIKE).max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    Some(known.clone())
}

/// The values a person typed into a query: quoted text and numbers.
///
/// Names in double quotes count too: text is often put there by mistake.
pub(super) struct Typed(Vec<String>);

impl Typed {
    /// Finds them. A query that cannot be split into tokens is not quoted in any message.
    pub(super) fn read(sql: &str) -> Self {
        let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().unwrap_or_default();
        let values = tokens.iter().map(ToString::to_string).filter_map(|token| {
            let quoted = token.contains(['\'', '"', '`', '$']);
            let value = token.trim_matches(|letter: char| !letter.is_alphanumeric());
            (quoted || value.starts_with(|letter: char| letter.is_ascii_digit())).then(|| value.to_owned())
        });
        let mut values: Vec<_> = values.filter(|value| !value.is_empty()).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values)
    }

    /// `words` on one line, without the values where they stand as words of their own. Places in the query stay.
    fn without(&self, words: &str) -> String {
        let (words, place) = words.rsplit_once(" at Line:").unwrap_or((words, ""));
        let mut kept = words.split_whitespace().collect::<Vec<_>>().join(" ");
        for value in &self.0 {
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            kept = replaced(&kept, &value);
        }
        if place.is_empty() {
            kept
        } else {
            format!("{kept} at line {}", place.trim().replace("Column", "column"))
        }
    }
}

/// `words` with `value` left out wherever no letter or digit adjoins it.
fn replaced(words: &str, value: &str) -> String {
    let joins = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    let mut kept = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, after)) = rest.split_once(value) {
        kept.push_str(before);
        let inside = joins(kept.chars().next_back()) || joins(after.chars().next());
        kept.push_str(if inside { value } else { LEFT_OUT });
        rest = after;
    }
    kept + rest
}
