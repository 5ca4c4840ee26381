//! Real QUIC on loopback: what an honest node gets, and what a faulty or hostile one does not.

use passage_protocol::{
    ids::{Digest, MemberCode},
    secret::Secret,
};
use passage_shell::{
    clock, limits,
    pki::{Authority, Credentials, Fingerprint, Invitation, KeyFile, Revocation, Serial},
    shelf::{Blob, Shelf, ShelfError},
    transport::{Handler, Link, Refused, Request, Response, Server, TransportError, endpoint, join, tls},
};
use quinn::{Connection, VarInt};
use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

const ECHO: u16 = 1;
const STORE: u16 = 2;
const FETCH: u16 = 3;
const FETCH_WRONG: u16 = 4;
const FORBIDDEN: u16 = 5;
const WHO: u16 = 6;
const BULK_MAX: u64 = 8 << 20;

struct Coordinator {
    shelf: Shelf,
    invitation: [u8; 32],
    invitation_expires: u64,
}

impl Handler for Coordinator {
    fn admit(&self, _peer: &passage_shell::pki::Peer, request: &Request) -> Result<u64, Refused> {
        if request.kind == FORBIDDEN {
            return Err(Refused { code: 0x3001, text: "not you".into() });
        }
        Ok(BULK_MAX)
    }

    async fn handle(&self, peer: passage_shell::pki::Peer, request: Request) -> Result<Response, Refused> {
        match request.kind {
            ECHO => Ok(Response { body: request.body, blob: None }),
            STORE => Ok(Response { body: request.blob.unwrap().digest.0.to_vec(), blob: None }),
            FETCH => Ok(Response { body: vec![], blob: Some(Digest(request.body.try_into().unwrap())) }),
            FETCH_WRONG => Ok(Response { body: vec![], blob: Some(self.shelf.blobs().unwrap()[0].digest) }),
            WHO => Ok(Response { body: peer.code().to_string().into_bytes(), blob: None }),
            _ => Err(Refused { code: 0x3002, text: "unknown kind".into() }),
        }
    }

    async fn join(&self, body: Vec<u8>, _from: SocketAddr) -> Result<Vec<u8>, Refused> {
        let secret: [u8; 16] =
            body.try_into().map_err(|_| Refused { code: 0x3003, text: "no secret".into() })?;
        if Invitation::secret_digest(&secret) != self.invitation {
            return Err(Refused { code: 0x3004, text: "unknown invitation".into() });
        }
        if clock::now().0 > self.invitation_expires {
            return Err(Refused { code: 0x3005, text: "the invitation has expired".into() });
        }
        Ok(b"welcome".to_vec())
    }
}

struct World {
    authority: Authority,
    server: Server<Coordinator>,
    addresses: Vec<String>,
    shelf: Shelf,
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        Self::with_invitation(clock::now().0 + 60)
    }

    fn with_invitation(invitation_expires: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = clock::now();
        let authority = Authority::create("Test consortium", now).unwrap();
        let shelf = Shelf::open(&dir.path().join("server")).unwrap();
        let invitation = Invitation::secret_digest(&[5; 16]);
        let handler = Coordinator { shelf: shelf.clone(), invitation, invitation_expires };
        let list = authority.revocation_list(&[], 1, now).unwrap();
        let listening = "127.0.0.1:0".parse().unwrap();
        let credentials = authority.issue_server(now).unwrap();
        let server = Server::bind(listening, credentials, &list, shelf.clone(), handler).unwrap();
        let addresses = vec![server.local_address().unwrap().to_string()];
        let running = server.clone();
        tokio::spawn(async move { running.run().await });
        Self { authority, server, addresses, shelf, dir }
    }

    fn member(&self) -> (Credentials, Serial) {
        let key = KeyFile::generate().unwrap();
        let request = key.request().unwrap();
        let code = MemberCode([1, 2, 3, 4, 5]);
        let (certificate, serial) = self.authority.issue_member(&request, code, clock::now()).unwrap();
        (Credentials::new(key, certificate, self.authority.certificate().clone()), serial)
    }

    async fn link(&self) -> Link {
        Link::connect(&self.addresses, &self.member().0).await.unwrap()
    }

    /// A connection below the frame layer, to send what no honest node would.
    async fn raw(&self, tls: rustls::ClientConfig) -> Result<Connection, quinn::ConnectionError> {
        let address = self.server.local_address().unwrap();
        endpoint::dialler(address, tls).unwrap().connect(address, tls::server_name()).unwrap().await
    }

    async fn raw_member(&self) -> Connection {
        self.raw(tls::member(&self.member().0).unwrap()).await.unwrap()
    }

    fn node_shelf(&self) -> Shelf {
        Shelf::open(&self.dir.path().join("node")).unwrap()
    }
}

/// Code of the refusal that answers `bytes` on a stream of their own, whose sending end is then finished.
async fn refusal_of(connection: &Connection, bytes: &[u8]) -> u16 {
    let (mut send, mut recv) = connection.open_bi().await.unwrap();
    send.write_all(bytes).await.unwrap();
    let _ = send.finish();
    let answer = recv.read_to_end(4_096).await.unwrap();
    assert_eq!(answer[..2], [0xFF, 0xFF], "a refusal");
    u16::from_le_bytes([answer[6], answer[7]])
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

async fn eventually(mut condition: impl FnMut() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the condition never came true");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_carry_bodies_and_the_certificate_names_the_caller() {
    let world = World::new();
    let link = world.link().await;
    assert_eq!(link.call(ECHO, b"hello").await.unwrap(), b"hello");
    assert_eq!(link.call(ECHO, &[7; limits::BODY_BYTES_MAX]).await.unwrap().len(), limits::BODY_BYTES_MAX);
    assert_eq!(link.call(WHO, b"").await.unwrap(), MemberCode([1, 2, 3, 4, 5]).to_string().into_bytes());
    let refused = Refused { code: 0x3002, text: "unknown kind".into() };
    assert_eq!(link.call(99, b"").await, Err(TransportError::Refused(refused)));
    link.close().await;
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blobs_go_up_and_come_down_whole_with_progress() {
    let world = World::new();
    let link = world.link().await;
    let node = world.node_shelf();
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    let blob = node.put(&bytes).unwrap();
    let seen = AtomicU64::new(0);
    let progress = |done, total| {
        assert_eq!(total, 3_000_000);
        seen.store(done, Ordering::SeqCst);
    };
    assert_eq!(link.upload(STORE, b"", &node, blob, &progress).await.unwrap(), blob.digest.0);
    assert_eq!(seen.load(Ordering::SeqCst), 3_000_000);
    world.shelf.verify(blob.digest).unwrap();
    let other = Shelf::open(&world.dir.path().join("other")).unwrap();
    let (_, down) =
        link.download(FETCH, &blob.digest.0, &other, blob.digest, BULK_MAX, &|_, _| ()).await.unwrap();
    assert_eq!(down, blob);
    other.verify(blob.digest).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_of_other_or_altered_or_too_many_bytes_leaves_nothing() {
    let world = World::new();
    let link = world.link().await;
    let (node, blob) = (world.node_shelf(), world.shelf.put(&[1; 100_000]).unwrap());
    let wanted = Digest::of_blob(b"another");
    assert_eq!(
        link.download(FETCH_WRONG, b"", &node, wanted, BULK_MAX, &|_, _| ()).await,
        Err(TransportError::Shelf(ShelfError::DigestDiffers { digest: wanted }))
    );
    assert_eq!(
        link.download(FETCH, &blob.digest.0, &node, blob.digest, 99_999, &|_, _| ()).await,
        Err(TransportError::Shelf(ShelfError::TooLong { bytes: 100_000, limit: 99_999 }))
    );
    std::fs::write(world.shelf.path(blob.digest), vec![2; 100_000]).unwrap();
    assert_eq!(
        link.download(FETCH, &blob.digest.0, &node, blob.digest, BULK_MAX, &|_, _| ()).await,
        Err(TransportError::Shelf(ShelfError::DigestDiffers { digest: blob.digest }))
    );
    assert_eq!(files(&world.dir.path().join("node")), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_not_admitted_or_too_long_is_refused_and_leaves_nothing() {
    let world = World::new();
    let link = world.link().await;
    let node = world.node_shelf();
    let blob = node.put(&vec![3; 6 << 20]).unwrap();
    let forbidden = link.upload(FORBIDDEN, b"", &node, blob, &|_, _| ()).await;
    assert_eq!(forbidden, Err(TransportError::Refused(Refused { code: 0x3001, text: "not you".into() })));
    let long = node.put(&vec![4; (BULK_MAX + 1) as usize]).unwrap();
    let refused = link.upload(STORE, b"", &node, long, &|_, _| ()).await;
    assert!(matches!(refused, Err(TransportError::Refused(Refused { code: 0x1033, .. }))), "{refused:?}");
    assert_eq!(files(&world.dir.path().join("server")), 0);
    assert_eq!(link.call(ECHO, b"still here").await.unwrap(), b"still here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_killed_mid_upload_leaves_nothing() {
    let world = World::new();
    let connection = world.raw_member().await;
    let (mut send, _recv) = connection.open_bi().await.unwrap();
    let mut head = vec![2, 0, 0, 0, 0, 0, 1];
    head.extend_from_slice(&1_000_000_u64.to_le_bytes());
    head.extend_from_slice(&[9; 32]);
    send.write_all(&head).await.unwrap();
    send.write_all(&[9; 300_000]).await.unwrap();
    let folder = world.dir.path().join("server");
    eventually(|| files(&folder) == 1).await;
    connection.close(VarInt::from_u32(9), b"");
    eventually(|| files(&folder) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn oversized_truncated_and_garbage_frames_are_refused_and_the_connection_lives() {
    let world = World::new();
    let connection = world.raw_member().await;
    let oversized = [1, 0, 1, 0, 0x10, 0];
    assert_eq!(refusal_of(&connection, &oversized).await, 0x1076);
    assert_eq!(refusal_of(&connection, &[1, 0, 255, 255, 255, 255]).await, 0x1076);
    assert_eq!(refusal_of(&connection, &[1, 0]).await, 0x1075);
    assert_eq!(refusal_of(&connection, &[1, 0, 9, 0, 0, 0, b'x']).await, 0x1075);
    assert_eq!(refusal_of(&connection, &[1, 0, 0, 0, 0, 0, 7]).await, 0x1075);
    assert_eq!(refusal_of(&connection, &[0, 0, 0, 0, 0, 0, 0]).await, 0x1075);
    assert_eq!(refusal_of(&connection, &[1, 0, 0, 0, 0, 0, 0, 0]).await, 0x1075, "bytes after the end");
    let mut endless = vec![2, 0, 0, 0, 0, 0, 1];
    endless.extend_from_slice(&[255; 40]);
    assert_eq!(refusal_of(&connection, &endless).await, 0x1076);
    let mut state = 1_u32;
    for length in [1_usize, 7, 46, 300, 5_000] {
        let garbage: Vec<u8> = (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let (mut send, mut recv) = connection.open_bi().await.unwrap();
        let _ = send.write_all(&garbage).await;
        let _ = send.finish();
        let _ = recv.read_to_end(4_096).await;
    }
    assert_eq!(refusal_of(&connection, &[1, 0]).await, 0x1075, "the connection still answers");
    assert!(connection.close_reason().is_none());
    assert_eq!(world.link().await.call(ECHO, b"x").await.unwrap(), b"x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_gets_no_more_streams_or_connections_than_its_share() {
    let world = World::new();
    let connection = world.raw_member().await;
    let mut open = Vec::new();
    for _ in 0..limits::STREAMS_PER_CONNECTION {
        open.push(connection.open_bi().await.unwrap());
    }
    let one_more = tokio::time::timeout(Duration::from_millis(200), connection.open_bi()).await;
    assert!(one_more.is_err(), "no place for another stream");
    assert!(tokio::time::timeout(Duration::from_millis(200), connection.open_uni()).await.is_err());
    let (credentials, serial) = world.member();
    let mut held = Vec::new();
    for _ in 0..limits::CONNECTIONS_PER_MEMBER {
        let link = Link::connect(&world.addresses, &credentials).await.unwrap();
        link.call(ECHO, b"").await.unwrap();
        held.push(link);
    }
    assert_eq!(world.server.connections_of(serial), limits::CONNECTIONS_PER_MEMBER);
    let fifth = Link::connect(&world.addresses, &credentials).await.unwrap();
    let refused = fifth.call(ECHO, b"").await;
    assert!(matches!(refused, Err(TransportError::Refused(Refused { code: 0x1078, .. }))), "{refused:?}");
    held.pop().unwrap().close().await;
    eventually(|| world.server.connections_of(serial) < limits::CONNECTIONS_PER_MEMBER).await;
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_dials_again_after_its_connection_died_and_reports_an_absent_coordinator() {
    let world = World::new();
    let link = world.link().await;
    link.call(ECHO, b"").await.unwrap();
    world.server.stop().await;
    let gone = link.call(ECHO, b"").await;
    assert_eq!(gone, Err(TransportError::Unreachable));
    let nowhere = Link::connect(&["passage.invalid:1".to_owned()], &world.member().0).await.map(|_| ());
    assert_eq!(nowhere, Err(TransportError::Unreachable));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_absent_from_the_shelf_is_a_refusal() {
    let world = World::new();
    let blob = Blob { digest: Digest([1; 32]), bytes: 1 };
    let outcome = world
        .link()
        .await
        .download(FETCH, &blob.digest.0, &world.node_shelf(), blob.digest, BULK_MAX, &|_, _| ())
        .await;
    assert!(matches!(outcome, Err(TransportError::Refused(Refused { code: 0x1031, .. }))));
}
