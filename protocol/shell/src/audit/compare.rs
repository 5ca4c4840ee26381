//! Two copies of what was signed about the same logs, held against each other: what two members do to see whether the
//! coordinator showed both the same log. And the own log, held against what this side signed.
//!
//! A statement fixes a head at every number it leads over, not only at its ends, so two copies can be compared wherever
//! they overlap, whatever the hours at which the two members asked. What it finds convinces a third party: it needs the
//! two statements named here and the rule of SPEC §20, no trust in either member.
//!
//! Reads both files twice, a line at a time; keeps half a kibibyte for each checkpoint.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use passage_protocol::{
    checkpoint::{Checkpoint, Head, LogOwner, Statement},
    ids::Digest,
    signing::{Signed, VerifyingKey},
};

use super::{
    AuditError, Checkpoints, Entry,
    chain::{self, End},
    error::fault,
    line::{FORMAT, each_line},
};

/// What the comparison of two copies shows about one log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The copies cannot both come from one log that only grew.
    Forked(Box<Proof>),
    /// The copies are signed with different keys: one of the two is not the owner's.
    OtherKey {
        /** The key in this copy. */
        mine: VerifyingKey,
        /** The key in the other. */
        theirs: VerifyingKey,
    },
    /// Both show the same log wherever they overlap.
    Same {
        /** Heads that one copy was signed for and the other has too. */
        heads: u64,
    },
}

/// Two signed statements that contradict each other, and the key of both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proof {
    /// How.
    pub conflict: Conflict,
    /// From this copy.
    pub mine: Signed<Checkpoint>,
    /// From the other.
    pub theirs: Signed<Checkpoint>,
    /// Who signed.
    pub key: VerifyingKey,
}

/// How two statements contradict each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Conflict {
    /// A later statement knows of fewer entries.
    Shortened {
        /** Entries then. */
        before: u64,
        /** Entries later. */
        after: u64,
    },
    /// Two heads for one number.
    TwoHeads {
        /** The number. */
        number: u64,
        /** As this copy has it. */
        mine: Digest,
        /** As the other has it. */
        theirs: Digest,
    },
}

/// The other copy, as exported by its holder.
#[derive(Debug)]
pub struct Copy<'a> {
    path: &'a Path,
    /// Who exported it.
    pub holder: LogOwner,
}

impl<'a> Copy<'a> {
    /// Opens an exported file.
    ///
    /// # Errors
    ///
    /// [`AuditError::CheckpointDamaged`] if its first line is not that of such a file.
    pub fn open(path: &'a Path) -> Result<Self, AuditError> {
        let damaged = AuditError::CheckpointDamaged { line: 1 };
        let mut line = String::new();
        let file = File::open(path).map_err(|e| fault(&e))?;
        BufReader::new(file.take(1_024)).read_line(&mut line).map_err(|_| damaged)?;
        let header: serde_json::Value = serde_json::from_str(&line).map_err(|_| damaged)?;
        let text = |key| header.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
        if text("format") != FORMAT {
            return Err(damaged);
        }
        Ok(Self { path, holder: LogOwner::parse(text("holder")).ok_or(damaged)? })
    }

    fn each(
        &self,
        owner: LogOwner,
        mut visit: impl FnMut(&Statement, &VerifyingKey) -> Result<(), AuditError>,
    ) -> Result<(), AuditError> {
        let mut reader = BufReader::new(File::open(self.path).map_err(|e| fault(&e))?);
        reader.read_line(&mut String::new()).map_err(|_| AuditError::CheckpointDamaged { line: 1 })?;
        each_line(reader, 2, |_, statement, key| match statement.checkpoint.value().owner == owner {
            true => visit(statement, key),
            false => Ok(()),
        })
    }
}

/// Compares what is held here of `owner`'s log, refused statements too, with the other copy.
///
/// # Errors
///
/// [`AuditError::CheckpointDamaged`] names the first line that is no signed statement, of either copy.
pub fn compare(mine: &Checkpoints, owner: LogOwner, theirs: &Copy<'_>) -> Result<Verdict, AuditError> {
    let (mut here, mut there) = (Claims::default(), Claims::default());
    each_of_mine(mine, owner, |statement, key| here.add(statement, key))?;
    theirs.each(owner, |statement, key| {
        there.add(statement, key);
        Ok(())
    })?;
    let (Some(key), Some(other)) = (here.key, there.key) else { return Ok(Verdict::Same { heads: 0 }) };
    if key != other {
        return Ok(Verdict::OtherKey { mine: key, theirs: other });
    }
    let (mut heads, mut found) = (0, shortened(&here, &there));
    each_of_mine(mine, owner, |statement, _| {
        walk(statement, &there, &mut heads, |number, digest, claim| {
            let conflict = Conflict::TwoHeads { number, mine: digest, theirs: claim.0 };
            let (mine, theirs) = (statement.checkpoint.clone(), claim.1.clone());
            found.get_or_insert(Proof { conflict, mine, theirs, key });
        });
    })?;
    theirs.each(owner, |statement, _| {
        walk(statement, &here, &mut heads, |number, digest, claim| {
            let conflict = Conflict::TwoHeads { number, mine: claim.0, theirs: digest };
            let (mine, theirs) = (claim.1.clone(), statement.checkpoint.clone());
            found.get_or_insert(Proof { conflict, mine, theirs, key });
        });
        Ok(())
    })?;
    Ok(found.map_or(Verdict::Same { heads }, |proof| Verdict::Forked(Box::new(proof))))
}

fn each_of_mine(
    mine: &Checkpoints,
    owner: LogOwner,
    mut visit: impl FnMut(&Statement, &VerifyingKey),
) -> Result<(), AuditError> {
    mine.each(owner, |statement, key| {
        visit(statement, key);
        Ok(())
    })?;
    for fork in mine.forks()? {
        if let Some((statement, key)) = fork.seen.read()
            && statement.checkpoint.value().owner == owner
        {
            visit(&statement, &key);
        }
    }
    Ok(())
}

/// The ends of every statement of one copy.
#[derive(Default)]
struct Claims {
    key: Option<VerifyingKey>,
    heads: BTreeMap<u64, (Digest, Signed<Checkpoint>)>,
    statements: Vec<Signed<Checkpoint>>,
}

impl Claims {
    fn add(&mut self, statement: &Statement, key: &VerifyingKey) {
        let signed = &statement.checkpoint;
        for head in [signed.value().from, signed.value().head] {
            if head != Head::EMPTY {
                self.heads.entry(head.number).or_insert_with(|| (head.digest, signed.clone()));
            }
        }
        self.key.get_or_insert(*key);
        self.statements.push(signed.clone());
    }
}

/// Holds every head a statement leads over against the other copy's claims.
fn walk(
    statement: &Statement,
    claims: &Claims,
    heads: &mut u64,
    mut differs: impl FnMut(u64, Digest, &(Digest, Signed<Checkpoint>)),
) {
    let from = statement.checkpoint.value().from;
    for head in std::iter::once(from).chain(statement.heads(from)) {
        if let Some(claim) = claims.heads.get(&head.number) {
            *heads += 1;
            if claim.0 != head.digest {
                differs(head.number, head.digest, claim);
            }
        }
    }
}

/// A statement of one copy that is later than one of the other and knows of fewer entries.
fn shortened(here: &Claims, there: &Claims) -> Option<Proof> {
    let longest = |claims: &Claims| claims.statements.iter().max_by_key(|one| one.value().length).cloned();
    let key = here.key?;
    let (most, most_there) = (longest(here)?, longest(there)?);
    let after = |most: &Signed<Checkpoint>, claims: &Claims| {
        let short = |one: &&Signed<Checkpoint>| {
            one.value().at > most.value().at && one.value().length < most.value().length
        };
        claims.statements.iter().find(short).cloned()
    };
    let conflict = |before: &Signed<Checkpoint>, after: &Signed<Checkpoint>| Conflict::Shortened {
        before: before.value().length,
        after: after.value().length,
    };
    if let Some(later) = after(&most, there) {
        return Some(Proof { conflict: conflict(&most, &later), mine: most, theirs: later, key });
    }
    let later = after(&most_there, here)?;
    Some(Proof { conflict: conflict(&most_there, &later), mine: later, theirs: most_there, key })
}

/// Checks the own log in full against every own checkpoint.
///
/// # Errors
///
/// [`AuditError::Broken`], [`AuditError::NotAsSigned`].
pub fn verify_own(
    log: &Path,
    checkpoints: &Checkpoints,
    mut visit: impl FnMut(&Entry),
) -> Result<(End, u64), AuditError> {
    // 40 bytes for each head that was ever signed: some hundred thousand in ten years.
    let mut signed: Vec<Head> = Vec::new();
    checkpoints.each_own(|checkpoint| signed.push(checkpoint.head))?;
    let mut waiting = signed.iter().peekable();
    let mut differs = None;
    let end = chain::verify(log, |entry| {
        while let Some(head) = waiting.next_if(|head| head.number <= entry.number) {
            if head.digest.to_string() != entry.digest && differs.is_none() {
                differs = Some(head.number);
            }
        }
        visit(entry);
    })?;
    match differs.or(waiting.next().map(|head| head.number)) {
        Some(number) => Err(AuditError::NotAsSigned { number }),
        None => Ok((end, signed.len() as u64)),
    }
}

#[cfg(test)]
mod tests;
