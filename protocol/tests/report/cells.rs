//! "HTML shows the same cells": every row of the CSV stands on the page, in its table, row and column, with its interval or
//! its reason; for the samples and for generated tables cut to any share list.

use std::collections::{BTreeMap, BTreeSet};

use passage_protocol::{
    cells::{CellDomain, Dimension, SchoolYear},
    disclosure::{
        DisclosurePolicy, Mark, MetricRef, NoiseStatement, NoiseTerms, RawTable, Reason, TableColumns,
        release_all,
    },
    ids::MemberCode,
    report::{Report, Row, html, rows},
};
use proptest::prelude::*;

use crate::{
    once::{cut_sample, sample},
    page::{Spot, figures},
    sample_report::tables,
};

/// Where the page and the CSV of a report do not say the same.
pub(crate) fn differences(report: &Report, page: &str) -> Vec<String> {
    let page = figures(page);
    let mut wrong = Vec::new();
    let csv: BTreeMap<[String; 7], Row> = rows(report).map(|row| (key(&row), row)).collect();
    assert_eq!(csv.len(), rows(report).count(), "one row for each cell");
    let (places, mut used) = (places(report), BTreeSet::new());
    for row in csv.values() {
        // A cohort's row stands beside the figures of every place and outcome.
        let places = match row[7].as_str() {
            "cohort" => places[&table_of(row)].clone(),
            outcome => [(row[3].clone(), outcome.to_owned())].into(),
        };
        for (place, seen) in places {
            let of = |outcome: &str, measure: &str| {
                let receiver = if outcome == "cohort" { "n/a" } else { &place };
                let [table, sender, cohort, category] =
                    [&row[1], &row[2], &row[4], &row[6]].map(Clone::clone);
                let tail = format!("{}/{outcome}/{measure}", row[5]);
                csv.get(&[table, sender, receiver.to_owned(), cohort, category, tail, String::new()])
            };
            let figure = |outcome, measure| of(outcome, measure).map_or("--".to_owned(), shown);
            let (rate, count) = (figure(&seen, "percent"), figure(&seen, "count"));
            let group = figure("cohort", "count");
            let one_of_several = Some(seen.as_str())
                .filter(|seen| outcomes(report, row) > 1 && !["any", "at-both"].contains(seen));
            for (label, expected) in expected(row, one_of_several, &rate, &count, &group) {
                let mut spot = spot(report, row, &place, label);
                if one_of_several.is_some() {
                    spot.place = format!("{place} as {seen}");
                }
                if page.get(&spot) != Some(&expected) {
                    wrong.push(format!("{spot:?}: {:?}, expected {expected}", page.get(&spot)));
                }
                used.insert(spot);
            }
        }
    }
    let more = page.iter().filter(|(spot, text)| !used.contains(spot) && *text != "no sum");
    wrong.extend(more.map(|(spot, text)| format!("{spot:?}: {text}, which the CSV has not")));
    wrong
}

fn key(row: &Row) -> [String; 7] {
    let tail = format!("{}/{}/{}", row[5], row[7], row[8]);
    [row[1].clone(), row[2].clone(), row[3].clone(), row[4].clone(), row[6].clone(), tail, String::new()]
}

/// Receivers, or `any`, with the outcome, that each table (by its first columns and dimension) has figures about.
fn places(report: &Report) -> BTreeMap<[String; 3], BTreeSet<(String, String)>> {
    let mut places: BTreeMap<[String; 3], BTreeSet<(String, String)>> = BTreeMap::new();
    for row in rows(report).filter(|row| row[7] != "cohort") {
        places.entry(table_of(&row)).or_default().insert((row[3].clone(), row[7].clone()));
    }
    places
}

/// As how many things a row's table can see students.
fn outcomes(report: &Report, row: &Row) -> usize {
    let of_row = report.tables.iter().find(|table| table.metric.to_string() == row[1]);
    of_row.unwrap().outcomes.len()
}

fn table_of(row: &Row) -> [String; 3] {
    [1, 2, 5].map(|at| row[at].clone())
}

/// The rows of the page on which a CSV row must be read, each with the whole text of its cell.
fn expected(
    row: &Row,
    one_of_several: Option<&str>,
    rate: &str,
    count: &str,
    group: &str,
) -> Vec<(String, String)> {
    if row[5] == "all" && one_of_several.is_none() {
        let columns = [("Students", group), ("Observed", count), ("Percent", rate)];
        return columns.map(|(column, text)| (column.to_owned(), text.to_owned())).to_vec();
    }
    if row[6].starts_with("all masked values") {
        return match row[7].as_str() {
            "cohort" => vec![("all masked values, in the group".to_owned(), group.to_owned())],
            _ => vec![(format!("all masked values, observed (percent {rate})"), count.to_owned())],
        };
    }
    let alike = rate == count && count == group && rate.starts_with('*');
    let text = if alike { rate.to_owned() } else { format!("{rate}{count} of {group}") };
    vec![(row[6].clone(), text)]
}

fn spot(report: &Report, row: &Row, place: &str, label: String) -> Spot {
    let table = report
        .tables
        .iter()
        .find(|table| table.metric.to_string() == row[1] && table.sender.to_string() == row[2]);
    let table = table.unwrap();
    // With one receiver in all, "any" is that one, and the page says each figure once.
    let place = match table.receivers.as_slice() {
        [only] => only.to_string(),
        _ => place.to_owned(),
    };
    Spot {
        metric: report.definition(&table.metric).map_or(row[1].clone(), |known| known.title.clone()),
        dimension: row[5].clone(),
        sender: row[2].clone(),
        place,
        row: label,
        cohort: row[4].clone(),
    }
}

/// A CSV row as a person reads it on the page.
fn shown(row: &Row) -> String {
    let [value, low, high, status, reason] = [&row[9], &row[10], &row[11], &row[12], &row[13]];
    let percent = if row[8] == "percent" { " %" } else { "" };
    let why = || {
        let at = Reason::ALL.iter().position(|known| known.code() == reason).unwrap();
        format!("{} ({})", (b'a' + u8::try_from(at).unwrap()) as char, Reason::ALL[at].sentence())
    };
    match status.as_str() {
        "value" if low == value && high == value => format!("{}{percent}", thousands(value)),
        "value" => format!("{}{percent} [{}–{}]", thousands(value), thousands(low), thousands(high)),
        "bound" if low == "0" => format!("≤ {high} %{}", why()),
        "bound" if high == "100" => format!("≥ {low} %{}", why()),
        "bound" => format!("{low}–{high} %{}", why()),
        _ => format!("{value}{}", why()),
    }
}

fn thousands(number: &str) -> String {
    match number.len() {
        0..=3 => number.to_owned(),
        long => format!("{},{}", thousands(&number[..long - 3]), &number[long - 3..]),
    }
}

#[test]
fn the_samples_pages_show_every_cell_of_their_csv() {
    let statuses: BTreeSet<String> = rows(&sample()).map(|row| row[12].clone()).collect();
    assert_eq!(statuses.len(), 4, "the sample has every status: {statuses:?}");
    for report in [sample(), cut_sample()] {
        assert_eq!(differences(&report, &html(&report)), Vec::<String>::new());
    }
}

#[test]
fn a_cell_that_is_missing_altered_or_too_many_is_noticed() {
    let report = sample();
    let page = html(&report);
    for (at, _) in report.tables[1].cells.iter().enumerate().step_by(61) {
        let mut altered = report.clone();
        altered.tables[1].cells[at].mark = Mark::Value { value: 4_711, low: 4_711, high: 4_711 };
        assert!(!differences(&altered, &page).is_empty(), "{:?}", report.tables[1].cells[at]);
        assert!(!differences(&report, &html(&altered)).is_empty(), "{:?}", report.tables[1].cells[at]);
    }
    let mut less = report.clone();
    less.tables.pop();
    assert!(!differences(&report, &html(&less)).is_empty());
    assert!(!differences(&less, &page).is_empty());
}

/// Receivers, students of each sender, share of them that goes on, noise, and which receivers the reader may see.
fn generated() -> impl Strategy<Value = Report> {
    let senders = prop::collection::vec((20_u64..900, 25_u64..90), 1..3);
    (1_usize..5, senders, any::<bool>(), 1_u8..16).prop_map(|(receivers, senders, noisy, seen)| {
        let code = |at: usize| MemberCode([9, 9, 9, 9, u8::try_from(at).unwrap()]);
        let noise = if noisy {
            let (eps_milli, delta_ppt, dealers, variance_micro) = (2_000, 1_000_000, 2, 724_000);
            NoiseStatement::Laplace(NoiseTerms { eps_milli, delta_ppt, dealers, variance_micro })
        } else {
            NoiseStatement::Nil
        };
        let metric = MetricRef { id: "college-going-12m".to_owned(), version: 1 };
        let receivers: Vec<MemberCode> = (0..receivers).map(code).collect();
        let mut raw = Vec::new();
        for (at, (size, going)) in senders.into_iter().enumerate() {
            raw.extend(tables(&metric, code(10 + at), receivers.clone(), size, going, noise));
        }
        let may_see = |to: Option<MemberCode>| match to {
            Some(to) => receivers.iter().zip(0..).any(|(code, bit)| *code == to && seen >> bit & 1 == 1),
            None => (0..receivers.len()).all(|bit| seen >> bit & 1 == 1),
        };
        let policy = DisclosurePolicy::default();
        let released = release_all(raw, &policy);
        let cut = released.iter().map(|table| table.for_member(|_, to| may_see(to)));
        let tables = cut.filter(|table| !table.cells.is_empty()).collect();
        Report { noise, tables, viewer: code(10), panel: Default::default(), ..sample() }
    })
}

/// Tables of a metric with several outcomes at one or two receivers, over all students and by gender.
fn with_outcomes() -> impl Strategy<Value = Report> {
    let counts = prop::collection::vec(0_i64..120, 2 * 5 * 9);
    (1_usize..3, counts, any::<bool>()).prop_map(|(receivers, drawn, noisy)| {
        let code = |at: u8| MemberCode([9, 9, 9, 9, at]);
        let noise = if noisy {
            let (eps_milli, delta_ppt, dealers, variance_micro) = (2_000, 1_000_000, 2, 724_000);
            NoiseStatement::Laplace(NoiseTerms { eps_milli, delta_ppt, dealers, variance_micro })
        } else {
            NoiseStatement::Nil
        };
        let columns = TableColumns {
            receivers: [code(0), code(1)][..receivers].to_vec(),
            outcomes: vec!["lower".to_owned(), "equal or higher".to_owned()],
        };
        let patterns = 3_usize.pow(u32::try_from(receivers).unwrap());
        let cohorts = vec![SchoolYear(2021), SchoolYear(2022)];
        let metric = MetricRef { id: "college-going-12m".to_owned(), version: 1 };
        // Gender has four categories; the first students of `drawn` are those of all, summed.
        let by_gender: Vec<i64> = (0..2 * 4 * patterns).map(|at| drawn[at % drawn.len()]).collect();
        let all: Vec<i64> = (0..2 * patterns)
            .map(|at| {
                (0..4).map(|gender| by_gender[(at / patterns * 4 + gender) * patterns + at % patterns]).sum()
            })
            .collect();
        let table = |dimension, counts: Vec<i64>| {
            let domain = CellDomain::new(cohorts.clone(), dimension);
            let groups = counts.chunks(patterns).map(|cell| u64::try_from(cell.iter().sum::<i64>()).ok());
            let groups = groups.collect();
            RawTable::new(metric.clone(), domain, code(10), columns.clone(), counts, groups, noise).unwrap()
        };
        let raw = vec![table(Dimension::All, all), table(Dimension::Gender, by_gender)];
        let tables = release_all(raw, &DisclosurePolicy::default());
        Report { noise, tables, viewer: code(10), panel: Default::default(), ..sample() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_pages_show_every_cell_of_their_csv(report in generated()) {
        prop_assert_eq!(differences(&report, &html(&report)), Vec::<String>::new());
    }

    #[test]
    fn pages_of_several_outcomes_show_every_cell_of_their_csv(report in with_outcomes()) {
        prop_assert!(rows(&report).any(|row| row[7] == "equal or higher" && row[8] == "percent"));
        prop_assert_eq!(differences(&report, &html(&report)), Vec::<String>::new());
    }
}
