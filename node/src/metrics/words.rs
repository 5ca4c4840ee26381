//! A metric in words: what `metric show` prints, and what an approver will see of a file that is checked.

use passage_protocol::{
    agreement::{Segment, Study, StudyParticipant},
    cells::{CellDomain, Dimension},
    grouping::GroupingDefinition,
    metric::{Computation, Metric, Parameter},
};

use super::FLOOR;

/// Longest line of a paragraph, letters.
const LINE_LETTERS: usize = 100;

/// The whole definition.
#[must_use]
pub fn show_text(metric: &Metric) -> String {
    let mut out = head(metric);
    verbatim(&mut out, "Pseudo-code", &metric.pseudo_code);
    section(&mut out, "Source", &format!("{} (confidence {})", metric.source, metric.confidence.word()));
    list(&mut out, "What it cannot see, and how it is misread", &metric.pitfalls);
    list(&mut out, "Not to be put beside", &metric.not_comparable_with);
    for program in &metric.programs {
        verbatim(&mut out, &format!("SQL of the {} side", program.side.name()), &program.sql);
    }
    section(&mut out, "Digest", &metric.digest.to_string());
    out.truncate(out.trim_end().len());
    out
}

/// What the approver will see of a metric.
#[must_use]
pub fn check_text(metric: &Metric) -> String {
    let mut out = head(metric);
    let outcomes = metric.outcomes.len();
    let cells: Vec<String> = metric
        .dimensions
        .iter()
        .filter(|dimension| **dimension != Dimension::School)
        .map(|dimension| {
            let categories = CellDomain::new(Vec::new(), *dimension).categories();
            format!(
                "by {}: cohorts x {categories} categories x {outcomes} outcomes = {} cells a cohort and receiver",
                dimension.name(),
                categories * outcomes
            )
        })
        .chain((metric.kind == Computation::Linked).then(|| {
            format!("by a grouping of the sender's segment (`metric groupings`): cohorts x its categories x {outcomes} outcomes")
        }))
        .chain(metric.senders.contains(&Segment::K12).then(|| {
            format!("by school, in a study that lists schools: cohorts x (schools + 1) categories x {outcomes} outcomes")
        }))
        .collect();
    list(&mut out, "Cells produced", &cells);
    section(
        &mut out,
        "Small cells",
        &format!(
            "In a round the agreement's floor decides what is shown; nothing below {FLOOR} is passed on from `metric run`."
        ),
    );
    list(&mut out, "What it cannot see, and how it is misread", &metric.pitfalls);
    out.push_str("The SQL fits the canonical tables.");
    out
}

/// What the approver of a study reads of one of its metrics: of one that the study brings along everything, since nobody has read it
/// before.
#[must_use]
pub fn study_text(metric: &Metric, study: &Study) -> String {
    let brought = Metric::is_brought(&metric.id);
    let mut out = if brought { show_text(metric) } else { head(metric) };
    let asked = study.tables.iter().filter(|table| table.metric == metric.id);
    let (cohorts, outcomes) = (study.cohorts.len(), metric.outcomes.len());
    let produced = |by: &str, categories: usize, whose: &str| {
        let cells = cohorts * categories * outcomes;
        format!(
            "by {by}: {cohorts} cohorts x {categories} categories x {outcomes} outcomes = {cells} cells {whose}"
        )
    };
    let cells = asked.flat_map(|table| match table.dimension {
        Dimension::School => {
            let listed = study.participants.iter().filter(|one| !one.schools.is_empty());
            let by = |one: &StudyParticipant| {
                produced(&format!("school of {}", one.code), one.schools.len() + 1, "a receiver")
            };
            listed.map(by).collect::<Vec<_>>()
        }
        by @ (Dimension::All | Dimension::Ethnicity | Dimension::Gender | Dimension::Group(_)) => {
            let categories = CellDomain::new(Vec::new(), by).categories();
            vec![produced(by.name(), categories, "a sender and receiver")]
        }
    });
    list(&mut out, "Cells produced", &cells.collect::<Vec<_>>());
    for table in study.tables.iter().filter(|table| table.metric == metric.id) {
        if let Dimension::Group(grouping) = table.dimension
            && let Ok(definition) = GroupingDefinition::of(grouping)
        {
            grouping_words(&mut out, definition);
        }
    }
    if brought {
        section(
            &mut out,
            "Where it comes from",
            "The study brings it along; it is not part of this program.",
        );
    }
    out.push('\n');
    out
}

/// The whole definition of a grouping.
#[must_use]
pub fn grouping_text(definition: &GroupingDefinition) -> String {
    let mut out = format!("{}  {}\n", definition.grouping.name(), definition.title);
    section(&mut out, "Who", &format!("counts the students of a {}", names(&definition.holders)));
    grouping_words(&mut out, definition);
    section(
        &mut out,
        "Source",
        &format!("{} (confidence {})", definition.source, definition.confidence.word()),
    );
    verbatim(&mut out, "SQL", &definition.program.sql);
    section(&mut out, "Digest", &definition.digest.to_string());
    out.truncate(out.trim_end().len());
    out
}

/// What an approver reads of a grouping.
fn grouping_words(out: &mut String, definition: &GroupingDefinition) {
    section(out, &format!("By {}", definition.grouping.name()), &definition.text);
    let labels = definition.grouping.labels().iter().map(|label| (*label).to_owned());
    list(out, "Its categories", &labels.collect::<Vec<_>>());
    list(out, "Its parameters", &parameters(&definition.parameters));
    section(out, "Elements it reads at the sender", &definition.program.elements.join(", "));
    list(out, "What it cannot see", &definition.pitfalls);
}

fn names(segments: &[Segment]) -> String {
    segments.iter().map(|segment| segment.words()).collect::<Vec<_>>().join(" or ")
}

fn parameters(parameters: &[Parameter]) -> Vec<String> {
    let line = |one: &Parameter| format!("{} = {} ({}): {}", one.name, one.default, one.unit, one.reason);
    parameters.iter().map(line).collect()
}

fn head(metric: &Metric) -> String {
    let mut out = format!("{}  {}\n", metric.reference(), metric.title);
    let who = match metric.kind {
        Computation::Linked if metric.counts_links() => format!(
            "linked: counts the students of a {}, as found at a {}; the link alone counts, a receiver says nothing of its student",
            names(&metric.senders),
            names(&metric.receivers),
        ),
        Computation::Linked => format!(
            "linked: counts the students of a {}, as seen at a {}; a receiver's student counts for at most {} cohort {}",
            names(&metric.senders),
            names(&metric.receivers),
            metric.windows,
            if metric.windows == 1 { "year" } else { "years" },
        ),
        Computation::Own => format!("own: computed at a {} alone", names(&metric.holders)),
    };
    section(&mut out, "Who", &who);
    section(&mut out, "Definition", &metric.text);
    list(
        &mut out,
        "Outcomes",
        &metric.outcomes.iter().map(|one| format!("{}: {}", one.name, one.label)).collect::<Vec<_>>(),
    );
    let by: Vec<&str> = metric.dimensions.iter().map(|dimension: &Dimension| dimension.name()).collect();
    section(&mut out, "Broken down by", &by.join(", "));
    list(&mut out, "Parameters", &parameters(&metric.parameters));
    for program in &metric.programs {
        section(
            &mut out,
            &format!("Elements read at the {} side", program.side.name()),
            &program.elements.join(", "),
        );
    }
    out
}

fn section(out: &mut String, title: &str, body: &str) {
    out.push_str(&format!("\n{title}\n"));
    for line in body.lines() {
        wrapped(out, line, "  ", "  ");
    }
}

fn list(out: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    out.push_str(&format!("\n{title}\n"));
    for line in lines {
        wrapped(out, line, "  - ", "    ");
    }
}

/// What is laid out already, line by line.
fn verbatim(out: &mut String, title: &str, body: &str) {
    out.push_str(&format!("\n{title}\n"));
    for line in body.lines() {
        out.push_str(format!("  {line}").trim_end());
        out.push('\n');
    }
}

/// One line, broken between words where it is too long.
fn wrapped(out: &mut String, line: &str, first: &str, next: &str) {
    let mut current = first.to_owned();
    let mut words = 0_usize;
    for word in line.split_whitespace() {
        if words > 0 && current.chars().count() + 1 + word.chars().count() > LINE_LETTERS {
            out.push_str(&current);
            out.push('\n');
            next.clone_into(&mut current);
            words = 0;
        }
        if words > 0 {
            current.push(' ');
        }
        current.push_str(word);
        words += 1;
    }
    out.push_str(current.trim_end());
    out.push('\n');
}
