//! The band of the median in page, table and notes; never beside a band that is withheld, never outside the parties.

use passage_protocol::{
    cells::{CellDomain, Dimension, SchoolYear},
    disclosure::{DisclosurePolicy, MetricRef, NoiseStatement, RawTable, TableColumns, release_all},
    ids::MemberCode,
    release::outside,
    report::{Report, derived, html, median::medians, notes},
};

use crate::once::sample;

fn report(bands: [i64; 5]) -> Report {
    let columns = TableColumns {
        receivers: vec![MemberCode([2; 5])],
        outcomes: (1..=5).map(|band| format!("band-{band}")).collect(),
    };
    let counts = [&[100_i64][..], &bands].concat();
    let group = u64::try_from(counts.iter().sum::<i64>()).unwrap();
    let metric = MetricRef { id: "earnings-bands".to_owned(), version: 1 };
    let domain = CellDomain::new(vec![SchoolYear(2021)], Dimension::All);
    let noise = NoiseStatement::Nil;
    let raw =
        RawTable::new(metric, domain, MemberCode([1; 5]), columns, counts, vec![Some(group)], noise).unwrap();
    let tables = release_all(vec![raw], &DisclosurePolicy::default());
    Report {
        noise,
        tables,
        viewer: MemberCode([1; 5]),
        panel: Default::default(),
        peers: Default::default(),
        ..sample()
    }
}

#[test]
fn the_band_of_the_median_is_said_where_every_band_is_shown() {
    let shown = report([40, 30, 50, 20, 25]);
    let found = medians(&shown, &shown.tables[0]);
    assert_eq!(found.len(), 1);
    // 165 students: half are reached in the third band.
    assert_eq!((found[0].value, found[0].low, found[0].high), (2, 2, 2));
    let row = derived(&shown).into_iter().find(|row| row[8] == "median-band").unwrap();
    assert_eq!([&row[6], &row[9], &row[10], &row[11]], ["all students", "band-3", "band-3", "band-3"]);
    assert!(
        html(&shown).contains("Where the median lies") && html(&shown).contains("30,000 to below 45,000")
    );
    assert!(notes(&shown).contains("median-band"));

    let outside = outside(&shown);
    assert!(derived(&outside).is_empty() && !html(&outside).contains("Where the median lies"));

    // Five in the highest band: it is withheld, and no median is said.
    let withheld = report([40, 30, 50, 20, 5]);
    assert!(medians(&withheld, &withheld.tables[0]).is_empty());
    assert!(!html(&withheld).contains("Where the median lies"));
}
