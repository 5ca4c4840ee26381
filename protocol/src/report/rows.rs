//! A report as long rows of strings: the columns of the CSV contract, shared by every tabular export.
//!
//! Every cell of every table gives one row; [`derived`] gives what is made of them: equity flags, peers. No value is ever blank or zero for "unknown" (domain 4.7).

use crate::{
    cells::SchoolYear,
    disclosure::{Category, Mark, Outcome, ReleasedCell, ReleasedTable},
    report::{
        Report,
        equity::{self, Finding},
        gap::{self, Gap},
        median::{self, Median},
        peers::PeerGroup,
        sequence::{self, Sum},
    },
};

/// One row of the export, in column order.
pub type Row = [String; 14];

/// Every cell of the report, in table order.
pub fn rows(report: &Report) -> impl Iterator<Item = Row> + '_ {
    report.tables.iter().flat_map(|table| table.cells.iter().map(|cell| row(report, table, cell)))
}

fn row(report: &Report, table: &ReleasedTable, cell: &ReleasedCell) -> Row {
    let receiver = match cell.outcome {
        Outcome::Cohort => "n/a".to_owned(),
        Outcome::Enrolled(_) | Outcome::Rate(_) | Outcome::SeenAs { .. } | Outcome::RateAs { .. } => {
            table.receiver(cell.outcome).map_or_else(|| "any".to_owned(), |code| code.to_string())
        }
        Outcome::AtBoth { .. } | Outcome::RateAtBoth { .. } => {
            let codes = table.receivers_of(cell.outcome);
            let named = codes.map(|code| code.map_or_else(|| "n/a".to_owned(), |code| code.to_string()));
            named.collect::<Vec<_>>().join(" and ")
        }
    };
    let measure = match cell.outcome {
        Outcome::Cohort | Outcome::Enrolled(_) | Outcome::SeenAs { .. } | Outcome::AtBoth { .. } => "count",
        Outcome::Rate(_) | Outcome::RateAs { .. } | Outcome::RateAtBoth { .. } => "percent",
    };
    let (value, low, high) = figures(cell.mark);
    [
        report.round.to_string(),
        table.metric.to_string(),
        table.sender.to_string(),
        receiver,
        cell.cohort.to_string(),
        table.domain.dimension.name().to_owned(),
        category(table, &cell.category),
        outcome(table, cell.outcome).to_owned(),
        measure.to_owned(),
        value,
        low,
        high,
        cell.mark.status().to_owned(),
        cell.mark.reason().map_or("", |reason| reason.code()).to_owned(),
    ]
}

/// As what students were counted: the metric's own name for it, `any` over several, `at-both` at two receivers.
fn outcome(table: &ReleasedTable, outcome: Outcome) -> &str {
    match (outcome, outcome.outcome(), table.outcomes.as_slice()) {
        (Outcome::Cohort, ..) => "cohort",
        (Outcome::AtBoth { .. } | Outcome::RateAtBoth { .. }, ..) => "at-both",
        (_, Some(index), names) => names.get(usize::from(index)).map_or("unknown outcome", String::as_str),
        (_, None, [only]) => only,
        (_, None, _) => "any",
    }
}

/// Figures made of the report's cells, for its viewer: two rows for each equity measure, its value and its flag; one for each gap of
/// a match panel; two for each relation of a course sequence all of whose squares are shown; one for each median; three for each peer group. A file for the outside has none (SPEC §24): its reader is told what was approved and can make these of it.
#[must_use]
pub fn derived(report: &Report) -> Vec<Row> {
    if report.is_outside() {
        return Vec::new();
    }
    let mut made = Vec::new();
    for table in &report.tables {
        for finding in equity::findings(report, table) {
            made.extend(flagged(report, table, &finding));
        }
        made.extend(gap::gaps(report, table).iter().map(|gap| between(report, table, gap)));
        made.extend(median::medians(report, table).iter().map(|median| halved(report, table, median)));
        let whole = sequence::sums(report, table).into_iter().filter(|sum| sum.withheld == 0);
        made.extend(whole.flat_map(|sum| in_sequence(report, table, &sum)));
    }
    made.extend(report.peers.0.iter().flat_map(|group| beside_peers(report, group)));
    made
}

/// A figure made of others, of one row of a table: where the columns stand that all such figures have.
struct Made<'a> {
    report: &'a Report,
    table: &'a ReleasedTable,
    cohort: SchoolYear,
    /// The receiver of this outcome, or any.
    at: Outcome,
    category: String,
    outcome: &'a str,
}

impl Made<'_> {
    fn row(&self, measure: String, figures: [String; 3]) -> Row {
        let [value, low, high] = figures;
        [
            self.report.round.to_string(),
            self.table.metric.to_string(),
            self.table.sender.to_string(),
            self.table.receiver(self.at).map_or_else(|| "any".to_owned(), |code| code.to_string()),
            self.cohort.to_string(),
            self.table.domain.dimension.name().to_owned(),
            self.category.clone(),
            self.outcome.to_owned(),
            measure,
            value,
            low,
            high,
            "value".to_owned(),
            String::new(),
        ]
    }
}

fn flagged(report: &Report, table: &ReleasedTable, finding: &Finding) -> [Row; 2] {
    let made = Made {
        report,
        table,
        cohort: finding.cohort,
        at: finding.outcome,
        category: category(table, &Category::One(finding.category)),
        outcome: outcome(table, finding.outcome),
    };
    let measure = finding.measure.word();
    let flag = || finding.flag.word().to_owned();
    [
        made.row(
            measure.to_owned(),
            [finding.value, finding.low, finding.high].map(|figure| figure.to_string()),
        ),
        made.row(format!("{measure}-flag"), [flag(), flag(), flag()]),
    ]
}

fn between(report: &Report, table: &ReleasedTable, gap: &Gap) -> Row {
    let [least, most] = [gap.least, gap.most].map(|group| category(table, &Category::One(group)));
    let made = Made {
        report,
        table,
        cohort: gap.cohort,
        at: gap.outcome,
        category: format!("from {least} to {most}"),
        outcome: outcome(table, gap.outcome),
    };
    made.row(gap::MEASURE.to_owned(), [gap.value, gap.low, gap.high].map(|points| points.to_string()))
}

/// The bands of a median, by name.
fn halved(report: &Report, table: &ReleasedTable, found: &Median) -> Row {
    let made = Made {
        report,
        table,
        cohort: found.cohort,
        at: Outcome::Enrolled(Some(found.receiver)),
        category: category(table, &Category::One(found.category)),
        outcome: "any",
    };
    let name = |band: usize| median::bands(table).get(band).copied().unwrap_or_default().to_owned();
    made.row(median::MEASURE.to_owned(), [found.value, found.low, found.high].map(name))
}

/// All students of a relation, and those of them who passed.
fn in_sequence(report: &Report, table: &ReleasedTable, sum: &Sum) -> [Row; 2] {
    let made = Made {
        report,
        table,
        cohort: sum.cohort,
        at: Outcome::Enrolled(Some(sum.receiver)),
        category: "every course known".to_owned(),
        outcome: "any",
    };
    let relation = sum.relation.word();
    let figures =
        [(format!("sequence-{relation}"), sum.counted), (format!("sequence-{relation}-passed"), sum.passed)];
    figures.map(|(measure, counted)| {
        made.row(measure, [counted.value, counted.low, counted.high].map(|students| students.to_string()))
    })
}

fn beside_peers(report: &Report, group: &PeerGroup) -> [Row; 3] {
    let figures =
        [("lower-quartile", group.lower), ("median", group.median), ("upper-quartile", group.upper)];
    let of_metric = report.tables.iter().find(|table| table.metric == group.metric);
    let seen = of_metric.map_or("any", |table| outcome(table, Outcome::Rate(None)));
    figures.map(|(measure, value)| {
        [
            report.round.to_string(),
            group.metric.to_string(),
            format!("{} peers", group.institutions),
            "any".to_owned(),
            group.cohort.to_string(),
            "all".to_owned(),
            "all students".to_owned(),
            seen.to_owned(),
            format!("peer-{measure}"),
            value.to_string(),
            value.to_string(),
            value.to_string(),
            "value".to_owned(),
            String::new(),
        ]
    })
}

/// The name of a row: a category's label, or `all masked values (...)` with the labels it sums.
pub(super) fn category(table: &ReleasedTable, category: &Category) -> String {
    let label = |index: &u8| table.domain.label(usize::from(*index)).unwrap_or("unknown category");
    match category {
        Category::One(index) => label(index).to_owned(),
        Category::AllMasked(list) => {
            format!("all masked values ({})", list.iter().map(label).collect::<Vec<_>>().join("; "))
        }
    }
}

/// Value, low and high as strings: `<=9`, `>=91` and `21 to 39` survive spreadsheets, `21-39` would become a date.
fn figures(mark: Mark) -> (String, String, String) {
    match mark {
        Mark::Value { value, low, high } => (value.to_string(), low.to_string(), high.to_string()),
        Mark::Bound { low, high, .. } => {
            let value = match (low, high) {
                (0, high) => format!("<={high}"),
                (low, 100) => format!(">={low}"),
                (low, high) => format!("{low} to {high}"),
            };
            (value, low.to_string(), high.to_string())
        }
        Mark::Suppressed(_) => ("*".to_owned(), "*".to_owned(), "*".to_owned()),
        Mark::NotApplicable(_) => ("n/a".to_owned(), "n/a".to_owned(), "n/a".to_owned()),
    }
}
