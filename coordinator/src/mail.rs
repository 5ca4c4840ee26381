//! Mailboxes: what the coordinator has for a member waits here until the member says it has taken it.
//!
//! Entries are numbered without gaps. A poll that names the last number taken is the receipt for all up to it; they go then.

use std::time::Duration;

use passage_protocol::{
    codec::{Decode, Encode},
    ids::MemberCode,
    wire::{
        Envelope,
        service::{Mail, MailEntry, Poll},
    },
};
use passage_shell::store::Op;

use crate::{
    app::App,
    error::CoordinatorError,
    records::{MAIL, MAIL_LAST, mail_key},
};

/// Bytes of entries in one answer: below the largest body with room for its head. One message is at most 1 MiB; the
/// first entry is always sent.
const ANSWER_BYTES_MAX: usize = 900 << 10;

/// Longest wait of a poll, in seconds: below the transport's answer time-out of 120 s.
pub const WAIT_S_MAX: u16 = 90;

/// Gathers mail inside one store transaction, numbering as it goes.
#[derive(Default)]
pub(crate) struct Outbox {
    last: Vec<(MemberCode, u64)>,
    ops: Vec<Op>,
}

impl Outbox {
    /// Adds a message for a member.
    pub(crate) fn add(
        &mut self,
        app: &App,
        to: MemberCode,
        envelope: &Envelope,
    ) -> Result<(), CoordinatorError> {
        let number = match self.last.iter_mut().find(|(member, _)| *member == to) {
            Some((_, last)) => {
                *last += 1;
                *last
            }
            None => {
                let last: Option<u64> = app.kept(MAIL_LAST, &to)?;
                let number = last.unwrap_or(0) + 1;
                self.last.push((to, number));
                number
            }
        };
        self.ops.push(Op::put(MAIL, mail_key(to, number), envelope.to_bytes()));
        Ok(())
    }

    /// The changes to commit, and whom to wake then.
    pub(crate) fn finish(self) -> (Vec<Op>, Vec<MemberCode>) {
        let mut ops = self.ops;
        for (member, last) in &self.last {
            ops.push(Op::put(MAIL_LAST, member.to_bytes(), last.to_bytes()));
        }
        (ops, self.last.into_iter().map(|(member, _)| member).collect())
    }
}

/// Drops entries up to `after` and returns those that follow, as many as fit one answer.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn take(app: &App, member: MemberCode, after: u64) -> Result<Mail, CoordinatorError> {
    let (mut taken, mut entries, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (key, value) in app.store.scan(MAIL, &member.0)? {
        let number = key.get(member.0.len()..).and_then(|number| number.try_into().ok());
        let number = number.map_or(0, u64::from_be_bytes);
        if number <= after {
            taken.push(Op::delete(MAIL, key));
            continue;
        }
        bytes += value.len() + 8;
        if bytes > ANSWER_BYTES_MAX && !entries.is_empty() {
            break;
        }
        entries.push(MailEntry { number, envelope: Envelope::from_bytes(&value)? });
    }
    app.store.commit(&taken)?;
    Ok(Mail { entries })
}

/// Answers a poll: at once if there is mail, otherwise when some comes or the wait is over.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub async fn poll(
    app: &std::sync::Arc<App>,
    member: MemberCode,
    poll: Poll,
) -> Result<Mail, CoordinatorError> {
    let wait = Duration::from_secs(poll.wait_s.min(WAIT_S_MAX).into());
    let until = tokio::time::Instant::now() + wait;
    let notify = app.mailboxes.of(member);
    loop {
        let woken = notify.notified();
        tokio::pin!(woken);
        // Registered before looking, so that mail that comes in between wakes it.
        woken.as_mut().enable();
        let looking = std::sync::Arc::clone(app);
        let mail = crate::service::blocking(move || take(&looking, member, poll.after)).await?;
        if !mail.entries.is_empty() || tokio::time::timeout_at(until, woken).await.is_err() {
            return Ok(mail);
        }
    }
}
