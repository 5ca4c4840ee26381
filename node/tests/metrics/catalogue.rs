//! The metric files, as they stand in the folder.

use std::{fs, path::Path};

use passage_protocol::metric::Metric;

/// Every metric of the folder, by id and version.
pub(crate) fn all() -> Vec<Metric> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/src/metric/builtin");
    let mut metrics: Vec<Metric> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            Metric::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect();
    metrics.sort_by(|one, other| (&one.id, one.version).cmp(&(&other.id, other.version)));
    metrics
}

/// The metric of that id, in its newest version.
pub(crate) fn metric(id: &str) -> Metric {
    all().into_iter().rfind(|metric| metric.id == id).unwrap_or_else(|| panic!("no metric {id}"))
}

#[test]
fn a2_every_metric_fits_the_canonical_tables() {
    for metric in all() {
        for program in &metric.programs {
            passage_node::metrics::plan(&metric, program)
                .unwrap_or_else(|fault| panic!("{} {}: {fault}", metric.id, program.side.name()));
        }
    }
}
