//! Values by their shape, as publishers write it: `9(6)` is six digits, `A(3)9(4)` three letters and four digits, `2999` a
//! number from 2000 to 2999.

use super::{Fault, scientific, slashed};

/// Longest run of one sort of letter in a picture; no published code is longer.
const RUN_MAX: usize = 255;

/// True if the text is a picture.
pub(in crate::import) fn is_picture(picture: &str) -> bool {
    let mut found = false;
    let whole = runs(picture, &mut |_, _| found = true);
    whole && found
}

/// Holds a value to the shapes, if there are any.
pub(super) fn shaped(pictures: &[String], text: &str) -> Result<(), Fault> {
    if pictures.is_empty() || pictures.iter().any(|picture| matches(picture, text)) {
        Ok(())
    } else if scientific(text) {
        Err(Fault::ExcelScientific)
    } else if slashed(text) {
        Err(Fault::ExcelDate)
    } else {
        Err(Fault::NotOfTheShape)
    }
}

fn matches(picture: &str, text: &str) -> bool {
    let mut letters = text.bytes();
    let mut all = true;
    runs(picture, &mut |sort, count| {
        for _ in 0..count {
            all &= letters.next().is_some_and(|letter| match sort {
                b'9' => letter.is_ascii_digit(),
                b'A' => letter.is_ascii_alphabetic(),
                b'X' => letter.is_ascii_alphanumeric(),
                digit => letter == digit,
            });
        }
    });
    all && letters.next().is_none()
}

/// Gives each run of a picture: the sort of letter and how many. False if the text is no picture.
fn runs(picture: &str, each: &mut dyn FnMut(u8, usize)) -> bool {
    let mut rest = picture;
    while let Some((sort, behind)) = rest.split_at_checked(1) {
        if !matches!(sort.as_bytes(), [b'0'..=b'9' | b'A' | b'X']) {
            return false;
        }
        let count = behind.strip_prefix('(').and_then(|counted| counted.split_once(')'));
        let (count, behind) = match count {
            Some((count, behind)) => (count.parse().unwrap_or(0), behind),
            None => (1, behind),
        };
        if !(1..=RUN_MAX).contains(&count) {
            return false;
        }
        each(sort.bytes().next().unwrap_or(b'X'), count);
        rest = behind;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_held_to_the_letter() {
        for (picture, text, fits) in [
            ("9(6)", "170100", true),
            ("9(6)", "17010", false),
            ("9(6)", "1701000", false),
            ("999", "012", true),
            ("999", "12A", false),
            ("A(3)9(4)", "ABC1234", true),
            ("A(3)9(4)", "AB31234", false),
            ("XX", "2X", true),
            ("XX", "2", false),
            ("X(5)", "17\u{e9}11", false),
            ("9", "", false),
            ("2999", "2401", true),
            ("2999", "4012", false),
        ] {
            assert_eq!(matches(picture, text), fits, "{picture} {text}");
        }
    }

    #[test]
    fn only_pictures_are_pictures() {
        for (picture, is) in [
            ("9(6)", true),
            ("A9X", true),
            ("", false),
            ("9(0)", false),
            ("9(", false),
            ("N", false),
            ("9(999)", false),
        ] {
            assert_eq!(is_picture(picture), is, "{picture}");
        }
    }

    #[test]
    fn damage_by_a_spreadsheet_is_named() {
        let shapes = ["9(9)".to_owned()];
        assert!(matches!(shaped(&shapes, "1.0E+08"), Err(Fault::ExcelScientific)));
        assert!(matches!(shaped(&shapes, "5/3/2004"), Err(Fault::ExcelDate)));
        assert!(matches!(shaped(&shapes, "12"), Err(Fault::NotOfTheShape)));
    }
}
