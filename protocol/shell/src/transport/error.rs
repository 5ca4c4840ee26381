//! Why a call over the network gave no answer.

use super::Refused;
use crate::{pki::PkiError, shelf::ShelfError};
use core::fmt;
use passage_protocol::refusal::{Code, Refusal};

/// Why a call over the network gave no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TransportError {
    /// No address of the coordinator could be resolved or reached.
    Unreachable,
    /// The peer ended the connection or it fell silent.
    Closed,
    /// The handshake failed: certificate refused or revoked, wrong CA, or no post-quantum key exchange.
    Handshake,
    /// The bytes are not a frame.
    Malformed {
        /** What was being read. */
        part: &'static str,
    },
    /// A certificate or key of our own is unusable.
    Pki(PkiError),
    /// The peer understood and refused.
    Refused(Refused),
    /// The blob could not be read or kept.
    Shelf(ShelfError),
    /// The local UDP socket could not be had.
    Socket {
        /** What the operating system said. */
        kind: std::io::ErrorKind,
    },
    /// Nothing happened in time.
    TimedOut {
        /** What was waited for. */
        part: &'static str,
    },
    /// A frame is larger than allowed.
    TooLarge {
        /** Bytes announced. */
        bytes: u64,
        /** Bytes allowed. */
        limit: u64,
    },
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => formatter.write_str("the connection ended before the answer was complete"),
            Self::Handshake => formatter
                .write_str("no secure connection was agreed: a certificate or key exchange was refused"),
            Self::Malformed { part } => {
                write!(formatter, "{part} is malformed, expected a frame of this version")
            }
            Self::Pki(error) => error.fmt(formatter),
            Self::Refused(refused) => write!(formatter, "the other side refused: {}", refused.text),
            Self::Shelf(error) => error.fmt(formatter),
            Self::Socket { kind } => write!(formatter, "the UDP socket cannot be used: {kind}"),
            Self::TimedOut { part } => {
                write!(formatter, "nothing was heard in time while waiting for {part}")
            }
            Self::TooLarge { bytes, limit } => write!(formatter, "{bytes} bytes exceed the limit of {limit}"),
            Self::Unreachable => {
                formatter.write_str("none of the coordinator's addresses could be resolved or reached")
            }
        }
    }
}

impl Refusal for TransportError {
    fn code(&self) -> Code {
        match self {
            Self::Pki(error) => error.code(),
            Self::Shelf(error) => error.code(),
            Self::Refused(refused) => Code(refused.code),
            Self::Unreachable => Code(0x1071),
            Self::Handshake => Code(0x1072),
            Self::Closed => Code(0x1073),
            Self::TimedOut { .. } => Code(0x1074),
            Self::Malformed { .. } => Code(0x1075),
            Self::TooLarge { .. } => Code(0x1076),
            Self::Socket { .. } => Code(0x1077),
        }
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Pki(error) => error.advice(),
            Self::Shelf(error) => error.advice(),
            Self::Closed | Self::TimedOut { .. } => {
                "Try again; if it persists, check that UDP to the coordinator passes the firewall."
            }
            Self::Handshake => {
                "Check the machine's clock; if it is right, ask the coordinator whether the certificate was revoked."
            }
            Self::Malformed { .. } | Self::TooLarge { .. } => {
                "Compare the versions of both programs, then contact the other side."
            }
            Self::Refused(_) => "Ask the other side; the code says which of its rules refused.",
            Self::Socket { .. } => "Check that the address is free and the account may open UDP sockets.",
            Self::Unreachable => {
                "Check the coordinator's address and that UDP to its port passes the firewall."
            }
        }
    }
}

impl From<PkiError> for TransportError {
    fn from(error: PkiError) -> Self {
        Self::Pki(error)
    }
}

impl From<ShelfError> for TransportError {
    fn from(error: ShelfError) -> Self {
        Self::Shelf(error)
    }
}
