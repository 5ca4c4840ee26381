//! What members ask of the coordinator (`wire::service`), answered: who asks is read from the certificate alone.
//!
//! It decides what a request means and nothing else; every change is a store transaction elsewhere. Store and disk are
//! used on blocking threads only.

use std::{net::SocketAddr, sync::Arc};

use passage_protocol::{
    codec::{Decode, Encode},
    refusal::Refusal,
    wire::{
        Envelope, ReleaseName, ReleaseSaying,
        governance::State,
        principles::{PrinciplesAsked, PrinciplesSigned},
        service::{
            Destroyed, DestructionsAsked, DocumentName, DocumentText, Join, Poll, Renewal, RoundBlob, kind,
        },
    },
};
use passage_shell::{
    clock,
    failure::code_text,
    pki::Peer,
    transport::{Handler, Refused, Request, Response},
};

use crate::{
    app::App, blobs, checkpoints, documents, error::CoordinatorError, mail, members, principles, releases,
    retention, rounds,
};

/// The coordinator's answers.
#[derive(Clone)]
pub struct Service {
    app: Arc<App>,
}

impl Service {
    /// Answers from this state.
    #[must_use]
    pub fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    async fn answer(&self, peer: Peer, request: Request) -> Result<Response, CoordinatorError> {
        let (app, code) = (Arc::clone(&self.app), peer.code());
        let body = request.body;
        match request.kind {
            kind::POLL => {
                let asked = Poll::from_bytes(&body)?;
                let heard = Arc::clone(&app);
                blocking(move || heard.heard(code, clock::now())).await?;
                let mail = mail::poll(&app, code, asked).await?;
                // A certificate revoked during the wait gets nothing.
                blocking(move || members::active(&app, &peer).map(|_| ())).await?;
                Ok(plain(&mail))
            }
            kind::GET_BLOB => {
                let asked = RoundBlob::from_bytes(&body)?;
                let digest = blocking(move || blobs::fetch(&app, code, asked.round, asked.blob)).await?;
                Ok(Response { body: Vec::new(), blob: Some(digest) })
            }
            other => blocking(move || small(&app, code, other, &body)).await,
        }
    }
}

/// Requests that touch the store once and answer at once.
fn small(
    app: &App,
    code: passage_protocol::ids::MemberCode,
    kind: u16,
    body: &[u8],
) -> Result<Response, CoordinatorError> {
    let now = clock::now();
    match kind {
        kind::POST => {
            let envelope = Envelope::from_bytes(body)?;
            if envelope.from.is_some_and(|from| from != code) {
                return Err(CoordinatorError::RequestMalformed { expected: "a message of the sender's own" });
            }
            let (round, name) = (envelope.round, envelope.message.name());
            let taken = rounds::post(app, code, envelope, now)?;
            tracing::info!(member = %code, %round, message = name, ?taken, "message taken");
            Ok(Response::default())
        }
        kind::PUT_BLOB => {
            let asked = RoundBlob::from_bytes(body)?;
            blobs::record_upload(app, code, asked.round, asked.blob)?;
            Ok(Response::default())
        }
        kind::CHECKPOINT => {
            let body = checkpoints::answer(app, code, checkpoints::read(body)?, now)?;
            Ok(Response { body, blob: None })
        }
        kind::DOCUMENTS => Ok(plain(&documents::documents_of(app, code)?)),
        kind::DOCUMENT => {
            let asked = DocumentName::from_bytes(body)?;
            Ok(plain(&DocumentText { text: documents::document_for(app, code, asked.digest)? }))
        }
        kind::STATE => {
            documents::state(app, code, &State::from_bytes(body)?.statement, now)?;
            Ok(Response::default())
        }
        kind::DESTROYED => {
            retention::hear(app, code, &Destroyed::from_bytes(body)?.word, now)?;
            Ok(Response::default())
        }
        kind::DESTRUCTIONS => {
            Ok(plain(&retention::words_for(app, code, &DestructionsAsked::from_bytes(body)?)?))
        }
        kind::RENEW => Ok(plain(&members::renew(app, code, &Renewal::from_bytes(body)?, now)?)),
        kind::PRINCIPLES => Ok(plain(&principles::news(app, PrinciplesAsked::from_bytes(body)?)?)),
        kind::SIGN_PRINCIPLES => {
            principles::sign(app, code, &PrinciplesSigned::from_bytes(body)?.signature, now)?;
            Ok(Response::default())
        }
        kind::RELEASES => Ok(plain(&releases::of(app, code, now)?)),
        kind::RELEASE => Ok(plain(&releases::told(app, code, ReleaseName::from_bytes(body)?)?)),
        kind::RELEASE_SAY => {
            releases::say(app, code, ReleaseSaying::from_bytes(body)?, now)?;
            Ok(Response::default())
        }
        _ => Err(CoordinatorError::RequestMalformed { expected: "a request of this version" }),
    }
}

impl Handler for Service {
    fn admit(&self, peer: &Peer, request: &Request) -> Result<u64, Refused> {
        members::active(&self.app, peer)?;
        match (request.kind, request.blob) {
            (kind::PUT_BLOB, Some(blob)) => {
                let asked = RoundBlob::from_bytes(&request.body)?;
                if asked.blob.digest != blob.digest || asked.blob.bytes != blob.bytes {
                    let expected = "the bulk body that the request names";
                    return Err(CoordinatorError::RequestMalformed { expected }.into());
                }
                blobs::admit(&self.app, peer.code(), asked.round, asked.blob)?;
                self.app.dir.require_free(blob.bytes)?;
                Ok(blob.bytes)
            }
            (kind::PUT_BLOB, None) | (_, Some(_)) => {
                let expected = "a bulk body with an upload, and with nothing else";
                Err(CoordinatorError::RequestMalformed { expected }.into())
            }
            (_, None) => Ok(0),
        }
    }

    async fn handle(&self, peer: Peer, request: Request) -> Result<Response, Refused> {
        Ok(self.answer(peer, request).await?)
    }

    async fn join(&self, body: Vec<u8>, _from: SocketAddr) -> Result<Vec<u8>, Refused> {
        let app = Arc::clone(&self.app);
        let joined = blocking(move || members::join(&app, &Join::from_bytes(&body)?, clock::now())).await;
        match &joined {
            Ok(joined) => tracing::info!(member = %joined.code, "member joined"),
            // The address stays out of the log: it may be a person's.
            Err(error) => tracing::warn!(code = %code_text(error.code()), "join refused"),
        }
        Ok(joined?.to_bytes())
    }
}

fn plain(answer: &impl Encode) -> Response {
    Response { body: answer.to_bytes(), blob: None }
}

/// Runs `job` on a blocking thread.
///
/// # Errors
///
/// What `job` refuses; a panicking job or a stopping runtime is an error of the work pool.
pub(crate) async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, CoordinatorError> + Send + 'static,
) -> Result<T, CoordinatorError> {
    match tokio::task::spawn_blocking(job).await {
        Ok(outcome) => outcome,
        Err(error) if error.is_panic() => Err(passage_shell::work::WorkError::Panicked.into()),
        Err(_) => Err(passage_shell::work::WorkError::Stopped.into()),
    }
}
