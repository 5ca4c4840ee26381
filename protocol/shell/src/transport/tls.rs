//! The TLS of both ends: version 1.3, X25519MLKEM768, the consortium's CA and nothing else.

use crate::pki::{Credentials, Fingerprint, PkiError, authority::SERVER_NAME};
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use std::sync::Arc;

/// ALPN of member connections: certificates on both sides.
pub const ALPN_MEMBER: &[u8] = b"passage/3";

/// ALPN of the one call a newcomer can make.
pub const ALPN_JOIN: &[u8] = b"passage-join/1";

/// The provider with the one key exchange both ends offer.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = vec![aws_lc_rs::kx_group::X25519MLKEM768];
    Arc::new(provider)
}

/// The coordinator's end. Certificates presented are checked against the CA and `revocations`, whose own expiry counts.
///
/// # Errors
///
/// [`PkiError::TlsRefused`] names the part.
pub fn server(
    credentials: &Credentials,
    revocations: &CertificateRevocationListDer<'static>,
) -> Result<ServerConfig, PkiError> {
    let provider = provider();
    let verifier = WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots(credentials.authority())?),
        Arc::clone(&provider),
    )
    .with_crls([revocations.clone()])
    .enforce_revocation_expiration()
    .allow_unauthenticated() // newcomers have none yet; `admission` lets them reach `join` only
    .build()
    .map_err(|_| refused("the revocation list or CA certificate"))?;
    let chain = vec![credentials.certificate().clone(), credentials.authority().clone()];
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| refused("the protocol version"))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, credentials.tls_key())
        .map_err(|_| refused("the server certificate"))?;
    config.alpn_protocols = vec![ALPN_MEMBER.to_vec(), ALPN_JOIN.to_vec()];
    // A resumed session is not checked against the revocation list again: none is ever offered.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}

/// A member's end: presents its certificate, trusts the consortium's CA alone.
///
/// # Errors
///
/// [`PkiError::TlsRefused`] names the part.
pub fn member(credentials: &Credentials) -> Result<ClientConfig, PkiError> {
    let provider = provider();
    let roots = Arc::new(roots(credentials.authority())?);
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
        .build()
        .map_err(|_| refused("the CA certificate"))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| refused("the protocol version"))?
        .with_webpki_verifier(verifier)
        .with_client_auth_cert(vec![credentials.certificate().clone()], credentials.tls_key())
        .map_err(|_| refused("the member's certificate"))?;
    Ok(finish(config, ALPN_MEMBER))
}

/// A newcomer's end: presents nothing, trusts the CA with the fingerprint of its invitation.
///
/// # Errors
///
/// [`PkiError::TlsRefused`] names the part.
pub fn newcomer(pin: Fingerprint) -> Result<ClientConfig, PkiError> {
    let provider = provider();
    let verifier = Arc::new(PinnedAuthority { pin, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| refused("the protocol version"))?
        .dangerous() // not weaker: the verifier below adds the pin to the ordinary checks
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(finish(config, ALPN_JOIN))
}

fn finish(mut config: ClientConfig, alpn: &[u8]) -> ClientConfig {
    config.alpn_protocols = vec![alpn.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    config
}

/// Accepts a server whose chain leads to the presented CA certificate, if that one has the pinned fingerprint.
#[derive(Debug)]
struct PinnedAuthority {
    pin: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedAuthority {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let unknown = || rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let pinned = intermediates
            .iter()
            .find(|presented| Fingerprint::of(presented) == self.pin)
            .ok_or_else(unknown)?;
        let roots = roots(pinned).map_err(|_| unknown())?;
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|_| unknown())?
            .verify_server_cert(end_entity, &[], server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        None
    }
}

/// The name to ask for: the CA is private, so a fixed one says as much as a host name would.
#[must_use]
pub fn server_name() -> &'static str {
    SERVER_NAME
}

fn roots(authority: &CertificateDer<'_>) -> Result<RootCertStore, PkiError> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone().into_owned()).map_err(|_| refused("the CA certificate"))?;
    Ok(roots)
}

fn refused(part: &'static str) -> PkiError {
    PkiError::TlsRefused { part }
}
