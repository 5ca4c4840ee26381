//! What a member that keeps to no protocol, and strangers beside it, can cost a real coordinator: its peak memory stays below
//! what the limits of the transport add up to, and the other members are served meanwhile.

use std::{fs, net::SocketAddr, time::Duration};

use passage_protocol::{
    codec::Encode,
    ids::{Digest, RoundId},
    wire::{
        BlobRef,
        service::{RoundBlob, kind},
    },
};
use passage_shell::{
    limits::{
        BODY_BYTES_MAX, BULK_BYTES_MAX, CONNECTION_WINDOW_BYTES, CONNECTIONS_PER_MEMBER, JOIN_BODY_BYTES_MAX,
        JOINS_MAX, STREAMS_PER_CONNECTION,
    },
    pki::{Credentials, Fingerprint, KeyFile},
    transport::{endpoint, tls},
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    task::JoinSet,
    time::timeout,
};

use crate::{
    fleet::{Fleet, THREE, free_port},
    papers::Noise,
};

/// What one certificate may make the coordinator hold: on each of its connections a full window and a full body a stream.
const MEMBER_BYTES_MAX: usize = CONNECTIONS_PER_MEMBER
    * (CONNECTION_WINDOW_BYTES as usize + STREAMS_PER_CONNECTION as usize * BODY_BYTES_MAX);
/// Newcomers at once.
const STRANGERS: usize = 120;
/// Bytes a stranger sends: far more than a join may have.
const STRANGER_BYTES: usize = 1 << 20;
/// Streams begun and given up one after another, and the bytes sent on each.
const STREAMS: usize = 20_000;
const STREAM_BYTES: usize = 8 << 10;
/// Sent on every stream of a member after a head that announces more than is allowed.
const FLOOD_BYTES: usize = 24 << 20;
/// Allocator, handshakes, log lines, the honest members' requests.
const SLACK_BYTES: usize = 24 << 20;

#[test]
fn a_hostile_member_and_strangers_do_not_make_the_coordinator_large() {
    let port = free_port();
    let mut fleet = Fleet::start(THREE, port, port);
    let agreement = fleet.propose_agreement(Noise::None);
    fleet.kill("UNIV");
    let credentials = stolen(&fleet);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    // Each wave against its own bound, the smallest first: memory that was used once is not new to the next. Each sends
    // more than twice what it may make the coordinator hold.
    let bounded = |wave: &str, sent: usize, held: usize, attack: &mut dyn FnMut()| {
        let bound = held + SLACK_BYTES;
        assert!(sent > 2 * bound, "{wave}: {sent} bytes would prove nothing against {bound}");
        let grown = growth(fleet.pid("coordinator"), attack);
        assert!(
            grown < bound,
            "{wave} made the coordinator grow by {grown} bytes, expected less than {bound}"
        );
    };
    bounded("strangers", STRANGERS * STRANGER_BYTES, JOINS_MAX * STRANGER_BYTES, &mut || {
        runtime.block_on(strangers(address, &credentials));
    });
    bounded("streams given up", STREAMS * STREAM_BYTES, 0, &mut || {
        runtime.block_on(streams_without_end(address, &credentials));
    });
    let flood = CONNECTIONS_PER_MEMBER * STREAMS_PER_CONNECTION as usize * FLOOD_BYTES;
    let mut taken = 0;
    bounded("announced lengths", flood, MEMBER_BYTES_MAX, &mut || {
        taken = runtime.block_on(too_much_on_every_stream(address, &credentials));
    });
    assert!(taken < flood / 4, "{taken} of {flood} bytes were taken before the refusals");
    // The others were served all the while, and still are.
    fleet.sign("K12A", &agreement);
    fleet.sign("CC1", &agreement);
}

/// On as many connections as are let in, on every stream: a body held back one byte before its end, then a body of four
/// gigabytes, blobs of the largest length and of more, each followed by as many bytes as are taken: their number.
async fn too_much_on_every_stream(address: SocketAddr, credentials: &Credentials) -> usize {
    let connect = || async {
        let endpoint = endpoint::dialler(address, tls::member(credentials).unwrap()).unwrap();
        let connected = endpoint.connect(address, tls::server_name()).unwrap().await;
        connected.ok().map(|connection| (endpoint, connection))
    };
    let mut connections = Vec::new();
    for _ in 0..3 * CONNECTIONS_PER_MEMBER {
        connections.extend(connect().await);
    }
    let mut work = JoinSet::new();
    for (_, connection) in &connections {
        for stream in 0..STREAMS_PER_CONNECTION {
            let connection = connection.clone();
            work.spawn(async move {
                let length = u32::try_from(BODY_BYTES_MAX).unwrap();
                let held = head(kind::POST, length, BODY_BYTES_MAX - 1);
                let flood = match stream % 3 {
                    0 => head(kind::POST, u32::MAX, 0),
                    1 => announcement(BULK_BYTES_MAX),
                    _ => announcement(u64::MAX),
                };
                let Ok((send, _receive)) = connection.open_bi().await else { return 0 };
                say(send, &held, 0, Duration::from_secs(2)).await;
                let Ok((send, _receive)) = connection.open_bi().await else { return 0 };
                say(send, &flood, FLOOD_BYTES, Duration::from_secs(2)).await
            });
        }
    }
    let taken: usize = work.join_all().await.into_iter().sum();
    let live = connections.iter().filter(|(_, connection)| connection.close_reason().is_none()).count();
    // The daemon that was killed may still count as one.
    assert!((1..=CONNECTIONS_PER_MEMBER).contains(&live), "{live} of {} connections", connections.len());
    taken
}

/// Thousands of streams, each begun and given up.
async fn streams_without_end(address: SocketAddr, credentials: &Credentials) {
    let endpoint = endpoint::dialler(address, tls::member(credentials).unwrap()).unwrap();
    // The connections of the wave before may still be going.
    let connection = loop {
        let connection = endpoint.connect(address, tls::server_name()).unwrap().await.unwrap();
        if timeout(Duration::from_millis(300), connection.closed()).await.is_err() {
            break connection;
        }
    };
    let begun = head(kind::POST, u32::try_from(BODY_BYTES_MAX).unwrap(), STREAM_BYTES);
    for _ in 0..STREAMS {
        let opened = timeout(Duration::from_secs(30), connection.open_bi()).await;
        let (mut send, mut receive) = opened.expect("streams given up make room for others").unwrap();
        let _ = send.write_all(&begun).await;
        let _ = send.reset(1_u8.into());
        let _ = receive.stop(1_u8.into());
    }
}

/// Newcomers without a certificate, each with a join far too large, all at once.
async fn strangers(address: SocketAddr, credentials: &Credentials) {
    let pin = Fingerprint::of(credentials.authority());
    let mut work = JoinSet::new();
    for _ in 0..STRANGERS {
        let tls = tls::newcomer(pin).unwrap();
        work.spawn(async move {
            let endpoint = endpoint::dialler(address, tls).unwrap();
            let connecting = endpoint.connect(address, tls::server_name()).unwrap();
            let Ok(Ok(connection)) = timeout(Duration::from_secs(5), connecting).await else { return 0 };
            let length = u32::try_from(JOIN_BODY_BYTES_MAX).unwrap();
            let held = head(kind::JOIN, length, JOIN_BODY_BYTES_MAX - 1);
            let Ok((send, _receive)) = connection.open_bi().await else { return 0 };
            let first = say(send, &held, 0, Duration::from_secs(1));
            // Only the first stream of a newcomer is read; what comes on this one stays in its window.
            let Ok((send, _receive)) = connection.open_bi().await else { return 0 };
            let oversized = head(kind::JOIN, u32::MAX, 0);
            let second = say(send, &oversized, STRANGER_BYTES, Duration::from_secs(1));
            tokio::join!(first, second).1
        });
    }
    let taken: usize = work.join_all().await.into_iter().sum();
    assert!(taken > 0, "no stranger came in at all");
}

/// Writes `bytes`, then `flood` bytes more as long as they are taken, and keeps the stream open for `pause`. Returns how many
/// bytes of the flood went out.
async fn say(mut send: impl AsyncWrite + Unpin, bytes: &[u8], flood: usize, pause: Duration) -> usize {
    let mut sent = 0;
    let talk = async {
        send.write_all(bytes).await.ok()?;
        while sent < flood {
            send.write_all(&PIECE).await.ok()?;
            sent += PIECE.len();
        }
        Some(())
    };
    let _ = timeout(Duration::from_secs(5), talk).await;
    tokio::time::sleep(pause).await;
    sent
}

static PIECE: [u8; 64 << 10] = [0x5A; 64 << 10];

/// The head of a frame that announces a body of `length` bytes, and the first `given` of them.
fn head(kind: u16, length: u32, given: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    kind.encode(&mut bytes);
    length.encode(&mut bytes);
    bytes.resize(bytes.len() + given, 0x5A);
    bytes
}

/// An upload that announces a blob of so many bytes.
fn announcement(bytes: u64) -> Vec<u8> {
    let body =
        RoundBlob { round: RoundId([7; 16]), blob: BlobRef { digest: Digest([9; 32]), bytes: 1 } }.to_bytes();
    let mut frame = head(kind::PUT_BLOB, u32::try_from(body.len()).unwrap(), 0);
    frame.extend(body);
    true.encode(&mut frame);
    bytes.encode(&mut frame);
    Digest([9; 32]).encode(&mut frame);
    frame
}

/// What a thief of a member's folder can connect with.
fn stolen(fleet: &Fleet) -> Credentials {
    let read = |name| fs::read(fleet.folder("UNIV").join(name)).unwrap();
    let key = KeyFile::from_bytes(read("tls.key")).unwrap();
    Credentials::new(key, read("certificate.der").into(), read("authority.der").into())
}

/// How far the resident memory of a process rises above what it is now while `attack` runs.
fn growth(pid: u32, attack: &mut dyn FnMut()) -> usize {
    // 5: forget the highest resident size so far (proc_pid_clear_refs(5)).
    fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    let before = status_bytes(pid, "VmRSS:");
    attack();
    status_bytes(pid, "VmHWM:").saturating_sub(before)
}

fn status_bytes(pid: u32, field: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}
