//! The text that travels beside a CSV: what the numbers mean, what the marks mean, where they come from (A2, A8, A9).

use crate::{
    cells::{Dimension, Grouping},
    disclosure::{NoiseStatement, Reason},
    grouping::GroupingDefinition,
    report::{
        Outside, Report,
        equity::{self, Measure},
        gap, median, outside, peers, sequence,
    },
};

/// Definitions, rules, legend and provenance as plain text, lines ended by LF, for the viewer.
#[must_use]
pub fn notes(report: &Report) -> String {
    text(report, None)
}

/// The same for a reader who is no party.
#[must_use]
pub fn notes_outside(report: &Report, to: &Outside<'_>) -> String {
    text(report, Some(to))
}

fn text(report: &Report, to: Option<&Outside<'_>>) -> String {
    let mut out = format!(
        "{}\n\nUse: {}\nPurpose: {}\nCoverage: {}\n",
        report.study_title,
        outside::usage(report, to),
        report.purpose,
        report.coverage
    );
    for line in outside::named_lines(to) {
        out.push_str(&format!("{line}\n"));
    }
    for definition in &report.metrics {
        out.push_str(&format!(
            "\n{} ({})\n{}\n\n{}\n",
            definition.title, definition.metric, definition.text, definition.pseudo_code
        ));
    }
    for grouping in Grouping::among(report.tables.iter().map(|table| table.domain.dimension)) {
        out.push_str(&format!("\nBy {}. {}\n", grouping.name(), by_grouping(grouping)));
    }
    if report.tables.iter().any(|table| gap::counts_links(&table.metric)) {
        out.push_str(&format!("\nHow well records match. {}.\n", gap::NOT_A_RATE));
    }
    for line in made_of(report) {
        out.push_str(&format!("\n{line}\n"));
    }
    out.push_str(&format!("\nNoise. {}\nSuppression. {}\n\nMarks\n", noise(report), suppression(report)));
    for reason in Reason::ALL {
        out.push_str(&format!("  {}: {}\n", reason.code(), reason.sentence()));
    }
    out.push('\n');
    for (name, value) in provenance(report) {
        out.push_str(&format!("{name}: {value}\n"));
    }
    out
}

/// Whom the rows of a table by school hold, for notes and page.
pub(super) const BY_SCHOOL: &str = "a student is of the school at which high school was completed. The row of another school holds the students of every school \
                         that the study does not list, and those of whom no file names a school";

/// By what a grouping tells students apart, for notes and page (A2).
pub(super) fn by_grouping(grouping: Grouping) -> String {
    let known = GroupingDefinition::of(grouping);
    known.map_or_else(|_| grouping.words().to_owned(), |one| format!("{}: {}", one.title, one.text))
}

/// What rows by school hold and figures made of the cells mean, as paragraphs; empty if the report has none.
pub(super) fn made_of(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if report.is_outside() {
        return lines;
    }
    if report.tables.iter().any(|table| table.domain.dimension == Dimension::School) {
        lines.push(format!("By school: {BY_SCHOOL}."));
    }
    if report.tables.iter().any(|table| !equity::findings(report, table).is_empty()) {
        lines.push(format!(
            "Equity flags (column `measure`; `-flag` is yes, no or not decided). {}.",
            equity::MARGIN
        ));
        lines.extend(Measure::ALL.map(|measure| format!("  {}: {}.", measure.word(), measure.definition())));
    }
    if report.tables.iter().any(|table| !gap::gaps(report, table).is_empty()) {
        lines.push(format!("Between groups (column `measure`). {}: {}.", gap::MEASURE, gap::DEFINITION));
    }
    if report.tables.iter().any(|table| !sequence::sums(report, table).is_empty()) {
        lines.push(format!("Course sequence (column `measure`, `sequence-`). {}.", sequence::DEFINITION));
    }
    if report.tables.iter().any(|table| !median::medians(report, table).is_empty()) {
        lines.push(format!("Medians (column `measure`). {}: {}.", median::MEASURE, median::DEFINITION));
    }
    if !report.peers.0.is_empty() {
        lines.push(format!("Peers: {}.", peers::PEERS));
    }
    lines
}

/// The noise in a sentence or two.
pub(super) fn noise(report: &Report) -> String {
    match report.noise {
        NoiseStatement::Nil => {
            "No noise was added: every party's agreement says so. The matching service saw exact tables."
                .to_owned()
        }
        NoiseStatement::Laplace(terms) => format!(
            "Random noise was added to every count of enrolled students before anyone could read it: {} dealers, each \
             with epsilon {} and delta {} per table, so that the presence of any one of the sender's students \
             is deniable (neighbouring tables differ in one sender row; for a receiver's row, multiply epsilon by its \
             match key slots). A 95 % interval stands with each figure: ±{} students for a single cell. Negative results \
             are shown as zero or withheld. Cohort counts carry no noise.",
            terms.dealers,
            thousandths(terms.eps_milli),
            trillionths(terms.delta_ppt),
            report.noise.half_width_95(1)
        ),
    }
}

/// The suppression rules in a sentence or two.
pub(super) fn suppression(report: &Report) -> String {
    format!(
        "Counts below {0} are withheld, and so are counts that leave fewer than {0} students of the group over. Further \
         figures are withheld until nothing withheld can be worked out by adding and subtracting the figures of the same \
         sender and metric. Percentages are whole numbers; at the ends of the scale and for small groups either \
         a range of percent is shown or the numbers of students, never both.",
        report.policy.floor()
    )
}

/// Provenance as name and value, in the order it is printed.
pub(super) fn provenance(report: &Report) -> Vec<(&'static str, String)> {
    let versions: Vec<_> = report.metrics.iter().map(|definition| definition.metric.to_string()).collect();
    let made_for =
        if report.is_outside() { "readers beyond the parties".to_owned() } else { report.viewer.to_string() };
    vec![
        ("Run", report.round.to_string()),
        ("Agreement", report.agreement.clone()),
        ("Study", report.study.clone()),
        ("Definitions", versions.join(", ")),
        ("Made for", made_for),
        ("Made at", report.generated_at.to_string()),
        ("Wire version", report.wire_version.to_string()),
    ]
}

fn thousandths(milli: u32) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Parts per trillion as `m x 10^-k`, with the zeros taken out of m.
fn trillionths(parts: u64) -> String {
    let (mut mantissa, mut exponent) = (parts, 12_u32);
    while mantissa > 0 && mantissa.is_multiple_of(10) && exponent > 0 {
        mantissa /= 10;
        exponent -= 1;
    }
    match (mantissa, exponent) {
        (mantissa, 0) => mantissa.to_string(),
        (1, exponent) => format!("10^-{exponent}"),
        (mantissa, exponent) => format!("{mantissa} x 10^-{exponent}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_printed_as_people_write_them() {
        assert_eq!(thousandths(2_000), "2");
        assert_eq!(thousandths(1_250), "1.25");
        assert_eq!(trillionths(1_000_000), "10^-6");
        assert_eq!(trillionths(25), "25 x 10^-12");
        assert_eq!(trillionths(0), "0 x 10^-12");
    }
}
