//! The coordinator's end: accepts, admits, hands requests to a [`Handler`], and lets go of revoked members at once.
//!
//! What one peer can cost is bounded: connections per certificate, requests per connection, bytes per body and per window,
//! and seconds per step. Unvalidated addresses get a Retry packet and no memory.

use super::{
    TransportError,
    admission::{Admitted, admit},
    bulk, endpoint,
    frame::{self, Refused, Request, Response},
    restart::RestartKey,
    tls,
};
use crate::{
    limits,
    pki::{Credentials, Peer, Serial},
    shelf::Shelf,
};
use quinn::{Connection, Endpoint, Incoming, RecvStream, SendStream, VarInt};
use rustls_pki_types::CertificateRevocationListDer;
use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Close code: ALPN and certificate do not belong together, or the certificate is revoked.
pub(super) const CLOSE_NOT_ADMITTED: VarInt = VarInt::from_u32(2);
/// Close code: more connections than one certificate may hold.
pub(super) const CLOSE_TOO_MANY: VarInt = VarInt::from_u32(3);
/// Close code: the server is stopping.
pub(super) const CLOSE_STOPPING: VarInt = VarInt::from_u32(4);
const RESET_FAILED: VarInt = VarInt::from_u32(1);

/// What the coordinator does with requests.
pub trait Handler: Send + Sync + 'static {
    /// Decides, before any bulk byte is read, whether `request` may go on and how many bulk bytes it may bring.
    ///
    /// # Errors
    ///
    /// What the peer is told.
    fn admit(&self, peer: &Peer, request: &Request) -> Result<u64, Refused>;

    /// Answers a member. Bulk bytes of the request are on the shelf, whole and with the digest announced. If the handler
    /// refuses, or never learns of the blob because the answer was lost, the next sweep of the shelf removes it.
    fn handle(&self, peer: Peer, request: Request) -> impl Future<Output = Result<Response, Refused>> + Send;

    /// Answers a newcomer, who has proven nothing yet: the invitation's secret and expiry are for this function to check.
    fn join(&self, body: Vec<u8>, from: SocketAddr) -> impl Future<Output = Result<Vec<u8>, Refused>> + Send;
}

/// The listening end. Cheap to clone; clones are the same server.
pub struct Server<H> {
    inner: Arc<Inner<H>>,
}

impl<H> Clone for Server<H> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

struct Inner<H> {
    endpoint: Endpoint,
    /// What is presented, and the revocation list in force: each is replaced while the other stays.
    presented: Mutex<(Credentials, CertificateRevocationListDer<'static>)>,
    shelf: Shelf,
    handler: H,
    registry: Mutex<Registry>,
    handshakes: Arc<Semaphore>,
    joins: Semaphore,
}

#[derive(Default)]
struct Registry {
    connections: HashMap<Serial, Vec<Connection>>,
    revoked: BTreeSet<Serial>,
}

impl<H: Handler> Server<H> {
    /// Binds `address` (port 0: any). Must be called inside a tokio runtime; nothing is accepted before [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// [`TransportError::Socket`], [`TransportError::Pki`].
    pub fn bind(
        address: SocketAddr,
        credentials: Credentials,
        revocations: &CertificateRevocationListDer<'static>,
        shelf: Shelf,
        handler: H,
    ) -> Result<Self, TransportError> {
        let endpoint =
            endpoint::listen(address, tls::server(&credentials, revocations)?, RestartKey::of(&credentials))?;
        let handshakes = Arc::new(Semaphore::new(limits::HANDSHAKES_MAX));
        let joins = Semaphore::new(limits::JOINS_MAX);
        let registry = Mutex::default();
        let presented = Mutex::new((credentials, revocations.clone()));
        Ok(Self {
            inner: Arc::new(Inner { endpoint, presented, shelf, handler, registry, handshakes, joins }),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// [`TransportError::Socket`].
    pub fn local_address(&self) -> Result<SocketAddr, TransportError> {
        self.inner.endpoint.local_addr().map_err(|error| TransportError::Socket { kind: error.kind() })
    }

    /// Accepts until [`stop`](Self::stop).
    pub async fn run(&self) {
        while let Some(incoming) = self.inner.endpoint.accept().await {
            if !incoming.remote_address_validated() {
                let _ = incoming.retry();
                continue;
            }
            let place = Arc::clone(&self.inner.handshakes).try_acquire_owned();
            match place {
                Ok(place) if self.inner.endpoint.open_connections() <= limits::CONNECTIONS_MAX => {
                    let inner = Arc::clone(&self.inner);
                    tokio::spawn(async move { inner.connection(incoming, place).await });
                }
                Ok(_) | Err(_) => incoming.refuse(),
            }
        }
    }

    /// Puts a new revocation list in force: for the next handshake, and at once for live connections in `revoked`.
    ///
    /// # Errors
    ///
    /// [`TransportError::Pki`] if the list cannot be used; the old one then stays, and `revoked` are closed all the same.
    pub fn set_revocations(
        &self,
        revocations: &CertificateRevocationListDer<'static>,
        revoked: impl IntoIterator<Item = Serial>,
    ) -> Result<(), TransportError> {
        {
            let mut registry = self.inner.registry();
            registry.revoked = revoked.into_iter().collect();
            let Registry { connections, revoked } = &mut *registry;
            for serial in revoked.iter() {
                for connection in connections.remove(serial).unwrap_or_default() {
                    connection.close(CLOSE_NOT_ADMITTED, b"revoked");
                }
            }
        }
        let mut presented = self.inner.presented();
        let tls = tls::server(&presented.0, revocations)?;
        self.inner.endpoint.set_server_config(Some(endpoint::server_config(tls)?));
        presented.1 = revocations.clone();
        Ok(())
    }

    /// Presents another certificate from the next handshake on. Live connections go on.
    ///
    /// # Errors
    ///
    /// [`TransportError::Pki`] if it cannot be used; the old one then stays.
    pub fn set_credentials(&self, credentials: Credentials) -> Result<(), TransportError> {
        let mut presented = self.inner.presented();
        let tls = tls::server(&credentials, &presented.1)?;
        self.inner.endpoint.set_server_config(Some(endpoint::server_config(tls)?));
        presented.0 = credentials;
        Ok(())
    }

    /// Live connections of a certificate.
    #[must_use]
    pub fn connections_of(&self, serial: Serial) -> usize {
        self.inner.registry().connections.get(&serial).map_or(0, Vec::len)
    }

    /// Ends every connection and the accept loop, and waits until peers were told, at most one handshake time-out.
    pub async fn stop(&self) {
        self.inner.endpoint.close(CLOSE_STOPPING, b"stopping");
        let _ = timeout(limits::HANDSHAKE_TIMEOUT, self.inner.endpoint.wait_idle()).await;
    }
}

impl<H: Handler> Inner<H> {
    async fn connection(self: Arc<Self>, incoming: Incoming, place: OwnedSemaphorePermit) {
        let Ok(connecting) = incoming.accept() else { return };
        let Ok(Ok(connection)) = timeout(limits::HANDSHAKE_TIMEOUT, connecting).await else { return };
        drop(place);
        match admit(&connection) {
            None => connection.close(CLOSE_NOT_ADMITTED, b"certificate and protocol do not belong together"),
            Some(Admitted::Member(peer)) => self.member(peer, connection).await,
            Some(Admitted::Newcomer) => match self.joins.try_acquire() {
                Ok(_place) => {
                    let step = self.newcomer(&connection);
                    let _ = timeout(limits::REQUEST_TIMEOUT + limits::STALL_TIMEOUT, step).await;
                    connection.close(CLOSE_STOPPING, b"done");
                }
                Err(_) => connection.close(CLOSE_TOO_MANY, b"too many joins at once"),
            },
        }
    }

    async fn newcomer(&self, connection: &Connection) {
        let Ok((mut send, mut recv)) = connection.accept_bi().await else { return };
        let request = frame::read_request(&mut recv, limits::JOIN_BODY_BYTES_MAX).await;
        let answer = match request {
            Ok(Request { blob: None, body, .. }) => {
                self.handler.join(body, connection.remote_address()).await
            }
            Ok(Request { blob: Some(_), .. }) => {
                Err(TransportError::Malformed { part: "a join request with a bulk body" }.into())
            }
            Err(error) => Err(error.into()),
        };
        let written = match answer {
            Ok(body) => frame::write_answer(&mut send, &body, None).await,
            Err(refused) => frame::write_refusal(&mut send, &refused).await,
        };
        if written.is_ok() && send.finish().is_ok() {
            // Closing at once would discard what the newcomer has not yet read.
            let _ = timeout(limits::STALL_TIMEOUT, send.stopped()).await;
        }
    }

    async fn member(self: Arc<Self>, peer: Peer, connection: Connection) {
        if let Err((code, reason)) = self.register(peer.serial(), &connection) {
            connection.close(code, reason);
            return;
        }
        tracing::info!(member = %peer.code(), serial = %peer.serial(), "member connected");
        // Counted here as well as by QUIC: a stream that its peer resets frees QUIC's place while its handler still runs.
        let places = Arc::new(Semaphore::new(limits::STREAMS_PER_CONNECTION as usize));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let Ok((send, recv)) = connection.accept_bi().await else { break };
            let inner = Arc::clone(&self);
            tokio::spawn(async move {
                inner.stream(peer, send, recv).await;
                drop(place);
            });
        }
        self.unregister(peer.serial(), &connection);
        tracing::info!(member = %peer.code(), serial = %peer.serial(), "member disconnected");
    }

    async fn stream(&self, peer: Peer, mut send: SendStream, mut recv: RecvStream) {
        let answer = self.answer(peer, &mut recv).await;
        let blob = match &answer {
            Ok(Response { blob: Some(digest), .. }) => self.shelf.reader(*digest).map(|(_, blob)| Some(blob)),
            Ok(Response { blob: None, .. }) | Err(_) => Ok(None),
        };
        let answer = answer.and_then(|response| Ok((response.body, blob.map_err(Refused::from)?)));
        let written = match answer {
            Ok((body, blob)) => self.write(&mut send, &body, blob).await,
            Err(refused) => {
                tracing::info!(member = %peer.code(), code = refused.code, "request refused");
                let _ = recv.stop(RESET_FAILED);
                frame::write_refusal(&mut send, &refused).await
            }
        };
        let _ = if written.is_ok() { send.finish() } else { send.reset(RESET_FAILED) };
    }

    async fn answer(&self, peer: Peer, recv: &mut RecvStream) -> Result<Response, Refused> {
        let request =
            timeout(limits::REQUEST_TIMEOUT, frame::read_request(recv, limits::BODY_BYTES_MAX)).await;
        let request = request.unwrap_or(Err(TransportError::TimedOut { part: "a request" }))?;
        let bytes_max = self.handler.admit(&peer, &request)?;
        match request.blob {
            Some(blob) => bulk::receive(recv, &self.shelf, blob, bytes_max, &|_, _| ()).await.map(|_| ())?,
            None => bulk::expect_end(recv).await?,
        }
        self.handler.handle(peer, request).await
    }

    async fn write(
        &self,
        send: &mut SendStream,
        body: &[u8],
        blob: Option<crate::shelf::Blob>,
    ) -> Result<(), TransportError> {
        frame::write_answer(send, body, blob).await?;
        match blob {
            Some(blob) => bulk::send(send, &self.shelf, blob, &|_, _| ()).await,
            None => Ok(()),
        }
    }

    /// Under one lock with the revoked set, so that a revocation during a handshake is not missed.
    fn register(&self, serial: Serial, connection: &Connection) -> Result<(), (VarInt, &'static [u8])> {
        let mut registry = self.registry();
        if registry.revoked.contains(&serial) {
            return Err((CLOSE_NOT_ADMITTED, b"revoked"));
        }
        let held = registry.connections.entry(serial).or_default();
        if held.len() >= limits::CONNECTIONS_PER_MEMBER {
            return Err((CLOSE_TOO_MANY, b"too many connections"));
        }
        held.push(connection.clone());
        Ok(())
    }

    fn unregister(&self, serial: Serial, connection: &Connection) {
        let mut registry = self.registry();
        if let Some(held) = registry.connections.get_mut(&serial) {
            held.retain(|other| other.stable_id() != connection.stable_id());
            if held.is_empty() {
                registry.connections.remove(&serial);
            }
        }
    }

    fn presented(&self) -> MutexGuard<'_, (Credentials, CertificateRevocationListDer<'static>)> {
        self.presented.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
