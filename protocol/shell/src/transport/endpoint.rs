//! UDP sockets and QUIC parameters. Every number is in [`crate::limits`] with its reason.

use super::{
    TransportError,
    restart::{RandomIds, RestartKey},
};
use crate::{limits, pki::PkiError};
use quinn::{
    Endpoint, EndpointConfig, IdleTimeout, TokioRuntime, TransportConfig, VarInt,
    crypto::rustls::{QuicClientConfig, QuicServerConfig},
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::Arc,
};

/// A listening endpoint on `address`.
///
/// # Errors
///
/// [`TransportError::Socket`] if the address cannot be had.
pub fn listen(
    address: SocketAddr,
    tls: rustls::ServerConfig,
    restart: RestartKey,
) -> Result<Endpoint, TransportError> {
    let config = server_config(tls)?;
    let mut endpoint = EndpointConfig::new(Arc::new(restart));
    endpoint.cid_generator(|| Box::new(RandomIds));
    Endpoint::new(endpoint, Some(config), socket(address)?, Arc::new(TokioRuntime))
        .map_err(|error| TransportError::Socket { kind: error.kind() })
}

/// An endpoint that only dials, of the address family of `peer`; it opens no port for others.
///
/// # Errors
///
/// [`TransportError::Socket`].
pub fn dialler(peer: SocketAddr, tls: rustls::ClientConfig) -> Result<Endpoint, TransportError> {
    let any = match peer {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let mut endpoint = Endpoint::new(EndpointConfig::default(), None, socket(any)?, Arc::new(TokioRuntime))
        .map_err(|error| TransportError::Socket { kind: error.kind() })?;
    let crypto =
        QuicClientConfig::try_from(tls).map_err(|_| PkiError::TlsRefused { part: "the cipher suite" })?;
    let mut config = quinn::ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport(0)));
    endpoint.set_default_client_config(config);
    Ok(endpoint)
}

/// The listening end's parameters around `tls`; also for replacing them while running.
///
/// # Errors
///
/// [`TransportError::Pki`] if `tls` lacks the suite QUIC needs.
pub fn server_config(tls: rustls::ServerConfig) -> Result<quinn::ServerConfig, TransportError> {
    let crypto =
        QuicServerConfig::try_from(tls).map_err(|_| PkiError::TlsRefused { part: "the cipher suite" })?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(Arc::new(transport(limits::STREAMS_PER_CONNECTION)));
    config.max_incoming(limits::HANDSHAKES_MAX);
    config.incoming_buffer_size(64 << 10);
    config.incoming_buffer_size_total(4 << 20);
    Ok(config)
}

fn transport(streams_from_peer: u32) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport.max_concurrent_bidi_streams(VarInt::from_u32(streams_from_peer));
    transport.max_concurrent_uni_streams(VarInt::from_u32(0));
    transport.datagram_receive_buffer_size(None);
    transport.receive_window(VarInt::from_u32(limits::CONNECTION_WINDOW_BYTES));
    transport.stream_receive_window(VarInt::from_u32(limits::STREAM_WINDOW_BYTES));
    transport.send_window(u64::from(limits::CONNECTION_WINDOW_BYTES));
    transport.keep_alive_interval(Some(limits::KEEP_ALIVE));
    let idle = u32::try_from(limits::IDLE_TIMEOUT.as_millis()).unwrap_or(u32::MAX);
    transport.max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(idle))));
    transport
}

fn socket(address: SocketAddr) -> Result<UdpSocket, TransportError> {
    let fault = |error: std::io::Error| TransportError::Socket { kind: error.kind() };
    let socket =
        Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP)).map_err(fault)?;
    // The kernel grants at most net.core.rmem_max and wmem_max; less is slower, not wrong.
    let _ = socket.set_recv_buffer_size(limits::SOCKET_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(limits::SOCKET_BUFFER_BYTES);
    socket.set_nonblocking(true).map_err(fault)?;
    socket.bind(&address.into()).map_err(fault)?;
    Ok(socket.into())
}
