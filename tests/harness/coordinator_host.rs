//! The real coordinator without its sockets: state folder, store, shelf, round driver, join and release, driven call by
//! call and able to crash between any two of them.
//!
//! Members are entered into its store directly; certificates and invitations are tested with the real processes.

use std::{
    collections::{BTreeMap, VecDeque},
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::OnceLock,
};

use passage_coordinator::{
    app::{App, InitPlan, init},
    blobs, documents,
    error::CoordinatorError,
    mail,
    records::{MEMBERS, Member as MemberRecord, RoundRecord},
    rounds::{self, Taken},
    settings::Settings,
    work::{self, WorkFault},
};
use passage_protocol::{
    agreement::Segment,
    codec::Encode,
    ids::{Digest, MemberCode, RoundId},
    manifest::Manifest,
    mixing::{CellLookup, Histogram},
    round::{CoordinatorInput, CoordinatorJob},
    signing::SigningKey,
    timestamp::Timestamp,
    wire::{BlobRef, Envelope, service::MailEntry},
};
use passage_shell::store::{Op, StoreError};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::{
    faults::{Crashed, Faults, Party},
    mischief::Substitutes,
    papers::Papers,
    scratch,
};

/// Counts of every table before disclosure control, as the release sees them; `None` for a table without a plan.
pub type RawCounts = Vec<Option<Vec<i64>>>;

/// A coordinator in a temporary folder.
pub struct CoordinatorHost {
    root: TempDir,
    running: Option<Running>,
    /// Raw counts of every round that reached its release.
    pub raw: BTreeMap<RoundId, RawCounts>,
    /// Blobs served in place of the true ones.
    pub substitutes: Substitutes,
    /// Blobs taken in and their bytes.
    pub relayed: (u64, u64),
    /// Everything it was sent, made or stored, if somebody wants to search it.
    pub evidence: Option<Vec<Vec<u8>>>,
}

struct Running {
    app: App,
    jobs: UnboundedReceiver<(RoundId, CoordinatorJob)>,
    pending: VecDeque<(RoundId, CoordinatorJob)>,
}

/// Why a request came to nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unanswered {
    /// The coordinator crashed; the sender asks again.
    Crashed,
    /// It refused.
    Refused(CoordinatorError),
}

impl From<Crashed> for Unanswered {
    fn from(_: Crashed) -> Self {
        Self::Crashed
    }
}

impl From<CoordinatorError> for Unanswered {
    fn from(error: CoordinatorError) -> Self {
        Self::Refused(error)
    }
}

const ME: Party = Party::Coordinator;

impl CoordinatorHost {
    /// A coordinator that knows the members, the signed agreement and the study.
    #[must_use]
    pub fn new(papers: &Papers, now: Timestamp) -> Self {
        let root = scratch();
        lay_down(root.path());
        let (raw, substitutes) = (BTreeMap::new(), Substitutes::default());
        let mut host = Self { root, running: None, raw, substitutes, relayed: (0, 0), evidence: None };
        host.start();
        let app = host.app();
        let member = |((code, key), segment): ((&MemberCode, &SigningKey), &Segment)| {
            let record = MemberRecord {
                name: "test".to_owned(),
                segment: *segment,
                signing_key: key.verifying_key(),
                serial: vec![0; 16],
                joined: now,
                revoked: None,
            };
            Op::put(MEMBERS, code.to_bytes(), record.to_bytes())
        };
        let members: Vec<Op> =
            papers.codes.iter().zip(&papers.keys).zip(&papers.segments).map(member).collect();
        app.store.commit(&members).unwrap();
        documents::propose_agreement(app, &papers.agreement_text, now).unwrap();
        documents::propose_study(app, &papers.study_text, now).unwrap();
        for statement in papers.consents.statements() {
            documents::state(app, statement.party(), statement, now).unwrap();
        }
        host
    }

    /// The open coordinator.
    ///
    /// # Panics
    ///
    /// While it is down.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.running.as_ref().expect("the coordinator is up").app
    }

    /// Its state folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.root.path()
    }

    /// Starts the process: opens the folder and takes up the work that was running.
    pub fn start(&mut self) {
        let app = opened(self.root.path());
        let (sender, jobs) = unbounded_channel();
        app.attach(sender, Box::new(|_, _| Ok(())));
        rounds::resume(&app).unwrap();
        self.running = Some(Running { app, jobs, pending: VecDeque::new() });
        self.pump();
    }

    /// Ends the process here and now.
    pub fn crash(&mut self) {
        self.running = None;
    }

    /// Asks until there is an answer: a coordinator that crashes on the way is started again.
    ///
    /// # Errors
    ///
    /// [`CoordinatorError`] if it refused.
    pub fn asked<T>(
        &mut self,
        mut request: impl FnMut(&mut Self) -> Result<T, Unanswered>,
    ) -> Result<T, CoordinatorError> {
        loop {
            match request(self) {
                Ok(answer) => return Ok(answer),
                Err(Unanswered::Refused(refused)) => return Err(refused),
                Err(Unanswered::Crashed) => {
                    self.crash();
                    self.start();
                }
            }
        }
    }

    /// Opens a round of the study.
    pub fn open(&mut self, study: Digest, now: Timestamp) -> RoundId {
        rounds::open(self.app(), study, now).unwrap()
    }

    /// Takes a member's post.
    ///
    /// # Errors
    ///
    /// [`Unanswered`].
    pub fn post(
        &mut self,
        faults: &Faults,
        from: MemberCode,
        envelope: Envelope,
        now: Timestamp,
    ) -> Result<Taken, Unanswered> {
        faults.pass(ME, "before a post is taken")?;
        self.saw(&envelope.to_bytes());
        let taken = rounds::post(self.app(), from, envelope, now)?;
        faults.pass(ME, "after a post is taken, before it is answered")?;
        self.pump();
        Ok(taken)
    }

    /// The next entry of a member's mailbox after the last one it took.
    #[must_use]
    pub fn next_mail(&self, member: MemberCode, after: u64) -> Option<MailEntry> {
        mail::take(self.app(), member, after).unwrap().entries.into_iter().next()
    }

    /// Takes an upload.
    ///
    /// # Errors
    ///
    /// [`Unanswered`].
    pub fn upload(
        &mut self,
        faults: &Faults,
        from: MemberCode,
        round: RoundId,
        blob: BlobRef,
        bytes: &[u8],
    ) -> Result<(), Unanswered> {
        faults.pass(ME, "before an upload")?;
        self.saw(bytes);
        let app = self.app();
        blobs::admit(app, from, round, blob)?;
        app.shelf.put(bytes).map_err(CoordinatorError::from)?;
        faults.pass(ME, "with a blob on the shelf that no record names")?;
        blobs::record_upload(self.app(), from, round, blob)?;
        self.relayed = (self.relayed.0 + 1, self.relayed.1 + blob.bytes);
        faults.pass(ME, "after an upload, before it is answered")?;
        Ok(())
    }

    /// Hands a blob out.
    ///
    /// # Errors
    ///
    /// [`Unanswered`].
    pub fn fetch(
        &mut self,
        faults: &Faults,
        member: MemberCode,
        round: RoundId,
        blob: BlobRef,
    ) -> Result<Vec<u8>, Unanswered> {
        faults.pass(ME, "before a blob is fetched")?;
        if let Some(bytes) = self.substitutes.get(blob.digest) {
            return Ok(bytes.to_vec());
        }
        let digest = blobs::fetch(self.app(), member, round, blob)?;
        Ok(fs::read(self.app().shelf.path(digest)).unwrap())
    }

    /// True if heavy work waits.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.running.as_ref().is_some_and(|running| !running.pending.is_empty())
    }

    /// Does one piece of heavy work and feeds what came of it to the round.
    ///
    /// # Errors
    ///
    /// [`Crashed`].
    pub fn work(&mut self, faults: &Faults, papers: &Papers, now: Timestamp) -> Result<(), Crashed> {
        faults.pass(ME, "before heavy work")?;
        let Some((round, job)) = self.running.as_mut().and_then(|running| running.pending.pop_front()) else {
            return Ok(());
        };
        self.saw(format!("{job:?}").as_bytes());
        let raw = raw_counts(self.app(), papers, &job);
        let outcome = work::execute(self.app(), round, job);
        faults.pass(ME, "after heavy work, before it is stored")?;
        match outcome {
            Ok((outcome, made)) => {
                for (blob, _) in &made {
                    let bytes = fs::read(self.app().shelf.path(blob.digest)).unwrap();
                    self.saw(&bytes);
                }
                rounds::work_done(self.app(), round, outcome, made, now).unwrap();
            }
            Err(WorkFault { code, fault }) => {
                rounds::input(self.app(), round, CoordinatorInput::Failed { code, fault }, now).unwrap();
            }
        }
        self.raw.extend(raw.map(|raw| (round, raw)));
        faults.pass(ME, "after heavy work is stored")?;
        self.pump();
        Ok(())
    }

    /// Lets time pass: deadlines.
    pub fn tick(&mut self, now: Timestamp) {
        rounds::tick(self.app(), now).unwrap();
        self.pump();
    }

    /// Every round with its record, oldest first.
    #[must_use]
    pub fn rounds(&self) -> Vec<(RoundId, RoundRecord)> {
        let mut rounds = rounds::list(self.app()).unwrap();
        rounds.sort_by_key(|(_, record)| (record.opened, record.attempt));
        rounds
    }

    /// Takes over work that was started.
    fn pump(&mut self) {
        if let Some(running) = &mut self.running {
            while let Ok(job) = running.jobs.try_recv() {
                running.pending.push_back(job);
            }
        }
        if self.evidence.is_some() {
            let states: Vec<Vec<u8>> = self.rounds().iter().map(|(_, record)| record.to_bytes()).collect();
            states.iter().for_each(|state| self.saw(state));
        }
    }

    fn saw(&mut self, bytes: &[u8]) {
        if let Some(evidence) = &mut self.evidence {
            evidence.push(bytes.to_vec());
        }
    }
}

/// Decrypts the tables of a release job apart from the release: every (cell, pattern) count, offset taken off.
fn raw_counts(app: &App, papers: &Papers, job: &CoordinatorJob) -> Option<RawCounts> {
    let CoordinatorJob::Release { opening, tables, .. } = job else { return None };
    let manifest = Manifest::compute(&papers.agreement, &papers.study, opening).unwrap();
    let noise = manifest.noise_table().unwrap();
    let dealers = u32::try_from(manifest.committee.len()).unwrap();
    let read = |digest| fs::read(app.shelf.path(digest)).unwrap();
    let count = |(shape, parts): (&passage_protocol::manifest::shapes::TableShape, &Option<_>)| {
        let parts: &passage_protocol::round::TableParts = parts.as_ref()?;
        let lookup = CellLookup::new(u32::try_from(shape.domain.len()).unwrap(), manifest.committee.len());
        let partials: Vec<Vec<u8>> = parts.partials.iter().map(|(blob, _)| read(blob.digest)).collect();
        let partials: Vec<&[u8]> = partials.iter().map(Vec::as_slice).collect();
        let list = read(parts.last.digest);
        let histogram = Histogram::decode(&list, 0, &partials, &lookup, shape.tuple().unwrap()).ok()?;
        Some(histogram.less_offset(dealers, &noise))
    };
    Some(manifest.tables.iter().zip(tables).map(count).collect())
}

/// Opens the folder. In one process the store's own threads may hold its lock for a moment after it was dropped, where
/// the end of a real process would have released it.
fn opened(root: &Path) -> App {
    for _ in 0..400 {
        match App::open(root) {
            Ok(app) => return app,
            Err(CoordinatorError::Store(StoreError::Io { .. }) | CoordinatorError::StateDir(_)) => {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            Err(other) => panic!("the coordinator does not start again: {other}"),
        }
    }
    panic!("the store's lock was not released within two seconds");
}

/// A file of a fresh coordinator's folder: name, bytes, mode.
type FreshFile = (OsString, Vec<u8>, u32);

/// A coordinator's folder as `init` leaves it; made once, since a CA key takes a while.
fn template() -> &'static (Digest, Vec<FreshFile>) {
    static TEMPLATE: OnceLock<(Digest, Vec<FreshFile>)> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let root = scratch();
        let settings = Settings {
            consortium: "Test".to_owned(),
            listen: "127.0.0.1:0".parse().unwrap(),
            public: vec!["coordinator.example:4433".to_owned()],
            round_hours: 24,
            jobs: 1,
            join_memory_mib: 2048,
        };
        let authority = init(root.path(), &InitPlan { settings }).unwrap();
        let files = fs::read_dir(root.path()).unwrap().map(Result::unwrap);
        let files = files.filter(|entry| entry.path().is_file());
        let file = |entry: fs::DirEntry| {
            let mode = entry.metadata().unwrap().permissions().mode();
            (entry.file_name(), fs::read(entry.path()).unwrap(), mode)
        };
        (Digest(authority.0), files.map(file).collect())
    })
}

/// The consortium of every coordinator of this process.
#[must_use]
pub fn authority() -> Digest {
    template().0
}

/// Lays the fresh folder down in `root`.
fn lay_down(root: &Path) {
    for (name, bytes, mode) in &template().1 {
        let path = root.join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
    }
}
