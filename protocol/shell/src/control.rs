//! How a command on the command line reaches the daemon that owns the state folder.
//!
//! One process owns a state folder. While a daemon serves, it listens on a Unix socket inside the folder (mode 0600, like
//! everything there) and carries out the commands people type; otherwise the command opens the folder itself and does the
//! same thing in its own process. Either way the same function runs, so there is one behaviour.
//!
//! Lines of JSON: one request, then any number of `progress` lines, then one `answer` or `failure`.

use std::{
    io::{BufRead, BufReader, Write},
    ops::ControlFlow,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt},
    net::UnixListener,
    sync::mpsc,
};

use crate::failure::Failure;

/// What a command prints: words for a person and the same facts as JSON.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Answer {
    /// For a person; may hold several lines.
    pub text: String,
    /// For a program (`--json`).
    pub json: serde_json::Value,
}

impl Answer {
    /// An answer of words alone; the JSON form repeats them.
    pub fn words(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { json: serde_json::json!({ "message": text }), text }
    }
}

/// How far a long command is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Progress {
    /// What is being done.
    pub what: String,
    /// Units done.
    pub done: u64,
    /// Units in all, if known.
    pub total: Option<u64>,
    /// More about it for a person, such as the time left; may be empty.
    #[serde(default)]
    pub detail: String,
}

/// Takes progress while a command runs; breaks when whoever asked has gone away, so that the command can stop.
pub type ProgressSink<'a> = &'a (dyn Fn(Progress) -> ControlFlow<()> + Sync);

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Answer(Answer),
    Failure(Failure),
    Progress(Progress),
}

/// Path of the control socket inside a state folder.
#[must_use]
pub fn socket_path(dir: &Path) -> PathBuf {
    dir.join("control.sock")
}

/// Sends a command to the daemon that serves `dir`; `None` if no daemon does.
///
/// # Errors
///
/// The daemon's own [`Failure`], or one that says that the daemon went away.
pub fn call<C: Serialize>(
    dir: &Path,
    command: &C,
    progress: ProgressSink<'_>,
) -> Option<Result<Answer, Failure>> {
    let mut stream = UnixStream::connect(socket_path(dir)).ok()?;
    Some(converse(&mut stream, command, progress))
}

fn converse<C: Serialize>(
    stream: &mut UnixStream,
    command: &C,
    progress: ProgressSink<'_>,
) -> Result<Answer, Failure> {
    let gone = |_| Failure::daemon_gone();
    let mut request = serde_json::to_vec(command).map_err(|_| Failure::daemon_gone())?;
    request.push(b'\n');
    stream.write_all(&request).map_err(gone)?;
    for line in BufReader::new(stream).lines() {
        match serde_json::from_str(&line.map_err(gone)?) {
            Ok(Line::Answer(answer)) => return Ok(answer),
            Ok(Line::Failure(failure)) => return Err(failure),
            Ok(Line::Progress(step)) => {
                if progress(step).is_break() {
                    return Err(Failure::daemon_gone()); // closing the socket is what stops the daemon's work
                }
            }
            Err(_) => return Err(Failure::daemon_gone()),
        }
    }
    Err(Failure::daemon_gone())
}

/// Listens on the control socket of `dir`: from here on a command finds the daemon.
///
/// # Errors
///
/// [`Failure`] if the socket cannot be made.
pub fn listen(dir: &Path) -> Result<UnixListener, Failure> {
    let path = socket_path(dir);
    // The folder's lock is held: a socket that is there belongs to a daemon that died.
    let _ = std::fs::remove_file(&path);
    let listener =
        UnixListener::bind(&path).map_err(|error| Failure::io("open the control socket", &error))?;
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .map_err(|error| Failure::io("protect the control socket", &error))?;
    Ok(listener)
}

/// Serves commands until the future is dropped. Each command runs on the blocking pool.
pub async fn serve<C, F>(listener: UnixListener, execute: F)
where
    C: DeserializeOwned + Send + 'static,
    F: Fn(C, ProgressSink<'_>) -> Result<Answer, Failure> + Send + Sync + 'static,
{
    let execute = Arc::new(execute);
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let execute = Arc::clone(&execute);
        tokio::spawn(async move {
            let (read, mut write) = stream.into_split();
            let mut lines = tokio::io::BufReader::new(read).lines();
            let Ok(Some(line)) = lines.next_line().await else { return };
            let (sender, mut receiver) = mpsc::unbounded_channel::<Line>();
            let alone = Arc::new(AtomicBool::new(false));
            let abandoned = Arc::clone(&alone);
            let work = tokio::task::spawn_blocking(move || {
                let progress = |step: Progress| {
                    let _ = sender.send(Line::Progress(step));
                    match abandoned.load(Ordering::Relaxed) {
                        true => ControlFlow::Break(()),
                        false => ControlFlow::Continue(()),
                    }
                };
                let outcome = match serde_json::from_str::<C>(&line) {
                    Ok(command) => execute(command, &progress),
                    Err(_) => Err(Failure::other_version()),
                };
                let _ = sender.send(match outcome {
                    Ok(answer) => Line::Answer(answer),
                    Err(failure) => Line::Failure(failure),
                });
            });
            loop {
                let line = tokio::select! {
                    line = receiver.recv() => line,
                    // The asker says nothing more: an end of its stream means that it has gone.
                    _ = lines.next_line() => None,
                };
                let Some(line) = line else { break };
                let Ok(mut bytes) = serde_json::to_vec(&line) else { break };
                bytes.push(b'\n');
                if write.write_all(&bytes).await.is_err() {
                    break;
                }
            }
            alone.store(true, Ordering::Relaxed);
            let _ = work.await;
        });
    }
}
