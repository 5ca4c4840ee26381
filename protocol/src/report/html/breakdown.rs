//! Tables by ethnicity, by gender and by school: for every place, category and cohort the rate, the count and the group.
//!
//! A metric with several outcomes has such a table for each of them, and one over all students too. Places are chosen with radio buttons and style sheet rules alone; on paper every place is printed. Withheld categories
//! whose sum may be shown get rows of their own, "all masked values" (domain 4.3).

use crate::{
    cells::{Dimension, SchoolYear},
    disclosure::{Category, Mark, Outcome, ReleasedCell, ReleasedTable},
    report::{
        Report,
        html::{
            choice::Choice,
            escape,
            figure::{bar, count, interval, member, percent},
            place::{self, Sight},
        },
        notes::{BY_SCHOOL, by_grouping},
    },
};

/// One table for each sender and place.
pub(super) fn tables(report: &Report, dimension: Dimension, tables: &[&ReleasedTable], out: &mut String) {
    // What holds over all students has been said; as what they were seen has not.
    let sights = |table: &ReleasedTable| match dimension {
        Dimension::All => place::as_outcomes(table),
        Dimension::Ethnicity | Dimension::Gender | Dimension::Group(_) | Dimension::School => {
            place::sights(table)
        }
    };
    let tables: Vec<_> = tables.iter().filter(|table| !sights(table).is_empty()).collect();
    if tables.is_empty() {
        return;
    }
    let heading = match dimension {
        Dimension::All => "By outcome".to_owned(),
        Dimension::Ethnicity | Dimension::Gender | Dimension::School => format!("By {}", dimension.name()),
        Dimension::Group(grouping) => format!("By {}", grouping.words()),
    };
    out.push_str(&format!("<h3>{heading}</h3>\n"));
    if dimension == Dimension::School {
        out.push_str(&format!("<p class=\"note\">{}.</p>\n", escape::text(BY_SCHOOL)));
    }
    if let Dimension::Group(grouping) = dimension {
        out.push_str(&format!("<p class=\"note\">{}</p>\n", escape::text(&by_grouping(grouping))));
    }
    for (index, table) in tables.iter().enumerate() {
        let choice = Choice {
            name: format!("{}-{}-{}-{index}", dimension.name(), table.metric.id, table.metric.version),
            class: "places",
            legend: format!("{}, observed at", member(report, table.sender)),
            chosen: 0,
        };
        let label = |sight: &Sight| sight.plain(table);
        choice.write(&sights(table), label, |sight, out| one(report, table, *sight, out), out);
    }
}

/// More rows than fit a screen: the table moves under its head, on paper over pages.
pub(super) fn is_long(table: &ReleasedTable) -> bool {
    table.domain.categories() > LONG_ROWS
}

/// Rows of a table that is read without moving it.
const LONG_ROWS: usize = 24;

fn one(report: &Report, table: &ReleasedTable, sight: Sight, out: &mut String) {
    let name = table.domain.dimension.name();
    out.push_str(&format!(
        "<div class=\"scroll{long}\" tabindex=\"0\" role=\"region\" aria-label=\"By {name}, {sender}, observed at {at}\">\n<table class=\"wide\">\n\
         <caption><span class=\"wrap\">{}: percent of each group observed at {}; under it students observed of students in the group. \
         Brackets hold 95 % intervals; one star stands for all three figures.{masked}</span></caption>\n\
         <thead><tr><th scope=\"col\">{name}</th>",
        member(report, table.sender),
        sight.name(report, table),
        long = if is_long(table) { " long" } else { "" },
        sender = table.sender,
        at = sight.plain(table),
        masked = if has_sums(table, sight) { " All masked values: the sum of a column's starred counts." } else { "" },
    ));
    for cohort in &table.domain.cohorts {
        out.push_str(&format!("<th scope=\"col\" class=\"n\">{cohort}</th>"));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (category, label) in (0_u8..).zip(table.domain.labels()) {
        out.push_str(&format!("<tr><th scope=\"row\">{}</th>", escape::text(label)));
        for cohort in &table.domain.cohorts {
            cell(table, *cohort, category, sight, out);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n");
    masked_sums(table, sight, out);
    out.push_str("</table>\n</div>\n");
}

fn cell(table: &ReleasedTable, cohort: SchoolYear, category: u8, sight: Sight, out: &mut String) {
    let rate = table.mark(cohort, category, sight.rate());
    let observed = table.mark(cohort, category, sight.count());
    let group = table.mark(cohort, category, Outcome::Cohort);
    let all_alike = rate == observed && observed == group;
    let below = if all_alike && matches!(rate, Some(Mark::Suppressed(_))) {
        String::new()
    } else {
        format!("<span class=\"of\">{}{} of {}</span>", count(observed), interval(observed), count(group))
    };
    out.push_str(&format!("<td class=\"n\">{}{}{}{below}</td>", percent(rate), interval(rate), bar(rate)));
}

/// The sums of the starred counts and of the starred groups of each column, where the shown total makes them known anyway.
fn masked_sums(table: &ReleasedTable, sight: Sight, out: &mut String) {
    if !has_sums(table, sight) {
        return;
    }
    let sums = summed(sight).map(|outcome| (outcome, masked(table, outcome)));
    out.push_str("<tbody class=\"sums\">\n");
    for (outcome, cells) in sums.iter().filter(|(_, cells)| !cells.is_empty()) {
        let what = match outcome {
            Outcome::Cohort => "in the group".to_owned(),
            Outcome::Enrolled(_)
            | Outcome::Rate(_)
            | Outcome::SeenAs { .. }
            | Outcome::RateAs { .. }
            | Outcome::AtBoth { .. }
            | Outcome::RateAtBoth { .. } => {
                let rate = masked(table, sight.rate()).first().map(|cell| cell.mark);
                format!("observed (percent {})", percent(rate))
            }
        };
        out.push_str(&format!("<tr><th scope=\"row\">all masked values, {what}</th>"));
        for cohort in &table.domain.cohorts {
            let sum = cells.iter().find(|cell| cell.cohort == *cohort).map(|cell| cell.mark);
            let shown = sum
                .map_or("no sum".to_owned(), |mark| format!("{}{}", count(Some(mark)), interval(Some(mark))));
            out.push_str(&format!("<td class=\"n\">{shown}</td>"));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n");
}

fn has_sums(table: &ReleasedTable, sight: Sight) -> bool {
    summed(sight).iter().any(|outcome| !masked(table, *outcome).is_empty())
}

fn summed(sight: Sight) -> [Outcome; 2] {
    [sight.count(), Outcome::Cohort]
}

fn masked(table: &ReleasedTable, outcome: Outcome) -> Vec<&ReleasedCell> {
    let of_sums =
        |cell: &&ReleasedCell| matches!(cell.category, Category::AllMasked(_)) && cell.outcome == outcome;
    table.cells.iter().filter(of_sums).collect()
}
