//! The trend chart: the rate over any receiver, or at each receiver where "any" is not for the reader, by cohort; intervals
//! as bars, breaks as dashed lines.
//!
//! A range is drawn as a bar without a point; a withheld rate as a star on the axis. The line joins neighbouring points
//! only and never crosses a break.

use crate::{
    cells::SchoolYear,
    disclosure::{Mark, Outcome, ReleasedTable},
    report::{
        Report,
        html::{
            escape,
            figure::{member, range},
            place::{self, Place},
        },
    },
};

const WIDTH: u64 = 480;
const HEIGHT: u64 = 230;
const LEFT: u64 = 40;
const RIGHT: u64 = 14;
const TOP: u64 = 14;
const BOTTOM: u64 = 40;

/// One chart for each sender with at least two cohorts, or for each receiver of it.
pub(super) fn charts(report: &Report, totals: &[&ReleasedTable], out: &mut String) {
    let long = totals.iter().filter(|table| table.domain.cohorts.len() > 1);
    let drawn: Vec<(&ReleasedTable, Place)> =
        long.flat_map(|table| place::main(table).into_iter().map(|place| (*table, place))).collect();
    if drawn.is_empty() {
        return;
    }
    out.push_str("<h3>Trend</h3>\n<div class=\"charts\">\n");
    for (table, place) in drawn {
        chart(report, table, place, out);
    }
    out.push_str("</div>\n");
}

fn chart(report: &Report, table: &ReleasedTable, place: Place, out: &mut String) {
    let rate_of = |cohort: &SchoolYear| (*cohort, table.mark(*cohort, 0, Outcome::Rate(place)));
    let points: Vec<(SchoolYear, Option<Mark>)> = table.domain.cohorts.iter().map(rate_of).collect();
    let top = axis_top(&points);
    let described: Vec<_> =
        points.iter().map(|(cohort, mark)| format!("{cohort}: {}", spoken(*mark))).collect();
    out.push_str(&format!(
        "<figure>\n<figcaption>{}: percent of each cohort observed at {}</figcaption>\n\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>Trend for {}: percent observed at {}</title><desc>{}.</desc>\n",
        member(report, table.sender),
        place::name(report, table, place),
        table.sender,
        place::plain(table, place),
        described.join("; ")
    ));
    for tick in 0..=4 {
        let percent = top * tick / 4;
        let y = height_of(percent, top);
        let edge = WIDTH - RIGHT;
        out.push_str(&format!(
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{edge}\" y1=\"{y}\" y2=\"{y}\"/>\
             <text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{percent}%</text>\n",
            LEFT - 6,
            y + 4
        ));
    }
    breaks(report, &points, out);
    lines(report, &points, top, out);
    for (at, (cohort, mark)) in points.iter().enumerate() {
        point(x_of(at, points.len()), *cohort, *mark, top, out);
    }
    out.push_str("</svg>\n</figure>\n");
}

fn point(x: u64, cohort: SchoolYear, mark: Option<Mark>, top: u64, out: &mut String) {
    let y = |percent: u64| height_of(percent.min(top), top);
    out.push_str(&format!(
        "<text class=\"tick\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}–{:02}</text>\n",
        HEIGHT - 16,
        cohort.0,
        cohort.next().0 % 100
    ));
    match mark {
        Some(Mark::Value { value, low, high }) => {
            if low < high {
                let (upper, lower) = (y(high), y(low));
                let (left, right) = (x - 5, x + 5);
                out.push_str(&format!(
                    "<path class=\"whisker\" d=\"M{x} {upper}V{lower}M{left} {upper}H{right}M{left} {lower}H{right}\"/>"
                ));
            }
            out.push_str(&format!(
                "<circle class=\"dot\" cx=\"{x}\" cy=\"{}\" r=\"4\"/><text class=\"label\" x=\"{}\" y=\"{}\">{value}</text>\n",
                y(value),
                x + 8,
                y(value).saturating_sub(7)
            ));
        }
        Some(Mark::Bound { low, high, .. }) => {
            let (upper, lower) = (y(high), y(low));
            out.push_str(&format!(
                "<rect class=\"range\" x=\"{}\" y=\"{upper}\" width=\"10\" height=\"{}\"/>\
                 <text class=\"label\" x=\"{}\" y=\"{}\">{}</text>\n",
                x - 5,
                lower.saturating_sub(upper).max(2),
                x + 8,
                upper + 4,
                range(low, high)
            ));
        }
        Some(Mark::NotApplicable(_) | Mark::Suppressed(_)) => {
            out.push_str(&format!(
                "<text class=\"label\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">*</text>\n",
                y(0) - 4
            ));
        }
        None => {}
    }
}

fn lines(report: &Report, points: &[(SchoolYear, Option<Mark>)], top: u64, out: &mut String) {
    for (at, pair) in points.windows(2).enumerate() {
        let [(_, Some(Mark::Value { value: first, .. })), (year, Some(Mark::Value { value: second, .. }))] =
            pair
        else {
            continue;
        };
        if !report.breaks.iter().any(|mark| mark.from == *year) {
            out.push_str(&format!(
                "<line class=\"trend\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n",
                x_of(at, points.len()),
                height_of(*first, top),
                x_of(at + 1, points.len()),
                height_of(*second, top)
            ));
        }
    }
}

fn breaks(report: &Report, points: &[(SchoolYear, Option<Mark>)], out: &mut String) {
    for mark in &report.breaks {
        let at = points.iter().position(|(cohort, _)| *cohort == mark.from).filter(|at| *at > 0);
        if let Some(at) = at {
            let x = (x_of(at - 1, points.len()) + x_of(at, points.len())) / 2;
            out.push_str(&format!(
                "<line class=\"break\" x1=\"{x}\" x2=\"{x}\" y1=\"{TOP}\" y2=\"{}\"><title>{}</title></line>\
                 <text class=\"tick\" x=\"{}\" y=\"{}\">break</text>\n",
                HEIGHT - BOTTOM,
                escape::text(&mark.text),
                x + 4,
                TOP + 8
            ));
        }
    }
}

/// The end of the axis: the first of 20, 40, 60, 80, 100 above everything drawn.
fn axis_top(points: &[(SchoolYear, Option<Mark>)]) -> u64 {
    let highest = points.iter().filter_map(|(_, mark)| match mark {
        Some(Mark::Value { high, .. } | Mark::Bound { high, .. }) => Some(*high),
        Some(Mark::NotApplicable(_) | Mark::Suppressed(_)) | None => None,
    });
    highest.max().unwrap_or(100).saturating_add(2).div_ceil(20).saturating_mul(20).clamp(20, 100)
}

fn x_of(at: usize, points: usize) -> u64 {
    let span = WIDTH - LEFT - RIGHT;
    let slots = u64::try_from(points.max(1)).unwrap_or(1);
    LEFT + span * (2 * u64::try_from(at).unwrap_or(0) + 1) / (2 * slots)
}

fn height_of(percent: u64, top: u64) -> u64 {
    let span = HEIGHT - TOP - BOTTOM;
    TOP + span - span * percent.min(top) / top.max(1)
}

fn spoken(mark: Option<Mark>) -> String {
    match mark {
        Some(Mark::Value { value, low, high }) => format!("{value} percent, {low} to {high}"),
        Some(Mark::Bound { low, high, .. }) => format!("between {low} and {high} percent"),
        Some(Mark::NotApplicable(_)) => "not applicable".to_owned(),
        Some(Mark::Suppressed(reason)) => format!("withheld ({})", reason.code()),
        None => "not shared".to_owned(),
    }
}
