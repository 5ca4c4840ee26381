//! Large files: memory that has a bound, progress that can be seen, an import that ends when nobody waits for it any more, and
//! staged files cut off anywhere. The largest runs by hand:
//! `cargo test -p passage-node --test command_line -- --ignored three_million --nocapture`.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{BufWriter, Write as _},
    ops::ControlFlow,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::Stdio,
    sync::Mutex,
    time::{Duration, Instant},
};

use passage_node::{
    command::{Asked, Command},
    data::{Extent, ImportMode, ImportRequest, Problems},
};
use passage_protocol::agreement::Segment;
use passage_shell::control::{self, Progress};

use crate::{
    pupils::{sinf, sinf_of},
    world::{Daemon, Node, names_in},
};

/// Most a daemon may have resident while it imports course files, MiB: digests up to 224, rows that wait 96, and itself.
const RESIDENT_MIB_MAX: u64 = 512;
/// Rows of the large files.
const LARGE_ROWS: u64 = 3_000_000;
/// Every so many-th row is written twice.
const REPEATED_EVERY: u64 = 1_000;
/// Courses of one student.
const COURSES: u64 = 10;
/// A chunk of a sealed file (`passage_analytics::sealed`).
const CHUNK: usize = 64 << 10;

/// A sort of course file, made as it is written.
#[derive(Clone, Copy, Debug)]
enum Courses {
    Scsc,
    College,
}

impl Courses {
    fn segment(self) -> Segment {
        match self {
            Self::Scsc => Segment::K12,
            Self::College => Segment::Cc,
        }
    }

    /// Writes so many different rows, and some of them twice; answers how many rows that are in all.
    fn write(self, path: &Path, rows: u64, seed: u64) -> u64 {
        let mut out = BufWriter::new(File::create(path).unwrap());
        let mut line = String::new();
        if let Self::College = self {
            out.write_all(b"student_id,term,subject,number,title,units,grade,levels_below_transfer\n")
                .unwrap();
        }
        let mut written = 0;
        for row in 0..rows {
            line.clear();
            self.row(row, seed, &mut line);
            let times = if row % REPEATED_EVERY == 0 { 2 } else { 1 };
            for _ in 0..times {
                out.write_all(line.as_bytes()).unwrap();
            }
            written += times;
        }
        out.flush().unwrap();
        written
    }

    fn row(self, row: u64, seed: u64, line: &mut String) {
        let (student, course) = (row / COURSES, row % COURSES);
        let grade = ["A", "B", "C", "D", "F"][usize::try_from((student ^ seed) % 5).unwrap()];
        match self {
            Self::Scsc => write!(
                line,
                "SCSC^^R{row}^9912345^{:07}^2020-2021^{:010}^S{student}^ANA^GARCIA^20030412^F^CRS{course:03}^SEC{:03}^S1^5.00^5.00^{grade}^B^S1\r\n",
                9_930_001 + student % 40,
                1_000_000_000 + student,
                row % 300,
            ),
            Self::College => writeln!(
                line,
                "S{student},20{}FA,MATH,{},Course {course},4,{grade},1",
                10 + student % 12,
                100 + course,
            ),
        }
        .unwrap();
    }
}

/// An import, as a program that waits for it asks the daemon.
fn import(node: &Node, file: &str, stop: impl Fn(&Progress) -> bool + Sync) -> (Vec<Progress>, bool) {
    let request = ImportRequest {
        files: vec![file.into()],
        layouts: Vec::new(),
        period: None,
        extent: Extent::Named,
        mode: ImportMode::Keep,
        problems: Problems::CountOnly,
    };
    let steps = Mutex::new(Vec::new());
    let answer = control::call(
        &node.dir,
        &Asked { session: None, command: Command::Import(request) },
        &|step: Progress| {
            let gone = stop(&step);
            steps.lock().unwrap().push(step);
            if gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    );
    let answer = answer.expect("a daemon serves the folder");
    (steps.into_inner().unwrap(), answer.is_ok())
}

/// Waits until the daemon has let go of an import nobody waits for: the next one, of a small file, has to wait for it.
fn settle(node: &Node, small: &str, daemon: &Daemon) {
    node.run(&["import", small]).succeeded();
    assert!(daemon.peak_memory_kib() > 0, "the daemon lives on");
    assert!(node.roster_files().iter().all(|file| !file.ends_with(".tmp")), "{:?}", node.roster_files());
}

fn small_file(node: &Node, kind: Courses) -> String {
    let path = node.dir.parent().unwrap().join("small.txt");
    kind.write(&path, 120, 7); // twelve students: every term of the college
    path.to_str().unwrap().to_owned()
}

/// A client goes away in the middle of each of these passes; the old state stays. Then the file is imported whole, within the
/// bound. Answers what was measured.
fn abandoned_and_then_whole(kind: Courses, rows: u64, passes: &[&str]) -> String {
    let node = Node::joined(kind.segment());
    let daemon = node.serve();
    let small = small_file(&node, kind);
    node.run(&["import", &small]).succeeded();
    let old = (node.status(), node.roster_files());
    let large = node.dir.parent().unwrap().join("large.txt");
    let written = kind.write(&large, rows, 11);
    let large = large.to_str().unwrap().to_owned();

    for pass in passes {
        let halfway = |step: &Progress| step.what.starts_with(pass) && step.done * 2 > step.total.unwrap();
        let (steps, answered) = import(&node, &large, halfway);
        assert!(!answered && steps.iter().any(|step| step.what.starts_with(pass)), "{pass}: {steps:?}");
        settle(&node, &small, &daemon);
        assert_eq!((node.status(), node.roster_files()), old, "{kind:?}, {pass}");
    }

    let began = Instant::now();
    let (steps, answered) = import(&node, &large, |_| false);
    let (seconds, peak) = (began.elapsed().as_secs_f64(), daemon.peak_memory_kib() / 1024);
    assert!(answered);
    for step in &steps {
        assert!(step.detail.contains(" rows, ") && step.detail.ends_with(" s left"), "{step:?}");
        assert!(step.done <= step.total.unwrap(), "{step:?}");
    }
    let status = node.status();
    let held: u64 =
        status["tables"].as_array().unwrap().iter().map(|one| one["rows"].as_u64().unwrap()).sum();
    // The small file's rows stay where the large one does not name their school, and it names them all.
    assert_eq!(held, rows, "{kind:?}: {written} rows were written, repeats among them");
    assert!(peak < RESIDENT_MIB_MAX, "{kind:?}: {peak} MiB");
    let rate = written as f64 / seconds;
    format!("{kind:?}: {written} rows in {seconds:.0} s, {rate:.0} rows a second, peak {peak} MiB resident")
}

#[test]
fn a_large_file_is_left_alone_when_nobody_waits_and_imported_whole_when_somebody_does() {
    eprintln!("{}", abandoned_and_then_whole(Courses::Scsc, 25_000, &["finding changes", "reading"]));
    eprintln!("{}", abandoned_and_then_whole(Courses::College, 25_000, &["reading"]));
}

/// `node/docs/performance.md` has what these measured. Each needs 1 GB of disk.
#[test]
#[ignore = "three million rows"]
fn three_million_rows_of_a_district_are_imported_in_bounded_memory() {
    eprintln!("{}", abandoned_and_then_whole(Courses::Scsc, LARGE_ROWS, &["finding changes"]));
}

#[test]
#[ignore = "three million rows"]
fn three_million_rows_of_a_college_are_imported_in_bounded_memory() {
    eprintln!("{}", abandoned_and_then_whole(Courses::College, LARGE_ROWS, &["finding repeats"]));
}

/// What a member holds, without the moment of the import.
fn held(node: &Node) -> serde_json::Value {
    let mut status = node.status();
    for table in status["tables"].as_array_mut().unwrap() {
        table.as_object_mut().unwrap().remove("imported");
    }
    status
}

/// Bytes of the staged files.
fn staged(node: &Node) -> u64 {
    let files = fs::read_dir(node.dir.join("tables")).unwrap().flatten();
    let staged = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "tmp"));
    staged.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

/// `kill -9` when the staged files have reached seeded sizes: the old state or the new one, whole. Answers how many left which.
fn killed_at_seeded_sizes(kind: Courses, rows: u64, kills: u64, seed: u64) -> String {
    let node = Node::joined(kind.segment());
    let small = small_file(&node, kind);
    node.run(&["import", &small]).succeeded();
    let old = held(&node);
    let large = node.dir.parent().unwrap().join("large.txt");
    kind.write(&large, rows, 11);
    let large = large.to_str().unwrap().to_owned();
    node.run(&["import", &large]).succeeded();
    let new = held(&node);
    let size: u64 = new["tables"].as_array().unwrap().iter().map(|one| one["bytes"].as_u64().unwrap()).sum();
    let (mut stayed, mut killed) = (0, 0);
    for kill in 0..kills {
        node.run(&["import", &small, "--whole"]).succeeded();
        assert_eq!(held(&node), old);
        let digest = blake3::hash(&[seed.to_le_bytes(), kill.to_le_bytes()].concat());
        let place = u64::from_le_bytes(*digest.as_bytes().first_chunk().unwrap()) % size;
        let mut child = node.command().args(["import", &large]).stdout(Stdio::null()).spawn().unwrap();
        while staged(&node) < place && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        killed += u64::from(child.wait().unwrap().signal() == Some(9));
        let seen = held(&node);
        stayed += u64::from(seen == old);
        assert!(seen == old || seen == new, "killed at byte {place}: {seen}");
        assert_eq!(staged(&node), 0, "killed at byte {place}");
    }
    assert!(killed > 0 && stayed > 0, "{killed} killed, {stayed} stayed");
    format!("{kind:?}, {rows} rows: {killed} kills, {stayed} left the old state")
}

#[test]
fn an_import_killed_while_its_file_is_staged_is_there_whole_or_not_at_all() {
    eprintln!("{}", killed_at_seeded_sizes(Courses::Scsc, 8_000, 8, 1));
}

#[test]
#[ignore = "three million rows, several times"]
fn three_million_rows_killed_while_they_are_staged_are_there_whole_or_not_at_all() {
    eprintln!("{}", killed_at_seeded_sizes(Courses::College, LARGE_ROWS, 3, 2));
}

/// What a kill leaves, at every place a chunk of the staged file ends and one byte around it: the file cut off there, before it
/// got its name or after, and no catalogue that names it. The old state is whole and nothing is left over.
#[test]
fn a_staged_file_cut_off_at_any_chunk_leaves_the_old_state() {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("old.txt", sinf(25))]).succeeded();
    let old = (node.status(), node.roster_files());
    let tables = node.dir.join("tables");
    // What the new state's file would be: the same import elsewhere.
    let other = Node::joined(Segment::K12);
    let pupils: Vec<crate::pupils::Pupil> = (1..=12_000)
        .map(|number| {
            let mut pupil = crate::pupils::Pupil::number(number);
            pupil.last = format!("MARKERSON{}", blake3::hash(&number.to_le_bytes()).to_hex());
            pupil
        })
        .collect();
    other.run(&["import", &other.file("new.txt", sinf_of(&pupils))]).succeeded();
    let [name] = other.roster_files().try_into().unwrap();
    let whole = fs::read(other.dir.join("tables").join(&name)).unwrap();
    assert!(whole.len() > 6 * CHUNK, "{} bytes", whole.len());
    let mut places = vec![0, 1, whole.len() - 1, whole.len()];
    for boundary in (1..).map(|chunk| chunk * CHUNK).take_while(|place| *place < whole.len()) {
        places.extend([boundary - 1, boundary, boundary + 1]);
    }
    for place in places {
        fs::write(tables.join("student.calpads-sinf.2022-2023.0.tmp"), &whole[..place]).unwrap();
        fs::write(tables.join(&name), &whole[..place]).unwrap();
        assert_eq!((node.status(), names_in(&tables)), old, "cut off at byte {place}");
    }
}
