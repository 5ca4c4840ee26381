//! The accounts of a node, changed: each change is recorded, all or nothing, and never leaves the node without an admin.

use passage_protocol::codec::{Decode, Encode};
use passage_shell::{
    audit::{Act, PeopleAct},
    failure::Failure,
    store::Op,
};
use zeroize::Zeroizing;

use super::{
    ACCOUNTS,
    account::{Account, Stretched},
    role::{Role, Roles},
    session::Session,
    totp,
};
use crate::home::{Home, refuse};

/// A person who is to have an account.
pub struct NewAccount<'a> {
    /// What she logs in with.
    pub name: &'a str,
    /// Name and title, as the audit chain shows it.
    pub person: &'a str,
    /// What she may do.
    pub roles: Roles,
    /// Her first passphrase.
    pub passphrase: &'a str,
}

impl Home {
    /// The account of that name.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn account(&self, name: &str) -> Result<Option<Account>, Failure> {
        Ok(self.store.get(ACCOUNTS, name.as_bytes())?.map(|bytes| Account::from_bytes(&bytes)).transpose()?)
    }

    /// Every account, by name.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn accounts(&self) -> Result<Vec<Account>, Failure> {
        let pairs = self.store.scan(ACCOUNTS, &[])?;
        Ok(pairs.iter().map(|(_, bytes)| Account::from_bytes(bytes)).collect::<Result<_, _>>()?)
    }

    /// Makes an account. The first one must be an admin; with it, the owner of the folder loses every role.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the name is taken, there are no roles, or the passphrase is too short.
    pub fn add_account(&self, new: &NewAccount<'_>, by: &str) -> Result<(), Failure> {
        let NewAccount { name, person, roles, passphrase } = *new;
        require_roles(roles)?;
        let account = Account {
            name: name.to_owned(),
            person: person.to_owned(),
            roles,
            passphrase: Stretched::new(passphrase, self.now())?,
            totp: None,
            made: self.now(),
            disabled: None,
            failures: 0,
            waits_until: None,
            last_login: None,
            reviewed: None,
            reset: None,
        };
        let first = !self.has_accounts()?;
        if first && !account.is_admin() {
            return Err(refuse(
                0x2314,
                "the first account is not an admin, and nobody could make another",
                "Make an account with `--role admin` first; a person can hold several roles.",
                Some("G12"),
            ));
        }
        if self.account(name)?.is_some() {
            return Err(taken(name));
        }
        let words = roles.words();
        self.people(PeopleAct::AccountMade { account: name, roles: &words, by }, || {
            self.store.transact(|| {
                if self.account(name)?.is_some() {
                    return Err(taken(name));
                }
                // Sessions of the owner of the folder end with the first account.
                let mut ops = self.ending(|session| session.account.is_none())?;
                ops.push(kept(&account));
                Ok((ops, ()))
            })
        })
    }

    /// Gives an account other roles.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is no such account, no role, or it was the last admin.
    pub fn set_roles(&self, name: &str, roles: Roles, by: &str) -> Result<(), Failure> {
        require_roles(roles)?;
        self.existing(name)?;
        let words = roles.words();
        self.people(PeopleAct::AccountRolesChanged { account: name, roles: &words, by }, || {
            self.change(name, |account| account.roles = roles)
        })
    }

    /// Switches an account off: its sessions end at once.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is no such account, or it is the last admin.
    pub fn disable_account(&self, name: &str, by: &str) -> Result<(), Failure> {
        self.existing(name)?;
        let now = self.now();
        self.people(PeopleAct::AccountDisabled { account: name, by }, || {
            self.change(name, |account| account.disabled = account.disabled.or(Some(now)))
        })
    }

    /// Switches an account on again, and lets it log in at once.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is no such account.
    pub fn enable_account(&self, name: &str, by: &str) -> Result<(), Failure> {
        self.existing(name)?;
        self.people(PeopleAct::AccountEnabled { account: name, by }, || {
            self.change(name, |account| {
                (account.disabled, account.failures, account.waits_until) = (None, 0, None);
            })
        })
    }

    /// Lets logins ask for a one-time code: makes a new secret and returns it as an app takes it.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is no such account.
    pub fn switch_codes_on(&self, name: &str, by: &str) -> Result<Zeroizing<String>, Failure> {
        self.existing(name)?;
        let (secret, kept) = totp::Kept::make(name, &self.signing_key)?;
        self.people(PeopleAct::AccountTotpChanged { account: name, state: "on", by }, || {
            self.change(name, |account| account.totp = Some(kept))
        })?;
        Ok(totp::base32(secret.expose()))
    }

    /// Lets logins ask for no code any more.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is no such account.
    pub fn switch_codes_off(&self, name: &str, by: &str) -> Result<(), Failure> {
        self.existing(name)?;
        self.people(PeopleAct::AccountTotpChanged { account: name, state: "off", by }, || {
            self.change(name, |account| account.totp = None)
        })
    }

    /// Gives an account a passphrase past every admin, for an admin who lost hers: codes off, waiting over, switched on. The
    /// caller is the owner of the folder and no daemon runs. It stands out until the next review.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is no such account, or the passphrase is too short.
    pub fn reset_account(&self, name: &str, passphrase: &str) -> Result<(), Failure> {
        self.existing(name)?;
        let passphrase = Stretched::new(passphrase, self.now())?;
        let now = self.now();
        self.people(PeopleAct::AccountReset { account: name }, || {
            self.change(name, |account| {
                account.passphrase = passphrase;
                account.totp = None;
                (account.disabled, account.failures, account.waits_until) = (None, 0, None);
                account.reset = Some(now);
            })
        })
    }

    /// Records that a person has looked at every account and found it right (G12).
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store or the audit log.
    pub fn confirm_review(&self, by: &str) -> Result<usize, Failure> {
        let now = self.now();
        let count = self.accounts()?.len();
        self.people(PeopleAct::AccountsReviewed { accounts: count, by }, || {
            self.store.transact(|| {
                let looked_at = |account| kept(&Account { reviewed: Some(now), reset: None, ..account });
                Ok((self.accounts()?.into_iter().map(looked_at).collect(), ()))
            })
        })?;
        Ok(count)
    }

    /// Changes an account as one step. Its sessions end if it was switched off or has another passphrase.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is no such account, or it would leave the node without an admin.
    fn change(&self, name: &str, how: impl FnOnce(&mut Account)) -> Result<(), Failure> {
        self.store.transact(|| {
            let mut account = self.existing(name)?;
            let before = account.clone();
            how(&mut account);
            if before.is_admin() && !account.is_admin() {
                let others = self.accounts()?;
                if !others.iter().any(|other| other.name != name && other.is_admin()) {
                    return Err(refuse(
                        0x2316,
                        &format!("{name} is the last admin, and nobody could make another"),
                        "Give another account the role admin first.",
                        Some("G12"),
                    ));
                }
            }
            let mut ops = vec![kept(&account)];
            if account.disabled.is_some() || account.passphrase != before.passphrase {
                let its = |session: &Session| session.account.as_deref() == Some(name);
                ops.extend(self.ending(its)?);
            }
            Ok((ops, ()))
        })
    }

    fn existing(&self, name: &str) -> Result<Account, Failure> {
        self.account(name)?.ok_or_else(|| {
            refuse(
                0x2313,
                "there is no account of this name",
                "List them with `account list`; `account add` makes one.",
                Some("G12"),
            )
        })
    }

    /// Records an act about people, does it, and records how it ended.
    pub(super) fn people<T>(
        &self,
        act: PeopleAct<'_>,
        does: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.recorded(&Act::People(act), does)
    }
}

/// The change that keeps an account.
pub(super) fn kept(account: &Account) -> Op {
    Op::put(ACCOUNTS, account.name.as_bytes(), account.to_bytes())
}

fn taken(name: &str) -> Failure {
    refuse(
        0x2312,
        &format!("there is an account {name} already"),
        "Choose another name, or change that account with `account role` and `account enable`.",
        Some("G12"),
    )
}

fn require_roles(roles: Roles) -> Result<(), Failure> {
    if roles.meets(Roles::ALL) {
        return Ok(());
    }
    let known = Role::ALL.map(Role::word).join(", ");
    Err(refuse(
        0x231A,
        "no role is named, and an account without a role can do nothing",
        &format!("Name at least one of {known}; `account roles` shows what each may do."),
        Some("G12"),
    ))
}
