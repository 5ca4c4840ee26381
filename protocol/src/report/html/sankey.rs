//! Where one cohort went: bands from the sender to each receiver and to "not observed", thickness by students.
//!
//! On paper every year is printed. Students seen at two receivers are drawn in both bands, and the page says so. A withheld
//! band is drawn dashed, at a fixed thickness.

use crate::{
    cells::SchoolYear,
    disclosure::{Mark, Outcome, Reason, ReleasedTable},
    report::{
        Report,
        html::{
            choice::Choice,
            figure::{grouped, letter, member, range},
        },
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
    if totals.iter().any(|table| receivers_shown(table) > 1) {
        out.push_str(
            "<p class=\"note\">A student seen at two receivers is drawn in both bands, so the bands can add up to more than the \
             cohort; how many were seen at both stands in the feeder table.</p>\n",
        );
    }
    for (index, table) in totals.iter().enumerate() {
        let choice = Choice {
            name: format!("flow-{}-{}-{index}", table.metric.id, table.metric.version),
            class: "flows",
            legend: format!("{}, by cohort", member(report, table.sender)),
            chosen: table.domain.cohorts.len().saturating_sub(1),
        };
        choice.write(
            &table.domain.cohorts,
            ToString::to_string,
            |cohort, out| chart(report, table, *cohort, out),
            out,
        );
    }
}

fn receivers_shown(table: &ReleasedTable) -> usize {
    let shown = |at: &u8| table.cells.iter().any(|cell| cell.outcome == Outcome::Enrolled(Some(*at)));
    (0_u8..).take(table.receivers.len()).filter(shown).count()
}

/// One band: who, how many, why not, and its style.
struct Band {
    label: String,
    segment: String,
    detail: String,
    withheld: Option<Reason>,
    students: Option<u64>,
    class: String,
}

fn chart(report: &Report, table: &ReleasedTable, cohort: SchoolYear, out: &mut String) {
    let bands = bands(report, table, cohort);
    let counts = bands.iter().filter_map(|band| band.students);
    let students = counts.fold(0_u64, u64::saturating_add).max(1);
    let thickness = |band: &Band| {
        band.students.map_or(WITHHELD, |count| (DRAWN.saturating_mul(count) / students).max(THINNEST))
    };
    let height = bands.iter().map(|band| thickness(band).max(30) + GAP).sum::<u64>() + 8;
    let left_height = bands.iter().map(&thickness).sum::<u64>();
    let mut left = (height.saturating_sub(left_height)) / 2;
    let mut right = 8;
    let total = match table.mark(cohort, 0, Outcome::Cohort) {
        Some(Mark::Value { value, .. }) => format!("{} students", grouped(value)),
        Some(_) | None => "a cohort too small to state".to_owned(),
    };
    let spoken: Vec<_> = bands.iter().map(Band::spoken).collect();
    out.push_str(&format!(
        "<figure>\n<figcaption><b>{cohort}</b>: {total} of <span class=\"code\">{}</span></figcaption>\n\
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
             <text class=\"who\" x=\"{text}\" y=\"{first}\">{label} <tspan class=\"kind\">{segment}</tspan></text><text class=\"detail\" x=\"{text}\" y=\"{second}\">{detail}{mark}</text>\n",
            class = band.class,
            text = x1 + NODE + 10,
            first = right + slot / 2 - 3,
            second = right + slot / 2 + 13,
            label = band.label,
            segment = band.segment,
            detail = band.detail,
            mark = band.withheld.map_or(String::new(), |reason| {
                format!(" <tspan class=\"why\" dy=\"-4\">{}</tspan>", letter(reason))
            }),
        ));
        left += thick;
        right += slot + GAP;
    }
    out.push_str("</svg>\n</figure>\n");
}

impl Band {
    fn spoken(&self) -> String {
        let why = self.withheld.map_or(String::new(), |reason| format!(" ({})", reason.code()));
        format!("{}: {}{why}", self.label, self.detail)
    }
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
            withheld: count.reason(),
            students: count.value(),
            class: if count.value().is_some() { format!("c{at}") } else { "withheld".to_owned() },
        });
    }
    bands.extend(unseen(table, cohort));
    bands
}

/// Those of the cohort who were not observed. A reader that may see one receiver only still sees how many were not observed
/// there; one that may see several, but not what holds over any, is not told.
fn unseen(table: &ReleasedTable, cohort: SchoolYear) -> Option<Band> {
    let seen = |place: Option<u8>, label: &'static str| {
        Some((table.mark(cohort, 0, Outcome::Enrolled(place))?, label))
    };
    let (seen, label) = seen(None, "not observed at a member")
        .or_else(|| seen(Some(table.only_receiver_shown()?), "not observed there"))?;
    let group = table.mark(cohort, 0, Outcome::Cohort)?;
    let left = match (seen, group.value()) {
        (Mark::Value { value, low, high }, Some(all)) => {
            let left = |seen| all.saturating_sub(seen);
            Some(Mark::Value { value: left(value), low: left(high), high: left(low) })
        }
        (Mark::Value { .. } | Mark::Bound { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_), _) => None,
    };
    Some(Band {
        label: label.to_owned(),
        segment: String::new(),
        detail: left.map_or("withheld *".to_owned(), |count| detail(count, None)),
        withheld: if left.is_some() { None } else { seen.reason().or(group.reason()) },
        students: left.and_then(|mark| mark.value()),
        class: if left.is_some() { "none".to_owned() } else { "withheld".to_owned() },
    })
}

fn detail(count: Mark, rate: Option<Mark>) -> String {
    match (count, rate) {
        (Mark::Value { value, low, high }, rate) => {
            let share = match rate {
                Some(Mark::Value { value, .. }) => format!(" · {value} %"),
                Some(Mark::Bound { low, high, .. }) => format!(" · {}", range(low, high)),
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
            format!("{} · withheld *", range(low, high))
        }
        (Mark::Bound { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_), _) => "withheld *".to_owned(),
    }
}
