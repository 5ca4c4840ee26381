//! What a node and the coordinator tell each other about changes of the principles (G06). The coordinator relays documents and
//! the members' own signatures; every node checks both itself ([`crate::agreement::principles::SignatureRecord`]).

use crate::{agreement::principles::PrinciplesSignature, codec_struct, ids::Digest, signing::Signed};

/// Body of [`super::service::kind::PRINCIPLES`]: what a node knows.
#[derive(Clone, Copy, Debug)]
pub struct PrinciplesAsked {
    /// The version in force at the node: later ones are wanted.
    pub after: u16,
    /// Digest of the last answer, zero at first: the same again is not sent.
    pub seen: Digest,
}
codec_struct!(PrinciplesAsked { after, seen });

/// Answer: changes after that version, in ascending order of their versions.
#[derive(Clone, Debug)]
pub struct PrinciplesNews {
    /// True if there is nothing but what the node has seen; the list is then empty.
    pub unchanged: bool,
    /// What was proposed, as far as it fits an answer.
    pub proposals: Vec<PrinciplesProposal>,
}
codec_struct!(PrinciplesNews { unchanged, proposals });

impl PrinciplesNews {
    /// What a node names as `seen`: plain BLAKE3 of the proposals.
    #[must_use]
    pub fn digest(&self) -> Digest {
        use crate::codec::Encode as _;
        Digest::of_blob(&self.proposals.to_bytes())
    }
}

/// A change and who has signed it.
#[derive(Clone, Debug)]
pub struct PrinciplesProposal {
    /// The document's bytes.
    pub text: Vec<u8>,
    /// Signatures, as the members made them.
    pub signatures: Vec<Signed<PrinciplesSignature>>,
}
codec_struct!(PrinciplesProposal { text, signatures });

/// Body of [`super::service::kind::SIGN_PRINCIPLES`]: a member signs. Which document, and that it is the member's own, stands
/// in what is signed.
#[derive(Clone, Debug)]
pub struct PrinciplesSigned {
    /// The signature.
    pub signature: Signed<PrinciplesSignature>,
}
codec_struct!(PrinciplesSigned { signature });
