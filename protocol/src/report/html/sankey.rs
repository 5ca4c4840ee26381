//! Where one cohort went: bands from the sender to each receiver and to "not observed", thickness by students.
//!
//! Years are chosen with radio buttons and style sheet rules alone; on paper every year is printed. Students seen at two
//! receivers are drawn in both bands, and the caption says so. A withheld band is drawn dashed, at a fixed thickness.

use crate::{
    cells::SchoolYear,
    disclosure::{Mark, Outcome, ReleasedTable},
    report::{
        Report,
        html::figure::{grouped, member},
    },
};

const WIDTH: u64 = 520;
const DRAWN: u64 = 230;
const GAP: u64 = 16;
const NODE: u64 = 12;
const BAND_RIGHT: u64 = 216;
const WITHHELD: u64 = 10;
const THINNEST: u64 = 2;

/// One chart with a choice of years for each sender.
pub(super) fn charts(report: &Report, totals: &[&ReleasedTable], out: &mut String) {
    if totals.is_empty() {
        return;
    }
    out.push_str("<h3>Where students went</h3>\n");
    for (index, table) in totals.iter().enumerate() {
        out.push_str(&format!(
            "<fieldset class=\"years\">\n<legend>{}, by cohort</legend>\n",
            member(report, table.sender)
        ));
        let last = table.domain.cohorts.len().saturating_sub(1);
        let name = format!("flow-{}-{}-{index}", table.metric.id, table.metric.version);
        for (at, cohort) in table.domain.cohorts.iter().enumerate() {
            let checked = if at == last { " checked" } else { "" };
            out.push_str(&format!(
                "<input type=\"radio\" name=\"{name}\" id=\"{name}-{at}\"{checked}><label for=\"{name}-{at}\">{cohort}</label>\n"
            ));
        }
        for cohort in &table.domain.cohorts {
            chart(report, table, *cohort, out);
        }
        out.push_str("</fieldset>\n");
    }
}

/// One band: who, how many, and its style.
struct Band {
    label: String,
    segment: String,
    detail: String,
    students: Option<u64>,
    class: String,
}

fn chart(report: &Report, table: &ReleasedTable, cohort: SchoolYear, out: &mut String) {
    let bands = bands(report, table, cohort);
    let students = bands.iter().filter_map(|band| band.students).sum::<u64>().max(1);
    let thickness =
        |band: &Band| band.students.map_or(WITHHELD, |count| (DRAWN * count / students).max(THINNEST));
    let height = bands.iter().map(|band| thickness(band).max(30) + GAP).sum::<u64>() + 8;
    let left_height = bands.iter().map(&thickness).sum::<u64>();
    let mut left = (height.saturating_sub(left_height)) / 2;
    let mut right = 8;
    let total = match table.mark(cohort, 0, Outcome::Cohort) {
        Some(Mark::Value { value, .. }) => format!("{} students", grouped(value)),
        Some(_) | None => "a cohort too small to state".to_owned(),
    };
    let spoken: Vec<_> = bands.iter().map(|band| format!("{}: {}", band.label, band.detail)).collect();
    out.push_str(&format!(
        "<div class=\"panel\"><figure>\n<figcaption><b>{cohort}</b>: {total} of <span class=\"code\">{}</span></figcaption>\n\
         <svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\"><title>Where the {cohort} cohort of {} went</title><desc>{}.</desc>\n\
         <rect class=\"node\" x=\"0\" y=\"{left}\" width=\"{NODE}\" height=\"{left_height}\"/>\n",
        table.sender,
        table.sender,
        spoken.join("; ")
    ));
    for band in &bands {
        let thick = thickness(band);
        let slot = thick.max(30);
        let at = right + (slot - thick) / 2;
        let (x0, x1, middle) = (NODE, BAND_RIGHT, (NODE + BAND_RIGHT) / 2);
        let (l0, l1, r0, r1) = (left, left + thick, at, at + thick);
        out.push_str(&format!(
            "<path class=\"band {class}\" d=\"M{x0} {l0}C{middle} {l0} {middle} {r0} {x1} {r0}V{r1}C{middle} {r1} {middle} {l1} {x0} {l1}Z\"/>\
             <rect class=\"end {class}\" x=\"{x1}\" y=\"{r0}\" width=\"{NODE}\" height=\"{thick}\"/>\
             <text class=\"who\" x=\"{text}\" y=\"{first}\">{label} <tspan class=\"kind\">{segment}</tspan></text><text class=\"detail\" x=\"{text}\" y=\"{second}\">{detail}</text>\n",
            class = band.class,
            text = x1 + NODE + 10,
            first = right + slot / 2 - 3,
            second = right + slot / 2 + 13,
            label = band.label,
            segment = band.segment,
            detail = band.detail,
        ));
        left += thick;
        right += slot + GAP;
    }
    out.push_str("</svg>\n</figure></div>\n");
}

fn bands(report: &Report, table: &ReleasedTable, cohort: SchoolYear) -> Vec<Band> {
    let mut bands = Vec::new();
    for (at, receiver) in table.receivers.iter().enumerate() {
        let index = u8::try_from(at).ok();
        let Some(count) = table.mark(cohort, 0, Outcome::Enrolled(index)) else { continue };
        let rate = table.mark(cohort, 0, Outcome::Rate(index));
        let segment = report.segment(*receiver).map_or(String::new(), |segment| segment.label().to_owned());
        bands.push(Band {
            label: receiver.to_string(),
            segment,
            detail: detail(count, rate),
            students: count.value(),
            class: if count.value().is_some() { format!("c{at}") } else { "withheld".to_owned() },
        });
    }
    // A reader that may see one receiver only still sees how many of the cohort were not observed there.
    let (seen, elsewhere) =
        match (table.mark(cohort, 0, Outcome::Enrolled(None)), table.only_receiver_shown()) {
            (Some(any), _) => (Some(any), "not observed at a member"),
            (None, Some(one)) => (table.mark(cohort, 0, Outcome::Enrolled(Some(one))), "not observed there"),
            (None, None) => (None, ""),
        };
    if let Some(any) = seen {
        let cohort_count = table.mark(cohort, 0, Outcome::Cohort).and_then(|mark| mark.value());
        let unseen = cohort_count.and_then(|all| match any {
            Mark::Value { value, low, high } => {
                let left = |seen| all.saturating_sub(seen);
                Some(Mark::Value { value: left(value), low: left(high), high: left(low) })
            }
            Mark::Bound { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_) => None,
        });
        bands.push(Band {
            label: elsewhere.to_owned(),
            segment: String::new(),
            detail: unseen.map_or("withheld *".to_owned(), |count| detail(count, None)),
            students: unseen.and_then(|mark| mark.value()),
            class: if unseen.is_some() { "none".to_owned() } else { "withheld".to_owned() },
        });
    }
    bands
}

fn detail(count: Mark, rate: Option<Mark>) -> String {
    match (count, rate) {
        (Mark::Value { value, low, high }, rate) => {
            let share = match rate {
                Some(Mark::Value { value, .. }) => format!(" · {value} %"),
                Some(Mark::Bound { low, high, .. }) => format!(" · {}", super::figure::range(low, high)),
                Some(Mark::NotApplicable(_) | Mark::Suppressed(_)) | None => String::new(),
            };
            let spread =
                if low < high { format!(" [{}–{}]", grouped(low), grouped(high)) } else { String::new() };
            format!("{}{spread}{share}", grouped(value))
        }
        (
            Mark::Bound { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_),
            Some(Mark::Bound { low, high, .. }),
        ) => {
            format!("withheld * · {}", super::figure::range(low, high))
        }
        (Mark::Bound { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_), _) => "withheld *".to_owned(),
    }
}
