//! The released tables as CSV (RFC 4180): the columns of the export contract, one line per cell.
//!
//! A field that a spreadsheet would take for a formula is led by an apostrophe. Definitions and legend do not fit a
//! table: [`super::notes`] carries them.

use crate::report::{Report, derived, rows};

/// The header line, without its line end. Scripts rely on it: add columns at the end, never rename.
pub const CSV_HEADER: &str =
    "run,table,sender,receiver,cohort,dimension,category,outcome,measure,value,low,high,status,reason";

/// Every cell of the report and what is made of the cells, UTF-8, lines ended by CR LF.
#[must_use]
pub fn csv(report: &Report) -> Vec<u8> {
    let mut out = format!("{CSV_HEADER}\r\n");
    for row in rows(report).chain(derived(report)) {
        let fields: Vec<_> = row.iter().map(|field| quoted(field)).collect();
        out.push_str(&fields.join(","));
        out.push_str("\r\n");
    }
    out.into_bytes()
}

/// A field as it stands in the file.
fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{guard}{}\"", field.replace('"', "\"\""))
    } else {
        format!("{guard}{field}")
    }
}

/// The records of a table that [`csv`] wrote, its header first, each field as it stands between its quotes.
#[must_use]
pub fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let fields = ["plain", "a,\"b\"", "two\r\nlines", "", "*"];
        let line = fields.map(quoted).join(",");
        let read = read_csv(&format!("head\r\n{line}\r\n"));
        assert_eq!(read, [vec!["head".to_owned()], fields.map(str::to_owned).to_vec()]);
    }

    #[test]
    fn fields_are_quoted_and_disarmed() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("@cmd,x"), "\"'@cmd,x\"");
        assert_eq!(quoted("*"), "*");
    }
}
