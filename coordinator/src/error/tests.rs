//! Refusals of the coordinator, one of each kind.

use super::*;

#[test]
fn every_own_refusal_has_a_code_a_sentence_and_advice_of_its_own() {
    let own = [
        CoordinatorError::AlreadyInitialised,
        CoordinatorError::NotInitialised,
        CoordinatorError::KeyFileMissing { file: "ca.key" },
        CoordinatorError::MemberUnknown,
        CoordinatorError::MemberRevoked,
        CoordinatorError::InvitationRefused,
        CoordinatorError::SigningKeyTaken,
        CoordinatorError::DocumentKnown,
        CoordinatorError::DocumentUnknown,
        CoordinatorError::PartyNotMember { code: MemberCode([0; 5]) },
        CoordinatorError::PartyOtherKey { code: MemberCode([0; 5]) },
        CoordinatorError::SignatureRefused,
        CoordinatorError::StudyUnknown,
        CoordinatorError::RoundUnknown,
        CoordinatorError::RoundRunning { round: RoundId([0; 16]) },
        CoordinatorError::RoundOver,
        CoordinatorError::RoundUnfinished { waited_s: 1 },
        CoordinatorError::BlobMissing,
        CoordinatorError::BlobNotExpected { bytes: 1 },
        CoordinatorError::BlobNotReadable,
        CoordinatorError::RequestMalformed { expected: "x" },
        CoordinatorError::DestructionUnfinished { found: "x".to_owned() },
        CoordinatorError::RenewalRefused,
        CoordinatorError::ReleaseUnknown,
        CoordinatorError::ReleaseNotTaken { expected: "x" },
    ];
    let mut codes: Vec<u16> = own.iter().map(|error| error.code().0).collect();
    codes.dedup();
    assert_eq!(codes.len(), own.len());
    for error in &own {
        assert_eq!(error.code().0 >> 12, 3);
        assert!(!error.to_string().ends_with('.') && error.advice().ends_with('.'), "{error}");
    }
    assert_eq!(CoordinatorError::from(Clause::NotSigned).rule(), Some("G01"));
}
