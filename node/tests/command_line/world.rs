//! A coordinator that can only let members join, a node's state folder, and the screen a command leaves.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU8, Ordering},
        mpsc,
    },
};

use passage_protocol::{
    agreement::Segment,
    codec::{Decode, Encode},
    ids::MemberCode,
    secret::Secret,
    signing::SigningKey,
    timestamp::Timestamp,
    wire::service::{Join, Joined},
};
use passage_shell::{
    clock, entropy,
    pki::{Authority, Fingerprint, Invitation, Peer},
    shelf::Shelf,
    transport::{Handler, Refused, Request, Response, Server},
};
use serde_json::Value;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_passage-node");

/// Secret digest -> segment, until the invitation is used.
type Invited = Arc<Mutex<HashMap<[u8; 32], Segment>>>;

struct Door {
    authority: Arc<Authority>,
    invited: Invited,
    joined: AtomicU8,
}

impl Handler for Door {
    fn admit(&self, _: &Peer, _: &Request) -> Result<u64, Refused> {
        Err(Refused { code: 0x3044, text: "this coordinator only lets members join".into() })
    }

    async fn handle(&self, _: Peer, _: Request) -> Result<Response, Refused> {
        Err(Refused { code: 0x3044, text: "this coordinator only lets members join".into() })
    }

    async fn join(&self, body: Vec<u8>, _: SocketAddr) -> Result<Vec<u8>, Refused> {
        let request = Join::from_bytes(&body).unwrap();
        let secret: [u8; 16] = request.secret.as_slice().try_into().unwrap();
        let segment = self.invited.lock().unwrap().remove(&Invitation::secret_digest(&secret));
        let Some(segment) = segment else {
            let text =
                "the invitation is unknown, used or lapsed, expected one that is good for one join".into();
            return Err(Refused { code: 0x3013, text });
        };
        let code = MemberCode([7, 0, 0, 0, self.joined.fetch_add(1, Ordering::Relaxed)]);
        let now = clock::now();
        let (certificate, _) = self.authority.issue_member(&request.request, code, now).unwrap();
        let joined = Joined {
            code,
            segment,
            certificate: certificate.to_vec(),
            authority: self.authority.certificate().to_vec(),
            revocations: self.authority.revocation_list(&[], 1, now).unwrap().to_vec(),
            coordinator_key: SigningKey::generate([1; 32]).verifying_key(),
        };
        Ok(joined.to_bytes())
    }
}

/// The coordinator of this test process: one for all tests.
pub(crate) struct World {
    authority: Arc<Authority>,
    invited: Invited,
    address: String,
}

impl World {
    pub(crate) fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(Self::open)
    }

    fn open() -> Self {
        let authority = Arc::new(Authority::create("Test consortium", clock::now()).unwrap());
        let invited = Invited::default();
        let (sender, receiver) = mpsc::channel();
        let door = Door {
            authority: Arc::clone(&authority),
            invited: Arc::clone(&invited),
            joined: AtomicU8::new(0),
        };
        std::thread::spawn(move || {
            let shelf = tempfile::tempdir().unwrap();
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let credentials = door.authority.issue_server(clock::now()).unwrap();
                let revoked = door.authority.revocation_list(&[], 1, clock::now()).unwrap();
                let shelf = Shelf::open(shelf.path()).unwrap();
                let any = "127.0.0.1:0".parse().unwrap();
                let server = Server::bind(any, credentials, &revoked, shelf, door).unwrap();
                sender.send(server.local_address().unwrap().to_string()).unwrap();
                server.run().await;
            });
        });
        Self { authority, invited, address: receiver.recv().unwrap() }
    }

    /// An invitation this coordinator takes once.
    pub(crate) fn invite(&self, segment: Segment) -> String {
        self.invitation(segment, Timestamp(clock::now().0 + 3_600)).to_text()
    }

    pub(crate) fn invitation(&self, segment: Segment, expires: Timestamp) -> Invitation {
        let secret: [u8; 16] = entropy::seed().unwrap()[..16].try_into().unwrap();
        self.invited.lock().unwrap().insert(Invitation::secret_digest(&secret), segment);
        Invitation {
            consortium: "Test consortium".into(),
            addresses: vec![self.address.clone()],
            fingerprint: Fingerprint::of(self.authority.certificate()),
            secret: Secret::new(secret),
            expires,
        }
    }
}

/// A state folder and the files beside it.
pub(crate) struct Node {
    parent: tempfile::TempDir,
    pub(crate) dir: PathBuf,
}

impl Node {
    /// A folder that does not exist yet.
    pub(crate) fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("node");
        Self { parent, dir }
    }

    /// A node that has joined.
    pub(crate) fn joined(segment: Segment) -> Self {
        let node = Self::new();
        node.run(&["join", &World::get().invite(segment)]).succeeded();
        node.run(&["principles", "accept", "--by", "A. Person, Office"]).succeeded();
        node
    }

    /// A file beside the state folder.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.parent.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = program();
        command.arg("--dir").arg(&self.dir);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Screen {
        Screen::of(self.command().args(arguments).output().unwrap())
    }

    /// The JSON form of a command that succeeds.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let screen = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(screen.code, 0, "{screen:?}");
        serde_json::from_str(&screen.out).unwrap()
    }

    pub(crate) fn status(&self) -> Value {
        self.json(&["data", "status"])
    }

    /// Names in the roster folder, sorted.
    pub(crate) fn roster_files(&self) -> Vec<String> {
        names_in(&self.dir.join("tables"))
    }

    /// Starts a daemon and waits until it takes commands.
    pub(crate) fn serve(&self) -> Daemon {
        let mut child =
            self.command().arg("serve").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        assert!(line.contains("serving; stop with SIGTERM"), "{line}");
        let socket = self.dir.join("control.sock");
        while !socket.exists() {
            assert!(child.try_wait().unwrap().is_none(), "the daemon went away");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Daemon { child, out: Some(out) }
    }
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    // Settings of whoever runs the tests are not settings of these nodes.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    command
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A running daemon; killed if a test forgets it.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    out: Option<BufReader<std::process::ChildStdout>>,
}

impl Daemon {
    /// Largest memory it ever had resident, KiB, as the kernel counts it.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Sends SIGTERM and waits: exit code and the rest of what it printed.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
        let rest = std::io::read_to_string(self.out.take().unwrap()).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command left: exit code, standard output, standard error.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Screen {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or_else(|| panic!("ended by a signal: {:?}", output.status)),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Exit code 0, nothing on standard error; answers standard output.
    pub(crate) fn succeeded(&self) -> &str {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        assert!(!self.out.contains("panicked"), "{self:?}");
        &self.out
    }

    /// Exit code 1 and the three lines on standard error: what, next, code and rule. Answers what.
    pub(crate) fn refused(&self, code: &str, rule: Option<&str>) -> &str {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "{self:?}");
        let (_, block) = self.err.rsplit_once("refused: ").unwrap_or_else(|| panic!("no refusal: {self:?}"));
        let mut lines = block.lines();
        let what = lines.next().unwrap();
        let next = lines.next().and_then(|line| line.strip_prefix("next:    ")).unwrap();
        assert!(!what.is_empty() && next.ends_with('.'), "{self:?}");
        let expected = match rule {
            Some(rule) => format!("code:    {code} (rule {rule})"),
            None => format!("code:    {code}"),
        };
        assert_eq!(lines.next(), Some(expected.as_str()), "{self:?}");
        assert_eq!(lines.next(), None, "{self:?}");
        what
    }

    /// None of these values was printed.
    pub(crate) fn keeps_to_itself(&self, values: &[&str]) {
        for value in values {
            assert!(!self.out.contains(value) && !self.err.contains(value), "{value} was printed: {self:?}");
        }
    }
}
