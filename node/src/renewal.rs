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
use crate::{
    home::{Home, damaged, refuse},
    uplink::{CERTIFICATE_NOT_CURRENT, Uplink},
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
pub(crate) fn credentials(
    dir: &StateDir,
    authority: Certificate<'static>,
) -> Result<Credentials, Failure> {
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
