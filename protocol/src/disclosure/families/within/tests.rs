//! What is left between the rows of two groupings, without noise.

use super::*;
use crate::{
    cells::{CellDomain, SchoolYear},
    disclosure::{DisclosurePolicy, MetricRef, NoiseStatement, Outcome, RawTable, TableColumns, release_all},
    grouping::GroupingDefinition,
    ids::MemberCode,
};

const YEAR: SchoolYear = SchoolYear(2021);

/// Students of the first and the second category, and how many of each were seen.
fn table(metric: &str, dimension: Dimension, rows: &[(u64, i64)]) -> RawTable {
    let domain = CellDomain::new(vec![YEAR], dimension);
    let outcomes: Vec<String> = match metric {
        "k16-pathway" => vec!["enrolled".to_owned(), "award".to_owned()],
        _ => vec!["enrolled".to_owned()],
    };
    let counts = rows.iter().flat_map(|(group, seen)| {
        let rest = i64::try_from(*group).unwrap() - seen;
        let award = (outcomes.len() > 1).then_some(seen / 2);
        [rest, seen - award.unwrap_or(0)].into_iter().chain(award).collect::<Vec<_>>()
    });
    let groups = rows.iter().map(|(group, _)| (*group > 0).then_some(*group)).collect();
    let (counts, columns) =
        (counts.collect(), TableColumns { receivers: vec![MemberCode([2; 5])], outcomes });
    let metric = MetricRef { id: metric.to_owned(), version: 1 };
    RawTable::new(metric, domain, MemberCode([1; 5]), columns, counts, groups, NoiseStatement::Nil).unwrap()
}

/// Whether a reader knows who was seen of the disadvantaged who are not migrants: the figure is shown in both rows.
fn is_told(metrics: [&str; 2], low_income: (u64, i64), migrant: (u64, i64)) -> bool {
    let (students, seen) = (1_000, 520);
    let of = |row: (u64, i64)| [(students - row.0, seen - row.1), row];
    let raw = vec![
        table(metrics[0], Dimension::All, &[(students, seen)]),
        table(metrics[0], Dimension::Group(Grouping::LowIncome), &of(low_income)),
        table(metrics[1], Dimension::All, &[(students, seen)]),
        table(metrics[1], Dimension::Group(Grouping::Migrant), &of(migrant)),
    ];
    // One metric asks for its totals once.
    let raw = raw
        .into_iter()
        .enumerate()
        .filter(|(at, _)| *at != 2 || metrics[0] != metrics[1])
        .map(|(_, raw)| raw);
    let released = release_all(raw.collect(), &DisclosurePolicy::default());
    let shown = |grouping| {
        let table =
            released.iter().find(|table| table.domain.dimension == Dimension::Group(grouping)).unwrap();
        table.mark(YEAR, 1, Outcome::Enrolled(None)).is_some_and(|mark| mark.value().is_some())
    };
    shown(Grouping::LowIncome) && shown(Grouping::Migrant)
}

#[test]
fn what_is_left_between_nested_rows_is_protected_as_a_row_would_be() {
    let one = ["college-going-12", "college-going-12"];
    // Of 40 disadvantaged who are no migrants 20, and 3, were seen; 3 were not; of 15 twelve, none, and all.
    assert!(is_told(one, (540, 280), (500, 260)), "twenty of forty may be told");
    for (low_income, migrant) in [
        ((540, 263), (500, 260)),
        ((540, 297), (500, 260)),
        ((515, 262), (500, 250)),
        ((515, 250), (500, 250)),
        ((515, 265), (500, 250)),
    ] {
        assert!(!is_told(one, low_income, migrant), "{low_income:?} {migrant:?}");
    }
}

#[test]
fn the_same_count_by_another_metric_tells_no_more() {
    // k16-pathway is within a year what college-going-12 is.
    let two = ["college-going-12", "k16-pathway"];
    assert!(is_told(two, (540, 280), (500, 260)));
    assert!(!is_told(two, (540, 263), (500, 260)));
}

#[test]
fn what_lies_within_is_read_by_what_it_lies_within() {
    for ((inner, category), (outer, whole)) in Grouping::WITHIN {
        let [inner, outer] = [inner, outer].map(|one| GroupingDefinition::of(one).unwrap());
        assert!(inner.categories.get(category - 1).is_some() && outer.categories.get(whole - 1).is_some());
        let read = inner.program.elements.iter().filter(|element| element.as_str() != "school-year");
        let silent = read.into_iter().find(|element| !outer.program.elements.contains(element));
        assert_eq!(silent, None, "{} reads what {} does not", inner.grouping.name(), outer.grouping.name());
    }
}
