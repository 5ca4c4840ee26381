//! From the SQL of a metric file to the statement that is run: `$name` becomes the parameter's literal.
//!
//! Words in quotes and comments are left as they are. A `$` that is no parameter, a parameter that is not there and a second
//! statement are refused; whether the rest is SQL is the engine's to say.

use std::collections::BTreeSet;

use super::Parameter;
use crate::document::{DocumentError, KEY_LETTERS_MAX, plain};

/// Letters of one query: two screens. A definition nobody can read is none.
const SQL_LETTERS_MAX: usize = 8_000;

/// A query ready to be run.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    /// With the parameters' literals.
    pub(super) text: String,
    /// Names of the parameters it uses.
    pub(super) used: Vec<&'a str>,
    /// Every word outside of texts and comments, in small letters: what could be the name of a column.
    pub(super) words: BTreeSet<String>,
}

/// The statement of a query as written.
pub(super) fn with_values<'a>(
    sql: &str,
    parameters: &'a [Parameter],
) -> Result<Statement<'a>, DocumentError> {
    let refuse = |expected| Err(DocumentError::OutOfRange { key: "sql", expected });
    let steers = |letter: char| letter.is_control() && letter != '\n';
    if sql.trim().is_empty() || sql.chars().count() > SQL_LETTERS_MAX || sql.chars().any(steers) {
        return refuse("a query of at most 8000 letters, without control characters");
    }
    let (mut out, mut used) = (String::with_capacity(sql.len() * 2), Vec::new());
    let mut words: BTreeSet<String> = BTreeSet::new();
    // What stands before a `*` tells a product from "every column", which no list of elements could name.
    let mut before = String::new();
    let mut rest = sql;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '\'' | '"' => match quoted_length(rest, letter) {
                Some(length) => length,
                None => return refuse("a query whose quotes are closed"),
            },
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => match rest.find("*/") {
                Some(end) => end + 2,
                None => return refuse("a query whose comments are closed"),
            },
            ';' => return refuse("one query without a semicolon"),
            '*' if matches!(before.as_str(), "select" | "distinct" | "all" | "," | ".") => {
                return refuse("a query that names its columns; `*` would read them all");
            }
            '$' => {
                let name: &str = word(rest.get(1..).unwrap_or_default());
                let found = parameters.iter().find(|parameter| parameter.name == name);
                let Some(parameter) = found.filter(|_| !name.is_empty()) else {
                    let name = plain(name, KEY_LETTERS_MAX);
                    let expected = format!("a query of known parameters: there is no parameter `{name}`");
                    return Err(DocumentError::Ruled { rule: "A2", key: "sql", expected });
                };
                out.push_str(&parameter.literal);
                if !used.contains(&parameter.name.as_str()) {
                    used.push(parameter.name.as_str());
                }
                rest = rest.get(1 + name.len()..).unwrap_or_default();
                before.clear();
                continue;
            }
            _ => word(rest).len().max(letter.len_utf8()),
        };
        let (taken, left) = rest.split_at_checked(length).unwrap_or((rest, ""));
        out.push_str(taken);
        let comment = taken.starts_with("--") || taken.starts_with("/*");
        if letter != '\'' && !comment && !taken.trim().is_empty() {
            before = taken.trim_matches('"').to_ascii_lowercase();
            words.insert(before.clone());
        }
        rest = left;
    }
    Ok(Statement { text: out, used, words })
}

/// Bytes of a quoted word with its quotes; two quotes in a row are one inside it.
fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == quote && letters.next_if(|(_, next)| *next == quote).is_none() {
            return Some(at + 1);
        }
    }
    None
}

fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}
