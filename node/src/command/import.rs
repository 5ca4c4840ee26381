//! What the clerk sees of an import: per file what it was taken for and why, what was kept, what is wrong by row and
//! column, and what to do next (D1, D2). Positions, rules and counts; never a value.

use core::fmt::Write as _;
use std::io;

use passage_shell::{
    control::{Answer, ProgressSink},
    failure::Failure,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    data::{FileOutcome, ImportMode, ImportRequest},
    home::Home,
    import::{Count, ImportReport, Problem, Severity},
};

/// Places shown on the screen for each kind of finding; the JSON form and the file of `--problems` have every listed one.
const PLACES_SHOWN: usize = 5;

/// Imports and tells. A refusal is an answer with `refused` true, because it carries the reports of every file.
pub(super) fn import(
    home: &Home,
    request: &ImportRequest,
    progress: ProgressSink<'_>,
) -> Result<Answer, Failure> {
    let outcomes = home.import(request, progress)?;
    let refusal = outcomes.iter().find_map(|outcome| outcome.refusal.as_ref());
    let several = outcomes.len() > 1;
    let kept = if refusal.is_none() && request.mode == ImportMode::Keep { "kept" } else { "to keep" };
    let mut text = String::new();
    for outcome in &outcomes {
        // Of several files, each says why it was refused; of one, the refusal below does. Writing to a String cannot fail.
        let refused = outcome.refusal.as_ref().filter(|_| several);
        let _ = write_file(&mut text, outcome, refused, kept);
    }
    let files: Vec<Value> = outcomes.iter().map(facts).collect();
    if let Some(failure) = refusal {
        if several {
            text.push_str("nothing of these files was kept\n");
        }
        text.push_str(&failure.to_string());
        let json = json!({
            "refused": true,
            "what": failure.what(),
            "advice": failure.advice(),
            "code": failure.code(),
            "rule": failure.rule(),
            "kept": false,
            "files": files,
        });
        return Ok(Answer { text, json });
    }
    text.push_str(match request.mode {
        ImportMode::DryRun => "dry run: nothing was kept",
        ImportMode::Keep => "imported; nothing has left this machine",
    });
    Ok(Answer { text, json: json!({ "files": files, "kept": request.mode == ImportMode::Keep }) })
}

/// Writes every listed problem of an import's answer as CSV:
/// `file,row,column,name,severity,rule,what,advice`. A file refused as a whole has one line without a row.
///
/// # Errors
///
/// What the writer answers.
pub fn write_problems(answer: &Value, out: impl io::Write) -> io::Result<usize> {
    let files = answer.get("files").cloned().unwrap_or_default();
    let files: Vec<ListedFile> = serde_json::from_value(files).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(["file", "row", "column", "name", "severity", "rule", "what", "advice"])?;
    let mut lines = 0;
    for ListedFile { file, refusal, mut problems } in files {
        if problems.is_empty() {
            problems.extend(refusal);
        }
        for problem in problems {
            writer.write_record([
                file.as_str(),
                &problem.row.map(|row| row.to_string()).unwrap_or_default(),
                &problem.column.map(|column| column.to_string()).unwrap_or_default(),
                problem.name.as_deref().unwrap_or_default(),
                problem.severity.as_deref().unwrap_or("error"),
                problem.rule.as_deref().unwrap_or_default(),
                &problem.what,
                &problem.advice,
            ])?;
            lines += 1;
        }
    }
    writer.flush()?;
    Ok(lines)
}

/// One file of the answer, as far as the list of problems needs it.
#[derive(Deserialize)]
struct ListedFile {
    file: String,
    refusal: Option<Listed>,
    #[serde(default)]
    problems: Vec<Listed>,
}

/// A problem of a row, or the refusal of a file as a whole.
#[derive(Deserialize)]
struct Listed {
    row: Option<u64>,
    column: Option<usize>,
    name: Option<String>,
    severity: Option<String>,
    rule: Option<String>,
    what: String,
    advice: String,
}

/// One file of the JSON form: the report's own keys, the file's name, and why it was refused.
#[derive(Serialize)]
struct Facts<'a> {
    file: &'a str,
    refusal: Option<Value>,
    #[serde(flatten)]
    report: Option<&'a ImportReport>,
}

fn facts(outcome: &FileOutcome) -> Value {
    let refusal = outcome.refusal.as_ref().map(|failure| {
        json!({ "what": failure.what(), "advice": failure.advice(), "code": failure.code(), "rule": failure.rule() })
    });
    json!(Facts { file: &outcome.file, refusal, report: outcome.report.as_ref() })
}

/// The part of the screen about one file.
fn write_file(
    text: &mut String,
    outcome: &FileOutcome,
    refused: Option<&Failure>,
    kept: &str,
) -> core::fmt::Result {
    if let Some(report) = &outcome.report {
        write_report(text, &outcome.file, report, kept)?;
    }
    if let Some(failure) = refused {
        writeln!(text, "  refused  {}", failure.what())?;
    }
    if outcome.report.is_some() || refused.is_some() { writeln!(text) } else { Ok(()) }
}

fn write_report(text: &mut String, file: &str, report: &ImportReport, kept: &str) -> core::fmt::Result {
    writeln!(text, "{file}: {}", report.title)?;
    writeln!(text, "  layout   {} version {}", report.layout, report.version)?;
    writeln!(text, "  because  {}", report.why)?;
    write!(text, "  rows     {} read, {} {kept}", report.rows, report.kept)?;
    for (times, what) in [
        (report.duplicates, "repeated"),
        (report.deleted, "marked as deleted"),
        (report.rows_refused, "refused"),
        (report.rows_with_errors, "with errors"),
    ] {
        if times > 0 {
            write!(text, ", {times} {what}")?;
        }
    }
    writeln!(text)?;
    if !report.school_years.is_empty() {
        writeln!(text, "  years    {}", report.school_years.join(", "))?;
    }
    if report.counts.is_empty() {
        return writeln!(text, "  no problems");
    }
    let mut listed_all = true;
    for severity in [Severity::Error, Severity::Row, Severity::Warning] {
        for count in report.counts.iter().filter(|count| count.severity == severity) {
            let (word, times) = (severity.word(), times(count.times));
            writeln!(text, "  {word:<8} {} (rule {}, {times})", count.what, count.rule)?;
            listed_all &= write_places(text, report, count)?;
        }
    }
    if !listed_all {
        writeln!(text, "  --problems FILE writes every place to a file")?;
    }
    Ok(())
}

/// What to do about a kind of finding, and the first places it was made at; true if these are all.
fn write_places(text: &mut String, report: &ImportReport, count: &Count) -> Result<bool, core::fmt::Error> {
    let same = |problem: &&Problem| problem.what == count.what && problem.severity == count.severity;
    let listed: Vec<&Problem> = report.problems.iter().filter(same).take(PLACES_SHOWN).collect();
    if let Some(first) = listed.first() {
        writeln!(text, "           {}", first.advice)?;
    }
    let places: Vec<String> = listed.iter().map(|problem| place(problem)).collect();
    let more = count.times.saturating_sub(places.len() as u64);
    write!(text, "           {}", places.join("; "))?;
    if more > 0 {
        write!(text, "; and {more} more")?;
    }
    writeln!(text)?;
    Ok(more == 0)
}

fn place(problem: &Problem) -> String {
    match (problem.column, &problem.name) {
        (Some(column), Some(name)) => format!("row {}, column {column} ({name})", problem.row),
        (Some(column), None) => format!("row {}, column {column}", problem.row),
        (None, _) => format!("row {}", problem.row),
    }
}

fn times(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}
