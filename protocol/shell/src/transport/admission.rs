//! The one gate between a finished handshake and the first stream: which ALPN, which certificate.
//!
//! Both ALPNs share a port, so TLS admits a connection without a certificate. Here `passage/3` without a certificate and
//! `passage-join/1` with one are closed. By this time rustls has verified whatever was presented: chain, term, revocation.

use super::tls::{ALPN_JOIN, ALPN_MEMBER};
use crate::pki::Peer;
use quinn::{Connection, crypto::rustls::HandshakeData};
use rustls_pki_types::CertificateDer;

/// Who is at the other end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Admitted {
    /// A member, proven by its certificate.
    Member(Peer),
    /// Somebody who may make one join call.
    Newcomer,
}

/// Reads what the handshake established; `None` means close.
pub(super) fn admit(connection: &Connection) -> Option<Admitted> {
    let data = connection.handshake_data()?.downcast::<HandshakeData>().ok()?;
    let chain =
        connection.peer_identity().and_then(|chain| chain.downcast::<Vec<CertificateDer<'static>>>().ok());
    let leaf = chain.as_ref().and_then(|chain| chain.first());
    let alpn = data.protocol?;
    match leaf {
        Some(leaf) if alpn == ALPN_MEMBER => Peer::read(leaf).ok().map(Admitted::Member),
        None if alpn == ALPN_JOIN => Some(Admitted::Newcomer),
        Some(_) | None => None,
    }
}
