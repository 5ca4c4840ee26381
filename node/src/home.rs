//! The node's state folder, opened: keys, store, shelf, audit chain, membership. One process at a time owns it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use passage_protocol::codec::{Decode, Encode};
use passage_protocol::{
    agreement::Segment,
    checkpoint::LogOwner,
    ids::{Digest, MemberCode},
    refusal::Code,
    signing::{SigningKey, VerifyingKey},
    timestamp::Timestamp,
    wire::service::{Join, Joined, kind},
};
use passage_shell::{
    audit::{self, Act, AuditLog, Checkpoints, chain::End},
    clock,
    config::{self, Sources},
    entropy,
    failure::Failure,
    pki::{Credentials, Fingerprint, Invitation, KeyFile},
    shelf::Shelf,
    state_dir::StateDir,
    store::Store,
    transport::{self, TransportError},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    custody::{Custody, Guard, Outer, remembered},
    own_stack,
    query::Queries,
    renewal,
    settings::{self, Settings},
    tables::{Folder, Schemas},
};

/// The coordinator's public signing key, pinned.
const COORDINATOR_KEY: &str = "coordinator.pub";
/// The log of folders made before checkpoints.
const OLD_AUDIT: &str = "audit.log";
/// Largest key or certificate file, in bytes.
const KEY_FILE_BYTES_MAX: usize = 16 << 10;

/// Who this node is in its consortium; `member.toml`, written by `join`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// Opaque code (G09).
    pub code: String,
    /// `k12`, `cc`, `univ` or `workforce`.
    pub segment: String,
    /// The consortium's name.
    pub consortium: String,
    /// Where the coordinator listens, `host:port`, tried in order.
    pub coordinator: Vec<String>,
}

/// An open state folder.
pub struct Home {
    /// The folder, locked.
    pub dir: StateDir,
    /// Small state.
    pub store: Store,
    /// Bulk blobs of running rounds.
    pub shelf: Shelf,
    /// Who this node is.
    pub membership: Membership,
    /// The member's code.
    pub code: MemberCode,
    /// The member's segment.
    pub segment: Segment,
    /// Signs agreements, manifests and statements.
    pub signing_key: SigningKey,
    /// Certificate and key for the connection; replaced while the daemon runs.
    pub(crate) credentials: RwLock<Arc<Credentials>>,
    /// The consortium, as agreements name it (G04).
    authority: Digest,
    /// Opens the stored tables. Read while tables are read or written; written while the catalogue changes, so that nobody
    /// opens a table that is being swept, and when the key itself is destroyed (F10).
    pub(crate) custody: RwLock<Custody>,
    /// One change of the catalogue at a time: the second of two imports must see what the first committed.
    pub(crate) roster_change: Mutex<()>,
    /// One sweep of what rounds have left at a time.
    pub(crate) sweeping: Mutex<()>,
    /// Stored tables.
    pub tables: Folder,
    /// Shapes of the stored tables.
    pub schemas: Schemas,
    /// Queries that run now.
    pub(crate) queries: Queries,
    /// What the administrator set.
    pub settings: Settings,
    /// What the coordinator signed about its log, and this side about its own.
    pub checkpoints: Checkpoints,
    audit: Mutex<AuditLog>,
}

impl Home {
    /// Spends an invitation: makes every key on this machine, has the certificate issued, and writes the folder.
    ///
    /// # Errors
    ///
    /// [`Failure`]; a folder that has joined already is refused, a failed join leaves it ready to try again.
    pub async fn join(root: &Path, invitation: &str) -> Result<Membership, Failure> {
        let invitation = Invitation::parse(invitation)?;
        if invitation.is_expired(clock::now()) {
            return Err(refuse(
                0x2200,
                "the invitation has expired",
                "Ask the operator for a new invitation; it is good for one member and a few days.",
                Some("G17"),
            ));
        }
        let dir = StateDir::open(root)?;
        if dir.read("member.toml", KEY_FILE_BYTES_MAX)?.is_some() {
            return Err(refuse(
                0x2201,
                "this folder has joined a consortium already",
                "Use another --dir for another membership.",
                None,
            ));
        }
        // Written before they are used: if the answer is lost on its way, the same request can be made again.
        let tls_key = match dir.read("tls.key", KEY_FILE_BYTES_MAX)? {
            Some(bytes) => KeyFile::from_bytes(bytes)?,
            None => KeyFile::generate()?,
        };
        dir.write("tls.key", tls_key.expose())?;
        let signing_key = match dir.read("signing.key", KEY_FILE_BYTES_MAX)?.map(Zeroizing::new) {
            Some(bytes) => SigningKey::from_seed(&Zeroizing::new(
                <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| damaged("signing.key"))?,
            )),
            None => SigningKey::generate(entropy::seed()?),
        };
        dir.write("signing.key", signing_key.seed().as_slice())?;
        let request = Join {
            secret: invitation.secret.expose().to_vec(),
            request: tls_key.request()?,
            signing_key: signing_key.verifying_key(),
        };
        debug_assert_eq!(kind::JOIN, 1, "the transport's join call is request 1");
        let answer =
            transport::join(&invitation.addresses, invitation.fingerprint, &request.to_bytes()).await;
        let answer = answer.map_err(not_joined)?;
        let joined = Joined::from_bytes(&answer.body)?;

        let key = joined.coordinator_key;
        let mut audit = AuditLog::open(&dir.path(audit::FOLDER))?;
        audit.append(clock::now(), &Act::CoordinatorKeyPinned { key })?;
        drop(audit);
        dir.write(COORDINATOR_KEY, key.to_string().as_bytes())?;
        dir.write("certificate.der", &joined.certificate)?;
        dir.write("authority.der", &answer.authority)?;
        let membership = Membership {
            code: joined.code.to_string(),
            segment: joined.segment.name().to_owned(),
            consortium: invitation.consortium.clone(),
            coordinator: invitation.addresses,
        };
        let text = toml::to_string(&membership).map_err(|_| damaged("member.toml"))?;
        // Written last: a folder without it has not joined.
        dir.write("member.toml", text.as_bytes())?;
        Ok(membership)
    }

    /// Opens a folder that has joined.
    ///
    /// # Errors
    ///
    /// [`Failure`] says what is missing or damaged and what to do.
    pub fn open(root: &Path) -> Result<Self, Failure> {
        own_stack::run(|| Self::opened(root))
    }

    fn opened(root: &Path) -> Result<Self, Failure> {
        if !root.join("member.toml").exists() {
            return Err(refuse(
                0x2202,
                "this folder has not joined a consortium",
                "Run `passage-node join INVITATION` first, or name the right folder with --dir.",
                None,
            ));
        }
        let dir = StateDir::open(root)?;
        let read = |name: &'static str| {
            dir.read(name, KEY_FILE_BYTES_MAX).map_err(Failure::from)?.ok_or_else(|| damaged(name))
        };
        let secret = |name: &'static str| -> Result<Zeroizing<[u8; 32]>, Failure> {
            let bytes = Zeroizing::new(read(name)?);
            let array = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| damaged(name))?;
            Ok(Zeroizing::new(array))
        };
        let text = String::from_utf8(read("member.toml")?).map_err(|_| damaged("member.toml"))?;
        let membership: Membership = toml::from_str(&text).map_err(|_| damaged("member.toml"))?;
        let code = MemberCode::parse(&membership.code).ok_or_else(|| damaged("member.toml"))?;
        let segment = Segment::parse(&membership.segment).ok_or_else(|| damaged("member.toml"))?;
        let authority = read("authority.der")?.into();
        let fingerprint = Fingerprint::of(&authority);
        let credentials = renewal::credentials(&dir, authority)?;
        let settings = settings(&dir)?;
        let store = Store::open(&dir.folder("store")?)?;
        let outer = remembered(settings.outer());
        let custody = custody(&dir, &store, &outer)?;
        let mut audit = AuditLog::open(&dir.path(audit::FOLDER))?;
        audit.continue_from(&dir.path(OLD_AUDIT), clock::now())?;
        let home = Self {
            signing_key: SigningKey::from_seed(&secret("signing.key")?),
            custody: RwLock::new(custody),
            roster_change: Mutex::new(()),
            tables: Folder::new(&dir.folder("tables")?)?,
            schemas: Schemas::builtin()?,
            queries: Queries::default(),
            settings,
            store,
            shelf: Shelf::open(&dir.folder("shelf")?)?,
            checkpoints: Checkpoints::open(&dir.path(audit::FOLDER), LogOwner::Member(code))?,
            audit: Mutex::new(audit),
            credentials: RwLock::new(Arc::new(credentials)),
            sweeping: Mutex::new(()),
            authority: Digest(fingerprint.0),
            membership,
            code,
            segment,
            dir,
        };
        // What an import or a destruction that was killed has left behind.
        home.settle(&outer)?;
        home.seal_old_reports()?;
        home.finish_sweeps()?;
        home.render_old_reports()?;
        Ok(home)
    }

    /// Appends to the audit log and returns the entry's number.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the disk refuses; what was to be recorded must then not be done.
    pub fn record(&self, act: &Act<'_>) -> Result<u64, Failure> {
        let mut audit = self.audit.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(audit.append(clock::now(), act)?)
    }

    /// Records what is about to be done, does it, and records how it ended.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the log, after which nothing was done, or of what was done.
    pub fn recorded<T>(
        &self,
        act: &Act<'_>,
        does: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.all_recorded(&[*act], does)
    }

    /// As [`recorded`](Self::recorded), for several acts that are done as one.
    ///
    /// # Errors
    ///
    /// As [`recorded`](Self::recorded).
    pub fn all_recorded<T>(
        &self,
        acts: &[Act<'_>],
        does: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut entries = Vec::new();
        for act in acts {
            entries.push(self.record(act)?);
        }
        let outcome = does();
        for entry in entries {
            let ended = match &outcome {
                Ok(_) => Act::ActDone { entry },
                Err(failure) => Act::ActFailed { entry, code: failure.number() },
            };
            // It is done, or has failed: that is what must be reported. An entry without an outcome is looked up.
            if let Err(failure) = self.record(&ended) {
                tracing::error!(entry, code = failure.code(), "the outcome of an act was not recorded");
            }
        }
        outcome
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

    /// The coordinator's key that is pinned; none in a folder that joined before coordinators had one.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the file is damaged.
    pub fn pinned_key(&self) -> Result<Option<VerifyingKey>, Failure> {
        let Some(bytes) = self.dir.read(COORDINATOR_KEY, KEY_FILE_BYTES_MAX)? else { return Ok(None) };
        let key = std::str::from_utf8(&bytes).ok().and_then(VerifyingKey::parse);
        key.map(Some).ok_or_else(|| damaged(COORDINATOR_KEY))
    }

    /// Pins the coordinator's key, or lets go of it after a person has looked at a changed one.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the disk.
    pub(crate) fn pin_key(&self, key: Option<VerifyingKey>) -> Result<(), Failure> {
        let Some(key) = key else {
            let path = self.dir.path(COORDINATOR_KEY);
            return std::fs::remove_file(path)
                .map_err(|error| Failure::io("let go of the pinned key", &error));
        };
        self.record(&Act::CoordinatorKeyPinned { key })?;
        Ok(self.dir.write(COORDINATOR_KEY, key.to_string().as_bytes())?)
    }

    /// The consortium this node joined, as agreements name it: the fingerprint of its authority (G04).
    #[must_use]
    pub fn authority(&self) -> Digest {
        self.authority
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        clock::now()
    }
}

/// Opens the node key in force, or makes the first one.
fn custody(dir: &StateDir, store: &Store, outer: &Outer<'_>) -> Result<Custody, Failure> {
    let folder = dir.folder("keys")?;
    if let Some(state) = Home::key_state(store)? {
        return Custody::open(&folder, &state, outer);
    }
    let (custody, state) = Custody::create(&folder, 1, Guard::File, outer, None)?;
    Home::found(store, state)?;
    Ok(custody)
}

fn settings(dir: &StateDir) -> Result<Settings, Failure> {
    let path = dir.path("node.toml");
    let file = path.exists().then_some(path.as_path());
    Ok(config::load(settings::KEYS, &Sources::of_process(file, Vec::new()))?)
}

/// A refusal of the node's own.
#[must_use]
pub fn refuse(code: u16, what: &str, advice: &str, rule: Option<&str>) -> Failure {
    Failure::new(Code(code), what, advice, rule)
}

/// What a failed join means to the person who pasted the invitation.
fn not_joined(error: TransportError) -> Failure {
    match error {
        TransportError::Handshake => refuse(
            0x2204,
            "the coordinator that answered does not hold the certificate this invitation names",
            "Check this machine's clock; if it is right, tell the operator that another machine answers at the address.",
            Some("G17"),
        ),
        TransportError::Refused(refused) => Failure::new(
            Code(refused.code),
            format!("the coordinator refused: {}", refused.text),
            "Ask the operator for a new invitation; it is good for one member and a few days.",
            Some("G17"),
        ),
        TransportError::Unreachable
        | TransportError::Closed
        | TransportError::Malformed { .. }
        | TransportError::Pki(_)
        | TransportError::Shelf(_)
        | TransportError::Socket { .. }
        | TransportError::TimedOut { .. }
        | TransportError::TooLarge { .. } => error.into(),
    }
}

pub(crate) fn damaged(name: &str) -> Failure {
    refuse(
        0x2203,
        &format!("the file {name} of the state folder is missing or damaged"),
        "Restore the folder from a backup, or ask the operator for a new invitation.",
        None,
    )
}
