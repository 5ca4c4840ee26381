//! The first sentence under a metric's heading: the newest cohort in plain words.

use crate::{
    disclosure::{Mark, Outcome, ReleasedTable},
    report::{
        Report,
        html::figure::{grouped, range},
    },
};

/// One sentence for each sender whose totals the viewer may see.
pub(super) fn sentences(report: &Report, totals: &[&ReleasedTable], out: &mut String) {
    for table in totals {
        if let Some(sentence) = sentence(report, table) {
            out.push_str(&format!("<p class=\"headline\">{sentence}</p>\n"));
        }
    }
}

fn sentence(report: &Report, table: &ReleasedTable) -> Option<String> {
    // The newest cohort about which anything at all can be said.
    let newest = table.domain.cohorts.iter().rev().find_map(|cohort| {
        let rate = table.mark(*cohort, 0, Outcome::Rate(None))?;
        let told = matches!(rate, Mark::Value { .. } | Mark::Bound { .. });
        told.then_some((*cohort, rate))
    });
    let who = if table.sender == report.viewer {
        "your students".to_owned()
    } else {
        format!("the students of <span class=\"code\">{}</span>", table.sender)
    };
    let Some((cohort, rate)) = newest else {
        return table
            .mark(*table.domain.cohorts.last()?, 0, Outcome::Rate(None))
            .map(|_| format!("Too few of {who} are in these cohorts for a rate to be shown."));
    };
    let share = match rate {
        Mark::Value { value, .. } => format!("<strong>{value}\u{202F}%</strong>"),
        Mark::Bound { low, high, .. } => format!("<strong>{}</strong>", range(low, high)),
        Mark::NotApplicable(_) | Mark::Suppressed(_) => return None,
    };
    let cohort_mark = table.mark(cohort, 0, Outcome::Cohort);
    let count = table.mark(cohort, 0, Outcome::Enrolled(None));
    let detail = match (count, cohort_mark) {
        (Some(Mark::Value { value, low, high }), Some(Mark::Value { value: all, .. }))
            if low == value && high == value =>
        {
            format!(" ({} of {})", grouped(value), grouped(all))
        }
        (Some(Mark::Value { value, low, high }), Some(Mark::Value { value: all, .. })) => {
            let (value, all, low, high) = (grouped(value), grouped(all), grouped(low), grouped(high));
            format!(" (about {value} of {all}; 95\u{202F}% interval {low} to {high})")
        }
        _ => String::new(),
    };
    Some(format!("Of {who} in the {cohort} cohort, {share}{detail} were observed at a member institution."))
}
