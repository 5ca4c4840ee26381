//! What a party says to an agreement, each time under its own signature: yes, which lines of the share list, no more
//! (SPEC §3.2).

use crate::{
    agreement::Ticks,
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    ids::{Digest, MemberCode},
    signing::Signed,
    timestamp::Timestamp,
};

/// A party's signature under an agreement (kind 1): by itself it offers and accepts every line that concerns the party.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AgreementSignature {
    /// Digest of the agreement's bytes.
    pub agreement: Digest,
    /// The party.
    pub party: MemberCode,
    /// Who signed, one of the party's signers.
    pub signer: String,
    /// When.
    pub at: Timestamp,
}
codec_struct!(AgreementSignature { agreement, party, signer, at });

/// A party's choice of lines (kind 13), in place of every line: what it offers of its own, what it accepts of others'.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Acceptance {
    /// Digest of the agreement's bytes.
    pub agreement: Digest,
    /// The party.
    pub party: MemberCode,
    /// Who chose, one of the party's signers.
    pub signer: String,
    /// 1 for the party's first, then one more each time.
    pub sequence: u32,
    /// [`link`] of the one before; of the first, the agreement's digest.
    pub previous: Digest,
    /// Lines from this party that it offers.
    pub offers: Ticks,
    /// Lines to this party that it accepts.
    pub accepts: Ticks,
    /// When.
    pub at: Timestamp,
}
codec_struct!(Acceptance { agreement, party, signer, sequence, previous, offers, accepts, at });

/// A party's end of an agreement (kind 11): final, and at once (G10).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Withdrawal {
    /// Digest of the agreement's bytes.
    pub agreement: Digest,
    /// The party.
    pub party: MemberCode,
    /// Who withdrew it; anybody the party lets.
    pub by: String,
    /// When.
    pub at: Timestamp,
}
codec_struct!(Withdrawal { agreement, party, by, at });

/// What an acceptance's successor names as `previous`.
#[must_use]
pub fn link(acceptance: &Signed<Acceptance>) -> Digest {
    Digest::derive("passage v1 acceptance", acceptance.signed_bytes())
}

/// Something a party said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConsentStatement {
    /// It signed.
    Signed(Signed<AgreementSignature>),
    /// It chose lines.
    Chose(Signed<Acceptance>),
    /// It withdrew.
    Withdrew(Signed<Withdrawal>),
}

impl ConsentStatement {
    /// The party it says it is from.
    #[must_use]
    pub fn party(&self) -> MemberCode {
        match self {
            Self::Signed(one) => one.value().party,
            Self::Chose(one) => one.value().party,
            Self::Withdrew(one) => one.value().party,
        }
    }

    /// The agreement it says it is about.
    #[must_use]
    pub fn agreement(&self) -> Digest {
        match self {
            Self::Signed(one) => one.value().agreement,
            Self::Chose(one) => one.value().agreement,
            Self::Withdrew(one) => one.value().agreement,
        }
    }
}

impl Encode for ConsentStatement {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Signed(one) => {
                0_u8.encode(out);
                one.encode(out);
            }
            Self::Chose(one) => {
                1_u8.encode(out);
                one.encode(out);
            }
            Self::Withdrew(one) => {
                2_u8.encode(out);
                one.encode(out);
            }
        }
    }
}

impl Decode for ConsentStatement {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::Signed(Decode::decode(reader)?)),
            1 => Ok(Self::Chose(Decode::decode(reader)?)),
            2 => Ok(Self::Withdrew(Decode::decode(reader)?)),
            _ => Err(CodecError::Invalid { position, expected: "a statement of a party" }),
        }
    }
}

/// A statement that names the agreement it is about.
pub(super) trait About {
    fn about(&self) -> Digest;
}

impl About for AgreementSignature {
    fn about(&self) -> Digest {
        self.agreement
    }
}

impl About for Acceptance {
    fn about(&self) -> Digest {
        self.agreement
    }
}

impl About for Withdrawal {
    fn about(&self) -> Digest {
        self.agreement
    }
}
