//! Files a clerk may drop, good and bad, and what is said about each.
//!
//! The full simulated files are read if `PASSAGE_EDUCATION` names their folder; the demonstration files always.

use std::{
    io::Write as _,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use passage_protocol::{cells::SchoolYear, refusal::Refusal};
use proptest::prelude::*;

use super::{read::Reading, recognise::choose, *};
use crate::roster::{EnrolmentKind, Filed, PlainRecord};

const TODAY_YEAR: u16 = 2026;
const STUDENT_HEADER: &str =
    "student_id,ssid,ssn,first,middle,last,suffix,prior_last,birth_date,gender,hispanic,race,zip";

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/members")
}

fn own() -> Vec<Layout> {
    let layout = |name: &str| {
        Layout::parse(&std::fs::read_to_string(demo().join("layouts").join(name)).unwrap()).unwrap()
    };
    ["students.toml", "enrollments.toml", "courses.toml", "awards.toml"].map(layout).into()
}

fn layouts() -> Vec<Layout> {
    Layout::built_in().unwrap().into_iter().chain(own()).collect()
}

/// Recognises and reads bytes: the report and the records, or the refusal.
fn import(bytes: &[u8]) -> Result<(ImportReport, Vec<Filed>), ImportError> {
    let (layout, why) = choose(bytes, layouts())?;
    let mut records = Vec::new();
    let mut reading = Reading::new(&layout, TODAY_YEAR);
    let mut sink = |filed| {
        records.push(filed);
        ControlFlow::Continue(())
    };
    reading.run(bytes, bytes.len() as u64, &mut sink, &mut |_| {})?;
    Ok((reading.report(&why)?, records))
}

fn refused(bytes: &[u8]) -> ImportError {
    match import(bytes) {
        Ok((report, _)) => panic!("accepted: {report}"),
        Err(error) => error,
    }
}

fn faults(error: &ImportError) -> Vec<(u64, Option<usize>, &'static str)> {
    let ImportError::Rows { report } = error else { panic!("{error}") };
    let errors = report.problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| (problem.row, problem.column, problem.what)).collect()
}

/// One SENR row; fields are replaced by number.
fn senr(changes: &[(usize, &str)]) -> String {
    let row = "SENR^^R1^9968585^9930003^^2019-2020^2068905818^A-1^ANA^^FUENTES^^^^^20020122^F^^CA^US^20190815^10^12^20200610^E230^100\
               ^^N^^9968585^^N^^^^^^";
    let mut fields: Vec<&str> = row.split('^').collect();
    for (number, value) in changes {
        fields[number - 1] = value;
    }
    fields.join("^") + "\r\n"
}

fn students(rows: &[&str]) -> String {
    format!("{STUDENT_HEADER}\r\n{}\r\n", rows.join("\r\n"))
}

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
    assert_eq!(tried.len(), 6);
    assert!(error.to_string().contains("calpads-senr: column 1 is not SENR"), "{error}");
    assert_eq!((error.code().0, error.rule()), (0x200B, Some("D1")));
}

#[test]
fn a_layout_shifted_by_one_column_is_refused_by_the_probes() {
    let shifted: String = (0..5)
        .map(|_| {
            senr(&[]).replacen("^2068905818^", "^^2068905818^", 1).replacen("^^^^^^\r\n", "^^^^^\r\n", 1)
        })
        .collect();
    let error = refused(shifted.as_bytes());
    assert!(
        error.to_string().contains("column 23 (EnrollmentStatusCode) passes its check in 0 of 5"),
        "{error}"
    );
}

#[test]
fn an_ambiguous_file_is_refused_with_what_would_tell() {
    let mut twin = own().remove(0);
    twin.id = "twin".into();
    twin.column.retain(|column| column.name != "zip");
    let text = students(&["A1,,,Ana,,Diaz,,,2002-01-02,F,N,700,90001"]);
    let Err(error) = choose(text.as_bytes(), vec![own().remove(0), twin]) else { panic!("chosen") };
    assert!(matches!(&error, ImportError::Ambiguous { candidates, .. } if candidates.len() == 2));
    assert!(error.to_string().contains("only students reads zip"), "{error}");
}

#[test]
fn utf_16_and_nul_bytes_are_refused() {
    let wide: Vec<u8> = senr(&[]).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(refused(&wide), ImportError::Utf16));
    assert!(matches!(refused(&[&[0xFF, 0xFE], wide.as_slice()].concat()), ImportError::Utf16));
    let nul = senr(&[]) + &senr(&[(10, "A\0NA")]);
    assert!(matches!(refused(nul.as_bytes()), ImportError::NulByte { row: 2 }));
}

#[test]
fn windows_1252_is_taken_with_a_warning_that_names_the_row() {
    let text = senr(&[]) + &senr(&[(8, "2068905819"), (9, "A-2"), (12, "PEÑA")]);
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
    let (report, records) = import(&bytes).unwrap();
    assert_eq!(
        report.problems.iter().map(|problem| (problem.row, problem.rule)).collect::<Vec<_>>(),
        [(2, "D2")]
    );
    let last = records.iter().filter_map(|filed| {
        if let PlainRecord::Person(person) = &filed.record { Some(person.last.expose()) } else { None }
    });
    assert_eq!(last.collect::<Vec<_>>(), ["FUENTES", "PEÑA"]);
}

#[test]
fn spreadsheet_damage_is_named_and_refuses_the_file() {
    for (column, value, what) in [
        (8, "2.06891E+09", "scientific"),
        (8, "2,068,905,818", "thousands"),
        (9, "1.23E+05", "scientific"),
        (17, "5/3/2004", "slashes"),
        (25, "6/10/2020", "slashes"),
    ] {
        let text = senr(&[]) + &senr(&[(column, value)]);
        let found = faults(&refused(text.as_bytes()));
        assert_eq!(found.len(), 1, "{value}");
        assert_eq!((found[0].0, found[0].1), (2, Some(column)), "{value}");
        assert!(found[0].2.contains(what), "{value}: {}", found[0].2);
    }
}

#[test]
fn a_lost_leading_zero_is_put_back_with_a_warning() {
    let (report, records) = import(senr(&[(8, "068905818")]).as_bytes()).unwrap();
    assert_eq!((report.warnings(), report.problems[0].rule), (1, "D3"));
    let PlainRecord::Completion(completion) = &records[0].record else { panic!("kind") };
    assert_eq!(completion.ssid.expose(), "0068905818");
}

#[test]
fn every_bad_row_is_listed_and_nothing_is_kept() {
    let text = [senr(&[]), senr(&[(8, "7777777777")]), senr(&[(7, "2019-2021")]), senr(&[(9, "")])].concat();
    let error = refused(text.as_bytes());
    assert_eq!(
        faults(&error).iter().map(|found| (found.0, found.1)).collect::<Vec<_>>(),
        [(2, Some(8)), (3, Some(7)), (4, Some(9))]
    );
    let ImportError::Rows { report } = error else { panic!("kind") };
    assert_eq!((report.rows, report.kept, report.rows_with_errors), (4, 0, 3));
    let mut csv = Vec::new();
    report.write_problems(&mut csv).unwrap();
    assert_eq!(String::from_utf8(csv).unwrap().lines().count(), 4);
}

#[test]
fn a_row_of_another_width_or_record_type_is_refused() {
    let base = senr(&[]).repeat(4);
    let narrow = base.clone() + "SENR^^R1\r\n";
    assert!(faults(&refused(narrow.as_bytes()))[0].2.contains("number of columns"));
    let mixed = base + &senr(&[(1, "SENR-R")]);
    assert!(faults(&refused(mixed.as_bytes()))[0].2.contains("record type"));
}

#[test]
fn ods_extracts_trailing_carets_and_bare_line_feeds_are_taken() {
    let plain = senr(&[]);
    let plain = plain.trim_end();
    let ods = plain.replacen("SENR", "SENR-R", 1) + "^20240101^20240102\r\n";
    for text in [ods, format!("{plain}^^^^\r\n"), format!("{plain}\n"), format!("\u{FEFF}{plain}")] {
        let (report, records) = import(text.as_bytes()).unwrap();
        assert_eq!((report.layout.as_str(), report.kept, records.len()), ("calpads-senr", 1, 2), "{text}");
    }
}

#[test]
fn repeated_and_deleted_rows_are_not_kept() {
    let text = senr(&[]).repeat(2) + &senr(&[(2, "D"), (9, "A-3")]);
    let (report, records) = import(text.as_bytes()).unwrap();
    assert_eq!((report.rows, report.kept, report.duplicates, report.deleted), (3, 1, 1, 1));
    assert_eq!(records.len(), 2);
}

#[test]
fn completers_follow_the_calpads_rule() {
    let cohort = |changes: &[(usize, &str)]| {
        let (_, records) = import(senr(changes).as_bytes()).unwrap();
        let PlainRecord::Completion(completion) = &records[0].record else { panic!("kind") };
        completion.cohort
    };
    assert_eq!(cohort(&[]), Some(SchoolYear(2019)));
    assert_eq!(cohort(&[(25, "20200815")]), Some(SchoolYear(2019)));
    assert_eq!(cohort(&[(25, "20200816")]), Some(SchoolYear(2020)));
    assert_eq!(cohort(&[(27, "320")]), Some(SchoolYear(2019)));
    for no in [(26, "E140"), (27, "360"), (27, ""), (23, "20"), (24, "06"), (25, "")] {
        assert_eq!(cohort(&[no]), None, "{no:?}");
    }
}

#[test]
fn unusable_identity_fields_are_dropped_with_a_warning() {
    let text =
        students(&["A1,7777777777,900-12-3456,Ana,,Diaz,,,1900-01-01,Q,N,999,90001", "A1,,,Bo,,Li,,,,,,,"]);
    let (report, records) = import(text.as_bytes()).unwrap();
    let rules: Vec<_> = report.problems.iter().map(|problem| (problem.row, problem.rule)).collect();
    assert_eq!(rules, [(2, "D2"), (2, "D2"), (2, "N5"), (2, "N6"), (2, "D2"), (3, "D2"), (3, "D4")]);
    let PlainRecord::Person(person) = &records[0].record else { panic!("kind") };
    assert!(
        person.ssid.is_empty()
            && person.ssn.is_empty()
            && person.birth_date.is_none()
            && person.races.is_empty()
    );
}

#[test]
fn dual_enrolment_is_special() {
    let text = "student_id,term,status\nA1,2021SU,SPECIAL\nA1,2022FA,FIRST\n";
    let (report, records) = import(text.as_bytes()).unwrap();
    assert_eq!(report.school_years, ["2021-2022", "2022-2023"]);
    let special = records.iter().map(|filed| {
        let PlainRecord::Enrolment(enrolment) = &filed.record else { panic!("kind") };
        enrolment.kind == EnrolmentKind::Special
    });
    assert_eq!(special.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn no_text_carries_a_value() {
    const MARKERS: [&str; 5] = ["ZZMARKNAME", "8811998811", "31129944", "ZZLOCAL", "ZZCODE"];
    let bad = senr(&[]).repeat(3)
        + &senr(&[
            (8, "8811998811x"),
            (9, "ZZLOCAL"),
            (10, "ZZMARKNAME"),
            (17, "31129944"),
            (26, "ZZCODE"),
            (7, "ZZCODE"),
        ]);
    let error = refused(bad.as_bytes());
    let ImportError::Rows { report } = &error else { panic!("{error}") };
    let mut csv = Vec::new();
    report.write_problems(&mut csv).unwrap();
    let lone = refused(senr(&[(1, "ZZCODE"), (9, "ZZLOCAL")]).as_bytes());
    let wide = refused(b"ZZLOCAL,ZZMARKNAME\n8811998811,1\n");
    let texts = [
        format!("{error} {error:?} {lone} {lone:?} {wide} {wide:?}"),
        report.to_string(),
        serde_json::to_string(report).unwrap(),
        String::from_utf8(csv).unwrap(),
    ];
    for (text, marker) in texts.iter().flat_map(|text| MARKERS.map(|marker| (text, marker))) {
        assert!(!text.contains(marker), "{marker} in {text}");
    }
    assert!(report.rows_with_errors == 1 && report.problems.len() == 6);
}

#[test]
fn a_receiver_can_stop_the_reading_and_progress_reaches_the_end() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(senr(&[]).as_bytes()).unwrap();
    let recognised = recognise(file.path(), &[]).unwrap();
    let mut last = None;
    read(&recognised, TODAY_YEAR, &mut |_| ControlFlow::Continue(()), &mut |progress| last = Some(progress))
        .unwrap();
    assert!(last.is_some_and(|progress| progress.bytes_done == progress.bytes_total));
    let stopped = read(&recognised, TODAY_YEAR, &mut |_| ControlFlow::Break(()), &mut |_| {});
    assert!(matches!(stopped, Err(ImportError::Stopped)));
}

fn import_folder(folder: &Path, files: &[&str]) {
    for name in files {
        let path = folder.join(name);
        let recognised = recognise(&path, &own()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut records = 0_u64;
        let mut sink = |_| {
            records += 1;
            ControlFlow::Continue(())
        };
        let report = read(&recognised, TODAY_YEAR, &mut sink, &mut |_| {}).unwrap_or_else(|error| {
            if let ImportError::Rows { report } = &error {
                panic!("{name}: {report}")
            }
            panic!("{name}: {error}")
        });
        println!("{name}\n{report}");
        let kinds = recognised.layout.emits.len() as u64;
        assert_eq!(records, report.kept * kinds, "{name}");
        assert_eq!(report.rows, report.kept + report.duplicates, "{name}");
        let expected = name.rsplit('-').next().unwrap().split('.').next().unwrap().to_lowercase();
        assert!(report.layout.ends_with(&expected), "{name}: {}", report.layout);
    }
}

const FILES: [(&str, &[&str]); 5] = [
    ("K12A", &["K12A-SENR.txt", "K12A-SINF.txt"]),
    ("K12B", &["K12B-SENR.txt", "K12B-SINF.txt"]),
    ("CC1", &["CC1-students.csv", "CC1-enrollments.csv", "CC1-courses.csv", "CC1-awards.csv"]),
    ("CC2", &["CC2-students.csv", "CC2-enrollments.csv", "CC2-courses.csv", "CC2-awards.csv"]),
    ("UNIV", &["UNIV-students.csv", "UNIV-enrollments.csv", "UNIV-courses.csv", "UNIV-awards.csv"]),
];

#[test]
fn demonstration_files_import_unchanged() {
    for (member, files) in FILES {
        import_folder(&demo().join(member), files);
    }
}

#[test]
fn full_simulated_files_import_unchanged() {
    let Ok(folder) = std::env::var("PASSAGE_EDUCATION") else {
        println!("skipped: PASSAGE_EDUCATION does not name the folder of the full files");
        return;
    };
    for (_, files) in FILES {
        import_folder(Path::new(&folder), files);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
        let _ = import(&bytes);
    }

    #[test]
    fn arbitrary_values_in_a_known_layout_never_panic(column in 1_usize..=39, value in "[^\\^\\r\\n\\x00]{0,40}", rows in 1_usize..4) {
        let text = senr(&[]).repeat(rows) + &senr(&[(column, &value)]);
        let _ = import(text.as_bytes());
        let row = format!("A1,{value},{value},{value},,{value},,,{value},{value},{value},{value},{value}");
        let _ = import(students(&[&row]).as_bytes());
    }
}
