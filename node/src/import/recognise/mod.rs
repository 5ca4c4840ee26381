//! Which layout a file has, from its content and never from its name (D1).
//!
//! By position: record type, number of columns, then probes: every column with a check must hold what it should, since
//! years of the same layout differ by a column. By name: the header row, and probes. By bytes: the record length, and
//! probes. It promises one layout or a refusal that says what each lacked; it never takes a file it doubts.

mod ambiguity;
mod by_bytes;
mod by_name;
mod by_position;
mod dates;
mod probe;
mod sample;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

pub(super) use self::probe::holds;
use self::sample::{Content, Sample};
use super::{
    error::{ImportError, Miss, Nearness},
    fault::Fault,
    layout::{Delimiter, Finding, Layout},
    shape::{FileForm, FirstRow, Shape},
};

/// A file and the layout it has.
pub struct Recognised {
    /// Where it is.
    pub path: PathBuf,
    /// Its layout.
    pub layout: Layout,
    /// Why it was taken to be that, for the clerk.
    pub why: String,
    /// Size, bytes.
    pub bytes: u64,
    pub(super) shape: Shape,
}

/// A layout that fits a sample.
struct Fit {
    layout: Layout,
    why: String,
    shape: Shape,
    /// Places of the header row that the layout reads; empty if it reads by position or bytes.
    reads: BTreeSet<usize>,
}

/// Something told about the file, and the place of the column of the layout it is about.
type Note = (Fault, Option<usize>);

/// Why a layout does not fit.
struct Doubt {
    why: String,
    near: Nearness,
}

impl Doubt {
    fn new(near: Nearness, why: impl Into<String>) -> Self {
        Self { why: why.into(), near }
    }
}

/// Finds the layout of a file among the shipped ones and `own`. An own layout replaces a shipped one of the same id.
///
/// # Errors
///
/// [`ImportError::Unrecognised`] with the nearest layouts and what they lacked; [`ImportError::Ambiguous`];
/// [`ImportError::LayoutRefused`]; what is wrong with the file as a whole.
///
/// # Cost
///
/// Reads the first 200 rows; of a spreadsheet, every part once.
pub fn recognise(path: &Path, own: &[Layout]) -> Result<Recognised, ImportError> {
    let shipped = Layout::built_in()?;
    let not_replaced = |layout: &&Layout| own.iter().all(|other| other.id != layout.id);
    choose(path, &Sample::take(path)?, shipped.iter().filter(not_replaced).chain(own))
}

/// As [`recognise`], when the clerk has said which layout it is (`--layout`): the file must still fit it.
///
/// # Errors
///
/// As [`recognise`].
pub fn recognise_as(path: &Path, layout: &Layout) -> Result<Recognised, ImportError> {
    choose(path, &Sample::take(path)?, [layout])
}

/// As [`recognise`], when the clerk has named several layouts for several files: the named ones are tried first, and one
/// that fits alone wins; if none fits, the others are tried.
///
/// # Errors
///
/// As [`recognise`].
pub fn recognise_among(path: &Path, named: &[Layout], others: &[Layout]) -> Result<Recognised, ImportError> {
    let sample = Sample::take(path)?;
    match choose(path, &sample, named) {
        Err(ImportError::Unrecognised { tried: mut missed }) => {
            choose(path, &sample, others).map_err(|error| {
                let ImportError::Unrecognised { tried } = error else { return error };
                missed.extend(tried);
                missed.sort_by_key(|miss| core::cmp::Reverse(miss.near));
                ImportError::Unrecognised { tried: missed }
            })
        }
        decided => decided,
    }
}

/// The choice itself.
fn choose<'a>(
    path: &Path,
    sample: &Sample,
    layouts: impl IntoIterator<Item = &'a Layout>,
) -> Result<Recognised, ImportError> {
    let mut fitting: Vec<Fit> = Vec::new();
    let mut tried: Vec<Miss> = Vec::new();
    for layout in layouts {
        match fit(layout, sample) {
            Ok(fit) => fitting.push(fit),
            Err(doubt) => tried.push(Miss { layout: layout.id.clone(), why: doubt.why, near: doubt.near }),
        }
    }
    ambiguity::narrow(&mut fitting);
    let Some(mut fit) = fitting.pop() else {
        tried.sort_by_key(|miss| core::cmp::Reverse(miss.near));
        return Err(ImportError::Unrecognised { tried });
    };
    if !fitting.is_empty() {
        fitting.push(fit);
        return Err(ambiguity::refusal(&fitting));
    }
    if let Some(why) = &fit.layout.refused {
        return Err(ImportError::LayoutRefused { layout: fit.layout.id.clone(), why: why.clone() });
    }
    if fit.shape.first_row == FirstRow::Names && sample.has_one_row() {
        return Err(ImportError::HeaderOnly);
    }
    if sample.marked {
        fit.shape.notes.push((Fault::ByteOrderMark, None));
    }
    Ok(Recognised {
        path: path.to_owned(),
        layout: fit.layout,
        why: fit.why,
        bytes: sample.bytes,
        shape: fit.shape,
    })
}

/// Tries one layout, with every delimiter it may have.
fn fit(layout: &Layout, sample: &Sample) -> Result<Fit, Doubt> {
    if layout.finding() == Finding::Bytes {
        return match &sample.content {
            Content::Text(text) => by_bytes::fit(layout, &text.lines),
            Content::Sheet(_) => {
                Err(Doubt::new(Nearness::Other, "it is a spreadsheet, expected fixed-width text"))
            }
            Content::Parquet(_) => {
                Err(Doubt::new(Nearness::Other, "it is a Parquet file, expected fixed-width text"))
            }
        };
    }
    let mut nearest: Option<Doubt> = None;
    let tables: Vec<(FileForm, &'static str, &sample::Table)> = match &sample.content {
        Content::Parquet(rows) => vec![(FileForm::Parquet, "a Parquet file", rows)],
        Content::Sheet(rows) => vec![(FileForm::Sheet, "a spreadsheet", rows)],
        Content::Text(text) => {
            let cut = |delimiter: &Delimiter| {
                (FileForm::Delimited(delimiter.character()), delimiter.word(), text.cut(*delimiter))
            };
            layout.delimiters.iter().map(cut).collect()
        }
    };
    for (form, word, table) in tables {
        let found = match layout.finding() {
            Finding::Name => by_name::fit(layout, table, form, word),
            Finding::Bytes | Finding::Position => by_position::fit(layout, table, form, word),
        };
        match found {
            Ok(fit) => return Ok(fit),
            Err(doubt) if nearest.as_ref().is_none_or(|known| known.near < doubt.near) => {
                nearest = Some(doubt)
            }
            Err(_) => {}
        }
    }
    Err(nearest.unwrap_or_else(|| Doubt::new(Nearness::Other, "it has no delimiter to try")))
}
