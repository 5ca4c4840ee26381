//! American Soundex as the parity vectors use it (linkage findings 4.1 step 9): a letter and three digits.
//!
//! Promises the rules of the 1918 code with the United States census amendment: letters of equal code that touch, or
//! stand with only H or W between them, count once; a vowel or Y between them separates. The first letter's own code
//! takes part in that. Input is upper-case A-Z; anything else is treated as a vowel. It does not promise to be right
//! about names from languages the code was not made for: that is why no recipe relies on it alone.

/// The Soundex code of `name`, or nothing for an empty name.
///
/// # Cost
///
/// One pass, no allocation.
pub(super) fn soundex(name: &str) -> Option<[u8; 4]> {
    let mut letters = name.bytes();
    let first = letters.next()?;
    let mut code = [first, b'0', b'0', b'0'];
    let mut places = code.iter_mut().skip(1);
    let mut last = digit(first);
    for letter in letters {
        match digit(letter) {
            Some(found) if last != Some(found) => {
                let Some(place) = places.next() else { break };
                *place = found;
                last = Some(found);
            }
            Some(_) => {}
            None if matches!(letter, b'H' | b'W') => {}
            None => last = None,
        }
    }
    Some(code)
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'B' | b'F' | b'P' | b'V' => Some(b'1'),
        b'C' | b'G' | b'J' | b'K' | b'Q' | b'S' | b'X' | b'Z' => Some(b'2'),
        b'D' | b'T' => Some(b'3'),
        b'L' => Some(b'4'),
        b'M' | b'N' => Some(b'5'),
        b'R' => Some(b'6'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_codes() {
        // The National Archives' examples, and the cases on which implementations differ (H and W do not separate).
        for (name, code) in [
            ("WASHINGTON", "W252"),
            ("LEE", "L000"),
            ("GUTIERREZ", "G362"),
            ("PFISTER", "P236"),
            ("JACKSON", "J250"),
            ("TYMCZAK", "T522"),
            ("ASHCRAFT", "A261"),
            ("ROBERT", "R163"),
            ("RUPERT", "R163"),
            ("HONEYMAN", "H555"),
        ] {
            assert_eq!(soundex(name).as_ref().map(|c| c.as_slice()), Some(code.as_bytes()), "{name}");
        }
    }

    #[test]
    fn an_empty_name_has_no_code() {
        assert_eq!(soundex(""), None);
    }
}
