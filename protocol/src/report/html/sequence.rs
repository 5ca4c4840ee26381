//! The grid of a course sequence (A5): last course by first course, each square coloured lower, equal or higher, with how many passed.

use crate::{
    cells::SchoolYear,
    disclosure::{Outcome, ReleasedTable},
    report::{
        Report,
        html::{
            choice::Choice,
            escape,
            figure::{count, grouped, interval, member},
        },
        sequence::{Counted, DEFINITION, LEVELS, Square, Sum, is_grid, receivers, square, sums},
    },
};

/// A grid for each sender, receiver and cohort; nothing where no table is one.
pub(super) fn grids(report: &Report, tables: &[&ReleasedTable], out: &mut String) {
    let grids: Vec<&ReleasedTable> = tables.iter().copied().filter(|table| is_grid(table)).collect();
    if grids.is_empty() || report.is_outside() {
        return;
    }
    out.push_str(&format!("<h3>Course sequence</h3>\n<p class=\"note\">{}.</p>\n", escape::text(DEFINITION)));
    for (index, table) in grids.into_iter().enumerate() {
        for receiver in receivers(table) {
            let to = table.receiver(Outcome::Enrolled(Some(receiver))).map(|code| member(report, code));
            let to = to.unwrap_or_default();
            let choice = Choice {
                name: format!("sequence-{}-{}-{index}-{receiver}", table.metric.id, table.metric.version),
                class: "cohorts",
                legend: format!("{} to {to}, cohort of", member(report, table.sender)),
                chosen: table.domain.cohorts.len().saturating_sub(1),
            };
            let panel = |cohort: &SchoolYear, out: &mut String| grid(report, table, receiver, *cohort, out);
            choice.write(&table.domain.cohorts, ToString::to_string, panel, out);
        }
    }
}

fn grid(report: &Report, table: &ReleasedTable, receiver: u8, cohort: SchoolYear, out: &mut String) {
    let to = table.receiver(Outcome::Enrolled(Some(receiver))).map_or(String::new(), |code| code.to_string());
    out.push_str(&format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Course sequence, {} to {to}, {cohort}\">\n<table class=\"sequence\">\n\
         <caption><span class=\"wrap\">{} to {to}, {cohort}. Down: the last course passed before; across: the first one at the receiver. Students, and \
         under them the percent of these who passed; L lower, E equal, H higher, N not told. Brackets hold 95 % intervals.</span></caption>\n\
         <thead><tr><th scope=\"col\">Last course</th>",
        table.sender,
        member(report, table.sender),
    ));
    for level in &LEVELS {
        out.push_str(&format!("<th scope=\"col\" class=\"n\">{}</th>", escape::text(level.label)));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (category, label) in (0_u8..).zip(table.domain.labels()) {
        out.push_str(&format!("<tr><th scope=\"row\">{}</th>", escape::text(label)));
        for level in &LEVELS {
            out.push_str(&cell(&square(table, cohort, receiver, category, level)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    let all = sums(report, table);
    let of_grid: Vec<&Sum> =
        all.iter().filter(|sum| sum.cohort == cohort && sum.receiver == receiver).collect();
    out.push_str(&format!("<p>{}</p>\n", in_words(&of_grid)));
}

fn cell(square: &Square) -> String {
    let (class, letter) = match square.relation {
        Some(relation) => {
            let word = relation.word();
            let letter = word.chars().next().unwrap_or(' ').to_ascii_uppercase();
            (format!("n {word}"), format!(" <span class=\"relation\" title=\"{word}\">{letter}</span>"))
        }
        None => ("n".to_owned(), String::new()),
    };
    match square.shown() {
        Some([all, passed]) => {
            let mark = Some(all.mark());
            let share = share(passed, all)
                .map_or(String::new(), |text| format!("<span class=\"of\">{text} passed</span>"));
            format!("<td class=\"{class}\">{}{}{letter}{share}</td>", count(mark), interval(mark))
        }
        None => {
            // The one that is withheld says why.
            let [passed, failed] = square.marks;
            let withheld = if passed.is_some_and(|mark| mark.value().is_some()) { failed } else { passed };
            format!("<td class=\"{class}\">{}{letter}</td>", count(withheld))
        }
    }
}

/// Whole percent to the nearest, with what the ranges allow. Nothing of so few that a point more or less is no student, and neither none
/// nor all (domain 4.2).
fn share(part: Counted, all: Counted) -> Option<String> {
    let percent = |part: u64, all: u64| (part.min(all) * 200 + all).checked_div(all * 2);
    let value =
        percent(part.value, all.value).filter(|value| all.value >= SHARED_MIN && (1..100).contains(value))?;
    let [low, high] = [percent(part.low, all.high).unwrap_or(0), percent(part.high, all.low).unwrap_or(100)];
    let is_exact = part.low == part.high && all.low == all.high;
    let range = if is_exact { String::new() } else { format!(" <span class=\"ci\">[{low}–{high}]</span>") };
    Some(format!("{value}\u{202F}%{range}"))
}

/// Students of whom a whole percent is printed.
const SHARED_MIN: u64 = 40;

fn in_words(sums: &[&Sum]) -> String {
    let all = sums.iter().fold(Counted::default(), |sum, one| Counted {
        value: sum.value + one.counted.value,
        low: sum.low + one.counted.low,
        high: sum.high + one.counted.high,
    });
    let is_whole = sums.iter().all(|sum| sum.withheld == 0);
    let line = |sum: &&Sum| {
        let mark = Some(sum.counted.mark());
        let word = sum.relation.word();
        let mut line = match sum.withheld {
            0 => format!("<strong>{word}</strong> {}{}", count(mark), interval(mark)),
            _ => format!("<strong>{word}</strong> at least {}", grouped(sum.counted.low)),
        };
        if is_whole && let Some(share) = share(sum.counted, all) {
            line.push_str(&format!(", {share} of all"));
        }
        if let Some(passed) = share(sum.passed, sum.counted) {
            line.push_str(&format!("; {passed} of these passed"));
        }
        line
    };
    let lines: Vec<String> = sums.iter().map(line).collect();
    let withheld: usize = sums.iter().map(|sum| sum.withheld).sum();
    let rest = match withheld {
        0 => String::new(),
        count => format!(" {count} squares are withheld, so no shares of the whole are given."),
    };
    format!("Against the last course known: {}.{rest}", lines.join(". "))
}
