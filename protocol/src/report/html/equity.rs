//! Equity flags on the page (A14): for each sender and place the subgroups that a measure flags or leaves open, with the
//! figures behind it; the rest in a sentence. Every measure of every subgroup stands in the CSV.

use crate::{
    cells::{Dimension, SchoolYear},
    disclosure::{Category, Outcome, ReleasedTable},
    report::{
        Report,
        equity::{Finding, Flag, MARGIN, Measure, findings},
        html::{
            escape,
            figure::member,
            place::{self, Place},
        },
        rows::category,
    },
};

/// The section of one dimension, if its tables allow any measure.
pub(super) fn tables(report: &Report, dimension: Dimension, tables: &[&ReleasedTable], out: &mut String) {
    if report.is_outside() {
        return;
    }
    let found: Vec<(&ReleasedTable, Vec<Finding>)> = tables
        .iter()
        .map(|table| (*table, findings(report, table)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    if found.is_empty() {
        return;
    }
    out.push_str(&format!("<h3>Equity flags by {}</h3>\n<dl class=\"legend\">\n", dimension.name()));
    for measure in Measure::ALL {
        out.push_str(&format!(
            "<dt>{}</dt><dd>{}</dd>\n",
            measure.word(),
            escape::text(measure.definition())
        ));
    }
    out.push_str(&format!("</dl>\n<p class=\"note\">{MARGIN}.</p>\n"));
    for (table, found) in found {
        for place in place::shown(table) {
            one(report, table, place, &found, out);
        }
    }
}

fn one(report: &Report, table: &ReleasedTable, place: Place, found: &[Finding], out: &mut String) {
    let here: Vec<&Finding> = found.iter().filter(|one| one.outcome == Outcome::Rate(place)).collect();
    if here.is_empty() {
        return;
    }
    let who = format!("{}, observed at {}", member(report, table.sender), place::name(report, table, place));
    let mut rows = Vec::new();
    for one in &here {
        if !rows.contains(&(one.cohort, one.category)) {
            rows.push((one.cohort, one.category));
        }
    }
    let of = |row: &(SchoolYear, u8)| {
        let row = *row;
        here.iter().filter(move |one| (one.cohort, one.category) == row)
    };
    let (open, clear): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| of(row).any(|one| one.flag != Flag::No));
    if open.is_empty() {
        out.push_str(&format!(
            "<p>{who}: no subgroup of the {} whose figures are shown is flagged.</p>\n",
            clear.len()
        ));
        return;
    }
    out.push_str(&format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Equity flags by {}\">\n<table>\n\
         <caption><span class=\"wrap\">{who}: subgroups that a measure flags or leaves open, of {} whose figures are shown. Brackets hold \
         what the intervals allow.</span></caption>\n<thead><tr><th scope=\"col\">Cohort</th><th scope=\"col\">Subgroup</th>",
        table.domain.dimension.name(),
        open.len() + clear.len()
    ));
    for measure in Measure::ALL {
        out.push_str(&format!("<th scope=\"col\" class=\"n\">{}</th>", measure.word()));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &open {
        let label = category(table, &Category::One(row.1));
        out.push_str(&format!(
            "<tr><th scope=\"row\" class=\"year\">{}</th><th scope=\"row\">{}</th>",
            row.0,
            escape::text(&label)
        ));
        for measure in Measure::ALL {
            let text =
                of(row).find(|one| one.measure == measure).map_or_else(|| "n/a".to_owned(), |one| words(one));
            out.push_str(&format!("<td class=\"n\">{text}</td>"));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

fn words(finding: &Finding) -> String {
    let range = if finding.low == finding.high {
        String::new()
    } else {
        format!(" <span class=\"ci\">[{}–{}]</span>", finding.low, finding.high)
    };
    let flag = match finding.flag {
        Flag::Yes => " <strong>flagged</strong>",
        Flag::NotDecided => " not decided",
        Flag::No => "",
    };
    format!("{}{range}{flag}", finding.value)
}
