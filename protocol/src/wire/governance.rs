//! What a node and the coordinator tell each other about agreements: which there are, and what the parties said to them.
//!
//! The coordinator relays the parties' own signed statements and adds nothing: a statement it made up does not verify, one it
//! leaves out is missed by whoever has seen it ([`crate::agreement::ConsentRecord`]).

use crate::{agreement::ConsentStatement, codec_struct, ids::Digest};

/// Answer to [`super::service::kind::DOCUMENTS`]: what this member is a party to.
#[derive(Clone, Debug)]
pub struct Documents {
    /// Agreements with everything their parties said.
    pub agreements: Vec<AgreementStatus>,
    /// Digests of studies.
    pub studies: Vec<Digest>,
    /// Current revocation list, DER.
    pub revocations: Vec<u8>,
}
codec_struct!(Documents { agreements, studies, revocations });

/// An agreement and what its parties said to it, each party's choices in their order.
#[derive(Clone, Debug)]
pub struct AgreementStatus {
    /// Digest of its bytes.
    pub digest: Digest,
    /// Signatures, choices of lines, withdrawals.
    pub statements: Vec<ConsentStatement>,
}
codec_struct!(AgreementStatus { digest, statements });

/// Body of [`super::service::kind::STATE`]: a member says something to an agreement. Which agreement, and that it is the
/// member's own, stands in what is signed.
#[derive(Clone, Debug)]
pub struct State {
    /// What it says.
    pub statement: ConsentStatement,
}
codec_struct!(State { statement });
