//! Rounds, what leaves, reports.

use std::path::{Path, PathBuf};

use passage_protocol::{
    agreement::Recipient,
    codec::Decode,
    ids::RoundId,
    report::{self, Report},
};
use passage_shell::{control::Answer, failure::Failure, state_dir::write_atomically};
use serde_json::json;

use crate::{
    command::{Node, ReportFormat},
    driver::Driver,
    home::{Home, refuse},
    records::{REPORTS, ROUNDS, RoundRecord, Standing},
};

pub(super) fn list(home: &Home) -> Result<Answer, Failure> {
    let mut records = records(home)?;
    records.sort_by_key(|record| record.call.opened);
    let mut lines: Vec<String> = records
        .iter()
        .map(|one| format!("{}  {}  {}", one.call.round, one.call.opened, words(one)))
        .collect();
    if lines.is_empty() {
        lines.push("no round has been called".to_owned());
    }
    let facts = |one: &RoundRecord| json!({ "id": one.call.round.to_string(), "opened": one.call.opened.to_string(), "standing": words(one) });
    Ok(Answer { text: lines.join("\n"), json: json!(records.iter().map(facts).collect::<Vec<_>>()) })
}

pub(super) fn show(node: &Node, name: &str) -> Result<Answer, Failure> {
    let record = record(&node.home, name)?;
    let round = record.call.round;
    let mut text = format!(
        "{round}\nopened     {}\nmoved      {}\ndeadline   {}\nstanding   {}",
        record.call.opened,
        record.moved,
        record.call.deadline,
        words(&record)
    );
    let mut progress = serde_json::Value::Null;
    if let Some(step) = node.driver.as_ref().and_then(|driver| driver.progress_of(round)) {
        let seconds = step.began.elapsed().as_secs_f64().max(0.001);
        let rate = step.done as f64 / seconds;
        let left = if rate > 0.0 { step.total.saturating_sub(step.done) as f64 / rate } else { 0.0 };
        text.push_str(&format!(
            "\nworking    {}: {} of {} rows, {rate:.0} rows a second, about {left:.0} s left",
            step.what, step.done, step.total
        ));
        progress = json!({ "what": step.what, "done": step.done, "total": step.total });
    }
    let json = json!({ "id": round.to_string(), "standing": words(&record), "progress": progress });
    Ok(Answer { text, json })
}

pub(super) fn approve(driver: &Driver, name: &str, by: &str) -> Result<Answer, Failure> {
    let record = record(&driver.home, name)?;
    let account = driver.approve(record.call.round, by)?;
    Ok(Answer {
        text: format!("{} approved by {by}: {} bytes may leave", record.call.round, account.bytes()),
        json: json!({ "id": record.call.round.to_string(), "account": account.digest.to_string() }),
    })
}

pub(super) fn refuse_round(driver: &Driver, name: &str, by: &str) -> Result<Answer, Failure> {
    let record = record(&driver.home, name)?;
    driver.refuse(record.call.round, by)?;
    Ok(Answer::words(format!("{} refused by {by}; the round has ended for everybody", record.call.round)))
}

pub(super) fn what_leaves(home: &Home, name: &str) -> Result<Answer, Failure> {
    let record = record(home, name)?;
    let account = record.account(home.code).ok_or_else(|| {
        refuse(
            0x2250,
            "what leaves is not known yet: the committee of this round is not drawn",
            "Wait until every member has answered, then ask again; `round show` tells.",
            Some("D5"),
        )
    })?;
    let mut text = format!(
        "What leaves this building in round {}\nagreement {}  study {}\naccount   {}\n",
        record.call.round, account.agreement, account.study, account.digest
    );
    for line in &account.lines {
        let to = match line.to {
            Recipient::Coordinator => "the coordinator".to_owned(),
            Recipient::Member(code) => format!("{code}, relayed unopened by the coordinator"),
        };
        text.push_str(&format!(
            "\n- {}\n    rows {}  values a row {}  bytes {}\n    made of  {}\n    to       {to}\n    under    {}\n",
            line.what, line.rows, line.columns, line.bytes, line.made_of, line.under
        ));
    }
    text.push_str(&format!(
        "\n{} bytes in all. No name, number, birth date or address leaves in clear; no row of another member arrives in clear.",
        account.bytes()
    ));
    let lines = account.lines.iter().map(|line| {
        let to = match line.to {
            Recipient::Coordinator => "coordinator".to_owned(),
            Recipient::Member(code) => code.to_string(),
        };
        json!({ "what": line.what, "made_of": line.made_of, "rows": line.rows, "columns": line.columns, "bytes": line.bytes, "to": to, "under": line.under })
    });
    let json = json!({
        "round": record.call.round.to_string(),
        "account": account.digest.to_string(),
        "bytes": account.bytes(),
        "lines": lines.collect::<Vec<_>>(),
    });
    Ok(Answer { text, json })
}

pub(super) fn report_list(home: &Home) -> Result<Answer, Failure> {
    let mut lines = Vec::new();
    let mut facts = Vec::new();
    for (_, bytes) in home.store.scan(REPORTS, &[])? {
        let report = Report::from_bytes(&bytes)?;
        lines.push(format!("{}  {}  {}", report.round, report.generated_at, report.study_title));
        facts.push(json!({ "id": report.round.to_string(), "generated": report.generated_at.to_string(), "title": report.study_title }));
    }
    if lines.is_empty() {
        lines.push("no report has arrived yet".to_owned());
    }
    Ok(Answer { text: lines.join("\n"), json: json!(facts) })
}

pub(super) fn report_show(home: &Home, name: &str) -> Result<Answer, Failure> {
    let report = stored_report(home, name)?;
    let rows: Vec<String> = report::rows(&report).map(|row| row.join("\t")).collect();
    let text = format!(
        "{}\n{}\n\n{}",
        report::CSV_HEADER.replace(',', "\t"),
        rows.join("\n"),
        report::notes(&report)
    );
    Ok(Answer { text, json: json!({ "id": report.round.to_string(), "rows": rows.len() }) })
}

pub(super) fn report_export(
    home: &Home,
    name: &str,
    format: ReportFormat,
    out: Option<PathBuf>,
) -> Result<Answer, Failure> {
    let report = stored_report(home, name)?;
    let (ending, bytes) = match format {
        ReportFormat::Csv => ("csv", report::csv(&report)),
        ReportFormat::Html => ("html", report::html(&report).into_bytes()),
    };
    let path = match out {
        Some(path) => path,
        None => home.dir.folder("reports")?.join(format!("{}.{ending}", report.round)),
    };
    export(&path, &bytes)?;
    home.record("report exported", &[("round", &report.round.to_string()), ("format", ending)])?;
    Ok(Answer {
        text: format!("{}", path.display()),
        json: json!({ "path": path.display().to_string(), "bytes": bytes.len() }),
    })
}

fn export(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    Ok(write_atomically(path, bytes)?)
}

fn stored_report(home: &Home, name: &str) -> Result<Report, Failure> {
    let round = round_id(home, name)?;
    let bytes = home.store.get(REPORTS, &round.0)?.ok_or_else(|| {
        refuse(0x2251, "there is no report of this round here", "List the reports with `report list`.", None)
    })?;
    Ok(Report::from_bytes(&bytes)?)
}

fn records(home: &Home) -> Result<Vec<RoundRecord>, Failure> {
    let record = |(_, bytes): (Vec<u8>, Vec<u8>)| Ok(RoundRecord::from_bytes(&bytes)?);
    home.store.scan(ROUNDS, &[])?.into_iter().map(record).collect()
}

fn record(home: &Home, name: &str) -> Result<RoundRecord, Failure> {
    let round = round_id(home, name)?;
    let bytes = home.store.get(ROUNDS, &round.0)?.ok_or_else(unknown)?;
    Ok(RoundRecord::from_bytes(&bytes)?)
}

/// A round by its id, or `latest`.
fn round_id(home: &Home, name: &str) -> Result<RoundId, Failure> {
    if name == "latest" {
        let latest = records(home)?.into_iter().max_by_key(|record| (record.call.opened, record.moved));
        return latest.map(|record| record.call.round).ok_or_else(unknown);
    }
    RoundId::parse(name).ok_or_else(unknown)
}

fn words(record: &RoundRecord) -> String {
    match &record.standing {
        Standing::Aborted { code, reason } => format!("aborted with {code}: {reason}"),
        Standing::AwaitDecision | Standing::Finished | Standing::Running { .. } => {
            record.standing.words().to_owned()
        }
    }
}

fn unknown() -> Failure {
    refuse(
        0x2252,
        "this node knows no such round",
        "List the rounds with `round list`; `latest` names the last one.",
        None,
    )
}
