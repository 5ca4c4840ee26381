//! Both ends of the transport over real QUIC on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod frames;
mod identity;
mod transport;
mod world;
