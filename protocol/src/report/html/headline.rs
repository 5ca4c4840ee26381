//! The first sentences under a metric's heading: the newest cohort in plain words, and what a cut page leaves out.

use crate::{
    cells::SchoolYear,
    disclosure::{Mark, Outcome, ReleasedTable},
    report::{
        Report,
        gap::counts_links,
        html::{
            escape,
            figure::{grouped, range},
            place::{self, Place, Sight},
        },
    },
};

/// One sentence for each sender whose totals the viewer may see: over any receiver, or one for each receiver shown; and one for each
/// two receivers of which anything can be said.
pub(super) fn sentences(report: &Report, totals: &[&ReleasedTable], out: &mut String) {
    for table in totals {
        for place in place::main(table) {
            if let Some(sentence) = sentence(report, table, place) {
                out.push_str(&format!("<p class=\"headline\">{sentence}</p>\n"));
            }
        }
        for pathway in place::pathways(table) {
            if let Some(sentence) = both(report, table, pathway) {
                out.push_str(&format!("<p class=\"headline\">{sentence}</p>\n"));
            }
        }
    }
}

/// What "observed" means here: never more than the members saw, and on a cut page not even that.
pub(super) fn caveat(report: &Report, tables: &[&ReleasedTable], out: &mut String) {
    out.push_str(&format!(
        "<p class=\"caveat\"><strong>Member-observed, a lower bound.</strong> {}",
        escape::text(&report.coverage)
    ));
    if tables.iter().any(|table| place::is_partial(table)) {
        let cut = if report.is_outside() { "Cut to a share list" } else { "Cut to this reader's share list" };
        out.push_str(&format!(
            " <strong>{cut}:</strong> each figure is about the one institution named with it, and a student seen only at another \
             member is not in it."
        ));
    }
    out.push_str("</p>\n");
}

/// The students of a sentence.
fn who(report: &Report, table: &ReleasedTable) -> String {
    if table.sender == report.viewer {
        "your students".to_owned()
    } else {
        format!("the students of <span class=\"code\">{}</span>", table.sender)
    }
}

/// What is said of the students counted.
fn observed(table: &ReleasedTable) -> &'static str {
    if counts_links(&table.metric) { "found in the records" } else { "observed" }
}

/// A pathway in words; nothing where nothing can be said, since the table says why.
fn both(report: &Report, table: &ReleasedTable, pathway: Sight) -> Option<String> {
    let (first, second) = pathway.count().both()?;
    let (cohort, share) = newest(table, pathway.rate())?;
    let at = |place| format!("<span class=\"code\">{}</span>", place::plain(table, Some(place)));
    Some(format!(
        "Of {} in the {cohort} cohort, {share}{} were {} both at {} and at {}.",
        who(report, table),
        detail(table, pathway.count(), cohort),
        observed(table),
        at(first),
        at(second)
    ))
}

fn sentence(report: &Report, table: &ReleasedTable, place: Place) -> Option<String> {
    let who = who(report, table);
    let seen_at = match place::receiver(table, place) {
        None => "at a member institution".to_owned(),
        Some(receiver) if receiver == report.viewer => {
            format!("at your institution, <span class=\"code\">{receiver}</span>")
        }
        Some(receiver) => format!("at <span class=\"code\">{receiver}</span>"),
    };
    let Some((cohort, share)) = newest(table, Outcome::Rate(place)) else {
        return Some(format!(
            "Too few of {who} are in these cohorts for a rate of those {} {seen_at} to be shown.",
            if counts_links(&table.metric) { "found" } else { "seen" }
        ));
    };
    let detail = detail(table, Outcome::Enrolled(place), cohort);
    Some(format!("Of {who} in the {cohort} cohort, {share}{detail} were {} {seen_at}.", observed(table)))
}

/// The newest cohort about which anything at all can be said, and its share in words.
fn newest(table: &ReleasedTable, rate: Outcome) -> Option<(SchoolYear, String)> {
    table.domain.cohorts.iter().rev().find_map(|cohort| {
        let share = match table.mark(*cohort, 0, rate)? {
            Mark::Value { value, .. } => format!("<strong>{value}\u{202F}%</strong>"),
            Mark::Bound { low, high, .. } => format!("<strong>{}</strong>", range(low, high)),
            Mark::NotApplicable(_) | Mark::Suppressed(_) => return None,
        };
        Some((*cohort, share))
    })
}

/// The counts behind the share, in brackets, where both are shown.
fn detail(table: &ReleasedTable, counted: Outcome, cohort: SchoolYear) -> String {
    let count = table.mark(cohort, 0, counted);
    let all = table.mark(cohort, 0, Outcome::Cohort).and_then(|mark| mark.value());
    let (Some(Mark::Value { value, low, high }), Some(all)) = (count, all) else { return String::new() };
    let (shown, all) = (grouped(value), grouped(all));
    if low == value && high == value {
        format!(" ({shown} of {all})")
    } else {
        format!(" (about {shown} of {all}; 95\u{202F}% interval {} to {})", grouped(low), grouped(high))
    }
}
