//! What `audit verify` and `audit checkpoints` print, the same for both programs.

use std::{collections::VecDeque, path::Path};

use passage_protocol::{
    checkpoint::{Checkpoint, Head, LogOwner},
    codec::Encode,
    signing::Signed,
    timestamp::Timestamp,
};
use serde_json::json;

use super::{
    AuditError, Checkpoints, Entry,
    checkpoints::Fork,
    compare::{Conflict, Copy, Proof, Verdict, compare, verify_own},
    line::hexadecimal,
};
use crate::{control::Answer, failure::code_text};
use passage_protocol::refusal::Code;

/// Entries printed, the newest; the files have all, one a line. So memory stays flat for a log of millions.
const ENTRIES_SHOWN: usize = 200;

/// Walks the whole log, holds it against every own checkpoint and every file of a peer's, and prints what stands.
///
/// # Errors
///
/// [`AuditError::Broken`] names the first bad entry with file and line, [`AuditError::NotAsSigned`],
/// [`AuditError::CheckpointDamaged`].
pub fn verify_page(log: &Path, checkpoints: &Checkpoints) -> Result<Answer, AuditError> {
    let mut shown = VecDeque::new();
    let (end, own) = verify_own(log, checkpoints, |entry| {
        shown.push_back(entry_line(entry));
        if shown.len() > ENTRIES_SHOWN {
            shown.pop_front();
        }
    })?;
    let head = end.head;
    let mut lines = Vec::new();
    let earlier = head.number.saturating_sub(shown.len() as u64);
    if earlier > 0 {
        lines.push(format!("{earlier} earlier entries stand in the files of {}", log.display()));
    }
    lines.extend(shown);
    lines.push(format!("log          {} entries, unbroken", head.number));
    lines.push(format!("head         {}", head.digest));
    lines.push(format!("signed       {own} checkpoints by this side, all of this log"));
    let mut peers = Vec::new();
    for owner in checkpoints.owners()? {
        let (count, last) = followed(checkpoints, owner)?;
        let Some(last) = last else { continue };
        lines.push(format!(
            "{:<12} {count} checkpoints, each continues the one before; the last at entry {}, {}, head {}",
            owner.to_string(),
            last.head.number,
            last.at,
            last.head.digest.short()
        ));
        peers.push(json!({
            "owner": owner.to_string(),
            "checkpoints": count,
            "number": last.head.number,
            "head": last.head.digest.to_string(),
            "at": last.at.to_string(),
        }));
    }
    let forks = checkpoints.forks()?;
    lines.extend(forks.iter().map(fork_line));
    let refused = forks
        .iter()
        .map(|fork| json!({ "log": fork.log, "code": code_text(Code(fork.code)), "what": fork.what }));
    Ok(Answer {
        json: json!({
            "entries": head.number,
            "head": head.digest.to_string(),
            "signed": own,
            "peers": peers,
            "refused": refused.collect::<Vec<_>>(),
        }),
        text: lines.join("\n"),
    })
}

/// Counts an owner's statements and checks that each begins where the one before ended, under one key.
fn followed(checkpoints: &Checkpoints, owner: LogOwner) -> Result<(u64, Option<Checkpoint>), AuditError> {
    let (mut count, mut last, mut key) = (0, None, None);
    checkpoints.each(owner, |statement, signed_with| {
        count += 1;
        let checkpoint = *statement.checkpoint.value();
        let before = last.map_or(Head::EMPTY, |before: Checkpoint| before.head);
        if checkpoint.owner != owner
            || checkpoint.from != before
            || *key.get_or_insert(*signed_with) != *signed_with
        {
            return Err(AuditError::CheckpointDamaged { line: count });
        }
        last = Some(checkpoint);
        Ok(())
    })?;
    Ok((count, last))
}

/// A refused log as `audit verify` and `doctor` show it.
#[must_use]
pub fn fork_line(fork: &Fork) -> String {
    format!(
        "REFUSED      the log of {} with {} (rule C6): {}; rounds wait for `audit acknowledge {}`",
        fork.log,
        code_text(Code(fork.code)),
        fork.what,
        fork.log
    )
}

/// Compares what is held of the coordinator's log with the copy of another member.
///
/// # Errors
///
/// [`AuditError::CheckpointDamaged`] names the first bad line.
pub fn compare_page(checkpoints: &Checkpoints, owner: LogOwner, file: &Path) -> Result<Answer, AuditError> {
    let copy = Copy::open(file)?;
    let holder = copy.holder;
    Ok(match compare(checkpoints, owner, &copy)? {
        Verdict::Same { heads: 0 } => Answer {
            text: format!(
                "the copy of {holder} and this one do not overlap: nothing can be said yet; compare again later"
            ),
            json: json!({ "owner": owner.to_string(), "holder": holder.to_string(), "compared": 0, "forked": false }),
        },
        Verdict::Same { heads } => Answer {
            text: format!("{holder} and this side hold the same log of {owner}: {heads} heads compared"),
            json: json!({ "owner": owner.to_string(), "holder": holder.to_string(), "compared": heads, "forked": false }),
        },
        Verdict::OtherKey { mine, theirs } => Answer {
            text: format!(
                "the copies are signed with different keys\n  here      {mine}\n  {holder}  {theirs}\nOne of the two is not the {owner}'s. Ask the operator by telephone which; take part in nothing until you know (C6)."
            ),
            json: json!({ "owner": owner.to_string(), "holder": holder.to_string(), "forked": true, "keys": [mine.to_string(), theirs.to_string()] }),
        },
        Verdict::Forked(proof) => forked(owner, holder, &proof),
    })
}

fn forked(owner: LogOwner, holder: LogOwner, proof: &Proof) -> Answer {
    let what = match proof.conflict {
        Conflict::TwoHeads { number, mine, theirs } => format!(
            "the {owner} signed two logs: entry {number} has two heads\n  here        {mine}\n  {holder}  {theirs}"
        ),
        Conflict::Shortened { before, after } => {
            format!("the {owner} shortened its log: it signed for {before} entries, and later for {after}")
        }
    };
    let text = format!(
        "{what}\n\nheld here\n{}\n\nheld by {holder}\n{}\n\nkey         {}\n\nBoth signatures verify under this one key, so the {owner} made both statements (C6). Anybody who has the key can check\nthis: decode the statements, verify the signatures, and follow the bodies in the exported lines from head to head (SPEC §20).",
        statement(&proof.mine),
        statement(&proof.theirs),
        proof.key
    );
    let side = |signed: &Signed<Checkpoint>| json!({ "statement": hexadecimal(signed.signed_bytes()), "signature": hexadecimal(&signed.signature().0) });
    let json = json!({
        "owner": owner.to_string(),
        "holder": holder.to_string(),
        "forked": true,
        "what": what,
        "key": proof.key.to_string(),
        "mine": side(&proof.mine),
        "theirs": side(&proof.theirs),
    });
    Answer { text, json }
}

fn statement(signed: &Signed<Checkpoint>) -> String {
    let Checkpoint { peer, from, head, length, at, .. } = *signed.value();
    format!(
        "  signed for  {peer}: entries {} to {} of {length}, {at}\n  statement   {}\n  signature   {}",
        from.number,
        head.number,
        hexadecimal(&signed.value().to_bytes()),
        hexadecimal(&signed.signature().0)
    )
}

fn entry_line(entry: &Entry) -> String {
    let fields: Vec<String> = entry.fields.iter().map(|(name, text)| format!("{name}={text}")).collect();
    let line = format!("{:>5} {} {} {}", entry.number, Timestamp(entry.time), entry.kind, fields.join(" "));
    line.trim_end().to_owned()
}

/// What `audit checkpoints` prints.
///
/// # Errors
///
/// [`AuditError::Io`].
pub fn export_page(checkpoints: &Checkpoints, file: &Path) -> Result<Answer, AuditError> {
    let count = checkpoints.export(file)?;
    Ok(Answer {
        text: format!("{}\n{count} checkpoints; they name no person and no student", file.display()),
        json: json!({ "file": file, "checkpoints": count }),
    })
}
