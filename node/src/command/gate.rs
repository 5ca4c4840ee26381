//! The gate every command passes, in the daemon and in a process of its own alike: session, role, principles, the name of the
//! person, the second person.

use passage_protocol::ids::Digest;
use passage_shell::{control::Answer, failure::Failure};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Command, Node, PeopleCommand,
    needs::{Needs, Principles, Who, decided_by, needs},
};
use crate::{
    home::{Home, refuse},
    people::{
        account::Account,
        hidden::Hidden,
        request::{Second, WAITS_DAYS, needs_accounts},
        role::{Role, Roles},
        session::Live,
    },
    releases::council::views_approved,
};

/// The name that stands for the person of the session: the default of `--by`.
pub const OF_SESSION: &str = "-";

/// A command and the session it is given in, as it travels to the daemon.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Asked {
    /// The token of the session, if the person has one.
    pub session: Option<Hidden>,
    /// The command.
    pub command: Command,
}

/// Who holds the roles.
#[derive(Clone, Copy, Eq, PartialEq)]
enum RuledBy {
    /// People with accounts.
    Accounts,
    /// Whoever owns the state folder: there is no account yet.
    FolderOwner,
}

/// What became of a command at the gate.
pub(super) enum Admitted {
    /// It waits for a second person.
    Waits(Answer),
    /// It runs.
    Runs {
        /** With the name of the person who decides. */
        command: Box<Command>,
        /** The session it was given in. */
        live: Option<Box<Live>>,
        /** The request of a first person it carries out. */
        confirms: Option<Digest>,
    },
}

/// Judges a command.
///
/// # Errors
///
/// [`Failure`] with the rule that refuses.
pub(super) fn admit(node: &Node, asked: Asked) -> Result<Admitted, Failure> {
    let home = node.home.as_ref();
    let Asked { session, mut command } = asked;
    let Needs { who, principles, second } = needs(&command);
    let ruled_by = if home.has_accounts()? { RuledBy::Accounts } else { RuledBy::FolderOwner };
    let live = match &session {
        Some(token) => home.live_session(token)?,
        None => None,
    };
    match who {
        Who::Anybody => {}
        Who::FolderOwner if node.driver.is_some() => return Err(daemon_runs()),
        Who::FolderOwner => {}
        Who::Session(roles) if ruled_by == RuledBy::Accounts => {
            let account = require_role(session.as_ref(), live.as_ref(), roles)?;
            require_approved(home, account, roles, &command)?;
        }
        Who::Session(_) => {}
    }
    if principles == Principles::Accepted {
        require_accepted(home, live.as_ref())?;
    }
    name_the_person(&mut command, ruled_by, live.as_ref(), who)?;
    if let Some(live) = &live {
        home.touch(live)?;
    }
    let mut confirms = None;
    if let Some(act) = second.filter(|act| home.settings.two_person.contains(act)) {
        let account = live.as_ref().and_then(|live| live.account.as_ref());
        let account = account.ok_or_else(|| needs_accounts(act))?;
        let mut nameless = command.clone();
        if let Some(by) = decided_by(&mut nameless) {
            OF_SESSION.clone_into(by);
        }
        let bytes = serde_json::to_vec(&nameless).map_err(|_| Failure::other_version())?;
        match home.second_person(act, &bytes, account)? {
            Second::Confirms(key) => confirms = Some(key),
            Second::Waits => return Ok(Admitted::Waits(waits(&account.person))),
        }
    }
    Ok(Admitted::Runs { command: Box::new(command), live: live.map(Box::new), confirms })
}

fn require_role<'a>(
    token: Option<&Hidden>,
    live: Option<&'a Live>,
    roles: Roles,
) -> Result<&'a Account, Failure> {
    let Some(account) = live.and_then(|live| live.account.as_ref()) else {
        return Err(match token {
            Some(_) => refuse(
                0x2302,
                "the session has ended, expected one that is open",
                "Log in again with `login NAME`.",
                Some("G12"),
            ),
            None => refuse(
                0x2301,
                "no session is open, and this command needs one",
                "Log in with `login NAME`.",
                Some("G12"),
            ),
        });
    };
    if account.roles.meets(roles) {
        return Ok(account);
    }
    let (held, expected) = (account.roles.words(), roles.words().replace(' ', ", "));
    Err(refuse(
        0x2303,
        &format!("this needs one of the roles {expected}; {} has {held}", account.name),
        "Ask somebody with the role, or an admin to give it to you; `account roles` shows what each role may do.",
        Some(if roles.meets(ROWS_OR_REPORTS) { "G18" } else { "G12" }),
    ))
}

/// Of releases, whoever comes in through the council alone sees those that every member has approved (G21).
fn require_approved(home: &Home, account: &Account, roles: Roles, command: &Command) -> Result<(), Failure> {
    let others = Role::ALL.into_iter().filter(|role| *role != Role::Council);
    let otherwise = others.into_iter().any(|role| account.roles.has(role) && roles.has(role));
    if otherwise || !matches!(command, Command::Release(_)) || views_approved(home, command)? {
        return Ok(());
    }
    Err(refuse(
        0x2322,
        "the council sees releases that every member has approved, and this one is not",
        "`release list --approved` shows those that are.",
        Some("G21"),
    ))
}

/// Roles that see rows, and roles that see aggregates (G18).
const ROWS_OR_REPORTS: Roles = Roles::of(&[Role::Analyst, Role::Reader, Role::Council]);

fn require_accepted(home: &Home, live: Option<&Live>) -> Result<(), Failure> {
    let in_force = home.principles_in_force()?.edition();
    if live.is_some_and(|live| live.session.accepted == Some(in_force.digest)) {
        return Ok(());
    }
    Err(refuse(
        0x2300,
        &format!(
            "version {} of the principles of data sharing has not been accepted in this session, and this shows data or reports",
            in_force.version
        ),
        "Read them with `principles show`, then accept them with `principles accept --by \"NAME, TITLE\"`.",
        Some("G05"),
    ))
}

/// With accounts a decision is the decision of the session's person; without, of whom `--by` names.
fn name_the_person(
    command: &mut Command,
    ruled_by: RuledBy,
    live: Option<&Live>,
    who: Who,
) -> Result<(), Failure> {
    let first = if let Command::People(PeopleCommand::AccountAdd { person, .. }) = command {
        Some(person.clone())
    } else {
        None
    };
    let Some(by) = decided_by(command) else { return Ok(()) };
    let person = live.map(|live| live.session.person.clone());
    let unnamed = by == OF_SESSION;
    match person {
        Some(person) if unnamed => *by = person,
        Some(person) if ruled_by == RuledBy::Accounts && *by != person && who != Who::Anybody => {
            return Err(refuse(
                0x2305,
                "`--by` names another person than the one who has logged in",
                "Leave `--by` away: the person of the session decides. Somebody else logs in first.",
                Some("G12"),
            ));
        }
        Some(_) => {}
        None if unnamed => match first {
            Some(person) => *by = person,
            None if who == Who::Anybody => OWNER.clone_into(by),
            None => {
                return Err(refuse(
                    0x2304,
                    "nobody is named who decides, expected a name and title",
                    "Add --by \"NAME, TITLE\": the audit chain shows who decided.",
                    Some("G12"),
                ));
            }
        },
        None => {}
    }
    Ok(())
}

/// Who is named if somebody halts everything without a word (L4).
const OWNER: &str = "somebody at this node";

fn waits(person: &str) -> Answer {
    Answer {
        text: format!(
            "nothing is done yet: kept as a request of {person}. It is carried out when another person with the role gives the same command within {WAITS_DAYS} days"
        ),
        json: json!({ "waits_for_second_person": true, "days": WAITS_DAYS }),
    }
}

fn daemon_runs() -> Failure {
    refuse(
        0x2317,
        "an account is reset by the owner of the state folder while no daemon runs, and one runs",
        "Stop the daemon, repeat the command under the account that owns the folder, and start the daemon again.",
        Some("G12"),
    )
}
