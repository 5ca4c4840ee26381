//! How a mark looks on the page: figures, ranges, and the lettered star of a withheld cell (A8).

use crate::{
    disclosure::{Mark, Reason},
    ids::MemberCode,
    report::Report,
};

/// The letter that stands for a reason, here and in the legend.
pub(super) fn letter(reason: Reason) -> char {
    let at = Reason::ALL.iter().position(|other| *other == reason).unwrap_or(0);
    char::from(b'a'.saturating_add(u8::try_from(at).unwrap_or(0)))
}

/// A count with thousands separated.
pub(super) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count for a table cell; `--` where the viewer's share list does not reach.
pub(super) fn count(mark: Option<Mark>) -> String {
    match mark {
        Some(Mark::Value { value, .. }) => grouped(value),
        Some(Mark::Bound { low, high, reason }) => explained(&format!("{low}–{high}"), reason),
        Some(Mark::Suppressed(reason)) => star(reason),
        Some(Mark::NotApplicable(reason)) => explained("n/a", reason),
        None => unknown(),
    }
}

/// A percentage for a table cell.
pub(super) fn percent(mark: Option<Mark>) -> String {
    match mark {
        Some(Mark::Value { value, .. }) => format!("{value}\u{202F}%"),
        Some(Mark::Bound { low, high, reason }) => explained(&range(low, high), reason),
        Some(Mark::Suppressed(reason)) => star(reason),
        Some(Mark::NotApplicable(reason)) => explained("n/a", reason),
        None => unknown(),
    }
}

/// A range of percents in words short enough for a cell.
pub(super) fn range(low: u64, high: u64) -> String {
    match (low, high) {
        (0, high) => format!("≤\u{202F}{high}\u{202F}%"),
        (low, 100) => format!("≥\u{202F}{low}\u{202F}%"),
        (low, high) => format!("{low}–{high}\u{202F}%"),
    }
}

/// The 95 % interval in brackets; empty where it is the figure itself.
pub(super) fn interval(mark: Option<Mark>) -> String {
    match mark {
        Some(Mark::Value { value, low, high }) if low != value || high != value => {
            format!(" <span class=\"ci\">[{}–{}]</span>", grouped(low), grouped(high))
        }
        Some(Mark::Value { .. } | Mark::Bound { .. } | Mark::NotApplicable(_) | Mark::Suppressed(_))
        | None => String::new(),
    }
}

/// A small bar under a percentage, with its range where it is a range; empty if nothing is shown.
pub(super) fn bar(mark: Option<Mark>) -> String {
    let (class, low, width) = match mark {
        Some(Mark::Value { value, .. }) => ("fill", 0, value.min(100)),
        Some(Mark::Bound { low, high, .. }) => ("span", low.min(100), high.min(100).saturating_sub(low)),
        Some(Mark::NotApplicable(_) | Mark::Suppressed(_)) | None => return String::new(),
    };
    format!(
        "<span class=\"bar\" aria-hidden=\"true\"><span class=\"{class}\" style=\"margin-left:{low}%;width:{width}%\"></span></span>"
    )
}

/// A member by code and segment.
pub(super) fn member(report: &Report, member: MemberCode) -> String {
    let own = if member == report.viewer { " <span class=\"own\">you</span>" } else { "" };
    let segment = report
        .segment(member)
        .map_or(String::new(), |segment| format!(" <span class=\"segment\">{}</span>", segment.label()));
    format!("<span class=\"code\">{member}</span>{own}{segment}")
}

fn star(reason: Reason) -> String {
    explained("*", reason)
}

fn explained(shown: &str, reason: Reason) -> String {
    format!(
        "<span class=\"mark\" title=\"{sentence}\">{shown}<sup>{letter}</sup><span class=\"hidden\"> ({sentence})</span></span>",
        sentence = reason.sentence(),
        letter = letter(reason)
    )
}

fn unknown() -> String {
    "<span class=\"mark\" title=\"Outside the share list it was cut to.\">--</span>".to_owned()
}
