//! Every clause has a code of its own, a rule, words and advice (G20).

use super::*;

/// Its place in `EACH`. No wildcard: a new clause must be given a place here to compile.
fn place(clause: &Clause) -> usize {
    use Clause as C;
    match clause {
        C::AlreadyReleased => 0,
        C::Beside(LedgerRefusal::Crossed) => 1,
        C::Beside(LedgerRefusal::ExactBeside) => 2,
        C::Beside(LedgerRefusal::Isolates) => 3,
        C::Beside(_) => 4,
        C::BudgetSpent { .. } => 5,
        C::CohortOutside { .. } => 6,
        C::CommitteeTooSmall { .. } => 7,
        C::DeadlineTooFar { .. } => 8,
        C::DisclosureNotAsAgreed => 9,
        C::ElementNotShared { .. } => 10,
        C::ElementsNotReviewed { .. } => 11,
        C::EndsAfterTerm { .. } => 12,
        C::GroupingNotHeld { .. } => 13,
        C::NoSchools { .. } => 14,
        C::NotAParty => 15,
        C::NotInCatalogue => 16,
        C::NotSigned => 17,
        C::OtherAgreement => 18,
        C::OtherConsortium => 19,
        C::OtherShares => 20,
        C::OtherThanAgreed(ManifestPart::Committee) => 21,
        C::OtherThanAgreed(ManifestPart::Content) => 22,
        C::OtherThanAgreed(ManifestPart::Seats) => 23,
        C::OtherThanAgreed(ManifestPart::Wire) => 24,
        C::OutsideTerm { .. } => 25,
        C::PurposeOutside => 26,
        C::Replaced => 27,
        C::TooManySchools { .. } => 28,
        C::UnitaryNotAgreed { .. } => 29,
        C::UnitaryNotPossible => 30,
        C::Withdrawn => 31,
    }
}

#[test]
fn g20_every_clause_names_a_rule() {
    let mut codes = Vec::new();
    for (at, clause) in Clause::EACH.iter().enumerate() {
        assert_eq!(place(clause), at);
        assert_eq!(rule_of(clause.code()), Some(clause.rule()));
        assert_eq!(Refusal::rule(clause), Some(clause.rule()));
        assert!(clause.advice().ends_with('.'), "{clause:?}");
        let words = clause.to_string();
        assert!(!words.ends_with('.') && !words.is_empty(), "{words}");
        codes.push(clause.code());
    }
    codes.sort_by_key(|code| code.0);
    codes.dedup();
    assert_eq!(codes.len(), Clause::EACH.len(), "two clauses share a code");
}

#[test]
fn the_refusal_for_a_missing_signature_names_no_member() {
    assert!(!Clause::NotSigned.to_string().contains("M-"));
}

/// Every refusal as a person meets it.
#[test]
fn g20_refusals_read_as_they_were_reviewed() {
    use Clause as C;
    let (from, to) = (MemberCode([0, 0, 0, 0, 1]), MemberCode([0, 0, 0, 0, 2]));
    let day = |year, month, day| Date { year, month, day };
    let examples = [
        C::AlreadyReleased,
        C::Beside(LedgerRefusal::Crossed),
        C::Beside(LedgerRefusal::ExactBeside),
        C::Beside(LedgerRefusal::Isolates),
        C::Beside(LedgerRefusal::IsolatesTogether),
        C::BudgetSpent { wanted_milli: 6_000, left_milli: 2_000 },
        C::CohortOutside { cohort: SchoolYear(2018) },
        C::CommitteeTooSmall { asked: 2, least: 3 },
        C::DeadlineTooFar { deadline: day(2027, 3, 1) },
        C::DisclosureNotAsAgreed,
        C::ElementNotShared { from, to, element: "zip" },
        C::ElementsNotReviewed { agreed: day(2025, 7, 15) },
        C::EndsAfterTerm { deadline: day(2029, 8, 2), expires: day(2029, 7, 31) },
        C::GroupingNotHeld { of: from },
        C::NoSchools { of: from },
        C::NotAParty,
        C::NotInCatalogue,
        C::NotSigned,
        C::OtherAgreement,
        C::OtherConsortium,
        C::OtherShares,
        C::OtherThanAgreed(ManifestPart::Committee),
        C::OtherThanAgreed(ManifestPart::Content),
        C::OtherThanAgreed(ManifestPart::Seats),
        C::OtherThanAgreed(ManifestPart::Wire),
        C::OutsideTerm { effective: day(2026, 8, 1), expires: day(2029, 7, 31) },
        C::PurposeOutside,
        C::Replaced,
        C::TooManySchools { counts: 1_608, most: 816 },
        C::UnitaryNotAgreed { from, to },
        C::UnitaryNotPossible,
        C::Withdrawn,
    ];
    let told = |clause: &Clause| {
        format!("P{:04X} ({})\n  {clause}.\n  {}\n", clause.code().0, clause.rule(), clause.advice())
    };
    assert!(examples.iter().map(place).eq(0..Clause::EACH.len()));
    let told: String = examples.iter().map(told).collect::<Vec<_>>().join("\n");
    let golden = include_str!("../../../tests/golden/refusals.txt");
    assert!(told == golden, "refusals read otherwise; look at them, then keep them:\n{told}");
}
