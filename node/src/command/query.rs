//! A question in SQL and its answer, on the screen or in a file of the person's own.

use std::{ops::ControlFlow, path::PathBuf};

use passage_analytics::{
    engine::{self, Canceller},
    output::{self, Format, Saved},
};
use passage_shell::{
    audit::Act,
    control::{Answer, Progress, ProgressSink},
    failure::Failure,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::home::Home;

/// A question.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct QueryRequest {
    /// In SQL.
    pub sql: String,
    /// File the rows go to; none: the screen.
    pub out: Option<PathBuf>,
    /// What to do with it.
    pub mode: QueryMode,
    /// Rows shown on the screen.
    pub rows: usize,
}

/// What to do with a question.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum QueryMode {
    /// Say how it would be run.
    Explain,
    /// Run it.
    Run,
}

pub(super) fn query(
    home: &Home,
    request: &QueryRequest,
    progress: ProgressSink<'_>,
) -> Result<Answer, Failure> {
    if request.mode == QueryMode::Explain {
        let plan = home.explain(&request.sql)?;
        return Ok(Answer { json: json!({ "plan": plan }), text: plan });
    }
    // Before anything runs: a file whose form nobody knows must not cost the query.
    let format = request.out.as_ref().map(|path| Format::of(path)).transpose()?;
    home.query(&request.sql, |running| {
        let stop = running.canceller();
        let mut told = |step: engine::Progress| tell(step, progress, &stop);
        match request.out.as_ref().zip(format) {
            Some((path, format)) => {
                let exported = Act::QueryExported { format: word(format) };
                let saved =
                    home.recorded(&exported, || Ok(output::save(running, format, path, &mut told)?))?;
                let facts = json!({ "file": path, "rows": saved.rows, "bytes": saved.bytes });
                Ok(Answer { text: format!("{}\n{}", path.display(), about(saved)), json: facts })
            }
            None => {
                let mut screen = Vec::new();
                let shown = output::show(running, request.rows, &mut screen, &mut told)?;
                let text = String::from_utf8_lossy(&screen).trim_end().to_owned();
                Ok(Answer { json: json!({ "rows": shown.rows, "more": shown.more, "text": text }), text })
            }
        }
    })
}

fn word(format: Format) -> &'static str {
    match format {
        Format::Csv => "csv",
        Format::Parquet => "parquet",
        Format::Xlsx => "xlsx",
    }
}

/// Tells whoever waits, and ends the query if nobody does.
fn tell(step: engine::Progress, progress: ProgressSink<'_>, stop: &Canceller) {
    let what = format!("{} MiB read, {} rows", step.read_bytes >> 20, step.rows);
    if let ControlFlow::Break(()) =
        progress(Progress { what, done: step.rows, total: None, detail: String::new() })
    {
        stop.cancel();
    }
}

fn about(saved: Saved) -> String {
    let mut text = format!(
        "{} rows, {} bytes; it holds student records: keep it where they belong",
        saved.rows, saved.bytes
    );
    if saved.formula_like > 0 {
        text.push_str(&format!(
            "\n{} cells begin as a formula would; open the file as data, or write .xlsx instead",
            saved.formula_like
        ));
    }
    text
}
