//! `passage-principles/1`: the document by which the members change the principles (G06), and what it must agree with before
//! anybody signs it: the version in force, and every party of every agreement this side has signed.

use serde::Deserialize;

use super::{PrinciplesError, digest_of};
use crate::{
    agreement::{
        Agreement, ConsentRecord, Edition, Signer,
        required::said,
        shape::{self, SignerShape},
    },
    document::{self, DocumentError, is_plain},
    ids::{Digest, MemberCode},
    signing::VerifyingKey,
    timestamp::Date,
};

/// The format read here.
const FORMAT: &str = "passage-principles/1";
/// Letters of a text of principles: ten pages; a person reads it in every session.
const TEXT_LETTERS_MAX: usize = 20_000;
/// Bytes of the document, so that a few of them and their signatures fit one answer of the coordinator.
const DOCUMENT_BYTES_MAX: usize = 128 << 10;
/// Members a document can name: what fits [`DOCUMENT_BYTES_MAX`].
const MEMBERS_MAX: usize = 500;

/// A proposed version of the principles.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PrinciplesChange {
    /// Fingerprint of the CA of the one consortium it belongs to (G04).
    pub authority: Digest,
    /// The version proposed, above every earlier one.
    pub version: u16,
    /// Digest of the text it takes the place of.
    pub before: Digest,
    /// The new text.
    pub text: String,
    /// Who must sign: every member.
    pub members: Vec<ChangeMember>,
}

/// A member that must sign.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChangeMember {
    /// Opaque code (G09).
    pub code: MemberCode,
    /// The key its signature verifies under.
    pub signing_key: VerifyingKey,
    /// Who may sign for it: the top administrator or a designee (principle 10).
    pub signers: Vec<Signer>,
}

/// Digest of the document's bytes (SPEC §2.2): what is signed.
#[must_use]
pub fn change_digest(text: &str) -> Digest {
    Digest::derive("passage v1 principles change", text.as_bytes())
}

/// What one side knows when it judges a change.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The consortium it joined.
    pub authority: Digest,
    /// The version in force here.
    pub in_force: Edition,
    /// Digest of the text the version in force took the place of; none of the first one.
    pub replaced: Option<Digest>,
    /// Agreements this side has signed, with what their parties said.
    pub agreements: &'a [(&'a Agreement, &'a ConsentRecord)],
    /// Today.
    pub today: Date,
}

impl PrinciplesChange {
    /// Reads the document.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with line and key.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        if text.len() > DOCUMENT_BYTES_MAX {
            return Err(out_of_range("text", "short enough: the whole document has at most 131072 bytes"));
        }
        let read: Shape = document::read(text)?;
        if read.format != FORMAT {
            return Err(out_of_range("format", "\"passage-principles/1\""));
        }
        let change = Self {
            authority: shape::digest("authority", &read.authority)?,
            version: read.version,
            before: shape::digest("before", &read.before)?,
            text: read.text,
            members: read.member.into_iter().map(MemberShape::member).collect::<Result<_, _>>()?,
        };
        change.check()?;
        Ok(change)
    }

    /// The version and the digest of its text, as agreements name them.
    #[must_use]
    pub fn edition(&self) -> Edition {
        Edition { version: self.version, digest: digest_of(&self.text) }
    }

    /// The member with that code.
    #[must_use]
    pub fn member(&self, code: MemberCode) -> Option<&ChangeMember> {
        self.members.iter().find(|member| member.code == code)
    }

    fn check(&self) -> Result<(), DocumentError> {
        let letters = self.text.chars().count();
        if !said(&self.text) || letters > TEXT_LETTERS_MAX || self.text.chars().any(steers) {
            return Err(out_of_range("text", "text of at most 20000 letters"));
        }
        if self.version < 2 {
            return Err(out_of_range("version", "at least 2: version 1 ships with the program"));
        }
        if !(1..=MEMBERS_MAX).contains(&self.members.len()) {
            return Err(out_of_range("member", "a list of 1 to 500 members"));
        }
        let mut codes: Vec<_> = self.members.iter().map(|member| member.code).collect();
        codes.sort_unstable();
        codes.dedup();
        if codes.len() != self.members.len() {
            return Err(out_of_range("member.code", "given once for each member"));
        }
        let named = |signer: &Signer| {
            said(&signer.name) && said(&signer.title) && is_plain(&signer.name) && is_plain(&signer.title)
        };
        if self.members.iter().any(|member| member.signers.is_empty() || !member.signers.iter().all(named)) {
            return Err(DocumentError::Ruled {
                rule: "G06",
                key: "member.signer",
                expected:
                    "a list of people with name, title and capacity: the top administrator or a designee"
                        .to_owned(),
            });
        }
        Ok(())
    }

    /// Whether this change may be signed here: it is this consortium's, it follows the version in force, and it names every
    /// party of every agreement signed here, with its key, so that nobody is left out.
    ///
    /// # Errors
    ///
    /// The first [`PrinciplesError`].
    pub fn may_be_signed(&self, known: &Known<'_>) -> Result<(), PrinciplesError> {
        if self.before != known.in_force.digest || self.version <= known.in_force.version {
            return Err(self.not_next(known));
        }
        self.check_members(known)
    }

    /// Whether this change, once everybody has signed it, takes the place of what is in force here. Of two that were signed
    /// instead of the same version, the higher one wins everywhere, in whatever order they arrive.
    pub(super) fn may_take_force(&self, known: &Known<'_>) -> Result<(), PrinciplesError> {
        let follows = self.before == known.in_force.digest || Some(self.before) == known.replaced;
        if !follows || self.version <= known.in_force.version {
            return Err(self.not_next(known));
        }
        self.check_members(known)
    }

    fn not_next(&self, known: &Known<'_>) -> PrinciplesError {
        PrinciplesError::NotNext { found: self.version, in_force: known.in_force.version }
    }

    fn check_members(&self, known: &Known<'_>) -> Result<(), PrinciplesError> {
        if self.authority != known.authority {
            return Err(PrinciplesError::OtherConsortium);
        }
        for (agreement, consents) in known.standing() {
            for party in &agreement.parties {
                let code = party.code;
                match self.member(code) {
                    Some(member) if member.signing_key == party.signing_key => {}
                    Some(_) => return Err(PrinciplesError::OtherKey { code }),
                    None if consents.withdrawal(code).is_some() => {}
                    None => return Err(PrinciplesError::MemberMissing { code }),
                }
            }
        }
        Ok(())
    }
}

impl<'a> Known<'a> {
    /// The agreements whose parties count: their term has not ended.
    fn standing(&self) -> impl Iterator<Item = (&'a Agreement, &'a ConsentRecord)> {
        let today = self.today;
        self.agreements.iter().copied().filter(move |(agreement, _)| today <= agreement.expires)
    }

    /// Whether the agreements known here let that person sign for that member: somebody they name, where they name the member.
    pub(super) fn lets_sign(&self, code: MemberCode, name: &str) -> bool {
        let mut named = self.standing().filter_map(|(agreement, _)| agreement.party(code)).peekable();
        named.peek().is_none() || named.any(|party| party.signer(name).is_some())
    }
}

/// True for what steers a terminal.
fn steers(letter: char) -> bool {
    letter.is_control() && letter != '\n'
}

fn out_of_range(key: &'static str, expected: &'static str) -> DocumentError {
    DocumentError::OutOfRange { key, expected }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    format: String,
    authority: String,
    version: u16,
    before: String,
    text: String,
    member: Vec<MemberShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberShape {
    code: String,
    signing_key: String,
    #[serde(default)]
    signer: Vec<SignerShape>,
}

impl MemberShape {
    fn member(self) -> Result<ChangeMember, DocumentError> {
        Ok(ChangeMember {
            code: shape::code("member.code", &self.code)?,
            signing_key: VerifyingKey::parse(&self.signing_key)
                .ok_or(out_of_range("member.signing_key", "64 hexadecimal digits"))?,
            signers: self.signer.into_iter().map(SignerShape::signer).collect(),
        })
    }
}
