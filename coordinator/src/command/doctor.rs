//! `doctor`: what an administrator would check by hand. It changes nothing.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use passage_protocol::timestamp::Timestamp;
use passage_shell::{
    audit::{compare::verify_own, page::fork_line},
    control::{Answer, Progress, ProgressSink},
    failure::Failure,
    pki::valid_until,
    state_dir::free_bytes,
};
use serde_json::json;

use crate::{
    app::{App, files},
    error::CoordinatorError,
    members, rounds,
};

/// Free space below which a round of a million rows may not fit, in bytes.
const FREE_BYTES_WISHED: u64 = 10 << 30;
/// Days before the CA's end at which the consortium must plan its successor.
const AUTHORITY_DAYS_WISHED: u64 = 180;
/// The day this program was written, as a lower bound for the clock: 2026-01-01.
const CLOCK_LEAST: Timestamp = Timestamp(1_767_225_600);

struct Finding {
    what: &'static str,
    good: Result<String, String>,
}

pub(super) fn examine(app: &App, now: Timestamp, progress: ProgressSink<'_>) -> Result<Answer, Failure> {
    let findings = [
        Finding { what: "folder modes", good: modes(app.dir.root()) },
        Finding { what: "store", good: store(app) },
        Finding { what: "audit log", good: audit_log(app) },
        Finding { what: "members' logs", good: refused_logs(app) },
        Finding { what: "authority", good: authority(app, now) },
        Finding { what: "retention", good: overdue(app, now) },
        Finding { what: "clock", good: clock(now) },
        Finding { what: "disk", good: disk(app) },
        Finding { what: "blobs", good: blobs(app, progress) },
    ];
    let line = |finding: &Finding| {
        let (word, text) = match &finding.good {
            Ok(text) => ("good", text),
            Err(text) => ("BAD ", text),
        };
        format!("{word}  {:<12}  {text}", finding.what)
    };
    let text = findings.iter().map(line).collect::<Vec<_>>().join("\n");
    let bad: Vec<&str> =
        findings.iter().filter(|finding| finding.good.is_err()).map(|finding| finding.what).collect();
    if !bad.is_empty() {
        let what = format!("{} of {} checks failed: {}\n{text}", bad.len(), findings.len(), bad.join(", "));
        let advice = "Each line marked BAD says what was found and what was expected.";
        return Err(Failure::new(passage_protocol::refusal::Code(0x3051), what, advice, None));
    }
    let value = |finding: &Finding| {
        let (Ok(text) | Err(text)) = &finding.good;
        json!({ "check": finding.what, "good": finding.good.is_ok(), "text": text })
    };
    Ok(Answer { text, json: json!({ "checks": findings.iter().map(value).collect::<Vec<_>>() }) })
}

fn modes(root: &Path) -> Result<String, String> {
    let mode = |path: &Path| fs::metadata(path).map(|meta| meta.permissions().mode() & 0o777);
    let expect = |path: &Path, expected: u32| match mode(path) {
        Ok(seen) if seen == expected => Ok(()),
        Ok(seen) => Err(format!("{} has permissions {seen:03o}, expected {expected:03o}", path.display())),
        Err(error) => Err(format!("{} cannot be read: {}", path.display(), error.kind())),
    };
    expect(root, 0o700)?;
    expect(&root.join(passage_shell::audit::FOLDER), 0o700)?;
    for name in [files::CA_KEY, files::SERVER_KEY, files::SIGNING_KEY, crate::settings::FILE] {
        expect(&root.join(name), 0o600)?;
    }
    Ok("folder 700, keys 600".to_owned())
}

fn store(app: &App) -> Result<String, String> {
    let counts = || -> Result<(usize, usize), CoordinatorError> {
        Ok((members::list(app)?.len(), rounds::list(app)?.len()))
    };
    let (members, rounds) = counts().map_err(|error| error.to_string())?;
    Ok(format!("{members} members, {rounds} rounds, every record passes its check"))
}

fn audit_log(app: &App) -> Result<String, String> {
    let verified = verify_own(&app.audit_folder(), &app.checkpoints, |_| ());
    let (end, signed) = verified.map_err(|error| error.to_string())?;
    Ok(format!("{} entries, chain whole, as in the {signed} checkpoints signed here", end.head.number))
}

fn refused_logs(app: &App) -> Result<String, String> {
    let forks = app.checkpoints.forks().map_err(|error| error.to_string())?;
    let owners = app.checkpoints.owners().map_err(|error| error.to_string())?;
    if forks.is_empty() {
        return Ok(format!("{} held, none refused", owners.len()));
    }
    Err(forks.iter().map(fork_line).collect::<Vec<_>>().join("\n"))
}

fn authority(app: &App, now: Timestamp) -> Result<String, String> {
    let until = valid_until(app.authority().certificate()).map_err(|error| error.to_string())?;
    let days = until.since_s(now) / 86_400;
    if days >= AUTHORITY_DAYS_WISHED {
        Ok(format!("{}, valid until {until}", crate::documents::authority(app)))
    } else {
        Err(format!(
            "valid for {days} days only, expected {AUTHORITY_DAYS_WISHED} or more to plan a successor"
        ))
    }
}

/// What is overdue at members is theirs: it is told, and is no fault of this machine.
fn overdue(app: &App, now: Timestamp) -> Result<String, String> {
    let lines = crate::retention::lines(app).map_err(|error| error.to_string())?;
    let here = lines.iter().filter(|line| line.overdue_here(now).is_some()).count();
    let members = lines.iter().filter(|line| !line.silent(now).is_empty()).count();
    if here > 0 {
        return Err(format!(
            "{here} rounds or withdrawals are overdue here, expected none; see retention list (G15)"
        ));
    }
    Ok(format!("nothing overdue here; members have not confirmed {members}"))
}

fn clock(now: Timestamp) -> Result<String, String> {
    if now < CLOCK_LEAST {
        return Err(format!("the clock reads {now}, expected 2026 or later"));
    }
    Ok(now.to_string())
}

fn disk(app: &App) -> Result<String, String> {
    let free = free_bytes(app.dir.root()).map_err(|error| error.to_string())?;
    if free < FREE_BYTES_WISHED {
        return Err(format!("{free} bytes free, expected {FREE_BYTES_WISHED} for a round of a million rows"));
    }
    Ok(format!("{} GiB free", free >> 30))
}

fn blobs(app: &App, progress: ProgressSink<'_>) -> Result<String, String> {
    let blobs = app.shelf.blobs().map_err(|error| error.to_string())?;
    let total = blobs.len() as u64;
    for (done, blob) in (1_u64..).zip(&blobs) {
        app.shelf.verify(blob.digest).map_err(|error| error.to_string())?;
        if progress(Progress {
            what: "checking blobs".to_owned(),
            done,
            total: Some(total),
            detail: String::new(),
        })
        .is_break()
        {
            return Err("stopped before every blob was checked".to_owned());
        }
    }
    Ok(format!("{total} blobs, every digest right"))
}
