//! The node's side of the exchange about audit logs (C6, SPEC §20): it asks for the coordinator's log, takes it only as a
//! continuation of what it holds, and tells of its own. A log that contradicts what was signed is kept as proof, and no
//! round goes on until a person has looked.
//!
//! Every accepted statement is on disk before anything is done because of it.

use std::{sync::Arc, time::Duration};

use passage_protocol::{
    checkpoint::{CheckpointCall, CheckpointFault, Head, LogOwner, Statement, Told},
    codec::{Decode, Encode},
    refusal::{Code, Refusal},
    signing::VerifyingKey,
    wire::service::kind,
};
use passage_shell::{
    audit::{Act, AuditError},
    control::Answer,
    failure::Failure,
    transport::TransportError,
};
use serde_json::json;

use crate::{
    home::Home,
    uplink::{Uplink, blocking},
};

/// Longest between two exchanges while connected: what the coordinator could rewrite unseen is an hour of its log. An
/// exchange without news is 400 bytes.
pub const EXCHANGE_EVERY: Duration = Duration::from_secs(3_600);
/// Longest a stopping daemon waits for its last exchange: a few round trips on a slow line.
pub const LAST_EXCHANGE: Duration = Duration::from_secs(3);

/// Why an exchange came to nothing.
#[derive(Debug)]
pub enum NoExchange {
    /// The network, or a disk on either side: to be tried again.
    Later(Failure),
    /// A log or a key was refused, here or there.
    Refused(Code, Failure),
}

impl From<NoExchange> for Failure {
    fn from(none: NoExchange) -> Self {
        match none {
            NoExchange::Later(failure) | NoExchange::Refused(_, failure) => failure,
        }
    }
}

impl From<Failure> for NoExchange {
    fn from(failure: Failure) -> Self {
        let code = failure.number();
        if is_of_logs(code) { Self::Refused(code, failure) } else { Self::Later(failure) }
    }
}

/// S1041 and S1045 to S104F: faults of a log, not of a disk (SPEC §20).
fn is_of_logs(code: Code) -> bool {
    let broken = AuditError::Broken { number: 0, part: "" }.code();
    code == broken || (0x1045..=0x104F).contains(&code.0)
}

impl From<TransportError> for NoExchange {
    fn from(error: TransportError) -> Self {
        match &error {
            // Also a coordinator that does not know the question: it cannot be one of this version.
            TransportError::Refused(refused) if refused.code >> 12 != 1 || is_of_logs(Code(refused.code)) => {
                Self::Refused(Code(refused.code), error.into())
            }
            TransportError::Refused(_)
            | TransportError::Closed
            | TransportError::Handshake
            | TransportError::Malformed { .. }
            | TransportError::Pki(_)
            | TransportError::Shelf(_)
            | TransportError::Socket { .. }
            | TransportError::TimedOut { .. }
            | TransportError::TooLarge { .. }
            | TransportError::Unreachable => Self::Later(error.into()),
        }
    }
}

/// Exchanges checkpoints with the coordinator, step by step until each side holds the other's whole log.
///
/// # Errors
///
/// [`NoExchange`].
pub async fn exchange(uplink: &Uplink) -> Result<(), NoExchange> {
    let _one_at_a_time = uplink.exchanging.lock().await;
    let home = Arc::clone(uplink.home());
    let told = loop {
        let asking = Arc::clone(&home);
        let held = blocking(move || {
            asking.checkpoints.require_no_fork()?;
            Ok(asking.checkpoints.held(LogOwner::Coordinator)?.head)
        });
        let body = CheckpointCall::Ask { held: held.await? }.to_bytes();
        let answer = uplink.call(kind::CHECKPOINT, &body).await?;
        let told = Told::from_bytes(&answer).map_err(Failure::from)?;
        let taking = Arc::clone(&home);
        let told = blocking(move || taking.take_checkpoint(&told).map(|()| told)).await?;
        let checkpoint = told.statement.checkpoint.value();
        if checkpoint.head.number == checkpoint.length {
            break told;
        }
    };
    let mut theirs = told.statement.checkpoint.value().held;
    while theirs != home.audit_end().head {
        let (telling, heard) = (Arc::clone(&home), told.clone());
        let statement = blocking(move || telling.own_checkpoint(theirs, &heard)).await?;
        let reached = statement.checkpoint.value().head;
        uplink.call(kind::CHECKPOINT, &CheckpointCall::Tell(Box::new(statement)).to_bytes()).await?;
        theirs = reached;
    }
    Ok(())
}

impl Home {
    /// Takes the coordinator's statement about its log.
    fn take_checkpoint(&self, told: &Told) -> Result<(), Failure> {
        let Told { key, statement } = told;
        match self.pinned_key()? {
            None => self.pin_key(Some(*key))?,
            Some(pinned) if pinned == *key => {}
            Some(_) => {
                return Err(self.found_fork(
                    LogOwner::Coordinator,
                    statement,
                    key,
                    CheckpointFault::KeyChanged,
                ));
            }
        }
        match self.checkpoints.accept(LogOwner::Coordinator, key, statement) {
            Ok(_) => Ok(()),
            Err(AuditError::Fault(fault)) if fault.condemns() => {
                Err(self.found_fork(LogOwner::Coordinator, statement, key, fault))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// States this log after `theirs`, which the coordinator says it holds: it must be a head of this log.
    fn own_checkpoint(&self, theirs: Head, told: &Told) -> Result<Statement, Failure> {
        let end = self.audit_end();
        let statement = self.checkpoints.state(end, LogOwner::Coordinator, theirs, &self.signing_key)?;
        if statement.checkpoint.value().from == theirs {
            return Ok(statement);
        }
        let fault = CheckpointFault::OwnLogDiffers { number: theirs.number };
        Err(self.found_fork(self.checkpoints.me(), &told.statement, &told.key, fault))
    }

    /// Records and keeps a refused log; the failure to report is the refusal itself unless that could not be done.
    fn found_fork(
        &self,
        log: LogOwner,
        statement: &Statement,
        key: &VerifyingKey,
        fault: CheckpointFault,
    ) -> Failure {
        tracing::error!(%log, %fault, "an audit log was refused");
        let kept = self
            .record(&Act::ForkFound { log, code: fault.code() })
            .and_then(|_| Ok(self.checkpoints.refuse(log, statement, key, fault)?));
        kept.err().unwrap_or_else(|| fault.into())
    }

    /// Refuses to go on with rounds while a refused log awaits a person (C6).
    ///
    /// # Errors
    ///
    /// [`Failure`] S104D names the log.
    pub fn require_no_fork(&self) -> Result<(), Failure> {
        Ok(self.checkpoints.require_no_fork()?)
    }

    /// A person has looked at a refused log: rounds go on, the proof is kept.
    ///
    /// # Errors
    ///
    /// [`Failure`] if none was refused.
    pub fn acknowledge_fork(&self, log: &str, by: &str) -> Result<Answer, Failure> {
        let owner = LogOwner::parse(log).ok_or_else(|| {
            Failure::usage(
                format!("{log} is no owner of a log, expected coordinator or a member's code"),
                "See `doctor`.",
            )
        })?;
        let forks = self.checkpoints.forks()?;
        let changed = CheckpointFault::KeyChanged.code().0;
        let key_changed = forks.iter().any(|fork| fork.log == log && fork.code == changed);
        self.recorded(&Act::ForkAcknowledged { log: owner, by }, || {
            if key_changed {
                self.pin_key(None)?;
            }
            Ok(self.checkpoints.acknowledge(owner)?)
        })?;
        Ok(Answer {
            text: format!(
                "acknowledged by {by}; the log of {owner} is followed anew from its first entry, the proof is kept"
            ),
            json: json!({ "log": owner.to_string(), "acknowledged": true }),
        })
    }
}
