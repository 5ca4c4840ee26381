//! Bulk bytes between a stream and the shelf, a chunk at a time. File work is done on blocking threads, one chunk each, so
//! a slow peer holds no thread; a peer that stands still is dropped after [`limits::STALL_TIMEOUT`].

use super::{Progress, TransportError};
use crate::{
    limits,
    shelf::{Blob, BlobWriter, Shelf},
};
use quinn::{ReadExactError, RecvStream, SendStream};
use std::io::Read;
use tokio::{task::spawn_blocking, time::timeout};

/// Fills `bytes` from the stream.
pub(super) async fn read_exact(
    recv: &mut RecvStream,
    bytes: &mut [u8],
    part: &'static str,
) -> Result<(), TransportError> {
    match recv.read_exact(bytes).await {
        Ok(()) => Ok(()),
        Err(ReadExactError::FinishedEarly(_)) => Err(TransportError::Malformed { part }),
        Err(ReadExactError::ReadError(_)) => Err(TransportError::Closed),
    }
}

/// Refuses bytes after the end of a frame.
pub(super) async fn expect_end(recv: &mut RecvStream) -> Result<(), TransportError> {
    match timeout(limits::STALL_TIMEOUT, recv.read(&mut [0])).await {
        Ok(Ok(None)) => Ok(()),
        Ok(Ok(Some(_))) => Err(TransportError::Malformed { part: "the end of a frame" }),
        Ok(Err(_)) => Err(TransportError::Closed),
        Err(_) => Err(TransportError::TimedOut { part: "the end of a frame" }),
    }
}

/// Moves an announced blob from the stream to the shelf. If anything fails nothing is left on the shelf.
pub(super) async fn receive(
    recv: &mut RecvStream,
    shelf: &Shelf,
    blob: Blob,
    bytes_max: u64,
    progress: Progress<'_>,
) -> Result<Blob, TransportError> {
    let mut writer = shelf.writer(blob, bytes_max)?;
    loop {
        let chunk = match timeout(limits::STALL_TIMEOUT, recv.read_chunk(limits::CHUNK_BYTES, true)).await {
            Ok(Ok(Some(chunk))) => chunk.bytes,
            Ok(Ok(None)) => break,
            Ok(Err(_)) => return Err(TransportError::Closed),
            Err(_) => return Err(TransportError::TimedOut { part: "the next bytes of a blob" }),
        };
        writer = on_thread(move || {
            BlobWriter::write(&mut writer, &chunk)?;
            Ok(writer)
        })
        .await?;
        progress(writer.written(), blob.bytes);
    }
    on_thread(move || Ok(writer.finish()?)).await
}

/// Moves a blob from the shelf to the stream.
pub(super) async fn send(
    stream: &mut SendStream,
    shelf: &Shelf,
    blob: Blob,
    progress: Progress<'_>,
) -> Result<(), TransportError> {
    let (mut file, _) = shelf.reader(blob.digest)?;
    let mut sent = 0;
    while sent < blob.bytes {
        let wanted = (blob.bytes - sent).min(limits::CHUNK_BYTES as u64);
        let (returned, chunk) = on_thread(move || {
            let mut chunk = Vec::new();
            let read = Read::by_ref(&mut file).take(wanted).read_to_end(&mut chunk);
            read.map_err(|error| crate::shelf::ShelfError::Io { kind: error.kind() })?;
            Ok((file, chunk))
        })
        .await?;
        file = returned;
        if chunk.is_empty() {
            return Err(crate::shelf::ShelfError::TooShort { bytes: sent, expected: blob.bytes }.into());
        }
        sent += chunk.len() as u64;
        match timeout(limits::STALL_TIMEOUT, stream.write_chunk(chunk.into())).await {
            Ok(Ok(())) => progress(sent, blob.bytes),
            Ok(Err(_)) => return Err(TransportError::Closed),
            Err(_) => return Err(TransportError::TimedOut { part: "the peer to read" }),
        }
    }
    Ok(())
}

async fn on_thread<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, TransportError> + Send + 'static,
) -> Result<T, TransportError> {
    spawn_blocking(job).await.unwrap_or(Err(TransportError::Closed))
}
