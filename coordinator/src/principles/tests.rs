//! Proposing, signing and telling changes of the principles.

use passage_protocol::signing::{SignatureKind, SigningKey};

use super::*;
use crate::fixture::{NOW, World};

const EXAMPLE: &str = include_str!("../../../deploy/config/principles.example.toml");

/// The annotated example for the members of a world.
fn change(world: &World) -> String {
    let mut changes = vec![("0".repeat(64), documents::authority(&world.app).to_string())];
    for (number, (code, key)) in (1..).zip(world.codes.iter().zip(&world.keys)) {
        changes.push((format!("M-0000000{number}"), code.to_string()));
        let theirs = SigningKey::generate([number; 32]).verifying_key().to_string();
        changes.push((theirs, key.verifying_key().to_string()));
    }
    changes.into_iter().fold(EXAMPLE.to_owned(), |text, (from, to)| {
        assert!(text.contains(&from), "{from}");
        text.replace(&from, &to)
    })
}

fn signature(world: &World, document: Digest, member: usize) -> Signed<PrinciplesSignature> {
    let signer = ["R. Alder", "J. Birch"][member].to_owned();
    let said = PrinciplesSignature { document, member: world.codes[member], signer, at: NOW };
    Signed::new(said, SignatureKind::Principles, None, &world.keys[member])
}

fn told(world: &World, after: u16) -> PrinciplesNews {
    news(&world.app, PrinciplesAsked { after, seen: Digest([0; 32]) }).unwrap()
}

#[test]
fn g06_a_change_is_told_signed_and_in_force_with_the_last_signature() {
    let world = World::new();
    let digest = propose(&world.app, &change(&world), NOW).unwrap();
    assert_eq!(propose(&world.app, &change(&world), NOW), Err(CoordinatorError::DocumentKnown));
    for member in [0, 1] {
        assert_eq!(in_force(&changes(&world.app).unwrap()).0.version, 1);
        let good = signature(&world, digest, member);
        let other = world.codes[1 - member];
        assert_eq!(sign(&world.app, other, &good, NOW), Err(CoordinatorError::SignatureRefused));
        sign(&world.app, world.codes[member], &good, NOW).unwrap();
        sign(&world.app, world.codes[member], &good, NOW).unwrap();
        assert_eq!(told(&world, 1).proposals[0].signatures.len(), member + 1);
    }
    assert_eq!(in_force(&changes(&world.app).unwrap()).0.version, 2);
    assert_eq!(told(&world, 1).proposals.len(), 1, "a member that is behind is told");
    assert!(told(&world, 2).proposals.is_empty());
    let seen = told(&world, 1).digest();
    assert!(news(&world.app, PrinciplesAsked { after: 1, seen }).unwrap().unchanged);
}

#[test]
fn g06_the_operator_hears_of_a_mistake_before_any_member_does() {
    let world = World::new();
    let good = change(&world);
    let start = good.find(&format!("[[member]]\ncode = \"{}\"", world.codes[1])).unwrap();
    let missing = PrinciplesError::MemberMissing { code: world.codes[1] };
    assert_eq!(propose(&world.app, &good[..start], NOW), Err(missing.into()));
    let strange = good.replace(&world.codes[1].to_string(), "M-ZZZZZZZZ");
    assert!(matches!(propose(&world.app, &strange, NOW), Err(CoordinatorError::PartyNotMember { .. })));
    let key = world.keys[1].verifying_key().to_string();
    let other = good.replace(&key, &SigningKey::generate([9; 32]).verifying_key().to_string());
    let code = world.codes[1];
    assert_eq!(propose(&world.app, &other, NOW), Err(CoordinatorError::PartyOtherKey { code }));
    propose(&world.app, &good, NOW).unwrap();
    let same_version = good.replace("on its own machine", "in its building");
    let not_next = PrinciplesError::NotNext { found: 2, in_force: 2 };
    assert_eq!(propose(&world.app, &same_version, NOW), Err(not_next.into()));
}

#[test]
fn g06_a_forged_signature_is_not_kept() {
    let world = World::new();
    let digest = propose(&world.app, &change(&world), NOW).unwrap();
    let said = signature(&world, digest, 0).value().clone();
    let forged = Signed::new(said, SignatureKind::Principles, None, &world.keys[1]);
    let code = world.codes[0];
    let refused = CoordinatorError::from(PrinciplesError::NotItsOwn { code });
    assert_eq!(sign(&world.app, code, &forged, NOW), Err(refused));
    let unknown = signature(&world, Digest([7; 32]), 0);
    assert_eq!(sign(&world.app, code, &unknown, NOW), Err(CoordinatorError::DocumentUnknown));
    assert!(told(&world, 1).proposals[0].signatures.is_empty());
}
