//! A student as a row of bytes, for sequences of this process alone: sealed where they leave memory, read back by nobody else.

use passage_protocol::cells::SchoolYear;
use passage_shell::shelf::ShelfError;

use super::record::{Date, Person, Text};

/// Length of a text that does not fit one byte follows it.
const LONG: u8 = u8::MAX;

pub(super) fn put_person(person: &Person, out: &mut Vec<u8>) {
    let Person {
        local_id,
        ssid,
        ssn,
        first,
        middle,
        last,
        suffix,
        prior_last,
        alias_first,
        alias_middle,
        alias_last,
        birth_date,
        gender,
        zip,
        hispanic,
        races,
    } = person;
    for text in [
        local_id,
        ssid,
        ssn,
        first,
        middle,
        last,
        suffix,
        prior_last,
        alias_first,
        alias_middle,
        alias_last,
        gender,
        zip,
    ] {
        put_text(text.expose(), out);
    }
    let (year, month, day) = birth_date.map_or((0, 0, 0), |date| (date.year(), date.month(), date.day()));
    out.extend_from_slice(&year.to_le_bytes());
    out.extend_from_slice(&[month, day, hispanic.map_or(0, |said| 1 + u8::from(said))]);
    for race in races {
        out.extend_from_slice(&race.to_le_bytes());
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    match u8::try_from(text.len()).ok().filter(|length| *length != LONG) {
        Some(length) => out.push(length),
        None => {
            out.push(LONG);
            out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        }
    }
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn put_year(year: Option<SchoolYear>, out: &mut Vec<u8>) {
    out.push(u8::from(year.is_some()));
    out.extend_from_slice(&year.map_or(0, |year| year.0).to_le_bytes());
}

/// Reads from the front of a row.
pub(super) struct Unpack<'a>(pub(super) &'a [u8]);

impl<'a> Unpack<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ShelfError> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(ShelfError::DAMAGED)?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ShelfError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(ShelfError::DAMAGED)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(super) fn byte(&mut self) -> Result<u8, ShelfError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn number(&mut self) -> Result<u32, ShelfError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn year(&mut self) -> Result<Option<SchoolYear>, ShelfError> {
        let (is_known, year) = (self.byte()?, self.array().map(u16::from_le_bytes)?);
        Ok((is_known == 1).then_some(SchoolYear(year)))
    }

    fn text(&mut self) -> Result<Text, ShelfError> {
        let length = match self.byte()? {
            LONG => self.number()? as usize,
            length => usize::from(length),
        };
        core::str::from_utf8(self.take(length)?).map(Text::new).map_err(|_| ShelfError::DAMAGED)
    }

    /// To the end of the row.
    pub(super) fn person(mut self) -> Result<Person, ShelfError> {
        Ok(Person {
            local_id: self.text()?,
            ssid: self.text()?,
            ssn: self.text()?,
            first: self.text()?,
            middle: self.text()?,
            last: self.text()?,
            suffix: self.text()?,
            prior_last: self.text()?,
            alias_first: self.text()?,
            alias_middle: self.text()?,
            alias_last: self.text()?,
            gender: self.text()?,
            zip: self.text()?,
            birth_date: {
                let (year, [month, day]) = (self.array().map(u16::from_le_bytes)?, self.array()?);
                Date::new(year, month, day)
            },
            hispanic: match self.byte()? {
                0 => None,
                said => Some(said == 2),
            },
            races: {
                let (races, rest) = self.0.as_chunks();
                if rest.is_empty() {
                    races.iter().map(|race| u16::from_le_bytes(*race)).collect()
                } else {
                    return Err(ShelfError::DAMAGED);
                }
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_person_comes_back_as_it_went(texts in proptest::collection::vec("\\PC{0,20}", 13), long in 0_usize..700, day in 0_u8..40, hispanic in any::<Option<bool>>(), races in proptest::collection::vec(any::<u16>(), 0..6)) {
            let text = |at: usize| Text::new(&texts[at]);
            let person = Person {
                local_id: text(0), ssid: text(1), ssn: text(2), first: Text::new(&"x".repeat(long)), middle: text(4), last: text(5),
                suffix: text(6), prior_last: text(7), alias_first: text(8), alias_middle: text(9), alias_last: text(10),
                gender: text(11), zip: text(12), birth_date: Date::new(2004, 2, day), hispanic, races,
            };
            let (mut bytes, mut again) = (Vec::new(), Vec::new());
            put_person(&person, &mut bytes);
            let back = Unpack(&bytes).person().unwrap();
            put_person(&back, &mut again);
            prop_assert_eq!(&again, &bytes);
            prop_assert!(back.local_id == person.local_id && back.zip == person.zip && back.first == person.first);
            prop_assert!(back.birth_date == person.birth_date && back.hispanic == hispanic && back.races == person.races);
            for cut in 0..bytes.len() - 2 * person.races.len() {
                prop_assert!(Unpack(&bytes[..cut]).person().is_err());
            }
        }
    }
}
