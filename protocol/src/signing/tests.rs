//! Signatures are bound to what they are for.

use super::*;
use proptest::prelude::*;

const ROUND: Option<RoundId> = Some(RoundId([4; 16]));

fn key() -> SigningKey {
    SigningKey::generate([1; 32])
}

#[test]
fn a_signature_is_bound_to_kind_round_payload_and_key() {
    let signature = key().sign(SignatureKind::Manifest, ROUND, b"payload");
    let public = key().verifying_key();
    let refused = |kind| Err(SignatureError::Refused { kind });
    assert_eq!(public.verify(SignatureKind::Manifest, ROUND, b"payload", &signature), Ok(()));
    assert_eq!(
        public.verify(SignatureKind::KeyShare, ROUND, b"payload", &signature),
        refused(SignatureKind::KeyShare)
    );
    let manifest = refused(SignatureKind::Manifest);
    assert_eq!(public.verify(SignatureKind::Manifest, None, b"payload", &signature), manifest);
    assert_eq!(public.verify(SignatureKind::Manifest, ROUND, b"payloae", &signature), manifest);
    let other = SigningKey::generate([2; 32]).verifying_key();
    assert_eq!(other.verify(SignatureKind::Manifest, ROUND, b"payload", &signature), manifest);
}

#[test]
fn keys_survive_their_forms() {
    let restored = SigningKey::from_seed(&key().seed());
    let public = key().verifying_key();
    assert_eq!(restored.verifying_key(), public);
    assert_eq!(VerifyingKey::parse(&public.to_string()), Some(public));
    assert_eq!(VerifyingKey::from_bytes(&public.to_bytes()), Ok(public));
}

#[test]
fn bad_weak_and_off_curve_keys_are_refused() {
    let mut one = [0; 32];
    one[0] = 1;
    assert_eq!(VerifyingKey::from_public_bytes(&one), Err(SignatureError::KeyWeak));
    assert!(VerifyingKey::from_bytes(&one).is_err());
    // Half of all y have no x; among these few at least one has none.
    let off_curve = (2..20_u8).filter(|y| {
        let mut bytes = [0; 32];
        bytes[0] = *y;
        VerifyingKey::from_public_bytes(&bytes) == Err(SignatureError::KeyInvalid)
    });
    assert!(off_curve.count() > 3);
}

#[test]
fn a_signed_value_keeps_its_bytes() {
    let signed = Signed::new(7_u32, SignatureKind::Reveal, ROUND, &key());
    let received = Signed::<u32>::from_bytes(&signed.to_bytes()).unwrap();
    assert_eq!(received.verify(SignatureKind::Reveal, ROUND, &key().verifying_key()), Ok(&7));
    let mut bytes = signed.to_bytes();
    bytes[4] ^= 1;
    let changed = Signed::<u32>::from_bytes(&bytes).unwrap();
    assert!(changed.verify(SignatureKind::Reveal, ROUND, &key().verifying_key()).is_err());
}

#[test]
fn kinds_have_the_numbers_of_the_spec() {
    assert_eq!(SignatureKind::Agreement as u8, 1);
    assert_eq!(SignatureKind::Manifest as u8, 6);
    assert_eq!(SignatureKind::Withdrawal as u8, 11);
    assert_eq!(SignatureKind::DestructionCertificate as u8, 12);
    assert_eq!(SignatureKind::ShareAcceptance as u8, 13);
    assert_eq!(SignatureKind::Principles as u8, 14);
    assert_eq!(SignatureKind::ReleaseDecision as u8, 15);
    assert_eq!(SignatureKind::AuditCheckpoint as u8, 16);
    assert_eq!(SignatureKind::DestructionConfirmation as u8, 21);
    assert_eq!(SignatureKind::CertificateRenewal as u8, 22);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        if let Ok(signed) = Signed::<Vec<u16>>::from_bytes(&bytes) {
            prop_assert_eq!(signed.to_bytes(), bytes.clone());
        }
        if let Ok(key) = VerifyingKey::from_bytes(&bytes) {
            prop_assert_eq!(key.to_bytes(), bytes);
        }
    }
}
