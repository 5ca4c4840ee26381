//! Why a blob was refused, and what to do about it.

use core::fmt;
use passage_protocol::{
    ids::Digest,
    refusal::{Code, Refusal},
};
use std::io;

/// Why a blob was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ShelfError {
    /// The blob is not here.
    Absent {
        /** Its name. */
        digest: Digest,
    },
    /// The bytes are not those the digest names.
    DigestDiffers {
        /** The digest expected. */
        digest: Digest,
    },
    /// The disk or quota is used up.
    DiskFull,
    /// The file system refused.
    Io {
        /** What the operating system said. */
        kind: io::ErrorKind,
    },
    /// More bytes than announced or allowed.
    TooLong {
        /** Bytes seen or announced. */
        bytes: u64,
        /** Bytes allowed. */
        limit: u64,
    },
    /// The bytes ended early.
    TooShort {
        /** Bytes seen. */
        bytes: u64,
        /** Bytes announced. */
        expected: u64,
    },
}

impl ShelfError {
    /// In the words of the operating system, for who has no words of its own for a shelf.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Absent { .. } => io::ErrorKind::NotFound,
            Self::DigestDiffers { .. } => io::ErrorKind::InvalidData,
            Self::DiskFull => io::ErrorKind::StorageFull,
            Self::Io { kind } => *kind,
            Self::TooLong { .. } => io::ErrorKind::FileTooLarge,
            Self::TooShort { .. } => io::ErrorKind::UnexpectedEof,
        }
    }
}

impl ShelfError {
    /// What a record that is none means, in a file that only this process writes: somebody altered it.
    pub const DAMAGED: Self = Self::Io { kind: io::ErrorKind::InvalidData };
}

impl fmt::Display for ShelfError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { digest } => write!(formatter, "blob {} is not on the shelf", digest.short()),
            Self::DigestDiffers { digest } => {
                write!(formatter, "the bytes are not those of blob {}", digest.short())
            }
            Self::DiskFull => formatter.write_str("the disk is full, the blob was not kept"),
            Self::Io { kind } => write!(formatter, "the shelf cannot be used: {kind}"),
            Self::TooLong { bytes, limit } => {
                write!(formatter, "a blob of {bytes} bytes exceeds the limit of {limit}")
            }
            Self::TooShort { bytes, expected } => {
                write!(formatter, "a blob ended after {bytes} bytes, expected {expected}")
            }
        }
    }
}

impl Refusal for ShelfError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Absent { .. } => 0x1031,
            Self::DigestDiffers { .. } => 0x1032,
            Self::TooLong { .. } => 0x1033,
            Self::TooShort { .. } => 0x1034,
            Self::DiskFull => 0x1035,
            Self::Io { .. } => 0x1036,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Absent { .. } => {
                "It was swept after its round ended, or never arrived; open the round again."
            }
            Self::DigestDiffers { .. } | Self::TooLong { .. } | Self::TooShort { .. } => {
                "Send it again; if it happens twice, the sending program is faulty or was tampered with."
            }
            Self::DiskFull => "Free space on that disk and repeat.",
            Self::Io { .. } => "Check that the state folder is mounted and writable.",
        }
    }
}

impl From<std::io::Error> for ShelfError {
    fn from(error: std::io::Error) -> Self {
        if crate::state_dir::is_disk_full(&error) { Self::DiskFull } else { Self::Io { kind: error.kind() } }
    }
}
