//! One clause of each kind, to tell the rule of one of which only the code has travelled.

use crate::{
    agreement::{Clause, ManifestPart},
    cells::SchoolYear,
    disclosure::LedgerRefusal,
    ids::MemberCode,
    refusal::{Code, Refusal},
    timestamp::Date,
};

impl Clause {
    /// One of each kind; what the kind carries does not decide its code or its rule.
    pub(super) const EACH: [Self; 32] = [
        Self::AlreadyReleased,
        Self::Beside(LedgerRefusal::Crossed),
        Self::Beside(LedgerRefusal::ExactBeside),
        Self::Beside(LedgerRefusal::Isolates),
        Self::Beside(LedgerRefusal::IsolatesTogether),
        Self::BudgetSpent { wanted_milli: 0, left_milli: 0 },
        Self::CohortOutside { cohort: SchoolYear(0) },
        Self::CommitteeTooSmall { asked: 0, least: 0 },
        Self::DeadlineTooFar { deadline: NO_DAY },
        Self::DisclosureNotAsAgreed,
        Self::ElementNotShared { from: NOBODY, to: NOBODY, element: "" },
        Self::ElementsNotReviewed { agreed: NO_DAY },
        Self::EndsAfterTerm { deadline: NO_DAY, expires: NO_DAY },
        Self::GroupingNotHeld { of: NOBODY },
        Self::NoSchools { of: NOBODY },
        Self::NotAParty,
        Self::NotInCatalogue,
        Self::NotSigned,
        Self::OtherAgreement,
        Self::OtherConsortium,
        Self::OtherShares,
        Self::OtherThanAgreed(ManifestPart::Committee),
        Self::OtherThanAgreed(ManifestPart::Content),
        Self::OtherThanAgreed(ManifestPart::Seats),
        Self::OtherThanAgreed(ManifestPart::Wire),
        Self::OutsideTerm { effective: NO_DAY, expires: NO_DAY },
        Self::PurposeOutside,
        Self::Replaced,
        Self::TooManySchools { counts: 0, most: 0 },
        Self::UnitaryNotAgreed { from: NOBODY, to: NOBODY },
        Self::UnitaryNotPossible,
        Self::Withdrawn,
    ];
}

const NOBODY: MemberCode = MemberCode([0; 5]);
const NO_DAY: Date = Date { year: 0, month: 0, day: 0 };

/// The rule of a clause of which only the code has travelled: a round that a peer refused by its agreement is shown with
/// its rule all the same (G20).
#[must_use]
pub fn rule_of(code: Code) -> Option<&'static str> {
    Clause::EACH.iter().find(|clause| clause.code() == code).map(Clause::rule)
}
