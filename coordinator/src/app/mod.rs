//! The coordinator's state, opened once and shared by everything that serves or commands: folder, store, shelf, audit log,
//! CA, mailboxes, and the hooks of the daemon while one runs.
//!
//! It promises that one process holds the folder and that every audited decision is in the log before it is in the
//! store: the log may name a step that a power cut then undid, never the other way round.

mod init;
mod mailboxes;
mod progress;

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError, RwLock},
};

use passage_protocol::{
    checkpoint::LogOwner,
    codec::{Decode, Encode},
    ids::{MemberCode, RoundId},
    refusal::Refusal,
    round::CoordinatorJob,
    signing::{SigningKey, VerifyingKey},
    timestamp::Timestamp,
};
use passage_shell::{
    audit::{self, Act, AuditLog, Checkpoints, chain::End},
    clock,
    pki::{Authority, Credentials, KeyFile, Revocation, Serial},
    shelf::Shelf,
    state_dir::StateDir,
    store::{Op, Store, Table},
};
use std::path::Path;
use tokio::sync::mpsc::UnboundedSender;
use zeroize::Zeroizing;

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
    pub(crate) const SIGNING_KEY: &str = "signing.key";
    /// The log of folders made before checkpoints.
    pub(crate) const OLD_AUDIT: &str = "audit.jsonl";
    pub(crate) const STORE: &str = "store";
    pub(crate) const SHELF: &str = "blobs";
    /// Keys and certificates are below 2 KiB.
    pub(crate) const KEY_BYTES_MAX: usize = 16 << 10;
}

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
    /// What members signed about their logs, and this side about its own.
    pub checkpoints: Checkpoints,
    authority: Authority,
    /// Signs checkpoints of the audit log, nothing else.
    signing_key: SigningKey,
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
        let mut audit = AuditLog::open(&dir.path(audit::FOLDER))?;
        audit.continue_from(&dir.path(files::OLD_AUDIT), clock::now())?;
        let signing_key = signing_key(&dir, &mut audit)?;
        let checkpoints = Checkpoints::open(&dir.path(audit::FOLDER), LogOwner::Coordinator)?;
        let app = Self {
            dir,
            settings,
            store,
            shelf,
            mailboxes: Mailboxes::default(),
            board: Board::default(),
            checkpoints,
            authority,
            signing_key,
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

    /// What the listening end presents; replaced here when it is close to its end, or when a kill left a key without its
    /// certificate.
    ///
    /// # Errors
    ///
    /// [`CoordinatorError::KeyFileMissing`], [`CoordinatorError::Pki`].
    pub fn server_credentials(&self, now: Timestamp) -> Result<Credentials, CoordinatorError> {
        if let Some(renewed) = self.renew_server(now)? {
            return Ok(renewed);
        }
        let certificate = read(&self.dir, files::SERVER_CERTIFICATE)?.into();
        let key = KeyFile::from_bytes(read(&self.dir, files::SERVER_KEY)?)?;
        Ok(Credentials::new(key, certificate, self.authority.certificate().clone()))
    }

    /// A new server certificate, if it is time: when two thirds of the old one's life are over. What is presented now stays
    /// good meanwhile.
    ///
    /// # Errors
    ///
    /// As [`server_credentials`](Self::server_credentials).
    pub fn renew_server(&self, now: Timestamp) -> Result<Option<Credentials>, CoordinatorError> {
        let certificate = read(&self.dir, files::SERVER_CERTIFICATE)?.into();
        let key = KeyFile::from_bytes(read(&self.dir, files::SERVER_KEY)?)?;
        if key.fits(&certificate) && now < passage_shell::pki::renewal_due(&certificate)? {
            return Ok(None);
        }
        self.record(now, &Act::ServerCertificateRenewed)?;
        init::write_server(&self.dir, &self.authority, now).map(Some)
    }

    /// Writes an entry to the audit log and returns its number.
    ///
    /// # Errors
    ///
    /// [`CoordinatorError::Audit`]; the caller must then not do what it wanted to log.
    pub fn record(&self, now: Timestamp, act: &Act<'_>) -> Result<u64, CoordinatorError> {
        let mut log = self.audit.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(log.append(now, act)?)
    }

    /// Decides, records what is about to be done, and commits: one store transaction. What could not be recorded is not
    /// done; what was recorded and could not be committed is recorded as failed.
    ///
    /// # Errors
    ///
    /// What `decide` refuses (nothing is recorded), [`CoordinatorError::Audit`], [`CoordinatorError::Store`].
    pub fn transact<'a, T>(
        &self,
        now: Timestamp,
        decide: impl FnOnce() -> Result<(Vec<Act<'a>>, Vec<Op>, T), CoordinatorError>,
    ) -> Result<T, CoordinatorError> {
        let mut recorded = Vec::new();
        let outcome: Result<T, CoordinatorError> = self.store.transact(|| {
            let (acts, ops, outcome) = decide()?;
            for act in &acts {
                recorded.push(self.record(now, act)?);
            }
            Ok((ops, outcome))
        });
        if let Err(error) = &outcome {
            for entry in recorded {
                // The error is the one to report; an entry without an outcome is looked up.
                let _ = self.record(now, &Act::ActFailed { entry, code: error.code() });
            }
        }
        outcome
    }

    /// Records how a recorded act ended.
    ///
    /// # Errors
    ///
    /// [`CoordinatorError::Audit`].
    pub fn settled<T>(
        &self,
        now: Timestamp,
        entry: u64,
        outcome: &Result<T, CoordinatorError>,
    ) -> Result<(), CoordinatorError> {
        let act = match outcome {
            Ok(_) => Act::ActDone { entry },
            Err(error) => Act::ActFailed { entry, code: error.code() },
        };
        self.record(now, &act).map(|_| ())
    }

    /// The end of the audit log.
    #[must_use]
    pub fn audit_end(&self) -> End {
        self.audit.lock().unwrap_or_else(PoisonError::into_inner).end()
    }

    /// The folder of the audit log.
    #[must_use]
    pub fn audit_folder(&self) -> PathBuf {
        self.dir.path(audit::FOLDER)
    }

    /// The key that signs checkpoints.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        &self.signing_key
    }

    /// Its public half, which members pin.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.signing_key.verifying_key()
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
        for (key, member) in self.all::<records::Member>(records::MEMBERS)? {
            // The next certificate of a revoked member is as void as the one in use.
            let next: Option<records::NextCertificate> = self
                .store
                .get(records::RENEWALS, &key)?
                .map(|bytes| Decode::from_bytes(&bytes))
                .transpose()?;
            for serial in [Some(member.serial), next.map(|next| next.serial)].into_iter().flatten() {
                if let (Some(at), Ok(serial)) = (member.revoked, <[u8; 16]>::try_from(serial.as_slice())) {
                    revoked.push(Revocation { serial: Serial(serial), at });
                }
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
    pub fn kept<T: Decode>(&self, table: Table, key: &impl Encode) -> Result<Option<T>, CoordinatorError> {
        let bytes = self.store.get(table, &key.to_bytes())?;
        Ok(bytes.map(|bytes| T::from_bytes(&bytes)).transpose()?)
    }

    /// Reads every record of a table with its key's bytes.
    ///
    /// # Errors
    ///
    /// As [`kept`](Self::kept).
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
        let last: Option<Timestamp> = self.kept(records::CONTACTS, &member)?;
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

/// The key that signs checkpoints. A folder made before there was one gets it when it is first opened.
fn signing_key(dir: &StateDir, audit: &mut AuditLog) -> Result<SigningKey, CoordinatorError> {
    match dir.read(files::SIGNING_KEY, files::KEY_BYTES_MAX)?.map(Zeroizing::new) {
        Some(bytes) => {
            let seed = <[u8; 32]>::try_from(bytes.as_slice());
            let seed = seed.map_err(|_| CoordinatorError::KeyFileMissing { file: files::SIGNING_KEY })?;
            Ok(SigningKey::from_seed(&Zeroizing::new(seed)))
        }
        None => init::make_signing_key(dir, audit),
    }
}

fn read(dir: &StateDir, file: &'static str) -> Result<Vec<u8>, CoordinatorError> {
    dir.read(file, files::KEY_BYTES_MAX)?.ok_or(CoordinatorError::KeyFileMissing { file })
}
