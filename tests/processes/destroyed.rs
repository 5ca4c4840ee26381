//! What a stranger finds after `data destroy`: nothing in the node's folder, and nothing in the memory of the running daemon that
//! imported the files, answered queries about them and prepared a round from them (F10, I7). Before it: nothing on the disk either.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use crate::fleet::{Fleet, free_port};

/// Names and numbers of the demonstration's district that stand in no program text.
fn planted(file: &Path) -> BTreeSet<Vec<u8>> {
    let text = fs::read_to_string(file).unwrap();
    let mut needles = BTreeSet::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('^').collect();
        // SSID, local number, and the names: long enough not to be found by chance.
        for at in [7, 8, 9, 11] {
            if fields[at].len() >= 8 {
                needles.insert(fields[at].as_bytes().to_vec());
            }
        }
    }
    assert!(needles.len() > 400, "{}", needles.len());
    needles
}

/// The needles found in `haystack`, by their first eight bytes: one pass, whatever their number.
fn found<'a>(haystack: &[u8], needles: &'a BTreeSet<Vec<u8>>) -> Vec<&'a [u8]> {
    let mut hits = BTreeSet::new();
    let mut begins = vec![false; 1 << 16];
    for needle in needles {
        begins[usize::from(u16::from_le_bytes([needle[0], needle[1]]))] = true;
    }
    for at in 0..haystack.len().saturating_sub(8) {
        let start = &haystack[at..at + 8];
        if !begins[usize::from(u16::from_le_bytes([start[0], start[1]]))] {
            continue;
        }
        let mut near = needles.range(start.to_vec()..).take_while(|needle| needle.starts_with(start));
        hits.extend(near.find(|needle| haystack[at..].starts_with(needle)).map(Vec::as_slice));
    }
    hits.into_iter().collect()
}

/// Every readable byte of a process that it could have written, region by region.
fn memory(pid: u32, each: &mut dyn FnMut(&[u8], &str)) {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mut memory = fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        // The program's own text and tables hold given names too (nicknames); nothing of a run can be written there.
        let program = !rights.contains('w') && line.contains('/');
        if !rights.starts_with('r') || program || line.ends_with("[vvar]") || line.ends_with("[vsyscall]") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        // A region may go away between the two looks.
        if memory.seek(SeekFrom::Start(from)).is_ok() && memory.read_exact(&mut bytes).is_ok() {
            each(&bytes, line);
        }
    }
}

fn in_memory(pid: u32, needles: &BTreeSet<Vec<u8>>) -> Vec<String> {
    let mut hits = Vec::new();
    memory(pid, &mut |bytes, region| {
        for needle in found(bytes, needles) {
            hits.push(format!("{} in {region}", String::from_utf8_lossy(needle)));
        }
    });
    hits
}

fn on_disk(folder: &Path, needles: &BTreeSet<Vec<u8>>) -> Vec<String> {
    let mut hits = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                for needle in found(&fs::read(&path).unwrap(), needles) {
                    hits.push(format!("{} in {}", String::from_utf8_lossy(needle), path.display()));
                }
            }
        }
    }
    hits
}

#[test]
fn after_a_destruction_neither_disk_nor_memory_holds_a_student() {
    let port = free_port();
    let fleet = Fleet::start(&[("K12A", "k12", "sender")], port, port);
    fleet.import(1);
    let needles = planted(&fleet.dir.path().join("K12A-SENR.txt"));
    let folder = fleet.dir.path().join("state/K12A");
    let pid = fleet.pid("K12A");
    assert_eq!(on_disk(&folder, &needles), Vec::<String>::new(), "at rest, before");

    // The daemon has had every name in its hands: it imported them, assembles the roster, and answers about them.
    fleet.node("K12A", &["data", "status"]);
    let one = String::from_utf8(needles.iter().next_back().unwrap().clone()).unwrap();
    let asked = format!("SELECT count(*) AS n FROM student WHERE first < '{one}' OR last < '{one}'");
    fleet.node("K12A", &["query", &asked]);
    fleet.node("K12A", &["query", "SELECT first, last, ssid FROM student ORDER BY last LIMIT 1000"]);

    let destroyed = fleet.node("K12A", &["data", "destroy", "--by", "Tester"]);
    let certificate = destroyed["certificate"].as_str().unwrap().to_owned();
    assert_eq!(fleet.node("K12A", &["data", "certificate", &certificate])["valid"], true);
    // What the daemon still does afterwards must not bring anything back.
    assert_eq!(fleet.node("K12A", &["data", "status"])["students"], 0);
    assert_eq!(on_disk(&folder, &needles), Vec::<String>::new(), "at rest, after");
    // The search itself finds what is there: this process holds every name.
    assert!(in_memory(std::process::id(), &needles).len() > needles.len() / 2);
    let hits = in_memory(pid, &needles);
    assert!(hits.is_empty(), "{} names in memory, such as {:?}", hits.len(), hits.first());
}
