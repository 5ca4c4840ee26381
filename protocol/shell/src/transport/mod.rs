//! QUIC between nodes and the coordinator: the node always dials, the coordinator always listens.
//!
//! ```text
//!   node                                   coordinator
//!   Link  ── passage/3, certificates on both sides ──▶  Server ─▶ Handler::admit, Handler::handle (needs a Peer)
//!   join  ── passage-join/1, CA pinned by invitation ─▶ Server ─▶ Handler::join (one small call, then closed)
//! ```
//!
//! # What it promises
//!
//! * TLS 1.3 with X25519MLKEM768 and nothing else: it is the only key exchange either end offers, so a recorded
//!   connection stays closed to a quantum computer. A peer without it is refused.
//! * No member request without mutual TLS: [`Handler::handle`] takes a [`Peer`](crate::pki::Peer), which is made from a verified certificate
//!   only. One UDP port serves both ALPNs, so TLS itself lets a newcomer in without a certificate; [`admission`]
//!   then closes every connection whose ALPN and certificate do not belong together, before any stream is accepted.
//! * No session is resumed and no early data is taken: a revoked certificate fails its next handshake.
//! * Bounded memory per peer; lengths are checked before allocation; every wait has a time-out ([`crate::limits`]).
//! * A bulk body goes between stream and shelf in chunks; it is on the shelf whole and right, or not at all.
//!
//! # What it does not promise
//!
//! It does not know what the bytes mean, and does not repeat a call by itself: the caller decides what is safe to repeat.

pub mod admission;
pub mod backoff;
pub mod bulk;
pub mod endpoint;
pub mod error;
pub mod frame;
pub mod join;
pub mod link;
pub mod restart;
pub mod server;
pub mod tls;

pub use self::{
    backoff::Backoff,
    error::TransportError,
    frame::{Refused, Request, Response},
    join::{Joined, join},
    link::{Link, Progress},
    server::{Handler, Server},
};
