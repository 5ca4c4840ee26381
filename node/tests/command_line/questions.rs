//! `query` as an analyst runs it: its plan, its files, its refusals, its progress, and what happens when the analyst walks away.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    ops::ControlFlow,
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use passage_analytics::foreign::{ForeignError, ForeignFile};
use passage_protocol::agreement::Segment;
use serde_json::{Value, json};

use crate::{
    pupils::{VALUES, sinf},
    world::{Node, Screen, names_in},
};

/// Longest a test waits for what must happen, so that a hang fails.
const PATIENCE: Duration = Duration::from_secs(120);
/// More work than any machine does in a day, and one row.
const ENDLESS: &str = "SELECT count(*) AS n FROM generate_series(1, 10000000) AS a CROSS JOIN generate_series(1, 10000000) AS b WHERE a.value % 7 = b.value % 11";
/// Every kind of column a stored table has: text with zeros in front, a day, and a count.
const PUPILS: &str =
    "SELECT local_id, ssid, first, birth_date, zip, length(ssid) AS digits FROM student ORDER BY local_id";

fn with_pupils(count: u32) -> Node {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("SINF.txt", sinf(count))]).succeeded();
    node
}

/// The answer to [`PUPILS`], as text.
fn expected(count: u32) -> Vec<Vec<String>> {
    let mut rows =
        vec![["local_id", "ssid", "first", "birth_date", "zip", "digits"].map(str::to_owned).to_vec()];
    rows.extend((1..=count).map(|number| {
        let ids = [format!("LOCAL-88{number:05}"), format!("73159{number:05}")];
        [ids.as_slice(), &["QUILLONA", "2005-03-17", "90917", "10"].map(str::to_owned)].concat()
    }));
    rows
}

fn csv_rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn parquet_rows(path: &Path) -> Vec<Vec<String>> {
    let file = ForeignFile::open(path).unwrap();
    let mut rows = vec![file.names().map(str::to_owned).collect::<Vec<_>>()];
    file.each::<ForeignError>(&mut |row| {
        rows.push(row.to_vec());
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    rows
}

fn xlsx_rows(path: &Path) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    // Days since 1900 as a workbook counts them; 38428 is 17 March 2005.
    let is_day =
        |cell: &Data| matches!(cell, Data::DateTime(day) if (day.as_f64() - 38_428.0).abs() < f64::EPSILON);
    let text = |cell: &Data| if is_day(cell) { "2005-03-17".to_owned() } else { cell.to_string() };
    sheet.rows().map(|row| row.iter().map(text).collect()).collect()
}

/// What a command left, for comparison.
fn left(screen: Screen) -> (i32, String, String) {
    (screen.code, screen.out, screen.err)
}

#[test]
fn a_file_read_back_holds_the_answer_in_every_form_with_and_without_a_daemon() {
    let node = with_pupils(40);
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = None;
    for served in ["alone", "served"] {
        for (ending, read) in
            [("csv", csv_rows as fn(&Path) -> _), ("parquet", parquet_rows), ("xlsx", xlsx_rows)]
        {
            let path = folder.path().join(format!("{served}.{ending}"));
            let out = path.to_str().unwrap();
            let answer = node.json(&["query", PUPILS, "--out", out]);
            assert_eq!((answer["rows"].as_u64(), answer["file"].as_str()), (Some(40), Some(out)));
            assert_eq!(answer["bytes"].as_u64(), Some(fs::metadata(&path).unwrap().len()));
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(read(&path), expected(40), "{served}, {ending}");
        }
        daemon.get_or_insert_with(|| node.serve());
    }
    assert_eq!(names_in(folder.path()).len(), 6);
    let screen = node.run(&["query", PUPILS, "--out", folder.path().join("said.csv").to_str().unwrap()]);
    assert!(screen.succeeded().contains("it holds student records"), "{screen:?}");
    screen.keeps_to_itself(VALUES);
}

#[test]
fn a_relative_file_is_written_where_the_person_is_and_not_where_the_daemon_is() {
    let node = with_pupils(3);
    let daemon = node.serve();
    let folder = tempfile::tempdir().unwrap();
    let mut command = node.command();
    command.current_dir(folder.path()).args(["query", PUPILS, "--out", "here.csv"]);
    Screen::of(command.output().unwrap()).succeeded();
    assert_eq!(csv_rows(&folder.path().join("here.csv")), expected(3));
    drop(daemon);
}

#[test]
fn a_plan_is_shown_and_nothing_is_run() {
    let node = with_pupils(5);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("never.csv");
    let asked = ["query", "--explain", ENDLESS, "--out", out.to_str().unwrap()];
    let alone = left(node.run(&asked));
    assert!(alone.1.contains("Aggregate") && alone.1.contains("Exec"), "{alone:?}");
    let plan = node.json(&["query", "--explain", "SELECT ssid FROM student WHERE zip = '90917'"]);
    assert!(plan["plan"].as_str().unwrap().contains("student"), "{plan}");
    let daemon = node.serve();
    assert_eq!(left(node.run(&asked)), alone);
    assert!(!out.exists());
    node.run(&["query", "--explain", "SELECT nothing FROM student"]).refused("N2828", None);
    drop(daemon);
}

#[test]
fn a_statement_that_is_no_question_is_refused_and_changes_nothing() {
    let node = with_pupils(5);
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.csv");
    let copied = format!("COPY student TO '{}'", copy.display());
    let before = (node.status(), node.roster_files());
    let mut daemon = None;
    for _ in ["alone", "served"] {
        for statement in ["DELETE FROM student", "DROP TABLE student", "SELECT 1; SELECT 2", "", &copied] {
            for rest in [&[][..], &["--explain"], &["--out", folder.path().join("a.csv").to_str().unwrap()]] {
                let screen = node.run(&[&["query", statement], rest].concat());
                let what = screen.refused("N2825", None);
                assert_eq!(what, "the statement is not one query, expected one SELECT, EXPLAIN or SHOW");
            }
        }
        daemon.get_or_insert_with(|| node.serve());
    }
    assert_eq!((node.status(), node.roster_files()), before);
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn what_needs_more_memory_than_it_may_take_is_refused_by_name_and_the_old_file_stays() {
    let node = with_pupils(3_000);
    fs::write(node.dir.join("node.toml"), "query_memory_mib = 1\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let hungry =
        "SELECT DISTINCT a.ssid || b.local_id AS both FROM student a CROSS JOIN student b ORDER BY 1";
    let mut daemon = None;
    for _ in ["alone", "served"] {
        for ending in ["csv", "parquet", "xlsx"] {
            let path = folder.path().join(format!("kept.{ending}"));
            fs::write(&path, "old").unwrap();
            let screen = node.run(&["query", hungry, "--out", path.to_str().unwrap()]);
            let what = screen.refused("N2824", None);
            assert_eq!(what, "the query needs more than its limit of 1 MiB of memory");
            screen.keeps_to_itself(VALUES);
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        }
        node.run(&["query", hungry]).refused("N2824", None);
        daemon.get_or_insert_with(|| node.serve());
    }
    assert_eq!(names_in(folder.path()), ["kept.csv", "kept.parquet", "kept.xlsx"]);
    node.run(&["query", "SELECT count(*) FROM student"]).succeeded();
}

#[test]
fn a_file_that_is_there_is_replaced_whole_by_an_answer_and_by_nothing_else() {
    let node = with_pupils(4);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let out = path.to_str().unwrap();
    fs::write(&path, "old and longer than the answer that comes\n".repeat(100)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let old = fs::read(&path).unwrap();
    node.run(&["query", "SELECT nothing FROM student", "--out", out]).refused("N2828", None);
    node.run(&["query", "SELECT 1 / (length(zip) - 5) FROM student", "--out", out]).refused("N2821", None);
    assert_eq!(fs::read(&path).unwrap(), old);
    node.run(&["query", PUPILS, "--out", out]).succeeded();
    assert_eq!(csv_rows(&path), expected(4));
    // Others could read the old file; the new one holds records.
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for (name, code) in [("a.txt", "N2833"), ("a", "N2833"), ("none/a.csv", "N2832")] {
        let path = folder.path().join(name);
        node.run(&["query", PUPILS, "--out", path.to_str().unwrap()]).refused(code, None);
    }
    fs::create_dir(folder.path().join("folder.csv")).unwrap();
    let at_a_folder = folder.path().join("folder.csv");
    node.run(&["query", PUPILS, "--out", at_a_folder.to_str().unwrap()]).refused("N2832", None);
    assert_eq!(names_in(folder.path()), ["a.csv", "folder.csv"]);
}

#[test]
fn more_rows_than_a_sheet_has_are_refused_by_name_and_the_old_file_stays() {
    let node = with_pupils(1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    fs::write(&path, "old").unwrap();
    let rows = "SELECT value FROM generate_series(1, 1048576)";
    let screen = node.run(&["query", rows, "--out", path.to_str().unwrap()]);
    let what = screen.refused("N2836", None);
    assert_eq!(what, "the answer has more than 1048575 rows, the most a workbook holds");
    assert!(screen.err.contains(".csv or .parquet"), "{screen:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names_in(folder.path()), ["a.xlsx"]);
}

/// A query put to the daemon as the command line puts it.
fn ask(node: &Node, sql: &str, out: Option<&Path>) -> UnixStream {
    let mut stream = UnixStream::connect(node.dir.join("control.sock")).unwrap();
    let session = fs::read_to_string(node.dir.join("session")).unwrap();
    let command = json!({ "Query": { "sql": sql, "out": out, "mode": "Run", "rows": 5 } });
    let request = json!({ "session": session, "command": command });
    stream.write_all(format!("{request}\n").as_bytes()).unwrap();
    stream
}

/// Lines of the answer, up to and with the first that `last` takes.
fn lines(stream: &UnixStream, last: impl Fn(&Value) -> bool) -> Vec<Value> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(stream.try_clone().unwrap()).lines() {
        lines.push(serde_json::from_str(&line.unwrap()).unwrap());
        if last(&lines[lines.len() - 1]) {
            return lines;
        }
    }
    panic!("the daemon hung up after {lines:?}");
}

/// Threads of the daemon that work on queries.
fn workers(pid: u32) -> usize {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let names = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("comm")).unwrap_or_default());
    names.filter(|name| name.trim() == "query").count()
}

#[test]
fn whoever_waits_is_told_and_a_query_nobody_waits_for_ends() {
    let node = with_pupils(5);
    let daemon = node.serve();
    let folder = tempfile::tempdir().unwrap();
    for out in [None, Some(folder.path().join("a.csv"))] {
        let stream = ask(&node, ENDLESS, out.as_deref());
        let told = lines(&stream, |line| line["progress"].is_object());
        let what = told[0]["progress"]["what"].as_str().unwrap();
        assert!(what.ends_with("MiB read, 0 rows"), "{told:?}");
        assert!(workers(daemon.child.id()) > 0);
        // Other questions are answered meanwhile.
        node.run(&["query", "SELECT count(*) FROM student"]).succeeded();
        drop(stream);
        let began = Instant::now();
        while workers(daemon.child.id()) > 0 {
            assert!(began.elapsed() < PATIENCE, "the query goes on for nobody");
            thread::sleep(Duration::from_millis(20));
        }
        assert!(names_in(folder.path()).is_empty());
    }
    assert_eq!(node.json(&["doctor"])["serving"], true);
    assert_eq!(node.json(&["query", "SELECT count(*) AS n FROM student"])["rows"], 1);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_destruction_ends_a_query_that_runs() {
    let node = with_pupils(5);
    let daemon = node.serve();
    let stream = ask(&node, ENDLESS, None);
    lines(&stream, |line| line["progress"].is_object());
    node.run(&["data", "destroy", "--by", "A. Superintendent"]).succeeded();
    let last = lines(&stream, |line| !line["progress"].is_object()).pop().unwrap();
    assert_eq!(last["failure"]["code"], "N2822", "{last}");
    drop(daemon);
}
