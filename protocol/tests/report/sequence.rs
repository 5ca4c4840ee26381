//! The grid of a course sequence (A5): its squares and sums against loops over the students, never from what is withheld.

use std::collections::BTreeMap;

use passage_protocol::{
    cells::{CellDomain, Dimension, Grouping, SchoolYear},
    disclosure::{
        DisclosurePolicy, MetricRef, NoiseStatement, NoiseTerms, RawTable, TableColumns, release_all,
    },
    ids::MemberCode,
    metric::Metric,
    release::outside,
    report::{
        Report, csv, derived, html, notes,
        sequence::{Relation, Sum, is_grid, sums},
    },
};

use crate::once::sample;

const YEAR: SchoolYear = SchoolYear(2021);
const SENDER: MemberCode = MemberCode([1; 5]);

/// Students by category of the grouping and outcome, 0 for those without a course at the receiver.
fn report(
    metric: &str,
    version: u16,
    grouping: Grouping,
    students: &[(usize, usize, i64)],
    noise: NoiseStatement,
) -> Report {
    let definition = Metric::builtin(metric, version).unwrap().unwrap();
    let outcomes: Vec<String> = definition.outcomes.iter().map(|one| one.name.clone()).collect();
    let patterns = outcomes.len() + 1;
    let table = |domain: CellDomain| {
        let mut counts = vec![0_i64; domain.len() * patterns];
        let mut groups = vec![0_u64; domain.len()];
        for (category, outcome, count) in students {
            let row = if domain.dimension == Dimension::All { 0 } else { *category };
            counts[row * patterns + outcome] += count;
            groups[row] += u64::try_from(*count).unwrap();
        }
        let columns = TableColumns { receivers: vec![MemberCode([2; 5])], outcomes: outcomes.clone() };
        let groups = groups.into_iter().map(|group| (group >= 11).then_some(group)).collect();
        let metric = MetricRef { id: metric.to_owned(), version };
        RawTable::new(metric, domain, SENDER, columns, counts, groups, noise).unwrap()
    };
    let raw = [Dimension::All, Dimension::Group(grouping)].map(|by| table(CellDomain::new(vec![YEAR], by)));
    let tables = release_all(raw.into(), &DisclosurePolicy::default());
    Report { noise, tables, viewer: SENDER, panel: Default::default(), peers: Default::default(), ..sample() }
}

/// Number of an outcome of the metric.
fn outcome(name: &str) -> usize {
    Metric::builtin("course-sequence-math", 2).unwrap().unwrap().outcome(name).unwrap().into()
}

fn grid(report: &Report) -> Vec<Sum> {
    let table = report.tables.iter().find(|table| is_grid(table)).unwrap();
    sums(report, table)
}

/// Every square filled: what is shown is everything.
fn full() -> Vec<(usize, usize, i64)> {
    let mut students = Vec::new();
    for category in 0..8 {
        students.push((category, 0, 300));
        for outcome in 1..=10 {
            students.push((category, outcome, 20 + ((category * 7 + outcome * 3) % 23) as i64));
        }
    }
    students
}

#[test]
fn a5_lower_equal_and_higher_are_those_of_the_ladder() {
    let report = report("course-sequence-math", 2, Grouping::LastMathCourse, &full(), NoiseStatement::Nil);
    let names = Metric::builtin("course-sequence-math", 2).unwrap().unwrap().outcomes;
    let mut expected: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for (category, outcome, count) in
        full().into_iter().filter(|(category, outcome, _)| *category > 0 && *outcome > 0)
    {
        let name = names[outcome - 1].name.as_str();
        let first = match name.trim_end_matches("-passed").trim_end_matches("-not") {
            "arithmetic" => 0,
            "pre-algebra" => 1,
            "algebra-1" => 2,
            "algebra-2" => 4,
            _ => 5,
        };
        // Category 1 is arithmetic, step 0; category 7 calculus, step 6.
        let last = category - 1;
        let word = match first {
            5 if last == 6 => "not-told",
            first if first < last => "lower",
            first if first == last => "equal",
            _ => "higher",
        };
        let of = expected.entry(word).or_default();
        of[0] += count as u64;
        of[1] += if name.ends_with("-not-passed") { 0 } else { count as u64 };
    }
    let found = grid(&report);
    assert_eq!(found.len(), 4);
    for sum in &found {
        let counted = [sum.counted, sum.passed];
        assert_eq!(counted.map(|one| one.value), expected[sum.relation.word()], "{:?}", sum.relation);
        assert!(counted.iter().all(|one| one.low == one.value && one.high == one.value) && sum.withheld == 0);
    }
    let rows = derived(&report);
    let row =
        |measure: &str| rows.iter().find(|row| row[8] == measure).map(|row| row[9].parse::<u64>().unwrap());
    for (word, counts) in &expected {
        assert_eq!(row(&format!("sequence-{word}")), Some(counts[0]));
        assert_eq!(row(&format!("sequence-{word}-passed")), Some(counts[1]));
    }
    let (page, text) = (html(&report), notes(&report));
    assert!(
        page.contains("Course sequence") && page.contains("class=\"n lower\"") && page.contains("color-mix")
    );
    assert!(text.contains("Course sequence (column `measure`") && text.contains("By last-math-course."));
    assert!(String::from_utf8(csv(&report)).unwrap().contains(",sequence-higher,"));
}

#[test]
fn a5_a_sum_with_a_withheld_square_is_a_least_and_stands_in_no_table() {
    let mut students = full();
    // Five who passed algebra 1 after calculus: a lower square that is withheld, and others with it.
    let of = (7, outcome("algebra-1-passed"));
    students.iter_mut().filter(|(category, at, _)| (*category, *at) == of).for_each(|one| one.2 = 5);
    let report = report("course-sequence-math", 2, Grouping::LastMathCourse, &students, NoiseStatement::Nil);
    let lower = grid(&report).into_iter().find(|sum| sum.relation == Relation::Lower).unwrap();
    assert!(lower.withheld > 0);
    let all: i64 = full().iter().map(|one| one.2).sum();
    assert!(lower.counted.value < u64::try_from(all).unwrap());
    assert!(!derived(&report).iter().any(|row| row[8].starts_with("sequence-lower")));
    let page = html(&report);
    assert!(page.contains("at least") && page.contains("squares are withheld"));
    assert!(!page.contains(">5<"), "what is withheld is nowhere");
}

#[test]
fn a5_ranges_are_added_where_there_is_noise() {
    let noise = NoiseStatement::Laplace(NoiseTerms {
        eps_milli: 1_000,
        delta_ppt: 1_000_000,
        dealers: 2,
        variance_micro: 4_000_000,
    });
    let report = report("course-sequence-math", 2, Grouping::LastMathCourse, &full(), noise);
    let width = noise.half_width_95(1);
    assert!(width > 0);
    for sum in grid(&report) {
        assert!(sum.counted.low < sum.counted.value && sum.counted.value < sum.counted.high);
        assert_eq!((sum.counted.high - sum.counted.value) % width, 0, "whole ranges are added");
    }
}

#[test]
fn a5_the_grid_of_a_college_is_by_its_own_rows_and_other_tables_have_none() {
    let students: Vec<(usize, usize, i64)> =
        (0..6).flat_map(|category| (0..=10).map(move |outcome| (category, outcome, 40))).collect();
    let of_college = report(
        "course-sequence-math-transfer",
        1,
        Grouping::HighestCollegeMath,
        &students,
        NoiseStatement::Nil,
    );
    let told: Vec<u64> = grid(&of_college).iter().map(|sum| sum.counted.value / 80).collect();
    assert_eq!(told, [10, 5, 10], "squares below, on and above the diagonal of five steps; none is not told");

    for (metric, grouping) in [
        ("course-sequence-math", Grouping::LowIncome),
        ("transfer-level-first-year", Grouping::LastMathCourse),
    ] {
        let version = Metric::builtins().unwrap().iter().rfind(|one| one.id == metric).unwrap().version;
        let students = [(0, 0, 200), (1, 0, 200), (0, 1, 60), (1, 1, 60)];
        let other = report(metric, version, grouping, &students, NoiseStatement::Nil);
        assert!(!other.tables.iter().any(is_grid) && !html(&other).contains("Course sequence"));
    }
}

#[test]
fn a5_a_file_for_the_outside_has_no_figures_made_of_others() {
    let report = report("course-sequence-math", 2, Grouping::LastMathCourse, &full(), NoiseStatement::Nil);
    let outside = outside(&report);
    assert!(outside.tables.iter().any(is_grid));
    assert!(outside.tables.iter().all(|table| sums(&outside, table).is_empty()));
    assert!(derived(&outside).is_empty() && !html(&outside).contains("class=\"sequence\""));
}

#[test]
fn every_panel_of_a_choice_has_its_rule_however_many_outcomes_there_are() {
    let report = report("course-sequence-math", 2, Grouping::LastMathCourse, &full(), NoiseStatement::Nil);
    let page = html(&report);
    let panels = page.split("<fieldset").skip(1).map(|choice| choice.split("</fieldset>").next().unwrap());
    let most = panels.map(|choice| choice.matches("class=\"panel\"").count()).max().unwrap();
    assert!(most > 10, "{most}");
    assert!(page.contains(&format!(":nth-of-type({most}):checked")), "a reader can choose panel {most}");
}
