//! The consortium's private CA: signs the coordinator's own certificate, members' certificates and the revocation list.
//!
//! Ed25519 throughout. A member's certificate is good for client authentication only, so a member cannot pose as the
//! coordinator. The CA records nothing: the caller keeps code, serial and revocations.

use super::{Credentials, KeyFile, PkiError, Serial};
use crate::{entropy, limits};
use passage_protocol::{ids::MemberCode, timestamp::Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertificateSigningRequestParams,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ED25519, RevocationReason, RevokedCertParams, SanType, SerialNumber,
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, CertificateSigningRequestDer};

/// The name every coordinator's certificate carries; the CA pinned, not the host name, says whose it is.
pub const SERVER_NAME: &str = "coordinator.passage.internal";

const DAY_S: u64 = 86_400;

/// One certificate that is no longer valid.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Revocation {
    /// Its serial.
    pub serial: Serial,
    /// Since when.
    pub at: Timestamp,
}

/// The CA with its key. Neither `Clone` nor `Debug`.
pub struct Authority {
    key: KeyFile,
    certificate: CertificateDer<'static>,
}

impl Authority {
    /// Makes a new CA. `consortium` is a label people see in certificate viewers.
    ///
    /// # Errors
    ///
    /// [`PkiError::SigningFailed`], [`PkiError::Entropy`].
    pub fn create(consortium: &str, now: Timestamp) -> Result<Self, PkiError> {
        let key = KeyFile::generate()?;
        let mut params = params(consortium, fresh_serial()?, now, limits::AUTHORITY_DAYS);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key.pair()?).map_err(|_| failed("the CA certificate"))?;
        Ok(Self { certificate: certificate.der().clone(), key })
    }

    /// Takes up a CA written earlier.
    ///
    /// # Errors
    ///
    /// [`PkiError::KeyUnreadable`], or [`PkiError::CertificateUnreadable`] if the certificate is of another key.
    pub fn restore(key: KeyFile, certificate: CertificateDer<'static>) -> Result<Self, PkiError> {
        let other = PkiError::CertificateUnreadable { expected: "the public key of the CA's key file" };
        let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).map_err(|_| other)?;
        let same = parsed.public_key().subject_public_key.data == key.pair()?.public_key_raw();
        if same { Ok(Self { key, certificate }) } else { Err(other) }
    }

    /// The key, to write to a file of mode 0600.
    #[must_use]
    pub fn key(&self) -> &KeyFile {
        &self.key
    }

    /// The CA certificate, public.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// A fresh key and certificate for the coordinator's listening end, valid [`limits::CERTIFICATE_DAYS`].
    ///
    /// # Errors
    ///
    /// [`PkiError::SigningFailed`], [`PkiError::Entropy`].
    pub fn issue_server(&self, now: Timestamp) -> Result<Credentials, PkiError> {
        let key = KeyFile::generate()?;
        let mut params = params(SERVER_NAME, fresh_serial()?, now, limits::CERTIFICATE_DAYS);
        let name = SERVER_NAME.try_into().map_err(|_| failed("the server name"))?;
        params.subject_alt_names = vec![SanType::DnsName(name)];
        end_entity(&mut params, ExtendedKeyUsagePurpose::ServerAuth);
        let signed =
            params.signed_by(&key.pair()?, &self.issuer()?).map_err(|_| failed("the server certificate"))?;
        Ok(Credentials::new(key, signed.der().clone(), self.certificate.clone()))
    }

    /// Signs a member's certificate for the key in `request` (PKCS#10 DER). Everything the request asks for except the
    /// key is ignored: the subject is `code`, the use client authentication.
    ///
    /// # Errors
    ///
    /// [`PkiError::RequestRefused`] if it is malformed, not Ed25519 or not signed by its own key.
    pub fn issue_member(
        &self,
        request: &[u8],
        code: MemberCode,
        now: Timestamp,
    ) -> Result<(CertificateDer<'static>, Serial), PkiError> {
        let der = CertificateSigningRequestDer::from(request);
        let asked = CertificateSigningRequestParams::from_der(&der).map_err(|_| PkiError::RequestRefused)?;
        if *asked.public_key.algorithm() != PKCS_ED25519 {
            return Err(PkiError::RequestRefused);
        }
        let serial = fresh_serial()?;
        let mut params = params(&code.to_string(), serial, now, limits::CERTIFICATE_DAYS);
        end_entity(&mut params, ExtendedKeyUsagePurpose::ClientAuth);
        let granted = CertificateSigningRequestParams { params, public_key: asked.public_key };
        let signed = granted.signed_by(&self.issuer()?).map_err(|_| failed("a member's certificate"))?;
        Ok((signed.der().clone(), serial))
    }

    /// Signs the list of revoked certificates, to be replaced within [`limits::REVOCATION_LIST_DAYS`]. `number` must rise.
    ///
    /// # Errors
    ///
    /// [`PkiError::SigningFailed`].
    pub fn revocation_list(
        &self,
        revoked: &[Revocation],
        number: u64,
        now: Timestamp,
    ) -> Result<CertificateRevocationListDer<'static>, PkiError> {
        let revoked_certs = revoked.iter().map(|revocation| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&revocation.serial.0),
            revocation_time: moment(revocation.at.0),
            reason_code: Some(RevocationReason::CessationOfOperation),
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: moment(now.0.saturating_sub(limits::CLOCK_SKEW_S)),
            next_update: moment(now.plus_s(limits::REVOCATION_LIST_DAYS * DAY_S).0),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&self.issuer()?).map_err(|_| failed("the revocation list"))?;
        Ok(list.der().clone())
    }

    fn issuer(&self) -> Result<Issuer<'static, KeyPair>, PkiError> {
        let unreadable = PkiError::CertificateUnreadable { expected: "the CA's own structure" };
        Issuer::from_ca_cert_der(&self.certificate, self.key.pair()?).map_err(|_| unreadable)
    }
}

fn params(common_name: &str, serial: Serial, now: Timestamp, days: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.serial_number = Some(SerialNumber::from_slice(&serial.0));
    params.not_before = moment(now.0.saturating_sub(limits::CLOCK_SKEW_S));
    params.not_after = moment(now.plus_s(days * DAY_S).0);
    params.use_authority_key_identifier_extension = true;
    params
}

fn end_entity(params: &mut CertificateParams, purpose: ExtendedKeyUsagePurpose) {
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
}

/// Years up to 9999 only, as X.509 can write no others.
fn moment(seconds: u64) -> time::OffsetDateTime {
    rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(seconds.min(253_402_300_799))
}

fn fresh_serial() -> Result<Serial, PkiError> {
    let mut bytes = [0; 16];
    entropy::fill(&mut bytes).map_err(|_| PkiError::Entropy)?;
    if let Some(first) = bytes.first_mut() {
        *first = *first & 0x3F | 0x40;
    }
    Ok(Serial(bytes))
}

fn failed(what: &'static str) -> PkiError {
    PkiError::SigningFailed { what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{Fingerprint, Peer};

    #[test]
    fn a_member_certificate_names_the_code_and_the_serial() {
        let now = crate::clock::now();
        let authority = Authority::create("Test consortium", now).unwrap();
        let code = MemberCode([1, 2, 3, 4, 5]);
        let request = KeyFile::generate().unwrap().request().unwrap();
        let (certificate, serial) = authority.issue_member(&request, code, now).unwrap();
        let peer = Peer::read(&certificate).unwrap();
        assert_eq!((peer.code(), peer.serial()), (code, serial));
        assert!(Peer::read(authority.certificate()).is_err());
        assert_ne!(Fingerprint::of(&certificate), Fingerprint::of(authority.certificate()));
    }

    #[test]
    fn an_authority_is_taken_up_again_with_its_own_key_only() {
        let now = crate::clock::now();
        let authority = Authority::create("Test consortium", now).unwrap();
        let key = |key: &KeyFile| KeyFile::from_bytes(key.expose().to_vec()).unwrap();
        let again = Authority::restore(key(authority.key()), authority.certificate().clone()).unwrap();
        assert_eq!(again.certificate(), authority.certificate());
        let other = KeyFile::generate().unwrap();
        assert!(Authority::restore(other, authority.certificate().clone()).is_err());
    }

    #[test]
    fn a_request_altered_on_the_way_is_refused() {
        let now = crate::clock::now();
        let authority = Authority::create("Test consortium", now).unwrap();
        let mut request = KeyFile::generate().unwrap().request().unwrap();
        let last = request.len() - 1;
        request[last] ^= 1;
        let code = MemberCode([0; 5]);
        assert_eq!(authority.issue_member(&request, code, now), Err(PkiError::RequestRefused));
        assert_eq!(authority.issue_member(b"", code, now), Err(PkiError::RequestRefused));
    }

    #[test]
    fn a_request_for_another_kind_of_key_is_refused() {
        let now = crate::clock::now();
        let authority = Authority::create("Test consortium", now).unwrap();
        let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let request = CertificateParams::default().serialize_request(&pair).unwrap();
        assert_eq!(
            authority.issue_member(request.der(), MemberCode([0; 5]), now),
            Err(PkiError::RequestRefused)
        );
    }
}
