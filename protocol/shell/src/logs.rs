//! Log lines, as JSON for machines or text for people, to standard error or a file in the state folder.
//!
//! No personal data by construction of the events: their fields are ids, codes and counts, and no type of Passage that
//! holds a record or a key has a printable form. Libraries log from level `warn` only, so that none prints what it handles.

use core::fmt;
use passage_protocol::refusal::{Code, Refusal};
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Mutex,
};
pub use tracing::Level;
use tracing_subscriber::{Layer, Registry, filter::Targets, fmt::MakeWriter, layer::SubscriberExt};

/// Targets whose events below `warn` are kept.
const OWN_TARGETS: &[&str] = &["passage_shell", "passage_node", "passage_coordinator"];

/// Shape of a log line.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Shape {
    /// One JSON object a line.
    Json,
    /// One readable line.
    #[default]
    Text,
}

/// Where log lines go.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Place<'a> {
    /// Appended to this file, created with mode 0600.
    File(&'a Path),
    /// Standard error, which service managers keep.
    #[default]
    StandardError,
}

/// Starts logging for the whole process, once.
///
/// # Errors
///
/// [`LogError::Unwritable`] if the file cannot be opened, [`LogError::AlreadyStarted`] on a second call.
pub fn start(place: Place<'_>, shape: Shape, level: Level) -> Result<(), LogError> {
    let started = match place {
        Place::File(path) => {
            tracing::subscriber::set_global_default(subscriber(Mutex::new(open(path)?), shape, level))
        }
        Place::StandardError => tracing::subscriber::set_global_default(subscriber(io::stderr, shape, level)),
    };
    started.map_err(|_| LogError::AlreadyStarted)
}

fn open(path: &Path) -> Result<File, LogError> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    file.map_err(|error| LogError::Unwritable { kind: error.kind() })
}

fn subscriber(
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
    shape: Shape,
    level: Level,
) -> impl tracing::Subscriber + Send + Sync {
    let own = OWN_TARGETS.iter().map(|target| (*target, level));
    let filter = Targets::new().with_default(Level::WARN.min(level)).with_targets(own);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match shape {
        Shape::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
        Shape::Text => lines.with_filter(filter).boxed(),
    };
    tracing_subscriber::registry().with(lines)
}

/// Why logging could not start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogError {
    /// It runs already.
    AlreadyStarted,
    /// The file cannot be written.
    Unwritable {
        /** What the operating system said. */
        kind: io::ErrorKind,
    },
}

impl fmt::Display for LogError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyStarted => formatter.write_str("logging was started twice, expected once"),
            Self::Unwritable { kind } => write!(formatter, "the log file cannot be written: {kind}"),
        }
    }
}

impl Refusal for LogError {
    fn code(&self) -> Code {
        Code(match self {
            Self::AlreadyStarted => 0x1091,
            Self::Unwritable { .. } => 0x1092,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::AlreadyStarted => "This is a fault of the program: report it.",
            Self::Unwritable { .. } => {
                "Check that the log's folder exists and belongs to the daemon's account."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(shape: Shape, level: Level) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        tracing::subscriber::with_default(subscriber(Mutex::new(open(&path).unwrap()), shape, level), || {
            tracing::info!(round = "R-1", rows = 7, "mixed");
            tracing::debug!("detail");
            tracing::info!(target: "quinn", "a library's chatter");
            tracing::warn!(target: "quinn", "a library's warning");
        });
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn json_lines_carry_fields_and_libraries_only_warn() {
        let text = logged(Shape::Json, Level::INFO);
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!((&lines[0]["round"], &lines[0]["rows"]), (&"R-1".into(), &7.into()));
        assert_eq!(lines[1]["target"], "quinn");
    }

    #[test]
    fn the_level_holds_for_our_own_events() {
        assert_eq!(logged(Shape::Text, Level::DEBUG).lines().count(), 3);
        assert_eq!(logged(Shape::Text, Level::ERROR).lines().count(), 0);
    }
}
