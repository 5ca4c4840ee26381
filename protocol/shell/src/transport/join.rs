//! The newcomer's one call: dials with the CA pinned by the invitation, sends a request, gets an answer.

use super::{TransportError, bulk, link, tls};
use crate::pki::{Fingerprint, PkiError};
use quinn::VarInt;
use rustls_pki_types::CertificateDer;

/// Kind of the join request.
const JOIN: u16 = 1;

/// What joining brought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Joined {
    /// The coordinator's answer.
    pub body: Vec<u8>,
    /// The consortium's CA certificate; its fingerprint is the one of the invitation.
    pub authority: CertificateDer<'static>,
}

/// Sends `body` (secret, certificate request) to the coordinator whose CA has the fingerprint `pin`.
///
/// # Errors
///
/// [`TransportError::Handshake`] if another CA answers; nothing of `body` has then left. [`TransportError::Refused`] if the
/// coordinator does not take the invitation: used, expired or unknown.
pub async fn join(addresses: &[String], pin: Fingerprint, body: &[u8]) -> Result<Joined, TransportError> {
    let (_endpoint, connection) = link::dial(addresses, &tls::newcomer(pin)?).await?;
    let chain =
        connection.peer_identity().and_then(|chain| chain.downcast::<Vec<CertificateDer<'static>>>().ok());
    let authority =
        chain.and_then(|chain| chain.into_iter().find(|presented| Fingerprint::of(presented) == pin));
    let authority =
        authority.ok_or(PkiError::CertificateUnreadable { expected: "the pinned CA in its chain" })?;
    let answered = async {
        let (body, blob, mut recv) = link::exchange(&connection, JOIN, body, None, &|_, _| ()).await?;
        if blob.is_some() {
            return Err(TransportError::Malformed { part: "a join answer with a bulk body" });
        }
        bulk::expect_end(&mut recv).await?;
        Ok(body)
    };
    let body = answered.await.map_err(|error| link::explain(error, &connection))?;
    connection.close(VarInt::from_u32(0), b"joined");
    Ok(Joined { body, authority })
}
