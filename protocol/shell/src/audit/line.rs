//! A signed checkpoint as one line of JSON, in the files of this folder and in those that members exchange.

use std::io::{BufRead, BufReader, Read};

use passage_protocol::{
    checkpoint::{BODIES_MAX, Checkpoint, Head, LogOwner, Statement},
    codec::{Decode, Encode},
    ids::Digest,
    signing::{Signature, Signed, VerifyingKey},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{AuditError, error::fault};

/// Bytes of one line: the digests of a whole step in hexadecimal, and a kibibyte for the rest.
pub(super) const LINE_BYTES_MAX: usize = 64 * BODIES_MAX + 1_024;
/// First line of an exported file.
pub(super) const FORMAT: &str = "passage-checkpoints/1";

/// A signed checkpoint as one line of JSON. The signature is over the codec form (SPEC §20) of the fields up to `at`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the fields of `Checkpoint`, with the key and the signature beside them
pub struct Line {
    pub owner: String,
    pub peer: String,
    pub from_number: u64,
    pub from_head: String,
    pub number: u64,
    pub head: String,
    pub length: u64,
    pub peer_number: u64,
    pub peer_head: String,
    pub at: u64,
    pub key: String,
    pub signature: String,
    pub bodies: String,
}

impl Line {
    /// The line of a statement whose signature verifies under `key`.
    #[must_use]
    pub fn of(statement: &Statement, key: &VerifyingKey) -> Self {
        let Checkpoint { owner, peer, from, head, length, held, at } = *statement.checkpoint.value();
        Self {
            owner: owner.to_string(),
            peer: peer.to_string(),
            from_number: from.number,
            from_head: from.digest.to_string(),
            number: head.number,
            head: head.digest.to_string(),
            length,
            peer_number: held.number,
            peer_head: held.digest.to_string(),
            at: at.0,
            key: key.to_string(),
            signature: hexadecimal(&statement.checkpoint.signature().0),
            bodies: statement.bodies.iter().map(ToString::to_string).collect(),
        }
    }

    /// The statement and its key, if the line is whole, the signature verifies and the bodies lead from head to head.
    #[must_use]
    pub fn read(&self) -> Option<(Statement, VerifyingKey)> {
        let head = |number, digest: &str| Digest::parse(digest).map(|digest| Head { number, digest });
        let checkpoint = Checkpoint {
            owner: LogOwner::parse(&self.owner)?,
            peer: LogOwner::parse(&self.peer)?,
            from: head(self.from_number, &self.from_head)?,
            head: head(self.number, &self.head)?,
            length: self.length,
            held: head(self.peer_number, &self.peer_head)?,
            at: Timestamp(self.at),
        };
        let key = VerifyingKey::parse(&self.key)?;
        let (first, second) = self.signature.split_at_checked(64)?;
        let mut signature = [0; 64];
        for (byte, from) in
            signature.iter_mut().zip(Digest::parse(first)?.0.iter().chain(&Digest::parse(second)?.0))
        {
            *byte = *from;
        }
        let mut bytes = checkpoint.to_bytes().to_bytes();
        Signature(signature).encode(&mut bytes);
        let signed = Signed::<Checkpoint>::from_bytes(&bytes).ok()?;
        let digits = self.bodies.as_bytes();
        let body = |digits: &[u8]| Digest::parse(core::str::from_utf8(digits).ok()?);
        let bodies: Vec<Digest> = digits.chunks(64).map(body).collect::<Option<_>>()?;
        let statement = Statement { checkpoint: signed, bodies };
        statement.read(&key, checkpoint.owner, checkpoint.peer).is_ok().then_some((statement, key))
    }
}

/// Hands every line of a file to `visit` with its number, `first` for the first. A torn last line is passed over.
pub(super) fn each_line(
    file: impl Read,
    first: u64,
    mut visit: impl FnMut(u64, &Statement, &VerifyingKey) -> Result<(), AuditError>,
) -> Result<(), AuditError> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in first.. {
        line.clear();
        let mut limited = reader.by_ref().take(LINE_BYTES_MAX as u64);
        limited.read_until(b'\n', &mut line).map_err(|e| fault(&e))?;
        let Some((b'\n', text)) = line.split_last() else { break };
        let damaged = AuditError::CheckpointDamaged { line: number };
        let (statement, key) = parsed(text).ok_or(damaged)?;
        visit(number, &statement, &key)?;
    }
    Ok(())
}

pub(super) fn parsed(line: &[u8]) -> Option<(Statement, VerifyingKey)> {
    serde_json::from_slice::<Line>(line).ok()?.read()
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
