//! What peers signed about their logs and what this side signed about its own, one JSON line each, on disk before it
//! counts. A statement that contradicts what is held is kept beside it and stops rounds until a person has looked.
//!
//! It promises that what is held of a log only ever moves along that one log, and that both signed statements of a refused
//! log stay on disk. It reads the last line of a file in order to go on, and whole files line by line only to verify.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use passage_protocol::{
    checkpoint::{Checkpoint, CheckpointFault, Head, Held, LogOwner, Statement},
    refusal::{Code, Refusal},
    signing::{SigningKey, VerifyingKey},
};
use serde::{Deserialize, Serialize};

use super::{
    AuditError,
    chain::{End, last_line, stretch, unusable},
    compare,
    error::fault,
    line::{FORMAT, LINE_BYTES_MAX, Line, each_line, parsed},
};
use crate::state_dir::{create_private, sync_folder_of, write_atomically};

const FOLDER: &str = "checkpoints";
const OWN: &str = "own.jsonl";
/// A log that was refused and awaits a person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fork {
    /// Whose log.
    pub log: String,
    /// Why, as shown to people.
    pub what: String,
    /// Number of the code.
    pub code: u16,
    /// The last statement that was accepted.
    pub held: Option<Line>,
    /// The statement that was refused.
    pub seen: Line,
}

/// The folder of checkpoints of one side.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    log: PathBuf,
    me: LogOwner,
    /// One change at a time.
    changing: Mutex<()>,
}

impl Checkpoints {
    /// Opens or creates the folder inside the audit folder `log` of `me`.
    ///
    /// # Errors
    ///
    /// [`AuditError::Io`].
    pub fn open(log: &Path, me: LogOwner) -> Result<Self, AuditError> {
        let folder = log.join(FOLDER);
        create_private(&folder).map_err(unusable)?;
        Ok(Self { folder, log: log.to_owned(), me, changing: Mutex::default() })
    }

    /// Whose folder it is.
    #[must_use]
    pub fn me(&self) -> LogOwner {
        self.me
    }

    /// What is held of an owner's log.
    ///
    /// # Errors
    ///
    /// [`AuditError::CheckpointDamaged`].
    pub fn held(&self, owner: LogOwner) -> Result<Held, AuditError> {
        let last = self.last(&file_of(owner))?;
        Ok(last.map_or(Held::NOTHING, |(statement, _)| {
            let checkpoint = statement.checkpoint.value();
            Held { head: checkpoint.head, at: checkpoint.at }
        }))
    }

    /// Signs the log up to `end` for a peer that holds `theirs` of it. The checkpoint is on disk when it is returned.
    ///
    /// # Errors
    ///
    /// [`AuditError::Broken`] if the log on disk is not whole.
    pub fn state(
        &self,
        end: End,
        peer: LogOwner,
        theirs: Head,
        key: &SigningKey,
    ) -> Result<Statement, AuditError> {
        let shown = stretch(&self.log, theirs.number, end.head)?;
        let checkpoint = Checkpoint {
            owner: self.me,
            peer,
            from: shown.from,
            head: shown.head,
            length: end.head.number,
            held: self.held(peer)?.head,
            at: end.time,
        };
        let statement = Statement::sign(checkpoint, shown.bodies, key);
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.last(OWN)?.map_or(0, |(statement, _)| statement.checkpoint.value().head.number);
        if checkpoint.head.number > last {
            // What it says of the log is all that is needed to hold the log against it.
            let short = Checkpoint { from: checkpoint.head, ..checkpoint };
            let own = Statement::sign(short, Vec::new(), key);
            self.add(OWN, &Line::of(&own, &key.verifying_key()))?;
        }
        Ok(statement)
    }

    /// Takes a statement of `owner` about its log; what is held then is on disk when this returns.
    ///
    /// # Errors
    ///
    /// [`AuditError::Blocked`] while an earlier one awaits a person, [`AuditError::Fault`] for one that does not continue
    /// what is held: record that and call [`refuse`](Self::refuse).
    pub fn accept(
        &self,
        owner: LogOwner,
        key: &VerifyingKey,
        statement: &Statement,
    ) -> Result<Held, AuditError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fork) = self.fork(owner)? {
            return Err(AuditError::Blocked { log: owner, code: Code(fork.code) });
        }
        let held = self.held(owner)?;
        let now_held = statement.verify(key, owner, self.me, held)?;
        if now_held.head.number > held.head.number {
            self.add(&file_of(owner), &Line::of(statement, key))?;
        }
        Ok(now_held)
    }

    /// Keeps a refused statement beside the one it contradicts; from then on rounds wait for a person. `log` is the log
    /// that was refused: the owner's of the statement, or one's own if that is what does not fit.
    ///
    /// # Errors
    ///
    /// [`AuditError::Io`].
    pub fn refuse(
        &self,
        log: LogOwner,
        statement: &Statement,
        key: &VerifyingKey,
        why: CheckpointFault,
    ) -> Result<(), AuditError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let file = if log == self.me { OWN.to_owned() } else { file_of(log) };
        let held = self.last(&file)?.map(|(statement, key)| Line::of(&statement, &key));
        let seen = Line::of(statement, key);
        let fork = Fork { log: log.to_string(), what: why.to_string(), code: why.code().0, held, seen };
        let mut text =
            serde_json::to_vec_pretty(&fork).map_err(|_| AuditError::CheckpointDamaged { line: 0 })?;
        text.push(b'\n');
        write_atomically(&self.fork_path(log), &text).map_err(unusable)
    }

    /// Logs that were refused and await a person.
    ///
    /// # Errors
    ///
    /// [`AuditError::Io`], [`AuditError::CheckpointDamaged`].
    pub fn forks(&self) -> Result<Vec<Fork>, AuditError> {
        let owners = self.names(".fork.json")?;
        owners.into_iter().filter_map(|owner| self.fork(owner).transpose()).collect()
    }

    /// Refuses as long as a refused log awaits a person.
    ///
    /// # Errors
    ///
    /// [`AuditError::Blocked`] names the log.
    pub fn require_no_fork(&self) -> Result<(), AuditError> {
        let Some(fork) = self.forks()?.into_iter().next() else { return Ok(()) };
        let log = LogOwner::parse(&fork.log).ok_or(AuditError::CheckpointDamaged { line: 0 })?;
        Err(AuditError::Blocked { log, code: Code(fork.code) })
    }

    /// A person has looked: the proof and what was held stay on disk under other names, and the log is followed anew from
    /// its first entry. For one's own log, what was signed so far is put aside.
    ///
    /// # Errors
    ///
    /// [`AuditError::NothingRefused`].
    pub fn acknowledge(&self, log: LogOwner) -> Result<(), AuditError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let fork = self.fork_path(log);
        let differs =
            || matches!(compare::verify_own(&self.log, self, |_| ()), Err(AuditError::NotAsSigned { .. }));
        if !(fork.exists() || log == self.me && differs()) {
            return Err(AuditError::NothingRefused { log });
        }
        let aside = |count: u32| self.folder.join(format!("{log}.fork-{count}.json"));
        let before = |count: u32| self.folder.join(format!("{log}.before-{count}.jsonl"));
        let count = (1..).find(|count| !aside(*count).exists() && !before(*count).exists());
        let count = count.unwrap_or(u32::MAX);
        let file = self.folder.join(if log == self.me { OWN.to_owned() } else { file_of(log) });
        if file.exists() {
            fs::rename(&file, before(count)).map_err(|e| fault(&e))?;
        }
        if fork.exists() {
            fs::rename(&fork, aside(count)).map_err(|e| fault(&e))?;
        }
        sync_folder_of(&fork).map_err(|e| fault(&e))
    }

    /// Owners of whose logs something is held.
    ///
    /// # Errors
    ///
    /// [`AuditError::Io`].
    pub fn owners(&self) -> Result<Vec<LogOwner>, AuditError> {
        self.names(".jsonl")
    }

    /// Hands every statement of `owner` to `visit` with its key, in order; all signatures verify.
    ///
    /// # Errors
    ///
    /// [`AuditError::CheckpointDamaged`] names the line; what `visit` refuses.
    pub fn each(
        &self,
        owner: LogOwner,
        mut visit: impl FnMut(&Statement, &VerifyingKey) -> Result<(), AuditError>,
    ) -> Result<(), AuditError> {
        self.each_of(&file_of(owner), |_, statement, key| visit(statement, key))
    }

    /// Hands every own checkpoint to `visit`, oldest first.
    ///
    /// # Errors
    ///
    /// As [`each`](Self::each).
    pub fn each_own(&self, mut visit: impl FnMut(&Checkpoint)) -> Result<(), AuditError> {
        self.each_of(OWN, |_, statement, _| {
            visit(statement.checkpoint.value());
            Ok(())
        })
    }

    /// Writes every statement held of others to `path`, refused ones too: for another member to compare with.
    ///
    /// # Errors
    ///
    /// [`AuditError::Io`], [`AuditError::DiskFull`].
    pub fn export(&self, path: &Path) -> Result<u64, AuditError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let temporary = path.with_file_name(name);
        let written = self.export_to(&temporary);
        let kept = written.and_then(|count| {
            fs::rename(&temporary, path).and_then(|()| sync_folder_of(path)).map_err(|e| fault(&e))?;
            Ok(count)
        });
        if kept.is_err() {
            let _ = fs::remove_file(&temporary); // the error is the one to report
        }
        kept
    }

    fn export_to(&self, path: &Path) -> Result<u64, AuditError> {
        let mut options = OpenOptions::new();
        let file =
            options.create(true).truncate(true).write(true).mode(0o600).open(path).map_err(|e| fault(&e))?;
        let mut out = BufWriter::new(file);
        let header = serde_json::json!({ "format": FORMAT, "holder": self.me.to_string() });
        let mut put = |line: String| writeln!(out, "{line}").map_err(|e| fault(&e));
        put(header.to_string())?;
        let mut count = 0;
        let text =
            |line: &Line| serde_json::to_string(line).map_err(|_| AuditError::CheckpointDamaged { line: 0 });
        for owner in self.owners()? {
            self.each(owner, |statement, key| {
                count += 1;
                put(text(&Line::of(statement, key))?)
            })?;
        }
        for fork in self.forks()? {
            if fork.seen.read().is_some() {
                count += 1;
                put(text(&fork.seen)?)?;
            }
        }
        out.flush().and_then(|()| out.get_ref().sync_all()).map_err(|e| fault(&e))?;
        Ok(count)
    }

    fn fork_path(&self, log: LogOwner) -> PathBuf {
        self.folder.join(format!("{log}.fork.json"))
    }

    fn fork(&self, log: LogOwner) -> Result<Option<Fork>, AuditError> {
        let bytes = match fs::read(self.fork_path(log)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault(&error)),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| AuditError::CheckpointDamaged { line: 0 })
    }

    /// Owners with a file of this ending, sorted.
    fn names(&self, ending: &str) -> Result<Vec<LogOwner>, AuditError> {
        let mut owners = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(|e| fault(&e))? {
            let name = entry.map_err(|e| fault(&e))?.file_name();
            owners.extend(name.to_str().and_then(|name| LogOwner::parse(name.strip_suffix(ending)?)));
        }
        owners.sort_unstable();
        Ok(owners)
    }

    fn last(&self, name: &str) -> Result<Option<(Statement, VerifyingKey)>, AuditError> {
        let mut file = match File::open(self.folder.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault(&error)),
        };
        let line = last_line(&mut file, LINE_BYTES_MAX).map_err(|e| fault(&e))?;
        if line.is_empty() {
            return Ok(None);
        }
        parsed(&line).map(Some).ok_or(AuditError::CheckpointDamaged { line: 0 })
    }

    /// Adds a line durably. A line torn by a kill was never acknowledged and is cut off first.
    fn add(&self, name: &str, line: &Line) -> Result<(), AuditError> {
        let path = self.folder.join(name);
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true).mode(0o600);
        let mut file = options.open(&path).map_err(|e| fault(&e))?;
        let whole_bytes = whole_bytes(&file).map_err(|e| fault(&e))?;
        file.set_len(whole_bytes).map_err(|e| fault(&e))?;
        let mut text = serde_json::to_vec(line).map_err(|_| AuditError::CheckpointDamaged { line: 0 })?;
        text.push(b'\n');
        let written =
            file.write_all(&text).and_then(|()| file.sync_data()).and_then(|()| sync_folder_of(&path));
        written.map_err(|error| {
            let _ = file.set_len(whole_bytes); // cut off at the next line if not now
            fault(&error)
        })
    }

    fn each_of(
        &self,
        name: &str,
        visit: impl FnMut(u64, &Statement, &VerifyingKey) -> Result<(), AuditError>,
    ) -> Result<(), AuditError> {
        match File::open(self.folder.join(name)) {
            Ok(file) => each_line(file, 1, visit),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(fault(&error)),
        }
    }
}

/// Bytes up to the end of the last whole line.
fn whole_bytes(file: &File) -> io::Result<u64> {
    use std::io::{Seek, SeekFrom};
    let length = file.metadata()?.len();
    let begin = length.saturating_sub(LINE_BYTES_MAX as u64);
    let mut reader = file;
    reader.seek(SeekFrom::Start(begin))?;
    let mut tail = Vec::new();
    reader.take(LINE_BYTES_MAX as u64).read_to_end(&mut tail)?;
    Ok(tail.iter().rposition(|byte| *byte == b'\n').map_or(begin, |at| begin + at as u64 + 1))
}

fn file_of(owner: LogOwner) -> String {
    format!("{owner}.jsonl")
}
