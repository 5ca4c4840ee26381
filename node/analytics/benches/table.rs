//! Rows a second into and out of a sealed table, and through SQL: `cargo bench -p passage-analytics`.
//!
//! A row is that of a course file: nine columns, six of them text. One core but for the queries.

#![allow(clippy::unwrap_used, reason = "a bench that cannot set up has nothing to measure")]
#![allow(missing_docs, reason = "functions here are the names of measurements")]

use std::io::Write;

use divan::{Bencher, black_box, counter::ItemsCount};
use passage_analytics::{
    engine::{Embedded, Limits, QueryEngine},
    sealed::{FileKey, FreshSalt, SealedFile},
    table::{Cell, Column, Kind, Role, TableSchema, TableWriter, scan},
};
use zeroize::Zeroizing;

const ROWS: u32 = 200_000;
const COLUMNS: [(&str, Kind); 9] = [
    ("local_id", Kind::Text),
    ("school_year", Kind::Integer),
    ("term_season", Kind::Text),
    ("course_id", Kind::Text),
    ("section_id", Kind::Text),
    ("subject", Kind::Text),
    ("grade", Kind::Text),
    ("entry_date", Kind::Date),
    ("units_earned", Kind::Decimal),
];

fn main() {
    divan::main();
}

fn schema() -> TableSchema {
    let column =
        |(name, kind): &(&str, Kind)| Column { name: (*name).to_owned(), kind: *kind, role: Role::Content };
    TableSchema { name: "course".to_owned(), columns: COLUMNS.iter().map(column).collect() }
}

fn row(number: u32) -> Vec<Cell> {
    let text = |text: String| Cell::Text(Zeroizing::new(text));
    // Spread as an import is: identifiers far apart, a few hundred courses, a handful of grades.
    let mixed = number.wrapping_mul(2_654_435_761) >> 8;
    vec![
        text(format!("{:09}", mixed % 60_000)),
        Cell::Integer((2015 + number / 25_000).into()),
        text(["fall", "spring"].get((mixed % 2) as usize).copied().unwrap_or_default().to_owned()),
        text(format!("C{:04}", mixed % 700)),
        text(format!("{:05}", mixed % 4_000)),
        text(format!("S{:02}", mixed % 40)),
        text(char::from(b'A' + (mixed % 6) as u8).to_string()),
        Cell::Date { year: 2019, month: 1 + (mixed % 12) as u8, day: 1 + (mixed % 28) as u8 },
        Cell::Decimal((mixed % 9 * 50).into()),
    ]
}

fn sealed(sink: impl Write + Send, rows: impl Iterator<Item = Vec<Cell>>) -> u64 {
    let (key, salt) = (FileKey::new([1; 32]), FreshSalt::new([2; 32]));
    let mut writer = TableWriter::new(sink, &key, salt, "bench", &schema(), &[3; 32]).unwrap();
    rows.for_each(|row| writer.push(&row).unwrap());
    writer.finish().unwrap().bytes
}

fn table() -> SealedFile {
    let file = tempfile::tempfile().unwrap();
    sealed(file.try_clone().unwrap(), (0..ROWS).map(row));
    SealedFile::open(file, &FileKey::new([1; 32]), "bench").unwrap()
}

#[divan::bench(sample_count = 5)]
fn write(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| (0..ROWS).map(row).collect::<Vec<_>>())
        .bench_values(|rows| sealed(std::io::sink(), rows.into_iter()));
}

#[divan::bench(sample_count = 5)]
fn scan_three_columns(bencher: Bencher<'_, '_>) {
    let file = table();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        scan(&file, &["local_id", "school_year", "units_earned"], &mut |row| {
            black_box((row.text(0), row.integer(1), row.decimal(2)));
            Ok(())
        })
        .unwrap()
    });
}

#[divan::bench(sample_count = 5)]
fn scan_every_column(bencher: Bencher<'_, '_>) {
    let file = table();
    let names = COLUMNS.map(|(name, _)| name);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        scan(&file, &names, &mut |row| {
            black_box((row.text(0), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6)));
            black_box((row.integer(1), row.date(7), row.decimal(8)));
            Ok(())
        })
        .unwrap()
    });
}

#[divan::bench(sample_count = 5)]
fn query_pass_rates(bencher: Bencher<'_, '_>) {
    let mut engine = Embedded::new().unwrap();
    engine.register(schema(), vec![table()]).unwrap();
    let sql = "SELECT subject, school_year, COUNT(DISTINCT local_id), AVG(CASE WHEN grade < 'D' THEN 1.0 ELSE 0.0 END)
               FROM course GROUP BY subject, school_year ORDER BY 1, 2";
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut running = engine.query(sql, Limits::default()).unwrap();
        while running.next_batch().unwrap().is_some() {}
        running.progress().rows
    });
}

/// The cost of the seal alone: one file read from end to end.
#[divan::bench(sample_count = 5)]
fn verify(bencher: Bencher<'_, '_>) {
    let file: SealedFile = table();
    bencher.counter(divan::counter::BytesCount::new(file.len())).bench_local(|| file.verify().unwrap());
}
