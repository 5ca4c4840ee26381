//! A report as long rows of strings: the columns of the CSV contract, shared by every tabular export.
//!
//! Every cell of every table gives one row. No value is ever blank or zero for "unknown" (domain 4.7).

use crate::{
    disclosure::{Category, Mark, Outcome, ReleasedCell, ReleasedTable},
    report::Report,
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
    };
    let measure = match cell.outcome {
        Outcome::Cohort | Outcome::Enrolled(_) | Outcome::SeenAs { .. } => "count",
        Outcome::Rate(_) | Outcome::RateAs { .. } => "percent",
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

/// As what students were counted: the metric's own name for it, `any` over several.
fn outcome(table: &ReleasedTable, outcome: Outcome) -> &str {
    match (outcome, outcome.outcome(), table.outcomes.as_slice()) {
        (Outcome::Cohort, ..) => "cohort",
        (_, Some(index), names) => names.get(usize::from(index)).map_or("unknown outcome", String::as_str),
        (_, None, [only]) => only,
        (_, None, _) => "any",
    }
}

/// The name of a row: a category's label, or `all masked values (...)` with the labels it sums.
pub(super) fn category(table: &ReleasedTable, category: &Category) -> String {
    let label = |index: &u8| {
        table.domain.dimension.categories().get(usize::from(*index)).copied().unwrap_or("unknown category")
    };
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
