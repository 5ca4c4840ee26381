//! The coordinator's state, opened once and shared by everything that serves or commands: folder, store, shelf, audit log,
//! CA, mailboxes, and the hooks of the daemon while one runs.
//!
//! It promises that one process holds the folder and that every audited decision is in the log before it is in the
//! store: the log may name a step that a power cut then undid, never the other way round.

mod init;
mod mailboxes;
mod progress;

use std::sync::{Mutex, PoisonError, RwLock};

use passage_protocol::{
    codec::{Decode, Encode},
    ids::{MemberCode, RoundId},
    round::CoordinatorJob,
    timestamp::Timestamp,
};
use passage_shell::{
    audit::AuditLog,
    clock,
    pki::{Authority, Credentials, KeyFile, Revocation, Serial},
    shelf::Shelf,
    state_dir::StateDir,
    store::{Op, Store, Table},
};
use std::path::Path;
use tokio::sync::mpsc::UnboundedSender;

pub use self::{
    init::{InitPlan, init},
    mailboxes::Mailboxes,
    progress::{Board, Progress, ProgressView},
};
use crate::{error::CoordinatorError, records, settings::Settings};

/// Names of the files in the state folder.
pub(crate) mod files {
    pub(crate) const CA_KEY: &str = "ca.key";
    pub(crate) const CA_CERTIFICATE: &str = "ca.der";
    pub(crate) const SERVER_KEY: &str = "server.key";
    pub(crate) const SERVER_CERTIFICATE: &str = "server.der";
    pub(crate) const AUDIT: &str = "audit.jsonl";
    pub(crate) const STORE: &str = "store";
    pub(crate) const SHELF: &str = "blobs";
    /// Keys and certificates are below 2 KiB.
    pub(crate) const KEY_BYTES_MAX: usize = 16 << 10;
}

/// A server certificate with less than this left is replaced when the daemon starts, in seconds: 60 days.
const SERVER_RENEWAL_S: u64 = 60 * 86_400;

/// Puts a new revocation list in force on live connections.
pub type RevocationHook = Box<dyn Fn(&[u8], Vec<Serial>) -> Result<(), CoordinatorError> + Send + Sync>;

/// The open coordinator.
pub struct App {
    /// The folder, locked.
    pub dir: StateDir,
    /// What the operator chose.
    pub settings: Settings,
    /// Members, documents, rounds, mail.
    pub store: Store,
    /// Sealed lists, plans, reports.
    pub shelf: Shelf,
    /// Who waits for mail.
    pub mailboxes: Mailboxes,
    /// How far running work is.
    pub board: Board,
    authority: Authority,
    audit: Mutex<AuditLog>,
    revocations: RwLock<Vec<u8>>,
    jobs: Mutex<Option<UnboundedSender<(RoundId, CoordinatorJob)>>>,
    revocation_hook: Mutex<Option<RevocationHook>>,
}

impl App {
    /// Opens the folder that [`init`] made and locks it.
    ///
    /// # Errors
    ///
    /// [`CoordinatorError::NotInitialised`], or whatever part of the folder cannot be used.
    pub fn open(root: &Path) -> Result<Self, CoordinatorError> {
        if !root.join(crate::settings::FILE).is_file() {
            return Err(CoordinatorError::NotInitialised);
        }
        let dir = StateDir::open(root)?;
        let settings = Settings::load(root)?;
        let key = read(&dir, files::CA_KEY)?;
        let certificate = read(&dir, files::CA_CERTIFICATE)?;
        let authority = Authority::restore(KeyFile::from_bytes(key)?, certificate.into())?;
        let store = Store::open(&dir.folder(files::STORE)?)?;
        let shelf = Shelf::open(&dir.path(files::SHELF))?;
        let audit = AuditLog::open(&dir.path(files::AUDIT))?;
        let app = Self {
            dir,
            settings,
            store,
            shelf,
            mailboxes: Mailboxes::default(),
            board: Board::default(),
            authority,
            audit: Mutex::new(audit),
            revocations: RwLock::default(),
            jobs: Mutex::default(),
            revocation_hook: Mutex::default(),
        };
        app.renew_revocations(clock::now())?;
        crate::blobs::sweep(&app)?;
        Ok(app)
    }

    /// The consortium's CA.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// What the listening end presents; replaced here when it is close to its end.
    ///
    /// # Errors
    ///
    /// [`CoordinatorError::KeyFileMissing`], [`CoordinatorError::Pki`].
    pub fn server_credentials(&self, now: Timestamp) -> Result<Credentials, CoordinatorError> {
        let certificate = read(&self.dir, files::SERVER_CERTIFICATE)?.into();
        if passage_shell::pki::valid_until(&certificate)? < now.plus_s(SERVER_RENEWAL_S) {
            return init::write_server(&self.dir, &self.authority, now);
        }
        let key = KeyFile::from_bytes(read(&self.dir, files::SERVER_KEY)?)?;
        Ok(Credentials::new(key, certificate, self.authority.certificate().clone()))
    }

    /// Writes an entry to the audit log: ids, digests and counts only.
    ///
    /// # Errors
    ///
    /// [`CoordinatorError::Audit`]; the caller must then not do what it wanted to log.
    pub fn audit(&self, now: Timestamp, kind: &str, fields: &[(&str, &str)]) -> Result<(), CoordinatorError> {
        let mut log = self.audit.lock().unwrap_or_else(PoisonError::into_inner);
        log.append(now, kind, fields)?;
        Ok(())
    }

    /// The current revocation list, DER.
    #[must_use]
    pub fn revocations(&self) -> Vec<u8> {
        self.revocations.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signs a new revocation list from the members' records and puts it in force.
    ///
    /// # Errors
    ///
    /// [`CoordinatorError::Pki`], [`CoordinatorError::Store`], [`CoordinatorError::Transport`].
    pub fn renew_revocations(&self, now: Timestamp) -> Result<(), CoordinatorError> {
        let mut revoked = Vec::new();
        for (_, member) in self.all::<records::Member>(records::MEMBERS)? {
            if let (Some(at), Ok(serial)) = (member.revoked, <[u8; 16]>::try_from(member.serial.as_slice())) {
                revoked.push(Revocation { serial: Serial(serial), at });
            }
        }
        let number = self.store.next("revocation list")?;
        let list = self.authority.revocation_list(&revoked, number, now)?.to_vec();
        self.revocations.write().unwrap_or_else(PoisonError::into_inner).clone_from(&list);
        let hook = self.revocation_hook.lock().unwrap_or_else(PoisonError::into_inner);
        let serials = revoked.iter().map(|revocation| revocation.serial).collect();
        hook.as_ref().map_or(Ok(()), |hook| hook(&list, serials))
    }

    /// Called by the daemon: where work goes, and how a revocation reaches live connections.
    pub fn attach(&self, jobs: UnboundedSender<(RoundId, CoordinatorJob)>, hook: RevocationHook) {
        *self.jobs.lock().unwrap_or_else(PoisonError::into_inner) = Some(jobs);
        *self.revocation_hook.lock().unwrap_or_else(PoisonError::into_inner) = Some(hook);
    }

    /// Hands work to the daemon. Without one it is dropped: the next daemon resumes every running round.
    pub fn start_work(&self, round: RoundId, job: CoordinatorJob) {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(jobs) = jobs.as_ref() {
            let _ = jobs.send((round, job));
        }
    }

    /// Reads one record.
    ///
    /// # Errors
    ///
    /// [`CoordinatorError::Store`], [`CoordinatorError::Codec`] for a record of another version.
    pub fn record<T: Decode>(&self, table: Table, key: &impl Encode) -> Result<Option<T>, CoordinatorError> {
        let bytes = self.store.get(table, &key.to_bytes())?;
        Ok(bytes.map(|bytes| T::from_bytes(&bytes)).transpose()?)
    }

    /// Reads every record of a table with its key's bytes.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn all<T: Decode>(&self, table: Table) -> Result<Vec<(Vec<u8>, T)>, CoordinatorError> {
        let pairs = self.store.scan(table, &[])?;
        pairs.into_iter().map(|(key, value)| Ok((key, T::from_bytes(&value)?))).collect()
    }

    /// Notes that a member was heard, to the minute.
    ///
    /// # Errors
    ///
    /// [`CoordinatorError::Store`].
    pub fn heard(&self, member: MemberCode, now: Timestamp) -> Result<(), CoordinatorError> {
        let last: Option<Timestamp> = self.record(records::CONTACTS, &member)?;
        if last.is_none_or(|last| now.since_s(last) >= 60) {
            self.store.commit(&[put(records::CONTACTS, &member, &now)])?;
        }
        Ok(())
    }
}

/// Sets a record.
pub(crate) fn put(table: Table, key: &impl Encode, value: &impl Encode) -> Op {
    Op::put(table, key.to_bytes(), value.to_bytes())
}

fn read(dir: &StateDir, file: &'static str) -> Result<Vec<u8>, CoordinatorError> {
    dir.read(file, files::KEY_BYTES_MAX)?.ok_or(CoordinatorError::KeyFileMissing { file })
}
