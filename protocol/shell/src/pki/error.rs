//! Why a certificate, key or revocation list was refused.

use core::fmt;
use passage_protocol::refusal::{Code, Refusal};

/// Why a certificate, key or revocation list was refused. No variant carries key bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PkiError {
    /// A certificate that this consortium's CA would not have written.
    CertificateUnreadable {
        /** What was looked for. */
        expected: &'static str,
    },
    /// The operating system gave no random bytes.
    Entropy,
    /// A private key file that is none of ours.
    KeyUnreadable,
    /// A certificate request that is malformed, not signed by its own key, or not Ed25519.
    RequestRefused,
    /// The signing library refused.
    SigningFailed {
        /** What was to be signed. */
        what: &'static str,
    },
    /// TLS could not be set up from these certificates.
    TlsRefused {
        /** Which part. */
        part: &'static str,
    },
}

impl fmt::Display for PkiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CertificateUnreadable { expected } => write!(formatter, "a certificate lacks {expected}"),
            Self::Entropy => crate::entropy::EntropyError.fmt(formatter),
            Self::KeyUnreadable => {
                formatter.write_str("a private key cannot be read, expected Ed25519 in PKCS#8")
            }
            Self::RequestRefused => formatter
                .write_str("a certificate request is malformed, expected Ed25519 signed by its own key"),
            Self::SigningFailed { what } => write!(formatter, "{what} could not be signed"),
            Self::TlsRefused { part } => write!(formatter, "TLS could not be set up: {part} was refused"),
        }
    }
}

impl Refusal for PkiError {
    fn code(&self) -> Code {
        Code(match self {
            Self::CertificateUnreadable { .. } => 0x1051,
            Self::KeyUnreadable => 0x1052,
            Self::RequestRefused => 0x1053,
            Self::SigningFailed { .. } => 0x1054,
            Self::TlsRefused { .. } => 0x1055,
            Self::Entropy => 0x1056,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::CertificateUnreadable { .. } | Self::KeyUnreadable | Self::TlsRefused { .. } => {
                "Restore the certificate files from a backup, or join again with a new invitation."
            }
            Self::Entropy => "Check that the sandbox or container permits the getrandom system call.",
            Self::RequestRefused => "Use a node of the same version to join.",
            Self::SigningFailed { .. } => "Check the coordinator's key file and clock, then repeat.",
        }
    }
}
