//! One request and one answer per bidirectional stream. Integers are little-endian (SPEC §2.1).
//!
//! ```text
//!   request = kind u16 | body length u32 | body | bulk u8 (0 | 1, bytes u64, digest 32, bytes...) | end of stream
//!   answer  = kind u16 | body length u32 | body | bulk ...                                        | end of stream
//! ```
//! The kind of an answer is 0; of a refusal FFFF, its body `code u16 | text`. Every length is checked before allocation.

use super::{TransportError, bulk::read_exact};
use crate::{limits, shelf::Blob};
use passage_protocol::{
    codec::{Decode, Encode, Reader},
    ids::Digest,
    refusal::Refusal,
};
use quinn::{RecvStream, SendStream};

const ANSWER: u16 = 0;
const REFUSAL: u16 = 0xFFFF;
const HEAD_BYTES: usize = 6;

/// What a node asks. Bytes are opaque here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// What is asked; 1 to FFFE.
    pub kind: u16,
    /// At most [`limits::BODY_BYTES_MAX`].
    pub body: Vec<u8>,
    /// Bulk bytes that come with it; on the shelf by the time [`super::Handler::handle`] runs.
    pub blob: Option<Blob>,
}

/// What the coordinator answers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Response {
    /// At most [`limits::BODY_BYTES_MAX`].
    pub body: Vec<u8>,
    /// Name of a blob on the server's shelf to send along.
    pub blob: Option<Digest>,
}

/// A refusal as it crosses the wire: a code and one sentence, without personal data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refused {
    /// Stable code (SPEC §12).
    pub code: u16,
    /// One sentence, at most [`limits::REFUSAL_TEXT_BYTES_MAX`] bytes.
    pub text: String,
}

impl<R: Refusal> From<R> for Refused {
    fn from(refusal: R) -> Self {
        Self { code: refusal.code().0, text: refusal.to_string() }
    }
}

/// Writes head, body and the announcement of the bulk body; the bulk bytes follow separately.
pub(super) async fn write(
    send: &mut SendStream,
    kind: u16,
    body: &[u8],
    blob: Option<Blob>,
) -> Result<(), TransportError> {
    if body.len() > limits::BODY_BYTES_MAX {
        return Err(TransportError::TooLarge {
            bytes: body.len() as u64,
            limit: limits::BODY_BYTES_MAX as u64,
        });
    }
    let mut bytes = Vec::with_capacity(body.len() + 64);
    kind.encode(&mut bytes);
    body.encode(&mut bytes);
    blob.is_some().encode(&mut bytes);
    if let Some(blob) = blob {
        blob.bytes.encode(&mut bytes);
        blob.digest.encode(&mut bytes);
    }
    let written = tokio::time::timeout(limits::REQUEST_TIMEOUT, send.write_all(&bytes)).await;
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(TransportError::Closed),
        Err(_) => Err(TransportError::TimedOut { part: "the peer to read" }),
    }
}

pub(super) async fn write_answer(
    send: &mut SendStream,
    body: &[u8],
    blob: Option<Blob>,
) -> Result<(), TransportError> {
    write(send, ANSWER, body, blob).await
}

pub(super) async fn write_refusal(send: &mut SendStream, refused: &Refused) -> Result<(), TransportError> {
    let mut end = refused.text.len().min(limits::REFUSAL_TEXT_BYTES_MAX);
    while !refused.text.is_char_boundary(end) {
        end -= 1;
    }
    let mut body = Vec::new();
    refused.code.encode(&mut body);
    refused.text.get(..end).unwrap_or_default().encode(&mut body);
    write(send, REFUSAL, &body, None).await
}

/// Reads head, body and announcement of a request whose body is at most `body_bytes_max`. Bulk bytes are left unread.
pub(super) async fn read_request(
    recv: &mut RecvStream,
    body_bytes_max: usize,
) -> Result<Request, TransportError> {
    let (kind, body) = read_head(recv, body_bytes_max).await?;
    if kind == ANSWER || kind == REFUSAL {
        return Err(TransportError::Malformed { part: "the kind of a request" });
    }
    Ok(Request { kind, body, blob: read_announcement(recv).await? })
}

/// Reads an answer up to its announcement; a refusal becomes [`TransportError::Refused`].
pub(super) async fn read_answer(recv: &mut RecvStream) -> Result<(Vec<u8>, Option<Blob>), TransportError> {
    let (kind, body) = read_head(recv, limits::BODY_BYTES_MAX).await?;
    let blob = read_announcement(recv).await?;
    match kind {
        ANSWER => Ok((body, blob)),
        REFUSAL => Err(TransportError::Refused(decode_refusal(&body)?)),
        _ => Err(TransportError::Malformed { part: "the kind of an answer" }),
    }
}

fn decode_refusal(body: &[u8]) -> Result<Refused, TransportError> {
    let malformed = |_| TransportError::Malformed { part: "a refusal" };
    let mut reader = Reader::new(body);
    let code = u16::decode(&mut reader).map_err(malformed)?;
    let text = String::decode(&mut reader).map_err(malformed)?;
    reader.finish().map_err(malformed)?;
    // Shown on a person's terminal: a peer must not steer it.
    let text =
        text.chars().filter(|letter| !letter.is_control()).take(limits::REFUSAL_TEXT_BYTES_MAX).collect();
    Ok(Refused { code, text })
}

async fn read_head(recv: &mut RecvStream, body_bytes_max: usize) -> Result<(u16, Vec<u8>), TransportError> {
    let mut head = [0; HEAD_BYTES];
    read_exact(recv, &mut head, "the head of a frame").await?;
    let malformed = |_| TransportError::Malformed { part: "the head of a frame" };
    let mut reader = Reader::new(&head);
    let kind = u16::decode(&mut reader).map_err(malformed)?;
    let length = u32::decode(&mut reader).map_err(malformed)? as usize;
    if length > body_bytes_max {
        return Err(TransportError::TooLarge { bytes: length as u64, limit: body_bytes_max as u64 });
    }
    let mut body = vec![0; length];
    read_exact(recv, &mut body, "the body of a frame").await?;
    Ok((kind, body))
}

async fn read_announcement(recv: &mut RecvStream) -> Result<Option<Blob>, TransportError> {
    let part = "the announcement of a bulk body";
    let mut flag = [0];
    read_exact(recv, &mut flag, part).await?;
    match flag {
        [0] => Ok(None),
        [1] => {
            let (mut bytes, mut digest) = ([0; 8], [0; 32]);
            read_exact(recv, &mut bytes, part).await?;
            read_exact(recv, &mut digest, part).await?;
            let bytes = u64::from_le_bytes(bytes);
            if bytes > limits::BULK_BYTES_MAX {
                return Err(TransportError::TooLarge { bytes, limit: limits::BULK_BYTES_MAX });
            }
            Ok(Some(Blob { digest: Digest(digest), bytes }))
        }
        [_] => Err(TransportError::Malformed { part }),
    }
}
