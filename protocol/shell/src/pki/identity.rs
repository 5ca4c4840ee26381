//! A private key made on this machine, and the credentials it forms with a certificate. The key never leaves the machine:
//! only [`KeyFile::request`] (public key, signed by itself) does.

use super::PkiError;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ED25519};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

/// An Ed25519 private key in PKCS#8 form, wiped when dropped.
pub struct KeyFile(Zeroizing<Vec<u8>>);

impl KeyFile {
    /// Makes a new key.
    ///
    /// # Errors
    ///
    /// [`PkiError::SigningFailed`] if the library cannot.
    pub fn generate() -> Result<Self, PkiError> {
        let pair = KeyPair::generate_for(&PKCS_ED25519)
            .map_err(|_| PkiError::SigningFailed { what: "a new key" })?;
        Ok(Self(Zeroizing::new(pair.serialize_der())))
    }

    /// Takes the bytes of a key file written earlier.
    ///
    /// # Errors
    ///
    /// [`PkiError::KeyUnreadable`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, PkiError> {
        let key = Self(Zeroizing::new(bytes));
        key.pair()?;
        Ok(key)
    }

    /// The bytes to write to a file of mode 0600. Search for this name to find every use.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// A certificate request (PKCS#10 DER) for this key. It names nobody: the CA decides the subject.
    ///
    /// # Errors
    ///
    /// [`PkiError::SigningFailed`].
    pub fn request(&self) -> Result<Vec<u8>, PkiError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&self.pair()?);
        Ok(request.map_err(|_| PkiError::SigningFailed { what: "a certificate request" })?.der().to_vec())
    }

    /// Whether the certificate is for this key.
    #[must_use]
    pub fn fits(&self, certificate: &CertificateDer<'_>) -> bool {
        let parsed = x509_parser::parse_x509_certificate(certificate);
        match (parsed, self.pair()) {
            (Ok((_, parsed)), Ok(pair)) => {
                parsed.public_key().subject_public_key.data == pair.public_key_raw()
            }
            (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
        }
    }

    pub(super) fn pair(&self) -> Result<KeyPair, PkiError> {
        let der = PrivatePkcs8KeyDer::from(self.0.as_slice());
        KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519).map_err(|_| PkiError::KeyUnreadable)
    }
}

/// What one end of a mutual-TLS connection presents and trusts: its key, its certificate, the consortium's CA.
pub struct Credentials {
    key: KeyFile,
    certificate: CertificateDer<'static>,
    authority: CertificateDer<'static>,
}

impl Credentials {
    /// Puts together what joining produced.
    #[must_use]
    pub fn new(
        key: KeyFile,
        certificate: CertificateDer<'static>,
        authority: CertificateDer<'static>,
    ) -> Self {
        Self { key, certificate, authority }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &KeyFile {
        &self.key
    }

    /// Our own certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The CA certificate.
    #[must_use]
    pub fn authority(&self) -> &CertificateDer<'static> {
        &self.authority
    }

    pub(crate) fn tls_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.expose().to_vec()).into()
    }
}
