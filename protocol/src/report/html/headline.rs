//! The first sentences under a metric's heading: the newest cohort in plain words, and what a cut page leaves out.

use crate::{
    cells::SchoolYear,
    disclosure::{Mark, Outcome, ReleasedTable},
    report::{
        Report,
        html::{
            escape,
            figure::{grouped, range},
            place::{self, Place},
        },
    },
};

/// One sentence for each sender whose totals the viewer may see: over any receiver, or one for each receiver shown.
pub(super) fn sentences(report: &Report, totals: &[&ReleasedTable], out: &mut String) {
    for table in totals {
        for place in place::main(table) {
            if let Some(sentence) = sentence(report, table, place) {
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

fn sentence(report: &Report, table: &ReleasedTable, place: Place) -> Option<String> {
    let who = if table.sender == report.viewer {
        "your students".to_owned()
    } else {
        format!("the students of <span class=\"code\">{}</span>", table.sender)
    };
    let seen_at = match place::receiver(table, place) {
        None => "at a member institution".to_owned(),
        Some(receiver) if receiver == report.viewer => {
            format!("at your institution, <span class=\"code\">{receiver}</span>")
        }
        Some(receiver) => format!("at <span class=\"code\">{receiver}</span>"),
    };
    let Some((cohort, share)) = newest(table, place) else {
        return Some(format!(
            "Too few of {who} are in these cohorts for a rate of those seen {seen_at} to be shown."
        ));
    };
    let detail = detail(table, place, cohort);
    Some(format!("Of {who} in the {cohort} cohort, {share}{detail} were observed {seen_at}."))
}

/// The newest cohort about which anything at all can be said, and its share in words.
fn newest(table: &ReleasedTable, place: Place) -> Option<(SchoolYear, String)> {
    table.domain.cohorts.iter().rev().find_map(|cohort| {
        let share = match table.mark(*cohort, 0, Outcome::Rate(place))? {
            Mark::Value { value, .. } => format!("<strong>{value}\u{202F}%</strong>"),
            Mark::Bound { low, high, .. } => format!("<strong>{}</strong>", range(low, high)),
            Mark::NotApplicable(_) | Mark::Suppressed(_) => return None,
        };
        Some((*cohort, share))
    })
}

/// The counts behind the share, in brackets, where both are shown.
fn detail(table: &ReleasedTable, place: Place, cohort: SchoolYear) -> String {
    let count = table.mark(cohort, 0, Outcome::Enrolled(place));
    let all = table.mark(cohort, 0, Outcome::Cohort).and_then(|mark| mark.value());
    let (Some(Mark::Value { value, low, high }), Some(all)) = (count, all) else { return String::new() };
    let (shown, all) = (grouped(value), grouped(all));
    if low == value && high == value {
        format!(" ({shown} of {all})")
    } else {
        format!(" (about {shown} of {all}; 95\u{202F}% interval {} to {})", grouped(low), grouped(high))
    }
}
