//! What a node and the coordinator tell each other about the release of a report outside the parties (G07, G08, G19): the
//! proposal with its figures, and what each member concerned says to it, under its own signature (SPEC §24).
//!
//! These are bytes on the wire. What they amount to is decided in [`crate::release`], by every node for itself.

use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    ids::{Digest, MemberCode, RoundId},
    signing::Signed,
    timestamp::Timestamp,
    wire::BlobRef,
};

/// What exactly is to be shown outside, to whom, and until when it may be decided. Its digest is the release's name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proposal {
    /// The round the figures come from.
    pub round: RoundId,
    /// Digest of the agreement's bytes.
    pub agreement: Digest,
    /// Digest of the study's bytes.
    pub study: Digest,
    /// Every participant of the round, in the order of its call: each has to approve.
    pub involved: Vec<MemberCode>,
    /// Plain digest of the figures, [`ReleasePapers::report`].
    pub report: Digest,
    /// The form of the file.
    pub format: ReleaseFormat,
    /// The file, byte for byte.
    pub file: BlobRef,
    /// The text beside a table that has no room for what its figures mean; beside a page there is none.
    pub notes: Option<BlobRef>,
    /// Who is to get it, and why.
    pub audience: String,
    /// Members whose institution the file names.
    pub naming: Vec<MemberCode>,
    /// Who proposes.
    pub proposer: MemberCode,
    /// When.
    pub at: Timestamp,
    /// End of the time for comments (G19).
    pub comments_until: Timestamp,
    /// Until when it can become approved; silence is a no.
    pub lapses: Timestamp,
}
codec_struct!(Proposal {
    round,
    agreement,
    study,
    involved,
    report,
    format,
    file,
    notes,
    audience,
    naming,
    proposer,
    at,
    comments_until,
    lapses
});

/// The form of a file that leaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReleaseFormat {
    /// The long table, with notes beside it.
    Csv,
    /// One self-contained page.
    Html,
}

impl ReleaseFormat {
    /// Ending of a file's name, and the word on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }
}

impl Encode for ReleaseFormat {
    fn encode(&self, out: &mut Vec<u8>) {
        (*self as u8).encode(out);
    }
}

impl Decode for ReleaseFormat {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::Csv),
            1 => Ok(Self::Html),
            _ => Err(CodecError::Invalid { position, expected: "a form of a file" }),
        }
    }
}

/// Something a member says to a release, signed with its key (kind 15) in the round of the figures.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReleaseWord {
    /// Digest of the proposal.
    pub release: Digest,
    /// The member.
    pub party: MemberCode,
    /// The person who says it for the member.
    pub signer: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub said: ReleaseSaid,
}
codec_struct!(ReleaseWord { release, party, signer, at, said });

/// What can be said to a release.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReleaseSaid {
    /// These exact bytes may be shown to that audience.
    Approved {
        /** The release does not disadvantage or single out the member (G08, principle 5); without it an approval is none. */
        no_disadvantage: bool,
        /** The member may be named in it (G09); demanded of a member that is. */
        named: bool,
    },
    /// A remark for the others to read (G19).
    Commented {
        /** The remark. */
        text: String,
    },
    /// The member proposes it.
    Proposed,
    /// No. Final.
    Refused {
        /** Why, in words; may be empty. */
        reason: String,
    },
    /// The time for comments is over and the member's approval stands. The node says it when nobody there took it back, so
    /// that a refusal the coordinator keeps to itself is missed.
    Stands {
        /** How many remarks the member made. */
        comments: u16,
    },
}

impl Encode for ReleaseSaid {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Proposed => 0_u8.encode(out),
            Self::Commented { text } => {
                1_u8.encode(out);
                text.encode(out);
            }
            Self::Approved { no_disadvantage, named } => {
                2_u8.encode(out);
                no_disadvantage.encode(out);
                named.encode(out);
            }
            Self::Refused { reason } => {
                3_u8.encode(out);
                reason.encode(out);
            }
            Self::Stands { comments } => {
                4_u8.encode(out);
                comments.encode(out);
            }
        }
    }
}

impl Decode for ReleaseSaid {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::Proposed),
            1 => Ok(Self::Commented { text: Decode::decode(reader)? }),
            2 => Ok(Self::Approved {
                no_disadvantage: Decode::decode(reader)?,
                named: Decode::decode(reader)?,
            }),
            3 => Ok(Self::Refused { reason: Decode::decode(reader)? }),
            4 => Ok(Self::Stands { comments: Decode::decode(reader)? }),
            _ => Err(CodecError::Invalid { position, expected: "something said to a release" }),
        }
    }
}

/// A proposal and the figures its file is made of: whoever has both makes the file again and compares.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReleasePapers {
    /// The proposal.
    pub proposal: Proposal,
    /// The [`crate::codec`] form of a report, cut for the outside.
    pub report: Vec<u8>,
}
codec_struct!(ReleasePapers { proposal, report });

/// Answer to [`super::service::kind::RELEASES`]: proposals that concern the asker and did not lapse long ago.
#[derive(Clone, Debug)]
pub struct Releases {
    /// Each with a digest of everything said to it.
    pub releases: Vec<ReleaseStatus>,
}
codec_struct!(Releases { releases });

/// A release, and a digest that changes with every word said to it: what was heard before is not fetched again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReleaseStatus {
    /// Digest of the proposal.
    pub release: Digest,
    /// Plain digest of the words' codec form.
    pub account: Digest,
}
codec_struct!(ReleaseStatus { release, account });

/// Asks for one part of a release, answered with [`ReleaseTold`].
#[derive(Clone, Copy, Debug)]
pub struct ReleaseName {
    /// Digest of the proposal.
    pub release: Digest,
    /// The papers, or what was said.
    pub papers: bool,
}
codec_struct!(ReleaseName { release, papers });

/// Answer to [`ReleaseName`]: the part asked for.
#[derive(Clone, Debug)]
pub struct ReleaseTold {
    /// The papers, if they were asked for.
    pub papers: Option<ReleasePapers>,
    /// What was said, the proposal first, if that was asked for.
    pub words: Vec<Signed<ReleaseWord>>,
}
codec_struct!(ReleaseTold { papers, words });

/// Body of [`super::service::kind::RELEASE_SAY`]: a member says something to a release.
#[derive(Clone, Debug)]
pub struct ReleaseSaying {
    /// What it says.
    pub word: Signed<ReleaseWord>,
    /// What it is about, with a proposal and with nothing else.
    pub papers: Option<ReleasePapers>,
}
codec_struct!(ReleaseSaying { word, papers });
