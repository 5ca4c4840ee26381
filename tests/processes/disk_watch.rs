//! Nothing a file says about a student touches a disk in the clear, at any time: folders and open files are read over and over
//! while a daemon imports, while a query asks for more memory than it may take, and while a list of a round is larger than its memory.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    fleet::{Fleet, PATIENCE, THREE, free_port},
    needles::Needles,
    papers::Noise,
};

const SHARED_MEMORY: &str = "/dev/shm";
/// Looks at all places this often at least while something is watched.
const LOOKS_MIN: usize = 5;

/// Where a process could put what it does not hold in memory, and what must not be there.
#[derive(Clone)]
struct Places {
    needles: Needles,
    folders: Vec<PathBuf>,
    /// Files there before, or read by order.
    known: BTreeSet<PathBuf>,
    pid: u32,
}

/// What was seen so far.
#[derive(Clone, Debug, Default)]
struct Seen {
    looks: usize,
    files: BTreeSet<PathBuf>,
    hits: BTreeSet<String>,
    over: bool,
}

impl Places {
    fn look(&self, seen: &mut Seen) {
        for folder in &self.folders {
            let hits = self.needles.below(folder, &mut |path| {
                seen.files.insert(path.to_owned());
            });
            let known = |hit: &String| {
                self.known.iter().any(|path| hit.ends_with(&format!(" in {}", path.display())))
            };
            seen.hits.extend(hits.into_iter().filter(|hit| !known(hit)));
        }
        // Objects of shared memory are files without a folder; folders there are of others.
        for entry in fs::read_dir(SHARED_MEMORY).into_iter().flatten().flatten() {
            let path = entry.path();
            if !self.known.contains(&path) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                seen.hits.extend(self.needles.in_file(&path, &mut |_| {}));
            }
        }
        // Whatever the process has open, also a file whose name is gone or that never had one.
        for entry in fs::read_dir(format!("/proc/{}/fd", self.pid)).into_iter().flatten().flatten() {
            let Ok(target) = fs::read_link(entry.path()) else { continue };
            let named = target.to_string_lossy();
            let is_file =
                named.starts_with('/') && !named.starts_with("/dev/") && !named.starts_with("/proc/");
            if !is_file && !named.starts_with("/memfd:") && !named.starts_with("/dev/shm/") {
                continue;
            }
            if self.known.contains(&target) {
                continue;
            }
            // A folder is open now and then, to sync it.
            let Ok(bytes) = fs::read(entry.path()) else { continue };
            let hits = self.needles.found(&bytes);
            seen.hits.extend(hits.into_iter().map(|hit| format!("{hit} in the open file {named}")));
            seen.files.insert(target);
        }
        seen.looks += 1;
    }

    fn watch(&self) -> Watch {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let (places, shared) = (self.clone(), Arc::clone(&seen));
        let thread = thread::spawn(move || {
            while !shared.lock().unwrap().over {
                let mut now = shared.lock().unwrap().clone();
                places.look(&mut now);
                let mut shared = shared.lock().unwrap();
                *shared = Seen { over: shared.over, ..now };
            }
        });
        Watch { seen, thread }
    }
}

struct Watch {
    seen: Arc<Mutex<Seen>>,
    thread: JoinHandle<()>,
}

impl Watch {
    fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    fn end(self) -> Seen {
        self.seen.lock().unwrap().over = true;
        self.thread.join().unwrap();
        Arc::into_inner(self.seen).unwrap().into_inner().unwrap()
    }
}

/// The places of a member's daemon: its state folder, its folder for temporary files, and shared memory.
fn places(fleet: &Fleet, name: &str, needles: Needles, inputs: &[String]) -> Places {
    let there = fs::read_dir(SHARED_MEMORY).into_iter().flatten().flatten();
    let known = inputs.iter().map(PathBuf::from).chain(there.map(|entry| entry.path())).collect();
    Places { needles, folders: vec![fleet.folder(name), fleet.temporary()], known, pid: fleet.pid(name) }
}

fn inputs(arguments: &[String]) -> Vec<String> {
    arguments[1..].to_vec()
}

#[test]
fn nothing_is_on_a_disk_in_the_clear_while_files_are_imported() {
    let port = free_port();
    let fleet = Fleet::start(&[("K12A", "k12", "sender"), ("CC1", "cc", "receiver")], port, port);
    for name in fleet.names() {
        let import = fleet.slice(&name, 1, fleet.dir.path());
        let needles = match name.as_str() {
            "K12A" => Needles::of_senr(Path::new(&import[1])),
            _ => Needles::of_college(Path::new(&import[1])),
        };
        assert!(needles.len() > 1_000, "{}", needles.len());
        let watch = places(&fleet, &name, needles, &inputs(&import)).watch();
        let began = Instant::now();
        // Until the watch has seen a table half-written, so that it is known to have looked in the middle.
        loop {
            fleet.node(&name, &import.iter().map(String::as_str).collect::<Vec<_>>());
            let seen = watch.seen();
            let half_written = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "tmp");
            if seen.looks >= LOOKS_MIN && seen.files.iter().any(half_written) {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "no table was seen half-written: {:?}", seen.files);
        }
        let seen = watch.end();
        assert!(
            seen.hits.is_empty(),
            "{name}: {} in the clear, such as {:?}",
            seen.hits.len(),
            seen.hits.first()
        );
    }
}

#[test]
fn nothing_is_on_a_disk_in_the_clear_while_a_query_needs_more_memory_than_it_may_take() {
    let port = free_port();
    let mut fleet = Fleet::start(&[("K12A", "k12", "sender")], port, port);
    fs::write(fleet.folder("K12A").join("node.toml"), "query_memory_mib = 48\n").unwrap();
    fleet.kill_and_restart("K12A");
    let import = fleet.slice("K12A", 1, fleet.dir.path());
    fleet.node("K12A", &import.iter().map(String::as_str).collect::<Vec<_>>());
    let needles = Needles::of_senr(Path::new(&import[1]));
    let watch = places(&fleet, "K12A", needles, &inputs(&import)).watch();
    // A sort, a grouping and a join: what an engine would spill.
    let hungry = [
        "SELECT a.first, a.last, a.ssid, b.first AS first2, b.last AS last2, b.birth_date FROM student a CROSS JOIN student b ORDER BY a.last, b.birth_date",
        "SELECT a.first || b.last AS name, count(*) FROM student a CROSS JOIN student b GROUP BY a.first || b.last, a.ssid, b.ssid",
        "SELECT count(*) FROM (SELECT a.ssid || b.last AS k FROM student a CROSS JOIN student b) x JOIN (SELECT a.ssid || b.last AS k FROM student a CROSS JOIN student b) y ON x.k = y.k",
    ];
    let began = Instant::now();
    while watch.seen().looks < LOOKS_MIN {
        for sql in hungry {
            let refusal = fleet.try_run("K12A", &["query", sql]).unwrap_err();
            assert_eq!(refusal["code"], "N2824", "{refusal}");
        }
        assert!(began.elapsed() < PATIENCE, "{:?}", watch.seen());
    }
    let seen = watch.end();
    assert!(seen.hits.is_empty(), "{} in the clear, such as {:?}", seen.hits.len(), seen.hits.first());
    assert!(
        seen.files.iter().any(|path| path.extension().is_some_and(|ending| ending == "table")),
        "{seen:?}"
    );
}

/// A list that may not stand in memory is prepared and shuffled in files without names that nobody can read. Of a node that is
/// killed while it holds such files nothing is left of them; it prepares again, and the round ends.
#[test]
fn nothing_is_on_a_disk_in_the_clear_while_a_list_larger_than_its_memory_is_prepared_or_after_a_kill() {
    let port = free_port();
    let mut fleet = Fleet::start(THREE, port, port);
    for name in fleet.names() {
        fs::write(fleet.folder(&name).join("node.toml"), "round_memory_mib = 0\n").unwrap();
        fleet.kill_and_restart(&name);
    }
    fleet.import(1);
    let students = fleet.dir.path().join("UNIV-students.csv");
    let needles = Needles::of_college(&students);
    assert!(needles.len() > 1_000, "{}", needles.len());
    let shelf = fleet.folder("UNIV").join("shelf");
    let is_nameless =
        |path: &PathBuf| path.starts_with(&shelf) && path.to_string_lossy().ends_with("(deleted)");
    let mut places = places(&fleet, "UNIV", needles, &[students.display().to_string()]);

    let round = fleet.open(&fleet.question(Noise::None, &["all"]));
    for killed in 0..3 {
        // Its rows wait in a file for the people who have not said yes.
        places.pid = fleet.pid("UNIV");
        let watch = places.watch();
        let began = Instant::now();
        while !watch.seen().files.iter().any(is_nameless) || watch.seen().looks < LOOKS_MIN {
            assert!(began.elapsed() < PATIENCE, "no file without a name was seen: {:?}", watch.seen().files);
            thread::sleep(Duration::from_millis(5));
        }
        if killed < 2 {
            fleet.kill("UNIV");
        } else {
            // The last time it goes on to the end, with the other members' lists in such files too.
            fleet.approve("latest");
            assert_eq!(fleet.end_of(&round)["phase"], "finished");
        }
        let seen = watch.end();
        assert!(seen.hits.is_empty(), "{} in the clear, such as {:?}", seen.hits.len(), seen.hits.first());
        if killed < 2 {
            let mut left = Seen::default();
            places.look(&mut left);
            assert!(left.hits.is_empty(), "{:?}", left.hits.first());
            let blobs: Vec<_> = fs::read_dir(&shelf).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert!(blobs.is_empty(), "the shelf of a killed node holds {blobs:?}");
            fleet.serve("UNIV");
        }
    }
}

#[test]
fn the_watch_sees_a_file_while_it_is_there_and_one_that_has_no_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut needles = Needles::default();
    needles.plant("MARKERSON");
    let places = Places {
        needles,
        folders: vec![folder.path().to_owned()],
        known: BTreeSet::from([folder.path().join("input.txt")]),
        pid: std::process::id(),
    };
    let watch = places.watch();
    let until = |there: &dyn Fn(&Seen) -> bool| {
        let began = Instant::now();
        while !there(&watch.seen()) {
            assert!(began.elapsed() < PATIENCE, "{:?}", watch.seen());
            thread::sleep(Duration::from_millis(1));
        }
    };
    fs::write(folder.path().join("input.txt"), "Quillona MARKERSON").unwrap();
    until(&|seen| seen.files.contains(&folder.path().join("input.txt")));
    let looks = watch.seen().looks;
    until(&|seen| seen.looks > looks);
    assert!(watch.seen().hits.is_empty(), "{:?}", watch.seen());

    fs::create_dir(folder.path().join("deep")).unwrap();
    let path = folder.path().join("deep/spill.tmp");
    fs::write(&path, "1\0MARKERSON").unwrap();
    until(&|seen| !seen.hits.is_empty());
    fs::remove_file(&path).unwrap();

    let mut nameless: File = tempfile::tempfile().unwrap();
    nameless.write_all(b"..MARKERSON").unwrap();
    until(&|seen| seen.hits.iter().any(|hit| hit.contains("open file")));
    assert!(watch.end().hits.len() >= 2);
}
