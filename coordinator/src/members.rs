//! Members: invited by the operator, certified when they join, revoked when they leave (G10, G17).
//!
//! An invitation is good for one join. The operator's own name for a member never leaves this machine (G09).

use passage_protocol::{
    agreement::Segment,
    codec::{Decode, Encode},
    ids::{Digest, MemberCode},
    secret::Secret,
    signing::SignatureKind,
    timestamp::Timestamp,
    wire::service::{Join, Joined, Renewal, Renewed},
};
use passage_shell::{
    audit::Act,
    entropy,
    pki::{Fingerprint, Invitation, Peer},
    store::Op,
};

use crate::{
    app::{App, put},
    error::CoordinatorError,
    records::{CONTACTS, INVITATIONS, Invited, MAIL, MEMBERS, Member, NextCertificate, RENEWALS},
};

/// Longest life of an invitation, in days.
pub const INVITATION_DAYS_MAX: u32 = 90;

/// Writes an invitation and returns the text to hand over; only a digest of its secret is kept.
///
/// # Errors
///
/// [`CoordinatorError::Entropy`], [`CoordinatorError::Invitation`], [`CoordinatorError::Store`].
pub fn invite(
    app: &App,
    name: &str,
    segment: Segment,
    days: u32,
    now: Timestamp,
) -> Result<(String, Timestamp), CoordinatorError> {
    let mut secret = [0; 16];
    entropy::fill(&mut secret)?;
    let expires = now.plus_s(u64::from(days.clamp(1, INVITATION_DAYS_MAX)) * 86_400);
    let key = Digest(Invitation::secret_digest(&secret));
    let invitation = Invitation {
        consortium: app.settings.consortium.clone(),
        addresses: app.settings.public.clone(),
        fingerprint: Fingerprint::of(app.authority().certificate()),
        secret: Secret::new(secret),
        expires,
    };
    invitation.check()?;
    let invited = Invited { name: name.to_owned(), segment, expires, used_by: None, answer: None };
    app.transact(now, || {
        let act = Act::MemberInvited { segment: segment.name(), expires };
        Ok((vec![act], vec![put(INVITATIONS, &key, &invited)], ()))
    })?;
    Ok((invitation.to_text(), expires))
}

/// Spends an invitation: certifies the newcomer's key and gives it a code. One store transaction.
///
/// # Errors
///
/// [`CoordinatorError::InvitationRefused`] without saying whether it is unknown, used or lapsed;
/// [`CoordinatorError::SigningKeyTaken`]; [`CoordinatorError::Pki`] for a bad certificate request.
pub fn join(app: &App, request: &Join, now: Timestamp) -> Result<Joined, CoordinatorError> {
    let secret: [u8; 16] =
        request.secret.as_slice().try_into().map_err(|_| CoordinatorError::InvitationRefused)?;
    let key = Digest(Invitation::secret_digest(&secret));
    let request_digest = Digest::of_blob(&request.to_bytes());
    let revocations = app.revocations();
    app.transact(now, || {
        let invited: Invited = app.kept(INVITATIONS, &key)?.ok_or(CoordinatorError::InvitationRefused)?;
        if let Some((digest, answer)) = &invited.answer {
            // The answer was lost on the way and the very same request comes again.
            let again = *digest == request_digest && now <= invited.expires;
            let answer = if again {
                Joined::from_bytes(answer)?
            } else {
                return Err(CoordinatorError::InvitationRefused);
            };
            return Ok((Vec::new(), Vec::new(), answer));
        }
        if invited.used_by.is_some() || now > invited.expires {
            return Err(CoordinatorError::InvitationRefused);
        }
        let members = app.all::<Member>(MEMBERS)?;
        if members.iter().any(|(_, member)| member.signing_key == request.signing_key) {
            return Err(CoordinatorError::SigningKeyTaken);
        }
        let code = fresh_code(app)?;
        let (certificate, serial) = app.authority().issue_member(&request.request, code, now)?;
        let joined = Joined {
            code,
            segment: invited.segment,
            certificate: certificate.to_vec(),
            authority: app.authority().certificate().to_vec(),
            revocations,
            coordinator_key: app.verifying_key(),
        };
        let member = Member {
            name: invited.name.clone(),
            segment: invited.segment,
            signing_key: request.signing_key,
            serial: serial.0.to_vec(),
            joined: now,
            revoked: None,
        };
        let used =
            Invited { used_by: Some(code), answer: Some((request_digest, joined.to_bytes())), ..invited };
        let act = Act::MemberJoined { member: code, signing_key: request.signing_key };
        Ok((vec![act], vec![put(MEMBERS, &code, &member), put(INVITATIONS, &key, &used)], joined))
    })
}

fn fresh_code(app: &App) -> Result<MemberCode, CoordinatorError> {
    loop {
        let mut bytes = [0; 5];
        entropy::fill(&mut bytes)?;
        let code = MemberCode(bytes);
        if app.kept::<Member>(MEMBERS, &code)?.is_none() {
            return Ok(code);
        }
    }
}

/// The member behind a certificate, unless it is revoked.
///
/// # Errors
///
/// [`CoordinatorError::MemberRevoked`], also for a certificate that was replaced.
pub fn active(app: &App, peer: &Peer) -> Result<Member, CoordinatorError> {
    let member: Member = app.kept(MEMBERS, &peer.code())?.ok_or(CoordinatorError::MemberRevoked)?;
    if member.revoked.is_some() {
        return Err(CoordinatorError::MemberRevoked);
    }
    if member.serial == peer.serial().0 {
        return Ok(member);
    }
    next_in_use(app, peer)
}

/// The member behind its next certificate, which is then the one in use: the one before is refused from here on.
fn next_in_use(app: &App, peer: &Peer) -> Result<Member, CoordinatorError> {
    let code = peer.code();
    app.store.transact(|| {
        let member: Member = app.kept(MEMBERS, &code)?.ok_or(CoordinatorError::MemberRevoked)?;
        let next: Option<NextCertificate> = app.kept(RENEWALS, &code)?;
        let serial = peer.serial().0.to_vec();
        // Two requests at once: the second finds it in use.
        if member.revoked.is_none() && member.serial == serial {
            return Ok((Vec::new(), member));
        }
        if member.revoked.is_some() || next.is_none_or(|next| next.serial != serial) {
            return Err(CoordinatorError::MemberRevoked);
        }
        let member = Member { serial, ..member };
        Ok((vec![put(MEMBERS, &code, &member), Op::delete(RENEWALS, code.to_bytes())], member))
    })
}

/// Signs a member's next certificate. The one in use stays good until the next was used once; asking again with the same
/// request gets the same answer, with another one it replaces what was not used yet.
///
/// # Errors
///
/// [`CoordinatorError::MemberRevoked`]; [`CoordinatorError::RenewalRefused`] unless the member's signing key has signed for it;
/// [`CoordinatorError::Pki`] for a bad certificate request.
pub fn renew(
    app: &App,
    code: MemberCode,
    renewal: &Renewal,
    now: Timestamp,
) -> Result<Renewed, CoordinatorError> {
    app.transact(now, || {
        let member: Member = app.kept(MEMBERS, &code)?.ok_or(CoordinatorError::MemberRevoked)?;
        if member.revoked.is_some() {
            return Err(CoordinatorError::MemberRevoked);
        }
        let renew = renewal
            .renew
            .verify(SignatureKind::CertificateRenewal, None, &member.signing_key)
            .map_err(|_| CoordinatorError::RenewalRefused)?;
        if renew.member != code {
            return Err(CoordinatorError::RenewalRefused);
        }
        let request = Digest::of_blob(&renew.request);
        if let Some(next) = app.kept::<NextCertificate>(RENEWALS, &code)?
            && next.request == request
        {
            return Ok((Vec::new(), Vec::new(), Renewed { certificate: next.certificate }));
        }
        let (certificate, serial) = app.authority().issue_member(&renew.request, code, now)?;
        let certificate = certificate.to_vec();
        let next = NextCertificate { serial: serial.0.to_vec(), request, certificate: certificate.clone() };
        let act = Act::MemberRenewed { member: code };
        Ok((vec![act], vec![put(RENEWALS, &code, &next)], Renewed { certificate }))
    })
}

/// A member as the operator's board shows it.
#[derive(Clone, Debug)]
pub struct MemberLine {
    /// Opaque code.
    pub code: MemberCode,
    /// The record.
    pub member: Member,
    /// When it last asked for anything.
    pub last_contact: Option<Timestamp>,
}

/// Every member, by code.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn list(app: &App) -> Result<Vec<MemberLine>, CoordinatorError> {
    let mut lines = Vec::new();
    for (key, member) in app.all::<Member>(MEMBERS)? {
        let code = MemberCode::from_bytes(&key)?;
        lines.push(MemberLine { code, member, last_contact: app.kept(CONTACTS, &code)? });
    }
    Ok(lines)
}

/// Revokes a member's certificate: the record, a new revocation list, live connections (G10). Its running rounds end.
///
/// # Errors
///
/// [`CoordinatorError::MemberUnknown`].
pub fn revoke(app: &App, code: MemberCode, now: Timestamp) -> Result<(), CoordinatorError> {
    app.transact(now, || {
        let member: Member = app.kept(MEMBERS, &code)?.ok_or(CoordinatorError::MemberUnknown)?;
        if member.revoked.is_some() {
            return Ok((Vec::new(), Vec::new(), ()));
        }
        let member = Member { revoked: Some(now), ..member };
        Ok((vec![Act::MemberRevoked { member: code }], vec![put(MEMBERS, &code, &member)], ()))
    })
    .and_then(|()| app.renew_revocations(now))?;
    crate::rounds::end_for(app, None, code, now)?;
    // Nobody will take its mail any more.
    let mail = app.store.scan(MAIL, &code.0)?;
    let ops: Vec<Op> = mail.into_iter().map(|(key, _)| Op::delete(MAIL, key)).collect();
    Ok(app.store.commit(&ops)?)
}

#[cfg(test)]
mod tests;
