//! Text as institutions write it, reduced to upper-case tokens of A-Z (linkage findings 4.1 steps 1 to 4).
//!
//! Promises the same tokens for the spellings that different systems make of one name: accents and ligatures are
//! folded, UTF-8 once misread as Latin-1 is repaired, apostrophes and full stops join, hyphens and everything else
//! split, the digits 0, 1 and 5 become the letters they are mistyped for. It knows nothing of names; that is
//! [`super::name`]. It does not wipe its intermediate text.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class};

/// The tokens of `raw`: upper-case A-Z and the digits 0-9, split wherever anything else stands.
///
/// Digits are kept here so that `2ND` can be told from a name; [`letters_for_digits`] ends the step.
pub(crate) fn tokens(raw: &str) -> Vec<String> {
    fold(&repair(raw)).split_ascii_whitespace().map(str::to_owned).collect()
}

/// Replaces 0, 1 and 5 by O, I and S in every token; any other digit splits its token.
pub(super) fn letters_for_digits(tokens: &[String]) -> Vec<String> {
    let mut out = Vec::with_capacity(tokens.len());
    for token in tokens {
        let letters: String = token.chars().map(letter_for_digit).collect();
        out.extend(letters.split_ascii_whitespace().map(str::to_owned));
    }
    out
}

fn letter_for_digit(letter: char) -> char {
    match letter {
        '0' => 'O',
        '1' => 'I',
        '5' => 'S',
        '2'..='9' => ' ',
        other => other,
    }
}

/// Steps 2 to 4 without the digits: letters spelled out, decomposed, marks and joining punctuation dropped, upper case.
fn fold(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !joins(*letter)) {
        match spelling(letter) {
            Some(letters) => spelled.push_str(letters),
            None => spelled.push(letter),
        }
    }
    let mut folded = String::with_capacity(spelled.len());
    let base = spelled.nfkd().filter(|letter| canonical_combining_class(*letter) == 0 && !joins(*letter));
    for letter in base.flat_map(char::to_uppercase) {
        folded.push(if letter.is_ascii_alphanumeric() { letter } else { ' ' });
    }
    folded
}

/// Punctuation inside a name that is written or left out at will: O'Brien is OBRIEN.
fn joins(letter: char) -> bool {
    matches!(
        letter,
        '\'' | '"' | '`' | '.'
            | '\u{B4}' // acute accent on its own; decomposition would turn it into a space
            | '\u{2B9}'..='\u{2BF}' // modifier primes, apostrophes, half rings (okina)
            | '\u{2018}'..='\u{201F}' // quotation marks, single and double
            | '\u{2032}'..='\u{2037}' // primes
            | '\u{A78B}' | '\u{A78C}' // saltillo
            | '\u{FF07}'
    )
}

/// Letters that compatibility decomposition leaves alone, in the spelling English-language systems use.
fn spelling(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'ł' | 'Ł' => "l",
        'ı' => "i",
        'þ' | 'Þ' => "th",
        'ħ' | 'Ħ' => "h",
        'ŋ' | 'Ŋ' => "n",
        _ => return None,
    })
}

/// Undoes UTF-8 that was read as Latin-1 or Windows-1252: the text is left alone unless a tell-tale letter stands in it.
fn repair(text: &str) -> Cow<'_, str> {
    if !text.contains(['\u{C3}', '\u{C2}', '\u{C4}']) {
        return Cow::Borrowed(text);
    }
    let misread = |byte_of: fn(char) -> Option<u8>| {
        let bytes: Option<Vec<u8>> = text.chars().map(byte_of).collect();
        String::from_utf8(bytes?).ok()
    };
    let repaired = misread(latin_1_byte).or_else(|| misread(windows_1252_byte)).unwrap_or_else(|| {
        // Only part of the text was misread: mend the five pairs that names are full of.
        MISREAD_PAIRS.iter().fold(text.to_owned(), |text, (misread, letter)| text.replace(misread, letter))
    });
    Cow::Owned(repaired)
}

fn latin_1_byte(letter: char) -> Option<u8> {
    u8::try_from(u32::from(letter)).ok()
}

fn windows_1252_byte(letter: char) -> Option<u8> {
    let high = WINDOWS_1252_HIGH.iter().find(|(known, _)| *known == letter).map(|(_, byte)| *byte);
    high.or_else(|| latin_1_byte(letter).filter(|byte| !(0x80..=0x9F).contains(byte)))
}

const MISREAD_PAIRS: [(&str, &str); 5] = [("Ã±", "ñ"), ("Ã©", "é"), ("Ã³", "ó"), ("Ã¡", "á"), ("Ãº", "ú")];

/// Windows-1252 where it differs from Latin-1 (Unicode consortium, `CP1252.TXT`).
const WINDOWS_1252_HIGH: [(char, u8); 27] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('ƒ', 0x83),
    ('„', 0x84),
    ('…', 0x85),
    ('†', 0x86),
    ('‡', 0x87),
    ('ˆ', 0x88),
    ('‰', 0x89),
    ('Š', 0x8A),
    ('‹', 0x8B),
    ('Œ', 0x8C),
    ('Ž', 0x8E),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('˜', 0x98),
    ('™', 0x99),
    ('š', 0x9A),
    ('›', 0x9B),
    ('œ', 0x9C),
    ('ž', 0x9E),
    ('Ÿ', 0x9F),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_name_agree() {
        for (raw, expected) in [
            ("O'Brien", "OBRIEN"),
            ("O\u{2019}Brien", "OBRIEN"),
            ("D\u{B4}Andre", "DANDRE"),
            ("González", "GONZALEZ"),
            ("GonzÃ¡lez", "GONZALEZ"),
            ("Gonza\u{301}lez", "GONZALEZ"),
            ("Straße", "STRASSE"),
            ("Łukasz Ørsted", "LUKASZ ORSTED"),
            ("Garcia-Lopez", "GARCIA LOPEZ"),
            ("  de  la\tCruz ", "DE LA CRUZ"),
            ("John 2nd", "JOHN 2ND"),
            ("ＡＢＣ", "ABC"),
        ] {
            assert_eq!(tokens(raw).join(" "), expected, "{raw}");
        }
    }

    #[test]
    fn misread_text_is_repaired_whole_or_in_part() {
        assert_eq!(repair("MuÃ±oz"), "Muñoz");
        assert_eq!(
            repair("Ã‘uÃ±ez"),
            "Ñuñez",
            "needs Windows-1252: the second byte of Ñ is a quotation mark there"
        );
        assert_eq!(repair("MuÃ±oz ÿÃ"), "Muñoz ÿÃ", "the rest is no UTF-8, so only the known pair is mended");
        assert_eq!(repair("Muñoz"), "Muñoz");
    }

    #[test]
    fn mistyped_digits_become_letters_and_others_split() {
        assert_eq!(letters_for_digits(&tokens("R0BERT J0N35 A2B")), ["ROBERT", "JON", "S", "A", "B"]);
    }

    proptest! {
        #[test]
        fn any_text_ends_as_letters(raw in "\\PC{0,40}") {
            for token in letters_for_digits(&tokens(&raw)) {
                prop_assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_uppercase()));
            }
        }

        #[test]
        fn folding_twice_changes_nothing(raw in "\\PC{0,40}") {
            let once = letters_for_digits(&tokens(&raw));
            prop_assert_eq!(letters_for_digits(&tokens(&once.join(" "))), once);
        }
    }
}
