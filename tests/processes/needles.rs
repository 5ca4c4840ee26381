//! Names, numbers and birth dates planted in a member's files, and the places they may turn up: files, memory.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

/// Shortest text that is not found by chance, bytes; also what the search looks at first.
const BYTES_MIN: usize = 8;

/// Fewest digits of a digest.
const DIGEST_DIGITS_MIN: usize = 32;

/// Texts that must not be found.
#[derive(Clone, Default)]
pub(crate) struct Needles(BTreeSet<Vec<u8>>);

impl Needles {
    /// SSID, local id, names and birth date of every student of a CALPADS SENR file.
    pub(crate) fn of_senr(file: &Path) -> Self {
        Self::of_columns(file, '^', &[7, 8, 9, 11], 16)
    }

    /// Local id, SSID, SSN, names and birth date of every student of a college's student list.
    pub(crate) fn of_college(file: &Path) -> Self {
        Self::of_columns(file, ',', &[0, 1, 2, 3, 5], 8)
    }

    fn of_columns(file: &Path, separator: char, columns: &[usize], birth_date: usize) -> Self {
        let mut needles = Self::default();
        for line in fs::read_to_string(file).unwrap().lines() {
            let fields: Vec<&str> = line.split(separator).collect();
            columns.iter().for_each(|at| needles.plant(fields[*at]));
            // As the file writes it, as a database writes it, and as the state writes it.
            let digits: String = fields[birth_date].chars().filter(char::is_ascii_digit).collect();
            if digits.len() == BYTES_MIN {
                needles.plant(&digits);
                needles.plant(&format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]));
            }
        }
        needles
    }

    /// Adds a text, and the digits of a number that is written with dashes. Left out: what is found by chance, as a short text
    /// or a number of one digit over and over, and a column's name.
    pub(crate) fn plant(&mut self, text: &str) {
        let digits = text.replace('-', "");
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let says_nothing = digits.bytes().all(|byte| digits.as_bytes()[0] == byte);
        if text.len() < BYTES_MIN || text.contains('_') || says_nothing {
            return;
        }
        if is_number && digits.len() >= BYTES_MIN {
            self.0.insert(digits.into_bytes());
        }
        self.0.insert(text.as_bytes().to_vec());
    }

    /// Adds bytes, such as a key.
    pub(crate) fn plant_bytes(&mut self, bytes: &[u8]) {
        self.0.insert(bytes.to_vec());
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The last in order: a name.
    pub(crate) fn last(&self) -> &str {
        std::str::from_utf8(self.0.last().unwrap()).unwrap()
    }

    /// Those found in `haystack`, by their first eight bytes: one pass, whatever their number.
    pub(crate) fn found(&self, haystack: &[u8]) -> Vec<String> {
        let mut hits = BTreeSet::new();
        let mut begins = vec![false; 1 << 16];
        for needle in &self.0 {
            begins[usize::from(u16::from_le_bytes([needle[0], needle[1]]))] = true;
        }
        for at in 0..(haystack.len() + 1).saturating_sub(BYTES_MIN) {
            let start = &haystack[at..at + BYTES_MIN];
            if !begins[usize::from(u16::from_le_bytes([start[0], start[1]]))] {
                continue;
            }
            let mut near = self.0.range(start.to_vec()..).take_while(|needle| needle.starts_with(start));
            let hit = near.find(|needle| haystack[at..].starts_with(needle));
            hits.extend(hit.filter(|needle| !is_in_a_digest(haystack, at, needle)));
        }
        hits.into_iter().map(|hit| String::from_utf8_lossy(hit).into_owned()).collect()
    }

    /// Those in the memory of a process, with the region.
    pub(crate) fn in_memory(&self, pid: u32) -> Vec<String> {
        let mut hits = Vec::new();
        memory(pid, &mut |bytes, region| {
            hits.extend(self.found(bytes).into_iter().map(|needle| format!("{needle} in {region}")));
        });
        hits
    }

    /// Those in the files below a folder, with the file. A file that goes away meanwhile is passed over.
    pub(crate) fn below(&self, folder: &Path, each: &mut dyn FnMut(&Path)) -> Vec<String> {
        let mut hits = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => hits.extend(self.below(&entry.path(), each)),
                Ok(kind) if kind.is_file() => hits.extend(self.in_file(&entry.path(), each)),
                _ => {}
            }
        }
        hits
    }

    /// Those in one file.
    pub(crate) fn in_file(&self, path: &Path, each: &mut dyn FnMut(&Path)) -> Vec<String> {
        let Ok(bytes) = fs::read(path) else { return Vec::new() };
        each(path);
        self.found(&bytes).into_iter().map(|hit| format!("{hit} in {}", path.display())).collect()
    }
}

/// Whether a number stands in the middle of a digest in hexadecimal digits, where some number always stands.
fn is_in_a_digest(haystack: &[u8], at: usize, needle: &[u8]) -> bool {
    let is_hex = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let before = haystack[..at].iter().rev().take_while(is_hex);
    let after = haystack[at..].iter().take_while(is_hex);
    let letters = before.clone().chain(after.clone()).any(u8::is_ascii_lowercase);
    needle.iter().all(u8::is_ascii_digit) && letters && before.count() + after.count() >= DIGEST_DIGITS_MIN
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

#[test]
fn numbers_are_found_in_a_record_and_not_in_a_digest() {
    let mut needles = Needles::default();
    for text in ["20050317", "619-83-5520", "000-00-0000", "student_id", "Ann"] {
        needles.plant(text);
    }
    assert_eq!(needles.found(b"F^20050317^619835520 619-83-5520"), ["20050317", "619-83-5520", "619835520"]);
    let digest = format!("{}20050317{}", "0a".repeat(14), "3".repeat(28));
    assert_eq!(needles.found(digest.as_bytes()), Vec::<String>::new());
    assert_eq!(needles.found(format!("{}20050317", "9".repeat(40)).as_bytes()), ["20050317"]);
    assert_eq!(needles.len(), 3);
}
