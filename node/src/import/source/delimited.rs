//! Lines with a character between columns.
//!
//! A value may be quoted, `""` is a quote inside one; a line break inside a value is not taken, since one lost quote
//! would then swallow the rest of the file: the row is refused by name instead.

use std::{io::BufRead, ops::ControlFlow};

use super::{EachRow, Encoding, Lines, Record, Rows};
use crate::import::{error::ImportError, fault::Fault};

/// Delimited text.
pub(in crate::import) struct Delimited<R> {
    lines: Lines<R>,
    delimiter: char,
}

impl<R: BufRead> Delimited<R> {
    pub(in crate::import) fn new(source: R, delimiter: char) -> Self {
        Self { lines: Lines::new(source), delimiter }
    }
}

impl<R: BufRead> Rows for Delimited<R> {
    fn each(&mut self, each: &mut EachRow<'_>) -> Result<(), ImportError> {
        let (mut text, mut record) = (String::new(), Record::default());
        while let Some(line) = self.lines.next(&mut text)? {
            if is_blank(&text) {
                continue;
            }
            record.begin(self.lines.row());
            record.converted = line.encoding == Encoding::Windows1252;
            split(&text, self.delimiter, &mut record);
            if each(&record, self.lines.bytes())? == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }
}

/// True for a line without a value; the end-of-file character of old systems is none.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|letter| letter.is_whitespace() || letter == '\u{1A}')
}

/// Splits a line into the fields of `record`; a quote left open is the record's fault.
pub(in crate::import) fn split(line: &str, delimiter: char, record: &mut Record) {
    if !line.contains('"') {
        line.split(delimiter).for_each(|field| record.push(field));
        return;
    }
    let mut field = String::new();
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.trim().is_empty() => {
                field.clear();
                quoted = true;
            }
            letter if letter == delimiter && !quoted => {
                record.push(&field);
                field.clear();
            }
            letter => field.push(letter),
        }
    }
    record.push(&field);
    if quoted {
        record.fault = Some(Fault::OpenQuote);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str, delimiter: char) -> (Vec<String>, Option<Fault>) {
        let mut record = Record::default();
        split(line, delimiter, &mut record);
        (record.fields().map(str::to_owned).collect(), record.fault)
    }

    #[test]
    fn quotes_hold_separators() {
        for delimiter in [',', '^', '|', '\t', ';'] {
            let line = r#"a,"b,""c""",d "e" f"#.replace(',', &delimiter.to_string());
            let (fields, fault) = fields(&line, delimiter);
            assert_eq!(fields, ["a".to_owned(), format!("b{delimiter}\"c\""), "d \"e\" f".to_owned()]);
            assert_eq!(fault, None);
        }
        assert_eq!(fields("a,\"b", ',').1, Some(Fault::OpenQuote));
    }

    #[test]
    fn blank_lines_and_the_old_end_of_file_are_passed_over() {
        let mut rows = Vec::new();
        let mut each = |record: &Record, _| {
            rows.push((record.row, record.field(0).to_owned()));
            Ok(ControlFlow::Continue(()))
        };
        Delimited::new(&b"a\r\n\r\n  \nb\n\x1A"[..], ',').each(&mut each).unwrap();
        assert_eq!(rows, [(1, "a".to_owned()), (4, "b".to_owned())]);
    }
}
