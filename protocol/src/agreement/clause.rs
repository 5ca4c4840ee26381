//! The clause that refuses: one for every reason why a round may not run here, each with its code, its rule and what to do
//! next (G20).

mod each;

use core::fmt;

pub use each::rule_of;

use crate::{
    agreement::ROUND_DAYS_MAX,
    cells::SchoolYear,
    disclosure::{Isolated, LedgerRefusal},
    ids::MemberCode,
    refusal::{Code, Refusal},
    timestamp::Date,
};

/// The clause of the agreement or the rule that refuses a round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Clause {
    /// The same question about the same students was released: the stored report answers it (SPEC §10.4).
    AlreadyReleased,
    /// What it counts of a member's students may not stand beside what was counted before (domain 4.4).
    Beside(LedgerRefusal),
    /// The privacy budget of this roster snapshot does not cover the tables asked for (SPEC §10.4).
    BudgetSpent {
        /** Thousandths of epsilon asked for. */
        wanted_milli: u32,
        /** Thousandths left. */
        left_milli: u32,
    },
    /// A cohort is none of the years agreed on (F3).
    CohortOutside {
        /** The cohort. */
        cohort: SchoolYear,
    },
    /// Fewer committee members than the agreement demands.
    CommitteeTooSmall {
        /** Members asked for. */
        asked: u8,
        /** Least agreed. */
        least: u8,
    },
    /// The call gives the round more days than a round may have ([`crate::agreement::ROUND_DAYS_MAX`]).
    DeadlineTooFar {
        /** Last day of the round. */
        deadline: Date,
    },
    /// Floor or noise of the round are not those agreed (domain 4.1).
    DisclosureNotAsAgreed,
    /// A study needs an element that one party does not share with another (G02).
    ElementNotShared {
        /** Whose students. */
        from: MemberCode,
        /** With whom it would have to be shared. */
        to: MemberCode,
        /** Name in the dictionary. */
        element: &'static str,
    },
    /// The elements were agreed on too long ago (G03).
    ElementsNotReviewed {
        /** When. */
        agreed: Date,
    },
    /// The round could last longer than the term (G14).
    EndsAfterTerm {
        /** Last day of the round. */
        deadline: Date,
        /** Last day of the term. */
        expires: Date,
    },
    /// A table is by a grouping that the files of a member it counts cannot tell (A1).
    GroupingNotHeld {
        /** The first such member. */
        of: MemberCode,
    },
    /// A study is by school, and does not list the schools of the districts it counts so, or lists those of somebody else (A1).
    NoSchools {
        /** The first member of which it does not. */
        of: MemberCode,
    },
    /// A participant is no party to the agreement (G01).
    NotAParty,
    /// A table asks for a metric that is not in the catalogue in that version (domain 4.4).
    NotInCatalogue,
    /// Not every participant has signed (G01).
    NotSigned,
    /// The study, the call or the manifest stands under another agreement or study.
    OtherAgreement,
    /// The agreement belongs to another consortium (G04).
    OtherConsortium,
    /// The call was made from other choices of lines than those this party knows of (G02).
    OtherShares,
    /// The manifest is not the one that study and agreement give.
    OtherThanAgreed(ManifestPart),
    /// Today is outside the term (G14).
    OutsideTerm {
        /** First day. */
        effective: Date,
        /** Last day. */
        expires: Date,
    },
    /// The study's purpose is none of the agreement's (F2).
    PurposeOutside,
    /// Every party has signed an agreement that takes this one's place (G01).
    Replaced,
    /// Tables by school and groupings of one sender ask for more counts than can be judged together (A1).
    TooManySchools {
        /** Rows times patterns, over the tables. */
        counts: u32,
        /** At most. */
        most: u32,
    },
    /// Rows about students are asked for, and the lists of both sides and a legal basis do not provide for it (G18).
    UnitaryNotAgreed {
        /** Whose students. */
        from: MemberCode,
        /** Who would receive rows. */
        to: MemberCode,
    },
    /// Rows about students are asked for, and this protocol returns none (G18).
    UnitaryNotPossible,
    /// A participant has withdrawn (G10).
    Withdrawn,
}

/// A part of a manifest that follows from study and agreement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ManifestPart {
    /// Members, places or key shares of the committee.
    Committee,
    /// Column keys, lists and hop orders, recipes, tables.
    Content,
    /// Participants, their kinds and signing keys.
    Seats,
    /// The version of the wire.
    Wire,
}

impl Clause {
    /// The requirement that refuses; where the domain has none, the section of the spec (G20).
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NotAParty
            | Self::NotSigned
            | Self::OtherAgreement
            | Self::OtherThanAgreed(ManifestPart::Seats)
            | Self::Replaced => "G01",
            Self::ElementNotShared { .. }
            | Self::OtherShares
            | Self::OtherThanAgreed(ManifestPart::Content) => "G02",
            Self::ElementsNotReviewed { .. } => "G03",
            Self::OtherConsortium => "G04",
            Self::Withdrawn => "G10",
            Self::DeadlineTooFar { .. } | Self::EndsAfterTerm { .. } | Self::OutsideTerm { .. } => "G14",
            Self::UnitaryNotAgreed { .. } | Self::UnitaryNotPossible => "G18",
            Self::PurposeOutside => "F2",
            Self::CohortOutside { .. } => "F3",
            Self::DisclosureNotAsAgreed => "4.1",
            Self::GroupingNotHeld { .. } | Self::NoSchools { .. } | Self::TooManySchools { .. } => "A1",
            Self::AlreadyReleased | Self::BudgetSpent { .. } | Self::Beside(_) | Self::NotInCatalogue => {
                "4.4"
            }
            Self::CommitteeTooSmall { .. } | Self::OtherThanAgreed(ManifestPart::Committee) => "SPEC 5.3",
            Self::OtherThanAgreed(ManifestPart::Wire) => "SPEC 5.5",
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::AlreadyReleased => {
                "the same question about the same students was answered by an earlier report, expected other students or another question"
            }
            Self::BudgetSpent { wanted_milli, left_milli } => {
                return write!(
                    formatter,
                    "the tables asked for cost epsilon {}, and {} is left for this roster",
                    Milli(*wanted_milli),
                    Milli(*left_milli)
                );
            }
            Self::CohortOutside { cohort } => {
                return write!(formatter, "cohort {cohort} of the study is none of the years agreed on");
            }
            Self::CommitteeTooSmall { asked, least } => {
                return write!(
                    formatter,
                    "a committee of {asked} is asked for, the agreement demands at least {least}"
                );
            }
            Self::DeadlineTooFar { deadline } => {
                return write!(
                    formatter,
                    "the round may last until {deadline}, expected an end within {ROUND_DAYS_MAX} days"
                );
            }
            Self::DisclosureNotAsAgreed => "floor or noise of the round are not those agreed on",
            Self::ElementNotShared { from, to, element } => {
                return write!(
                    formatter,
                    "the study needs `{element}` about students of {from}, which {from} and {to} do not share"
                );
            }
            Self::ElementsNotReviewed { agreed } => {
                return write!(
                    formatter,
                    "the parties agreed on the shared elements on {agreed}, expected a day within the last twelve months"
                );
            }
            Self::EndsAfterTerm { deadline, expires } => {
                return write!(
                    formatter,
                    "the round may last until {deadline}, expected an end by {expires}, the last day of the agreement"
                );
            }
            Self::Beside(refusal) => return write!(formatter, "{refusal}"),
            Self::GroupingNotHeld { of } => {
                return write!(
                    formatter,
                    "a table is by a grouping that files of {of} cannot tell, expected a grouping of its segment"
                );
            }
            Self::NoSchools { of } => {
                return write!(
                    formatter,
                    "the schools that the study lists of {of} are not those its tables need, expected schools of every district whose \
                     students a table by school counts, and of nobody else"
                );
            }
            Self::NotAParty => "a participant of the study is not a party to its agreement",
            Self::NotInCatalogue => {
                "a table of the study is not in the catalogue of the agreement in that version"
            }
            Self::NotSigned => "not every participant has signed the agreement, expected every signature",
            Self::OtherAgreement => "the study stands under another agreement than the one shown",
            Self::OtherConsortium => {
                "the agreement names the authority of another consortium, expected that of this one"
            }
            Self::OtherShares => {
                "the round was called on other choices of shared elements than the parties made, as far as this member knows"
            }
            Self::OtherThanAgreed(part) => {
                return write!(
                    formatter,
                    "{} of the round are not those that study and agreement give",
                    match part {
                        ManifestPart::Committee => "members or keys of the committee",
                        ManifestPart::Content => "lists, columns, match keys or tables",
                        ManifestPart::Seats => "participants or their keys",
                        ManifestPart::Wire => "message formats",
                    }
                );
            }
            Self::OutsideTerm { effective, expires } => {
                return write!(
                    formatter,
                    "today is outside the term of the agreement, {effective} to {expires}"
                );
            }
            Self::PurposeOutside => "the purpose of the study is none of the purposes of the agreement",
            Self::Replaced => "the parties have signed another agreement in the place of this one",
            Self::TooManySchools { counts, most } => {
                return write!(
                    formatter,
                    "the tables by school and groupings of one sender ask for {counts} counts a cohort (rows times what is told of a student), expected \
                     at most {most}"
                );
            }
            Self::UnitaryNotAgreed { from, to } => {
                return write!(
                    formatter,
                    "the study asks for rows about students of {from} to {to}, which the share lists of both and the legal basis do not provide for"
                );
            }
            Self::UnitaryNotPossible => {
                "the study asks for rows about students, expected counts: this protocol returns no rows"
            }
            Self::Withdrawn => "a participant has withdrawn from the agreement",
        };
        formatter.write_str(words)
    }
}

impl Refusal for Clause {
    fn code(&self) -> Code {
        Code(match self {
            Self::NotSigned => 0x0410,
            Self::NotAParty => 0x0411,
            Self::Withdrawn => 0x0412,
            Self::OutsideTerm { .. } => 0x0413,
            Self::CommitteeTooSmall { .. } => 0x0415,
            Self::DisclosureNotAsAgreed => 0x0416,
            Self::BudgetSpent { .. } => 0x0417,
            Self::OtherAgreement => 0x0418,
            Self::AlreadyReleased => 0x0419,
            Self::Beside(refusal) => return refusal.code(),
            Self::ElementNotShared { .. } => 0x041A,
            Self::NotInCatalogue => 0x041B,
            Self::CohortOutside { .. } => 0x041C,
            Self::PurposeOutside => 0x041D,
            Self::EndsAfterTerm { .. } => 0x041E,
            Self::ElementsNotReviewed { .. } => 0x041F,
            Self::OtherConsortium => 0x0422,
            Self::UnitaryNotAgreed { .. } => 0x0423,
            Self::UnitaryNotPossible => 0x0424,
            Self::OtherShares => 0x0425,
            Self::Replaced => 0x0426,
            Self::OtherThanAgreed(ManifestPart::Content) => 0x0427,
            Self::OtherThanAgreed(ManifestPart::Seats) => 0x0428,
            Self::OtherThanAgreed(ManifestPart::Committee) => 0x0429,
            Self::OtherThanAgreed(ManifestPart::Wire) => 0x042A,
            Self::DeadlineTooFar { .. } => 0x0430,
            Self::NoSchools { .. } => 0x0431,
            Self::GroupingNotHeld { .. } => 0x0433,
            Self::TooManySchools { .. } => 0x0432,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::AlreadyReleased => {
                "Read the stored release with `report show`; it answers the same question."
            }
            Self::Beside(refusal) => refusal.advice(),
            Self::BudgetSpent { .. } => {
                "Read the stored release, or import a new roster, or agree on a larger budget."
            }
            Self::CohortOutside { .. } => "Leave the cohort out, or agree on a document that names it.",
            Self::CommitteeTooSmall { .. } => "Propose the study with a larger committee.",
            Self::DisclosureNotAsAgreed | Self::OtherThanAgreed(_) => {
                "Compare program versions; if they are the same, the operator's program was altered: ask for an explanation."
            }
            Self::ElementNotShared { .. } => {
                "Leave the table out or take fewer match keys, or let both parties tick the element with `agreement share`."
            }
            Self::ElementsNotReviewed { .. } => {
                "Let the parties meet, agree on the elements, and sign a document with the new day."
            }
            Self::DeadlineTooFar { .. } => "Open the round with fewer hours.",
            Self::EndsAfterTerm { .. } => "Open the round with fewer hours, or agree on a new term.",
            Self::GroupingNotHeld { .. } => {
                "Ask for another grouping: `passage-node metric groupings` says whose files can tell it."
            }
            Self::NoSchools { .. } => {
                "List the schools of every district under its participant; ask by school of districts alone, in a study of their own."
            }
            Self::NotAParty | Self::OtherAgreement => {
                "Propose the study under an agreement that names every participant."
            }
            Self::NotInCatalogue => "Ask for a metric of the catalogue, or agree on a larger catalogue.",
            Self::NotSigned => {
                "Wait until every party has signed; `agreement list` shows your own signatures."
            }
            Self::OtherConsortium => {
                "Propose it in the consortium it names; `passage-coordinator doctor` prints this one's authority."
            }
            Self::OtherShares => {
                "Open the round again in a minute. If it is refused again, the operator's list of choices lacks one: ask the parties."
            }
            Self::OutsideTerm { .. } => "Agree on a new term; the parties' signatures are needed again.",
            Self::PurposeOutside => {
                "Propose the study for one of the agreement's purposes, or agree on another document."
            }
            Self::Replaced => "Propose the study under the agreement that took this one's place.",
            Self::TooManySchools { .. } => {
                "List fewer schools or groupings, or ask by them in one metric, or of fewer receivers, in a study of its own."
            }
            Self::UnitaryNotAgreed { .. } | Self::UnitaryNotPossible => {
                "Propose the study at the level `aggregate`."
            }
            Self::Withdrawn => "Propose a study without the member that withdrew.",
        }
    }

    fn rule(&self) -> Option<&'static str> {
        Some(Self::rule(self))
    }
}

/// Thousandths printed as a decimal.
struct Milli(u32);

impl fmt::Display for Milli {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

impl From<Isolated> for Clause {
    fn from(isolated: Isolated) -> Self {
        Self::Beside(isolated.refusal)
    }
}

#[cfg(test)]
mod tests;
