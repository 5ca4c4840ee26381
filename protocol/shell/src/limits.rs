//! Every limit and time-out of the shell: unit in the name or beside it, and the reason for the value.
//!
//! # Why a connection outlives an hour of computation
//!
//! A mixing pass takes about 80 microseconds a token: a million tokens, 80 s, above any idle time-out worth having. Passes
//! run on a blocking pool ([`crate::work`]), so the task that drives QUIC keeps running and sends a keep-alive every
//! [`KEEP_ALIVE`]. In [`IDLE_TIMEOUT`] twelve of them fit: eleven may be lost in a row before either end gives up. The idle
//! time-out therefore bounds how long a *dead* peer is remembered, not how long a turn may take.

use std::time::Duration;

/// Bytes of a request or response body. The largest control message is a manifest of some hundred members, below 100 KiB.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// Bytes of a join request: a certificate request, a secret and a signing key are below 2 KiB.
pub const JOIN_BODY_BYTES_MAX: usize = 16 << 10;

/// Bytes of text in an error frame: one sentence.
pub const REFUSAL_TEXT_BYTES_MAX: usize = 512;

/// Bytes moved between a stream and a file at a time: large enough to keep hashing cheap, small beside the windows.
pub const CHUNK_BYTES: usize = 256 << 10;

/// Bytes of one bulk body. Ten million rows of four tokens and three columns (256 bytes) are 2.6 GB.
pub const BULK_BYTES_MAX: u64 = 16 << 30;

/// Bytes a peer may have in flight on one connection. quinn's default is unbounded.
pub const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;

/// Bytes in flight on one stream: 2 MiB per 50 ms round trip is 40 MB/s, forty times what one core can blind.
pub const STREAM_WINDOW_BYTES: u32 = 2 << 20;

/// Bytes of kernel buffer asked for on the UDP socket. With the default of 208 KiB loopback loses thousands of packets.
pub const SOCKET_BUFFER_BYTES: usize = 4 << 20;

/// Requests a peer may have open at once on one connection; a node needs a long poll, a transfer and a few calls.
pub const STREAMS_PER_CONNECTION: u32 = 8;

/// Connections of one certificate: the daemon, a command line and one that is not yet known to be dead.
pub const CONNECTIONS_PER_MEMBER: usize = 4;

/// Connections in total, members and newcomers: several times the largest consortium foreseen.
pub const CONNECTIONS_MAX: usize = 1_024;

/// Handshakes that may be under way at once. Each holds below 100 KiB.
pub const HANDSHAKES_MAX: usize = 64;

/// Join calls that may be under way at once; apart from handshakes, so that strangers cannot keep members out by dawdling.
pub const JOINS_MAX: usize = 16;

/// A handshake must end within this: two round trips and one signature on a slow line.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Between keep-alives; below the 30 s after which common firewalls forget a UDP flow.
pub const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Silence after which a peer counts as dead; see the module text for the arithmetic.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// From the opening of a stream to the end of the request's body (at most 1 MiB: 35 kB/s).
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A bulk transfer may not stand still longer than this; its total length is not limited.
pub const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// From the end of a request to the head of its answer; a long poll must answer "nothing yet" earlier than this.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// First pause before dialling again, in milliseconds.
pub const BACKOFF_FIRST_MS: u64 = 500;

/// Longest pause before dialling again, in milliseconds: a coordinator that restarts is found within a minute.
pub const BACKOFF_LAST_MS: u64 = 60_000;

/// Days a member's or the coordinator's certificate is valid: one school year and its holidays.
pub const CERTIFICATE_DAYS: u64 = 400;

/// Days the consortium's CA certificate is valid.
pub const AUTHORITY_DAYS: u64 = 3_650;

/// Days until a revocation list must be replaced; the daemon renews daily, so a week of downtime is survived.
pub const REVOCATION_LIST_DAYS: u64 = 7;

/// Seconds a certificate is back-dated, for members whose clock is behind.
pub const CLOCK_SKEW_S: u64 = 3_600;
