//! SQL on the embedded engine answers what DuckDB answers: fifty questions a researcher asks, over the same tables.
//!
//! The tables are made here, from a seed. DuckDB answered once, from a Parquet export of them (`answers.py` says how);
//! its answers are checked in with the digest of the tables, so that running this needs neither DuckDB nor Python.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::fn_params_excessive_bools,
    reason = "a test that cannot go on has failed"
)]

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use passage_analytics::{
    engine::{Embedded, Limits, QueryEngine},
    output::{self, Format, OutputError},
    sealed::{FileKey, FreshSalt, SealedFile},
    table::TableWriter,
};

mod people;

const CONTENT_KEY: [u8; 32] = [3; 32];

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/duckdb")
}

/// The made tables sealed in `folder` and registered, and the digest of all their contents.
fn engine(folder: &Path) -> (Embedded, String) {
    let mut engine = Embedded::new().unwrap();
    let mut contents = Vec::new();
    for (number, made) in (0_u8..).zip(people::tables()) {
        let name = made.schema.name.clone();
        let path = folder.join(&name);
        let (key, salt) = (FileKey::new([1; 32]), FreshSalt::new([number; 32]));
        let sink = File::create(&path).unwrap();
        let mut writer = TableWriter::new(sink, &key, salt, &name, &made.schema, &CONTENT_KEY).unwrap();
        made.rows.iter().for_each(|row| writer.push(row).unwrap());
        contents.extend_from_slice(&writer.finish().unwrap().content.0);
        let file = SealedFile::open(File::open(&path).unwrap(), &key, &name).unwrap();
        engine.register(made.schema, vec![file]).unwrap();
    }
    (engine, passage_protocol::ids::Digest::of_blob(&contents).to_string())
}

fn saved(engine: &Embedded, sql: &str, path: &Path) -> Result<(), OutputError> {
    let running = engine.query(sql, Limits::default())?;
    output::save(running, Format::of(path)?, path, &mut |_| {}).map(drop)
}

/// Header and rows.
fn read(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn queries() -> Vec<(String, String)> {
    let mut queries: Vec<_> = fs::read_dir(here().join("queries"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    queries.sort();
    queries
}

/// A number as its sign, digits and places, without trailing zeros: `1.50` is `1.5` and `-0` is `0`.
fn decimal(text: &str) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(places) {
        return None;
    }
    let places = places.trim_end_matches('0');
    let number = if places.is_empty() { whole.to_owned() } else { format!("{whole}.{places}") };
    Some(if number == "0" { number } else { format!("{sign}{number}") })
}

/// Equal as text or as decimals; floating point, which shows by more than six places or an exponent, to 1e-9.
fn same(ours: &str, theirs: &str) -> bool {
    if ours == theirs || decimal(ours).is_some_and(|number| Some(number) == decimal(theirs)) {
        return true;
    }
    let floating = |text: &str| {
        let places = text.split_once('.').map_or(0, |(_, places)| places.len());
        places > 6 || text.contains(['e', 'E'])
    };
    match (ours.parse::<f64>(), theirs.parse::<f64>()) {
        (Ok(a), Ok(b)) if floating(ours) || floating(theirs) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => false,
    }
}

#[test]
fn every_answer_equals_duckdbs() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, digest) = engine(folder.path());
    let answered = fs::read_to_string(here().join("answers/digest.txt")).unwrap();
    assert_eq!(digest, answered.trim(), "the answers were made from other tables: run answers.py again");
    let queries = queries();
    assert!(queries.len() >= 40, "{} queries", queries.len());
    let mut wrong = Vec::new();
    for (name, sql) in &queries {
        let path = folder.path().join("answer.csv");
        if let Err(error) = saved(&engine, sql, &path) {
            wrong.push(format!("{name}: {error}"));
            continue;
        }
        let (ours, theirs) = (read(&path), read(&here().join(format!("answers/{name}.csv"))));
        assert!(theirs.len() > 1, "{name} has no rows and shows nothing");
        if ours.len() != theirs.len() {
            wrong.push(format!("{name}: {} lines, DuckDB has {}", ours.len(), theirs.len()));
            continue;
        }
        for (line, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            let equal = ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b));
            if !equal {
                wrong.push(format!("{name}, line {}: {ours:?}, DuckDB has {theirs:?}", line + 1));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), queries.len(), wrong.join("\n"));
}

#[test]
fn comparing_finds_differences() {
    for (a, b) in
        [("1.50", "1.5"), ("7", "7.0"), ("-0.00", "0"), ("0.3333333333333", "0.33333333333333331"), ("", "")]
    {
        assert!(same(a, b), "{a} {b}");
    }
    for (a, b) in
        [("1.5", "1.51"), ("7", "8"), ("", "0"), ("0.333333333", "0.333333334"), ("a", "b"), ("1", "-1")]
    {
        assert!(!same(a, b), "{a} {b}");
    }
}

/// Writes the tables as Parquet for `answers.py`, into the folder `PASSAGE_EXPORT` names.
#[test]
#[ignore = "only to make the answers anew"]
fn export() {
    let folder = PathBuf::from(std::env::var("PASSAGE_EXPORT").expect("PASSAGE_EXPORT names a folder"));
    fs::create_dir_all(&folder).unwrap();
    let sealed = tempfile::tempdir().unwrap();
    let (engine, digest) = engine(sealed.path());
    for made in people::tables() {
        let name = made.schema.name;
        saved(&engine, &format!("SELECT * FROM {name}"), &folder.join(format!("{name}.parquet"))).unwrap();
    }
    fs::write(folder.join("digest.txt"), format!("{digest}\n")).unwrap();
}
