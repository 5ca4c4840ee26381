//! Logging in: passphrase, one-time code, waiting after failures. Whoever does not get in is told one thing, whatever the
//! reason, after the same time: a stranger learns neither which names exist nor which of them wait (G12).

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use passage_shell::{
    audit::{Act, PeopleAct},
    failure::Failure,
    store::Op,
};

use super::{
    account::{Account, Stretched},
    accounts::kept,
    hidden::Hidden,
    lockout::waits_until,
    session::Session,
};
use crate::home::{Home, refuse};

/// A refusal is given at a whole multiple of this after the attempt: what was written meanwhile does not show.
const REFUSED_AT: Duration = Duration::from_millis(500);

/// What a person gives to log in.
pub struct Credentials<'a> {
    /// The account's name.
    pub name: &'a str,
    /// Its passphrase.
    pub passphrase: &'a Hidden,
    /// The code her app shows; empty if she has none.
    pub code: &'a Hidden,
}

/// How an attempt ended.
enum Attempt {
    In(Box<Account>),
    Expired,
    Refused,
}

impl Home {
    /// Opens a session under `token`, if name, passphrase and code are those of an account that may come in.
    ///
    /// # Errors
    ///
    /// [`Failure`]: one refusal for every reason; another only for who knows a passphrase that is too old.
    pub fn log_in(&self, with: &Credentials<'_>, token: &Hidden) -> Result<Account, Failure> {
        if !self.has_accounts()? {
            return Err(refuse(
                0x231B,
                "there is no account here yet; the owner of the state folder needs no login",
                "Open a session with `principles accept --by \"NAME, TITLE\"`, or make the first account with `account add`.",
                Some("G12"),
            ));
        }
        let attempt = self.attempt(with, |account, now| {
            if account.passphrase_expired(self.settings.passphrase_max_days, now) {
                return Ok((Vec::new(), Attempt::Expired));
            }
            self.record(&Act::People(PeopleAct::LoginAccepted { account: &account.name }))?;
            let account = Account { last_login: Some(now), ..account };
            let session = Session {
                account: Some(account.name.clone()),
                person: account.person.clone(),
                opened: now,
                used: now,
                accepted: None,
            };
            Ok((self.opening(token, &session)?, Attempt::In(Box::new(account))))
        })?;
        match attempt {
            Attempt::In(account) => Ok(*account),
            Attempt::Refused => Err(not_in()),
            Attempt::Expired => Err(refuse(
                0x2311,
                &format!(
                    "the passphrase is older than {} days, the most this member allows",
                    self.settings.passphrase_max_days
                ),
                "Choose a new one with `account passphrase NAME`, then log in.",
                Some("G12"),
            )),
        }
    }

    /// Gives an account a new passphrase, for whoever knows the one before. Its sessions end.
    ///
    /// # Errors
    ///
    /// [`Failure`], as [`log_in`](Self::log_in); for a new passphrase that is too short or is the one before.
    pub fn change_passphrase(&self, with: &Credentials<'_>, new: &Hidden) -> Result<(), Failure> {
        let fresh = Stretched::new(new.expose(), self.now())?;
        if new.expose() == with.passphrase.expose() {
            return Err(refuse(
                0x2319,
                "the new passphrase is the one before",
                "Choose another one.",
                Some("G12"),
            ));
        }
        let attempt = self.attempt(with, |account, _| {
            self.record(&Act::People(PeopleAct::AccountPassphraseChanged { account: &account.name }))?;
            let ops = self.ending(|session| session.account.as_deref() == Some(account.name.as_str()))?;
            Ok((ops, Attempt::In(Box::new(Account { passphrase: fresh.clone(), ..account }))))
        })?;
        match attempt {
            Attempt::In(_) => Ok(()),
            Attempt::Refused | Attempt::Expired => Err(not_in()),
        }
    }

    /// Judges an attempt and, if it is right, lets `then` say what follows. A failure is counted, unless the account waits.
    fn attempt(
        &self,
        with: &Credentials<'_>,
        then: impl FnOnce(Account, passage_protocol::timestamp::Timestamp) -> Result<(Vec<Op>, Attempt), Failure>,
    ) -> Result<Attempt, Failure> {
        let began = Instant::now();
        let known = self.account(with.name)?;
        let stretched =
            known.as_ref().map_or_else(Stretched::of_nobody, |account| account.passphrase.clone());
        // Before the store is locked: it takes a tenth of a second, for a name nobody has as well.
        let right = stretched.is(with.passphrase.expose())?;
        let attempt = self.store.transact(|| -> Result<_, Failure> {
            let now = self.now();
            // Read again: of two attempts at once, the second must see what the first left.
            let Some(account) = self.account(with.name)? else { return Ok((Vec::new(), Attempt::Refused)) };
            if account.disabled.is_some() || account.waits_until.is_some_and(|until| now < until) {
                return Ok((Vec::new(), Attempt::Refused));
            }
            let right = right && account.passphrase == stretched;
            let step = account
                .totp
                .as_ref()
                .map(|kept| kept.step_of(with.code.expose(), with.name, &self.signing_key, now));
            if !right || step == Some(None) {
                let failures = account.failures.saturating_add(1);
                let waits = waits_until(failures, u64::from(self.settings.lockout_s), now);
                let failed = Account { failures, waits_until: waits, ..account };
                return Ok((vec![kept(&failed)], Attempt::Refused));
            }
            let totp = account.totp.map(|kept| match step.flatten() {
                Some(step) => kept.spent(step),
                None => kept,
            });
            let inside = Account { failures: 0, waits_until: None, totp, ..account };
            let spent = kept(&inside);
            let (mut ops, attempt) = then(inside, now)?;
            ops.push(match &attempt {
                Attempt::In(account) => kept(account),
                Attempt::Expired | Attempt::Refused => spent,
            });
            Ok((ops, attempt))
        })?;
        if !matches!(attempt, Attempt::In(_)) {
            let account = known.as_ref().map(|account| account.name.as_str());
            self.record(&Act::People(PeopleAct::LoginRefused { account }))?;
            sleep(until_refused(began.elapsed()));
        }
        Ok(attempt)
    }
}

/// How long a refusal still waits.
fn until_refused(spent: Duration) -> Duration {
    let over = spent.as_nanos() % REFUSED_AT.as_nanos();
    REFUSED_AT - Duration::from_nanos(u64::try_from(over).unwrap_or(0))
}

fn not_in() -> Failure {
    refuse(
        0x2310,
        "name, passphrase and code do not open a session here",
        "Check them and try again. After five failures an account waits, longer each time; an admin sees it with `account list` and ends it with `account enable`.",
        Some("G12"),
    )
}

#[cfg(test)]
mod tests;
