//! Why a change of the principles, or a signature on one, was refused.

use core::fmt;

use crate::{
    ids::MemberCode,
    refusal::{Code, Refusal},
};

/// Why a change of the principles, or a signature on one, was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PrinciplesError {
    /// A party of an agreement that stands is not named: everybody must sign.
    MemberMissing {
        /** Who. */
        code: MemberCode,
    },
    /// Signed by somebody the document, or an agreement, does not name as the member's signer.
    NotASigner {
        /** Whose. */
        code: MemberCode,
    },
    /// Not signed with the member's key, or for another document, or by no member the document names.
    NotItsOwn {
        /** In whose name. */
        code: MemberCode,
    },
    /// The document does not follow the version in force.
    NotNext {
        /** Its version. */
        found: u16,
        /** The version in force. */
        in_force: u16,
    },
    /// Some members have not signed.
    NotUnanimous {
        /** How many have. */
        signed: usize,
        /** Of how many. */
        members: usize,
    },
    /// The document is another consortium's.
    OtherConsortium,
    /// A member stands there with another signing key than in an agreement.
    OtherKey {
        /** Who. */
        code: MemberCode,
    },
}

impl fmt::Display for PrinciplesError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MemberMissing { code } => write!(
                formatter,
                "{code} is a party to an agreement and is not among the members who sign, expected every party"
            ),
            Self::NotASigner { code } => write!(
                formatter,
                "the person who signed for {code} is not one of its signers, expected its top administrator or a designee"
            ),
            Self::NotItsOwn { code } => {
                write!(
                    formatter,
                    "a signature in the name of {code} is not made with its key for this document"
                )
            }
            Self::NotNext { found, in_force } => write!(
                formatter,
                "version {found} of the principles does not follow version {in_force}, which is in force here"
            ),
            Self::NotUnanimous { signed, members } => {
                write!(formatter, "{signed} of {members} members have signed, expected all")
            }
            Self::OtherConsortium => {
                formatter.write_str("the document names another consortium than the one joined here")
            }
            Self::OtherKey { code } => {
                write!(formatter, "{code} stands there with another signing key than in an agreement")
            }
        }
    }
}

impl Refusal for PrinciplesError {
    fn code(&self) -> Code {
        Code(match self {
            Self::OtherConsortium => 0x0440,
            Self::NotNext { .. } => 0x0441,
            Self::MemberMissing { .. } => 0x0442,
            Self::OtherKey { .. } => 0x0443,
            Self::NotItsOwn { .. } => 0x0444,
            Self::NotASigner { .. } => 0x0445,
            Self::NotUnanimous { .. } => 0x0446,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::MemberMissing { .. } | Self::OtherKey { .. } => {
                "Nothing was signed and the version before stays in force. Ask the operator to propose the change again with every member and its key."
            }
            Self::NotASigner { .. } => {
                "Let one of the people sign whom the document and `agreement show` both name for this member."
            }
            Self::NotItsOwn { .. } => {
                "Nothing was kept. Ask the named member, by another channel, whether it signed."
            }
            Self::NotNext { .. } => {
                "Ask the operator to propose the change again after the version that `principles show` prints."
            }
            Self::NotUnanimous { .. } => {
                "Wait for the others; until the last has signed, the version before stays in force."
            }
            Self::OtherConsortium => "Ask the operator for a document of this consortium.",
        }
    }

    fn rule(&self) -> Option<&'static str> {
        Some(match self {
            Self::OtherConsortium => "G04",
            Self::MemberMissing { .. }
            | Self::NotASigner { .. }
            | Self::NotItsOwn { .. }
            | Self::NotNext { .. }
            | Self::NotUnanimous { .. }
            | Self::OtherKey { .. } => "G06",
        })
    }
}
