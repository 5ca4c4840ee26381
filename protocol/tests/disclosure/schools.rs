//! Tables by many schools: what is withheld, and that it is decided in time.

use std::time::Instant;

use passage_protocol::{
    cells::{CellDomain, Dimension, SCHOOLS_MAX, School, SchoolCode, SchoolYear},
    codec::{Decode, Encode},
    disclosure::{
        Category, DisclosurePolicy, Mark, MetricRef, NoiseStatement, NoiseTerms, Outcome, RawTable,
        ReleasedTable, TableColumns, release_all, source_floor,
    },
    ids::MemberCode,
};

use crate::random::Dice;

const YEAR: SchoolYear = SchoolYear(2021);
const FLOOR: u32 = 11;

/// All students and by so many schools, of which some are small: the two tables of each of two metrics, of which the first counts some
/// of those that the second counts. With it how many students each school has.
fn tables(
    schools: usize,
    receivers: usize,
    noise: NoiseStatement,
    metrics: &[&str],
) -> (Vec<RawTable>, Vec<u64>) {
    let mut dice = Dice::new(schools as u64);
    let patterns = 1_usize << receivers;
    let school = |number: u32| School {
        code: SchoolCode::from_number(number).unwrap(),
        name: format!("School {number}"),
    };
    let listed: Vec<School> = (1..=schools as u32).map(school).collect();
    let mut counted = vec![vec![0_i64; (schools + 1) * patterns]; 2];
    for school in 0..=schools {
        let size = if dice.percent(20) { dice.below(20) } else { 40 + dice.below(500) };
        for _ in 0..size {
            let found = if dice.percent(60) { dice.below(patterns as u64) as usize } else { 0 };
            let going = if dice.percent(90) { found } else { 0 };
            counted[0][school * patterns + going] += 1;
            counted[1][school * patterns + found] += 1;
        }
    }
    let table = |metric: &str, dimension, mut counts: Vec<i64>| {
        let domain = CellDomain::of(vec![YEAR], dimension, &listed);
        let own: Vec<u64> = counts.chunks(patterns).map(|cell| cell.iter().sum::<i64>() as u64).collect();
        let withheld = source_floor(&own, domain.categories(), FLOOR);
        for (cell, gone) in counts.chunks_mut(patterns).zip(&withheld) {
            if *gone {
                cell.fill(0);
            }
        }
        let groups = own.iter().zip(&withheld).map(|(count, gone)| (!gone).then_some(*count)).collect();
        let receivers = (0..receivers as u8).map(|at| MemberCode([2 + at; 5])).collect();
        let columns = TableColumns::of_one("enrolled", receivers);
        let metric = MetricRef { id: metric.to_owned(), version: 1 };
        RawTable::new(metric, domain, MemberCode([1; 5]), columns, counts, groups, noise).unwrap()
    };
    let of_metric = |(metric, by_school): (&&str, Vec<i64>)| {
        let sum = |pattern: usize| by_school.iter().skip(pattern).step_by(patterns).sum();
        let all: Vec<i64> = (0..patterns).map(sum).collect();
        [table(metric, Dimension::All, all), table(metric, Dimension::School, by_school)]
    };
    let sizes = counted[0].chunks(patterns).map(|cell| cell.iter().sum::<i64>() as u64).collect();
    (metrics.iter().zip(counted).flat_map(of_metric).collect(), sizes)
}

fn noisy() -> NoiseStatement {
    NoiseStatement::Laplace(NoiseTerms {
        eps_milli: 1_000,
        delta_ppt: 1_000_000,
        dealers: 2,
        variance_micro: 4_000_000,
    })
}

/// What is shown by school: figures that are values, of all there are.
fn shown(released: &[ReleasedTable]) -> (usize, usize) {
    let by_school = released.iter().filter(|table| table.domain.dimension == Dimension::School);
    let cells = || by_school.clone().flat_map(|table| &table.cells);
    (cells().filter(|cell| cell.mark.value().is_some()).count(), cells().count())
}

#[test]
fn most_of_two_hundred_schools_are_shown_and_none_of_fewer_than_the_floor() {
    for noise in [NoiseStatement::Nil, noisy()] {
        let (raw, sizes) = tables(SCHOOLS_MAX, 1, noise, &["college-going-12"]);
        let is_small = |at: &usize| sizes[*at] < u64::from(FLOOR);
        let small: Vec<usize> = (0..=SCHOOLS_MAX).filter(is_small).collect();
        assert!((10..80).contains(&small.len()), "{}", small.len());
        let released = release_all(raw, &DisclosurePolicy::default());
        let (values, all) = shown(&released);
        assert!(values * 2 > all, "{values} of {all}");
        for at in small {
            let of_row = released[1].cells.iter().filter(|cell| cell.category == Category::One(at as u8));
            assert!(of_row.clone().count() > 3 && of_row.clone().all(|cell| cell.mark.value().is_none()));
        }
        for cell in &released[1].cells {
            if let (Mark::Value { value, .. }, Outcome::Cohort | Outcome::Enrolled(_)) =
                (cell.mark, cell.outcome)
            {
                assert!(value >= u64::from(FLOOR), "{cell:?}");
            }
        }
        assert_eq!(ReleasedTable::from_bytes(&released[1].to_bytes()).as_ref(), Ok(&released[1]));
    }
}

#[test]
#[ignore = "prints how long it takes, by schools, receivers and metrics; minutes"]
#[allow(clippy::disallowed_methods, reason = "a clock is what it is about")]
fn how_long_many_schools_take() {
    let (one, two) = (&["college-going-12"][..], &["college-going-12", "found-at-member"][..]);
    for (schools, receivers, noise, metrics) in [
        (200, 1, NoiseStatement::Nil, one),
        (200, 2, noisy(), one),
        (100, 3, noisy(), one),
        (50, 4, noisy(), one),
        (100, 2, noisy(), two),
        (200, 1, NoiseStatement::Nil, two),
        (50, 2, NoiseStatement::Nil, two),
    ] {
        let began = Instant::now();
        let released =
            release_all(tables(schools, receivers, noise, metrics).0, &DisclosurePolicy::default());
        let (values, all) = shown(&released);
        println!(
            "{schools} schools, {receivers} receivers, {} metrics, exact {}: {:?}, {values} of {all} figures shown",
            metrics.len(),
            noise == NoiseStatement::Nil,
            began.elapsed(),
        );
    }
}
