//! Entries about people: who may do what, who came in, who accepted and signed the principles (G05, G06, G12).
//!
//! `account` is the name a person logs in with; of a name that no account has, nothing is written but `unknown`.
//!
//! | entry | side | fields | before |
//! |---|---|---|---|
//! | `account.disabled` | node | `account`, `by` | an account opens no session any more |
//! | `account.enabled` | node | `account`, `by` | an account opens sessions again |
//! | `account.made` | node | `account`, `by`, `roles` | an account is made |
//! | `account.passphrase.changed` | node | `account` | a new passphrase counts |
//! | `account.reset` | node | `account` | the owner of the folder gives an account a new passphrase, past every admin |
//! | `account.roles.changed` | node | `account`, `by`, `roles` | an account has other roles |
//! | `account.totp.changed` | node | `account`, `by`, `state` | a login asks for a code, or does not any more |
//! | `accounts.reviewed` | node | `accounts`, `by` | a person has looked at the list of accounts |
//! | `login.accepted` | node | `account` | a session opens |
//! | `login.refused` | node | `account` | (after) no session was opened |
//! | `principles.accepted` | node | `by`, `version` | a session counts as having accepted the principles |
//! | `principles.account.refused` | node | `code` | what the coordinator says about the principles is not taken in |
//! | `principles.changed` | node | `principles`, `version` | a new version of the principles takes force |
//! | `principles.proposed` | coordinator | `principles`, `version` | a change is shown to the members |
//! | `principles.signature.kept` | coordinator | `member`, `principles` | a member's signature counts |
//! | `principles.signed` | node | `by`, `principles`, `version` | this member's signature is made |
//! | `request.confirmed` | node | `act`, `by`, `first` | a second person carries out what a first one asked for |
//! | `request.made` | node | `act`, `by` | a request waits for a second person |

use passage_protocol::{
    ids::{Digest, MemberCode},
    refusal::Code,
};

use super::person;
use crate::failure::code_text;

/// Something about people that is about to be done. The table above says when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs)] // kinds and fields stand in the table of this module
pub enum PeopleAct<'a> {
    AccountDisabled { account: &'a str, by: &'a str },
    AccountEnabled { account: &'a str, by: &'a str },
    AccountMade { account: &'a str, roles: &'a str, by: &'a str },
    AccountPassphraseChanged { account: &'a str },
    AccountReset { account: &'a str },
    AccountRolesChanged { account: &'a str, roles: &'a str, by: &'a str },
    AccountTotpChanged { account: &'a str, state: &'static str, by: &'a str },
    AccountsReviewed { accounts: usize, by: &'a str },
    LoginAccepted { account: &'a str },
    LoginRefused { account: Option<&'a str> },
    PrinciplesAccepted { version: u16, by: &'a str },
    PrinciplesAccountRefused { code: Code },
    PrinciplesChanged { version: u16, principles: Digest },
    PrinciplesProposed { version: u16, principles: Digest },
    PrinciplesSignatureKept { principles: Digest, member: MemberCode },
    PrinciplesSigned { version: u16, principles: Digest, by: &'a str },
    RequestConfirmed { act: &'static str, first: &'a str, by: &'a str },
    RequestMade { act: &'static str, by: &'a str },
}

impl PeopleAct<'_> {
    pub(super) fn parts(&self) -> (&'static str, Vec<(&'static str, String)>) {
        match *self {
            Self::AccountDisabled { account, by } => ("account.disabled", vec![name(account), person(by)]),
            Self::AccountEnabled { account, by } => ("account.enabled", vec![name(account), person(by)]),
            Self::AccountMade { account, roles, by } => {
                ("account.made", vec![name(account), ("roles", roles.to_owned()), person(by)])
            }
            Self::AccountPassphraseChanged { account } => ("account.passphrase.changed", vec![name(account)]),
            Self::AccountReset { account } => ("account.reset", vec![name(account)]),
            Self::AccountRolesChanged { account, roles, by } => {
                ("account.roles.changed", vec![name(account), ("roles", roles.to_owned()), person(by)])
            }
            Self::AccountTotpChanged { account, state, by } => {
                ("account.totp.changed", vec![name(account), ("state", state.to_owned()), person(by)])
            }
            Self::AccountsReviewed { accounts, by } => {
                ("accounts.reviewed", vec![("accounts", accounts.to_string()), person(by)])
            }
            Self::LoginAccepted { account } => ("login.accepted", vec![name(account)]),
            Self::LoginRefused { account } => ("login.refused", vec![name(account.unwrap_or("unknown"))]),
            Self::PrinciplesAccepted { version, by } => {
                ("principles.accepted", vec![number(version), person(by)])
            }
            Self::PrinciplesAccountRefused { code } => {
                ("principles.account.refused", vec![("code", code_text(code))])
            }
            Self::PrinciplesChanged { version, principles } => {
                ("principles.changed", vec![number(version), text(principles)])
            }
            Self::PrinciplesProposed { version, principles } => {
                ("principles.proposed", vec![number(version), text(principles)])
            }
            Self::PrinciplesSignatureKept { principles, member } => {
                ("principles.signature.kept", vec![text(principles), ("member", member.to_string())])
            }
            Self::PrinciplesSigned { version, principles, by } => {
                ("principles.signed", vec![number(version), text(principles), person(by)])
            }
            Self::RequestConfirmed { act, first, by } => {
                ("request.confirmed", vec![("act", act.to_owned()), ("first", first.to_owned()), person(by)])
            }
            Self::RequestMade { act, by } => ("request.made", vec![("act", act.to_owned()), person(by)]),
        }
    }
}

fn name(account: &str) -> (&'static str, String) {
    ("account", account.to_owned())
}

fn number(version: u16) -> (&'static str, String) {
    ("version", version.to_string())
}

fn text(principles: Digest) -> (&'static str, String) {
    ("principles", principles.to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One of every kind, for the test of the tables.
    pub(in crate::audit::act) fn every() -> Vec<PeopleAct<'static>> {
        let (account, by, roles, version, principles) = ("maria", "A. Person", "clerk", 2, Digest([1; 32]));
        vec![
            PeopleAct::AccountDisabled { account, by },
            PeopleAct::AccountEnabled { account, by },
            PeopleAct::AccountMade { account, roles, by },
            PeopleAct::AccountPassphraseChanged { account },
            PeopleAct::AccountReset { account },
            PeopleAct::AccountRolesChanged { account, roles, by },
            PeopleAct::AccountTotpChanged { account, state: "on", by },
            PeopleAct::AccountsReviewed { accounts: 2, by },
            PeopleAct::LoginAccepted { account },
            PeopleAct::LoginRefused { account: None },
            PeopleAct::PrinciplesAccepted { version, by },
            PeopleAct::PrinciplesAccountRefused { code: Code(0x0444) },
            PeopleAct::PrinciplesChanged { version, principles },
            PeopleAct::PrinciplesProposed { version, principles },
            PeopleAct::PrinciplesSignatureKept { principles, member: MemberCode([3; 5]) },
            PeopleAct::PrinciplesSigned { version, principles, by },
            PeopleAct::RequestConfirmed { act: "sign", first: "B. Person", by },
            PeopleAct::RequestMade { act: "sign", by },
        ]
    }
}
