//! `login`, `logout`, `principles ...`, `account ...`.

use passage_shell::{control::Answer, failure::Failure};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Node;
use crate::{
    cli::roles_table,
    home::{Home, refuse},
    people::{
        accounts::NewAccount,
        hidden::Hidden,
        login::Credentials,
        principles::Waiting,
        review,
        role::{Role, Roles},
        session::Live,
    },
};

/// What people ask about themselves and each other.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[allow(missing_docs)] // the command line documents them
pub enum PeopleCommand {
    PrinciplesShow,
    PrinciplesAccept { by: String, version: Option<u16>, token: Hidden },
    PrinciplesSign { document: Option<String>, by: String },
    Login { name: String, passphrase: Hidden, code: Hidden, token: Hidden },
    Logout,
    AccountAdd { name: String, person: String, roles: Vec<Role>, passphrase: Hidden, by: String },
    AccountList,
    AccountRoles,
    AccountRole { name: String, roles: Vec<Role>, by: String },
    ChangePassphrase { name: String, before: Hidden, code: Hidden, new: Hidden },
    SwitchCodes { name: Option<String>, codes: Codes, by: String },
    AccountDisable { name: String, by: String },
    AccountEnable { name: String, by: String },
    AccountReview,
    AccountReviewConfirm { by: String },
    AccountReset { name: String, passphrase: Hidden },
}

/// Whether a login asks for a one-time code.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Codes {
    /// It does not.
    Off,
    /// It does, of a new secret.
    On,
}

pub(super) fn execute(node: &Node, command: PeopleCommand, live: Option<&Live>) -> Result<Answer, Failure> {
    let home = node.home.as_ref();
    match command {
        PeopleCommand::PrinciplesShow => show(home, live),
        PeopleCommand::PrinciplesAccept { by, version, token } => {
            let (version, opened) = home.accept_principles(live, &by, version, &token)?;
            Ok(Answer {
                text: format!("version {version} of the principles accepted by {by} for this session (G05)"),
                json: json!({ "version": version, "by": by, "session": if opened { "opened" } else { "kept" } }),
            })
        }
        PeopleCommand::PrinciplesSign { document, by } => {
            let signed = home.sign_principles(document.as_deref(), &by)?;
            node.ring();
            sign_answer(home, &signed, &by)
        }
        PeopleCommand::Login { name, passphrase, code, token } => {
            let with = Credentials { name: &name, passphrase: &passphrase, code: &code };
            let account = home.log_in(&with, &token)?;
            let version = home.principles_in_force()?.version;
            Ok(Answer {
                text: format!(
                    "logged in as {} ({}); roles: {}\nbefore data or reports are shown: accept version {version} of the principles with `principles accept`",
                    account.name,
                    account.person,
                    account.roles.words()
                ),
                json: json!({ "account": account.name, "person": account.person, "roles": account.roles.words(), "session": "opened" }),
            })
        }
        PeopleCommand::Logout => {
            if let Some(live) = live {
                home.log_out(live)?;
            }
            Ok(Answer { text: "logged out".to_owned(), json: json!({ "session": "closed" }) })
        }
        PeopleCommand::AccountAdd { name, person, roles, passphrase, by } => {
            let roles = Roles::of(&roles);
            let new = NewAccount { name: &name, person: &person, roles, passphrase: passphrase.expose() };
            home.add_account(&new, &by)?;
            Ok(Answer {
                text: format!(
                    "account {name} made for {person}; roles: {}\nlog in with `login {name}`",
                    roles.words()
                ),
                json: json!({ "account": name, "person": person, "roles": roles.words() }),
            })
        }
        PeopleCommand::AccountList => list(home),
        PeopleCommand::AccountRoles => Ok(Answer::words(roles_table::table())),
        PeopleCommand::AccountRole { name, roles, by } => {
            let roles = Roles::of(&roles);
            home.set_roles(&name, roles, &by)?;
            Ok(done(&name, &format!("has the roles {}", roles.words())))
        }
        PeopleCommand::ChangePassphrase { name, before, code, new } => {
            home.change_passphrase(&Credentials { name: &name, passphrase: &before, code: &code }, &new)?;
            Ok(done(&name, "has a new passphrase; its sessions have ended"))
        }
        PeopleCommand::SwitchCodes { name, codes, by } => {
            let own = live.and_then(|live| live.account.as_ref()).map(|account| account.name.clone());
            let name = name.or(own).ok_or_else(nobody)?;
            match codes {
                Codes::Off => {
                    home.switch_codes_off(&name, &by)?;
                    Ok(done(&name, "logs in without a code"))
                }
                Codes::On => codes_on(home, &name, &by),
            }
        }
        PeopleCommand::AccountDisable { name, by } => {
            home.disable_account(&name, &by)?;
            Ok(done(&name, "is switched off; its sessions have ended"))
        }
        PeopleCommand::AccountEnable { name, by } => {
            home.enable_account(&name, &by)?;
            Ok(done(&name, "is switched on"))
        }
        PeopleCommand::AccountReview => {
            let (accounts, requests) = (home.accounts()?, home.requests()?);
            let now = home.now();
            let overdue: Vec<&str> = accounts
                .iter()
                .filter(|account| account.review_overdue_days(now).is_some())
                .map(|account| account.name.as_str())
                .collect();
            Ok(Answer {
                text: review::page(&accounts, &requests, now),
                json: json!({ "accounts": facts(home)?, "overdue": overdue, "waiting": requests.len() }),
            })
        }
        PeopleCommand::AccountReviewConfirm { by } => {
            let count = home.confirm_review(&by)?;
            Ok(Answer {
                text: format!("{count} accounts looked at and found right by {by}"),
                json: json!({ "reviewed": count, "by": by }),
            })
        }
        PeopleCommand::AccountReset { name, passphrase } => {
            home.reset_account(&name, passphrase.expose())?;
            Ok(done(
                &name,
                "has a new passphrase and no codes; this stands in the audit log and in the list of the next review",
            ))
        }
    }
}

fn show(home: &Home, live: Option<&Live>) -> Result<Answer, Failure> {
    let in_force = home.principles_in_force()?;
    let edition = in_force.edition();
    let accepted = live.is_some_and(|live| live.session.accepted == Some(edition.digest));
    let waiting = home.principles_proposed()?;
    let mut text = format!(
        "{}\n\nversion  {}\ndigest   {}\naccepted in this session: {}",
        in_force.text.trim_end(),
        edition.version,
        edition.digest,
        if accepted { "yes" } else { "no; `principles accept --by \"NAME, TITLE\"`" }
    );
    for one in &waiting {
        text.push_str(&format!(
            "\n\n----\nProposed, not in force: version {}, document {}\nsigned by {} of {} members; {}\n\n{}",
            one.change.version,
            one.digest,
            one.record.signatures().len(),
            one.change.members.len(),
            match one.record.signature(home.code) {
                Some(said) => format!("signed here by {}", said.signer),
                None => "not signed here".to_owned(),
            },
            one.change.text.trim_end()
        ));
    }
    let proposed = |one: &Waiting| {
        json!({
            "version": one.change.version,
            "document": one.digest.to_string(),
            "text": one.change.text,
            "signed": one.record.signatures().len(),
            "members": one.change.members.len(),
            "signed_here": one.record.signature(home.code).is_some(),
        })
    };
    Ok(Answer {
        text,
        json: json!({
            "version": edition.version,
            "digest": edition.digest.to_string(),
            "text": in_force.text,
            "accepted": accepted,
            "proposed": waiting.iter().map(proposed).collect::<Vec<_>>(),
        }),
    })
}

fn sign_answer(home: &Home, signed: &Waiting, by: &str) -> Result<Answer, Failure> {
    let in_force = home.principles_in_force()?.version;
    let (version, members) = (signed.change.version, signed.change.members.len());
    let count = signed.record.signatures().len();
    let standing = if in_force == version {
        "it is in force now; every session accepts it again".to_owned()
    } else {
        format!("version {in_force} stays in force until all have signed")
    };
    Ok(Answer {
        text: format!(
            "version {version} of the principles signed by {by}: {count} of {members} members as far as this node has seen; {standing} (G06)"
        ),
        json: json!({ "version": version, "document": signed.digest.to_string(), "signed": count, "members": members, "in_force": in_force }),
    })
}

fn codes_on(home: &Home, name: &str, by: &str) -> Result<Answer, Failure> {
    let secret = home.switch_codes_on(name, by)?;
    let address = format!("otpauth://totp/Passage:{name}?secret={}&issuer=Passage", secret.as_str());
    Ok(Answer {
        text: format!(
            "{name} logs in with a code from now on. Type this into an authenticator app; it is shown once:\n\n  {}\n  {address}",
            secret.as_str()
        ),
        json: json!({ "account": name, "secret": secret.as_str(), "address": address }),
    })
}

fn list(home: &Home) -> Result<Answer, Failure> {
    let accounts = home.accounts()?;
    let now = home.now();
    let mut lines: Vec<String> = Vec::new();
    for account in &accounts {
        let remarks = review::remarks(account, now).join("; ");
        lines.push(format!("{:<16} {:<32} {}", account.name, account.person, account.roles.words()));
        if !remarks.is_empty() {
            lines.push(format!("    {remarks}"));
        }
    }
    if lines.is_empty() {
        lines.push("no account yet: whoever owns the state folder holds every role".to_owned());
    }
    Ok(Answer { text: lines.join("\n"), json: facts(home)? })
}

fn facts(home: &Home) -> Result<serde_json::Value, Failure> {
    let now = home.now();
    let each = home.accounts()?.into_iter().map(|account| {
        json!({
            "account": account.name,
            "person": account.person,
            "roles": account.roles.words(),
            "made": account.made.to_string(),
            "last_login": account.last_login.map(|at| at.to_string()),
            "reviewed": account.reviewed.map(|at| at.to_string()),
            "disabled": account.disabled.is_some(),
            "waits": account.waits_until.is_some_and(|until| now < until),
            "codes": account.totp.is_some(),
            "reset": account.reset.map(|at| at.to_string()),
            "remarks": review::remarks(&account, now),
        })
    });
    Ok(json!(each.collect::<Vec<_>>()))
}

fn done(name: &str, what: &str) -> Answer {
    Answer { text: format!("{name} {what}"), json: json!({ "account": name, "done": true }) }
}

fn nobody() -> Failure {
    refuse(
        0x231C,
        "no account is named, and nobody has logged in",
        "Name one: `account totp NAME`, or log in first.",
        Some("G12"),
    )
}
