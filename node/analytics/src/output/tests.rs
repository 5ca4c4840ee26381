//! Answers are saved whole or not at all, exactly, and nothing in them is obeyed.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use zeroize::Zeroizing;

use super::*;
use crate::{
    engine::{Embedded, EngineError, Limits, QueryEngine},
    fixture::{engine, open, schema, sealed},
    table::{Cell, Kind},
};

/// Texts that need care, and a value of each kind.
fn awkward() -> Embedded {
    let columns = [
        ("id", Kind::Text),
        ("born_on", Kind::Date),
        ("count", Kind::Integer),
        ("units", Kind::Decimal),
        ("flag", Kind::Flag),
    ];
    let table = schema("awkward", &columns);
    let texts =
        ["0007", "=1+1", "+1", "-1", "@x", "a,b", "say \"x\"", "two\nlines", "\u{1b}[31mred", "ñ", ""];
    let rows = (0..).zip(texts).map(|(number, text)| {
        vec![
            Cell::Text(Zeroizing::new(text.to_owned())),
            if number == 0 { Cell::Empty } else { Cell::Date { year: 2004, month: 2, day: 29 } },
            if number == 1 { Cell::Integer(1 << 60) } else { Cell::Integer(number) },
            Cell::Decimal(number * -25),
            Cell::Flag(number % 2 == 0),
        ]
    });
    let mut engine = Embedded::new().unwrap();
    let file = open(&sealed(&table, rows));
    engine.register(table, vec![file]).unwrap();
    engine
}

fn saved(engine: &Embedded, sql: &str, name: &str) -> (tempfile::TempDir, PathBuf, Saved) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let running = engine.query(sql, Limits::default()).unwrap();
    let saved = save(running, Format::of(&path).unwrap(), &path, &mut |_| {}).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(saved.bytes, fs::metadata(&path).unwrap().len());
    (folder, path, saved)
}

const ALL: &str = "SELECT * FROM awkward ORDER BY units DESC";

#[test]
fn csv_is_exact_and_counts_what_looks_like_a_formula() {
    let (_folder, path, saved) = saved(&awkward(), ALL, "a.csv");
    assert_eq!((saved.rows, saved.formula_like), (11, 4));
    let text = fs::read_to_string(path).unwrap();
    assert!(text.starts_with("id,born_on,count,units,flag\r\n0007,,0,0.00,true\r\n=1+1,2004-02-29,1152921504606846976,-0.25,false\r\n"), "{text}");
    for line in ["\"a,b\",", "\"say \"\"x\"\"\",", "\"two\nlines\",", "ñ,"] {
        assert!(text.contains(&format!("\r\n{line}")), "{line}");
    }
}

#[test]
fn parquet_keeps_kinds() {
    let (_folder, path, saved) = saved(&awkward(), ALL, "a.parquet");
    assert_eq!((saved.rows, saved.formula_like), (11, 0));
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
    let kinds: Vec<_> = reader.schema().fields().iter().map(|field| field.data_type().to_string()).collect();
    assert_eq!(kinds, ["Utf8", "Date32", "Int64", "Decimal128(14, 2)", "Boolean"]);
    let rows: usize = reader.build().unwrap().map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, 11);
}

/// The parts of a workbook as text: a ZIP file whose entries the writer compresses.
fn sheet(path: &Path) -> String {
    let mut parts = String::new();
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    for name in ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"] {
        std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut parts).unwrap();
    }
    parts
}

#[test]
fn a_workbook_has_no_formulas_and_keeps_digits() {
    let (_folder, path, saved) = saved(&awkward(), ALL, "a.xlsx");
    assert_eq!((saved.rows, saved.formula_like), (11, 0));
    let parts = sheet(&path);
    assert!(!parts.contains("<f>"), "{parts}");
    for text in ["<t>0007</t>", "<t>=1+1</t>", "<t>1152921504606846976</t>", "<v>-0.25</v>", "<v>38046</v>"] {
        assert!(parts.contains(text), "{text} not in {parts}");
    }
}

#[test]
fn a_workbook_that_would_be_too_long_is_refused_by_name_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    let refused = |sql: &str| {
        let running = awkward().query(sql, Limits::default()).unwrap();
        save(running, Format::Xlsx, &path, &mut |_| {}).unwrap_err()
    };
    let error = refused("SELECT value FROM generate_series(1, 1048576)");
    assert_eq!(error, OutputError::TooManyRows { rows_max: 1_048_575 });
    let error = refused("SELECT id, repeat('x', 40000) AS long FROM awkward");
    assert_eq!(error, OutputError::TextTooLong { row: 1, column: "long".to_owned(), letters_max: 32_767 });
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_stopped_query_leaves_the_old_file_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, "old").unwrap();
    let engine = engine(200_000);
    let running = engine.query("SELECT * FROM student", Limits::default()).unwrap();
    let canceller = running.canceller();
    let error = save(running, Format::Csv, &path, &mut |progress| {
        // It is told of before the first row too.
        if progress.rows > 0 {
            assert!(progress.read_bytes > 0);
            canceller.cancel();
        }
    });
    assert_eq!(error, Err(OutputError::Engine(EngineError::Cancelled)));
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let running = engine.query("SELECT 1 AS one", Limits::default()).unwrap();
    save(running, Format::Csv, &path, &mut |_| {}).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "one\r\n1\r\n");
}

#[test]
fn a_query_without_rows_is_told_of_and_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    // One row, after more work than any machine does in a day.
    let endless = "SELECT count(*) AS n FROM generate_series(1, 10000000) AS a CROSS JOIN generate_series(1, 10000000) AS b WHERE a.value % 7 = b.value % 11";
    let running = Embedded::new().unwrap().query(endless, Limits { memory_bytes: 1 << 30 }).unwrap();
    let canceller = running.canceller();
    let mut told = 0;
    let error = save(running, Format::Csv, &folder.path().join("a.csv"), &mut |progress| {
        assert_eq!(progress.rows, 0);
        told += 1;
        if told == 2 {
            canceller.cancel();
        }
    });
    assert_eq!(error, Err(OutputError::Engine(EngineError::Cancelled)));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_kind_a_form_cannot_store_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let running = awkward()
        .query("SELECT id, INTERVAL '1' MONTH + INTERVAL '1' DAY AS wait FROM awkward", Limits::default())
        .unwrap();
    let error = save(running, Format::Parquet, &folder.path().join("a.parquet"), &mut |_| {});
    assert_eq!(error, Err(OutputError::ColumnKind { column: "wait".to_owned() }));
}

#[test]
fn the_ending_says_the_form() {
    for (name, format) in [("a.csv", Format::Csv), ("B.CSV", Format::Csv), ("c.d.xlsx", Format::Xlsx)] {
        assert_eq!(Format::of(Path::new(name)), Ok(format));
    }
    for name in ["a", "a.xls", ".csv", "a.csv.gz"] {
        assert_eq!(Format::of(Path::new(name)), Err(OutputError::Ending), "{name}");
    }
    let missing = save(
        awkward().query("SELECT 1", Limits::default()).unwrap(),
        Format::Csv,
        Path::new("/nowhere/at/all.csv"),
        &mut |_| {},
    );
    assert_eq!(missing, Err(OutputError::Disk { kind: std::io::ErrorKind::NotFound }));
}

fn screen(engine: &Embedded, sql: &str, rows_max: usize) -> (Shown, String) {
    let mut screen = Vec::new();
    let running = engine.query(sql, Limits::default()).unwrap();
    let shown = show(running, rows_max, &mut screen, &mut |_| {}).unwrap();
    (shown, String::from_utf8(screen).unwrap())
}

#[test]
fn the_screen_is_aligned_and_says_how_much_it_left_out() {
    let engine = awkward();
    let (shown, text) = screen(&engine, "SELECT id, units AS u FROM awkward ORDER BY units DESC", 3);
    assert_eq!(shown, Shown { rows: 3, more: 8 });
    assert_eq!(
        text,
        "id        u\n────  ─────\n0007   0.00\n=1+1  -0.25\n+1    -0.50\n(3 rows shown, 8 more)\n"
    );
    let (shown, text) = screen(&engine, "SELECT id FROM awkward WHERE units > 0", 3);
    assert_eq!((shown, text.as_str()), (Shown { rows: 0, more: 0 }, "id\n──\n(0 rows)\n"));
    let (_, text) = screen(&engine, "SELECT id FROM awkward WHERE id LIKE '%red' OR id LIKE 'two%'", 9);
    assert!(!text.contains('\u{1b}') && text.contains("␣[31mred") && text.contains("two␣lines"), "{text}");
    let (_, text) = screen(&engine, "SELECT repeat('x', 100) AS long", 9);
    assert!(text.contains(&format!("{}…\n", "x".repeat(59))), "{text}");
}

#[test]
fn a_table_of_text_keeps_every_cell_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let columns = ["run", "value"].map(str::to_owned);
    let rows = [["R-1", "0042"], ["R-1", "=1+1"], ["R-1", "*"]].map(|row| row.map(str::to_owned).to_vec());
    let table = TextTable { columns: &columns, rows: &rows, notes: "what it means\nand where from" };
    let path = folder.path().join("a.xlsx");
    let saved = save_text(&table, Format::Xlsx, &path).unwrap();
    assert_eq!(saved.rows, 3);
    let sheet = sheet(&path);
    assert!(!sheet.contains("<f>"), "no formula: {sheet}");
    let path = folder.path().join("a.parquet");
    save_text(&table, Format::Parquet, &path).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batch = reader.next().unwrap().unwrap();
    let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, columns);
    for (at, column) in batch.columns().iter().enumerate() {
        let words = super::words(column).unwrap();
        let read: Vec<String> = (0..batch.num_rows()).map(|row| words.value(row).to_string()).collect();
        assert_eq!(read, rows.iter().map(|row| row[at].clone()).collect::<Vec<_>>());
    }
    assert!(save_text(&table, Format::Csv, &folder.path().join("a.csv")).is_err());
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "nothing half written stays");
}
