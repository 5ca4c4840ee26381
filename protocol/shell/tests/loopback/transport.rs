//! Real QUIC on loopback: what an honest node gets, and what a faulty or hostile one does not.

use super::world::{BULK_MAX, ECHO, FETCH, FETCH_WRONG, FORBIDDEN, STORE, WHO, World};
use passage_protocol::ids::{Digest, MemberCode};
use passage_shell::{
    limits,
    shelf::{Blob, Shelf, ShelfError},
    transport::{Link, Refused, TransportError},
};
use quinn::{Connection, VarInt};
use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

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
    // With data still in flight the close itself may be held back and the stall time-out would have to do the work.
    let written = || {
        std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum::<u64>()
    };
    eventually(|| written() == 300_000).await;
    connection.close(VarInt::from_u32(9), b"");
    eventually(|| files(&folder) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_answered_or_refused_and_the_connection_lives() {
    let world = World::new();
    let connection = world.raw_member().await;
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
