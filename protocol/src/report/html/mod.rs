//! The report as one self-contained page: no script, nothing fetched, readable on paper and on a telephone (A9).
//!
//! Order of the page: what was found, the trend, where students went, who sends to whom, subgroups, how well records
//! were linked, how the numbers were made, provenance. All text goes through [`escape::text`].

mod breakdown;
mod choice;
mod equity;
pub(super) mod escape;
mod feeder;
mod figure;
mod gap;
mod headline;
mod matching;
mod median;
mod method;
mod peers;
mod place;
mod sankey;
mod sequence;
mod style;
mod trend;

use std::collections::BTreeSet;

use crate::{
    cells::Dimension,
    disclosure::{MetricRef, ReleasedTable},
    report::{MetricDefinition, Outside, Report, gap::counts_links, outside},
};

/// The whole page for its viewer, UTF-8. The same report gives the same bytes.
#[must_use]
pub fn html(report: &Report) -> String {
    page(report, None)
}

/// The whole page for a reader who is no party.
#[must_use]
pub fn html_outside(report: &Report, to: &Outside<'_>) -> String {
    page(report, Some(to))
}

fn page(report: &Report, to: Option<&Outside<'_>>) -> String {
    let title = escape::text(&report.study_title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n",
        style::sheet(report)
    );
    out.push_str(&outside::head(report, to));
    let unknown = undefined(report);
    if report.tables.iter().all(|table| table.cells.is_empty()) {
        out.push_str("<p>This report holds no table that the viewer's share list allows.</p>\n");
    }
    for definition in report.metrics.iter().chain(&unknown) {
        metric(report, definition, &mut out);
    }
    matching::section(report, &mut out);
    method::section(report, to, &mut out);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// Metrics of tables that came without a definition: their numbers are shown, and the lack is said.
fn undefined(report: &Report) -> Vec<MetricDefinition> {
    let missing: BTreeSet<_> = report
        .tables
        .iter()
        .map(|table| &table.metric)
        .filter(|metric| report.definition(metric).is_none())
        .collect();
    let stand_in = |metric: &MetricRef| MetricDefinition {
        metric: metric.clone(),
        title: metric.to_string(),
        text: "This report carries no definition of this metric; do not use its numbers without one."
            .to_owned(),
        pseudo_code: String::new(),
    };
    missing.into_iter().map(stand_in).collect()
}

fn metric(report: &Report, definition: &MetricDefinition, out: &mut String) {
    let of_metric =
        || report.tables.iter().filter(|table| table.metric == definition.metric && !table.cells.is_empty());
    let totals: Vec<&ReleasedTable> =
        of_metric().filter(|table| table.domain.dimension == Dimension::All).collect();
    out.push_str(&format!("<section>\n<h2>{}</h2>\n", escape::text(&definition.title)));
    let is_panel = counts_links(&definition.metric);
    if is_panel {
        gap::warning(out);
    }
    headline::sentences(report, &totals, out);
    headline::caveat(report, &of_metric().collect::<Vec<_>>(), out);
    trend::charts(report, &totals, out);
    if !is_panel {
        // Who was found somewhere did not therefore go there.
        sankey::charts(report, &totals, out);
    }
    feeder::table(report, &totals, out);
    sequence::grids(report, &of_metric().collect::<Vec<_>>(), out);
    median::tables(report, &of_metric().collect::<Vec<_>>(), out);
    for dimension in Dimension::every() {
        let tables: Vec<_> = of_metric().filter(|table| table.domain.dimension == dimension).collect();
        breakdown::tables(report, dimension, &tables, out);
        equity::tables(report, dimension, &tables, out);
        gap::tables(report, dimension, &tables, out);
    }
    peers::table(report, &definition.metric, out);
    method::definition(definition, out);
    out.push_str("</section>\n");
}
