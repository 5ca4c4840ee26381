//! Real processes on loopback: one coordinator, some nodes, their folders, and what people type to them.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

/// Longest a test waits for anything, so that a hang fails instead of stalling CI.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something holds.
pub(crate) fn eventually(mut holds: impl FnMut() -> bool, otherwise: impl Fn() -> String) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{}", otherwise());
        sleep(Duration::from_millis(50));
    }
}

/// Who takes part: name, segment, role.
pub(crate) const THREE: &[(&str, &str, &str)] =
    &[("K12A", "k12", "sender"), ("CC1", "cc", "receiver"), ("UNIV", "univ", "receiver")];

/// The demonstration's own members.
pub(crate) const FIVE: &[(&str, &str, &str)] = &[
    ("K12A", "k12", "sender"),
    ("K12B", "k12", "sender"),
    ("CC1", "cc", "receiver"),
    ("CC2", "cc", "receiver"),
    ("UNIV", "univ", "receiver"),
];

/// A coordinator and its nodes. Everything is killed and deleted when dropped.
pub(crate) struct Fleet {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) members: Vec<(String, String, String)>,
    children: Vec<(String, Child)>,
}

impl Fleet {
    /// Starts a coordinator; members join through `public` if given (a relay), else directly.
    pub(crate) fn start(members: &[(&str, &str, &str)], listen: u16, public: u16) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let members = members.iter().map(|(a, b, c)| ((*a).into(), (*b).into(), (*c).into())).collect();
        let mut fleet = Self { dir, members, children: Vec::new() };
        fs::create_dir(fleet.temporary()).unwrap();
        let (listen, public) = (format!("127.0.0.1:{listen}"), format!("127.0.0.1:{public}"));
        fleet.coordinator(&["init", "--consortium", "Test", "--listen", &listen, "--public", &public]);
        fleet.serve("coordinator");
        for (name, segment, _) in fleet.members.clone() {
            let invited = fleet.coordinator(&["invite", "--name", &name, "--segment", &segment]);
            fleet.node(&name, &["join", invited["invitation"].as_str().unwrap()]);
            fleet.serve(&name);
            fleet.node(&name, &["principles", "accept", "--by", "A. Person, Office"]);
        }
        fleet
    }

    /// Every member imports a slice of the demonstration's files: every student whose row number leaves no remainder.
    pub(crate) fn import(&self, one_in: usize) {
        for name in self.names() {
            let arguments = self.slice(&name, one_in, self.dir.path());
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            self.node(&name, &arguments);
        }
    }

    /// Every member imports all its files of the demonstration and its list of students who opted out.
    pub(crate) fn import_whole(&self) {
        for name in self.names() {
            let folder = demonstration(&name);
            let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            let (lists, files): (Vec<PathBuf>, Vec<PathBuf>) =
                files.partition(|path| path.ends_with("optout.csv"));
            let mut arguments = vec!["import"];
            arguments.extend(files.iter().map(|path| path.to_str().unwrap()));
            self.node(&name, &arguments);
            for list in lists {
                self.node(&name, &["optout", "import", list.to_str().unwrap()]);
            }
        }
    }

    /// Writes such a slice of one member's files into `folder` and returns the command that imports it.
    pub(crate) fn slice(&self, name: &str, one_in: usize, folder: &Path) -> Vec<String> {
        let school = self.members.iter().any(|(member, segment, _)| member == name && segment == "k12");
        let source = demonstration(name);
        let kinds: &[&str] =
            if school { &["SENR.txt", "SINF.txt"] } else { &["students.csv", "enrollments.csv"] };
        let mut arguments = vec!["import".to_owned()];
        for kind in kinds {
            let file = format!("{name}-{kind}");
            let target = folder.join(&file);
            let form = if kind.ends_with("csv") { Form::CollegeCsv } else { Form::Calpads };
            thin(&source.join(&file), &target, one_in, form);
            arguments.push(target.display().to_string());
        }
        arguments
    }

    /// Where a round ended: follows rounds opened again after an abort.
    pub(crate) fn end_of(&self, round: &str) -> Value {
        let mut round = round.to_owned();
        let began = Instant::now();
        loop {
            let Ok(shown) = self.try_run("coordinator", &["round", "show", &round]) else {
                assert!(
                    began.elapsed() < PATIENCE,
                    "the coordinator does not answer: {}",
                    self.output("coordinator")
                );
                sleep(Duration::from_millis(100));
                continue;
            };
            if began.elapsed() > PATIENCE {
                let logs: Vec<String> = self.names().iter().map(|name| self.output(name)).collect();
                panic!("the round did not end: {shown}\n{}", logs.join("\n\n"));
            }
            match (shown["phase"].as_str(), shown["reopened_as"].as_str()) {
                (Some("aborted"), Some(next)) => round = next.to_owned(),
                (Some("aborted" | "finished"), _) => return shown,
                _ => sleep(Duration::from_millis(100)),
            }
        }
    }

    /// The figures a member was given in a round, without the column that names the round.
    pub(crate) fn figures(&self, name: &str, round: &str) -> String {
        let path = self.dir.path().join(format!("{name}.csv"));
        self.until(name, &["report", "export", round, "--format", "csv", "--out", path.to_str().unwrap()]);
        let text = fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| line.split_once(',').map_or(line, |(_, rest)| rest))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Kills a process as a power cut would, and starts it again.
    pub(crate) fn kill_and_restart(&mut self, name: &str) {
        self.kill(name);
        self.serve(name);
    }

    /// Kills a process.
    pub(crate) fn kill(&mut self, name: &str) {
        let index = self.children.iter().position(|(child, _)| child == name).unwrap();
        let (_, mut child) = self.children.remove(index);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Process number of the daemon of a folder.
    pub(crate) fn pid(&self, name: &str) -> u32 {
        self.children.iter().find(|(child, _)| child == name).unwrap().1.id()
    }

    /// Starts the daemon of a folder and waits until it takes commands.
    pub(crate) fn serve(&mut self, name: &str) {
        let log = File::create(self.dir.path().join(format!("{name}.out"))).unwrap();
        let child = self
            .command(name)
            .arg("serve")
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        self.children.push((name.to_owned(), child));
        // A command before the daemon listens would open the folder itself and keep the daemon out.
        let socket = self.folder(name).join("control.sock");
        let began = Instant::now();
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(began.elapsed() < PATIENCE, "{name} did not start: {}", self.output(name));
            sleep(Duration::from_millis(50));
        }
    }

    /// A coordinator command that must succeed.
    pub(crate) fn coordinator(&self, arguments: &[&str]) -> Value {
        self.run("coordinator", arguments)
    }

    /// A node command that must succeed.
    pub(crate) fn node(&self, name: &str, arguments: &[&str]) -> Value {
        self.run(name, arguments)
    }

    fn run(&self, name: &str, arguments: &[&str]) -> Value {
        match self.try_run(name, arguments) {
            Ok(value) => value,
            Err(failure) => panic!("{name} {arguments:?}: {failure}\n{}", self.output(name)),
        }
    }

    /// Starts a command and does not wait for it.
    pub(crate) fn begin(&self, name: &str, arguments: &[String]) -> Child {
        let mut command = self.command(name);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// A command that may be refused: its answer, or its refusal.
    pub(crate) fn try_run(&self, name: &str, arguments: &[&str]) -> Result<Value, Value> {
        let output = self.command(name).arg("--json").args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let value = serde_json::from_str(text.trim()).unwrap_or(Value::String(text));
        if output.status.success() { Ok(value) } else { Err(value) }
    }

    /// Repeats a command until it succeeds.
    pub(crate) fn until(&self, name: &str, arguments: &[&str]) -> Value {
        let began = Instant::now();
        loop {
            match self.try_run(name, arguments) {
                Ok(value) => return value,
                Err(failure) if began.elapsed() > PATIENCE => {
                    panic!("{name} {arguments:?}: {failure}\n{}", self.output(name))
                }
                Err(_) => sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Names of the members.
    pub(crate) fn names(&self) -> Vec<String> {
        self.members.iter().map(|(name, ..)| name.clone()).collect()
    }

    /// Opaque codes of the members.
    pub(crate) fn codes(&self) -> Vec<String> {
        let code = |(name, ..): &(String, String, String)| {
            self.node(name, &["doctor"])["code"].as_str().unwrap().to_owned()
        };
        self.members.iter().map(code).collect()
    }

    /// The state folder of a party.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join("state").join(name)
    }

    /// The folder for temporary files of every process.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.dir.path().join("tmp")
    }

    fn output(&self, name: &str) -> String {
        let log = fs::read_to_string(self.folder(name).join("log.jsonl")).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(15).collect();
        let printed = fs::read_to_string(self.dir.path().join(format!("{name}.out"))).unwrap_or_default();
        format!("{printed}\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }

    fn command(&self, name: &str) -> Command {
        let program = if name == "coordinator" { "passage-coordinator" } else { "passage-node" };
        let mut command = Command::new(binary(program));
        // Sessions of different tests stay apart: each in its state folder.
        command.env_remove("XDG_RUNTIME_DIR");
        command.env("TMPDIR", self.temporary()).arg("--dir").arg(self.folder(name));
        command
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for (_, child) in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A UDP port that is free now.
pub(crate) fn free_port() -> u16 {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files of a member of the demonstration.
pub(crate) fn demonstration(name: &str) -> PathBuf {
    repository().join("deploy/demo/members").join(name)
}

/// A binary of this workspace, beside the test's own; `cargo test --workspace` has built it.
fn binary(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let path = path.join(name);
    assert!(path.exists(), "{} is not built; run `cargo build --workspace --bins`", path.display());
    path
}

/// How a file of the demonstration is written.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Calpads,
    CollegeCsv,
}

/// Copies every `one_in`-th student of a file: the last digits of the local id decide, so files of one member agree.
fn thin(source: &Path, target: &Path, one_in: usize, form: Form) {
    let bytes = fs::read(source).unwrap();
    let mut kept = Vec::new();
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let text = String::from_utf8_lossy(line);
        let id = match form {
            Form::Calpads => text.split('^').nth(8),
            Form::CollegeCsv => text.split(',').next(),
        };
        let digits: String = id.unwrap_or_default().chars().rev().take_while(char::is_ascii_digit).collect();
        let digits: usize = digits.chars().rev().collect::<String>().parse().unwrap_or(0);
        if (form == Form::CollegeCsv && number == 0) || digits.is_multiple_of(one_in) {
            kept.extend_from_slice(line);
        }
    }
    fs::write(target, kept).unwrap();
}
