//! An account: a name to log in with, the person it stands for, roles, and how she shows that it is she.

use core::fmt;

use passage_protocol::{codec_struct, secret::Secret, timestamp::Timestamp};
use passage_shell::{entropy, failure::Failure};

use super::{
    role::{Role, Roles},
    totp,
};
use crate::{custody, home::refuse};

/// Letters of a name.
const NAME_LETTERS_MAX: usize = 32;
/// Fewest bytes of a passphrase, as for the stored tables.
const PASSPHRASE_BYTES_MIN: usize = 12;
/// Most bytes of one: enough for any sentence.
const PASSPHRASE_BYTES_MAX: usize = 1_024;
/// Days after which an account must be looked at again: a quarter (G12).
pub const REVIEW_DAYS: u64 = 90;
const DAY_S: u64 = 86_400;

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// What the person logs in with.
    pub name: String,
    /// Name and title, as the audit chain and signatures show them.
    pub person: String,
    /// What she may do.
    pub roles: Roles,
    /// Her passphrase, stretched.
    pub passphrase: Stretched,
    /// Her one-time codes, if a login asks for one.
    pub totp: Option<totp::Kept>,
    /// When it was made.
    pub made: Timestamp,
    /// When it was switched off.
    pub disabled: Option<Timestamp>,
    /// Failed logins in a row.
    pub failures: u16,
    /// Until when no login counts.
    pub waits_until: Option<Timestamp>,
    /// When it last logged in.
    pub last_login: Option<Timestamp>,
    /// When a person last confirmed that it should be there.
    pub reviewed: Option<Timestamp>,
    /// When the owner of the folder gave it a passphrase, past every admin; until the next review.
    pub reset: Option<Timestamp>,
}
codec_struct!(Account {
    name,
    person,
    roles,
    passphrase,
    totp,
    made,
    disabled,
    failures,
    waits_until,
    last_login,
    reviewed,
    reset
});

impl Account {
    /// Whether it can administrate now.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.disabled.is_none() && self.roles.has(Role::Admin)
    }

    /// Days by which the quarterly look at it is late.
    #[must_use]
    pub fn review_overdue_days(&self, now: Timestamp) -> Option<u64> {
        let days = now.since_s(self.reviewed.unwrap_or(self.made)) / DAY_S;
        days.checked_sub(REVIEW_DAYS).filter(|late| *late > 0)
    }

    /// Whether its passphrase is older than the member's rules allow; 0 days: none ever is.
    #[must_use]
    pub fn passphrase_expired(&self, days_max: u32, now: Timestamp) -> bool {
        days_max > 0 && now.since_s(self.passphrase.changed) > u64::from(days_max) * DAY_S
    }
}

/// A passphrase as it is kept: Argon2id over it and a salt of its own.
#[derive(Clone, Eq, PartialEq)]
pub struct Stretched {
    salt: [u8; 16],
    hash: [u8; 32],
    /// When it was set.
    pub changed: Timestamp,
}
codec_struct!(Stretched { salt, hash, changed });

impl fmt::Debug for Stretched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Stretched(redacted, changed {})", self.changed)
    }
}

impl Stretched {
    /// Stretches a new passphrase.
    ///
    /// # Errors
    ///
    /// [`Failure`] for one that is too short or too long, or of the machine.
    pub fn new(passphrase: &str, now: Timestamp) -> Result<Self, Failure> {
        let bytes = passphrase.len();
        if !(PASSPHRASE_BYTES_MIN..=PASSPHRASE_BYTES_MAX).contains(&bytes) {
            return Err(refuse(
                0x2318,
                &format!(
                    "the passphrase has {bytes} bytes, expected {PASSPHRASE_BYTES_MIN} to {PASSPHRASE_BYTES_MAX}"
                ),
                "Choose a sentence that only you know; four or five unrelated words are enough.",
                Some("G12"),
            ));
        }
        let mut salt = [0; 16];
        entropy::fill(&mut salt)?;
        Ok(Self { salt, hash: hash(passphrase, &salt)?, changed: now })
    }

    /// What stands in for the passphrase of an account that does not exist, so that the answer takes as long.
    pub(super) fn of_nobody() -> Self {
        Self { salt: [0; 16], hash: [0; 32], changed: Timestamp(0) }
    }

    /// Whether it is this passphrase. About 0.1 s and 64 MiB, the same for any.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the machine has no memory for it.
    pub fn is(&self, passphrase: &str) -> Result<bool, Failure> {
        Ok(Secret::new(hash(passphrase, &self.salt)?) == Secret::new(self.hash))
    }
}

fn hash(passphrase: &str, salt: &[u8]) -> Result<[u8; 32], Failure> {
    let long = custody::stretched(passphrase.as_bytes(), salt)?;
    let mut hash = [0; 32];
    hash.iter_mut().zip(long.iter()).for_each(|(place, byte)| *place = *byte);
    Ok(hash)
}

/// A name that can be typed and written anywhere: small letters, digits, dot and hyphen, beginning with a letter.
///
/// # Errors
///
/// What is expected.
pub fn name(text: &str) -> Result<String, &'static str> {
    let begins = text.starts_with(|letter: char| letter.is_ascii_lowercase());
    let allowed =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-".contains(letter);
    if begins && text.len() <= NAME_LETTERS_MAX && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    Err("expected a name of at most 32 small letters, digits, dots and hyphens that begins with a letter")
}

#[cfg(test)]
pub(super) fn sample(name: &str, roles: &[Role], made: Timestamp) -> Account {
    Account {
        name: name.to_owned(),
        person: format!("{name}, Office"),
        roles: Roles::of(roles),
        passphrase: Stretched { changed: made, ..Stretched::of_nobody() },
        totp: None,
        made,
        disabled: None,
        failures: 0,
        waits_until: None,
        last_login: None,
        reviewed: None,
        reset: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g12_a_passphrase_opens_with_itself_alone_and_is_not_shown() {
        let kept = Stretched::new("correct horse battery", Timestamp(7)).unwrap();
        assert!(kept.is("correct horse battery").unwrap());
        assert!(!kept.is("correct horse batterz").unwrap() && !kept.is("").unwrap());
        assert_eq!(format!("{kept:?}"), "Stretched(redacted, changed 1970-01-01T00:00:07Z)");
        let again = Stretched::new("correct horse battery", Timestamp(7)).unwrap();
        assert_ne!(kept, again, "each has a salt of its own");
        assert_eq!(Stretched::new("too short", Timestamp(7)).unwrap_err().code(), "N2318");
    }

    #[test]
    fn g12_what_is_old_is_told() {
        let made = Timestamp(1_795_000_000);
        let mut account = sample("maria", &[Role::Clerk], made);
        let day = |days: u64| made.plus_s(days * DAY_S);
        assert_eq!(account.review_overdue_days(day(90)), None);
        assert_eq!(account.review_overdue_days(day(92)), Some(2));
        account.reviewed = Some(day(92));
        assert_eq!(account.review_overdue_days(day(100)), None);
        assert!(
            !account.passphrase_expired(0, day(9_000)),
            "never, unless the member wants it (NIST SP 800-63B)"
        );
        assert!(!account.passphrase_expired(60, day(60)) && account.passphrase_expired(60, day(61)));
    }

    #[test]
    fn a_name_is_plain() {
        assert!(["maria", "m.lopez-2"].iter().all(|text| name(text).is_ok()));
        assert!(
            ["", "2m", "Maria", "m lopez", "m/../x", &"m".repeat(33)].iter().all(|text| name(text).is_err())
        );
    }
}
