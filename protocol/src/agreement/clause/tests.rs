//! Every clause has a code of its own, a rule, words and advice (G20).

use super::*;

/// Its place in `EACH`. No wildcard: a new clause must be given a place here to compile.
fn place(clause: &Clause) -> usize {
    use Clause as C;
    match clause {
        C::AlreadyReleased => 0,
        C::BudgetSpent { .. } => 1,
        C::CohortOutside { .. } => 2,
        C::CommitteeTooSmall { .. } => 3,
        C::DeadlineTooFar { .. } => 4,
        C::DisclosureNotAsAgreed => 5,
        C::ElementNotShared { .. } => 6,
        C::ElementsNotReviewed { .. } => 7,
        C::EndsAfterTerm { .. } => 8,
        C::NotAParty => 9,
        C::NotInCatalogue => 10,
        C::NotSigned => 11,
        C::OtherAgreement => 12,
        C::OtherConsortium => 13,
        C::OtherShares => 14,
        C::OtherThanAgreed(ManifestPart::Committee) => 15,
        C::OtherThanAgreed(ManifestPart::Content) => 16,
        C::OtherThanAgreed(ManifestPart::Seats) => 17,
        C::OtherThanAgreed(ManifestPart::Wire) => 18,
        C::OutsideTerm { .. } => 19,
        C::PurposeOutside => 20,
        C::Replaced => 21,
        C::UnitaryNotAgreed { .. } => 22,
        C::UnitaryNotPossible => 23,
        C::Withdrawn => 24,
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
