//! What the clerk sees of an import: per file what it was taken for and why, what was kept, what is wrong by row and
//! column, and what to do next (D1, D2). Positions, rules and counts; never a value.

use core::fmt::Write as _;

use passage_shell::{
    control::{Answer, ProgressSink},
    failure::Failure,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    data::{FileOutcome, ImportMode, ImportOutcome, ImportRequest},
    home::Home,
    import::{Count, Dropped, ImportReport, Problem, Severity, Term},
    tables::Replaced,
};

/// Places shown on the screen for each kind of finding; the JSON form and the file of `--problems` have every listed one.
const PLACES_SHOWN: usize = 5;
/// Schools and years shown on the screen for each file; the JSON form has all of them.
const GROUPS_SHOWN: usize = 12;

/// Imports and tells. A refusal is an answer with `refused` true, because it carries the reports of every file.
pub(super) fn import(
    home: &Home,
    request: &ImportRequest,
    progress: ProgressSink<'_>,
) -> Result<Answer, Failure> {
    let ImportOutcome { files: outcomes, list } = home.import(request, progress)?;
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
            "list": list,
        });
        return Ok(Answer { text, json });
    }
    text.push_str(match request.mode {
        ImportMode::DryRun => "dry run: nothing was kept",
        ImportMode::Keep => "imported; nothing has left this machine",
    });
    Ok(Answer {
        text,
        json: json!({ "files": files, "kept": request.mode == ImportMode::Keep, "list": list }),
    })
}

/// One file of the JSON form: the report's own keys, the file's name, and why it was refused.
#[derive(Serialize)]
struct Facts<'a> {
    file: &'a str,
    refusal: Option<Value>,
    missing: &'a [String],
    replaced: &'a [Replaced],
    #[serde(flatten)]
    report: Option<&'a ImportReport>,
}

fn facts(outcome: &FileOutcome) -> Value {
    let refusal = outcome.refusal.as_ref().map(|failure| {
        json!({ "what": failure.what(), "advice": failure.advice(), "code": failure.code(), "rule": failure.rule() })
    });
    json!(Facts {
        file: &outcome.file,
        refusal,
        missing: &outcome.missing,
        replaced: &outcome.replaced,
        report: outcome.report.as_ref()
    })
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
        outcome.replaced.iter().try_for_each(|replaced| write_replaced(text, replaced))?;
        for id in &outcome.missing {
            writeln!(
                text,
                "  missing  {id} should be imported before it; what this file refers to is not here"
            )?;
        }
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
    let terms: Vec<&str> =
        report.periods.iter().filter_map(|period| period.term.as_ref()).map(Term::as_str).collect();
    if !terms.is_empty() {
        writeln!(text, "  terms    {}", terms.join(", "))?;
    }
    for Dropped { name, why, values } in report.dropped.iter().filter(|dropped| dropped.values > 0) {
        writeln!(text, "  dropped  {name}, {}: {why}", counted(*values, "value"))?;
    }
    write_coverage(text, report)?;
    if report.counts.is_empty() {
        return writeln!(text, "  no problems");
    }
    let mut listed_all = true;
    for severity in [Severity::Error, Severity::Row, Severity::Warning, Severity::Note] {
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

/// What becomes of the stored rows of a period, in numbers.
fn write_replaced(text: &mut String, replaced: &Replaced) -> core::fmt::Result {
    let Replaced { period, rows_gone, rows_stay, units_gone, units_stay, .. } = replaced;
    write!(text, "  replaces {period}: {}", counted(*rows_gone, "stored row"))?;
    if *units_gone > 0 {
        write!(text, " of {}", schools(*units_gone))?;
    }
    if *rows_stay > 0 {
        write!(text, "; {} stay", counted(*rows_stay, "stored row"))?;
    }
    if *rows_stay > 0 && *units_stay > 0 {
        write!(text, ", of {}", schools(*units_stay))?;
    }
    writeln!(text)
}

fn schools(count: usize) -> String {
    if count == 1 { "1 school or college".to_owned() } else { format!("{count} schools or colleges") }
}

/// What the file covers by school year and school, and what its students can be matched by.
fn write_coverage(text: &mut String, report: &ImportReport) -> core::fmt::Result {
    for group in report.coverage.iter().take(GROUPS_SHOWN) {
        let year = group.school_year.as_deref().unwrap_or("every year");
        let school = group.school.as_ref().map_or_else(String::new, |school| format!(", school {school}"));
        write!(text, "  covers   {year}{school}: {}", counted(group.rows, "row"))?;
        if group.students > 0 {
            write!(
                text,
                "; SSID {}, SSN {}, name and birth date {}; expected match strong {}, standard {}, weak {}",
                group.ssid, group.ssn, group.name_and_birth_date, group.strong, group.standard, group.weak
            )?;
        }
        writeln!(text)?;
    }
    match report.coverage.len().saturating_sub(GROUPS_SHOWN) {
        0 => Ok(()),
        more => writeln!(text, "           and {more} more schools and years; --json lists them"),
    }
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

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn times(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}
