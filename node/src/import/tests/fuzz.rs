//! Fuzz targets, one a reader: replayed on random bytes by `cargo test`, and open-ended under `cargo bolero test`.

use std::io::{Cursor, Write};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    super::source::{Delimited, Fixed, Record, Rows, Ruler, measure_workbook, walk_workbook},
    *,
};

/// Counts rows and touches every field, so that no slice is cut without being looked at.
fn drain(rows: &mut dyn Rows) -> Result<usize, ImportError> {
    let mut letters = 0;
    rows.each(&mut |record: &Record, _| {
        letters += record.fields().map(str::len).sum::<usize>() + record.filled() + record.whole().len();
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(letters)
}

#[test]
fn delimited_text() {
    bolero::check!().for_each(|bytes: &[u8]| {
        for delimiter in ['^', ','] {
            let _ = drain(&mut Delimited::new(bytes, delimiter));
        }
    });
}

#[test]
fn fixed_width_text() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let (length, text) =
            bytes.split_first().map_or((0, bytes), |(first, rest)| (usize::from(*first), rest));
        let columns =
            vec![(1, 1), (3, length / 2), (length / 2 + 1, length), (length + 1, length + 9), (1, 0)];
        let ruler = Ruler { length, kind: length % 3, columns };
        let _ = drain(&mut Fixed::new(text, ruler));
    });
}

/// A workbook whose only sheet has these bytes between its tags.
fn workbook(inside: &[u8]) -> Vec<u8> {
    const TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#;
    const BOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    const LINKS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
    const SHEET: [&str; 2] = [
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#,
        "</sheetData></worksheet>",
    ];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let sheet = [SHEET[0].as_bytes(), inside, SHEET[1].as_bytes()].concat();
    for (name, part) in [
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", LINKS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_slice()),
    ] {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(part).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Pieces a sheet is made of, so that random bytes make something a reader looks into.
const PIECES: [&str; 16] = [
    "<row r=\"1\">",
    "</row>",
    "<c r=\"A1\" t=\"str\">",
    "<c r=\"XFD1048576\">",
    "<c r=\"A0\" t=\"s\">",
    "<c t=\"d\">",
    "<c r=\"ZZZZZZZZZZ9999999999\">",
    "<c s=\"4294967295\" t=\"b\">",
    "<c t=\"e\">",
    "<c t=\"inlineStr\"><is><t>x</t></is>",
    "</c>",
    "<v>",
    "</v>",
    "1e308",
    "-99999999999999999999",
    "&#x1F;",
];

#[test]
fn spreadsheets() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let mut inside = Vec::new();
        for byte in bytes {
            match PIECES.get(usize::from(*byte)) {
                Some(piece) => inside.extend_from_slice(piece.as_bytes()),
                None => inside.push(*byte),
            }
        }
        for workbook in [workbook(&inside), bytes.to_vec()] {
            if measure_workbook(Cursor::new(&workbook)).is_ok() {
                let _ = walk_workbook(Cursor::new(&workbook), 1, &mut |record, _| {
                    assert!(record.fields().count() == record.len());
                    Ok(ControlFlow::Continue(()))
                });
            }
        }
    });
}

#[test]
fn layout_files() {
    let text = own().remove(0).text;
    bolero::check!().for_each(|bytes: &[u8]| {
        let _ = Layout::parse(&String::from_utf8_lossy(bytes));
        // A good layout with one stretch replaced, so that what is behind the reader of TOML is reached too.
        let at = bytes.first().map_or(0, |first| usize::from(*first) * 7 % text.len());
        let with = String::from_utf8_lossy(bytes.get(1..).unwrap_or(&[]));
        let (before, behind) = text.split_at_checked(at).unwrap_or((&text, ""));
        let _ = Layout::parse(&format!("{before}{with}{}", behind.get(with.len()..).unwrap_or("")));
    });
}

#[test]
fn recognition_and_reading() {
    let layouts = known();
    let good = senr(&[]).repeat(2);
    bolero::check!().for_each(|bytes: &[u8]| {
        let at = bytes.first().map_or(0, |first| usize::from(*first) % good.len());
        let damaged = [&good.as_bytes()[..at], bytes, &good.as_bytes()[at..]].concat();
        for text in [bytes, &damaged] {
            if let Ok((imported, rows)) = import_among(text, &layouts) {
                let report = imported.report;
                assert!(report.kept + report.duplicates + report.rows_refused <= report.rows);
                assert!(rows.len() as u64 <= report.kept * 2);
            }
        }
    });
}
