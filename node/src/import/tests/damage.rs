//! What a spreadsheet, a conversion or a mistake does to a file, and what the clerk is told (domain 7).

use super::*;

#[test]
fn windows_1252_is_taken_with_a_warning_that_names_the_row() {
    let text = senr(&[]) + &senr(&[(8, "2068905819"), (9, "A-2"), (12, "PEÑA")]);
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
    let (report, rows) = import(&bytes).unwrap();
    let found: Vec<_> = report.problems.iter().map(|problem| (problem.row, problem.rule)).collect();
    assert_eq!(found, [(2, "D2")]);
    assert_eq!(column(&rows, "student", "last"), ["FUENTES", "PEÑA"]);
}

#[test]
fn spreadsheet_damage_is_named_and_refuses_the_file() {
    for (number, value, what) in [
        (8, "2.06891E+09", "scientific"),
        (8, "2,068,905,818", "thousands"),
        (9, "1.23E+05", "scientific"),
        (17, "5/3/2004", "slashes"),
        (17, "37288", "day number"),
        (25, "6/10/2020", "slashes"),
        (25, "43992", "day number"),
    ] {
        let text = senr(&[]) + &senr(&[(number, value)]);
        let found = faults(&refused(text.as_bytes()));
        assert_eq!(found.len(), 1, "{value}");
        assert_eq!((found[0].0, found[0].1), (2, Some(number)), "{value}");
        assert!(found[0].2.contains(what), "{value}: {}", found[0].2);
    }
}

#[test]
fn a_lost_leading_zero_is_put_back_with_a_warning() {
    let (report, rows) = import(senr(&[(8, "068905818"), (24, "9")]).as_bytes()).unwrap();
    assert_eq!((report.warnings(), report.problems[0].rule), (2, "D3"));
    assert_eq!(column(&rows, "enrolment", "ssid"), ["0068905818"]);
    assert_eq!(column(&rows, "enrolment", "grade-level"), ["09"]);
}

#[test]
fn every_bad_row_is_listed_and_nothing_is_kept() {
    let text = [senr(&[]), senr(&[(8, "7777777777")]), senr(&[(7, "2019-2021")]), senr(&[(9, "")])].concat();
    let error = refused(text.as_bytes());
    let found: Vec<_> = faults(&error).iter().map(|found| (found.0, found.1)).collect();
    assert_eq!(found, [(2, Some(8)), (3, Some(7)), (4, Some(9))]);
    let ImportError::Rows { report } = error else { panic!("kind") };
    assert_eq!((report.rows, report.kept, report.rows_with_errors), (4, 0, 3));
}

#[test]
fn every_finding_goes_out_as_it_is_made_though_the_list_has_a_limit() {
    let rows = PROBLEMS_LISTED_MAX + 5;
    let text: String = (0..rows)
        .map(|number| senr(&[(8, &format!("1{number:09}")), (9, &format!("A{number}")), (17, "19000101")]))
        .collect();
    let kept = file(text.as_bytes());
    let mut told = 0;
    let mut outlets = Outlets {
        rows: &mut |_| ControlFlow::Continue(()),
        progress: &mut |_| ControlFlow::Continue(()),
        findings: &mut |finding| {
            told += 1;
            assert_eq!((finding.row, finding.fault), (told as u64, Fault::PlaceholderDate));
            Ok(())
        },
    };
    let imported =
        read(&recognise(kept.path(), &[]).unwrap(), TODAY_YEAR, &mut outlets, &Room::memory()).unwrap();
    assert_eq!((told, imported.report.problems.len()), (rows, PROBLEMS_LISTED_MAX));
    assert_eq!(imported.report.counts[0].times, rows as u64);
    let mut outlets = Outlets {
        rows: &mut |_| ControlFlow::Continue(()),
        progress: &mut |_| ControlFlow::Continue(()),
        findings: &mut |_| Err(std::io::ErrorKind::StorageFull.into()),
    };
    let full = read(&recognise(kept.path(), &[]).unwrap(), TODAY_YEAR, &mut outlets, &Room::memory());
    assert!(matches!(full, Err(ImportError::ProblemList { .. })));
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
fn separators_at_the_end_of_one_row_are_ordinary_if_they_can_be_nothing_else() {
    let rows: String =
        (10..40).map(|n| senr(&[(8, &format!("20689058{n}")), (9, &format!("A-{n}"))])).collect();
    let last = senr(&[(8, "2068905999"), (9, "A-9")]);
    let (report, read) = import((rows.clone() + last.trim_end() + "^^\r\n").as_bytes()).unwrap();
    assert_eq!((report.kept, report.counts.len(), read.len()), (31, 0, 62), "{report}");
    assert_eq!(column(&read, "enrolment", "a-g-met")[30], "false");
    // The same row with one of the two before what is kept, or with a value split in two.
    for shifted in [
        last.replacen("^FUENTES^", "^FUENTES^^", 1),
        last.replacen("^E230^", "^^E230^", 1),
        last.replacen("^100^", "^100^^", 1),
        last.replacen("^CA^", "^C^A^", 1),
    ] {
        let found = faults(&refused((rows.clone() + shifted.trim_end() + "^\r\n").as_bytes()));
        assert_eq!((found[0].0, found[0].2), (31, Fault::Width.what()), "{shifted}");
    }
    // A last name that nothing behind it vouches for may have come from the column before.
    let good: Vec<String> =
        (1..=5).map(|n| format!("B{n},,,Ana,Q,Diaz,,,2002-01-02,F,N,700,90001")).collect();
    let list = |last: &str| students(&[&good.join("\r\n"), last]);
    assert_eq!(import(list("A9,,,Cy,,Li,,,2002-01-03,F,N,,,,").as_bytes()).unwrap().0.kept, 6);
    let found = faults(&refused(list("A9,,,Cy,,Li,,,,,,,,").as_bytes()));
    assert_eq!((found[0].0, found[0].2), (7, Fault::Width.what()));
}

#[test]
fn unusable_identity_fields_are_dropped_with_a_warning() {
    let mut rows =
        vec!["A1,7777777777,900-12-3456,Ana,,Diaz,,,1900-01-01,Q,N,700,90001", "A2,,,Bo,,Li,,,,,,,"];
    // Enough that is right for the columns to be known by what they hold.
    let right: Vec<String> =
        (3..=6).map(|n| format!("A{n},123456789{n},40061455{n},Ca,,Li,,,2002-01-02,F,N,700,90001")).collect();
    rows.extend(right.iter().map(String::as_str));
    let text = students(&rows);
    let (report, rows) = import(text.as_bytes()).unwrap();
    let found: Vec<_> = report.problems.iter().map(|problem| (problem.row, problem.rule)).collect();
    assert_eq!(found, [(2, "D2"), (2, "D2"), (2, "N5"), (2, "N6"), (3, "D2")]);
    for element in ["ssid", "ssn", "birth-date", "gender"] {
        assert_eq!(column(&rows, "student", element)[..2], ["", ""], "{element}");
    }
    assert!(report.counts.iter().any(|count| count.what.contains("taxpayer number")));
}

#[test]
fn identifiers_that_two_students_share_are_told() {
    let text = students(&[
        "A1,1234567891,400614555,Ana,,Diaz,,,2002-01-02,F,N,700,90001",
        "A1,1234567892,,Ana,,Diaz,,,2002-01-02,F,N,700,90001",
        "A2,1234567891,,Bo,,Li,,,2002-01-02,F,N,700,90001",
        "A3,1234567893,400614555,Cy,,Li,,,2002-01-02,F,N,700,90001",
        "A4,1234567894,,Di,,Li,,,2002-01-02,X,N,700,90001",
    ]);
    let (report, rows) = import(text.as_bytes()).unwrap();
    let found: Vec<_> =
        report.problems.iter().map(|problem| (problem.row, problem.column, problem.what)).collect();
    let what = |fault: Fault| fault.what();
    assert_eq!(
        found,
        [
            (3, None, what(Fault::RepeatedKey)),
            (3, Some(1), what(Fault::LocalIdTwoSsids)),
            (4, Some(2), what(Fault::SsidTwoLocalIds)),
            (5, Some(3), what(Fault::SsnShared)),
        ]
    );
    assert_eq!(rows.len(), 5);
    assert_eq!(column(&rows, "student", "gender")[4], "X");
}

#[test]
fn names_that_show_damage_are_told_and_kept_as_written() {
    let text = students(&[
        "A1,,,FNU,,DIAZ,,,2002-01-02,F,N,700,90001",
        "A2,,,ANA,,PE?A,,,2002-01-03,F,N,700,90001",
        "A3,,,ANA,,Garcia Marquez,,,2002-01-04,F,N,700,90001",
        "A4,,,ANA,,\"GARCIA, ANA\",,,2002-01-99,F,N,700,90001",
    ]);
    let (report, rows) = import(text.as_bytes()).unwrap();
    let found: Vec<_> =
        report.problems.iter().map(|problem| (problem.row, problem.column, problem.what)).collect();
    let what = |fault: Fault| fault.what();
    assert_eq!(
        found,
        [
            (2, Some(4), what(Fault::FillerName)),
            (3, Some(6), what(Fault::LettersLost)),
            (4, Some(6), what(Fault::TwoSurnames)),
            (4, Some(6), what(Fault::MixedCase)),
            (5, Some(6), what(Fault::TwoNames)),
            (5, Some(9), what(Fault::DayUnknown)),
        ]
    );
    let notes = report.problems.iter().filter(|problem| problem.severity == Severity::Note).count();
    assert_eq!((notes, report.warnings()), (1, 5), "two surnames are no fault");
    assert_eq!(column(&rows, "student", "last")[2], "Garcia Marquez");
    assert_eq!(column(&rows, "student", "first")[0], "FNU");
    assert_eq!(column(&rows, "student", "birth-month")[3], "2002-01");
    assert_eq!(column(&rows, "student", "birth-date")[3], "");
}

#[test]
fn no_text_carries_a_value() {
    const MARKERS: [&str; 5] = ["ZZMARKNAME", "8811998811", "31129944", "ZZLOCAL", "ZZCODE"];
    let bad = senr(&[]).repeat(3)
        + &senr(&[
            (5, "ZZCODE"),
            (8, "8811998811x"),
            (9, "ZZLOCAL"),
            (10, "ZZMARKNAME"),
            (17, "31129944"),
            (26, "ZZCODE"),
            (7, "ZZCODE"),
        ]);
    let error = refused(bad.as_bytes());
    let ImportError::Rows { report } = &error else { panic!("{error}") };
    let lone = refused(senr(&[(1, "ZZCODE"), (9, "ZZLOCAL")]).as_bytes());
    let wide = refused(b"ZZLOCAL,ZZMARKNAME\n8811998811,1\n");
    let texts = [
        format!("{error} {error:?} {lone} {lone:?} {wide} {wide:?}"),
        report.to_string(),
        serde_json::to_string(report).unwrap(),
    ];
    for (text, marker) in texts.iter().flat_map(|text| MARKERS.map(|marker| (text, marker))) {
        assert!(!text.contains(marker), "{marker} in {text}");
    }
    assert!(report.rows_with_errors == 1 && report.problems.len() == 7, "{report}");
}
