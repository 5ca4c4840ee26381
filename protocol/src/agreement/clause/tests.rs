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
        C::DisclosureNotAsAgreed => 4,
        C::ElementNotShared { .. } => 5,
        C::ElementsNotReviewed { .. } => 6,
        C::EndsAfterTerm { .. } => 7,
        C::NotAParty => 8,
        C::NotInCatalogue => 9,
        C::NotSigned => 10,
        C::OtherAgreement => 11,
        C::OtherConsortium => 12,
        C::OtherShares => 13,
        C::OtherThanAgreed(ManifestPart::Committee) => 14,
        C::OtherThanAgreed(ManifestPart::Content) => 15,
        C::OtherThanAgreed(ManifestPart::Seats) => 16,
        C::OtherThanAgreed(ManifestPart::Wire) => 17,
        C::OutsideTerm { .. } => 18,
        C::PurposeOutside => 19,
        C::Replaced => 20,
        C::UnitaryNotAgreed { .. } => 21,
        C::UnitaryNotPossible => 22,
        C::Withdrawn => 23,
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
