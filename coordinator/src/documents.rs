//! Agreements and studies: proposed by the operator, signed by the parties, withdrawn from (G01, G02, G04, G10, G14).
//!
//! Documents are kept as the bytes they were proposed in; their identity is the digest of those bytes (SPEC §3). What the
//! parties say to them is kept as they signed it and passed on whole: this coordinator judges it as every member does, and
//! no member takes its word for it.

use passage_protocol::{
    agreement::{
        Agreement, Clause, ConsentRecord, ConsentStatement, EffectiveShares, Standing, Study, Taken,
        agreement_digest, effective, study_digest, takes_the_place_of,
    },
    codec::{Decode, Encode},
    document::DocumentError,
    ids::{Digest, MemberCode},
    manifest::opening::RoundCall,
    timestamp::Timestamp,
    wire::governance::{AgreementStatus, Documents},
};
use passage_shell::{
    audit::Act as Entry,
    pki::Fingerprint,
    store::{Op, Table},
};

use crate::{
    app::App,
    error::CoordinatorError,
    records::{AGREEMENTS, MEMBERS, Member, STATEMENTS, STUDIES, statement_key},
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

/// This consortium, as agreements name it (G04).
#[must_use]
pub fn authority(app: &App) -> Digest {
    Digest(Fingerprint::of(app.authority().certificate()).0)
}

/// Keeps an agreement after checking that it is this consortium's and that its parties are members with those keys.
///
/// # Errors
///
/// [`CoordinatorError::Document`] with line and key, [`CoordinatorError::Clause`] for another consortium's,
/// [`CoordinatorError::PartyNotMember`], [`CoordinatorError::PartyOtherKey`], [`CoordinatorError::DocumentKnown`].
pub fn propose_agreement(app: &App, text: &str, now: Timestamp) -> Result<Digest, CoordinatorError> {
    let agreement = Agreement::parse(text)?;
    if agreement.authority != authority(app) {
        return Err(Clause::OtherConsortium.into());
    }
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
        return Err(Clause::NotAParty.into());
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

/// A document's bytes as text.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, CoordinatorError> {
    String::from_utf8(bytes)
        .map_err(|_| CoordinatorError::RequestMalformed { expected: "a document in UTF-8" })
}

/// Every agreement kept here, but those of an earlier format: nothing runs under them.
///
/// # Errors
///
/// [`CoordinatorError::Store`], [`CoordinatorError::Document`].
pub fn agreements(app: &App) -> Result<Vec<(Digest, Agreement)>, CoordinatorError> {
    current(app, AGREEMENTS, Agreement::parse)
}

/// Every study kept here, but those of an earlier format.
///
/// # Errors
///
/// As [`agreements`].
pub fn studies(app: &App) -> Result<Vec<(Digest, Study)>, CoordinatorError> {
    current(app, STUDIES, Study::parse)
}

fn current<T>(
    app: &App,
    table: Table,
    parse: impl Fn(&str) -> Result<T, DocumentError>,
) -> Result<Vec<(Digest, T)>, CoordinatorError> {
    let mut documents = Vec::new();
    for (key, bytes) in app.store.scan(table, &[])? {
        match parse(&text(bytes)?) {
            Ok(document) => documents.push((Digest::from_bytes(&key)?, document)),
            Err(DocumentError::EarlierFormat { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(documents)
}

fn agreement_of(app: &App, study: &Study) -> Result<(Digest, Agreement), CoordinatorError> {
    let bytes = app.store.get(AGREEMENTS, &study.agreement.to_bytes())?;
    let bytes = bytes.ok_or(CoordinatorError::DocumentUnknown)?;
    Ok((study.agreement, Agreement::parse(&text(bytes)?)?))
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

/// Checks everything that can be checked before a round: signatures (G01), shares (G02), withdrawals (G10), term (G14).
///
/// # Errors
///
/// [`CoordinatorError::Clause`] naming the rule.
pub fn check_standing(app: &App, papers: &Papers, now: Timestamp) -> Result<(), CoordinatorError> {
    judged(app, papers, |standing| standing.check_study(now.date()))
}

/// Checks a call as every member will before it answers.
///
/// # Errors
///
/// [`CoordinatorError::Clause`] naming the rule.
pub fn check_call(app: &App, papers: &Papers, call: &RoundCall) -> Result<(), CoordinatorError> {
    judged(app, papers, |standing| standing.check_call(call, call.opened.date()))
}

/// Digest of what a study's participants share in effect, for its call.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn share_list(app: &App, papers: &Papers) -> Result<Digest, CoordinatorError> {
    let members: Vec<MemberCode> = papers.study.participants.iter().map(|one| one.code).collect();
    Ok(shares(app, papers)?.digest_among(&members))
}

/// What the parties of the agreement share in effect.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn shares(app: &App, papers: &Papers) -> Result<EffectiveShares, CoordinatorError> {
    let consents = consents(app, papers.agreement_digest, &papers.agreement)?;
    Ok(effective(&papers.agreement, papers.agreement_digest, &consents))
}

fn judged(
    app: &App,
    papers: &Papers,
    judge: impl FnOnce(&Standing<'_>) -> Result<(), Clause>,
) -> Result<(), CoordinatorError> {
    let consents = consents(app, papers.agreement_digest, &papers.agreement)?;
    let standing = Standing {
        agreement: &papers.agreement,
        agreement_digest: papers.agreement_digest,
        consents: &consents,
        replaced_by: replaced_by(app, papers.agreement_digest, &papers.agreement)?,
        authority: authority(app),
        study: &papers.study,
        study_digest: papers.study_digest,
        // The ledger is per roster snapshot and kept by each member (SPEC §10.4); the coordinator sees no roster.
        budget_spent_milli: 0,
    };
    Ok(judge(&standing)?)
}

/// The agreement in force that has taken the place of another, if there is one.
pub(crate) fn replaced_by(
    app: &App,
    digest: Digest,
    earlier: &Agreement,
) -> Result<Option<Digest>, CoordinatorError> {
    for (other, later) in agreements(app)?.into_iter().filter(|(_, later)| later.amends == Some(digest)) {
        if takes_the_place_of(&later, &consents(app, other, &later)?, earlier, digest) {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// What the parties said to an agreement, each statement verified.
///
/// # Errors
///
/// [`CoordinatorError::Store`]; [`CoordinatorError::Consent`] if the store was altered.
pub fn consents(app: &App, digest: Digest, agreement: &Agreement) -> Result<ConsentRecord, CoordinatorError> {
    let mut consents = ConsentRecord::new(digest);
    for statement in status(app, digest)?.statements {
        consents.take(agreement, &statement)?;
    }
    Ok(consents)
}

/// What the parties said to an agreement, as it is passed on.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn status(app: &App, digest: Digest) -> Result<AgreementStatus, CoordinatorError> {
    let pairs = app.store.scan(STATEMENTS, &digest.to_bytes())?;
    let read = |(_, bytes): (Vec<u8>, Vec<u8>)| ConsentStatement::from_bytes(&bytes);
    Ok(AgreementStatus { digest, statements: pairs.into_iter().map(read).collect::<Result<_, _>>()? })
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

/// Keeps what a member said to an agreement after verifying it under the key the agreement names. The same again changes
/// nothing. A withdrawal ends the member's running rounds under it and destroys what it contributed (G10).
///
/// # Errors
///
/// [`CoordinatorError::SignatureRefused`] in another member's name, [`CoordinatorError::DocumentUnknown`],
/// [`CoordinatorError::Consent`].
pub fn state(
    app: &App,
    member: MemberCode,
    statement: &ConsentStatement,
    now: Timestamp,
) -> Result<(), CoordinatorError> {
    if statement.party() != member {
        return Err(CoordinatorError::SignatureRefused);
    }
    let digest = statement.agreement();
    let bytes = app.store.get(AGREEMENTS, &digest.to_bytes())?.ok_or(CoordinatorError::DocumentUnknown)?;
    let agreement = Agreement::parse(&text(bytes)?)?;
    agreement.party(member).ok_or(CoordinatorError::DocumentUnknown)?;
    let entry = match statement {
        ConsentStatement::Signed(_) => Entry::AgreementSignatureKept { agreement: digest, member },
        ConsentStatement::Chose(_) => Entry::AgreementSharesKept { agreement: digest, member },
        ConsentStatement::Withdrew(_) => Entry::AgreementWithdrawalKept { agreement: digest, member },
    };
    app.transact(now, || {
        if consents(app, digest, &agreement)?.take(&agreement, statement)? == Taken::Known {
            return Ok((Vec::new(), Vec::new(), ()));
        }
        let mut acts = vec![entry];
        let mut ops = vec![Op::put(STATEMENTS, statement_key(statement), statement.to_bytes())];
        if let ConsentStatement::Withdrew(_) = statement {
            // With it goes the order to destroy what was contributed: a kill in between leaves both or neither.
            let (act, op) = crate::retention::withdrawal_order(digest, member, now);
            acts.push(act);
            ops.push(op);
        }
        Ok((acts, ops, ()))
    })?;
    match statement {
        ConsentStatement::Signed(_) | ConsentStatement::Chose(_) => Ok(()),
        ConsentStatement::Withdrew(_) => crate::retention::finish(app, now).map(drop),
    }
}
