//! The destruction of what a round has left here, and of what a member that withdrew had contributed: from the order to the
//! certificate (F10, G10, G15, L3).
//!
//! ```text
//! order: what, why, by when, in one change of the store       a kill before it: nothing was ordered
//!   1 end the rounds that still run, if a member withdrew
//!   2 let go of names, mail and marks in the store; note which blobs were named
//!   3 overwrite those blobs, read zeros back, remove them
//! look at what is left, sign what was found                   a kill at any point after the order: all of it is done again
//! ```

use std::path::PathBuf;

use passage_protocol::{
    agreement::DocumentId,
    checkpoint::LogOwner,
    codec::{Decode, Encode},
    codec_struct,
    ids::{Digest, MemberCode, RoundId},
    retention::{Destruction, Ended, Remains},
    round::{Abort, AbortReason},
    timestamp::Timestamp,
    wire::{Envelope, Message},
};
use passage_shell::{audit::Act, destruction::Statement, store::Op};

use super::{Line, certify::certify, lines, round_of};
use crate::{
    app::App,
    blobs,
    error::CoordinatorError,
    mail::Outbox,
    records::{BLOBS, BlobRecord, MAIL, ROUNDS, RoundRecord, SEEN, SWEEPS, Standing, WORDS},
    rounds,
};

/// Part of a destruction that may be done again after a kill. It finds what was ordered in the store.
pub(super) type Step = fn(&App, &[u8], Timestamp) -> Result<(), CoordinatorError>;

/// What follows an order, in this sequence.
pub(super) const STEPS: [Step; 3] = [stop, forget, shred];

/// A destruction that is in force and has no certificate yet.
#[derive(Clone, Debug)]
pub(super) struct Ordered {
    pub(super) agreement: Digest,
    pub(super) about: Ended,
    pub(super) at: Timestamp,
    pub(super) due: Timestamp,
    /// What was found to be destroyed; empty before step 2.
    pub(super) items: Vec<Item>,
    /// Blobs that were named here.
    pub(super) blobs: Vec<Digest>,
}
codec_struct!(Ordered { agreement, about, at, due, items, blobs });

/// Things of one kind of one round.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) round: RoundId,
    pub(super) what: String,
    pub(super) count: u64,
    pub(super) bytes: u64,
}
codec_struct!(Item { round, what, count, bytes });

/// What is due at `now`.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub(crate) fn due(app: &App, now: Timestamp) -> Result<Vec<Line>, CoordinatorError> {
    let mut lines = lines(app)?;
    lines.retain(|line| line.ended.is_some() && line.overdue_here(now).is_some());
    Ok(lines)
}

/// Destroys everything that is due at `now`, and finishes what was ordered before. Answers the certificates.
///
/// # Errors
///
/// [`CoordinatorError::DestructionUnfinished`] if something is still there; the next sweep goes on.
pub(crate) fn sweep(app: &App, now: Timestamp) -> Result<Vec<(Statement, PathBuf)>, CoordinatorError> {
    for line in due(app, now)? {
        if round_of(line.about).is_some() {
            order(app, &line, now)?;
        }
    }
    finish(app, now)
}

/// Orders the destruction of what a round has left.
pub(super) fn order(app: &App, line: &Line, now: Timestamp) -> Result<(), CoordinatorError> {
    let Line { agreement, about, due, .. } = *line;
    let ordered = Ordered { agreement, about, at: now, due, items: Vec::new(), blobs: Vec::new() };
    let by = DocumentId::Agreement(agreement).to_string();
    app.transact(now, || {
        let known = app.store.get(SWEEPS, &ordered.key())?.is_some();
        let place = Destruction::place(agreement, about, LogOwner::Coordinator);
        let Some(round) = round_of(about).filter(|_| !known) else { return Ok((Vec::new(), Vec::new(), ())) };
        if app.store.get(WORDS, &place)?.is_some() {
            return Ok((Vec::new(), Vec::new(), ()));
        }
        Ok((vec![Act::RoundDestroyed { round, by: &by }], vec![ordered.put()], ()))
    })
}

/// The order that goes with a member's withdrawal, and what to record of it.
pub(crate) fn withdrawal_order(agreement: Digest, member: MemberCode, now: Timestamp) -> (Act<'static>, Op) {
    let about = Ended::Party(member);
    let ordered = Ordered { agreement, about, at: now, due: now, items: Vec::new(), blobs: Vec::new() };
    (Act::ContributionDestroyed { agreement, member, by: "withdrawal" }, ordered.put())
}

/// Goes on with every destruction that was ordered: after an order and when a daemon starts, so that a kill in between leaves
/// nothing.
///
/// # Errors
///
/// As [`sweep`].
pub(crate) fn finish(app: &App, now: Timestamp) -> Result<Vec<(Statement, PathBuf)>, CoordinatorError> {
    let mut certificates = Vec::new();
    for (key, _) in app.store.scan(SWEEPS, &[])? {
        STEPS.iter().try_for_each(|step| step(app, &key, now))?;
        certificates.extend(certify(app, &key, now)?);
    }
    Ok(certificates)
}

pub(super) fn ordered(app: &App, key: &[u8]) -> Result<Option<Ordered>, CoordinatorError> {
    Ok(app.store.get(SWEEPS, key)?.map(|bytes| Ordered::from_bytes(&bytes)).transpose()?)
}

fn stop(app: &App, key: &[u8], now: Timestamp) -> Result<(), CoordinatorError> {
    match ordered(app, key)? {
        Some(Ordered { agreement, about: Ended::Party(member), .. }) => {
            rounds::end_for(app, Some(agreement), member, now)
        }
        Some(_) | None => Ok(()),
    }
}

impl Ordered {
    fn takes_blob(&self, blob: &BlobRecord) -> bool {
        match self.about {
            Ended::Round(_) => true,
            // What it was to read, and what it put: others' reports are not its contribution.
            Ended::Party(member) => blob.readers == [member] || blob.put_by == [member],
        }
    }

    fn takes_mail(&self, to: MemberCode, envelope: &Envelope) -> bool {
        match self.about {
            // A notice that a round is over is nothing of the round.
            Ended::Round(_) => !matches!(envelope.message, Message::Abort(_)),
            Ended::Party(member) => to == member || envelope.from == Some(member),
        }
    }

    fn key(&self) -> Vec<u8> {
        (self.agreement, self.about).to_bytes()
    }

    fn put(&self) -> Op {
        Op::put(SWEEPS, self.key(), self.to_bytes())
    }

    pub(super) fn rounds(&self, app: &App) -> Result<Vec<(RoundId, RoundRecord)>, CoordinatorError> {
        let mut all = rounds::list(app)?;
        all.retain(|(id, record)| match self.about {
            Ended::Round(round) => *id == round,
            Ended::Party(member) => {
                record.agreement == self.agreement && record.participants.contains(&member)
            }
        });
        Ok(all)
    }
}

/// One entry of a mailbox: its key in the store, to whom it goes, the message.
type Entry = (Vec<u8>, MemberCode, Envelope);

/// Mail of a round that is part of what is destroyed.
pub(super) fn mail_of(app: &App, ordered: &Ordered, round: RoundId) -> Result<Vec<Entry>, CoordinatorError> {
    let mut entries = Vec::new();
    for (key, value) in app.store.scan(MAIL, &[])? {
        let envelope = Envelope::from_bytes(&value)?;
        let to = MemberCode::from_bytes(key.get(..5).unwrap_or_default())?;
        if envelope.round == round && ordered.takes_mail(to, &envelope) {
            entries.push((key, to, envelope));
        }
    }
    Ok(entries)
}

/// Blobs of a round that are part of what is destroyed: their keys in the store, their digests, their bytes.
pub(super) fn blobs_of(
    app: &App,
    ordered: &Ordered,
    round: RoundId,
) -> Result<Vec<(Vec<u8>, Digest, u64)>, CoordinatorError> {
    let mut found = Vec::new();
    for (key, value) in app.store.scan(BLOBS, &round.to_bytes())? {
        let record = BlobRecord::from_bytes(&value)?;
        if ordered.takes_blob(&record) {
            let digest = Digest::from_bytes(key.get(round.0.len()..).unwrap_or_default())?;
            found.push((key, digest, record.bytes));
        }
    }
    Ok(found)
}

/// Lets go of everything in the store in one change that also notes what it was.
fn forget(app: &App, key: &[u8], _: Timestamp) -> Result<(), CoordinatorError> {
    let wake = app.store.transact(|| -> Result<_, CoordinatorError> {
        let Some(mut ordered) = ordered(app, key)? else { return Ok((Vec::new(), Vec::new())) };
        let (mut ops, mut outbox) = (Vec::new(), Outbox::default());
        let mut items = std::mem::take(&mut ordered.items);
        for (round, mut record) in ordered.rounds(app)? {
            let (held, mail) = (blobs_of(app, &ordered, round)?, mail_of(app, &ordered, round)?);
            let mut item = |what: Remains, count: usize, bytes: u64| {
                if count > 0 {
                    let what = what.word().to_owned();
                    items.push(Item { round, what, count: count as u64, bytes });
                }
            };
            item(Remains::Report, held.len(), held.iter().map(|(_, _, bytes)| bytes).sum());
            item(Remains::Mail, mail.len(), mail.iter().map(|(_, _, one)| one.to_bytes().len() as u64).sum());
            ordered.blobs.extend(held.iter().map(|(_, digest, _)| *digest));
            ops.extend(held.into_iter().map(|(key, ..)| Op::delete(BLOBS, key)));
            let mut unheard: Vec<MemberCode> = mail.iter().map(|(_, to, _)| *to).collect();
            ops.extend(mail.into_iter().map(|(key, ..)| Op::delete(MAIL, key)));
            if ordered.about != Ended::Round(round) {
                continue;
            }
            let seen = app.store.scan(SEEN, &round.to_bytes())?;
            item(
                Remains::State,
                seen.len() + usize::from(matches!(record.standing, Standing::Running(_))),
                0,
            );
            ops.extend(seen.into_iter().map(|(key, _)| Op::delete(SEEN, key)));
            if let Standing::Running(state) = &record.standing {
                unheard.extend(state.awaited());
            }
            // Whoever has not taken its mail in all this time learns that there is nothing to wait for.
            unheard.sort_unstable();
            unheard.dedup();
            for to in unheard {
                let over = Message::Abort(Abort::because(AbortReason::TimedOut).notice());
                outbox.add(app, to, &Envelope { round, from: None, message: over })?;
            }
            record.events.clear();
            if !matches!(record.standing, Standing::Aborted { .. }) {
                record.standing = Standing::Finished { reports: Vec::new() };
            }
            ops.push(Op::put(ROUNDS, round.to_bytes(), record.to_bytes()));
        }
        let (mail, wake) = outbox.finish();
        ops.extend(mail);
        ordered.items = items;
        ops.push(ordered.put());
        Ok((ops, wake))
    })?;
    app.mailboxes.wake(wake);
    Ok(())
}

/// Overwrites and removes the files of blobs that nothing names any more.
fn shred(app: &App, key: &[u8], _: Timestamp) -> Result<(), CoordinatorError> {
    let Some(ordered) = ordered(app, key)? else { return Ok(()) };
    let named = blobs::all_named(app)?;
    for digest in ordered.blobs.iter().filter(|digest| !named.contains(digest)) {
        app.shelf.shred(*digest)?;
    }
    Ok(())
}
