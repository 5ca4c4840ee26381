//! What a certificate says: the member's opaque code and a serial number. Nothing else is ever in one.

use super::PkiError;
use core::fmt;
use passage_protocol::{ids::MemberCode, timestamp::Timestamp};
use rustls_pki_types::CertificateDer;

/// Domain separation of [`Fingerprint`].
const FINGERPRINT_CONTEXT: &str = "passage v1 authority fingerprint";

/// 32 bytes that pin the consortium's CA certificate: BLAKE3 of its DER form, in a context of its own.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(blake3::derive_key(FINGERPRINT_CONTEXT, certificate))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fingerprint({self})")
    }
}

/// Last second at which a certificate is valid, for reminders; TLS itself checks terms.
///
/// # Errors
///
/// [`PkiError::CertificateUnreadable`].
pub fn valid_until(certificate: &CertificateDer<'_>) -> Result<Timestamp, PkiError> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
        .map_err(|_| PkiError::CertificateUnreadable { expected: "X.509 structure" })?;
    Ok(Timestamp(u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0)))
}

/// When a certificate is to be replaced: when two thirds of its life are over, so that a daemon that is away for a summer
/// still finds a certificate that works.
///
/// # Errors
///
/// [`PkiError::CertificateUnreadable`].
pub fn renewal_due(certificate: &CertificateDer<'_>) -> Result<Timestamp, PkiError> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
        .map_err(|_| PkiError::CertificateUnreadable { expected: "X.509 structure" })?;
    let second = |time: i64| u64::try_from(time).unwrap_or(0);
    let from = Timestamp(second(parsed.validity().not_before.timestamp()));
    let life = Timestamp(second(parsed.validity().not_after.timestamp())).since_s(from);
    Ok(from.plus_s(life / 3 * 2))
}

/// Serial number of a certificate: 16 random bytes, the first between 01 and 7F so that DER keeps it as it is.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Serial(pub [u8; 16]);

impl fmt::Display for Serial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Serial({self})")
    }
}

/// The member at the other end, as its certificate names it. Made only from a certificate, so that a handler of member
/// requests cannot be called for anybody who presented none.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Peer {
    code: MemberCode,
    serial: Serial,
}

impl Peer {
    /// Reads code and serial. The caller has had the chain verified: this function only reads.
    ///
    /// # Errors
    ///
    /// [`PkiError::CertificateUnreadable`] if either is missing, which the CA never signs.
    pub fn read(certificate: &CertificateDer<'_>) -> Result<Self, PkiError> {
        let unreadable = |expected| PkiError::CertificateUnreadable { expected };
        let (_, parsed) =
            x509_parser::parse_x509_certificate(certificate).map_err(|_| unreadable("X.509 structure"))?;
        let serial = parsed.raw_serial().try_into().map_err(|_| unreadable("a serial number of 16 bytes"))?;
        let mut names = parsed.subject().iter_common_name();
        let code = names.next().and_then(|name| name.as_str().ok()).and_then(MemberCode::parse);
        match (code, names.next()) {
            (Some(code), None) => Ok(Self { code, serial: Serial(serial) }),
            (Some(_) | None, _) => Err(unreadable("a member code as its one common name")),
        }
    }

    /// The member's opaque code.
    #[must_use]
    pub fn code(&self) -> MemberCode {
        self.code
    }

    /// Serial of the certificate presented.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.serial
    }
}
