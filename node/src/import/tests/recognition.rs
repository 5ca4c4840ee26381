//! Which layout a file has: content decides, and a doubt is named.

use super::*;

#[test]
fn an_empty_file_is_refused() {
    assert!(matches!(refused(b""), ImportError::Empty));
    assert!(matches!(refused(b"\r\n\r\n"), ImportError::Empty));
}

#[test]
fn a_header_alone_is_refused() {
    assert!(matches!(refused(STUDENT_HEADER.as_bytes()), ImportError::HeaderOnly));
}

#[test]
fn a_file_of_no_known_layout_is_refused_with_each_reason() {
    let error = refused(b"a,b,c\n1,2,3\n");
    let ImportError::Unrecognised { tried } = &error else { panic!("{error}") };
    let senr = tried.iter().find(|miss| miss.layout == "calpads-senr").unwrap();
    assert_eq!((senr.why.as_str(), senr.near), ("column 1 is not SENR or SENR-R", Nearness::Other));
    assert!(error.to_string().contains("4 others fit less or no better"), "{error}");
    assert_eq!((error.code().0, error.rule()), (0x200B, Some("D1")));
}

#[test]
fn a_layout_shifted_by_one_column_is_refused_by_the_probes() {
    let shifted: String = (0..5)
        .map(|_| {
            senr(&[]).replacen("^2068905818^", "^^2068905818^", 1).replacen("^^^^^^\r\n", "^^^^^\r\n", 1)
        })
        .collect();
    let error = refused(shifted.as_bytes()).to_string();
    assert!(error.contains("calpads-senr: column 8 (SSID) has no value in 5 rows"), "{error}");
    assert!(error.contains("columns 8 to 33 look shifted by one: another vintage?"), "{error}");
}

/// Five rows of different pupils, so that every column has something to say.
fn five() -> Vec<Vec<String>> {
    let row = |number: usize| {
        let (ssid, local) = (format!("206890581{number}"), format!("A-{number}"));
        let line = senr(&[(8, &ssid), (9, &local), (29, "Y"), (31, "9968585")]);
        line.trim_end().split('^').map(str::to_owned).collect()
    };
    (1..=5).map(row).collect()
}

fn text(rows: &[Vec<String>], delimiter: &str) -> String {
    rows.iter().map(|row| row.join(delimiter) + "\r\n").collect()
}

fn told(rows: &[Filed]) -> Vec<Vec<String>> {
    rows.iter().map(|filed| filed.row.cells.iter().map(words).collect()).collect()
}

#[test]
fn a_column_inserted_or_removed_anywhere_is_seen_or_does_not_matter() {
    let (_, truth) = import(text(&five(), "^").as_bytes()).unwrap();
    let truth = told(&truth);
    for place in 0..=39 {
        for inserted in ["", "N", "20190815", "ANA"] {
            let mut rows = five();
            rows.iter_mut().for_each(|row| row.insert(place, inserted.to_owned()));
            match import(text(&rows, "^").as_bytes()) {
                Ok((_, read)) => assert_eq!(told(&read), truth, "{inserted:?} inserted at {place}"),
                Err(ImportError::Unrecognised { .. } | ImportError::Rows { .. }) => {}
                Err(error) => panic!("{place}: {error}"),
            }
        }
    }
    for place in 0..39 {
        let mut rows = five();
        rows.iter_mut().for_each(|row| drop(row.remove(place)));
        let mut without = five();
        without.iter_mut().for_each(|row| row[place].clear());
        match import(text(&rows, "^").as_bytes()) {
            Ok((_, read)) => {
                let (_, expected) = import(text(&without, "^").as_bytes()).unwrap();
                assert_eq!(told(&read), told(&expected), "{place} removed");
            }
            Err(ImportError::Unrecognised { .. } | ImportError::Rows { .. }) => {}
            Err(error) => panic!("{place}: {error}"),
        }
    }
}

#[test]
fn another_delimiter_a_header_and_quotes_change_nothing() {
    let (_, truth) = import(text(&five(), "^").as_bytes()).unwrap();
    let truth = told(&truth);
    let layout = shipped("calpads-senr");
    let mut header = vec![String::from("x"); 39];
    for column in &layout.column {
        header[column.number.unwrap() - 1] = column.name.to_uppercase();
    }
    for delimiter in ["^", ",", "\t", "|", ";"] {
        let mut rows = five();
        rows[1].iter_mut().for_each(|field| *field = format!("\"{field}\""));
        rows.insert(0, header.clone());
        let bytes = text(&rows, delimiter);
        let (report, read) = import(bytes.as_bytes()).unwrap_or_else(|error| panic!("{delimiter}: {error}"));
        assert_eq!(told(&read), truth, "{delimiter}");
        assert_eq!((report.rows, report.problems.len()), (5, 1), "{report}");
        assert!(report.why.contains("a header row that agrees"), "{}", report.why);
    }
}

#[test]
fn a_header_that_names_another_place_is_a_doubt() {
    let mut rows = five();
    let mut header = vec![String::from("x"); 39];
    for (number, name) in [(7, "AcademicYearID"), (9, "SSID"), (10, "LegalFirst"), (17, "BirthDate")] {
        header[number - 1] = name.to_owned();
    }
    rows.insert(0, header);
    let error = refused(text(&rows, "^").as_bytes()).to_string();
    assert!(error.contains("has SSID in column 9, the layout in column 8: another vintage?"), "{error}");
}

#[test]
fn a_text_that_cannot_be_placed_is_a_doubt() {
    // Nothing from the names on is filled in, and a column too many: where the names stand is anybody's guess.
    let mut layout = shipped("calpads-senr");
    layout.column.retain(|column| column.number.is_none_or(|number| number <= 18));
    layout
        .column
        .iter_mut()
        .filter(|column| column.number > Some(16))
        .for_each(|column| column.need = Need::Optional);
    layout.key.retain(|name| name != "EnrollStartDate");
    let row =
        "SENR^^R1^9968585^9930003^^2019-2020^2068905818^A-1^ANA^^FUENTES^^^^^^^".to_owned() + &"^".repeat(21);
    let bytes = format!("{row}\n").repeat(3);
    let Err(error) = import_among(bytes.as_bytes(), &[layout]) else { panic!("accepted") };
    assert!(
        error.to_string().contains("it cannot be told whether LocalStudentID is in its place"),
        "{error}"
    );
}

#[test]
fn an_ambiguous_file_is_refused_with_what_would_tell() {
    let mut twin = own().remove(0);
    twin.id = "twin".into();
    twin.column.retain(|column| column.name != "zip");
    twin.column
        .iter_mut()
        .filter(|column| column.name == "middle")
        .for_each(|column| column.name = "nick".into());
    let mut first = own().remove(0);
    first.column.retain(|column| column.name != "ssn");
    let text = students(&["A1,,,Ana,,Diaz,,,2002-01-02,F,N,700,90001"]).replace("suffix", "nick");
    let Err(error) = import_among(text.as_bytes(), &[first, twin]) else { panic!("chosen") };
    assert!(matches!(&error, ImportError::Ambiguous { candidates, .. } if candidates.len() == 2));
    assert!(
        error.to_string().contains("only students reads middle, zip; only twin reads nick, ssn"),
        "{error}"
    );
}

#[test]
fn the_layout_that_reads_more_of_the_same_header_wins() {
    let mut narrow = own().remove(0);
    narrow.id = "narrow".into();
    narrow.column.retain(|column| column.name != "zip");
    let text = students(&["A1,,,Ana,,Diaz,,,2002-01-02,F,N,700,90001"]);
    let (imported, _) = import_among(text.as_bytes(), &[narrow, own().remove(0)]).unwrap();
    assert_eq!(imported.report.layout, "students");
}

#[test]
fn a_layout_that_is_refused_says_why() {
    let mut layout = own().remove(0);
    layout.refused = Some("it is not needed".into());
    let text = students(&["A1,,,Ana,,Diaz,,,2002-01-02,F,N,700,90001"]);
    let Err(error) = import_among(text.as_bytes(), &[layout]) else { panic!("accepted") };
    assert!(matches!(&error, ImportError::LayoutRefused { layout, .. } if layout == "students"));
    assert!(error.to_string().ends_with("it is not needed") && error.rule() == Some("F3"), "{error}");
}

#[test]
fn named_layouts_are_tried_first_and_the_others_after() {
    let text = students(&["A1,,,Ana,,Diaz,,,2002-01-02,F,N,700,90001"]);
    let (senr, students) = (file(senr(&[]).as_bytes()), file(text.as_bytes()));
    let (named, others) = (own(), [shipped("calpads-senr"), shipped("calpads-sinf")]);
    assert_eq!(recognise_among(students.path(), &named, &others).unwrap().layout.id, "students");
    assert_eq!(recognise_among(senr.path(), &named, &others).unwrap().layout.id, "calpads-senr");
    assert!(
        matches!(recognise_as(senr.path(), &named[0]), Err(ImportError::Unrecognised { tried }) if tried.len() == 1)
    );
}

#[test]
fn utf_16_and_nul_bytes_are_refused() {
    let wide: Vec<u8> = senr(&[]).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(refused(&wide), ImportError::Utf16));
    assert!(matches!(refused(&[&[0xFF, 0xFE], wide.as_slice()].concat()), ImportError::Utf16));
    let nul = senr(&[]) + &senr(&[(10, "A\0NA")]);
    assert!(matches!(refused(nul.as_bytes()), ImportError::NulByte { row: 2 }));
}
