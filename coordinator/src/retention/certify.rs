//! The look at what is left after a sweep, and the certificate of what was found (F10, L3).

use std::path::PathBuf;

use passage_protocol::{
    agreement::DocumentId,
    checkpoint::LogOwner,
    codec::Encode,
    ids::{Digest, RoundId},
    retention::{Destruction, Ended},
    timestamp::Timestamp,
};
use passage_shell::{
    audit::Act,
    destruction::{COORDINATOR, FOLDER, Findings, Left, Statement},
    state_dir::write_atomically,
    store::Op,
};

use super::sweep::{Item, Ordered, blobs_of, mail_of, ordered};
use crate::{
    app::App,
    blobs,
    error::CoordinatorError,
    records::{SEEN, SWEEPS, Standing, WORDS},
};

/// Looks at what is left; signs and writes what was found. None if another sweep was faster.
pub(super) fn certify(
    app: &App,
    key: &[u8],
    now: Timestamp,
) -> Result<Option<(Statement, PathBuf)>, CoordinatorError> {
    let Some(ordered) = ordered(app, key)? else { return Ok(None) };
    let statement = statement(app, &ordered, look(app, &ordered)?, now);
    let subject = match ordered.about {
        Ended::Round(round) => round.to_string(),
        Ended::Party(code) => format!("{code}-{}", DocumentId::Agreement(ordered.agreement)),
    };
    let name = format!("destruction-{}-{subject}.toml", statement.destroyed_at).replace(':', "");
    let path = app.dir.folder(FOLDER)?.join(name);
    let unwritten =
        |_| CoordinatorError::DestructionUnfinished { found: "no certificate can be written".to_owned() };
    let text = statement.sign(app.signing_key()).map_err(unwritten)?;
    let word = Destruction {
        owner: LogOwner::Coordinator,
        agreement: ordered.agreement,
        about: ordered.about,
        due: ordered.due,
        at: now,
        complete: statement.verified,
        certificate: Digest::of_blob(text.as_bytes()),
    };
    app.record(now, &Act::CertificateIssued { tables: 0, verified: statement.verified })?;
    write_atomically(&path, text.as_bytes())?;
    let place = Destruction::place(ordered.agreement, ordered.about, LogOwner::Coordinator);
    app.store
        .commit(&[Op::delete(SWEEPS, key), Op::put(WORDS, place, word.sign(app.signing_key()).to_bytes())])?;
    Ok(Some((statement, path)))
}

/// What is found afterwards, or a refusal if anything is still there.
fn look(app: &App, ordered: &Ordered) -> Result<Findings, CoordinatorError> {
    let stays = |round: RoundId, what: &str| CoordinatorError::DestructionUnfinished {
        found: format!("{what} of {round} is still here"),
    };
    let rounds = ordered.rounds(app)?;
    for (round, record) in &rounds {
        if !blobs_of(app, ordered, *round)?.is_empty() {
            return Err(stays(*round, "the name of a blob"));
        }
        if !mail_of(app, ordered, *round)?.is_empty() {
            return Err(stays(*round, "mail"));
        }
        if ordered.about != Ended::Round(*round) {
            continue;
        }
        if !app.store.scan(SEEN, &round.to_bytes())?.is_empty() {
            return Err(stays(*round, "a mark"));
        }
        if matches!(record.standing, Standing::Running(_)) || !record.events.is_empty() {
            return Err(stays(*round, "the state"));
        }
    }
    let named = blobs::all_named(app)?;
    for digest in ordered.blobs.iter().filter(|digest| !named.contains(digest)) {
        if app.shelf.find(*digest).is_some() {
            let found = format!("the file of blob {} is still on the shelf", digest.short());
            return Err(CoordinatorError::DestructionUnfinished { found });
        }
    }
    Ok(Findings::Complete(vec![
        format!(
            "the store was read again, rounds looked at: {}; it names no blob, no mail and no mark that was to go",
            rounds.len()
        ),
        format!(
            "files overwritten with zeros, which were read back, and removed: {}; none of them is on the shelf",
            ordered.blobs.len()
        ),
    ]))
}

fn statement(app: &App, ordered: &Ordered, findings: Findings, now: Timestamp) -> Statement {
    let (verified, checks) = match findings {
        Findings::Complete(checks) => (true, checks),
        Findings::Incomplete(checks) => (false, checks),
    };
    let id = DocumentId::Agreement(ordered.agreement);
    let (by, scope) = match ordered.about {
        Ended::Round(round) => (
            format!("the agreement {id}: what a round leaves goes when its days are over"),
            format!("what round {round} under {id} had left at the coordinator"),
        ),
        Ended::Party(code) => (
            format!("the withdrawal of {code}"),
            format!(
                "what {code} had contributed under {id}, and the reports made for it; reports released to others are not recalled"
            ),
        ),
    };
    let item = |item: &Item| Left {
        round: item.round.to_string(),
        what: item.what.clone(),
        count: item.count,
        bytes: item.bytes,
        due: ordered.due.to_string(),
    };
    Statement {
        format: Statement::format(),
        member: COORDINATOR.to_owned(),
        consortium: app.settings.consortium.clone(),
        signing_key: app.verifying_key().to_string(),
        destroyed_by: by,
        destroyed_at: ordered.at.to_string(),
        scope,
        method: "clear (NIST SP 800-88): files overwritten with zeros and removed, entries of the store deleted. What a round held while it \
                 ran was removed when it ended: lists, sealed under keys that only members held in memory, and tags and tables, which \
                 are good for that round alone"
            .to_owned(),
        not_reached: "backups and what a flash medium or a file system keeps of freed blocks; old pages of the store's log, which hold digests, \
                      sealed shares and counts at or above the floor; what members hold. Kept on purpose: the line of the round, consent and the \
                      audit log"
            .to_owned(),
        verified,
        verified_at: now.to_string(),
        verified_by: format!("passage-coordinator {}", env!("CARGO_PKG_VERSION")),
        checks,
        table: Vec::new(),
        item: ordered.items.iter().map(item).collect(),
    }
}
