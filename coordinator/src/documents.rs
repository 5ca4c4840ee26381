//! Agreements and studies: proposed by the operator, signed by the parties, withdrawn from (G01, G02, G10, G14).
//!
//! Documents are kept as the bytes they were proposed in; their identity is the digest of those bytes (SPEC §3).

use passage_protocol::{
    agreement::{Agreement, DocumentId, Standing, Study, agreement_digest, study_digest},
    codec::{Decode, Encode},
    ids::{Digest, MemberCode},
    signing::{Signature, SignatureKind},
    timestamp::Timestamp,
    wire::service::{AgreementStatus, Documents, SignDocument},
};
use passage_shell::{
    audit::Act as Entry,
    store::{Op, Table},
};

use crate::{
    app::App,
    error::CoordinatorError,
    records::{AGREEMENTS, MEMBERS, Member, SIGNATURES, STUDIES, WITHDRAWALS, pair_key},
};

/// A study with the agreement it stands under, parsed from the stored bytes.
#[derive(Clone, Debug)]
pub struct Papers {
    /// The agreement.
    pub agreement: Agreement,
    /// Digest of its bytes.
    pub agreement_digest: Digest,
    /// The study.
    pub study: Study,
    /// Digest of its bytes.
    pub study_digest: Digest,
}

/// Keeps an agreement after checking that its parties are members with those keys.
///
/// # Errors
///
/// [`CoordinatorError::Document`] with line and key, [`CoordinatorError::PartyNotMember`],
/// [`CoordinatorError::PartyOtherKey`], [`CoordinatorError::DocumentKnown`].
pub fn propose_agreement(app: &App, text: &str, now: Timestamp) -> Result<Digest, CoordinatorError> {
    let agreement = Agreement::parse(text)?;
    for party in &agreement.parties {
        let code = party.code;
        let member: Option<Member> = app.kept(MEMBERS, &code)?;
        let member = member.filter(|member| member.revoked.is_none());
        let member = member.ok_or(CoordinatorError::PartyNotMember { code })?;
        if member.signing_key != party.signing_key || member.segment != party.segment {
            return Err(CoordinatorError::PartyOtherKey { code });
        }
    }
    let digest = agreement_digest(text);
    keep(app, AGREEMENTS, digest, text, now, Entry::AgreementProposed { agreement: digest })?;
    Ok(digest)
}

/// Keeps a study after checking that its agreement is here and names its participants.
///
/// # Errors
///
/// [`CoordinatorError::Document`], [`CoordinatorError::DocumentUnknown`] for its agreement, [`CoordinatorError::Clause`],
/// [`CoordinatorError::DocumentKnown`].
pub fn propose_study(app: &App, text: &str, now: Timestamp) -> Result<Digest, CoordinatorError> {
    let study = Study::parse(text)?;
    let (_, agreement) = agreement_of(app, &study)?;
    if study.participants.iter().any(|one| agreement.party(one.code).is_none()) {
        return Err(passage_protocol::agreement::Clause::NotAParty.into());
    }
    let digest = study_digest(text);
    keep(app, STUDIES, digest, text, now, Entry::StudyProposed { study: digest })?;
    Ok(digest)
}

fn keep(
    app: &App,
    table: Table,
    digest: Digest,
    text: &str,
    now: Timestamp,
    entry: Entry<'_>,
) -> Result<(), CoordinatorError> {
    app.transact(now, || {
        if app.store.get(table, &digest.to_bytes())?.is_some() {
            return Err(CoordinatorError::DocumentKnown);
        }
        Ok((vec![entry], vec![Op::put(table, digest.to_bytes(), text.as_bytes())], ()))
    })
}

fn text(bytes: Vec<u8>) -> Result<String, CoordinatorError> {
    String::from_utf8(bytes)
        .map_err(|_| CoordinatorError::RequestMalformed { expected: "a document in UTF-8" })
}

/// Every agreement kept here.
///
/// # Errors
///
/// [`CoordinatorError::Store`], [`CoordinatorError::Document`].
pub fn agreements(app: &App) -> Result<Vec<(Digest, Agreement)>, CoordinatorError> {
    let pairs = app.store.scan(AGREEMENTS, &[])?;
    let read =
        |(key, bytes): (Vec<u8>, Vec<u8>)| Ok((Digest::from_bytes(&key)?, Agreement::parse(&text(bytes)?)?));
    pairs.into_iter().map(read).collect()
}

/// Every study kept here.
///
/// # Errors
///
/// As [`agreements`].
pub fn studies(app: &App) -> Result<Vec<(Digest, Study)>, CoordinatorError> {
    let pairs = app.store.scan(STUDIES, &[])?;
    let read =
        |(key, bytes): (Vec<u8>, Vec<u8>)| Ok((Digest::from_bytes(&key)?, Study::parse(&text(bytes)?)?));
    pairs.into_iter().map(read).collect()
}

fn agreement_of(app: &App, study: &Study) -> Result<(Digest, Agreement), CoordinatorError> {
    let named = |digest: &Digest| DocumentId::Agreement(*digest).to_string() == study.agreement;
    let found = agreements(app)?.into_iter().find(|(digest, _)| named(digest));
    found.ok_or(CoordinatorError::DocumentUnknown)
}

/// The study whose id or digest begins with `prefix`, as `S-...` or bare digits.
///
/// # Errors
///
/// [`CoordinatorError::StudyUnknown`] unless exactly one does.
pub fn find_study(app: &App, prefix: &str) -> Result<Digest, CoordinatorError> {
    let prefix = prefix.strip_prefix("S-").unwrap_or(prefix).to_lowercase();
    let all = studies(app)?;
    let mut matching = all.iter().filter(|(digest, _)| digest.to_string().starts_with(&prefix));
    match (prefix.is_empty(), matching.next(), matching.next()) {
        (false, Some((digest, _)), None) => Ok(*digest),
        (_, Some(_) | None, _) => Err(CoordinatorError::StudyUnknown),
    }
}

/// A study and its agreement.
///
/// # Errors
///
/// [`CoordinatorError::StudyUnknown`], [`CoordinatorError::DocumentUnknown`].
pub fn papers(app: &App, study_digest: Digest) -> Result<Papers, CoordinatorError> {
    let bytes = app.store.get(STUDIES, &study_digest.to_bytes())?.ok_or(CoordinatorError::StudyUnknown)?;
    let study = Study::parse(&text(bytes)?)?;
    let (agreement_digest, agreement) = agreement_of(app, &study)?;
    Ok(Papers { agreement, agreement_digest, study, study_digest })
}

/// Checks everything that can be checked before a round: signatures (G01), withdrawals (G10), term (G14), committee.
///
/// # Errors
///
/// [`CoordinatorError::Clause`] naming the rule.
pub fn check_standing(app: &App, papers: &Papers, now: Timestamp) -> Result<(), CoordinatorError> {
    let status = status(app, papers.agreement_digest)?;
    let standing = Standing {
        agreement: &papers.agreement,
        agreement_digest: papers.agreement_digest,
        signatures: &status.signatures,
        withdrawn: &status.withdrawn,
        study: &papers.study,
        study_digest: papers.study_digest,
        // The ledger is per roster snapshot and kept by each member (SPEC §10.4); the coordinator sees no roster.
        budget_spent_milli: 0,
    };
    Ok(standing.check(now.date())?)
}

/// Who signed an agreement and who withdrew.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn status(app: &App, digest: Digest) -> Result<AgreementStatus, CoordinatorError> {
    let signed = |table| -> Result<Vec<(MemberCode, Signature)>, CoordinatorError> {
        let pairs = app.store.scan(table, &digest.to_bytes())?;
        let read = |(key, value): (Vec<u8>, Vec<u8>)| {
            let code = key.get(digest.0.len()..).unwrap_or_default();
            Ok((MemberCode::from_bytes(code)?, Signature::from_bytes(&value)?))
        };
        pairs.into_iter().map(read).collect()
    };
    let withdrawn = signed(WITHDRAWALS)?.into_iter().map(|(code, _)| code).collect();
    Ok(AgreementStatus { digest, signatures: signed(SIGNATURES)?, withdrawn })
}

/// What a member is a party to.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn documents_of(app: &App, member: MemberCode) -> Result<Documents, CoordinatorError> {
    let mine: Vec<Digest> = agreements(app)?
        .into_iter()
        .filter(|(_, agreement)| agreement.party(member).is_some())
        .map(|(digest, _)| digest)
        .collect();
    let takes_part = |study: &Study| study.index(member).is_some();
    let studies = studies(app)?.into_iter().filter(|(_, study)| takes_part(study));
    Ok(Documents {
        studies: studies.map(|(digest, _)| digest).collect(),
        agreements: mine.into_iter().map(|digest| status(app, digest)).collect::<Result<_, _>>()?,
        revocations: app.revocations(),
    })
}

/// The bytes of a document the member is a party to.
///
/// # Errors
///
/// [`CoordinatorError::DocumentUnknown`], the same whether it is absent or another's.
pub fn document_for(app: &App, member: MemberCode, digest: Digest) -> Result<Vec<u8>, CoordinatorError> {
    if let Some(bytes) = app.store.get(AGREEMENTS, &digest.to_bytes())? {
        if Agreement::parse(&text(bytes.clone())?)?.party(member).is_some() {
            return Ok(bytes);
        }
    } else if let Some(bytes) = app.store.get(STUDIES, &digest.to_bytes())?
        && Study::parse(&text(bytes.clone())?)?.index(member).is_some()
    {
        return Ok(bytes);
    }
    Err(CoordinatorError::DocumentUnknown)
}

/// Whether a member signs or withdraws.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    /// Signs the agreement (G01).
    Sign,
    /// Withdraws from it (G10): its running rounds end.
    Withdraw,
}

/// Keeps a member's signature after verifying it under the key the agreement names. The same again changes nothing.
///
/// # Errors
///
/// [`CoordinatorError::DocumentUnknown`], [`CoordinatorError::SignatureRefused`].
pub fn sign(
    app: &App,
    member: MemberCode,
    request: &SignDocument,
    act: Act,
    now: Timestamp,
) -> Result<(), CoordinatorError> {
    let digest = request.digest;
    let bytes = app.store.get(AGREEMENTS, &digest.to_bytes())?.ok_or(CoordinatorError::DocumentUnknown)?;
    let agreement = Agreement::parse(&text(bytes)?)?;
    let party = agreement.party(member).ok_or(CoordinatorError::DocumentUnknown)?;
    let (kind, table, entry) = match act {
        Act::Sign => (
            SignatureKind::Agreement,
            SIGNATURES,
            Entry::AgreementSignatureKept { agreement: digest, member },
        ),
        Act::Withdraw => (
            SignatureKind::Withdrawal,
            WITHDRAWALS,
            Entry::AgreementWithdrawalKept { agreement: digest, member },
        ),
    };
    (party.signing_key.verify(kind, None, &digest.to_bytes(), &request.signature))
        .map_err(|_| CoordinatorError::SignatureRefused)?;
    let key = pair_key(&digest, &member);
    app.transact(now, || {
        if app.store.get(table, &key)?.is_some() {
            return Ok((Vec::new(), Vec::new(), ()));
        }
        Ok((vec![entry], vec![Op::put(table, key.clone(), request.signature.to_bytes())], ()))
    })?;
    match act {
        Act::Sign => Ok(()),
        Act::Withdraw => crate::rounds::end_for(app, Some(digest), member, now),
    }
}
