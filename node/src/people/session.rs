//! Sessions: opened by a login, or by the owner of the folder while there is no account. The person's machine keeps 32 random
//! bytes in a file; here only their digest is known, so a copy of the store opens nothing (G05, G12).

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use passage_protocol::{
    codec::{Decode, Encode},
    codec_struct,
    ids::Digest,
    timestamp::Timestamp,
};
use passage_shell::{entropy, failure::Failure, state_dir::write_atomically, store::Op};
use zeroize::Zeroizing;

use super::{ACCOUNTS, SESSIONS, account::Account, hidden::Hidden};
use crate::{home::Home, settings::Settings};

const TOKEN_CONTEXT: &str = "passage 2026 session token v1";
/// Letters of a token: 32 bytes in hexadecimal digits.
const TOKEN_LETTERS: u64 = 64;
/// A session's last use is written at most this often, seconds.
const TOUCH_EVERY_S: u64 = 30;

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The account that logged in; none for the owner of the folder before there are accounts.
    pub account: Option<String>,
    /// Name and title, as the audit chain shows it.
    pub person: String,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was last used.
    pub used: Timestamp,
    /// Digest of the text of the principles it has accepted.
    pub accepted: Option<Digest>,
}
codec_struct!(Session { account, person, opened, used, accepted });

impl Session {
    /// Whether it still counts.
    #[must_use]
    pub fn is_alive(&self, settings: &Settings, now: Timestamp) -> bool {
        let idle_s = u64::from(settings.session_idle_minutes) * 60;
        let total_s = u64::from(settings.session_hours) * 3_600;
        now.since_s(self.used) <= idle_s && now.since_s(self.opened) <= total_s
    }
}

/// A session that counts, with its account.
#[derive(Clone, Debug)]
pub struct Live {
    /// Digest of its token.
    pub key: Digest,
    /// The session.
    pub session: Session,
    /// Its account, if there are accounts.
    pub account: Option<Account>,
}

fn key_of(token: &Hidden) -> Digest {
    Digest::derive(TOKEN_CONTEXT, token.expose().as_bytes())
}

impl Home {
    /// The session of a token, if it counts now: alive, its account enabled, and of an account once there are accounts.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn live_session(&self, token: &Hidden) -> Result<Option<Live>, Failure> {
        let key = key_of(token);
        let Some(bytes) = self.store.get(SESSIONS, &key.0)? else { return Ok(None) };
        let session = Session::from_bytes(&bytes)?;
        if !session.is_alive(&self.settings, self.now()) {
            return Ok(None);
        }
        let account = match &session.account {
            None if self.has_accounts()? => return Ok(None),
            None => None,
            Some(name) => match self.account(name)? {
                Some(account) if account.disabled.is_none() => Some(account),
                Some(_) | None => return Ok(None),
            },
        };
        Ok(Some(Live { key, session, account }))
    }

    /// Notes that a session was used.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn touch(&self, live: &Live) -> Result<(), Failure> {
        let now = self.now();
        if now.since_s(live.session.used) < TOUCH_EVERY_S {
            return Ok(());
        }
        self.store.transact(|| {
            // Closed meanwhile: it stays closed.
            let Some(bytes) = self.store.get(SESSIONS, &live.key.0)? else { return Ok((Vec::new(), ())) };
            let session = Session { used: now, ..Session::from_bytes(&bytes)? };
            Ok((vec![Op::put(SESSIONS, live.key.0, session.to_bytes())], ()))
        })
    }

    /// The changes that open a session: it, and the end of those whose time is over.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub(super) fn opening(&self, token: &Hidden, session: &Session) -> Result<Vec<Op>, Failure> {
        let mut ops = self.ending(|other| !other.is_alive(&self.settings, session.opened))?;
        ops.push(Op::put(SESSIONS, key_of(token).0, session.to_bytes()));
        Ok(ops)
    }

    /// The changes that end every session of a kind.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub(super) fn ending(&self, which: impl Fn(&Session) -> bool) -> Result<Vec<Op>, Failure> {
        let mut ops = Vec::new();
        for (key, bytes) in self.store.scan(SESSIONS, &[])? {
            if which(&Session::from_bytes(&bytes)?) {
                ops.push(Op::delete(SESSIONS, key));
            }
        }
        Ok(ops)
    }

    /// Ends a session.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn log_out(&self, live: &Live) -> Result<(), Failure> {
        Ok(self.store.commit(&[Op::delete(SESSIONS, live.key.0)])?)
    }

    /// Whether any account exists.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn has_accounts(&self) -> Result<bool, Failure> {
        Ok(!self.store.scan(ACCOUNTS, &[])?.is_empty())
    }
}

/// A new token.
///
/// # Errors
///
/// [`Failure`] of the random source.
pub fn new_token() -> Result<Hidden, Failure> {
    let bytes = Zeroizing::new(entropy::seed()?);
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let letters = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16));
    Ok(Hidden::new(Zeroizing::new(letters.collect())))
}

/// Where this account of the operating system keeps the token for a state folder: its runtime folder, which goes when it logs
/// out of the machine, or else the state folder.
#[must_use]
pub fn token_file(dir: &Path) -> PathBuf {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    match runtime.filter(|folder| folder.is_absolute() && folder.is_dir()) {
        None => dir.join("session"),
        Some(folder) => {
            let full = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
            let name = Digest::of_blob(full.as_os_str().as_encoded_bytes()).short();
            folder.join(format!("passage-node-{name}.session"))
        }
    }
}

/// The token kept for a state folder.
#[must_use]
pub fn kept_token(dir: &Path) -> Option<Hidden> {
    let path = token_file(dir);
    if fs::metadata(&path).ok()?.len() > TOKEN_LETTERS {
        return None;
    }
    fs::read_to_string(path).ok().map(|text| Hidden::new(Zeroizing::new(text)))
}

/// Keeps a token, mode 0600.
///
/// # Errors
///
/// [`Failure`] of the file system.
pub fn keep_token(dir: &Path, token: &Hidden) -> Result<(), Failure> {
    Ok(write_atomically(&token_file(dir), token.expose().as_bytes())?)
}

/// Forgets the token.
///
/// # Errors
///
/// [`Failure`] of the file system.
pub fn forget_token(dir: &Path) -> Result<(), Failure> {
    match fs::remove_file(token_file(dir)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Failure::io("forget the session", &error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g12_a_session_ends_when_idle_and_at_the_latest_after_its_hours() {
        let settings = Settings::default();
        let opened = Timestamp(1_795_000_000);
        let at = |used_s: u64, now_s: u64| {
            let session = Session {
                account: None,
                person: "A. Person".to_owned(),
                opened,
                used: opened.plus_s(used_s),
                accepted: None,
            };
            session.is_alive(&settings, opened.plus_s(now_s))
        };
        let (idle, total) =
            (u64::from(settings.session_idle_minutes) * 60, u64::from(settings.session_hours) * 3_600);
        assert!(at(0, idle) && !at(0, idle + 1));
        assert!(at(total, total) && !at(total, total + 1), "however busy");
    }

    #[test]
    fn tokens_differ_and_have_32_bytes() {
        let (one, other) = (new_token().unwrap(), new_token().unwrap());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len() as u64, TOKEN_LETTERS);
    }
}
