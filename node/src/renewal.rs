//! This member's next certificate: a new key and a new certificate beside those in use, without a moment in which none works
//! (I5, SPEC §16).
//!
//! ```text
//! tls.next.key  ─ask, signed with the signing key─▶  certificate.next.der  ─one request on it─▶  tls.key, certificate.der
//! ```
//!
//! The coordinator takes the old certificate until the new one was used once, so whichever pair a kill leaves works: the next
//! certificate is used as soon as it is in the folder, and the old one goes only after the coordinator has answered on it. A
//! key goes with every certificate, so that one that was copied unseen is worth nothing after a renewal.

use std::{
    fs,
    sync::{Arc, PoisonError},
};

use crate::{
    home::{Home, damaged, refuse},
    uplink::{CERTIFICATE_NOT_CURRENT, Uplink},
};
use passage_protocol::{
    codec::{Decode, Encode},
    signing::{SignatureKind, Signed},
    timestamp::Timestamp,
    wire::service::{DestructionsAsked, Renew, Renewal, Renewed, kind},
};
use passage_shell::{
    audit::Act,
    failure::Failure,
    pki::{Certificate, Credentials, KeyFile, Peer, renewal_due},
    state_dir::{StateDir, sync_folder_of},
    transport::TransportError,
};

const KEY: &str = "tls.key";
const CERTIFICATE: &str = "certificate.der";
const NEXT_KEY: &str = "tls.next.key";
const NEXT_CERTIFICATE: &str = "certificate.next.der";
/// Largest key or certificate file, in bytes.
const FILE_BYTES_MAX: usize = 16 << 10;

/// The newest certificate in the folder that has its key there.
///
/// # Errors
///
/// [`Failure`] if there is none.
pub(crate) fn credentials(dir: &StateDir, authority: Certificate<'static>) -> Result<Credentials, Failure> {
    for certificate in [NEXT_CERTIFICATE, CERTIFICATE] {
        let Some(certificate) = dir.read(certificate, FILE_BYTES_MAX)? else { continue };
        let certificate = Certificate::from(certificate);
        for key in [NEXT_KEY, KEY] {
            let key = dir.read(key, FILE_BYTES_MAX)?.map(KeyFile::from_bytes);
            if let Some(Ok(key)) = key
                && key.fits(&certificate)
            {
                return Ok(Credentials::new(key, certificate, authority));
            }
        }
    }
    Err(damaged("certificate.der, or the key that belongs to it,"))
}

/// What is to be done about the certificate now.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Nothing: it is young enough.
    Rest,
    /// To ask for the next one with this body.
    Ask(Vec<u8>),
    /// The next one is here and was not used yet, as far as this folder knows.
    Try,
}

impl Home {
    /// What the line to the coordinator presents.
    #[must_use]
    pub fn credentials(&self) -> Arc<Credentials> {
        Arc::clone(&self.credentials.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decides what is due at `now`. A key made for an earlier request that was not answered is used again.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the disk or the audit log.
    pub(crate) fn renewal_turn(&self, now: Timestamp) -> Result<Turn, Failure> {
        if self.dir.path(NEXT_CERTIFICATE).exists() {
            return Ok(Turn::Try);
        }
        if now < renewal_due(self.credentials().certificate())? {
            return Ok(Turn::Rest);
        }
        let key = match self.dir.read(NEXT_KEY, FILE_BYTES_MAX)? {
            Some(bytes) => KeyFile::from_bytes(bytes)?,
            None => {
                self.record(&Act::OwnCertificateRenewed)?;
                let key = KeyFile::generate()?;
                self.dir.write(NEXT_KEY, key.expose())?;
                key
            }
        };
        let renew = Renew { member: self.code, request: key.request()? };
        let renew = Signed::new(renew, SignatureKind::CertificateRenewal, None, &self.signing_key);
        Ok(Turn::Ask(Renewal { renew }.to_bytes()))
    }

    /// Takes the next certificate; from here on it is presented.
    ///
    /// # Errors
    ///
    /// [`Failure`] N2384 if it is not for this member or for another key; nothing is kept then.
    pub(crate) fn take_renewed(&self, answer: &[u8]) -> Result<(), Failure> {
        let certificate = Certificate::from(Renewed::from_bytes(answer)?.certificate);
        let key = self.dir.read(NEXT_KEY, FILE_BYTES_MAX)?.map(KeyFile::from_bytes).transpose()?;
        let own = Peer::read(&certificate).is_ok_and(|peer| peer.code() == self.code);
        if !own || !key.is_some_and(|key| key.fits(&certificate)) {
            return Err(refuse(
                0x2384,
                "the coordinator sent a certificate for another member or another key than was asked for",
                "The one in use stays; tell the operator.",
                None,
            ));
        }
        self.dir.write(NEXT_CERTIFICATE, &certificate)?;
        self.present()
    }

    /// The coordinator has answered on the next certificate: it takes the place of the old one. May be repeated.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the disk.
    pub(crate) fn promote_renewed(&self) -> Result<(), Failure> {
        // The key first: between the two renames the next certificate still finds it under its own name.
        for (from, to) in [(NEXT_KEY, KEY), (NEXT_CERTIFICATE, CERTIFICATE)] {
            let (from, to) = (self.dir.path(from), self.dir.path(to));
            if from.exists() {
                fs::rename(&from, &to)
                    .and_then(|()| sync_folder_of(&to))
                    .map_err(|error| Failure::io("put the next certificate in its place", &error))?;
            }
        }
        self.present()
    }

    /// The coordinator does not know the next certificate, as after a restore: the old one goes on, if it is still here.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the disk, or if the old one is gone.
    pub(crate) fn drop_renewed(&self) -> Result<(), Failure> {
        if !self.dir.path(NEXT_KEY).exists() {
            return Err(refuse(
                0x2385,
                "the coordinator does not know this member's certificate, and there is no earlier one",
                "Ask the operator whether the coordinator was restored from a backup, and for a new invitation.",
                Some("G17"),
            ));
        }
        for name in [NEXT_CERTIFICATE, NEXT_KEY] {
            fs::remove_file(self.dir.path(name))
                .map_err(|error| Failure::io("let go of the next certificate", &error))?;
        }
        self.present()
    }

    fn present(&self) -> Result<(), Failure> {
        let authority = self.credentials().authority().clone();
        let newest = credentials(&self.dir, authority)?;
        *self.credentials.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(newest);
        Ok(())
    }
}

/// Renews the certificate if it is time, and lets the old one go once the new one works.
///
/// # Errors
///
/// [`Failure`] of the network or the disk: tried again in an hour; the certificate in use has a third of its life left.
pub(crate) async fn renew(uplink: &Uplink) -> Result<(), Failure> {
    let home = uplink.home();
    match home.renewal_turn(home.now())? {
        Turn::Rest => return Ok(()),
        Turn::Try => {}
        Turn::Ask(body) => home.take_renewed(&uplink.call(kind::RENEW, &body).await?)?,
    }
    uplink.dial_again().await;
    let nothing = DestructionsAsked { about: Vec::new() }.to_bytes();
    match uplink.call(kind::DESTRUCTIONS, &nothing).await {
        Ok(_) => {
            home.promote_renewed()?;
            tracing::info!("the next certificate is in use");
            Ok(())
        }
        Err(TransportError::Refused(refused)) if refused.code == CERTIFICATE_NOT_CURRENT => {
            tracing::warn!("the coordinator does not know the next certificate");
            home.drop_renewed()?;
            uplink.dial_again().await;
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{CODE, joined};
    use passage_protocol::{ids::MemberCode, signing::SigningKey};
    use passage_shell::{clock, pki::Authority};
    use std::time::{Duration, Instant};

    const DAY_S: u64 = 86_400;

    struct Member {
        parent: tempfile::TempDir,
        authority: Authority,
    }

    impl Member {
        fn new() -> Self {
            let parent = tempfile::tempdir().unwrap();
            let coordinator = SigningKey::generate([9; 32]);
            let authority = joined(&parent.path().join("node"), clock::now(), &coordinator);
            Self { parent, authority }
        }

        /// The process dies and another opens the folder.
        fn open(&self) -> Home {
            let patience = Instant::now() + Duration::from_secs(10);
            loop {
                match Home::open(&self.parent.path().join("node")) {
                    Err(_) if Instant::now() < patience => std::thread::sleep(Duration::from_millis(20)),
                    other => return other.unwrap(),
                }
            }
        }

        /// What the coordinator answers to a request.
        fn answer(&self, body: &[u8], code: MemberCode) -> Vec<u8> {
            let renewal = Renewal::from_bytes(body).unwrap();
            let request = &renewal.renew.value().request;
            let (certificate, _) = self.authority.issue_member(request, code, clock::now()).unwrap();
            Renewed { certificate: certificate.to_vec() }.to_bytes()
        }
    }

    fn asked(home: &Home) -> Vec<u8> {
        match home.renewal_turn(home.now().plus_s(300 * DAY_S)).unwrap() {
            Turn::Ask(body) => body,
            other @ (Turn::Rest | Turn::Try) => panic!("{other:?}"),
        }
    }

    fn fits(home: &Home) -> bool {
        home.credentials().key().fits(home.credentials().certificate())
    }

    #[test]
    fn i5_it_is_asked_for_when_two_thirds_of_the_life_are_over_and_with_one_key_however_often() {
        let member = Member::new();
        let home = member.open();
        let at = |days: u64| home.renewal_turn(home.now().plus_s(days * DAY_S)).unwrap();
        assert!(matches!(at(0), Turn::Rest) && matches!(at(266), Turn::Rest));
        let Turn::Ask(first) = at(267) else { panic!("not asked for") };
        let renewal = Renewal::from_bytes(&first).unwrap();
        let key = home.signing_key.verifying_key();
        let renew = renewal.renew.verify(SignatureKind::CertificateRenewal, None, &key).unwrap();
        assert_eq!(renew.member, CODE);
        drop(home);
        assert_eq!(asked(&member.open()), first, "an answer that was lost is asked for again, not anew");
    }

    #[test]
    fn i5_whatever_a_kill_leaves_holds_a_pair_that_works() {
        let member = Member::new();
        let home = member.open();
        let old = home.credentials().certificate().clone();
        let body = asked(&home);
        drop(home);
        // Killed after the key was made.
        let home = member.open();
        assert_eq!(home.credentials().certificate(), &old);
        assert!(fits(&home));
        home.take_renewed(&member.answer(&body, CODE)).unwrap();
        let new = home.credentials().certificate().clone();
        assert!(new != old && fits(&home), "presented at once");
        drop(home);
        // Killed before it was used.
        let home = member.open();
        assert_eq!(home.credentials().certificate(), &new);
        assert!(fits(&home) && matches!(home.renewal_turn(home.now()).unwrap(), Turn::Try));
        // Killed between the two renames.
        let path = |name: &str| home.dir.path(name);
        fs::rename(path(NEXT_KEY), path(KEY)).unwrap();
        drop(home);
        let home = member.open();
        assert_eq!(home.credentials().certificate(), &new);
        assert!(fits(&home));
        home.promote_renewed().unwrap();
        home.promote_renewed().unwrap();
        drop(home);
        let home = member.open();
        assert_eq!(home.credentials().certificate(), &new);
        assert!(fits(&home) && matches!(home.renewal_turn(home.now()).unwrap(), Turn::Rest));
        assert!(!home.dir.path(NEXT_CERTIFICATE).exists() && !home.dir.path(NEXT_KEY).exists());
    }

    #[test]
    fn i5_the_old_pair_goes_on_if_the_coordinator_does_not_know_the_new_one() {
        let member = Member::new();
        let home = member.open();
        let old = home.credentials().certificate().clone();
        home.take_renewed(&member.answer(&asked(&home), CODE)).unwrap();
        home.drop_renewed().unwrap();
        assert_eq!(home.credentials().certificate(), &old);
        assert!(fits(&home));
        home.take_renewed(&member.answer(&asked(&home), CODE)).unwrap();
        home.promote_renewed().unwrap();
        assert_eq!(home.drop_renewed().unwrap_err().code(), "N2385", "there is no earlier one");
        assert!(fits(&home));
    }

    #[test]
    fn i5_a_certificate_for_another_member_or_another_key_is_not_taken() {
        let member = Member::new();
        let home = member.open();
        let old = home.credentials().certificate().clone();
        let body = asked(&home);
        let other = member.answer(&body, MemberCode([1; 5]));
        assert_eq!(home.take_renewed(&other).unwrap_err().code(), "N2384");
        let request = KeyFile::generate().unwrap().request().unwrap();
        let renew = Renew { member: CODE, request };
        let renew = Signed::new(renew, SignatureKind::CertificateRenewal, None, &home.signing_key);
        let strange = member.answer(&Renewal { renew }.to_bytes(), CODE);
        assert_eq!(home.take_renewed(&strange).unwrap_err().code(), "N2384");
        assert_eq!(home.credentials().certificate(), &old);
        assert!(!home.dir.path(NEXT_CERTIFICATE).exists());
    }
}
