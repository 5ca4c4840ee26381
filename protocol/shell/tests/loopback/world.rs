//! A coordinator on loopback with a handler of a few kinds, and members to dial it.

use passage_protocol::ids::{Digest, MemberCode};
use passage_shell::{
    clock,
    pki::{Authority, Credentials, Invitation, KeyFile, Peer, Serial},
    shelf::Shelf,
    transport::{Handler, Link, Refused, Request, Response, Server, endpoint, tls},
};
use quinn::Connection;
use std::net::SocketAddr;

pub(crate) const ECHO: u16 = 1;
pub(crate) const STORE: u16 = 2;
pub(crate) const FETCH: u16 = 3;
pub(crate) const FETCH_WRONG: u16 = 4;
pub(crate) const FORBIDDEN: u16 = 5;
pub(crate) const WHO: u16 = 6;
pub(crate) const SLOW: u16 = 7;
pub(crate) const BULK_MAX: u64 = 8 << 20;

pub(crate) struct Coordinator {
    shelf: Shelf,
    invitation: [u8; 32],
    invitation_expires: u64,
}

impl Handler for Coordinator {
    fn admit(&self, _peer: &Peer, request: &Request) -> Result<u64, Refused> {
        if request.kind == FORBIDDEN {
            return Err(Refused { code: 0x3001, text: "not you".into() });
        }
        Ok(BULK_MAX)
    }

    async fn handle(&self, peer: Peer, request: Request) -> Result<Response, Refused> {
        match request.kind {
            ECHO => Ok(Response { body: request.body, blob: None }),
            STORE => Ok(Response { body: request.blob.unwrap().digest.0.to_vec(), blob: None }),
            FETCH => Ok(Response { body: vec![], blob: Some(Digest(request.body.try_into().unwrap())) }),
            FETCH_WRONG => Ok(Response { body: vec![], blob: Some(self.shelf.blobs().unwrap()[0].digest) }),
            SLOW => {
                tokio::time::sleep(std::time::Duration::from_secs(60)).await;
                Ok(Response { body: vec![], blob: None })
            }
            WHO => Ok(Response { body: peer.code().to_string().into_bytes(), blob: None }),
            _ => Err(Refused { code: 0x3002, text: "unknown kind".into() }),
        }
    }

    async fn join(&self, body: Vec<u8>, _from: SocketAddr) -> Result<Vec<u8>, Refused> {
        let secret: [u8; 16] =
            body.try_into().map_err(|_| Refused { code: 0x3003, text: "no secret".into() })?;
        if Invitation::secret_digest(&secret) != self.invitation {
            return Err(Refused { code: 0x3004, text: "unknown invitation".into() });
        }
        if clock::now().0 > self.invitation_expires {
            return Err(Refused { code: 0x3005, text: "the invitation has expired".into() });
        }
        Ok(b"welcome".to_vec())
    }
}

pub(crate) struct World {
    pub(crate) authority: Authority,
    pub(crate) server: Server<Coordinator>,
    pub(crate) addresses: Vec<String>,
    pub(crate) shelf: Shelf,
    pub(crate) dir: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_invitation(clock::now().0 + 60)
    }

    pub(crate) fn with_invitation(invitation_expires: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = clock::now();
        let authority = Authority::create("Test consortium", now).unwrap();
        let shelf = Shelf::open(&dir.path().join("server")).unwrap();
        let invitation = Invitation::secret_digest(&[5; 16]);
        let handler = Coordinator { shelf: shelf.clone(), invitation, invitation_expires };
        let list = authority.revocation_list(&[], 1, now).unwrap();
        let listening = "127.0.0.1:0".parse().unwrap();
        let credentials = authority.issue_server(now).unwrap();
        let server = Server::bind(listening, credentials, &list, shelf.clone(), handler).unwrap();
        let addresses = vec![server.local_address().unwrap().to_string()];
        let running = server.clone();
        tokio::spawn(async move { running.run().await });
        Self { authority, server, addresses, shelf, dir }
    }

    pub(crate) fn member(&self) -> (Credentials, Serial) {
        let key = KeyFile::generate().unwrap();
        let request = key.request().unwrap();
        let code = MemberCode([1, 2, 3, 4, 5]);
        let (certificate, serial) = self.authority.issue_member(&request, code, clock::now()).unwrap();
        (Credentials::new(key, certificate, self.authority.certificate().clone()), serial)
    }

    pub(crate) async fn link(&self) -> Link {
        Link::connect(&self.addresses, &self.member().0).await.unwrap()
    }

    /// A connection below the frame layer, to send what no honest node would.
    pub(crate) async fn raw(&self, tls: rustls::ClientConfig) -> Result<Connection, quinn::ConnectionError> {
        let address = self.server.local_address().unwrap();
        endpoint::dialler(address, tls).unwrap().connect(address, tls::server_name()).unwrap().await
    }

    pub(crate) async fn raw_member(&self) -> Connection {
        self.raw(tls::member(&self.member().0).unwrap()).await.unwrap()
    }

    pub(crate) fn node_shelf(&self) -> Shelf {
        Shelf::open(&self.dir.path().join("node")).unwrap()
    }
}
