//! The node's end: one connection to the coordinator, dialled when needed, and one stream per call.
//!
//! A call on a connection found dead dials once before anything is sent. A call that fails later is not repeated here.

use super::{TransportError, bulk, endpoint, frame, frame::Refused, server, tls};
use crate::{
    limits,
    pki::Credentials,
    shelf::{Blob, Shelf},
};
use passage_protocol::ids::Digest;
use quinn::{Connection, ConnectionError, Endpoint, RecvStream, SendStream, VarInt};
use tokio::{sync::Mutex, time::timeout};

/// Told of bytes moved and bytes in total, after each chunk.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// A member's connection to the coordinator. Calls may run side by side.
pub struct Link {
    addresses: Vec<String>,
    tls: rustls::ClientConfig,
    live: Mutex<Option<(Endpoint, Connection)>>,
}

impl Link {
    /// Dials the first of `addresses` (`host:port`) that answers.
    ///
    /// A certificate that the coordinator refuses may show only at the first call: in TLS 1.3 the client ends first.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unreachable`], [`TransportError::Handshake`].
    pub async fn connect(addresses: &[String], credentials: &Credentials) -> Result<Self, TransportError> {
        let link =
            Self { addresses: addresses.to_vec(), tls: tls::member(credentials)?, live: Mutex::new(None) };
        link.connection().await?;
        Ok(link)
    }

    /// Sends a small request and returns the small answer.
    ///
    /// # Errors
    ///
    /// [`TransportError::Refused`] with the coordinator's words, or a failure of the network.
    pub async fn call(&self, kind: u16, body: &[u8]) -> Result<Vec<u8>, TransportError> {
        let (body, blob, mut recv) = self.exchange(kind, body, None, &|_, _| ()).await?;
        if blob.is_some() {
            return Err(TransportError::Malformed {
                part: "an answer with a bulk body that was not asked for",
            });
        }
        bulk::expect_end(&mut recv).await?;
        Ok(body)
    }

    /// Sends a request with a blob from `shelf`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), and [`TransportError::Shelf`].
    pub async fn upload(
        &self,
        kind: u16,
        body: &[u8],
        shelf: &Shelf,
        blob: Blob,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, TransportError> {
        let (body, answered, mut recv) = self.exchange(kind, body, Some((shelf, blob)), progress).await?;
        if answered.is_some() {
            return Err(TransportError::Malformed {
                part: "an answer with a bulk body that was not asked for",
            });
        }
        bulk::expect_end(&mut recv).await?;
        Ok(body)
    }

    /// Sends a request and receives the blob `expected` onto `shelf`, at most `bytes_max` bytes.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); [`TransportError::Shelf`] if another blob, a longer one or altered bytes come. Nothing
    /// is then left on the shelf.
    pub async fn download(
        &self,
        kind: u16,
        body: &[u8],
        shelf: &Shelf,
        expected: Digest,
        bytes_max: u64,
        progress: Progress<'_>,
    ) -> Result<(Vec<u8>, Blob), TransportError> {
        let (body, announced, mut recv) = self.exchange(kind, body, None, &|_, _| ()).await?;
        let announced =
            announced.ok_or(TransportError::Malformed { part: "an answer without its bulk body" })?;
        if announced.digest != expected {
            return Err(crate::shelf::ShelfError::DigestDiffers { digest: expected }.into());
        }
        let blob = bulk::receive(&mut recv, shelf, announced, bytes_max, progress).await?;
        Ok((body, blob))
    }

    /// Ends the connection and waits until the coordinator was told, at most one handshake time-out.
    pub async fn close(self) {
        if let Some((endpoint, connection)) = self.live.into_inner() {
            connection.close(VarInt::from_u32(0), b"done");
            let _ = timeout(limits::HANDSHAKE_TIMEOUT, endpoint.wait_idle()).await;
        }
    }

    async fn exchange(
        &self,
        kind: u16,
        body: &[u8],
        bulk: Option<(&Shelf, Blob)>,
        progress: Progress<'_>,
    ) -> Result<(Vec<u8>, Option<Blob>, RecvStream), TransportError> {
        let connection = self.connection().await?;
        let outcome = exchange(&connection, kind, body, bulk, progress).await;
        outcome.map_err(|error| explain(error, &connection))
    }

    async fn connection(&self) -> Result<Connection, TransportError> {
        let mut live = self.live.lock().await;
        match &*live {
            Some((_, connection)) if connection.close_reason().is_none() => Ok(connection.clone()),
            Some(_) | None => {
                let (endpoint, connection) = dial(&self.addresses, &self.tls).await?;
                *live = Some((endpoint, connection.clone()));
                Ok(connection)
            }
        }
    }
}

/// One request and the head of its answer.
pub(super) async fn exchange(
    connection: &Connection,
    kind: u16,
    body: &[u8],
    bulk: Option<(&Shelf, Blob)>,
    progress: Progress<'_>,
) -> Result<(Vec<u8>, Option<Blob>, RecvStream), TransportError> {
    let (mut send, mut recv) = match timeout(limits::STALL_TIMEOUT, connection.open_bi()).await {
        Ok(Ok(streams)) => streams,
        Ok(Err(_)) => return Err(TransportError::Closed),
        Err(_) => return Err(TransportError::TimedOut { part: "a free stream" }),
    };
    let sent = request(&mut send, kind, body, bulk, progress).await;
    let patience = if sent.is_ok() { limits::ANSWER_TIMEOUT } else { limits::HANDSHAKE_TIMEOUT };
    // A peer that refuses stops reading: its reason is in the answer, and says more than our failure to send.
    let answer = match &sent {
        Ok(()) | Err(TransportError::Closed) => timeout(patience, frame::read_answer(&mut recv)).await,
        Err(_) => Ok(Err(TransportError::Closed)),
    };
    let answer = answer.unwrap_or(Err(TransportError::TimedOut { part: "an answer" }));
    match (sent, answer) {
        (Ok(()), answer) => answer.map(|(body, blob)| (body, blob, recv)),
        (Err(_), Err(TransportError::Refused(refused))) => Err(TransportError::Refused(refused)),
        (Err(error), Ok(_) | Err(_)) => Err(error),
    }
}

async fn request(
    send: &mut SendStream,
    kind: u16,
    body: &[u8],
    bulk: Option<(&Shelf, Blob)>,
    progress: Progress<'_>,
) -> Result<(), TransportError> {
    let written = async {
        frame::write(send, kind, body, bulk.map(|(_, blob)| blob)).await?;
        match bulk {
            Some((shelf, blob)) => bulk::send(send, shelf, blob, progress).await,
            None => Ok(()),
        }
    };
    match written.await {
        Ok(()) => send.finish().map_err(|_| TransportError::Closed),
        Err(error) => {
            let _ = send.reset(VarInt::from_u32(1));
            Err(error)
        }
    }
}

/// Tries every address in turn; the last failure that says more than "unreachable" is reported.
pub(super) async fn dial(
    addresses: &[String],
    tls: &rustls::ClientConfig,
) -> Result<(Endpoint, Connection), TransportError> {
    let mut failure = TransportError::Unreachable;
    for address in addresses {
        let Ok(Ok(found)) = timeout(limits::HANDSHAKE_TIMEOUT, tokio::net::lookup_host(address)).await else {
            continue;
        };
        for peer in found {
            let endpoint = endpoint::dialler(peer, tls.clone())?;
            let Ok(connecting) = endpoint.connect(peer, tls::server_name()) else { continue };
            match timeout(limits::HANDSHAKE_TIMEOUT, connecting).await {
                Ok(Ok(connection)) => return Ok((endpoint, connection)),
                Ok(Err(error)) if is_refusal(&error) => failure = TransportError::Handshake,
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }
    Err(failure)
}

/// A broken stream, explained by why its connection ended.
pub(super) fn explain(error: TransportError, connection: &Connection) -> TransportError {
    match (&error, connection.close_reason()) {
        (TransportError::Closed, Some(reason)) if is_refusal(&reason) => TransportError::Handshake,
        (TransportError::Closed, Some(ConnectionError::ApplicationClosed(close)))
            if close.error_code == server::CLOSE_TOO_MANY =>
        {
            let text = "there are as many connections or joins as may be at once".to_owned();
            TransportError::Refused(Refused { code: 0x1078, text })
        }
        _ => error,
    }
}

/// Whether a connection ended over certificates, ALPN or key exchange: TLS alerts are codes 0x100 to 0x1FF (RFC 9001 §4.8).
fn is_refusal(error: &ConnectionError) -> bool {
    let is_alert = |code: u64| (0x100..0x200).contains(&code);
    match error {
        ConnectionError::TransportError(error) => is_alert(error.code.into()),
        ConnectionError::ConnectionClosed(close) => is_alert(close.error_code.into()),
        ConnectionError::ApplicationClosed(close) => close.error_code == server::CLOSE_NOT_ADMITTED,
        ConnectionError::VersionMismatch
        | ConnectionError::Reset
        | ConnectionError::TimedOut
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => false,
    }
}
