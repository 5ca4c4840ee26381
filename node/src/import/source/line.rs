//! Bytes to lines of text, with hard limits: a line of any length costs at most [`LINE_BYTES_MAX`] of memory.
//!
//! UTF-8 with or without a byte order mark, else Windows-1252 line by line. It does not repair mojibake: match-key
//! normalisation does (linkage 4.1.1).

use std::io::BufRead;

use super::super::error::ImportError;

/// Longest line, bytes: forty columns of the longest field that is sensible, with room.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// Longest value, bytes: no name or code comes near it.
pub const FIELD_BYTES_MAX: usize = 1024;
/// Most rows of one file: a state's ten years of term enrolments.
pub const ROWS_MAX: u64 = 20_000_000;

/// How a line was encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::import) enum Encoding {
    Utf8,
    Windows1252,
}

/// What is known of a line besides its text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::import) struct Line {
    /// How it was encoded.
    pub(in crate::import) encoding: Encoding,
    /// Its text began with a byte order mark, which was taken off.
    pub(in crate::import) marked: bool,
}

/// Reads lines.
pub(in crate::import) struct Lines<R> {
    source: R,
    line: Vec<u8>,
    row: u64,
    bytes: u64,
}

impl<R: BufRead> Lines<R> {
    pub(in crate::import) fn new(source: R) -> Self {
        Self { source, line: Vec::new(), row: 0, bytes: 0 }
    }

    /// Number of the line last read, from 1.
    pub(in crate::import) fn row(&self) -> u64 {
        self.row
    }

    /// Bytes read.
    pub(in crate::import) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads the next line as text without its end; `None` at the end of the file.
    pub(in crate::import) fn next(&mut self, text: &mut String) -> Result<Option<Line>, ImportError> {
        self.line.clear();
        let mut ended = false;
        while !ended {
            let chunk = self.source.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let (part, used) = match chunk.iter().position(|byte| *byte == b'\n') {
                Some(position) => (chunk.get(..position).unwrap_or(chunk), position + 1),
                None => (chunk, chunk.len()),
            };
            ended = used > part.len();
            if self.line.len() + part.len() > LINE_BYTES_MAX {
                return Err(ImportError::LineTooLong { row: self.row + 1, bytes_max: LINE_BYTES_MAX });
            }
            self.line.extend_from_slice(part);
            self.source.consume(used);
            self.bytes += used as u64;
        }
        if !ended && self.line.is_empty() {
            return Ok(None);
        }
        self.row += 1;
        if self.row > ROWS_MAX + 1 {
            return Err(ImportError::TooManyRows { rows_max: ROWS_MAX });
        }
        self.decode(text).map(Some)
    }

    fn decode(&self, text: &mut String) -> Result<Line, ImportError> {
        let mut bytes = self.line.as_slice();
        let mut marked = false;
        if self.row == 1 {
            if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) || looks_utf16(bytes) {
                return Err(ImportError::Utf16);
            }
            if let Some(rest) = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
                (bytes, marked) = (rest, true);
            }
        }
        bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if bytes.contains(&0) {
            return Err(ImportError::NulByte { row: self.row });
        }
        text.clear();
        let encoding = match core::str::from_utf8(bytes) {
            Ok(valid) => {
                text.push_str(valid);
                Encoding::Utf8
            }
            Err(_) => {
                text.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0);
                Encoding::Windows1252
            }
        };
        Ok(Line { encoding, marked })
    }
}

/// True if every other byte of the start is zero: UTF-16 without a byte order mark.
fn looks_utf16(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(64)).unwrap_or(bytes);
    let zeros = |parity: usize| start.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    start.len() >= 4 && (zeros(0).max(zeros(1))) * 4 >= start.len()
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    fn first(bytes: &[u8]) -> Result<(String, Option<Encoding>), ImportError> {
        let mut text = String::new();
        let line = Lines::new(bytes).next(&mut text)?;
        Ok((text, line.map(|line| line.encoding)))
    }

    #[test]
    fn line_ends_and_byte_order_mark_are_not_text() {
        for bytes in [&b"a,b\r\nc"[..], b"a,b\nc", b"\xEF\xBB\xBFa,b\r\n", b"a,b"] {
            assert_eq!(first(bytes).unwrap().0, "a,b");
        }
    }

    #[test]
    fn windows_1252_is_converted() {
        assert_eq!(first(b"Pe\xF1a\n").unwrap(), ("Peña".to_owned(), Some(Encoding::Windows1252)));
        assert_eq!(first("Peña".as_bytes()).unwrap(), ("Peña".to_owned(), Some(Encoding::Utf8)));
    }

    #[test]
    fn utf_16_and_nul_bytes_are_refused() {
        assert!(matches!(first(b"\xFF\xFEa\0b\0"), Err(ImportError::Utf16)));
        assert!(matches!(first(b"a\0b\0c\0d\0"), Err(ImportError::Utf16)));
        assert!(matches!(first(b"abcdefghijk\0l"), Err(ImportError::NulByte { row: 1 })));
    }

    #[test]
    fn a_line_of_two_gibibytes_is_refused_after_reading_the_limit() {
        struct Counted(u64);
        impl Read for Counted {
            fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
                out.fill(b'x');
                self.0 += out.len() as u64;
                Ok(out.len())
            }
        }
        let mut lines = Lines::new(BufReader::new(Counted(0).take(2 << 30)));
        assert!(matches!(lines.next(&mut String::new()), Err(ImportError::LineTooLong { row: 1, .. })));
        assert!(lines.line.capacity() <= 2 * LINE_BYTES_MAX);
        assert!((2 << 30) - lines.source.get_ref().limit() <= 2 * LINE_BYTES_MAX as u64);
    }
}
