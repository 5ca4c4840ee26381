//! The scan of a file that is to leave: no name of an institution, no public code (G09).
//!
//! It is given the names and codes to look for: of every party of every agreement a node knows, and those in the node's own
//! data. A name is found as a run of whole words, whatever its capitals, accents, hyphens and line breaks, in text and in
//! attributes; so is what is left of it without the words that many institutions have (District, Community, College), if that
//! is two words or more: "Alder Unified" of "Alder Unified School District". A code is found as a whole token of six digits or more, with or without the hyphen of an OPEID. Two
//! forms are found whoever they belong to: fourteen digits in a row or as 2-5-7 (CDS), and six digits, a hyphen, two digits
//! (OPEID).
//!
//! # What it does not promise
//!
//! Codes of fewer than six digits (a college's MIS code) cannot be told from counts and are not looked for; nor are names of
//! one or two letters, names it was not given, and descriptions ("the only university of the valley"). Columns of a table that
//! hold counts are not searched for codes. Findings name places, never what stands there.

use std::collections::{HashMap, HashSet};

use crate::{match_key, report::CSV_HEADER, wire::ReleaseFormat};

/// Names and codes to look for.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Names, by their first word.
    names: HashMap<String, Vec<Vec<String>>>,
    /// Codes, digits alone.
    codes: HashSet<String>,
}

impl Known {
    /// Adds an institution's name.
    pub fn add_name(&mut self, name: &str) {
        for words in ways_to_write(name) {
            let Some(first) = words.first() else { continue };
            let known = self.names.entry(first.clone()).or_default();
            if !known.contains(&words) {
                known.push(words);
            }
        }
    }

    /// Lets a name stand: that of a member that the proposal names.
    pub fn permit(&mut self, name: &str) {
        let permitted = ways_to_write(name);
        for known in self.names.values_mut() {
            known.retain(|words| !permitted.contains(words));
        }
    }

    /// Adds a public code and those it is made of: of a CDS code the district and the school, of an OPEID the institution.
    pub fn add_code(&mut self, code: &str) {
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        let other = code.chars().any(|one| !one.is_ascii_digit() && !matches!(one, '-' | ' '));
        if other || digits.len() < CODE_DIGITS_MIN || digits.bytes().all(|digit| digit == b'0') {
            return;
        }
        match digits.len() {
            14 => {
                let (district, school) = digits.split_at(7);
                self.add_code(district);
                self.add_code(school);
            }
            8 => self.add_code(digits.get(..6).unwrap_or_default()),
            _ => {}
        }
        self.codes.insert(digits);
    }

    /// How many names and codes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.values().map(Vec::len).sum::<usize>() + self.codes.len()
    }

    /// True if there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The words of a name, and what is left without the words that every institution has: at its end, or anywhere. Two words or
/// more, or the whole name.
fn ways_to_write(name: &str) -> Vec<Vec<String>> {
    let words = match_key::tokens(name);
    let letters: usize = words.iter().map(String::len).sum();
    let own: Vec<String> = words.iter().filter(|word| !is_generic(word)).cloned().collect();
    if own.is_empty() || letters < NAME_LETTERS_MIN {
        return Vec::new();
    }
    let mut ways = vec![words.clone()];
    let mut shorter = words;
    while shorter.pop_if(|word| is_generic(word)).is_some() {
        ways.push(shorter.clone());
    }
    ways.push(own);
    let whole = ways.swap_remove(0);
    ways.retain(|words| words.len() >= 2);
    ways.push(whole);
    ways
}

/// Words that stand in names of many institutions and name none.
fn is_generic(word: &str) -> bool {
    GENERIC.contains(&word)
}

const GENERIC: [&str; 30] = [
    "A",
    "ACADEMY",
    "AGENCY",
    "AND",
    "AT",
    "CAMPUS",
    "CITY",
    "COLLEGE",
    "COLLEGES",
    "COMMUNITY",
    "COUNTY",
    "DEPARTMENT",
    "DISTRICT",
    "EDUCATION",
    "ELEMENTARY",
    "FOR",
    "HIGH",
    "IN",
    "JOINT",
    "OF",
    "OFFICE",
    "SCHOOL",
    "SCHOOLS",
    "STATE",
    "THE",
    "UNIFIED",
    "UNION",
    "UNIVERSITY",
    "WORKFORCE",
    "YOUTH",
];

/// Where something was found, and what kind of thing.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Finding {
    /// From 1.
    pub line: usize,
    /// From 1, in letters.
    pub column: usize,
    /// What stands there.
    pub kind: Kind,
}

/// What was found.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A code of an institution, or something that has the form of one.
    Code,
    /// A name of an institution.
    Name,
}

impl Kind {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Code => "a public code",
            Self::Name => "the name of an institution",
        }
    }
}

/// Every place of a file where a name or a code stands, in order.
#[must_use]
pub fn scan(bytes: &[u8], format: ReleaseFormat, known: &Known) -> Vec<Finding> {
    let text = String::from_utf8_lossy(bytes);
    let pieces = match format {
        ReleaseFormat::Csv => table(&text),
        ReleaseFormat::Html => page(&text),
    };
    let mut found: Vec<Finding> = pieces.iter().flat_map(|piece| in_piece(piece, known)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Scans plain text, such as the notes beside a table.
#[must_use]
pub fn scan_text(bytes: &[u8], known: &Known) -> Vec<Finding> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = in_piece(&Piece::of(&text), known);
    found.sort_unstable();
    found.dedup();
    found
}

/// A stretch of text in which words follow each other, each letter with its place.
#[derive(Default)]
struct Piece {
    letters: Vec<(char, usize, usize)>,
    /// A count: not searched for codes.
    counts: bool,
}

impl Piece {
    fn of(text: &str) -> Self {
        Self { letters: placed(text).collect(), counts: false }
    }
}

/// Letters with line and column.
fn placed(text: &str) -> impl Iterator<Item = (char, usize, usize)> + '_ {
    let (mut line, mut column) = (1, 0);
    text.chars().map(move |letter| {
        column += 1;
        let at = (letter, line, column);
        if letter == '\n' {
            (line, column) = (line + 1, 0);
        }
        at
    })
}

/// The cells of a table, each by itself.
fn table(text: &str) -> Vec<Piece> {
    let counted: Vec<bool> =
        CSV_HEADER.split(',').map(|name| ["value", "low", "high"].contains(&name)).collect();
    let (mut pieces, mut piece, mut column, mut quoted) = (Vec::new(), Piece::default(), 0, false);
    for (letter, line, at) in placed(text) {
        match letter {
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => {
                piece.counts = counted.get(column).copied().unwrap_or(false);
                pieces.push(std::mem::take(&mut piece));
                column = if letter == '\n' { 0 } else { column + 1 };
            }
            _ => piece.letters.push((letter, line, at)),
        }
    }
    pieces.push(piece);
    pieces
}

/// The text of a page as one piece, without its tags, and every tag's attributes as pieces of their own.
fn page(text: &str) -> Vec<Piece> {
    let letters = resolved(&placed(text).collect::<Vec<_>>());
    let (mut whole, mut tags, mut tag) = (Piece::default(), Vec::new(), None::<Piece>);
    for (letter, is_markup) in letters {
        match (letter.0, is_markup, &mut tag) {
            ('<', true, None) => tag = Some(Piece::default()),
            ('>', true, Some(_)) => {
                tags.extend(tag.take());
                // A tag may stand inside a word or between two; a name across it is found either way, see `in_piece`.
                whole.letters.push((TAG, letter.1, letter.2));
            }
            (_, _, Some(piece)) => piece.letters.push(letter),
            (_, _, None) => whole.letters.push(letter),
        }
    }
    tags.extend(tag);
    tags.push(whole);
    tags
}

/// Stands where a tag stood. A private-use letter: none comes from a report.
const TAG: char = '\u{E000}';

/// Character references resolved; the flag says that a letter is markup and not a reference to one.
fn resolved(letters: &[(char, usize, usize)]) -> Vec<((char, usize, usize), bool)> {
    let mut out = Vec::with_capacity(letters.len());
    let mut at = 0;
    while let Some(&(letter, line, column)) = letters.get(at) {
        let reference =
            (letter == '&').then(|| reference(letters.get(at + 1..).unwrap_or_default())).flatten();
        let (letter, taken, is_markup) = match reference {
            Some((letter, taken)) => (letter, taken + 1, false),
            None => (letter, 1, true),
        };
        out.push(((letter, line, column), is_markup));
        at += taken;
    }
    out
}

/// The letter of a reference after its ampersand, and how many letters it takes.
fn reference(letters: &[(char, usize, usize)]) -> Option<(char, usize)> {
    let name: String =
        letters.iter().map(|one| one.0).take(REFERENCE_LETTERS_MAX).take_while(|one| *one != ';').collect();
    let letter = match name.as_str() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        other => {
            let digits = other.strip_prefix('#')?;
            let value = match digits.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(value)?
        }
    };
    Some((letter, name.chars().count() + 1))
}

/// Names and codes in one piece. Where tags stood, words are read twice: as if the tag parted them, and as if it did not.
fn in_piece(piece: &Piece, known: &Known) -> Vec<Finding> {
    let parted = piece
        .letters
        .iter()
        .map(|(letter, line, at)| (if *letter == TAG { ' ' } else { *letter }, *line, *at));
    let parted: Vec<_> = parted.filter(|one| !is_ignorable(one.0)).collect();
    let mut found = names(&parted, known);
    if !piece.counts {
        found.extend(codes(&parted, known));
    }
    if piece.letters.iter().any(|one| one.0 == TAG) {
        let joined: Vec<_> =
            piece.letters.iter().filter(|one| one.0 != TAG && !is_ignorable(one.0)).copied().collect();
        found.extend(names(&joined, known));
    }
    found
}

/// Letters that are not seen: they would hide a name from the scan and not from a reader.
fn is_ignorable(letter: char) -> bool {
    matches!(letter, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\0')
}

fn names(letters: &[(char, usize, usize)], known: &Known) -> Vec<Finding> {
    let mut words: Vec<(String, usize, usize)> = Vec::new();
    for chunk in letters.split(|one| one.0.is_whitespace()) {
        let Some((_, line, column)) = chunk.first() else { continue };
        let text: String = chunk.iter().map(|one| one.0).collect();
        words.extend(match_key::tokens(&text).into_iter().map(|word| (word, *line, *column)));
    }
    let mut found = Vec::new();
    for (at, (word, line, column)) in words.iter().enumerate() {
        let starts = |name: &Vec<String>| {
            let here = words.get(at..at + name.len()).unwrap_or_default();
            !here.is_empty() && here.iter().map(|word| &word.0).eq(name)
        };
        if known.names.get(word).is_some_and(|names| names.iter().any(starts)) {
            found.push(Finding { line: *line, column: *column, kind: Kind::Name });
        }
    }
    found
}

fn codes(letters: &[(char, usize, usize)], known: &Known) -> Vec<Finding> {
    // Runs of letters and digits, with the one separator before each if it is a hyphen or a blank.
    let mut runs: Vec<(String, Option<char>, usize, usize)> = Vec::new();
    let mut before: Vec<char> = Vec::new();
    for &(letter, line, column) in letters {
        if letter.is_alphanumeric() {
            match runs.last_mut().filter(|_| before.is_empty()) {
                Some((run, ..)) => run.push(letter),
                None => {
                    let separator = match before.as_slice() {
                        [one] => Some(*one).filter(|one| matches!(one, '-' | ' ' | '\u{2010}'..='\u{2013}')),
                        _ => None,
                    };
                    runs.push((letter.to_string(), separator, line, column));
                }
            }
            before.clear();
        } else {
            before.push(letter);
        }
    }
    let is_digits =
        |run: &str, count: usize| run.len() == count && run.bytes().all(|byte| byte.is_ascii_digit());
    let mut found = Vec::new();
    for (at, (run, _, line, column)) in runs.iter().enumerate() {
        let next = |ahead: usize, digits: usize| {
            runs.get(at + ahead)
                .is_some_and(|(run, separator, ..)| separator.is_some() && is_digits(run, digits))
        };
        let hyphened =
            runs.get(at + 1).is_some_and(|(_, separator, ..)| separator.is_some_and(|one| one != ' '));
        let cds = is_digits(run, 14) || (is_digits(run, 2) && next(1, 5) && next(2, 7));
        let opeid = is_digits(run, 6) && next(1, 2) && hyphened;
        if cds || opeid || known.codes.contains(run) {
            found.push(Finding { line: *line, column: *column, kind: Kind::Code });
        }
    }
    found
}

/// Fewest letters of a name that is looked for.
const NAME_LETTERS_MIN: usize = 3;
/// Fewest digits of a code that is looked for: an IPEDS number has six.
const CODE_DIGITS_MIN: usize = 6;
/// Longest character reference, in letters.
const REFERENCE_LETTERS_MAX: usize = 10;
