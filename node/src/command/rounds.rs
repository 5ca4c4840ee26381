//! Rounds, and what leaves in them.

use std::time::Duration;

use passage_protocol::{
    agreement::{Account, AccountBridge, AccountLine, Amount, Concern, Recipient},
    codec::Decode,
    ids::RoundId,
};
use passage_shell::{control::Answer, failure::Failure};
use serde_json::json;

use crate::{
    command::Node,
    driver::Driver,
    home::{Home, refuse},
    records::{ROUNDS, RoundRecord, Standing},
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
        let (per_second, seconds_left) = pace(step.done, step.total, step.began.elapsed());
        let left = seconds_left.map_or("time left unknown".to_owned(), |left| format!("about {left} s left"));
        text.push_str(&format!(
            "\nworking    {}: {} of {} rows, {per_second} rows a second, {left}",
            step.what, step.done, step.total
        ));
        progress = json!({
            "what": step.what,
            "done": step.done,
            "total": step.total,
            "per_second": per_second,
            "seconds_left": seconds_left,
        });
    }
    let json = json!({ "id": round.to_string(), "standing": words(&record), "progress": progress });
    Ok(Answer { text, json })
}

/// Rows a second since the work began, and the seconds left at that rate if there is one.
fn pace(done: u64, total: u64, elapsed: Duration) -> (u64, Option<u64>) {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = done.saturating_mul(1_000) / milliseconds;
    (per_second, total.saturating_sub(done).checked_div(per_second))
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
    let text = format!(
        "What leaves this building in round {}\nagreement {}  study {}\naccount   {}\n{}",
        record.call.round,
        account.agreement,
        account.study,
        account.digest,
        page(&account)
    );
    let group = |concern: Concern| {
        let bytes = account.bytes_about(concern);
        json!({ "about": concern.words(), "bytes": bytes.most(), "at_most": is_bound(bytes) })
    };
    let json = json!({
        "round": record.call.round.to_string(),
        "account": account.digest.to_string(),
        "bytes": account.bytes().most(),
        "at_most": is_bound(account.bytes()),
        "groups": Concern::ALL.map(group),
        "lines": account.lines.iter().map(facts).collect::<Vec<_>>(),
        "bridges": account.bridges.iter().map(bridge_facts).collect::<Vec<_>>(),
    });
    Ok(Answer { text, json })
}

/// The account for a person: first what is about her own students, in full; then what is not, line by line.
fn page(account: &Account) -> String {
    let mut text = String::new();
    for concern in Concern::ALL {
        let mut lines = account.about(concern).peekable();
        if lines.peek().is_none() {
            continue;
        }
        text.push_str(&format!("\n{}: {} bytes\n", concern.words(), account.bytes_about(concern)));
        for line in lines {
            let (what, to) = (line.item.words(), recipient(line.to));
            let AccountLine { rows, columns, bytes, made_of, under, .. } = line;
            text.push_str(&match concern {
                Concern::OwnStudents => format!(
                    "\n- {what}\n    rows {rows}  values a row {columns}  bytes {bytes}\n    made of  {made_of}\n    to       {to}\n    under    {under}\n"
                ),
                Concern::CommitteeWork | Concern::Keys => {
                    format!("- {what}\n    rows {rows}, bytes {bytes}, to {to}; {under}\n")
                }
            });
        }
    }
    if !account.bridges.is_empty() {
        text.push_str(
            "\nLinks through another member: the study asks for them. More students are linked than by the keys that two members share\n",
        );
    }
    for AccountBridge { sender, receiver, through } in &account.bridges {
        let through: Vec<String> = through.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "- a student of {sender} whom {receiver} does not know by a shared key is looked for there through the list of {}\n",
            through.join(", then ")
        ));
    }
    let bound = if is_bound(account.bytes()) {
        " How many depends on how many students link and on which counts are withheld."
    } else {
        ""
    };
    text.push_str(&format!(
        "\nIn all {} bytes, besides signed messages of the protocol (digests, keys, proofs), none made from a record.{bound} No \
         name, number, birth date or address leaves in clear; no row of another member arrives in clear.",
        account.bytes()
    ));
    text
}

fn facts(line: &AccountLine) -> serde_json::Value {
    let to = match line.to {
        Recipient::Coordinator => "coordinator".to_owned(),
        Recipient::CoordinatorAndCommittee => "coordinator and committee".to_owned(),
        Recipient::Member(code) => code.to_string(),
    };
    json!({
        "item": line.item.name(),
        "about": line.item.concern().words(),
        "what": line.item.words(),
        "made_of": line.made_of,
        "rows": line.rows.most(),
        "columns": line.columns,
        "bytes": line.bytes.most(),
        "at_most": is_bound(line.bytes),
        "to": to,
        "under": line.under,
    })
}

fn bridge_facts(bridge: &AccountBridge) -> serde_json::Value {
    let through: Vec<String> = bridge.through.iter().map(ToString::to_string).collect();
    json!({ "from": bridge.sender.to_string(), "to": bridge.receiver.to_string(), "through": through })
}

fn recipient(to: Recipient) -> String {
    match to {
        Recipient::Coordinator => "the coordinator".to_owned(),
        Recipient::CoordinatorAndCommittee => "the coordinator and the rest of the committee".to_owned(),
        Recipient::Member(code) => format!("{code}, relayed unopened by the coordinator"),
    }
}

fn is_bound(amount: Amount) -> bool {
    matches!(amount, Amount::AtMost(_))
}

pub(super) fn records(home: &Home) -> Result<Vec<RoundRecord>, Failure> {
    let record = |(_, bytes): (Vec<u8>, Vec<u8>)| Ok(RoundRecord::from_bytes(&bytes)?);
    home.store.scan(ROUNDS, &[])?.into_iter().map(record).collect()
}

pub(super) fn record(home: &Home, name: &str) -> Result<RoundRecord, Failure> {
    let round = round_id(home, name)?;
    let bytes = home.store.get(ROUNDS, &round.0)?.ok_or_else(unknown)?;
    Ok(RoundRecord::from_bytes(&bytes)?)
}

/// A round by its id, or `latest`.
pub(super) fn round_id(home: &Home, name: &str) -> Result<RoundId, Failure> {
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

#[cfg(test)]
mod tests;
