//! What someone on the wire sees: a relay between the nodes and the coordinator keeps every datagram; none of the input's
//! identifiers is in it, nor in the coordinator's folder, nor in any log.

use std::{
    collections::BTreeSet,
    net::UdpSocket,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    fleet::{Fleet, THREE, free_port},
    papers::Noise,
};

#[test]
fn no_identifier_is_in_the_traffic_the_coordinators_folder_or_a_log() {
    let (listen, public) = (free_port(), free_port());
    let relay = Relay::start(public, listen);
    let fleet = Fleet::start(THREE, listen, public);
    fleet.import(3);
    let agreement = fleet.agree(Noise::None);
    let study = fleet.study(&agreement);
    fleet.play(&study);

    let needles = identifiers(fleet.dir.path());
    assert!(needles.len() > 500, "the search must look for something: {}", needles.len());
    let nothing = BTreeSet::new();
    let captured = relay.captured.lock().unwrap().clone();
    assert!(captured.len() > 100_000, "the relay saw {} bytes", captured.len());
    assert_eq!(hits(&captured, &needles), nothing, "in the traffic");
    for path in files(&fleet.folder("coordinator")) {
        assert_eq!(hits(&std::fs::read(&path).unwrap(), &needles), nothing, "in {}", path.display());
    }
    let short = short_names(fleet.dir.path());
    assert!(short.len() > 100, "{} short names", short.len());
    for folder in fleet.names().iter().map(|name| fleet.folder(name)).chain([fleet.folder("coordinator")]) {
        let texts = ["jsonl", "log", "toml"];
        let is_text = |path: &Path| path.extension().is_some_and(|end| texts.iter().any(|text| end == *text));
        for path in files(&folder).into_iter().filter(|path| is_text(path)) {
            let found = whole_words(&std::fs::read_to_string(&path).unwrap(), &short);
            assert_eq!(found, Vec::<String>::new(), "in {}", path.display());
        }
    }
    for name in fleet.names() {
        // At rest: segments are encrypted, the store holds no record.
        for path in files(&fleet.folder(&name)) {
            assert_eq!(hits(&std::fs::read(&path).unwrap(), &needles), nothing, "in {}", path.display());
        }
    }
}

/// Short names that the programs write as words of their own, as in `deploy/checks/no_identifiers.sh`.
const VOCABULARY: [&str; 10] = ["call", "head", "hop", "job", "key", "list", "may", "reach", "read", "salt"];

/// Names of three to five letters, in lower case. Looked for as whole words in text only: in ciphertext a word of three
/// letters stands by chance some times in every megabyte.
fn short_names(folder: &Path) -> BTreeSet<String> {
    let fields = columns(folder, [&[9, 10, 11], &[3, 4, 5]]);
    let words = fields.iter().flat_map(|field| field.split(|byte| !byte.is_ascii_alphabetic()));
    let named = words.filter(|word| (3..=5).contains(&word.len()));
    let named = named.map(|word| String::from_utf8(word.to_ascii_lowercase()).unwrap());
    named.filter(|word| !VOCABULARY.contains(&word.as_str())).collect()
}

fn whole_words(text: &str, names: &BTreeSet<String>) -> Vec<String> {
    let words = text.split(|one: char| !one.is_alphanumeric() && one != '_').map(str::to_lowercase);
    words.filter(|word| names.contains(word)).collect()
}

/// SSIDs, SSNs, names and birth dates of every imported file, six letters or more.
fn identifiers(folder: &Path) -> BTreeSet<Vec<u8>> {
    let fields = columns(folder, [&[7, 8, 9, 11, 16], &[0, 1, 2, 3, 5, 8]]);
    fields.into_iter().filter(|field| field.len() >= 6).collect()
}

/// Fields of every imported file: of the districts' enrolments and of the colleges' students, by column.
fn columns(folder: &Path, [district, college]: [&[usize]; 2]) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    for path in files(folder).into_iter().filter(|path| path.parent() == Some(folder)) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let (separator, columns): (u8, &[usize]) = match name.split_once('-') {
            Some((_, "SENR.txt")) => (b'^', district),
            Some((_, "students.csv")) => (b',', college),
            _ => continue,
        };
        for line in bytes.split(|byte| *byte == b'\n').skip(1) {
            let fields: Vec<&[u8]> = line.split(|byte| *byte == separator).collect();
            let chosen = columns.iter().filter_map(|column| fields.get(*column));
            found.extend(chosen.map(|field| field.to_vec()));
        }
    }
    found
}

#[test]
fn the_search_for_short_names_finds_whole_words_in_either_case() {
    let names = BTreeSet::from(["mai".to_owned(), "song".to_owned()]);
    assert_eq!(whole_words("{\"name\":\"MAI Song\"}", &names), ["mai", "song"]);
    assert!(whole_words("mailbox, mai_1, songs", &names).is_empty());
}

/// Which needles occur: one pass over the bytes per needle length.
fn hits(bytes: &[u8], needles: &BTreeSet<Vec<u8>>) -> BTreeSet<String> {
    let lengths: BTreeSet<usize> = needles.iter().map(Vec::len).collect();
    let of = |length: usize| bytes.windows(length).filter(|window| needles.contains(*window));
    lengths.into_iter().flat_map(of).map(|found| String::from_utf8_lossy(found).into_owned()).collect()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}

/// A UDP relay that keeps what passes.
struct Relay {
    captured: Arc<Mutex<Vec<u8>>>,
    stop: Arc<AtomicBool>,
}

impl Relay {
    fn start(public: u16, listen: u16) -> Self {
        let relay = Self { captured: Arc::default(), stop: Arc::default() };
        let (captured, stop) = (Arc::clone(&relay.captured), Arc::clone(&relay.stop));
        let outside = UdpSocket::bind(("127.0.0.1", public)).unwrap();
        outside.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        thread::spawn(move || {
            let mut inside: Vec<(std::net::SocketAddr, UdpSocket)> = Vec::new();
            let mut datagram = vec![0; 65_536];
            while !stop.load(Ordering::Relaxed) {
                let Ok((count, from)) = outside.recv_from(&mut datagram) else { continue };
                captured.lock().unwrap().extend_from_slice(&datagram[..count]);
                if !inside.iter().any(|(peer, _)| *peer == from) {
                    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                    socket.connect(("127.0.0.1", listen)).unwrap();
                    let (back, outside) = (socket.try_clone().unwrap(), outside.try_clone().unwrap());
                    let (captured, stop) = (Arc::clone(&captured), Arc::clone(&stop));
                    back.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
                    thread::spawn(move || {
                        let mut datagram = vec![0; 65_536];
                        while !stop.load(Ordering::Relaxed) {
                            let Ok(count) = back.recv(&mut datagram) else { continue };
                            captured.lock().unwrap().extend_from_slice(&datagram[..count]);
                            let _ = outside.send_to(&datagram[..count], from);
                        }
                    });
                    inside.push((from, socket));
                }
                if let Some((_, socket)) = inside.iter().find(|(peer, _)| *peer == from) {
                    let _ = socket.send(&datagram[..count]);
                }
            }
        });
        relay
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
