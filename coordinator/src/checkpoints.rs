//! The coordinator's side of the exchange about audit logs (C6, SPEC §20): it states its own log after what a member holds of
//! it, and takes the member's only as a continuation of what it holds.

use passage_protocol::{
    checkpoint::{CheckpointCall, LogOwner, Told},
    codec::{Decode, Encode},
    ids::MemberCode,
    refusal::Refusal,
    timestamp::Timestamp,
};
use passage_shell::audit::{Act, AuditError};

use crate::{
    app::App,
    error::CoordinatorError,
    records::{MEMBERS, Member},
};

/// Answers a member about the two logs.
///
/// # Errors
///
/// [`CoordinatorError::Audit`] for a member's log that does not continue what is held of it: recorded, and kept as proof.
pub fn answer(
    app: &App,
    code: MemberCode,
    call: CheckpointCall,
    now: Timestamp,
) -> Result<Vec<u8>, CoordinatorError> {
    let member = LogOwner::Member(code);
    let statement = match call {
        CheckpointCall::Ask { held } => {
            let statement = app.checkpoints.state(app.audit_end(), member, held, app.signing_key())?;
            return Ok(Told { key: app.verifying_key(), statement }.to_bytes());
        }
        CheckpointCall::Tell(statement) => *statement,
    };
    let key = app.kept::<Member>(MEMBERS, &code)?.ok_or(CoordinatorError::MemberUnknown)?.signing_key;
    match app.checkpoints.accept(member, &key, &statement) {
        Ok(_) => Ok(Vec::new()),
        Err(AuditError::Fault(fault)) if fault.condemns() => {
            app.record(now, &Act::ForkFound { log: member, code: fault.code() })?;
            app.checkpoints.refuse(member, &statement, &key, fault)?;
            tracing::error!(member = %code, fault = %fault, "the audit log of a member was refused");
            Err(AuditError::Fault(fault).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Reads a member's request.
///
/// # Errors
///
/// [`CoordinatorError::Codec`].
pub fn read(body: &[u8]) -> Result<CheckpointCall, CoordinatorError> {
    Ok(CheckpointCall::from_bytes(body)?)
}

#[cfg(test)]
mod tests;
