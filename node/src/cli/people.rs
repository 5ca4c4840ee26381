//! Verbs about people: accounts, sessions, principles. Passphrases come from the terminal or from a file, never as an argument.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use passage_shell::failure::Failure;

use super::{By, person};
use crate::{
    command::{Codes, Command, PeopleCommand},
    custody::{new_passphrase, typed_passphrase},
    people::{account, hidden::Hidden, role::Role, session::new_token},
};

/// A passphrase that is not typed.
#[derive(Args, Debug)]
pub struct PassphraseFile {
    /// Read it from this file, mode 0600 or 0400, instead of the terminal: the first line; a second line is a one-time code.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Verbs about people.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)] // each variant's help text is its documentation
pub enum People {
    /// Accounts: who may do what here.
    #[command(
        subcommand,
        after_help = "Example:\n  passage-node account add maria --person \"Maria Lopez, IT\" --role admin\n  passage-node account roles"
    )]
    Account(Account),
    /// Open a session. Until the first account is made there is none to log in with.
    #[command(
        after_help = "Example:\n  passage-node login maria\n  passage-node login maria --passphrase-file maria.passphrase"
    )]
    Login {
        #[arg(value_parser = account::name)]
        name: String,
        #[command(flatten)]
        secret: PassphraseFile,
    },
    /// End the session.
    #[command(after_help = "Example:\n  passage-node logout")]
    Logout,
    /// The principles of data sharing: read, accept for this session, sign a change.
    #[command(
        subcommand,
        after_help = "Example:\n  passage-node principles show\n  passage-node principles accept --by \"M. Lopez, Researcher\""
    )]
    Principles(Principles),
}

/// Accounts.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Account {
    /// Make an account. The first one must be an admin; from then on every command needs a session.
    #[command(
        after_help = "Example:\n  passage-node account add maria --person \"Maria Lopez, IT\" --role admin --role auditor"
    )]
    Add {
        #[arg(value_parser = account::name)]
        name: String,
        /// Name and title of the person, as signatures and the audit chain show it.
        #[arg(long, value_name = "NAME", value_parser = person)]
        person: String,
        /// What she may do; can be given several times.
        #[arg(long, value_enum, required = true)]
        role: Vec<Role>,
        #[command(flatten)]
        secret: PassphraseFile,
        #[command(flatten)]
        by: By,
    },
    /// Accounts with their roles, and what stands out.
    #[command(after_help = "Example:\n  passage-node account list")]
    List,
    /// What each role may do.
    #[command(after_help = "Example:\n  passage-node account roles")]
    Roles,
    /// Give an account other roles; those named take the place of all it has.
    #[command(after_help = "Example:\n  passage-node account role maria --role clerk --role analyst")]
    Role {
        #[arg(value_parser = account::name)]
        name: String,
        #[arg(long, value_enum, required = true)]
        role: Vec<Role>,
        #[command(flatten)]
        by: By,
    },
    /// Change a passphrase; asks for the one before. Also when it has become too old to log in with.
    #[command(after_help = "Example:\n  passage-node account passphrase maria")]
    Passphrase {
        #[arg(value_parser = account::name)]
        name: String,
        #[command(flatten)]
        secret: PassphraseFile,
        /// Read the new one from this file, mode 0600 or 0400.
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Let logins ask for a one-time code of an authenticator app: your own, or, for an admin, those of another account.
    #[command(after_help = "Example:\n  passage-node account totp\n  passage-node account totp maria --off")]
    Totp {
        #[arg(value_parser = account::name)]
        name: Option<String>,
        /// Ask for no code any more.
        #[arg(long)]
        off: bool,
        #[command(flatten)]
        by: By,
    },
    /// Switch an account off; its sessions end at once.
    #[command(after_help = "Example:\n  passage-node account disable maria")]
    Disable {
        #[arg(value_parser = account::name)]
        name: String,
        #[command(flatten)]
        by: By,
    },
    /// Switch an account on again, and end its waiting after failed logins.
    #[command(after_help = "Example:\n  passage-node account enable maria")]
    Enable {
        #[arg(value_parser = account::name)]
        name: String,
        #[command(flatten)]
        by: By,
    },
    /// The list to look at every quarter: roles, last login, last review, what is overdue.
    #[command(
        after_help = "Example:\n  passage-node account review\n  passage-node account review --confirm"
    )]
    Review {
        /// Record that every line was looked at and is right.
        #[arg(long)]
        confirm: bool,
        #[command(flatten)]
        by: By,
    },
    /// Give an account a new passphrase when no admin can: for the owner of the state folder, while no daemon runs.
    #[command(after_help = "Example:\n  passage-node account reset maria")]
    Reset {
        #[arg(value_parser = account::name)]
        name: String,
        #[command(flatten)]
        secret: PassphraseFile,
    },
}

/// The principles.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Principles {
    /// The version in force, and what was proposed.
    #[command(after_help = "Example:\n  passage-node principles show")]
    Show,
    /// Accept the version in force, for this session: before any data or report is shown.
    #[command(after_help = "Example:\n  passage-node principles accept --by \"M. Lopez, Researcher\"")]
    Accept {
        #[command(flatten)]
        by: By,
        /// Refuse unless this version is in force.
        #[arg(long, value_name = "NUMBER")]
        version: Option<u16>,
    },
    /// Sign a proposed change in this member's name: for the top administrator or a designee.
    #[command(after_help = "Example:\n  passage-node principles sign --by \"A. Superintendent\"")]
    Sign {
        /// The document, by the beginning of its digest; needed if more than one is proposed.
        #[arg(long, value_name = "DIGEST")]
        document: Option<String>,
        #[command(flatten)]
        by: By,
    },
}

impl People {
    /// The command, without the secrets a person types.
    #[must_use]
    pub fn command(&self) -> Command {
        let none = Hidden::default;
        Command::People(match self {
            Self::Login { name, .. } => {
                PeopleCommand::Login { name: name.clone(), passphrase: none(), code: none(), token: none() }
            }
            Self::Logout => PeopleCommand::Logout,
            Self::Principles(Principles::Show) => PeopleCommand::PrinciplesShow,
            Self::Principles(Principles::Accept { by, version }) => {
                PeopleCommand::PrinciplesAccept { by: by.by.clone(), version: *version, token: none() }
            }
            Self::Principles(Principles::Sign { document, by }) => {
                PeopleCommand::PrinciplesSign { document: document.clone(), by: by.by.clone() }
            }
            Self::Account(verb) => verb.command(),
        })
    }

    /// The command with its secrets, which are asked for now.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a passphrase cannot be read.
    pub fn with_secrets(self) -> Result<Command, Failure> {
        let mut command = self.command();
        let Command::People(asked) = &mut command else { return Ok(command) };
        match (asked, self) {
            (PeopleCommand::Login { passphrase, code, token, .. }, Self::Login { secret, .. }) => {
                (*passphrase, *code) = typed_passphrase(secret.passphrase_file.as_deref())?;
                *token = new_token()?;
            }
            (PeopleCommand::PrinciplesAccept { token, .. }, _) => *token = new_token()?,
            (
                PeopleCommand::ChangePassphrase { before, code, new, .. },
                Self::Account(Account::Passphrase { secret, new_passphrase_file, .. }),
            ) => {
                (*before, *code) = typed_passphrase(secret.passphrase_file.as_deref())?;
                *new = new_passphrase(new_passphrase_file.as_deref())?;
            }
            (
                PeopleCommand::AccountAdd { passphrase, .. } | PeopleCommand::AccountReset { passphrase, .. },
                Self::Account(Account::Add { secret, .. } | Account::Reset { secret, .. }),
            ) => *passphrase = new_passphrase(secret.passphrase_file.as_deref())?,
            (_, _) => {}
        }
        Ok(command)
    }
}

impl Account {
    fn command(&self) -> PeopleCommand {
        let none = Hidden::default;
        match self {
            Self::Add { name, person, role, by, .. } => PeopleCommand::AccountAdd {
                name: name.clone(),
                person: person.clone(),
                roles: role.clone(),
                passphrase: none(),
                by: by.by.clone(),
            },
            Self::List => PeopleCommand::AccountList,
            Self::Roles => PeopleCommand::AccountRoles,
            Self::Role { name, role, by } => {
                PeopleCommand::AccountRole { name: name.clone(), roles: role.clone(), by: by.by.clone() }
            }
            Self::Passphrase { name, .. } => PeopleCommand::ChangePassphrase {
                name: name.clone(),
                before: none(),
                code: none(),
                new: none(),
            },
            Self::Totp { name, off, by } => PeopleCommand::SwitchCodes {
                name: name.clone(),
                codes: if *off { Codes::Off } else { Codes::On },
                by: by.by.clone(),
            },
            Self::Disable { name, by } => {
                PeopleCommand::AccountDisable { name: name.clone(), by: by.by.clone() }
            }
            Self::Enable { name, by } => {
                PeopleCommand::AccountEnable { name: name.clone(), by: by.by.clone() }
            }
            Self::Review { confirm: false, .. } => PeopleCommand::AccountReview,
            Self::Review { confirm: true, by } => PeopleCommand::AccountReviewConfirm { by: by.by.clone() },
            Self::Reset { name, .. } => {
                PeopleCommand::AccountReset { name: name.clone(), passphrase: none() }
            }
        }
    }
}
