//! What is shown of a metric and what is written about the catalogue.

use std::{fs, path::Path};

use passage_node::metrics::{plan, show_text};
use passage_protocol::{agreement::Segment, grouping::GroupingDefinition, metric::Metric};

use crate::catalogue::{all, metric};

fn documentation() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md")).unwrap()
}

#[test]
fn a2_a_definition_is_shown_whole() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/metric-college-going-12.txt");
    let shown = format!("{}\n", show_text(&metric("college-going-12")));
    assert_eq!(shown, fs::read_to_string(golden).unwrap());
}

#[test]
fn a2_the_documented_catalogue_is_that_of_the_files() {
    let mut table = String::from("| metric | kind | whose | title | confidence |\n|---|---|---|---|---|");
    for metric in all() {
        let names =
            |segments: &[Segment]| segments.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ");
        let whose = match metric.holders.as_slice() {
            [] => format!("{} to {}", names(&metric.senders), names(&metric.receivers)),
            holders => names(holders),
        };
        table.push_str(&format!(
            "\n| `{}` | {} | {whose} | {} | {} |",
            metric.reference(),
            metric.kind.name(),
            metric.title,
            metric.confidence.word()
        ));
    }
    let text = documentation();
    let written = &text[text.find("| metric | kind").unwrap()..];
    assert_eq!(written.split("\n\n").next().unwrap(), table);
}

#[test]
fn a2_the_documented_groupings_are_those_of_the_files() {
    let mut table =
        String::from("| grouping | whose | categories | title | confidence |\n|---|---|---|---|---|");
    for one in GroupingDefinition::builtins().unwrap() {
        let whose = one.holders.iter().map(|segment| segment.name()).collect::<Vec<_>>().join(", ");
        let (name, categories) = (one.grouping.name(), one.grouping.labels().len());
        table.push_str(&format!(
            "\n| `{name}` | {whose} | {categories} | {} | {} |",
            one.title,
            one.confidence.word()
        ));
    }
    let text = documentation();
    let written = &text[text.find("| grouping | whose").unwrap()..];
    assert_eq!(written.split("\n\n").next().unwrap(), table);
}

#[test]
fn a2_the_example_of_the_documentation_can_be_checked() {
    let text = documentation();
    let example = text.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let metric = Metric::parse(example).unwrap();
    assert_eq!(metric.programs.len(), 2);
    metric.programs.iter().for_each(|program| plan(&metric, program).unwrap());
}
