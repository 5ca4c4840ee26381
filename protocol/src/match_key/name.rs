//! Given names and surnames as ordered parts (linkage findings 4.1 steps 5 to 7).
//!
//! Promises that titles and generation suffixes are not taken for names, that placeholders are missing rather than a
//! name shared by strangers, and that particles stay with the surname they introduce (`De La Cruz` and `Delacruz` are
//! one part). Parts are joined by one space in what is returned; an empty text means missing.

use super::text;

/// The given names of `raw`; the Spanish abbreviation `Ma.` before another name is spelled out.
pub(super) fn given_names(raw: &str) -> Box<str> {
    let mut names = parts(raw);
    if names.len() > 1
        && let Some(first) = names.first_mut().filter(|first| *first == "MA")
    {
        "MARIA".clone_into(first);
    }
    names.join(" ").into()
}

/// The middle names of `raw`, initials included.
pub(super) fn middle_names(raw: &str) -> Box<str> {
    parts(raw).join(" ").into()
}

/// The surnames of `raw`, particles glued to the part that follows them; a particle at the end stands by itself.
pub(super) fn surnames(raw: &str) -> Box<str> {
    let tokens = parts(raw);
    let mut glued = String::new();
    for (position, token) in tokens.iter().enumerate() {
        glued.push_str(token);
        let last = position + 1 == tokens.len();
        if !last && !PARTICLES.contains(&token.as_str()) {
            glued.push(' ');
        }
    }
    glued.into()
}

/// True if `raw` is a word that stands for a missing name, such as `FNU` or `Baby Girl`: normalisation drops it. Case,
/// spaces and punctuation do not matter.
#[must_use]
pub fn is_placeholder_name(raw: &str) -> bool {
    let letters = || raw.bytes().filter(u8::is_ascii_alphabetic).map(|byte| byte.to_ascii_uppercase());
    let plain = raw.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_digit());
    plain
        && raw.len() <= PLACEHOLDER_BYTES_MAX
        && PLACEHOLDERS.iter().any(|known| letters().eq(known.bytes()))
}

fn parts(raw: &str) -> Vec<String> {
    let mut tokens = text::tokens(raw);
    // `2ND` and `3RD` do not survive the digits' step, so suffixes are taken off before it, and again after it.
    drop_suffixes(&mut tokens);
    let mut tokens = text::letters_for_digits(&tokens);
    let titles = tokens.iter().take_while(|token| TITLES.contains(&token.as_str())).count();
    tokens.drain(..titles.min(tokens.len().saturating_sub(1)));
    drop_suffixes(&mut tokens);
    if PLACEHOLDERS.contains(&tokens.concat().as_str()) {
        tokens.clear();
    }
    tokens
}

fn drop_suffixes(tokens: &mut Vec<String>) {
    while tokens.len() > 1 && tokens.last().is_some_and(|token| SUFFIXES.contains(&token.as_str())) {
        tokens.pop();
    }
}

pub(super) const TITLES: [&str; 6] = ["MR", "MRS", "MS", "MISS", "DR", "MSTR"];

pub(super) const SUFFIXES: [&str; 9] = ["JR", "SR", "II", "III", "IV", "2ND", "3RD", "JNR", "SNR"];

/// Longest text that is looked at for a placeholder, bytes: the longest one with room for spaces and punctuation.
const PLACEHOLDER_BYTES_MAX: usize = 32;
/// What systems write where no name is known (N4). Compared with all tokens joined, so `Baby Girl` is one of them.
pub(super) const PLACEHOLDERS: [&str; 24] = [
    "BABY",
    "BABYBOY",
    "BABYGIRL",
    "DECLINED",
    "FNU",
    "INFANT",
    "LNU",
    "NA",
    "NFN",
    "NLN",
    "NMN",
    "NONAME",
    "NONE",
    "NOTAVAILABLE",
    "NOTPROVIDED",
    "NULL",
    "TEST",
    "UNAVAILABLE",
    "UNK",
    "UNKNOWN",
    "X",
    "XX",
    "XXX",
    "XXXX",
];

pub(super) const PARTICLES: [&str; 43] = [
    "ABD", "ABDEL", "ABDUL", "ABU", "AL", "AP", "BEN", "BIN", "BINT", "D", "DA", "DAS", "DE", "DEL", "DELA",
    "DELOS", "DEN", "DER", "DI", "DO", "DOS", "DU", "EL", "IBN", "LA", "LAS", "LE", "LOS", "MAC", "MC", "O",
    "SAINT", "SAN", "SANTA", "ST", "STE", "TEN", "TER", "VAN", "VANDEN", "VANDER", "VON", "ZU",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known_as_they_stand() {
        for raw in ["FNU", "fnu", "Baby Girl", "n/a", "X"] {
            assert!(is_placeholder_name(raw), "{raw}");
        }
        for raw in ["", "Xé", "X1", "Fnuala", &"x ".repeat(40)] {
            assert!(!is_placeholder_name(raw), "{raw}");
        }
    }

    #[test]
    fn titles_and_suffixes_are_not_names() {
        assert_eq!(&*given_names("Dr. Maria"), "MARIA");
        assert_eq!(&*surnames("Smith Jr."), "SMITH");
        assert_eq!(&*surnames("Smith 2nd"), "SMITH");
        assert_eq!(&*surnames("Smith, III"), "SMITH");
        assert_eq!(&*surnames("Dr"), "DR", "the only token is kept");
    }

    #[test]
    fn placeholders_are_missing() {
        for raw in ["", "FNU", "Baby Girl", "n/a", "x", "Unknown", "test"] {
            assert_eq!(&*given_names(raw), "", "{raw}");
        }
    }

    #[test]
    fn particles_stay_with_their_surname() {
        assert_eq!(&*surnames("De La Cruz"), "DELACRUZ");
        assert_eq!(&*surnames("Dela Cruz Santos"), "DELACRUZ SANTOS");
        assert_eq!(&*surnames("Garcia-Lopez"), "GARCIA LOPEZ");
        assert_eq!(&*surnames("Lopez De"), "LOPEZ DE");
    }

    #[test]
    fn the_abbreviation_of_maria_is_spelled_out_only_before_a_name() {
        assert_eq!(&*given_names("Ma. Elena"), "MARIA ELENA");
        assert_eq!(&*given_names("Ma"), "MA");
    }
}
