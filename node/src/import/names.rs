//! What a name column shows of damage: words that stand for no name, letters lost on the way, a full name in one column.
//!
//! Nothing is changed: matching normalises names by its own rules. Hyphens, particles and missing middle names are ordinary; two
//! surnames are too, and are noted since they are the names that registries write in different ways (N2). First and last name exchanged cannot be seen in a file, so no rule claims to.

use passage_protocol::match_key::{PersonFields, is_placeholder_name};

use super::fault::Fault;

/// Letters of UTF-8 read as Windows-1252: a capital A with a tilde or circumflex before a sign that no name has.
const GARBLED_BEFORE: [char; 2] = ['Ã', 'Â'];

/// The first sign of damage in a name, if there is one.
pub(super) fn name_fault(element: &str, text: &str) -> Option<Fault> {
    if is_placeholder_name(text) {
        return Some(Fault::FillerName);
    }
    if element == "last" && text.contains(',') {
        return Some(Fault::TwoNames);
    }
    let damage = if text.is_ascii() { lost_ascii(text) } else { garbled(text) };
    damage.or_else(|| (element == "last" && is_two_surnames(text)).then_some(Fault::TwoSurnames))
}

/// As matching counts them: `De La Cruz` is one surname.
fn is_two_surnames(text: &str) -> bool {
    let several = text.contains(|letter: char| !letter.is_alphanumeric());
    several && PersonFields { last: text, ..PersonFields::default() }.normalise(0).surname_count() > 1
}

/// A question mark inside a word is a letter that a conversion could not write.
fn lost_ascii(text: &str) -> Option<Fault> {
    let inside =
        |trio: &[u8]| matches!(trio, [a, b'?', b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic());
    (text.contains('?') && text.as_bytes().windows(3).any(inside)).then_some(Fault::LettersLost)
}

fn garbled(text: &str) -> Option<Fault> {
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let sign = letters.peek().is_some_and(|next| !next.is_alphabetic() && !next.is_ascii());
        if letter == '\u{FFFD}' || GARBLED_BEFORE.contains(&letter) && sign {
            return Some(Fault::LettersLost);
        }
    }
    lost_ascii(text)
}

/// How the names of a file are written so far.
#[derive(Default)]
pub(super) struct Case {
    capitals: Seen,
    mixed: Seen,
}

/// Whether something has come up.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Seen {
    #[default]
    No,
    Yes,
}

impl Case {
    /// Notes a name; true for the first one that is written otherwise than the ones before it.
    pub(super) fn differs(&mut self, text: &str) -> bool {
        if self.capitals == Seen::Yes && self.mixed == Seen::Yes {
            return false;
        }
        let letters = || text.chars().filter(|letter| letter.is_alphabetic());
        if letters().count() < 2 {
            return false;
        }
        let mine = if letters().any(char::is_lowercase) { &mut self.mixed } else { &mut self.capitals };
        let first = *mine == Seen::No;
        *mine = Seen::Yes;
        first && self.capitals == self.mixed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_seen_and_ordinary_names_are_not() {
        for (element, text, fault) in [
            ("first", "FNU", Some(Fault::FillerName)),
            ("last", "Unknown", Some(Fault::FillerName)),
            ("last", "GARCIA, MARIA", Some(Fault::TwoNames)),
            ("last", "PE?A", Some(Fault::LettersLost)),
            ("last", "PeÃ±a", Some(Fault::LettersLost)),
            ("last", "Pe\u{FFFD}a", Some(Fault::LettersLost)),
            ("last", "Peña", None),
            ("last", "García Márquez", Some(Fault::TwoSurnames)),
            ("last", "DE LA CRUZ-SMITH", Some(Fault::TwoSurnames)),
            ("last", "DE LA CRUZ", None),
            ("last", "Smith Jr.", None),
            ("first", "Ana Maria", None),
            ("last", "O'Neil", None),
            ("first", "JOSÉ", None),
            ("first", "São", None),
        ] {
            assert_eq!(name_fault(element, text), fault, "{text}");
        }
    }

    #[test]
    fn a_change_of_case_is_told_once() {
        let mut case = Case::default();
        let told: Vec<bool> =
            ["ANA", "X", "LEE", "Ana", "LEE", "Bo"].iter().map(|name| case.differs(name)).collect();
        assert_eq!(told, [false, false, false, true, false, false]);
    }
}
