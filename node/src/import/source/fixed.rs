//! Fixed-width records, one a line.
//!
//! Columns are counted in bytes of the publisher's system, where every letter was one byte. A Windows-1252 line still has
//! one byte a letter. A line that has since become UTF-8 has longer letters: if it has the record's length in letters,
//! columns are counted in letters; if it has that length in bytes, in bytes. A letter that then stands across two columns
//! makes the record unreadable: no column is ever shifted.

use std::{io::BufRead, ops::ControlFlow};

use super::{EachRow, Encoding, Lines, Record, Rows, delimited::is_blank};
use crate::import::{error::ImportError, fault::Fault};

/// Where the columns of a record stand.
#[derive(Clone, Debug, Default)]
pub(in crate::import) struct Ruler {
    /// Length of a record.
    pub(in crate::import) length: usize,
    /// Bytes of the record type at the start; 0 if there is none.
    pub(in crate::import) kind: usize,
    /// First and last place of each column, from 1.
    pub(in crate::import) columns: Vec<(usize, usize)>,
}

impl Ruler {
    /// Cuts a line: field 0 is the record type, the others are the columns in order.
    pub(in crate::import) fn cut(&self, line: &str, record: &mut Record) {
        let letters = !line.is_ascii() && line.chars().count() == self.length;
        if !letters && line.len() != self.length {
            record.fault = Some(Fault::RecordLength);
            return;
        }
        // Places of letters are looked up only in the few lines that need it.
        let starts: Vec<usize> =
            if letters { line.char_indices().map(|(place, _)| place).collect() } else { Vec::new() };
        let place = |letter: usize| {
            if letters { starts.get(letter).copied().unwrap_or(line.len()) } else { letter }
        };
        let kind = (1, self.kind);
        for (first, last) in core::iter::once(&kind).chain(&self.columns) {
            match line.get(place(first.saturating_sub(1))..place(*last)) {
                Some(field) => record.push(field),
                None => record.fault = Some(Fault::SplitLetter),
            }
        }
    }
}

/// Fixed-width text.
pub(in crate::import) struct Fixed<R> {
    lines: Lines<R>,
    ruler: Ruler,
}

impl<R: BufRead> Fixed<R> {
    pub(in crate::import) fn new(source: R, ruler: Ruler) -> Self {
        Self { lines: Lines::new(source), ruler }
    }
}

impl<R: BufRead> Rows for Fixed<R> {
    fn each(&mut self, each: &mut EachRow<'_>) -> Result<(), ImportError> {
        let (mut text, mut record) = (String::new(), Record::default());
        while let Some(line) = self.lines.next(&mut text)? {
            if is_blank(&text) {
                continue;
            }
            record.begin(self.lines.row());
            record.converted = line.encoding == Encoding::Windows1252;
            self.ruler.cut(&text, &mut record);
            if each(&record, self.lines.bytes())? == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(line: &str) -> Result<Vec<String>, Fault> {
        let ruler = Ruler { length: 10, kind: 2, columns: vec![(3, 6), (7, 10)] };
        let mut record = Record::default();
        ruler.cut(line, &mut record);
        record.fault.map_or_else(|| Ok(record.fields().map(str::to_owned).collect()), Err)
    }

    #[test]
    fn columns_are_cut_at_their_places_and_never_shifted() {
        let expected = |fields: [&str; 3]| Ok(fields.map(str::to_owned).to_vec());
        assert_eq!(cut("SBPenaDiaz"), expected(["SB", "Pena", "Diaz"]));
        // Ten letters, eleven bytes: the file was made UTF-8 after its columns were laid out.
        assert_eq!(cut("SBPeñaDiaz"), expected(["SB", "Peña", "Diaz"]));
        // Ten bytes, nine letters: laid out in bytes.
        assert_eq!(cut("SBPeñDiaz"), expected(["SB", "Peñ", "Diaz"]));
        assert_eq!(cut("SBPenñiaz"), Err(Fault::SplitLetter));
        for line in ["SBPenaDia", "SBPenaDiazz", "SBPeñaDia\u{301}zz", ""] {
            assert_eq!(cut(line), Err(Fault::RecordLength), "{line}");
        }
    }
}
