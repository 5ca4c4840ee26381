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

/// Lines a layout file is made of, so that what is behind the reader of TOML is reached: the rules of soundness, and the plan.
const LINES: [&str; 40] = [
    "form = \"delimited\"",
    "form = \"fixed\"",
    "delimiters = [\"comma\"]",
    "header = \"required\"",
    "header = \"optional\"",
    "columns = [3, 5]",
    "record-bytes = [20]",
    "record-types = [\"AB\"]",
    "tables = [\"student\"]",
    "tables = [\"student\", \"enrolment\"]",
    "tables = [\"wage\"]",
    "segment = [\"k12\"]",
    "segment = [\"cc\"]",
    "key = [\"a\"]",
    "key = [\"b\", \"c\"]",
    "year-from = \"b\"",
    "constants = { test = \"x\" }",
    "refused = \"no\"",
    "[[column]]\nname = \"a\"\nelement = \"local-id\"",
    "[[column]]\nname = \"b\"\nelement = \"school-year\"\ncheck = \"school-year\"",
    "[[column]]\nname = \"c\"\nelement = \"birth-date\"\ncheck = \"birth-date\"",
    "[[column]]\nname = \"d\"\nelement = \"ssn\"\ncheck = \"ssn\"",
    "[[column]]\nname = \"e\"\nelement = \"ssid\"\ncheck = \"ssid\"",
    "[[column]]\nname = \"f\"\nelement = \"gender\"\ncheck = \"gender\"",
    "[[column]]\nname = \"g\"\ncheck = \"code\"\ncodes = [\"A\", \"D\"]",
    "[[column]]\nname = \"A\"\ncheck = \"text\"",
    "number = 1",
    "number = 2",
    "number = 3",
    "at = [1, 4]",
    "at = [5, 12]",
    "at = [13, 20]",
    "need = \"required\"",
    "need = \"row\"",
    "transaction = true",
    "otherwise = \"X\"",
    "year-column = \"b\"",
    "only-if = { column = \"a\", is = [\"S\"] }",
    "never = \"it is not asked for\"",
    "pictures = [\"9(3)A\"]",
];

/// A layout that is taken keeps the rules no layout may break, and can be read with, whatever the file.
#[test]
fn layout_files_that_are_sound() {
    let head = "schema = 2\nid = \"x\"\nversion = \"1\"\ntitle = \"x\"\n";
    bolero::check!().for_each(|bytes: &[u8]| {
        let (chosen, content) = bytes.split_at(bytes.len() * 3 / 4);
        let lines = chosen.iter().map(|byte| LINES[usize::from(*byte) % LINES.len()]);
        let text = lines.fold(head.to_owned(), |text, line| text + line + "\n");
        let Ok(layout) = Layout::parse(&text) else { return };
        let k12 = layout.segment.contains(&Segment::K12);
        for column in &layout.column {
            assert!(column.never.is_none() || column.element.is_none(), "{text}");
            assert!(!k12 || column.element.as_deref() != Some("ssn"), "{text}");
            assert!(
                column.number.is_none_or(|number| layout.columns.iter().any(|most| number <= *most)),
                "{text}"
            );
            assert!(column.at.is_none_or(|(first, last)| first <= last && last <= 20), "{text}");
        }
        assert!(layout.refused.is_some() || !layout.tables.is_empty(), "{text}");
        let rows = b"a,b,c,d,e,f,g\nS1,2019-2020,20020102,400614555,1234567890,F,A\nAB20192020020102    \n";
        let _ = import_among(&[rows.as_slice(), content].concat(), &[layout]);
    });
}

/// The share of layouts made of such lines that are sound is not zero: the target is not idle.
#[test]
fn lines_of_layouts_can_make_one() {
    let of = |places: &[usize]| {
        let lines: Vec<&str> = places.iter().map(|place| LINES[*place]).collect();
        Layout::parse(&format!(
            "schema = 2\nid = \"x\"\nversion = \"1\"\ntitle = \"x\"\n{}",
            lines.join("\n")
        ))
    };
    of(&[0, 2, 3, 8, 18, 32, 20, 23]).unwrap();
    of(&[0, 2, 4, 5, 9, 13, 15, 18, 26, 19, 27, 33, 20, 28, 36]).unwrap();
    of(&[1, 6, 7, 8, 18, 29, 20, 30]).unwrap();
    assert!(of(&[0, 2, 3, 8, 11, 18, 21]).is_err(), "a school's layout never reads a social security number");
}
