//! Who has signed a change of the principles (G06). Signatures reach a member through the coordinator, which could leave some
//! out, repeat those of another document, or make some up: only what the named member's own key signed, for these bytes, counts.

use super::{Known, PrinciplesChange, PrinciplesError};
use crate::{
    codec_struct,
    ids::{Digest, MemberCode},
    signing::{SignatureKind, Signed},
    timestamp::Timestamp,
};

/// A member's signature on a change of the principles (kind 14).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PrinciplesSignature {
    /// Digest of the document's bytes.
    pub document: Digest,
    /// The member.
    pub member: MemberCode,
    /// Who signed, one of the member's signers.
    pub signer: String,
    /// When.
    pub at: Timestamp,
}
codec_struct!(PrinciplesSignature { document, member, signer, at });

/// The signatures known under one change: verified, only ever growing.
#[derive(Clone, Debug)]
pub struct SignatureRecord {
    document: Digest,
    signatures: Vec<Signed<PrinciplesSignature>>,
}

impl SignatureRecord {
    /// The record of a change nobody has signed.
    #[must_use]
    pub fn new(document: Digest) -> Self {
        Self { document, signatures: Vec::new() }
    }

    /// Takes a signature in; true if it is the member's first.
    ///
    /// # Errors
    ///
    /// [`PrinciplesError::NotItsOwn`], [`PrinciplesError::NotASigner`]; the record is as before.
    ///
    /// # Cost
    ///
    /// One signature check, about 45 µs, unless it is known.
    pub fn take(
        &mut self,
        change: &PrinciplesChange,
        signed: &Signed<PrinciplesSignature>,
    ) -> Result<bool, PrinciplesError> {
        if self.signatures.contains(signed) {
            return Ok(false);
        }
        let code = signed.value().member;
        let member = change.member(code).ok_or(PrinciplesError::NotItsOwn { code })?;
        let said = signed
            .verify(SignatureKind::Principles, None, &member.signing_key)
            .map_err(|_| PrinciplesError::NotItsOwn { code })?;
        if said.document != self.document {
            return Err(PrinciplesError::NotItsOwn { code });
        }
        if !member.signers.iter().any(|signer| signer.name == said.signer) {
            return Err(PrinciplesError::NotASigner { code });
        }
        let first = self.signature(code).is_none();
        if first {
            self.signatures.push(signed.clone());
        }
        Ok(first)
    }

    /// A member's signature.
    #[must_use]
    pub fn signature(&self, member: MemberCode) -> Option<&PrinciplesSignature> {
        self.signatures.iter().map(Signed::value).find(|said| said.member == member)
    }

    /// Everything taken in.
    #[must_use]
    pub fn signatures(&self) -> &[Signed<PrinciplesSignature>] {
        &self.signatures
    }

    /// Whether every member the change names has signed it.
    ///
    /// # Errors
    ///
    /// [`PrinciplesError::NotUnanimous`] with how many have.
    pub fn unanimous(&self, change: &PrinciplesChange) -> Result<(), PrinciplesError> {
        let has = |code| self.signature(code).is_some();
        let signed = change.members.iter().filter(|member| has(member.code)).count();
        if signed == change.members.len() {
            return Ok(());
        }
        Err(PrinciplesError::NotUnanimous { signed, members: change.members.len() })
    }

    /// Whether the change takes force here and now: unanimous, by people whom the agreements known here name, with every
    /// party of those agreements among the members, and in the place of what is in force.
    ///
    /// # Errors
    ///
    /// The first [`PrinciplesError`]; the version before then stays in force.
    pub fn takes_force(&self, change: &PrinciplesChange, known: &Known<'_>) -> Result<(), PrinciplesError> {
        change.may_take_force(known)?;
        self.unanimous(change)?;
        let stranger = self.signatures.iter().map(Signed::value);
        match stranger.into_iter().find(|said| !known.lets_sign(said.member, &said.signer)) {
            Some(said) => Err(PrinciplesError::NotASigner { code: said.member }),
            None => Ok(()),
        }
    }

    /// Whether that person may sign the change for that member here: the document and the agreements name her.
    ///
    /// # Errors
    ///
    /// The first [`PrinciplesError`].
    pub fn may_sign(
        change: &PrinciplesChange,
        known: &Known<'_>,
        code: MemberCode,
        name: &str,
    ) -> Result<(), PrinciplesError> {
        change.may_be_signed(known)?;
        let member = change.member(code).ok_or(PrinciplesError::MemberMissing { code })?;
        let named = member.signers.iter().any(|signer| signer.name == name) && known.lets_sign(code, name);
        if named { Ok(()) } else { Err(PrinciplesError::NotASigner { code }) }
    }
}
