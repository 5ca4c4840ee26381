//! What is pushed comes back, for every kind, and nothing that does not fit is taken.

use std::io::Write;

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::sealed::{FileKey, FreshSalt, SealedError, SealedFile, SealedWriter};

const LABEL: &str = "enrolment/2019-2020";

fn schema() -> TableSchema {
    let column = |name: &str, kind| Column { name: name.to_owned(), kind, role: Role::Content };
    TableSchema {
        name: "enrolment".to_owned(),
        columns: vec![
            column("local_id", Kind::Text),
            column("entry_date", Kind::Date),
            column("grade", Kind::Integer),
            column("units", Kind::Decimal),
            column("english_learner", Kind::Flag),
        ],
    }
}

fn key() -> FileKey {
    FileKey::new([1; 32])
}

fn writer(schema: &TableSchema) -> TableWriter<Vec<u8>> {
    TableWriter::new(Vec::new(), &key(), FreshSalt::new([2; 32]), LABEL, schema, &[3; 32]).unwrap()
}

fn text(text: &str) -> Cell {
    Cell::Text(Zeroizing::new(text.to_owned()))
}

/// A row that differs from its neighbours in every column; each column is empty in some rows.
fn row(number: i64) -> Vec<Cell> {
    let filled = |every: i64, cell: Cell| if number % every == 0 { Cell::Empty } else { cell };
    vec![
        filled(5, text(&format!("S{number}"))),
        filled(7, Cell::Date { year: 2019, month: 8, day: u8::try_from(number % 31 + 1).unwrap() }),
        filled(11, Cell::Integer(number)),
        filled(13, Cell::Decimal(number * 25)),
        filled(3, Cell::Flag(number % 2 == 0)),
    ]
}

fn written(rows: i64) -> Written<Vec<u8>> {
    let mut writer = writer(&schema());
    (0..rows).for_each(|number| writer.push(&row(number)).unwrap());
    writer.finish().unwrap()
}

fn open(bytes: &[u8]) -> SealedFile {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    SealedFile::open(file, &key(), LABEL).unwrap()
}

const ALL: [&str; 5] = ["local_id", "entry_date", "grade", "units", "english_learner"];

fn assert_rows(file: &SealedFile, rows: i64) {
    let mut number = 0;
    let seen = scan(file, &ALL, &mut |view| {
        let filled = |every: i64| number % every != 0;
        assert_eq!(view.text(0), filled(5).then(|| format!("S{number}")).as_deref());
        let date = view.date(1).map(|date| (date.year, date.month, i64::from(date.day)));
        assert_eq!(date, filled(7).then(|| (2019, 8, number % 31 + 1)));
        assert_eq!(view.integer(2), filled(11).then_some(number));
        assert_eq!(view.decimal(3), filled(13).then_some(number * 25));
        assert_eq!(view.flag(4), filled(3).then_some(number % 2 == 0));
        number += 1;
        Ok(())
    });
    assert_eq!(seen, Ok(u64::try_from(rows).unwrap()));
    assert_eq!(number, rows);
}

#[test]
fn rows_come_back_across_batches_and_groups() {
    for rows in [0, 1, 4096, 4097, 70_000] {
        let written = written(rows);
        assert_eq!(written.rows, u64::try_from(rows).unwrap());
        assert_eq!(written.bytes, written.sink.len() as u64);
        assert_rows(&open(&written.sink), rows);
    }
}

#[test]
fn a_column_the_file_lacks_reads_as_empty_and_order_is_free() {
    let file = open(&written(20).sink);
    let mut grades = Vec::new();
    let rows = scan(&file, &["program", "grade"], &mut |view| {
        assert_eq!(view.text(0), None);
        assert_eq!(view.integer(0), None);
        grades.push(view.integer(1));
        Ok(())
    });
    assert_eq!(rows, Ok(20));
    assert_eq!(grades[..3], [None, Some(1), Some(2)]);
    assert_eq!(scan(&file, &["program"], &mut |_| Ok(())), Ok(20));
    assert_eq!(scan(&file, &[], &mut |_| Ok(())), Ok(20));
}

#[test]
fn a_reader_can_stop_and_a_wrong_kind_is_an_error() {
    let file = open(&written(20).sink);
    let mut seen = 0;
    let stopped = scan(&file, &["grade"], &mut |_| {
        seen += 1;
        if seen == 7 { Err(TableError::Stopped) } else { Ok(()) }
    });
    assert_eq!((stopped, seen), (Err(TableError::Stopped), 7));
    let misread = scan(&file, &["grade"], &mut |view| {
        let _ = view.text(0);
        Ok(())
    });
    assert_eq!(misread, Err(TableError::KindAsked { column: "grade".to_owned(), asked: Kind::Text }));
    let beyond = scan(&file, &["grade"], &mut |view| {
        let _ = view.text(1);
        Ok(())
    });
    assert!(matches!(beyond, Err(TableError::KindAsked { .. })));
}

#[test]
fn a_row_that_does_not_fit_is_refused_and_leaves_the_table_as_it_was() {
    let mut writer = writer(&schema());
    writer.push(&row(0)).unwrap();
    let with = |at: usize, cell: Cell| {
        let mut row = row(1);
        row[at] = cell;
        row
    };
    let column = |at: usize| ALL[at].to_owned();
    let kind = |at, seen, expected| TableError::KindWritten { row: 2, column: column(at), seen, expected };
    let bad = [
        (with(0, Cell::Integer(7)), kind(0, Kind::Integer, Kind::Text)),
        (with(2, Cell::Decimal(7)), kind(2, Kind::Decimal, Kind::Integer)),
        (with(4, text("Y")), kind(4, Kind::Text, Kind::Flag)),
        (
            with(1, Cell::Date { year: 2019, month: 2, day: 29 }),
            TableError::DateNotInCalendar { row: 2, column: column(1) },
        ),
        (
            with(3, Cell::Decimal(100_000_000_000_000)),
            TableError::DecimalTooLong { row: 2, column: column(3) },
        ),
        (with(3, Cell::Decimal(i64::MIN)), TableError::DecimalTooLong { row: 2, column: column(3) }),
        (
            with(0, text(&"x".repeat(65_537))),
            TableError::TextTooLong { row: 2, column: column(0), bytes_max: 65_536 },
        ),
        (vec![Cell::Empty], TableError::CellCount { row: 2, seen: 1, expected: 5 }),
    ];
    for (row, expected) in bad {
        assert_eq!(writer.push(&row), Err(expected));
    }
    writer.push(&with(3, Cell::Decimal(-99_999_999_999_999))).unwrap();
    let file = open(&writer.finish().unwrap().sink);
    let mut units = Vec::new();
    assert_eq!(
        scan(&file, &["units"], &mut |view| {
            units.push(view.decimal(0));
            Ok(())
        }),
        Ok(2)
    );
    assert_eq!(units, [None, Some(-99_999_999_999_999)]);
}

#[test]
fn a_schema_needs_names_sql_can_write() {
    let named = |table: &str, columns: &[&str]| TableSchema {
        name: table.to_owned(),
        columns: columns
            .iter()
            .map(|name| Column { name: (*name).to_owned(), kind: Kind::Text, role: Role::Content })
            .collect(),
    };
    for name in ["", "Name", "1st", "a-b", "a b", "é", &"x".repeat(64)] {
        let expected = Err(TableError::Name { name: name.to_owned() });
        assert_eq!(named("student", &["ok", name]).arrow().map(drop), expected);
        assert_eq!(named(name, &["ok"]).arrow().map(drop), expected);
    }
    assert!(matches!(named("student", &[]).arrow(), Err(TableError::NoColumns { .. })));
    assert!(matches!(named("student", &["a", "b", "a"]).arrow(), Err(TableError::ColumnTwice { .. })));
}

#[test]
fn content_depends_on_columns_cells_order_and_key_and_on_nothing_else() {
    let content = |label: &str, salt: u8, key: u8, content: u8, rows: &[i64]| {
        let (key, salt) = (FileKey::new([key; 32]), FreshSalt::new([salt; 32]));
        let mut writer = TableWriter::new(Vec::new(), &key, salt, label, &schema(), &[content; 32]).unwrap();
        rows.iter().for_each(|number| writer.push(&row(*number)).unwrap());
        writer.finish().unwrap().content
    };
    let same = content("a", 1, 1, 1, &[1, 2, 3]);
    assert_eq!(content("b", 9, 9, 1, &[1, 2, 3]), same);
    assert_ne!(content("a", 1, 1, 2, &[1, 2, 3]), same);
    assert_ne!(content("a", 1, 1, 1, &[2, 1, 3]), same);
    assert_ne!(content("a", 1, 1, 1, &[1, 2]), same);
    let of = |cells: [Cell; 2]| {
        let mut schema = schema();
        schema.columns.truncate(1);
        schema.columns.push(Column { name: "name".to_owned(), kind: Kind::Text, role: Role::Content });
        let mut writer = writer(&schema);
        writer.push(&cells).unwrap();
        writer.finish().unwrap().content
    };
    assert_ne!(of([text("ab"), text("c")]), of([text("a"), text("bc")]));
    assert_ne!(of([Cell::Empty, text("")]), of([text(""), Cell::Empty]));
}

/// Seals bytes that are not what a `TableWriter` writes, as only a holder of the key could.
fn sealed(bytes: &[u8]) -> SealedFile {
    let mut writer = SealedWriter::new(Vec::new(), &key(), FreshSalt::new([2; 32]), LABEL).unwrap();
    writer.write_all(bytes).unwrap();
    open(&writer.finish().unwrap().sink)
}

fn unsealed(file: &SealedFile) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(file.len()).unwrap()];
    file.read_at(0, &mut bytes).unwrap();
    bytes
}

#[test]
fn bytes_that_are_no_table_are_an_error() {
    let corrupt = Err(TableError::Corrupt { label: LABEL.to_owned() });
    for bytes in [&b""[..], b"PAR1", b"no table at all", b"PAR1\xff\xff\xff\x7fPAR1"] {
        assert_eq!(scan(&sealed(bytes), &ALL, &mut |_| Ok(())), corrupt);
    }
    let whole = unsealed(&open(&written(100).sink));
    assert_eq!(scan(&sealed(&whole[..whole.len() - 9]), &ALL, &mut |_| Ok(())), corrupt);
}

#[test]
fn a_changed_chunk_is_named() {
    let mut bytes = written(20_000).sink;
    assert!(bytes.len() > 140_000, "{}", bytes.len());
    bytes[70_000] ^= 1;
    let tampered = SealedError::Tampered { label: LABEL.to_owned(), chunk: 1 };
    assert_eq!(scan(&open(&bytes), &ALL, &mut |_| Ok(())), Err(TableError::Sealed(tampered)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_changed_byte_under_the_seal_never_ends_the_program(at in 0_usize..1_000_000, flip in 1_u8..) {
        let mut bytes = unsealed(&open(&written(40).sink));
        let at = at % bytes.len();
        bytes[at] ^= flip;
        // A value may have changed, or the file may be an error; either is an answer.
        let _ = scan(&sealed(&bytes), &ALL, &mut |view| {
            let _ = (view.text(0), view.date(1), view.integer(2), view.decimal(3), view.flag(4));
            Ok(())
        });
    }
}

#[test]
fn where_a_row_came_from_is_no_content() {
    let written = |file: &str| {
        let column = |name: &str, role| Column { name: name.to_owned(), kind: Kind::Text, role };
        let columns = vec![column("name", Role::Content), column("source_file", Role::Provenance)];
        let schema = TableSchema { name: "student".to_owned(), columns };
        let (key, salt) = (FileKey::new([1; 32]), FreshSalt::new([2; 32]));
        let mut table = TableWriter::new(Vec::new(), &key, salt, "label", &schema, &[3; 32]).unwrap();
        table.push(&[text("A"), text(file)]).unwrap();
        table.finish().unwrap()
    };
    let (one, other) = (written("a.csv"), written("b.csv"));
    assert_eq!(one.content, other.content);
    assert_ne!(one.digest, other.digest);
}

/// Written out early or late, the rows and their content are the same.
#[test]
fn what_waits_can_be_written_out_at_any_row() {
    let whole = written(500);
    let mut writer = writer(&schema());
    for number in 0..500 {
        writer.push(&row(number)).unwrap();
        if number % 90 == 7 {
            let before = writer.held_bytes();
            writer.write_out().unwrap();
            // Eight rows of five columns wait at the first time, ninety at the others.
            assert!(before >= 8 * 5 * size_of::<u64>(), "{before}");
            assert_eq!(writer.held_bytes(), 0);
        }
    }
    let written = writer.finish().unwrap();
    assert_eq!((written.content, written.rows), (whole.content, whole.rows));
    assert_rows(&open(&written.sink), 500);
}
