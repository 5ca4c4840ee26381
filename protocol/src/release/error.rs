//! Why a release, or something said to one, was refused.

use core::fmt;

use crate::{
    ids::MemberCode,
    refusal::{Code, Refusal},
    timestamp::Timestamp,
};

/// Why a release, or something said to one, was refused. Codes, times and counts only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReleaseError {
    /// A figure, or a text beside the figures, is not that of this member's own report.
    FiguresDiffer {
        /** What differs. */
        what: &'static str,
    },
    /// The time for comments is not over.
    InTimeForComments {
        /** When it is. */
        until: Timestamp,
    },
    /// The time to decide ended without everybody's yes.
    Lapsed {
        /** When. */
        at: Timestamp,
    },
    /// Members whose yes, or whose word that it stands, is not there.
    Missing {
        /** Which. */
        members: Vec<MemberCode>,
    },
    /// Names of institutions or public codes stand in the file.
    NamesInside {
        /** How many places. */
        places: usize,
        /** Line of the first, from 1. */
        line: usize,
        /** Column of the first, from 1. */
        column: usize,
    },
    /// A member that the file names has not said that it may be.
    NamingNotCovered {
        /** Which. */
        member: MemberCode,
    },
    /// A yes without the confirmation that the release does not disadvantage or single out the member.
    NotConfirmed {
        /** Whose. */
        member: MemberCode,
    },
    /// Said for a member by somebody whom the agreement does not name as its signer.
    NotASigner {
        /** Whose. */
        member: MemberCode,
    },
    /// Not signed with the member's key, about another proposal, or by nobody concerned.
    NotItsOwn {
        /** In whose name. */
        member: MemberCode,
    },
    /// The agreement keeps results with its parties.
    NotPublishable,
    /// A file is not the one that was approved.
    OtherFile,
    /// The file is not the one that its figures give when it is made again here.
    OtherRendering,
    /// A proposal whose terms are not those of the agreement and the round.
    OtherTerms {
        /** What was expected. */
        expected: &'static str,
    },
    /// A member said no, or left the agreement.
    Refused {
        /** Which. */
        member: MemberCode,
    },
    /// A text is no approval sheet, or was changed.
    SheetChanged,
    /// Something a member said is not in the coordinator's account any more.
    WordMissing {
        /** Whose. */
        member: MemberCode,
    },
}

impl fmt::Display for ReleaseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FiguresDiffer { what } => {
                write!(formatter, "{what} of the proposal differ from this member's own report of the round, expected the same")
            }
            Self::InTimeForComments { until } => {
                write!(formatter, "the members may comment until {until}; expected the end of that time")
            }
            Self::Lapsed { at } => {
                write!(formatter, "not every member concerned had approved by {at}; silence is a no")
            }
            Self::Missing { members } => {
                write!(formatter, "the yes of every member concerned is needed, and {} awaited: ", are(members.len()))?;
                let codes: Vec<String> = members.iter().map(ToString::to_string).collect();
                formatter.write_str(&codes.join(", "))
            }
            Self::NamesInside { places, line, column } => write!(
                formatter,
                "the file holds a name or a public code of an institution in {places} places, the first at line {line}, column {column}; expected opaque codes alone"
            ),
            Self::NamingNotCovered { member } => {
                write!(formatter, "the file names the institution {member}, and its yes does not say that it may")
            }
            Self::NotConfirmed { member } => write!(
                formatter,
                "the yes of {member} lacks the confirmation that the release does not disadvantage or single it out"
            ),
            Self::NotASigner { member } => write!(
                formatter,
                "the person who decided for {member} is not among the signers the agreement names for it"
            ),
            Self::NotItsOwn { member } => write!(
                formatter,
                "what is said in the name of {member} is not signed with its key for this very proposal"
            ),
            Self::NotPublishable => formatter.write_str(
                "the agreement keeps results with its parties, expected the publication rule external-after-review",
            ),
            Self::OtherFile => formatter.write_str("the file is not the one that was approved: a byte differs"),
            Self::OtherRendering => formatter.write_str(
                "the file proposed is not the one that its figures give when it is made again here",
            ),
            Self::OtherTerms { expected } => {
                write!(formatter, "the proposal is not as agreement and round demand, expected {expected}")
            }
            Self::Refused { member } => {
                write!(formatter, "{member} refused it or left the agreement; that is final for this proposal")
            }
            Self::SheetChanged => {
                formatter.write_str("the text is no approval sheet of a release, or was changed after it was written")
            }
            Self::WordMissing { member } => {
                write!(formatter, "{member} said something that the coordinator does not tell any more")
            }
        }
    }
}

fn are(count: usize) -> &'static str {
    if count == 1 { "one is" } else { "several are" }
}

impl Refusal for ReleaseError {
    fn code(&self) -> Code {
        Code(match self {
            Self::NotPublishable => 0x0450,
            Self::NotItsOwn { .. } => 0x0451,
            Self::NotASigner { .. } => 0x0452,
            Self::NotConfirmed { .. } => 0x0453,
            Self::NamingNotCovered { .. } => 0x0454,
            Self::OtherTerms { .. } => 0x0455,
            Self::OtherRendering => 0x0456,
            Self::FiguresDiffer { .. } => 0x0457,
            Self::NamesInside { .. } => 0x0458,
            Self::Missing { .. } => 0x0459,
            Self::InTimeForComments { .. } => 0x045A,
            Self::Refused { .. } => 0x045B,
            Self::Lapsed { .. } => 0x045C,
            Self::SheetChanged => 0x045D,
            Self::OtherFile => 0x045E,
            Self::WordMissing { .. } => 0x045F,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::FiguresDiffer { .. } => {
                "Refuse it, and ask the proposing member which report it was made from."
            }
            Self::InTimeForComments { .. } => {
                "Nothing to do but wait; `release show` has the comments so far."
            }
            Self::Lapsed { .. } => {
                "Propose it again if it is still wanted; earlier approvals count for nothing then."
            }
            Self::Missing { .. } => "Ask the members named to read it with `release show` and to decide.",
            Self::NamesInside { .. } => {
                "Take the name or code out (the title of the study, the audience), or propose with --naming and the member's code."
            }
            Self::NamingNotCovered { .. } => {
                "Let that member approve with --named, or propose without its name."
            }
            Self::NotConfirmed { .. } => {
                "Approve with --no-disadvantage if it is so; if it is not, comment or refuse."
            }
            Self::NotASigner { .. } => {
                "Let one of the people decide whom `agreement show` names for the member."
            }
            Self::NotItsOwn { .. } => {
                "Nothing was kept. Ask the named member, by another channel, whether it sent this."
            }
            Self::NotPublishable => "Use the report inside, or agree on a new document with another rule.",
            Self::OtherFile => {
                "Use the file as `release export` wrote it; a changed one needs a proposal of its own."
            }
            Self::OtherRendering => {
                "Run the same version of the program as the proposing member; if it is the same, refuse."
            }
            Self::OtherTerms { .. } => "Propose it anew with this version of the program.",
            Self::Refused { .. } => {
                "Read the reason with `release show`; another proposal can take account of it."
            }
            Self::SheetChanged => "Take the sheet as `release export` wrote it, from a member that has it.",
            Self::WordMissing { .. } => {
                "What was seen stays in force here. Ask the operator why it is missing."
            }
        }
    }

    fn rule(&self) -> Option<&'static str> {
        Some(match self {
            Self::FiguresDiffer { .. }
            | Self::Lapsed { .. }
            | Self::Missing { .. }
            | Self::NotItsOwn { .. }
            | Self::NotPublishable
            | Self::OtherFile
            | Self::OtherRendering
            | Self::OtherTerms { .. }
            | Self::Refused { .. }
            | Self::SheetChanged
            | Self::WordMissing { .. } => "G07",
            Self::NotConfirmed { .. } => "G08",
            Self::NamesInside { .. } | Self::NamingNotCovered { .. } => "G09",
            Self::InTimeForComments { .. } => "G19",
            Self::NotASigner { .. } => "F11",
        })
    }
}
