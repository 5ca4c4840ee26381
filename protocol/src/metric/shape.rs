//! The file of a metric as written, and every bound it must keep.

use serde::Deserialize;

use super::{Computation, Confidence, Metric, MetricOutcome, Parameter, Program, Side, parameter, statement};
use crate::{
    agreement::Segment,
    cells::{Dimension, OUTCOMES_MAX, PLACES_MAX},
    dictionary::{Dictionary, column_name},
    document::{self, DocumentError, KEY_LETTERS_MAX, is_plain, plain},
    ids::Digest,
};

const FORMAT: &str = "passage-metric/2";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    format: String,
    id: String,
    version: u16,
    kind: Kind,
    title: String,
    #[serde(default)]
    senders: Vec<Segment>,
    #[serde(default)]
    receivers: Vec<Segment>,
    #[serde(default)]
    holders: Vec<Segment>,
    windows: Option<u8>,
    by: Vec<String>,
    source: String,
    confidence: Confidence,
    text: String,
    pseudo_code: String,
    #[serde(default)]
    pitfalls: Vec<String>,
    #[serde(default)]
    not_comparable_with: Vec<String>,
    #[serde(default)]
    outcome: Vec<MetricOutcome>,
    #[serde(default)]
    parameter: Vec<parameter::Shape>,
    sender: Option<Part>,
    receiver: Option<Part>,
    own: Option<Part>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Linked,
    Own,
}

/// What one side of a file runs, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    elements: Vec<String>,
    sql: String,
}

/// Reads a metric file.
pub(super) fn metric(text: &str) -> Result<Metric, DocumentError> {
    document::refuse_earlier(text, &["passage-metric/1"], FORMAT)?;
    let shape: Shape = document::read(text)?;
    check(&shape)?;
    let dimensions = shape
        .by
        .iter()
        .map(|name| {
            Dimension::parse(name).ok_or_else(|| unknown("by", name, Dimension::every().map(Dimension::name)))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let parameters =
        shape.parameter.into_iter().map(parameter::Shape::read).collect::<Result<Vec<_>, _>>()?;
    each_once("parameter.name", parameters.iter().map(|parameter| parameter.name.as_str()))?;
    let parts = [(Side::Sender, shape.sender), (Side::Receiver, shape.receiver), (Side::Own, shape.own)];
    let programs = programs(parts, &parameters)?;
    let kind = match shape.kind {
        Kind::Linked => Computation::Linked,
        Kind::Own => Computation::Own,
    };
    let mut outcomes = shape.outcome;
    if outcomes.is_empty() {
        outcomes.push(MetricOutcome { name: "enrolled".to_owned(), label: "enrolled".to_owned() });
    }
    Ok(Metric {
        id: shape.id,
        version: shape.version,
        kind,
        title: shape.title,
        senders: shape.senders,
        receivers: shape.receivers,
        holders: shape.holders,
        windows: shape.windows.unwrap_or(1),
        outcomes,
        text: shape.text.trim().to_owned(),
        pseudo_code: shape.pseudo_code.trim_matches('\n').to_owned(),
        source: shape.source,
        confidence: shape.confidence,
        dimensions,
        parameters,
        pitfalls: shape.pitfalls,
        not_comparable_with: shape.not_comparable_with,
        programs,
        digest: Digest::derive("passage v1 metric", text.as_bytes()),
    })
}

fn check(shape: &Shape) -> Result<(), DocumentError> {
    let linked = matches!(shape.kind, Kind::Linked);
    let (own, link_alone) = (!linked, shape.windows == Some(0));
    let lines = |list: &[String]| list.len() <= 12 && list.iter().all(|line| is_line(line, 500));
    let labelled = |outcome: &MetricOutcome| is_name(&outcome.name) && is_line(&outcome.label, 80);
    let rules = [
        (shape.format == FORMAT, "format", "\"passage-metric/2\""),
        (is_name(&shape.id), "id", "at most 40 small letters, digits and hyphens"),
        (shape.version > 0, "version", "at least 1"),
        (is_line(&shape.title, 120), "title", "a line of at most 120 letters"),
        (is_line(&shape.source, 400), "source", "a line of at most 400 letters"),
        (is_text(&shape.text), "text", "at most 2000 letters without control characters"),
        (is_text(&shape.pseudo_code), "pseudo_code", "at most 2000 letters without control characters"),
        (lines(&shape.pitfalls), "pitfalls", "at most 12 lines of at most 500 letters"),
        (lines(&shape.not_comparable_with), "not_comparable_with", "at most 12 lines of at most 500 letters"),
        (
            linked != (shape.senders.is_empty() || shape.receivers.is_empty()),
            "senders/receivers",
            "at least one segment each in a linked metric, and none in one of `own`",
        ),
        (
            own != shape.holders.is_empty(),
            "holders",
            "segments in a metric of `own`, and none in a linked one",
        ),
        (
            shape.sender.is_some() == linked
                && shape.receiver.is_some() == (linked && !link_alone)
                && shape.own.is_some() == own,
            "sender/receiver/own",
            "a part for each side: `sender` and `receiver` of a linked metric, `sender` alone where `windows` is 0, `own` of the other kind",
        ),
        (
            shape.windows.is_none_or(|windows| linked && windows <= PLACES_MAX),
            "windows",
            "1 to 4 cohort years, or 0 where the link alone counts, in a linked metric",
        ),
        (!link_alone || shape.outcome.len() == 1, "outcome", "one outcome where `windows` is 0"),
        (shape.outcome.len() <= usize::from(OUTCOMES_MAX), "outcome", "at most 15 outcomes"),
        (shape.outcome.iter().all(labelled), "outcome", "a short name and a label each"),
        (shape.parameter.len() <= 16, "parameter", "at most 16 parameters"),
        (!shape.by.is_empty(), "by", "a list of at least one dimension"),
    ];
    if let Some((_, key, expected)) = rules.into_iter().find(|(holds, ..)| !holds) {
        return Err(DocumentError::OutOfRange { key, expected });
    }
    each_once("outcome.name", shape.outcome.iter().map(|outcome| outcome.name.as_str()))?;
    each_once("by", shape.by.iter().map(String::as_str))
}

/// What the sides of a file run, with the parameters' values.
pub(crate) fn programs<const SIDES: usize>(
    parts: [(Side, Option<Part>); SIDES],
    parameters: &[Parameter],
) -> Result<Vec<Program>, DocumentError> {
    let dictionary = Dictionary::builtin()?;
    let (mut programs, mut used) = (Vec::new(), Vec::new());
    for (side, part) in parts {
        let Some(Part { elements, sql }) = part else { continue };
        if elements.is_empty() || elements.len() > 40 {
            return Err(DocumentError::OutOfRange {
                key: "elements",
                expected: "a list of 1 to 40 elements of the dictionary",
            });
        }
        if let Some(name) = elements.iter().find(|name| !dictionary.elements.contains_key(*name)) {
            return Err(unknown("elements", name, dictionary.elements.keys().map(String::as_str)));
        }
        each_once("elements", elements.iter().map(String::as_str))?;
        let statement = statement::with_values(&sql, parameters)?;
        // What a share list lets through must be what is read: a column that is not declared is not read.
        let silent = dictionary
            .elements
            .keys()
            .find(|name| statement.words.contains(&column_name(name)) && !elements.contains(name));
        if let Some(silent) = silent {
            let expected = format!("a list of everything the SQL reads: it reads `{silent}` too");
            return Err(DocumentError::Ruled { rule: "G02", key: "elements", expected });
        }
        used.extend(statement.used);
        programs.push(Program { side, elements, sql: sql.trim().to_owned(), statement: statement.text });
    }
    match parameters.iter().find(|parameter| !used.contains(&parameter.name.as_str())) {
        None => Ok(programs),
        Some(idle) => {
            let expected = format!("a list of what the SQL uses: nothing reads `{}`", idle.name);
            Err(DocumentError::Ruled { rule: "A2", key: "parameter", expected })
        }
    }
}

/// A name that is not known, with the nearest that is.
fn unknown<'a>(key: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> DocumentError {
    let name = plain(name, KEY_LETTERS_MAX);
    let nearest = known.into_iter().min_by_key(|known| strsim::damerau_levenshtein(known, &name));
    let expected = format!(
        "a list of known names: there is no `{name}`, the nearest is `{}`",
        nearest.unwrap_or_default()
    );
    DocumentError::Ruled { rule: "A2", key, expected }
}

fn each_once<'a>(key: &'static str, names: impl Iterator<Item = &'a str>) -> Result<(), DocumentError> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    match names.is_sorted_by(|one, next| one < next) {
        true => Ok(()),
        false => Err(DocumentError::OutOfRange { key, expected: "a list in which a name stands once" }),
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.len() <= 40
        && text.bytes().all(allowed)
}

/// True if a text is one line that says something.
pub(super) fn is_line(text: &str, letters_max: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= letters_max && !text.chars().any(char::is_control)
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && is_plain(text)
}
