//! The gap between groups in the match panel by subgroup, on the page (A1).

use crate::{
    cells::Dimension,
    disclosure::{Category, Outcome, ReleasedTable},
    report::{
        Report,
        gap::{DEFINITION, Gap, MEASURE, NOT_A_RATE, gaps},
        html::{
            escape,
            figure::member,
            place::{self, Place},
        },
        rows::category,
    },
};

/// What the figures are not, before any of them.
pub(super) fn warning(out: &mut String) {
    out.push_str(&format!(
        "<p class=\"caveat\"><strong>How well records match.</strong> {NOT_A_RATE}.</p>\n"
    ));
}

/// The section of one dimension, if its tables show two groups.
pub(super) fn tables(report: &Report, dimension: Dimension, tables: &[&ReleasedTable], out: &mut String) {
    let found: Vec<(&ReleasedTable, Vec<Gap>)> = tables
        .iter()
        .map(|table| (*table, gaps(report, table)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    if found.is_empty() {
        return;
    }
    out.push_str(&format!(
        "<h3>Between groups by {}</h3>\n<p class=\"note\">{MEASURE}: {DEFINITION}.</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Between groups by {}\">\n<table>\n\
         <caption><span class=\"wrap\">Groups found least and most often, of those whose figures are shown. Brackets hold what the intervals allow.\
         </span></caption>\n<thead><tr><th scope=\"col\">From</th><th scope=\"col\">Found at</th><th scope=\"col\">Cohort</th>\
         <th scope=\"col\">Least often</th><th scope=\"col\">Most often</th><th scope=\"col\" class=\"n\">Groups</th>\
         <th scope=\"col\" class=\"n\">Points between</th></tr></thead>\n<tbody>\n",
        dimension.name(),
        dimension.name()
    ));
    for (table, found) in found {
        for place in place::shown(table) {
            found.iter().filter(|gap| gap.outcome == Outcome::Rate(place)).for_each(|gap| {
                out.push_str(&row(report, table, place, gap));
            });
        }
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

fn row(report: &Report, table: &ReleasedTable, place: Place, gap: &Gap) -> String {
    let label = |group: u8| escape::text(&category(table, &Category::One(group)));
    let range = if gap.low == gap.high {
        String::new()
    } else {
        format!(" <span class=\"ci\">[{}–{}]</span>", gap.low, gap.high)
    };
    format!(
        "<tr><th scope=\"row\">{}</th><th scope=\"row\">{}</th><th scope=\"row\" class=\"year\">{}</th><td>{}</td><td>{}</td>\
         <td class=\"n\">{}</td><td class=\"n\">{}{range}</td></tr>\n",
        member(report, table.sender),
        place::name(report, table, place),
        gap.cohort,
        label(gap.least),
        label(gap.most),
        gap.groups,
        gap.value
    )
}
