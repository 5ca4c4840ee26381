//! What a stranger finds after `data destroy`: nothing in the folder of a node, and nothing in the memory of the running daemon that
//! imported the files, answered queries about them and prepared a round from them (F10, I7). Before it: nothing on the disk either.
//! And a destruction killed at any moment ends with a certificate of something that is gone.

use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    fleet::{Fleet, THREE, free_port},
    needles::Needles,
    papers::Noise,
};

/// Kills of a destruction. `custody` and `data::destruction` of the node try every step by itself.
const KILLS: usize = 12;

/// Imports what a member has: CALPADS files, a college's CSV files, or the same as a workbook; and a list of opt-outs that
/// names people no other file names. Answers what must not be found.
fn import(fleet: &Fleet, name: &str) -> Needles {
    let mut arguments = fleet.slice(name, 3, fleet.dir.path());
    let file = |kind: &str| fleet.dir.path().join(format!("{name}-{kind}"));
    let mut needles = match name {
        "K12A" => Needles::of_senr(&file("SENR.txt")),
        "UNIV" => {
            let workbook = file("students.xlsx");
            let needles = Needles::of_college(&file("students.csv"));
            as_workbook(&file("students.csv"), &workbook);
            arguments[1] = workbook.display().to_string();
            needles
        }
        _ => Needles::of_college(&file("students.csv")),
    };
    fleet.node(name, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let absent: Vec<String> = (0..50).map(|number| format!("ABSENT-{name}-{number:04}")).collect();
    let list = file("optout.csv");
    fs::write(&list, format!("student_id\n{}\n", absent.join("\n"))).unwrap();
    fleet.node(name, &["optout", "import", list.to_str().unwrap()]);
    absent.iter().for_each(|id| needles.plant(id));
    assert!(needles.len() > 400, "{}", needles.len());
    needles
}

/// The same rows as a workbook of texts.
fn as_workbook(csv: &Path, workbook: &Path) {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_path(csv).unwrap();
    for (row, record) in (0_u32..).zip(rows.records()) {
        for (column, text) in (0_u16..).zip(record.unwrap().iter()) {
            sheet.write_string(row, column, text).unwrap();
        }
    }
    book.save(workbook).unwrap();
}

#[test]
fn after_a_destruction_neither_disk_nor_memory_holds_a_student() {
    let port = free_port();
    let fleet = Fleet::start(THREE, port, port);
    let members: Vec<(String, Needles)> =
        fleet.names().into_iter().map(|name| (name.clone(), import(&fleet, &name))).collect();
    let agreement = fleet.agree(Noise::None);
    fleet.play(&fleet.study(&agreement));

    for (name, needles) in &members {
        let (folder, pid) = (fleet.folder(name), fleet.pid(name));
        assert_eq!(needles.below(&folder, &mut |_| {}), Vec::<String>::new(), "{name} at rest, before");
        // The daemon has had every name in its hands: it imported them, prepared a round, and answers about them.
        let asked =
            format!("SELECT count(*) AS n FROM student WHERE first < '{0}' OR last < '{0}'", needles.last());
        fleet.node(name, &["query", &asked]);
        fleet.node(name, &["query", "SELECT first, last, ssid FROM student ORDER BY last LIMIT 1000"]);
        let half = fs::read(folder.join("keys/data-1.key")).unwrap();

        let destroyed = fleet.node(name, &["data", "destroy", "--by", "Tester"]);
        let certificate = destroyed["certificate"].as_str().unwrap().to_owned();
        let checked = fleet.node(name, &["data", "certificate", &certificate]);
        assert_eq!(checked["statement"]["verified"], true, "{checked}");
        // What the daemon still does afterwards must not bring anything back.
        assert_eq!(fleet.node(name, &["data", "status"])["students"], 0);
        let mut files = Vec::new();
        let hits = needles.below(&folder, &mut |path| files.push(fs::read(path).unwrap_or_default()));
        assert_eq!(hits, Vec::<String>::new(), "{name} at rest, after");
        let holds_half = |file: &Vec<u8>| file.windows(32).any(|part| part == &half[..32]);
        assert!(!files.iter().any(holds_half), "{name}: the half of the key is still in a file");
        let mut needles = needles.clone();
        needles.plant_bytes(&half[..32]);
        let hits = needles.in_memory(pid);
        assert!(hits.is_empty(), "{name}: {} in memory, such as {:?}", hits.len(), hits.first());
    }
    // The search itself finds what is there: this process holds every name.
    let (_, needles) = &members[0];
    assert!(needles.in_memory(std::process::id()).len() > needles.len() / 2);
}

#[test]
fn a_destruction_killed_at_any_moment_is_finished_and_certified_or_was_not_ordered() {
    const MEMBER: &str = "CC1";
    let port = free_port();
    let mut fleet = Fleet::start(&[(MEMBER, "cc", "receiver")], port, port);
    // From here on the command line has the folder to itself.
    fleet.kill(MEMBER);
    fleet.kill("coordinator");
    let slice = fleet.slice(MEMBER, 8, fleet.dir.path());
    let slice: Vec<&str> = slice.iter().map(String::as_str).collect();
    let destroy: Vec<String> = ["data", "destroy", "--by", "Tester"].map(str::to_owned).to_vec();
    fleet.node(MEMBER, &slice);
    let began = Instant::now();
    assert!(fleet.begin(MEMBER, &destroy).wait().unwrap().success());
    let length = began.elapsed();
    let certificates = || fs::read_dir(fleet.folder(MEMBER).join("certificates")).unwrap().count();
    let (mut kills, mut ordered, mut issued) = (0, 0, 1);
    for attempt in 0.. {
        assert!(attempt < 10 * KILLS, "{kills} kills in {attempt} attempts");
        fleet.node(MEMBER, &slice);
        let mut destruction = fleet.begin(MEMBER, &destroy);
        // Kills spread evenly over the time one takes, a little past its end.
        sleep(length.mul_f64((attempt % KILLS) as f64 / KILLS as f64) + Duration::from_millis(1));
        destruction.kill().unwrap();
        kills += usize::from(destruction.wait().unwrap().signal() == Some(9));
        // Opening the folder goes on with what was ordered.
        let students = fleet.node(MEMBER, &["data", "status"])["students"].as_u64().unwrap();
        let gone = students == 0;
        ordered += usize::from(gone);
        issued += usize::from(gone);
        assert_eq!(certificates(), issued, "kill {kills}, {students} students");
        let keys = fs::read_dir(fleet.folder(MEMBER).join("keys")).unwrap().count();
        let tables = fs::read_dir(fleet.folder(MEMBER).join("tables")).unwrap().count();
        assert_eq!((keys, tables == 0), (1, gone), "kill {kills}, {students} students");
        if kills >= KILLS && ordered > 0 {
            break;
        }
    }
    for entry in fs::read_dir(fleet.folder(MEMBER).join("certificates")).unwrap() {
        let path = entry.unwrap().path();
        let checked = fleet.node(MEMBER, &["data", "certificate", path.to_str().unwrap()]);
        assert_eq!(checked["statement"]["verified"], true, "{checked}");
    }
}
