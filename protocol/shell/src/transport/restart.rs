//! How a coordinator that restarted tells its members at once that their connections are gone.
//!
//! A QUIC endpoint that does not know a connection answers with a stateless reset (RFC 9000 §10.3), which the peer believes
//! only if the token in it is the one announced earlier. Tokens are therefore derived from the server's long-lived key, so
//! that the next process makes the same ones; otherwise every member would wait out the idle time-out.

use std::time::Duration;

use quinn::{
    ConnectionId, ConnectionIdGenerator,
    crypto::{CryptoError, HmacKey},
};
use zeroize::Zeroizing;

use crate::{entropy, pki::Credentials};

/// Length of a connection id.
const ID_BYTES: usize = 8;
/// Bytes of a reset key's signature; QUIC takes the first 16 as the token.
const SIGNATURE_BYTES: usize = 32;

/// A key that outlives the process. Derived from the server's TLS key, never used for anything else.
#[derive(Clone)]
pub struct RestartKey(Zeroizing<[u8; 32]>);

impl RestartKey {
    /// The key of a server.
    #[must_use]
    pub fn of(credentials: &Credentials) -> Self {
        Self(Zeroizing::new(blake3::derive_key("passage v1 restart key", credentials.key().expose())))
    }

    fn keyed(&self, data: &[u8]) -> blake3::Hash {
        blake3::keyed_hash(&self.0, data)
    }
}

impl HmacKey for RestartKey {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        let signature = *self.keyed(data).as_bytes();
        signature_out.iter_mut().zip(signature).for_each(|(out, byte)| *out = byte);
    }

    fn signature_len(&self) -> usize {
        SIGNATURE_BYTES
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        // BLAKE3's own equality is constant-time.
        let expected = self.keyed(data);
        match <[u8; SIGNATURE_BYTES]>::try_from(signature) {
            Ok(seen) if expected == blake3::Hash::from(seen) => Ok(()),
            Ok(_) | Err(_) => Err(CryptoError),
        }
    }
}

/// Random connection ids, all of which a later process answers: quinn's default generator drops the ids of an earlier
/// process in silence.
pub struct RandomIds;

impl ConnectionIdGenerator for RandomIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = [0; ID_BYTES];
        // Without randomness the ids repeat and connections fail; nothing is disclosed.
        let _ = entropy::fill(&mut id);
        ConnectionId::new(&id)
    }

    fn cid_len(&self) -> usize {
        ID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> RestartKey {
        RestartKey(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn a_later_process_makes_the_token_of_an_earlier_one() {
        let id = RandomIds.generate_cid();
        let mut token = [0; SIGNATURE_BYTES];
        key(1).sign(&id, &mut token);
        assert!(key(1).verify(&id, &token).is_ok());
        assert!(key(2).verify(&id, &token).is_err());
    }
}
