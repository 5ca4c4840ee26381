//! Changes of the principles: proposed by the operator, signed by the members, passed on whole (G06). This coordinator judges
//! a change as every member does, so that an operator hears of a mistake at once; no member takes its word for anything.

use passage_protocol::{
    agreement::{
        Agreement, ConsentRecord, Edition,
        principles::{
            self, Known, PrinciplesChange, PrinciplesError, PrinciplesSignature, SignatureRecord,
            change_digest,
        },
    },
    codec::{Decode, Encode},
    ids::{Digest, MemberCode},
    signing::Signed,
    timestamp::Timestamp,
    wire::principles::{PrinciplesAsked, PrinciplesNews, PrinciplesProposal},
};
use passage_shell::{
    audit::{Act, PeopleAct},
    store::Op,
};

use crate::{
    app::App,
    documents,
    error::CoordinatorError,
    records::{MEMBERS, Member, PRINCIPLES, PRINCIPLES_SIGNATURES, pair_key},
};

/// Bytes of the proposals in one answer; what does not fit is told once an earlier change is in force.
const NEWS_BYTES_MAX: usize = 900 << 10;

/// A change as it is kept here.
#[derive(Clone, Debug)]
pub struct HeldChange {
    /// Digest of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub text: String,
    /// Parsed from them.
    pub change: PrinciplesChange,
    /// Who signed.
    pub record: SignatureRecord,
}

impl HeldChange {
    /// Whether every member has signed.
    #[must_use]
    pub fn is_unanimous(&self) -> bool {
        self.record.unanimous(&self.change).is_ok()
    }
}

/// Every change that was proposed, in ascending order of versions.
///
/// # Errors
///
/// [`CoordinatorError::Store`], [`CoordinatorError::Document`].
pub fn changes(app: &App) -> Result<Vec<HeldChange>, CoordinatorError> {
    let mut held = Vec::new();
    for (key, bytes) in app.store.scan(PRINCIPLES, &[])? {
        let digest = Digest::from_bytes(&key)?;
        let text = documents::text(bytes)?;
        let change = PrinciplesChange::parse(&text)?;
        let mut record = SignatureRecord::new(digest);
        for (_, bytes) in app.store.scan(PRINCIPLES_SIGNATURES, &digest.0)? {
            record.take(&change, &Signed::<PrinciplesSignature>::from_bytes(&bytes)?)?;
        }
        held.push(HeldChange { digest, text, change, record });
    }
    held.sort_by_key(|one| one.change.version);
    Ok(held)
}

/// The version that every member named has signed, and what it took the place of: what should be in force everywhere.
#[must_use]
pub fn in_force(changes: &[HeldChange]) -> (Edition, Option<Digest>) {
    let last = changes.iter().rev().find(|one| one.is_unanimous());
    let first = Edition { version: principles::VERSION, digest: principles::digest() };
    last.map_or((first, None), |one| (one.change.edition(), Some(one.change.before)))
}

/// Keeps a change after checking it as members will: this consortium's, after the version in force, above every version
/// proposed, its members active and with their own keys, no party of an agreement left out.
///
/// # Errors
///
/// [`CoordinatorError::Document`] with line and key, [`CoordinatorError::Principles`], [`CoordinatorError::PartyNotMember`],
/// [`CoordinatorError::PartyOtherKey`], [`CoordinatorError::DocumentKnown`].
pub fn propose(app: &App, text: &str, now: Timestamp) -> Result<Digest, CoordinatorError> {
    let change = PrinciplesChange::parse(text)?;
    for one in &change.members {
        let code = one.code;
        let member: Option<Member> = app.kept(MEMBERS, &code)?;
        let member = member.filter(|member| member.revoked.is_none());
        let member = member.ok_or(CoordinatorError::PartyNotMember { code })?;
        if member.signing_key != one.signing_key {
            return Err(CoordinatorError::PartyOtherKey { code });
        }
    }
    let signed = signed_agreements(app)?;
    let agreements: Vec<(&Agreement, &ConsentRecord)> = signed.iter().map(|(one, two)| (one, two)).collect();
    let digest = change_digest(text);
    let version = change.version;
    app.transact(now, || {
        let known = changes(app)?;
        if known.iter().any(|one| one.digest == digest) {
            return Err(CoordinatorError::DocumentKnown);
        }
        let (in_force, replaced) = in_force(&known);
        let highest = known.last().map_or(in_force.version, |one| one.change.version);
        if version <= highest {
            return Err(PrinciplesError::NotNext { found: version, in_force: highest }.into());
        }
        let known = Known {
            authority: documents::authority(app),
            in_force,
            replaced,
            agreements: &agreements,
            today: now.date(),
        };
        change.may_be_signed(&known)?;
        let entry = Act::People(PeopleAct::PrinciplesProposed { version, principles: digest });
        Ok((vec![entry], vec![Op::put(PRINCIPLES, digest.0, text.as_bytes())], ()))
    })?;
    Ok(digest)
}

/// Agreements that every party has signed and none has taken the place of.
fn signed_agreements(app: &App) -> Result<Vec<(Agreement, ConsentRecord)>, CoordinatorError> {
    let mut signed = Vec::new();
    for (digest, agreement) in documents::agreements(app)? {
        let consents = documents::consents(app, digest, &agreement)?;
        let whole = agreement.parties.iter().all(|party| consents.signature(party.code).is_some());
        if whole && documents::replaced_by(app, digest, &agreement)?.is_none() {
            signed.push((agreement, consents));
        }
    }
    Ok(signed)
}

/// Keeps a member's signature after verifying it under the key the change names. The same again changes nothing.
///
/// # Errors
///
/// [`CoordinatorError::SignatureRefused`] in another member's name, [`CoordinatorError::DocumentUnknown`],
/// [`CoordinatorError::Principles`].
pub fn sign(
    app: &App,
    member: MemberCode,
    signed: &Signed<PrinciplesSignature>,
    now: Timestamp,
) -> Result<(), CoordinatorError> {
    let said = signed.value();
    if said.member != member {
        return Err(CoordinatorError::SignatureRefused);
    }
    let principles = said.document;
    app.transact(now, || {
        let known = changes(app)?.into_iter().find(|one| one.digest == principles);
        let mut held = known.ok_or(CoordinatorError::DocumentUnknown)?;
        if !held.record.take(&held.change, signed)? {
            return Ok((Vec::new(), Vec::new(), ()));
        }
        let entry = Act::People(PeopleAct::PrinciplesSignatureKept { principles, member });
        let key = pair_key(&principles, &member);
        Ok((vec![entry], vec![Op::put(PRINCIPLES_SIGNATURES, key, signed.to_bytes())], ()))
    })
}

/// What a member is told: later versions that everybody has signed, oldest first, then those that await signatures.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn news(app: &App, asked: PrinciplesAsked) -> Result<PrinciplesNews, CoordinatorError> {
    let known = changes(app)?;
    let (current, _) = in_force(&known);
    let later = |one: &&HeldChange| one.change.version > asked.after;
    let signed = known.iter().filter(later).filter(|one| one.is_unanimous());
    let waiting = known.iter().filter(later).filter(|one| one.change.version > current.version);
    let mut news = PrinciplesNews { unchanged: false, proposals: Vec::new() };
    let mut bytes = 0;
    for one in signed.chain(waiting.filter(|one| !one.is_unanimous())) {
        let proposal = PrinciplesProposal {
            text: one.text.clone().into_bytes(),
            signatures: one.record.signatures().to_vec(),
        };
        bytes += proposal.to_bytes().len();
        if bytes > NEWS_BYTES_MAX {
            break;
        }
        news.proposals.push(proposal);
    }
    if news.digest() == asked.seen {
        return Ok(PrinciplesNews { unchanged: true, proposals: Vec::new() });
    }
    Ok(news)
}

#[cfg(test)]
mod tests;
