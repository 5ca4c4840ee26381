//! What a reader may do who sees approved aggregates and nothing else, such as a regional learning council (G21).

use passage_shell::failure::Failure;

use crate::{
    command::{Command, ReleaseCommand},
    home::Home,
};
use passage_protocol::release::Standing;

/// True if a command only looks at approved releases: the list of them, one of them, its file. Whoever is given no more than
/// this sees no report, no proposal, no record.
///
/// # Errors
///
/// [`Failure`] if the store is damaged, or no release has the name.
pub fn views_approved(home: &Home, command: &Command) -> Result<bool, Failure> {
    let approved = |id: &str| {
        let held = home.release(id)?;
        Ok(matches!(held.standing(home.now()), Standing::Approved { .. }))
    };
    let Command::Release(command) = command else { return Ok(false) };
    match command {
        ReleaseCommand::List { approved } => Ok(*approved),
        ReleaseCommand::Show { id, .. } | ReleaseCommand::Export { id, .. } => approved(id),
        ReleaseCommand::Verify { .. } => Ok(true),
        ReleaseCommand::Approve { .. }
        | ReleaseCommand::Comment { .. }
        | ReleaseCommand::Propose { .. }
        | ReleaseCommand::Refuse { .. } => Ok(false),
    }
}
