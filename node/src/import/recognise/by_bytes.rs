//! Columns at byte ranges: fixed-width records, recognised by their length and by probes.

use std::collections::BTreeSet;

use super::{
    Doubt, Fit, Note, dates,
    probe::{Opinion, Score, counts},
};
use crate::import::{
    error::Nearness,
    layout::{Layout, Need},
    shape::{FileForm, FirstRow, Shape},
    source::{Record, Ruler},
};

/// Tries the layout on lines, with every record length it has.
pub(super) fn fit(layout: &Layout, lines: &[String]) -> Result<Fit, Doubt> {
    let mut nearest: Option<Doubt> = None;
    for length in &layout.record_bytes {
        let ruler = Ruler {
            length: *length,
            kind: layout.record_types.first().map_or(0, String::len),
            columns: layout.column.iter().map(|column| column.at.unwrap_or((1, 0))).collect(),
        };
        match measure(layout, lines, &ruler) {
            Ok((why, layout, notes)) => {
                let width = ruler.columns.len() + 1;
                let inside = |(_, last): &(usize, usize)| last <= length;
                let places = ruler.columns.iter().enumerate();
                let places = places.map(|(place, at)| inside(at).then_some(place + 1)).collect();
                let form = FileForm::Fixed(ruler);
                let shape = Shape { form, first_row: FirstRow::Record, width, places, notes };
                return Ok(Fit { layout, why, shape, reads: BTreeSet::new() });
            }
            Err(doubt) if nearest.as_ref().is_none_or(|known| known.near < doubt.near) => {
                nearest = Some(doubt)
            }
            Err(_) => {}
        }
    }
    Err(nearest.unwrap_or_else(|| Doubt::new(Nearness::Other, "the layout has no record length")))
}

/// Why the lines fit, the layout as the file has it, and what is told of the file.
type Measured = (String, Layout, Vec<Note>);

fn measure(layout: &Layout, lines: &[String], ruler: &Ruler) -> Result<Measured, Doubt> {
    let mut rows = Vec::new();
    for line in lines {
        let mut record = Record::default();
        ruler.cut(line, &mut record);
        if record.fault.is_none() {
            rows.push(record);
        }
    }
    if rows.len() * 2 <= lines.len() {
        let seen = lines.first().map_or(0, String::len);
        let known = |line: &&String| layout.record_types.iter().any(|kind| line.starts_with(kind.as_str()));
        let kin = lines.iter().filter(known).count() * 2 > lines.len();
        return Err(Doubt::new(
            if kin { Nearness::Close } else { Nearness::Other },
            format!("it has records of {seen} bytes, expected {}", ruler.length),
        ));
    }
    let typed = rows.iter().filter(|row| layout.record_types.iter().any(|kind| kind == row.field(0))).count();
    if !layout.record_types.is_empty() && typed * 2 < rows.len() {
        let words = format!("its records do not begin with {}", layout.record_types.join(" or "));
        return Err(Doubt::new(Nearness::Kin, words));
    }
    let published = layout;
    let dated = dates::settle(layout, |place| rows.iter().map(move |row| row.field(place + 1)));
    let layout = dated.as_ref().map_or(layout, |dated| &dated.layout);
    let mut passed = 0;
    for (place, column) in layout.column.iter().enumerate().filter(|(_, column)| column.is_probe()) {
        let counting = rows.iter().filter(|row| counts(layout, column, |other| row.field(other + 1)));
        let score = Score::of_bytes(column, counting.map(|row| row.field(place + 1)));
        let (first, last) = column.at.unwrap_or((1, 0));
        let at = format!("bytes {first} to {last} ({})", column.name);
        match score.opinion() {
            Opinion::Passes => passed += 1,
            Opinion::Blank
                if column.need != Need::Optional && layout.refused.is_none() && last <= ruler.length =>
            {
                return Err(Doubt::new(
                    Nearness::Close,
                    format!("{at} have no value in {} rows", rows.len()),
                ));
            }
            Opinion::Blank => {}
            Opinion::Fails => {
                let words = format!("{at} pass their check in {} of {} rows", score.passed, score.values);
                return Err(Doubt::new(Nearness::Close, words));
            }
        }
    }
    if passed == 0 {
        return Err(Doubt::new(Nearness::Kin, "no checked column has a value"));
    }
    let kind = match layout.record_types.as_slice() {
        [] => String::new(),
        kinds => format!("record type {}, ", kinds.join(" or ")),
    };
    let why =
        format!("{kind}records of {} bytes, {passed} checked columns hold what they should", ruler.length);
    let (layout, notes) = dates::settled(published, dated)?;
    Ok((why, layout, notes))
}
