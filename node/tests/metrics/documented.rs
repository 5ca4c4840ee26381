//! What is shown of a metric and what is written about the catalogue.
#[test]
fn a2_a_definition_is_shown_whole() {
    let text = passage_node::metrics::show_text(&crate::catalogue::metric("college-going-12"));
    let golden =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/metric-college-going-12.txt");
    assert_eq!(format!("{text}\n"), std::fs::read_to_string(golden).unwrap());
}

#[test]
fn a2_the_documented_catalogue_is_that_of_the_files() {
    let mut table = String::from("| metric | kind | whose | title | confidence |\n|---|---|---|---|---|\n");
    for metric in crate::catalogue::all() {
        let names = |segments: &[passage_protocol::agreement::Segment]| {
            segments.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ")
        };
        let whose = match metric.holders.as_slice() {
            [] => format!("{} to {}", names(&metric.senders), names(&metric.receivers)),
            holders => names(holders),
        };
        table.push_str(&format!(
            "| `{}` | {} | {whose} | {} | {} |\n",
            metric.reference(),
            metric.kind.name(),
            metric.title,
            metric.confidence.word()
        ));
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (start, end) = (text.find("| metric | kind").unwrap(), text.find("\n\n## What is not").unwrap());
    assert_eq!(
        std::fs::read_to_string(path).unwrap()[start..].split("\n\n").next().unwrap(),
        table.trim_end()
    );
}
