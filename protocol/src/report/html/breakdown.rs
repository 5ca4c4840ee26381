//! Tables by ethnicity and by gender: the rate over any receiver for every category and cohort, with small bars.
//!
//! Withheld categories whose sum may be shown get appear in one row, "all masked values" (domain 4.3).

use crate::{
    cells::{Dimension, SchoolYear},
    disclosure::{Category, Mark, Outcome, Reason, ReleasedTable},
    report::{
        Report,
        html::{
            escape,
            figure::{bar, count, interval, member, percent},
        },
    },
};

/// One table for each sender.
pub(super) fn tables(report: &Report, dimension: Dimension, tables: &[&ReleasedTable], out: &mut String) {
    let seen = |table: &&&ReleasedTable| table.cells.iter().any(|cell| cell.outcome == Outcome::Rate(None));
    let tables: Vec<_> = tables.iter().filter(seen).collect();
    if tables.is_empty() {
        return;
    }
    out.push_str(&format!("<h3>By {}</h3>\n", dimension.name()));
    for table in tables {
        one(report, table, out);
    }
}

fn one(report: &Report, table: &ReleasedTable, out: &mut String) {
    let name = table.domain.dimension.name();
    out.push_str(&format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"By {name}, {sender}\">\n<table class=\"wide\">\n\
         <caption><span class=\"wrap\">{}: percent observed at any member institution, and under it students observed of students in the group\
         </span></caption>\n<thead><tr><th scope=\"col\">{name}</th>",
        member(report, table.sender),
        sender = table.sender,
    ));
    for cohort in &table.domain.cohorts {
        out.push_str(&format!("<th scope=\"col\" class=\"n\">{cohort}</th>"));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (category, label) in table.domain.dimension.categories().iter().enumerate() {
        let Ok(category) = u8::try_from(category) else { continue };
        out.push_str(&format!("<tr><th scope=\"row\">{}</th>", escape::text(label)));
        for cohort in &table.domain.cohorts {
            cell(table, *cohort, category, out);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n");
    masked_sums(table, out);
    out.push_str("</table>\n</div>\n");
}

fn cell(table: &ReleasedTable, cohort: SchoolYear, category: u8, out: &mut String) {
    let rate = table.mark(cohort, category, Outcome::Rate(None));
    let observed = table.mark(cohort, category, Outcome::Enrolled(None));
    let group = table.mark(cohort, category, Outcome::Cohort);
    let same = rate.and_then(|mark| mark.reason()).is_some() && rate == group;
    let below = if same && matches!(rate, Some(Mark::Suppressed(_))) {
        String::new()
    } else {
        format!("<span class=\"of\">{}{} of {}</span>", count(observed), interval(observed), count(group))
    };
    out.push_str(&format!("<td class=\"n\">{}{}{below}</td>", percent(rate), bar(rate)));
}

/// The sum of the starred counts of each column, where the shown total makes it known anyway.
fn masked_sums(table: &ReleasedTable, out: &mut String) {
    let sums = || {
        table.cells.iter().filter(|cell| {
            matches!(cell.category, Category::AllMasked(_)) && cell.outcome == Outcome::Enrolled(None)
        })
    };
    if sums().next().is_none() {
        return;
    }
    out.push_str(
        "<tbody class=\"sums\">\n<tr><th scope=\"row\">all masked values: sum of the starred counts above</th>",
    );
    for cohort in &table.domain.cohorts {
        let mark = sums().find(|cell| cell.cohort == *cohort).map(|cell| cell.mark);
        let mark = mark.unwrap_or(Mark::NotApplicable(Reason::NotApplicable));
        out.push_str(&format!("<td class=\"n\">{}{}</td>", count(Some(mark)), interval(Some(mark))));
    }
    out.push_str("</tr>\n</tbody>\n");
}
