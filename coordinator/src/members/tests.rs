//! Invitations are good for one join; a revoked member is nobody.

use std::sync::{Arc, Mutex};

use passage_protocol::{
    agreement::Segment,
    codec::Encode,
    refusal::Refusal,
    signing::{Signed, SigningKey},
    wire::service::Renew,
};
use passage_shell::pki::KeyFile;

use super::*;
use crate::fixture::{NOW, World, bare, join_request};

fn key(seed: u8) -> SigningKey {
    SigningKey::generate([seed; 32])
}

#[test]
fn an_invitation_is_good_for_one_join() {
    let (_folder, app) = bare();
    let (text, _) = invite(&app, "A", Segment::Cc, 14, NOW).unwrap();
    let first = join_request(&text, &key(1));
    let joined = join(&app, &first, NOW).unwrap();
    assert_eq!(joined.segment, Segment::Cc);
    let again = join(&app, &first, NOW).unwrap();
    assert_eq!(
        again.to_bytes(),
        joined.to_bytes(),
        "the same request after a lost answer gets the same answer"
    );
    let second = join_request(&text, &key(2));
    assert_eq!(join(&app, &second, NOW).unwrap_err(), CoordinatorError::InvitationRefused);
    assert_eq!(list(&app).unwrap().len(), 1);
}

#[test]
fn a_lapsed_or_unknown_invitation_is_refused_in_the_same_words() {
    let (_folder, app) = bare();
    let (text, expires) = invite(&app, "A", Segment::Cc, 1, NOW).unwrap();
    let request = join_request(&text, &key(1));
    assert_eq!(join(&app, &request, expires.plus_s(1)).unwrap_err(), CoordinatorError::InvitationRefused);
    let unknown = Join { secret: vec![9; 16], ..request.clone() };
    assert_eq!(join(&app, &unknown, NOW).unwrap_err(), CoordinatorError::InvitationRefused);
    let short = Join { secret: vec![9; 15], ..request.clone() };
    assert_eq!(join(&app, &short, NOW).unwrap_err(), CoordinatorError::InvitationRefused);
    assert!(join(&app, &request, expires).is_ok(), "its last second still counts");
}

#[test]
fn a_bad_request_does_not_spend_the_invitation() {
    let (_folder, app) = bare();
    let (text, _) = invite(&app, "A", Segment::K12, 14, NOW).unwrap();
    let good = join_request(&text, &key(1));
    let bad = Join { request: vec![0; 40], ..good.clone() };
    assert!(matches!(join(&app, &bad, NOW), Err(CoordinatorError::Pki(_))));
    assert!(join(&app, &good, NOW).is_ok());
}

#[test]
fn one_signing_key_is_one_member() {
    let (_folder, app) = bare();
    let texts = [1, 2].map(|_| invite(&app, "A", Segment::K12, 14, NOW).unwrap().0);
    join(&app, &join_request(&texts[0], &key(1)), NOW).unwrap();
    let taken = join(&app, &join_request(&texts[1], &key(1)), NOW).unwrap_err();
    assert_eq!(taken, CoordinatorError::SigningKeyTaken);
}

#[test]
fn a_revoked_member_is_refused_and_its_round_ends() {
    let world = World::new();
    let round = world.open();
    assert!(active(&world.app, &world.peers[0]).is_ok());
    let before = world.app.revocations();
    revoke(&world.app, world.codes[0], NOW).unwrap();
    assert_eq!(active(&world.app, &world.peers[0]).unwrap_err().rule(), Some("G10"));
    assert!(active(&world.app, &world.peers[1]).is_ok());
    assert_ne!(world.app.revocations(), before, "a new revocation list is in force");
    assert_eq!(world.phase(round), "P0412");
    assert!(world.mail(0).is_empty() && !world.mail(1).is_empty());
    let other = MemberCode([0xEE; 5]);
    assert_eq!(revoke(&world.app, other, NOW).unwrap_err(), CoordinatorError::MemberUnknown);
    let refused = crate::rounds::open(&world.app, world.study, NOW).unwrap_err();
    assert_eq!(refused, CoordinatorError::PartyNotMember { code: world.codes[0] });
}

/// A request for the next certificate of a member, with the key that signs it.
fn renewal(world: &World, member: usize, key: &SigningKey) -> Renewal {
    let request = KeyFile::generate().unwrap().request().unwrap();
    let renew = Renew { member: world.codes[member], request };
    Renewal { renew: Signed::new(renew, SignatureKind::CertificateRenewal, None, key) }
}

fn peer_of(certificate: &[u8]) -> Peer {
    Peer::read(&certificate.to_vec().into()).unwrap()
}

#[test]
fn i5_both_certificates_work_until_the_next_was_used_once() {
    let world = World::new();
    let (app, code, old) = (&world.app, world.codes[0], &world.peers[0]);
    let asked = renewal(&world, 0, &world.keys[0]);
    let first = renew(app, code, &asked, NOW).unwrap();
    assert_eq!(renew(app, code, &asked, NOW).unwrap().certificate, first.certificate, "asked again");
    assert!(active(app, old).is_ok(), "the old one, while the next was not used");
    // Another request, as of a member that lost the key of the first: only the newest counts.
    let next = renew(app, code, &renewal(&world, 0, &world.keys[0]), NOW).unwrap();
    assert_eq!(active(app, &peer_of(&first.certificate)).unwrap_err(), CoordinatorError::MemberRevoked);
    let next = peer_of(&next.certificate);
    assert_eq!(next.code(), code);
    assert!(active(app, old).is_ok());
    assert!(active(app, &next).is_ok() && active(app, &next).is_ok());
    assert_eq!(active(app, old).unwrap_err(), CoordinatorError::MemberRevoked);
    let world = world.restart();
    assert!(active(&world.app, &next).is_ok() && active(&world.app, &world.peers[0]).is_err());
}

#[test]
fn i5_nobody_renews_without_the_members_signing_key() {
    let world = World::new();
    let forged = renewal(&world, 0, &world.keys[1]);
    let refused = renew(&world.app, world.codes[0], &forged, NOW).unwrap_err();
    assert_eq!(refused, CoordinatorError::RenewalRefused, "the key of the connection alone");
    // Its own signature in another's name.
    let other = renewal(&world, 1, &world.keys[0]);
    assert_eq!(renew(&world.app, world.codes[0], &other, NOW).unwrap_err(), CoordinatorError::RenewalRefused);
    assert!(world.app.store.scan(RENEWALS, &[]).unwrap().is_empty());
}

#[test]
fn g10_a_revoked_member_cannot_renew_and_its_next_certificate_is_void_too() {
    let world = World::new();
    let (app, code) = (&world.app, world.codes[0]);
    let next = renew(app, code, &renewal(&world, 0, &world.keys[0]), NOW).unwrap();
    let next = peer_of(&next.certificate);
    let closed: Arc<Mutex<Vec<_>>> = Arc::default();
    let seen = Arc::clone(&closed);
    let (jobs, _running) = tokio::sync::mpsc::unbounded_channel();
    app.attach(
        jobs,
        Box::new(move |_, serials| {
            *seen.lock().unwrap() = serials;
            Ok(())
        }),
    );
    revoke(app, code, NOW).unwrap();
    let closed = closed.lock().unwrap().clone();
    assert!(closed.contains(&next.serial()) && closed.contains(&world.peers[0].serial()), "{closed:?}");
    for peer in [&next, &world.peers[0]] {
        assert_eq!(active(app, peer).unwrap_err(), CoordinatorError::MemberRevoked);
    }
    let asked = renewal(&world, 0, &world.keys[0]);
    assert_eq!(renew(app, code, &asked, NOW).unwrap_err(), CoordinatorError::MemberRevoked);
}

#[test]
fn the_servers_certificate_is_replaced_by_age_and_after_a_kill_between_its_two_files() {
    let world = World::new();
    let app = &world.app;
    let now = passage_shell::clock::now();
    assert!(app.renew_server(now).unwrap().is_none());
    let before = app.server_credentials(now).unwrap();
    let renewed = app.renew_server(now.plus_s(300 * 86_400)).unwrap().unwrap();
    assert_ne!(renewed.certificate(), before.certificate());
    // A kill after the key was written and before its certificate was.
    app.dir.write("server.key", KeyFile::generate().unwrap().expose()).unwrap();
    let mended = app.server_credentials(now).unwrap();
    assert!(mended.key().fits(mended.certificate()));
    assert_ne!(mended.certificate(), renewed.certificate());
}

#[test]
fn g09_codes_are_random_and_never_made_of_what_an_institution_is_called() {
    // The same name, segment and key at two coordinators, and many of one name at one.
    let code_of = |app: &App, seed: u8| {
        let (text, _) = invite(app, "19647331933746", Segment::K12, 14, NOW).unwrap();
        join(app, &join_request(&text, &key(seed)), NOW).unwrap().code
    };
    let (_folder, app) = bare();
    let (_other_folder, other) = bare();
    let codes: std::collections::BTreeSet<MemberCode> = (1..=48).map(|seed| code_of(&app, seed)).collect();
    assert_eq!(codes.len(), 48, "unique in the consortium");
    assert!((1..=4).all(|seed| !codes.contains(&code_of(&other, seed))));
    // Every bit takes both values; that one of forty does not, among 48 random codes, has a chance of 3 in 10^13.
    let any = codes.iter().fold([0_u8; 5], |sum, code| std::array::from_fn(|at| sum[at] | code.0[at]));
    let all = codes.iter().fold([0xFF_u8; 5], |sum, code| std::array::from_fn(|at| sum[at] & code.0[at]));
    assert_eq!((any, all), ([0xFF; 5], [0; 5]));
}
