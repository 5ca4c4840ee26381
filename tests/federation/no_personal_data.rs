//! Nothing that identifies a student ever reaches the coordinator: not in messages, blobs, stored states, its folder on
//! disk, reports, or in the `Debug` of any effect; not in clear, not in UTF-16, not in hexadecimal.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

use harness::{
    federation::{Federation, Setup},
    population::{Entry, Population},
};
use passage_protocol::{
    agreement::Segment::{Cc, K12, Univ},
    codec::Encode,
};

/// Markers by their first bytes, in every encoding looked for.
struct Needles {
    by_head: HashMap<[u8; HEAD], Vec<Vec<u8>>>,
}

const HEAD: usize = 8;

impl Needles {
    fn new(words: &HashSet<String>) -> Self {
        let mut by_head: HashMap<[u8; HEAD], Vec<Vec<u8>>> = HashMap::new();
        for word in words {
            for needle in encodings(word) {
                let head: [u8; HEAD] = needle[..HEAD].try_into().unwrap();
                by_head.entry(head).or_default().push(needle);
            }
        }
        Self { by_head }
    }

    /// True if any marker stands in `bytes`.
    fn any_in(&self, bytes: &[u8]) -> bool {
        bytes.windows(HEAD).enumerate().any(|(at, head)| {
            let head: &[u8; HEAD] = head.try_into().unwrap();
            self.by_head
                .get(head)
                .is_some_and(|needles| needles.iter().any(|one| bytes[at..].starts_with(one)))
        })
    }
}

fn encodings(word: &str) -> Vec<Vec<u8>> {
    let forms = [word.to_owned(), word.to_uppercase(), word.to_lowercase()];
    let mut found = Vec::new();
    for form in forms {
        let plain = form.as_bytes().to_vec();
        let hex: String = plain.iter().map(|byte| format!("{byte:02x}")).collect();
        found.push(form.encode_utf16().flat_map(u16::to_le_bytes).collect());
        found.push(form.encode_utf16().flat_map(u16::to_be_bytes).collect());
        found.push(hex.to_uppercase().into_bytes());
        found.push(hex.into_bytes());
        found.push(plain);
    }
    found
}

/// Gives every student a name that no format produces by chance.
fn plant(population: &mut Population) {
    for (place, entry) in population.files.iter_mut().flat_map(|files| &mut files.entries).enumerate() {
        entry.last = format!("Zyxwvut{}", char::from(b'a' + u8::try_from(place % 26).unwrap()));
        entry.middle = "Qqmarker".to_owned();
    }
}

fn words(population: &Population) -> HashSet<String> {
    let of_entry = |entry: &Entry| {
        [&entry.last, &entry.middle, &entry.ssid, &entry.ssn, &entry.local_id].map(String::clone)
    };
    let entries = population.files.iter().flat_map(|files| &files.entries);
    entries.flat_map(of_entry).filter(|word| word.len() >= HEAD).collect()
}

fn files_below(folder: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(fs::read(&path).unwrap());
        }
    }
}

#[test]
fn g13_the_coordinator_never_holds_a_name_or_a_number() {
    let mut setup = Setup::of(&[(K12, 30), (Cc, 8), (Univ, 8)], 601);
    setup.question.preset = "full";
    setup.plant = plant;
    let mut federation = Federation::new(setup);
    federation.coordinator.evidence = Some(Vec::new());
    federation.envelopes = Some(Vec::new());
    *federation.shared.spoken.borrow_mut() = Some(Vec::new());
    federation.open();
    federation.run();
    let (_, reports) = federation.released();

    let words = words(&federation.population);
    assert!(words.len() > 100, "{} markers", words.len());
    let needles = Needles::new(&words);
    let mut held = federation.coordinator.evidence.take().unwrap();
    files_below(federation.coordinator.folder(), &mut held);
    for envelope in federation.envelopes.iter().flatten() {
        held.push(envelope.to_bytes());
        held.push(format!("{envelope:?}").into_bytes());
    }
    held.extend(federation.shared.spoken.take().unwrap().into_iter().map(String::into_bytes));
    for report in &reports {
        held.push(report.to_bytes());
        held.push(passage_protocol::report::html(report).into_bytes());
        held.push(passage_protocol::report::csv(report));
    }
    for (_, record) in federation.coordinator.rounds() {
        held.push(format!("{record:?}").into_bytes());
    }
    let bytes: usize = held.iter().map(Vec::len).sum();
    assert!(held.len() > 300 && bytes > 500_000, "{} pieces, {bytes} bytes", held.len());
    assert!(held.iter().all(|piece| !needles.any_in(piece)), "a marker reached the coordinator");

    // A member's own folder holds the records, and they cannot be read without its key.
    for member in &federation.members {
        let mut own = Vec::new();
        files_below(member.folder(), &mut own);
        assert!(own.iter().map(Vec::len).sum::<usize>() > 1_000);
        assert!(own.iter().all(|piece| !needles.any_in(piece)), "records stand in clear at {}", member.code);
    }
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let needles = Needles::new(&HashSet::from(["Zyxwvuta".to_owned(), "9173604825".to_owned()]));
    let utf16: Vec<u8> = "xx9173604825".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for found in
        [b"..ZYXWVUTA..".to_vec(), utf16, b"39313733363034383235".to_vec(), b"5a797877767574610".to_vec()]
    {
        assert!(needles.any_in(&found));
    }
    assert!(!needles.any_in(b"Zyxwvutb 9173604824"));
}
