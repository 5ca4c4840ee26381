//! Who gets in: certificates, revocation, protocols, key exchange, invitations. Real QUIC on loopback.

use super::world::{ECHO, SLOW, World};
use passage_protocol::secret::Secret;
use passage_shell::{
    clock, limits,
    pki::{Credentials, Fingerprint, Invitation, KeyFile, Revocation},
    transport::{Link, Refused, TransportError, join, tls},
};
use quinn::VarInt;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_alpn_is_refused() {
    let world = World::new();
    let mut config = tls::member(&world.member().0).unwrap();
    config.alpn_protocols = vec![b"h3".to_vec()];
    assert!(world.raw(config).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_connection_without_a_certificate_is_closed_before_any_request() {
    let world = World::new();
    let mut config = tls::newcomer(Fingerprint::of(world.authority.certificate())).unwrap();
    config.alpn_protocols = vec![tls::ALPN_MEMBER.to_vec()];
    let connection = world.raw(config).await.unwrap();
    let reason = connection.closed().await;
    assert!(
        matches!(reason, quinn::ConnectionError::ApplicationClosed(close) if close.error_code == VarInt::from_u32(2))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_connection_with_a_certificate_is_closed() {
    let world = World::new();
    let mut config = tls::member(&world.member().0).unwrap();
    config.alpn_protocols = vec![tls::ALPN_JOIN.to_vec()];
    let reason = world.raw(config).await.unwrap().closed().await;
    assert!(matches!(reason, quinn::ConnectionError::ApplicationClosed(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_another_consortium_is_refused() {
    let (world, other) = (World::new(), World::new());
    let theirs = other.member().0;
    let key = KeyFile::from_bytes(theirs.key().expose().to_vec()).unwrap();
    let mixed = Credentials::new(key, theirs.certificate().clone(), world.authority.certificate().clone());
    let outcome = match Link::connect(&world.addresses, &mixed).await {
        Ok(link) => link.call(ECHO, b"").await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert_eq!(outcome, Err(TransportError::Handshake));
    let outcome = Link::connect(&world.addresses, &theirs).await.map(|_| ());
    assert_eq!(
        outcome,
        Err(TransportError::Handshake),
        "the node refuses a coordinator of another consortium"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revocation_closes_live_connections_and_refuses_the_next_handshake() {
    let world = World::new();
    let (credentials, serial) = world.member();
    let link = Link::connect(&world.addresses, &credentials).await.unwrap();
    let bystander = world.link().await;
    link.call(ECHO, b"").await.unwrap();
    bystander.call(ECHO, b"").await.unwrap();
    let now = clock::now();
    let list = world.authority.revocation_list(&[Revocation { serial, at: now }], 2, now).unwrap();
    world.server.set_revocations(&list, [serial]).unwrap();
    assert_eq!(world.server.connections_of(serial), 0);
    assert_eq!(link.call(ECHO, b"").await, Err(TransportError::Handshake));
    let outcome = match Link::connect(&world.addresses, &credentials).await {
        Ok(link) => link.call(ECHO, b"").await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert_eq!(outcome, Err(TransportError::Handshake));
    assert_eq!(bystander.call(ECHO, b"unaffected").await.unwrap(), b"unaffected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revocation_cuts_a_request_that_is_under_way() {
    let world = World::new();
    let (credentials, serial) = world.member();
    let link = Arc::new(Link::connect(&world.addresses, &credentials).await.unwrap());
    let asking = Arc::clone(&link);
    // An answer that would come only after minutes.
    let waiting = tokio::spawn(async move { asking.call(SLOW, b"").await });
    while world.server.connections_of(serial) == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    let now = clock::now();
    let list = world.authority.revocation_list(&[Revocation { serial, at: now }], 2, now).unwrap();
    world.server.set_revocations(&list, [serial]).unwrap();
    let cut = tokio::time::timeout(limits::HANDSHAKE_TIMEOUT, waiting).await.unwrap().unwrap();
    assert_eq!(cut, Err(TransportError::Handshake));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i5_a_new_server_certificate_is_presented_from_the_next_handshake_on_and_live_connections_go_on() {
    let world = World::new();
    let link = world.link().await;
    link.call(ECHO, b"").await.unwrap();
    let presented = async || {
        let connection = world.raw_member().await;
        let chain = connection.peer_identity().unwrap();
        chain.downcast::<Vec<rustls_pki_types::CertificateDer<'static>>>().unwrap()[0].clone()
    };
    let before = presented().await;
    let next = world.authority.issue_server(clock::now()).unwrap();
    let expected = next.certificate().clone();
    world.server.set_credentials(next).unwrap();
    assert_eq!(presented().await, expected);
    assert_ne!(before, expected);
    assert_eq!(link.call(ECHO, b"goes on").await.unwrap(), b"goes on");
    // The revocation list stays in force, and a new one keeps the new certificate.
    let list = world.authority.revocation_list(&[], 2, clock::now()).unwrap();
    world.server.set_revocations(&list, []).unwrap();
    assert_eq!(presented().await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outdated_revocation_list_admits_nobody() {
    let world = World::new();
    let days = limits::REVOCATION_LIST_DAYS + 1;
    let then = passage_protocol::timestamp::Timestamp(clock::now().0 - days * 86_400);
    world.server.set_revocations(&world.authority.revocation_list(&[], 2, then).unwrap(), []).unwrap();
    let outcome = match Link::connect(&world.addresses, &world.member().0).await {
        Ok(link) => link.call(ECHO, b"").await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert_eq!(outcome, Err(TransportError::Handshake));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_joins_with_the_pinned_authority_only() {
    let world = World::new();
    let pin = Fingerprint::of(world.authority.certificate());
    let invitation = Invitation {
        consortium: "Test".into(),
        addresses: world.addresses.clone(),
        fingerprint: pin,
        secret: Secret::new([5; 16]),
        expires: clock::now().plus_s(60),
    };
    let invitation = Invitation::parse(&invitation.to_text()).unwrap();
    let joined =
        join(&invitation.addresses, invitation.fingerprint, invitation.secret.expose()).await.unwrap();
    assert_eq!(joined.body, b"welcome");
    assert_eq!(&joined.authority, world.authority.certificate());
    assert_eq!(join(&world.addresses, Fingerprint([0; 32]), &[5; 16]).await, Err(TransportError::Handshake));
    let unknown = join(&world.addresses, pin, &[6; 16]).await;
    assert!(matches!(unknown, Err(TransportError::Refused(Refused { code: 0x3004, .. }))));
    let large = join(&world.addresses, pin, &vec![0; limits::JOIN_BODY_BYTES_MAX + 1]).await;
    assert!(matches!(large, Err(TransportError::Refused(Refused { code: 0x1076, .. }))), "{large:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_invitation_is_refused_by_the_join_callback() {
    let world = World::with_invitation(clock::now().0 - 1);
    let refused = join(&world.addresses, Fingerprint::of(world.authority.certificate()), &[5; 16]).await;
    assert!(matches!(refused, Err(TransportError::Refused(Refused { code: 0x3005, .. }))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_without_post_quantum_key_exchange_is_refused() {
    let world = World::new();
    let connect = |groups: Vec<&'static dyn rustls::crypto::SupportedKxGroup>| {
        let mut provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.kx_groups = groups;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(world.authority.certificate().clone()).unwrap();
        let (credentials, _) = world.member();
        let key = rustls_pki_types::PrivatePkcs8KeyDer::from(credentials.key().expose().to_vec());
        let mut config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![credentials.certificate().clone()], key.into())
            .unwrap();
        config.alpn_protocols = vec![tls::ALPN_MEMBER.to_vec()];
        world.raw(config)
    };
    use rustls::crypto::aws_lc_rs::kx_group::{SECP256R1, X25519, X25519MLKEM768};
    assert!(connect(vec![X25519, SECP256R1]).await.is_err());
    assert!(connect(vec![X25519, X25519MLKEM768]).await.is_ok());
}
