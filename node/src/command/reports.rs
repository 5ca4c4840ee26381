//! Reports: listed, shown with the estimate of missed matches if asked for, written to files as they were made when they came.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use passage_analytics::output::{Format, TextTable, save_text};
use passage_protocol::{
    codec::Decode,
    report::{
        self, Report,
        missed::{Estimate, FORMULA, missed},
    },
};
use passage_shell::{audit::Act, control::Answer, failure::Failure, state_dir::write_atomically};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    command::{ReportFormat, rounds::round_id},
    home::{Home, refuse},
    retention::vault::Rendering,
};

pub(super) fn report_list(home: &Home) -> Result<Answer, Failure> {
    let mut lines = Vec::new();
    let mut facts = Vec::new();
    for round in home.reported()? {
        let Some(bytes) = home.report(round)? else { continue };
        let report = Report::from_bytes(&bytes)?;
        lines.push(format!("{}  {}  {}", report.round, report.generated_at, report.study_title));
        facts.push(json!({ "id": report.round.to_string(), "generated": report.generated_at.to_string(), "title": report.study_title }));
    }
    if lines.is_empty() {
        lines.push("no report has arrived yet".to_owned());
    }
    Ok(Answer { text: lines.join("\n"), json: json!(facts) })
}

/// Whether counts stand beside an estimate of missed matches.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Missed {
    /// For the member's own students.
    Estimated,
    /// The figures alone.
    LeftOut,
}

pub(super) fn report_show(home: &Home, name: &str, estimate: Missed) -> Result<Answer, Failure> {
    let report = stored_report(home, name)?;
    let rows: Vec<report::Row> = report::rows(&report).chain(report::derived(&report)).collect();
    let lines: Vec<String> = rows.iter().map(|row| row.join("\t")).collect();
    let mut text = format!(
        "{}\n{}\n\n{}",
        report::CSV_HEADER.replace(',', "\t"),
        lines.join("\n"),
        report::notes(&report)
    );
    // As in the CSV: a withheld figure is a mark, so every value is text.
    let cell = |row: &report::Row| -> Value {
        report::CSV_HEADER.split(',').zip(row).map(|(name, field)| (name.to_owned(), json!(field))).collect()
    };
    let mut json = json!({
        "id": report.round.to_string(),
        "agreement": report.agreement,
        "study": report.study,
        "title": report.study_title,
        "generated": report.generated_at.to_string(),
        "coverage": report.coverage,
        "notes": report::notes(&report),
        "rows": rows.iter().map(cell).collect::<Vec<_>>(),
    });
    if estimate == Missed::Estimated {
        let (words, facts) = estimated(home, &report)?;
        text.push_str(&words);
        if let Some(object) = json.as_object_mut() {
            object.insert("estimate".to_owned(), facts);
        }
    }
    Ok(Answer { text, json })
}

/// What the counts about this member's students would be if nobody had been missed, from what its own list lets expect.
fn estimated(home: &Home, report: &Report) -> Result<(String, Value), Failure> {
    let study = home.study(&report.study)?;
    let quality = home.quality(study.study.preset, &|_| ControlFlow::Continue(()))?;
    let permille = quality.expected_permille.unwrap_or(0);
    let estimates = missed(report, permille);
    let mut text = format!(
        "\nEstimate of missed matches, beside the figures above and not in their place\n\
         Of this member's students who are in another list {}.{} % are expected to be linked (`data quality`).\n{FORMULA}.\n\n\
         table\treceiver\tcohort\tdimension\tcategory\tobserved\testimate\tlow\thigh\n",
        permille / 10,
        permille % 10
    );
    if estimates.is_empty() {
        text.push_str("no count about this member's own students is shown\n");
    }
    let place = |one: &Estimate| one.receiver.map_or_else(|| "any".to_owned(), |code| code.to_string());
    for one in &estimates {
        text.push_str(&format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
            one.metric,
            place(one),
            one.cohort,
            one.dimension,
            one.category,
            one.raw,
            one.estimate,
            one.low,
            one.high
        ));
    }
    let fact = |one: &Estimate| {
        json!({
            "table": one.metric,
            "receiver": place(one),
            "cohort": one.cohort.to_string(),
            "dimension": one.dimension,
            "category": one.category,
            "observed": one.raw,
            "estimate": one.estimate,
            "low": one.low,
            "high": one.high,
        })
    };
    let facts = json!({
        "expected_permille": permille,
        "formula": FORMULA,
        "rows": estimates.iter().map(fact).collect::<Vec<_>>(),
    });
    Ok((text, facts))
}

pub(super) fn report_export(
    home: &Home,
    name: &str,
    format: ReportFormat,
    out: Option<PathBuf>,
) -> Result<Answer, Failure> {
    let report = stored_report(home, name)?;
    // As it was made when the report arrived, whatever this version would make of it (A13).
    let files = home.rendering(report.round)?.unwrap_or_else(|| Rendering::of(&report));
    let ending = format.ending();
    let path = match out {
        Some(path) => path,
        None => home.dir.folder("reports")?.join(format!("{}.{ending}", report.round)),
    };
    // A table has the columns of the contract and no room for what they mean: that stands beside it, written first, so that no
    // table is ever without; a workbook has a sheet for it.
    let notes = match format {
        ReportFormat::Csv | ReportFormat::Parquet => Some(path.with_extension("notes.txt")),
        ReportFormat::Html | ReportFormat::Xlsx => None,
    };
    let bytes = home.recorded(&Act::ReportExported { round: report.round, format: ending }, || {
        if let Some(notes) = &notes {
            export(notes, &files.notes)?;
        }
        match format {
            ReportFormat::Csv => export(&path, &files.csv),
            ReportFormat::Html => export(&path, &files.html),
            ReportFormat::Parquet => tabled(&files, Format::Parquet, &path),
            ReportFormat::Xlsx => tabled(&files, Format::Xlsx, &path),
        }
    })?;
    let mut text = path.display().to_string();
    if let Some(notes) = &notes {
        text.push_str(&format!("\n{}  (definitions, coverage, marks, run and agreement)", notes.display()));
    }
    let notes = notes.map(|path| path.display().to_string());
    Ok(Answer {
        text,
        json: json!({
            "path": path.display().to_string(),
            "bytes": bytes,
            "notes": notes,
            "made_by": files.program,
        }),
    })
}

fn export(path: &Path, bytes: &[u8]) -> Result<u64, Failure> {
    write_atomically(path, bytes)?;
    Ok(bytes.len() as u64)
}

/// The table as it was made, in another form: the same columns, the same text in every cell.
fn tabled(files: &Rendering, format: Format, path: &Path) -> Result<u64, Failure> {
    let mut rows = report::read_csv(&String::from_utf8_lossy(&files.csv)).into_iter();
    let columns = rows.next().unwrap_or_default();
    let rows: Vec<Vec<String>> = rows.collect();
    let notes = String::from_utf8_lossy(&files.notes);
    let table = TextTable { columns: &columns, rows: &rows, notes: &notes };
    Ok(save_text(&table, format, path)?.bytes)
}

pub(super) fn stored_report(home: &Home, name: &str) -> Result<Report, Failure> {
    let round = round_id(home, name)?;
    let bytes = home.report(round)?.ok_or_else(|| {
        let advice =
            "List the reports with `report list`; `retention list` says which were destroyed, and when.";
        refuse(0x2251, "there is no report of this round here", advice, None)
    })?;
    Ok(Report::from_bytes(&bytes)?)
}

#[cfg(test)]
mod tests;
