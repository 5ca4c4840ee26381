//! What members confirm about their side, and what they are told about this one and about parties that withdrew. A word counts
//! with its owner's signature only; the first one stays (SPEC §22).

use passage_protocol::{
    agreement::Agreement,
    checkpoint::LogOwner,
    codec::{Decode, Encode},
    ids::{Digest, MemberCode},
    retention::{Destruction, Ended, RetentionFault},
    signing::Signed,
    timestamp::Timestamp,
    wire::service::{ASKED_MAX, Destructions, DestructionsAsked},
};
use passage_shell::{audit::Act, store::Op};

use crate::{
    app::App,
    documents,
    error::CoordinatorError,
    records::{MEMBERS, Member, ROUNDS, RoundRecord, WORDS},
};

/// What somebody has signed about something that ended.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub(crate) fn word(
    app: &App,
    agreement: Digest,
    about: Ended,
    owner: LogOwner,
) -> Result<Option<Destruction>, CoordinatorError> {
    Ok(signed(app, agreement, about, owner)?.map(|signed| *signed.value()))
}

fn signed(
    app: &App,
    agreement: Digest,
    about: Ended,
    owner: LogOwner,
) -> Result<Option<Signed<Destruction>>, CoordinatorError> {
    let bytes = app.store.get(WORDS, &Destruction::place(agreement, about, owner))?;
    Ok(bytes.map(|bytes| Signed::from_bytes(&bytes)).transpose()?)
}

/// Takes a member's word that it has destroyed what ended.
///
/// # Errors
///
/// [`CoordinatorError::Retention`] if it is not the member's own, or about nothing it took part in.
pub(crate) fn hear(
    app: &App,
    code: MemberCode,
    signed: &Signed<Destruction>,
    now: Timestamp,
) -> Result<(), CoordinatorError> {
    let member: Member = app.kept(MEMBERS, &code)?.ok_or(CoordinatorError::MemberUnknown)?;
    let owner = LogOwner::Member(code);
    let word = *Destruction::read(signed, owner, &member.signing_key)?;
    if !concerns(app, code, word.agreement, word.about)? {
        return Err(RetentionFault::OtherSubject.into());
    }
    let place = Destruction::place(word.agreement, word.about, owner);
    app.transact(now, || {
        if app.store.get(WORDS, &place)?.is_some() {
            return Ok((Vec::new(), Vec::new(), ()));
        }
        let act = Act::DestructionHeard { about: word.about, by: owner };
        Ok((vec![act], vec![Op::put(WORDS, place.clone(), signed.to_bytes())], ()))
    })
}

/// Whether a member has its own part in what ended: a round it took part in, its own withdrawal.
fn concerns(app: &App, code: MemberCode, agreement: Digest, about: Ended) -> Result<bool, CoordinatorError> {
    match about {
        Ended::Round(round) => {
            let record: Option<RoundRecord> = app.kept(ROUNDS, &round)?;
            Ok(record
                .is_some_and(|record| record.agreement == agreement && record.participants.contains(&code)))
        }
        Ended::Party(party) => Ok(party == code && left(app, code, agreement, party)?),
    }
}

/// Whether `party` has withdrawn from an agreement that `asker` is a party to.
fn left(
    app: &App,
    asker: MemberCode,
    agreement: Digest,
    party: MemberCode,
) -> Result<bool, CoordinatorError> {
    let Ok(bytes) = documents::document_for(app, asker, agreement) else { return Ok(false) };
    let text = String::from_utf8(bytes).unwrap_or_default();
    let Ok(document) = Agreement::parse(&text) else { return Ok(false) };
    Ok(documents::consents(app, agreement, &document)?.withdrawal(party).is_some())
}

/// What a member asks for, as far as it may know it: the coordinator's word on rounds it took part in, both words on
/// withdrawals from agreements it is a party to. What is not signed yet is left out.
///
/// # Errors
///
/// [`CoordinatorError::Store`]; [`CoordinatorError::RequestMalformed`] for too many things at once.
pub(crate) fn words_for(
    app: &App,
    code: MemberCode,
    asked: &DestructionsAsked,
) -> Result<Destructions, CoordinatorError> {
    if asked.about.len() > ASKED_MAX {
        return Err(CoordinatorError::RequestMalformed { expected: "at most a thousand things at once" });
    }
    let mut words = Vec::new();
    for (agreement, about) in &asked.about {
        let owners = match about {
            Ended::Round(_) if concerns(app, code, *agreement, *about)? => vec![LogOwner::Coordinator],
            Ended::Party(party) if left(app, code, *agreement, *party)? => {
                vec![LogOwner::Coordinator, LogOwner::Member(*party)]
            }
            Ended::Round(_) | Ended::Party(_) => Vec::new(),
        };
        for owner in owners {
            words.extend(signed(app, *agreement, *about, owner)?);
        }
    }
    Ok(Destructions { words })
}
