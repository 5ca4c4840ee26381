//! `release ...`: reports beyond the parties, as people propose, read, decide and export them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use passage_protocol::{
    ids::MemberCode,
    release::{Standing, page},
    wire::{ReleaseFormat, ReleaseSaid, ReleaseWord},
};
use passage_shell::{control::Answer, failure::Failure, state_dir::write_atomically};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Node, reports, rounds};

/// Formats of a file that leaves the parties (SPEC §24).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum SharedFormat {
    /// Long table, one row a figure.
    Csv,
    /// One self-contained page that works offline.
    Html,
}
use crate::{
    home::{Home, refuse},
    releases::{Asked, HeldRelease, Yes},
};

/// A command about releases, as it travels to the daemon.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[allow(missing_docs)] // the command line documents them
pub enum ReleaseCommand {
    List {
        approved: bool,
    },
    Propose {
        round: String,
        format: SharedFormat,
        audience: String,
        naming: Vec<String>,
        by: String,
        out: Option<PathBuf>,
    },
    Show {
        id: String,
        out: Option<PathBuf>,
    },
    Comment {
        id: String,
        by: String,
        text: String,
    },
    Approve {
        id: String,
        by: String,
        no_disadvantage: bool,
        named: bool,
    },
    Refuse {
        id: String,
        by: String,
        reason: String,
    },
    Export {
        id: String,
        out: PathBuf,
    },
    Verify {
        file: PathBuf,
        sheet: PathBuf,
    },
}

/// Does what a person asked about releases.
///
/// # Errors
///
/// [`Failure`].
pub(super) fn release(node: &Node, command: ReleaseCommand) -> Result<Answer, Failure> {
    let home = node.home.as_ref();
    let answer = match command {
        ReleaseCommand::List { approved } => {
            let is_approved = |standing: &Standing| matches!(standing, Standing::Approved { .. });
            return list(home, &|standing| !approved || is_approved(standing));
        }
        ReleaseCommand::Show { id, out } => return show(home, &id, out.as_deref()),
        ReleaseCommand::Export { id, out } => return export(home, &id, &out),
        ReleaseCommand::Verify { file, sheet } => return verify(home, &file, &sheet),
        ReleaseCommand::Propose { round, format, audience, naming, by, out } => {
            let format = match format {
                SharedFormat::Csv => ReleaseFormat::Csv,
                SharedFormat::Html => ReleaseFormat::Html,
            };
            let asked = Asked { format, audience: audience.trim(), naming: codes(&naming)?, by: &by };
            propose(home, &round, &asked, out.as_deref())?
        }
        ReleaseCommand::Comment { id, by, text } => {
            let held = home.release(&id)?;
            home.comment_release(&held, &by, text.trim())?;
            said(
                &held,
                &format!("remarked by {by}; the other members can read it with `release show`"),
                "commented",
            )
        }
        ReleaseCommand::Approve { id, by, no_disadvantage, named } => {
            let held = home.release(&id)?;
            home.approve_release(&held, &by, Yes { no_disadvantage, named })?;
            let until = held.release.window_ends();
            said(
                &held,
                &format!(
                    "approved by {by}, who confirms that it does not disadvantage or single out {} (G08); the yes can be taken back until {until}",
                    home.code
                ),
                "approved",
            )
        }
        ReleaseCommand::Refuse { id, by, reason } => {
            let held = home.release(&id)?;
            home.refuse_release(&held, &by, reason.trim())?;
            said(
                &held,
                &format!("refused by {by}; that is final, nothing of it goes outside (G07)"),
                "refused",
            )
        }
    };
    node.ring();
    Ok(answer)
}

fn said(held: &HeldRelease, words: &str, word: &str) -> Answer {
    let id = held.release.id().to_string();
    Answer { text: format!("{id} {words}"), json: json!({ "id": id, "said": word }) }
}

fn codes(texts: &[String]) -> Result<Vec<MemberCode>, Failure> {
    let read = |text: &String| {
        MemberCode::parse(text).ok_or_else(|| {
            refuse(
                0x2347,
                "what --naming names is no member code",
                "Write the code of a member of the round, such as M-7K3QZ9TB; `release show` and `study show` list them.",
                Some("G09"),
            )
        })
    };
    let mut codes = texts.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    codes.sort_unstable();
    codes.dedup();
    Ok(codes)
}

fn propose(home: &Home, round: &str, asked: &Asked<'_>, out: Option<&Path>) -> Result<Answer, Failure> {
    let record = rounds::record(home, round)?;
    let report = reports::stored_report(home, round)?;
    let agreement = home.agreement(&record.call.agreement.to_string())?;
    let rendered = home.preview(&agreement, &report, asked)?;
    // Written before it can be refused: whoever is told of a place in the file wants to look at it.
    if let Some(path) = out {
        write_atomically(path, &rendered.file)?;
    }
    let (bytes, digest) = (rendered.file.len(), rendered.file_ref().digest);
    let id = home.propose_release(&record, &report, asked, rendered)?;
    let held = home.release(&id.to_string())?;
    let mut text = format!(
        "{id}\n\nProposed by {}: {bytes} bytes for {}. Each of {} members can comment until {} and must say yes; silence is a no. \
         This member decides as well: `release show {id}`, then `release approve {id}`.",
        asked.by,
        asked.audience,
        held.release.proposal().involved.len(),
        held.release.window_ends()
    );
    if let Some(path) = out {
        text.push_str(&format!("\nPreview, for review only: {}", path.display()));
    }
    Ok(Answer {
        text,
        json: json!({ "id": id.to_string(), "digest": id.0.to_string(), "file": digest.to_string(), "bytes": bytes, "preview": out }),
    })
}

/// The releases whose standing `shown` lets through.
fn list(home: &Home, shown: &dyn Fn(&Standing) -> bool) -> Result<Answer, Failure> {
    let now = home.now();
    let (mut lines, mut facts) = (Vec::new(), Vec::new());
    for held in home.releases()? {
        let standing = held.standing(now);
        if !shown(&standing) {
            continue;
        }
        let proposal = held.release.proposal();
        lines.push(format!(
            "{}  {}  {}  {}\n    for {}",
            held.release.id(),
            proposal.round,
            proposal.format.name(),
            page::standing(&standing),
            proposal.audience
        ));
        facts.push(summary(&held, &standing));
    }
    if lines.is_empty() {
        lines.push("no release of that kind was proposed yet".to_owned());
    }
    Ok(Answer { text: lines.join("\n"), json: json!(facts) })
}

fn summary(held: &HeldRelease, standing: &Standing) -> Value {
    let proposal = held.release.proposal();
    let awaited: Vec<String> = match standing {
        Standing::Open { missing, .. } => missing.iter().map(ToString::to_string).collect(),
        Standing::Approved { .. } | Standing::Lapsed { .. } | Standing::Refused { .. } => Vec::new(),
    };
    json!({
        "id": held.release.id().to_string(),
        "digest": held.release.id().0.to_string(),
        "round": proposal.round.to_string(),
        "format": proposal.format.name(),
        "file": proposal.file.digest.to_string(),
        "audience": proposal.audience,
        "naming": proposal.naming.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "proposer": proposal.proposer.to_string(),
        "standing": standing.word(),
        "awaited": awaited,
        "comments_until": held.release.window_ends().to_string(),
        "decide_by": proposal.lapses.to_string(),
    })
}

fn show(home: &Home, id: &str, out: Option<&Path>) -> Result<Answer, Failure> {
    let held = home.release(id)?;
    let standing = held.standing(home.now());
    let review = home.review(&held)?;
    let shown = page::Shown {
        release: &held.release,
        agreement: &held.agreement.agreement,
        me: home.code,
        review: &review,
        standing: &standing,
    };
    let mut text = page::text(&shown).trim_end().to_owned();
    if let Some(path) = out {
        let made = home.release_file(held.release.id())?;
        let made = made.ok_or(passage_protocol::release::ReleaseError::OtherRendering)?;
        write_atomically(path, &made.file)?;
        text.push_str(&format!("\n\nThe file, for review only: {}", path.display()));
    }
    let mut json = summary(&held, &standing);
    if let Some(object) = json.as_object_mut() {
        let (warnings, refused, unseen) = match &review {
            Ok(review) => {
                let warnings: Vec<String> = review.warnings.iter().map(ToString::to_string).collect();
                (warnings, None, review.comparison.unseen)
            }
            Err(refused) => (Vec::new(), Some(refused.to_string()), 0),
        };
        object.insert("warnings".to_owned(), json!(warnings));
        object.insert("cannot_be_approved".to_owned(), json!(refused));
        object.insert("figures_not_in_own_report".to_owned(), json!(unseen));
        object.insert("said".to_owned(), held.release.words().map(word).collect());
    }
    Ok(Answer { text, json })
}

fn word(word: &ReleaseWord) -> Value {
    let (said, text) = match &word.said {
        ReleaseSaid::Approved { .. } => ("approved", None),
        ReleaseSaid::Commented { text } => ("commented", Some(text)),
        ReleaseSaid::Proposed => ("proposed", None),
        ReleaseSaid::Refused { reason } => ("refused", Some(reason)),
        ReleaseSaid::Stands { .. } => ("stands", None),
    };
    json!({ "member": word.party.to_string(), "said": said, "text": text, "by": word.signer, "at": word.at.to_string() })
}

fn export(home: &Home, id: &str, out: &Path) -> Result<Answer, Failure> {
    let held = home.release(id)?;
    let written = home.export_release(&held, out, home.now())?;
    let mut text = format!(
        "{}  (approved by every member concerned since {})\n{}  (approval sheet, for the parties' records)",
        written.file.display(),
        written.approved,
        written.sheet.display()
    );
    if let Some(notes) = &written.notes {
        text.push_str(&format!("\n{}  (definitions and marks; goes with the table)", notes.display()));
    }
    Ok(Answer {
        text,
        json: json!({ "id": held.release.id().to_string(), "file": written.file, "sheet": written.sheet, "notes": written.notes, "approved": written.approved.to_string() }),
    })
}

fn verify(home: &Home, file: &Path, sheet: &Path) -> Result<Answer, Failure> {
    let read = |path: &Path| {
        let doing = format!("read {}", path.display());
        let length = fs::metadata(path).map_err(|error| Failure::io(&doing, &error))?.len();
        if length > READ_BYTES_MAX {
            return Err(Failure::from(passage_protocol::release::ReleaseError::OtherFile));
        }
        fs::read(path).map_err(|error| Failure::io(&doing, &error))
    };
    let bytes = read(file)?;
    let text = String::from_utf8(read(sheet)?)
        .map_err(|_| Failure::from(passage_protocol::release::ReleaseError::SheetChanged))?;
    let (sheet, part, approved) = home.verify_release(&bytes, &text)?;
    let proposal = sheet.proposal();
    let id = passage_protocol::release::ReleaseId::of(proposal);
    Ok(Answer {
        text: format!(
            "{part} is byte for byte as {} members approved it for: {}\n{id}, round {}, approved since {approved}; every signature \
             verifies under the agreement held here",
            proposal.involved.len(),
            proposal.audience,
            proposal.round
        ),
        json: json!({ "id": id.to_string(), "verified": true, "part": part, "approved": approved.to_string(), "round": proposal.round.to_string() }),
    })
}

/// Largest file that is verified, in bytes: a released page is far below it.
const READ_BYTES_MAX: u64 = 64 << 20;
