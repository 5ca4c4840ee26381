//! In which band the median lies, on the page.

use crate::{
    disclosure::{Category, Outcome, ReleasedTable},
    report::{
        Report,
        html::{escape, figure::member},
        median::{DEFINITION, Median, label, medians},
        rows::category,
    },
};

/// One table over all senders, receivers and rows that have a median; nothing if none has.
pub(super) fn tables(report: &Report, tables: &[&ReleasedTable], out: &mut String) {
    let found: Vec<(&ReleasedTable, Vec<Median>)> = tables
        .iter()
        .map(|table| (*table, medians(report, table)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    if found.is_empty() {
        return;
    }
    out.push_str(&format!(
        "<h3>Where the median lies</h3>\n<p class=\"note\">{}.</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Where the median lies\">\n<table>\n\
         <thead><tr><th scope=\"col\">From</th><th scope=\"col\">At</th><th scope=\"col\">Cohort</th><th scope=\"col\">Students</th>\
         <th scope=\"col\">Median</th></tr></thead>\n<tbody>\n",
        escape::text(DEFINITION)
    ));
    for (table, found) in found {
        for median in found {
            out.push_str(&row(report, table, &median));
        }
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

fn row(report: &Report, table: &ReleasedTable, median: &Median) -> String {
    let band = |band: usize| escape::text(&label(table, band));
    let range = if median.low == median.high {
        String::new()
    } else {
        format!(" <span class=\"ci\">[{} – {}]</span>", band(median.low), band(median.high))
    };
    let at = table.receiver(Outcome::Enrolled(Some(median.receiver))).map(|code| member(report, code));
    format!(
        "<tr><th scope=\"row\">{}</th><th scope=\"row\">{}</th><th scope=\"row\" class=\"year\">{}</th><td>{}</td><td>{}{range}</td></tr>\n",
        member(report, table.sender),
        at.unwrap_or_default(),
        median.cohort,
        escape::text(&category(table, &Category::One(median.category))),
        band(median.value)
    )
}
