//! The engine answers queries over sealed tables and does nothing else.

use std::{
    thread,
    time::{Duration, Instant},
};

use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use passage_protocol::refusal::Refusal;

use super::*;
use crate::{
    fixture::{LABEL, MARKER, engine, open, row, schema, sealed, student},
    sealed::SealedError,
    table::Kind,
};

fn rows(mut running: Running) -> Result<Vec<Vec<String>>, EngineError> {
    let mut all = Vec::new();
    while let Some(Batch(batch)) = running.next_batch()? {
        let options = FormatOptions::default();
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            all.push(columns.iter().map(|column| column.value(row).to_string()).collect());
        }
    }
    Ok(all)
}

fn ask(engine: &Embedded, sql: &str) -> Result<Vec<Vec<String>>, EngineError> {
    rows(engine.query(sql, Limits::default())?)
}

#[test]
fn files_of_a_table_are_read_as_one() {
    let engine = engine(1000);
    assert_eq!(ask(&engine, "SELECT COUNT(*), SUM(units) FROM student").unwrap(), [["1000", "249750.00"]]);
    let some = "SELECT local_id, grade FROM student WHERE units BETWEEN 249.5 AND 251 ORDER BY units";
    assert_eq!(ask(&engine, some).unwrap(), [["S499", "5"], ["S500", "6"], ["S501", "7"], ["S502", "8"]]);
    assert_eq!(ask(&engine, "SELECT COUNT(*), MAX(awarded_on) FROM award").unwrap(), [["0", ""]]);
    let running =
        engine.query("SELECT grade AS level, COUNT(*) AS n FROM student GROUP BY 1", Limits::default());
    assert_eq!(running.unwrap().columns().collect::<Vec<_>>(), ["level", "n"]);
}

#[test]
fn a_column_an_older_file_lacks_is_empty() {
    let mut engine = Embedded::new().unwrap();
    let older = schema("student", &[("local_id", Kind::Text)]);
    let older = open(&sealed(&older, (0..4).map(|number| row(number).into_iter().take(1).collect())));
    let newer = open(&sealed(&student(), (0..5).map(row)));
    engine.register(student(), vec![older, newer]).unwrap();
    assert_eq!(ask(&engine, "SELECT COUNT(*), COUNT(grade) FROM student").unwrap(), [["9", "5"]]);
}

#[test]
fn registering_again_replaces_and_a_query_keeps_what_it_began_with() {
    let mut engine = engine(100_000);
    let mut running = engine.query("SELECT local_id FROM student", Limits::default()).unwrap();
    let first = running.next_batch().unwrap().unwrap().rows();
    engine.register(student(), Vec::new()).unwrap();
    assert_eq!(ask(&engine, "SELECT COUNT(*) FROM student").unwrap(), [["0"]]);
    let mut rest = 0;
    while let Some(batch) = running.next_batch().unwrap() {
        rest += batch.rows();
    }
    assert_eq!(first + rest, 100_000);
    assert_eq!(running.progress().rows, 100_000);
}

#[test]
fn only_questions_are_answered() {
    let engine = engine(10);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    for sql in [
        "CREATE TABLE copy AS SELECT * FROM student",
        "CREATE VIEW v AS SELECT * FROM student",
        "CREATE EXTERNAL TABLE passwords STORED AS CSV LOCATION '/etc/passwd'",
        "SELECT * INTO copy FROM student",
        "INSERT INTO student VALUES ('a', 1, 1)",
        "UPDATE student SET grade = 1",
        "DELETE FROM student",
        "DROP TABLE student",
        &format!("COPY student TO '{}'", path.display()),
        "SET datafusion.execution.batch_size = 1",
        "RESET datafusion.execution.batch_size",
        "PREPARE p AS SELECT 1",
        "EXPLAIN INSERT INTO student VALUES ('a', 1, 1)",
        "BEGIN",
        "SELECT 1; SELECT 2",
        "",
        ";",
    ] {
        let error = ask(&engine, sql).unwrap_err();
        assert_eq!(error, EngineError::NotAQuery, "{sql}");
    }
    assert!(!path.exists());
    assert_eq!(ask(&engine, "SELECT COUNT(*) FROM student").unwrap(), [["10"]]);
    for sql in
        ["EXPLAIN SELECT * FROM student", "DESCRIBE student", "SHOW TABLES", "SHOW COLUMNS FROM student"]
    {
        assert!(!ask(&engine, sql).unwrap().is_empty(), "{sql}");
    }
}

#[test]
fn no_text_of_a_query_opens_a_file() {
    let engine = engine(10);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain.csv");
    std::fs::write(&path, "a,b\n1,2\n").unwrap();
    let path = path.display();
    for sql in [
        format!("SELECT * FROM '{path}'"),
        format!("SELECT * FROM \"{path}\""),
        format!("SELECT * FROM \"file://{path}\""),
        format!("SELECT * FROM read_csv('{path}')"),
        format!("SELECT * FROM read_parquet('{path}')"),
        "SELECT * FROM \"sealed://node/student/0.parquet\"".to_owned(),
    ] {
        let error = ask(&engine, &sql).unwrap_err();
        let refused = matches!(error, EngineError::UnknownTable { .. } | EngineError::Unplannable { .. });
        assert!(refused, "{sql}: {error:?}");
        assert!(!error.to_string().contains("plain.csv"), "{error}");
    }
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest_and_with_all() {
    let engine = engine(10);
    let error = ask(&engine, "SELECT * FROM studnet").unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no table studnet, the nearest is student; expected one of: award, student"
    );
    let error = ask(&engine, "SELECT unit FROM student").unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no column unit, the nearest is units; expected one of: grade, local_id, units"
    );
    let error = ask(&engine, "SELECT zzz FROM award").unwrap_err();
    assert_eq!(error.to_string(), "there is no column zzz; expected one of: awarded_on, local_id");
    let error = ask(&engine, "SELECT mediann(grade) FROM student").unwrap_err();
    assert!(error.to_string().contains("median"), "{error}");
    let error = ask(&engine, "SELECT grade FRO student WHERE").unwrap_err();
    assert!(
        matches!(&error, EngineError::Syntax { fault } if fault.contains("line: 1") || fault.contains("line 1")),
        "{error}"
    );
}

#[test]
fn no_message_has_a_value_in_it() {
    let engine = engine(10);
    for sql in [
        "SELECT CAST(local_id AS BIGINT) FROM student",
        "SELECT SUM(CAST(local_id AS DOUBLE)) FROM student",
        "SELECT to_date(local_id) FROM student",
        "SELECT CAST(local_id AS DATE) FROM student ORDER BY 1",
        "SELECT date_trunc(local_id, TIMESTAMP '2020-01-01') FROM student",
        "SELECT regexp_like(local_id, local_id || '(') FROM student",
        &format!("SELECT CAST('{MARKER}' AS BIGINT) FROM student"),
        &format!("SELECT * FROM student WHERE \"{MARKER}\" = 1"),
        &format!("SELECT * FROM student WHERE local_id = '{MARKER}' AND WHERE"),
        &format!("SELECT * FROM student WHERE local_id '{MARKER}'"),
        &format!("SELECT * FROM student WHERE local_id = '{MARKER}"),
        &format!("SELECT * FROM student WHERE grade + '{MARKER}' LIKE 1"),
        &format!("SELECT date_trunc('{MARKER}', now())"),
        &format!("SELECT * FROM \"{MARKER}\""),
    ] {
        let error = ask(&engine, sql).unwrap_err();
        for text in [error.to_string(), format!("{error:?}"), error.advice().to_owned()] {
            assert!(!text.contains("MARKER") && !text.contains("7731"), "{sql}: {text}");
        }
    }
    let divided = ask(&engine, "SELECT grade / (grade - 3) FROM student").unwrap_err();
    assert_eq!(divided, EngineError::Calculation { what: "it would divide by zero" });
}

#[test]
fn a_query_that_needs_too_much_memory_is_refused_and_the_next_one_runs() {
    let engine = engine(120_000);
    let limits = Limits { memory_bytes: 4 << 20 };
    for sql in [
        "SELECT local_id, COUNT(*) FROM student GROUP BY local_id ORDER BY 1",
        "SELECT * FROM student ORDER BY local_id, units",
    ] {
        let error = engine.query(sql, limits).and_then(rows).unwrap_err();
        assert_eq!(error, EngineError::Memory { limit_bytes: 4 << 20 }, "{sql}");
        assert!(error.to_string().contains("4 MiB"), "{error}");
        assert!(!rows(engine.query("SELECT MAX(grade) FROM student", limits).unwrap()).unwrap().is_empty());
    }
}

/// Answers once in an hour.
const ENDLESS: &str =
    "SELECT COUNT(*) FROM student a, student b, student c WHERE a.units + b.units > c.units";

#[test]
fn a_query_can_be_stopped_from_another_thread() {
    let engine = engine(20_000);
    let mut running = engine.query(ENDLESS, Limits::default()).unwrap();
    let canceller = running.canceller();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        canceller.cancel();
        Instant::now()
    });
    assert_eq!(running.next_batch().map(|batch| batch.is_some()), Err(EngineError::Cancelled));
    let stopped = other.join().unwrap();
    assert!(stopped.elapsed() < Duration::from_secs(2), "{:?}", stopped.elapsed());
    assert_eq!(running.next_batch().map(|batch| batch.is_some()), Err(EngineError::Cancelled));
}

#[test]
fn a_dropped_query_leaves_the_engine_free() {
    let engine = engine(20_000);
    for _ in 0..4 {
        let mut running = engine.query(ENDLESS, Limits::default()).unwrap();
        // Long enough to be deep in its joins, with every input read.
        assert!(matches!(running.wait(Duration::from_millis(300)), Ok(Waited::InVain)));
        drop(running);
    }
    assert_eq!(ask(&engine, "SELECT COUNT(*) FROM student").unwrap(), [["20000"]]);
}

#[test]
fn only_the_columns_asked_for_are_decrypted() {
    let engine = engine(100_000);
    let read = |sql: &str| {
        let mut running = engine.query(sql, Limits::default()).unwrap();
        while running.next_batch().unwrap().is_some() {}
        running.progress().read_bytes
    };
    let (one, all) = (read("SELECT SUM(grade) FROM student"), read("SELECT * FROM student"));
    assert!(one > 0 && one * 2 < all, "{one} of {all}");
    let (some, none) = (
        read("SELECT local_id FROM student WHERE units > 40000"),
        read("SELECT local_id FROM student WHERE units > 90000"),
    );
    assert!(none < some, "{none} of {some}");
    let plan = engine.explain("SELECT local_id FROM student WHERE units > 90000").unwrap();
    assert!(plan.contains("projection=[local_id") && plan.contains("pruning_predicate"), "{plan}");
}

#[test]
fn a_changed_file_is_named_by_its_label() {
    let mut engine = Embedded::new().unwrap();
    let mut bytes = sealed(&student(), (0..60_000).map(row));
    bytes[100_000] ^= 1;
    engine.register(student(), vec![open(&bytes)]).unwrap();
    let error = ask(&engine, "SELECT * FROM student").unwrap_err();
    assert_eq!(error, EngineError::Sealed(SealedError::Tampered { label: LABEL.to_owned(), chunk: 1 }));
}

#[test]
fn it_can_be_asked_from_a_blocking_thread_and_dropped_anywhere() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = engine(100);
        let (engine, answer) = tokio::task::spawn_blocking(move || {
            let answer = ask(&engine, "SELECT COUNT(*) FROM student").unwrap();
            (engine, answer)
        })
        .await
        .unwrap();
        assert_eq!(answer, [["100"]]);
        drop(engine);
    });
}

#[test]
fn an_expression_nested_deeply_does_not_end_the_program() {
    let engine = engine(10);
    let nested = format!("SELECT {}1{} FROM student", "(".repeat(20_000), ")".repeat(20_000));
    assert!(ask(&engine, &nested).is_err());
    let long = format!("SELECT COUNT(*) FROM student WHERE grade = 0{}", " OR grade = 1".repeat(400));
    assert_eq!(ask(&engine, &long).unwrap(), [["2"]]);
}
