//! What becomes of rows: repeats, deletions, replacements, what follows from codes, what is covered.

use super::*;

#[test]
fn ods_extracts_trailing_carets_and_bare_line_feeds_are_taken() {
    let plain = senr(&[]);
    let plain = plain.trim_end();
    let ods = plain.replacen("SENR", "SENR-R", 1) + "^20240101^20240102\r\n";
    for text in [ods, format!("{plain}^^^^\r\n"), format!("{plain}\n"), format!("\u{FEFF}{plain}")] {
        let (report, rows) = import(text.as_bytes()).unwrap();
        assert_eq!((report.layout.as_str(), report.kept, rows.len()), ("calpads-senr", 1, 2), "{text}");
    }
}

#[test]
fn a_row_is_kept_once_and_knows_where_it_stood() {
    let text = senr(&[]).repeat(2);
    let (report, rows) = import(text.as_bytes()).unwrap();
    assert_eq!((report.rows, report.kept, report.duplicates), (2, 1, 1));
    let tables: Vec<&str> = rows.iter().map(|filed| filed.row.table).collect();
    assert_eq!(tables, ["student", "enrolment"]);
    for filed in &rows {
        assert_eq!((filed.period, filed.origin.row), (ReportingPeriod::of_year(SchoolYear(2019)), 1));
        assert_eq!(
            (filed.origin.file.layout.as_str(), filed.origin.file.version.as_str()),
            ("calpads-senr", "2019-20")
        );
        assert_eq!(filed.row.cells.len(), dictionary().unwrap().tables[filed.row.table].elements.len());
    }
    assert_eq!(rows[0].key, rows[1].key);
}

#[test]
fn later_rows_delete_and_replace_earlier_ones() {
    let add = |ssid: &str, first: &str| senr(&[(8, ssid), (9, &format!("A{ssid}")), (10, first)]);
    let with = |code: &str, ssid: &str, first: &str| {
        senr(&[(2, code), (8, ssid), (9, &format!("A{ssid}")), (10, first)])
    };
    let text = [
        add("1000000001", "ADA"),
        add("1000000002", "BEA"),
        with("A", "1000000003", "CYD"),
        with("R", "1000000002", "BETH"),
        with("D", "1000000003", ""),
        add("1000000003", "CYAN"),
        with("D", "1000000004", ""),
    ]
    .concat();
    let (imported, rows) = import_among(text.as_bytes(), &known()).unwrap();
    assert_eq!(column(&rows, "student", "first"), ["ADA", "BETH", "CYAN"]);
    let transactions = imported.report.transactions;
    assert_eq!(transactions, Transactions { added: 4, deleted: 2, replaced: 1, superseded: 2 });
    assert!(transactions.is_update());
    let keys: Vec<RowKey> =
        rows.iter().filter(|filed| filed.row.table == "student").map(|filed| filed.key).collect();
    // Every record the file names: the three it keeps and the one it deletes, which stands in no row.
    assert_eq!(imported.taken_out.len(), 4);
    assert!(keys.iter().all(|key| imported.taken_out.contains(key)));

    let (plain, _) = import_among(senr(&[]).as_bytes(), &known()).unwrap();
    assert!(!plain.report.transactions.is_update() && plain.taken_out.is_empty());
}

#[test]
fn keys_are_those_of_the_record_and_not_of_its_spelling() {
    let key = |changes: &[(usize, &str)]| import(senr(changes).as_bytes()).unwrap().1.remove(0).key;
    let same = key(&[]);
    for changes in [&[(22, "2019-08-15")][..], &[(10, "BEA")], &[(9, "B-2")], &[(7, "2019-20")]] {
        assert!(key(changes) == same, "{changes:?}");
    }
    for changes in [&[(22, "20190816")][..], &[(8, "2068905819")], &[(5, "9930004")], &[(7, "2020-2021")]] {
        assert!(key(changes) != same, "{changes:?}");
    }
}

#[test]
fn an_unknown_transaction_is_not_guessed() {
    let found = faults(&refused((senr(&[]).repeat(40) + &senr(&[(2, "X")])).as_bytes()));
    assert_eq!((found.len(), found[0].0, found[0].1), (1, 41, Some(2)));
}

#[test]
fn completers_follow_the_calpads_rule() {
    let cohort = |changes: &[(usize, &str)]| {
        let (_, rows) = import(senr(changes).as_bytes()).unwrap();
        column(&rows, "enrolment", "completer-cohort").remove(0)
    };
    assert_eq!(cohort(&[]), "2019");
    assert_eq!(cohort(&[(25, "20200815")]), "2019");
    assert_eq!(cohort(&[(25, "20200816")]), "2020");
    assert_eq!(cohort(&[(27, "320")]), "2019");
    for no in [(26, "E140"), (27, "360"), (27, ""), (23, "20"), (24, "06"), (25, "")] {
        assert_eq!(cohort(&[no]), "", "{no:?}");
    }
}

#[test]
fn dual_enrolment_is_special() {
    let text = "student_id,term,status\nA1,2021SU,SPECIAL\nA1,2022FA,FIRST\n";
    let (report, rows) = import(text.as_bytes()).unwrap();
    assert_eq!(report.school_years, ["2021-2022", "2022-2023"]);
    assert_eq!(column(&rows, "enrolment", "special-admit"), ["true", "false"]);
    assert_eq!(column(&rows, "enrolment", "term-season"), ["summer", "fall"]);
    assert_eq!(column(&rows, "enrolment", "school-year"), ["2021", "2022"]);
}

/// What a file takes the place of is what the column of its year holds: a term where files come by term (D4).
#[test]
fn files_that_come_by_term_stand_for_terms() {
    let text = "student_id,term,status\nA1,2021su,SPECIAL\nA1,2022SP,FIRST\nA2,2022SP,FIRST\n";
    let (report, rows) = import(text.as_bytes()).unwrap();
    let periods: Vec<String> = report.periods.iter().map(ToString::to_string).collect();
    assert_eq!(periods, ["2021SU of 2021-2022", "2022SP of 2021-2022"]);
    let filed: Vec<String> = rows.iter().map(|filed| filed.period.to_string()).collect();
    assert_eq!(filed, [&periods[0], &periods[1], &periods[1]].map(String::as_str));
    let (report, _) = import(senr(&[]).as_bytes()).unwrap();
    assert_eq!(report.periods, [ReportingPeriod::of_year(SchoolYear(2019))]);
    let shipped = Layout::built_in().unwrap();
    for (quarter, period) in [("2023Q4", "2023Q4 of 2023-2024"), ("20241", "2024Q1 of 2023-2024")] {
        let wages = format!(
            "ssn,first_name,last_name,quarter,employer_account,naics,wages\n518430102,Ana,Diaz,{quarter},1234567,611310,100.00\n"
        );
        let (imported, _) = import_among(wages.as_bytes(), &shipped).unwrap();
        assert_eq!(imported.report.periods.iter().map(ToString::to_string).collect::<Vec<_>>(), [period]);
    }
}

#[test]
fn a_term_reads_back_and_nothing_else_does() {
    use passage_protocol::codec::{Decode as _, Encode as _};
    let period = ReportingPeriod { year: Some(SchoolYear(2021)), term: Term::parse("2021fa") };
    let mut bytes = Vec::new();
    period.encode(&mut bytes);
    assert_eq!(ReportingPeriod::from_bytes(&bytes).unwrap(), period);
    let at = bytes.len() - 1;
    for (damage, why) in [(b'a', "small"), (b'/', "no letter"), (0, "cut")] {
        bytes[at] = damage;
        assert!(ReportingPeriod::from_bytes(&bytes).is_err(), "{why}");
    }
    for wrong in ["", "2021 FA", "2021-FALL", "123456789", "2021F\u{e9}"] {
        assert!(Term::parse(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn races_roll_up() {
    let text = students(&[
        "A1,,,Ana,,Diaz,,,2002-01-02,F,Y,700,90001",
        "A2,,,Bo,,Li,,,2002-01-03,F,N,201,90001",
        "A3,,,Cy,,Li,,,2002-01-04,F,,,90001",
    ]);
    let (_, rows) = import(text.as_bytes()).unwrap();
    assert_eq!(column(&rows, "student", "ethnicity"), ["hispanic", "asian", "not-reported"]);
    assert_eq!(column(&rows, "student", "races"), ["700", "201", ""]);
    assert_eq!(column(&rows, "student", "hispanic"), ["true", "false", ""]);
}

#[test]
fn coverage_counts_what_students_can_be_matched_by() {
    let rows = [
        senr(&[]),
        senr(&[(8, "2068905819"), (9, "A-2"), (5, "9930004")]),
        senr(&[(8, "2068905820"), (9, "A-3"), (17, "")]),
        // The first pupil again, at the same school: another spell, no other student.
        senr(&[(22, "20190816"), (10, ""), (17, "")]),
    ];
    let (report, _) = import(rows.concat().as_bytes()).unwrap();
    let school = |school: &str, rows, students, named| Covered {
        school_year: Some("2019-2020".into()),
        school: Some(school.into()),
        rows,
        students,
        ssid: students,
        name_and_birth_date: named,
        strong: students,
        ..Covered::default()
    };
    assert_eq!(report.coverage, [school("9930003", 3, 2, 1), school("9930004", 1, 1, 1)]);

    let text = students(&[
        "A1,,400614555,Ana,,Diaz,,,2002-01-02,F,Y,700,90001",
        "A2,,,Bo,,Li,,,2002-01-03,F,N,201,90001",
        "A3,,,Cy,,Li,,,,F,,,90001",
        "A4,,,Di,,UNKNOWN,,,2002-01-05,F,,,90001",
    ]);
    let (report, _) = import(text.as_bytes()).unwrap();
    let [all] = report.coverage.as_slice() else { panic!("{:?}", report.coverage) };
    assert_eq!((all.students, all.strong, all.standard, all.weak), (4, 2, 1, 1));
    assert_eq!((all.school_year.as_ref(), all.school.as_ref(), all.ssn), (None, None, 1));
}

#[test]
fn columns_that_are_never_imported_are_dropped_and_counted() {
    let text =
        own().remove(0).text.replace("element = \"ssn\"\ncheck = \"ssn\"", "never = \"not asked for\"");
    let layout = Layout::parse(
        &text
            .replace("need = \"optional\"\n\n[[column]]\nname = \"first\"", "\n[[column]]\nname = \"first\""),
    )
    .unwrap();
    let text = students(&[
        "A1,,400614555,Ana,,Diaz,,,2002-01-02,F,Y,700,90001",
        "A2,,,Bo,,Li,,,2002-01-03,F,N,201,90001",
    ]);
    let (imported, rows) = import_among(text.as_bytes(), &[layout]).unwrap();
    assert_eq!(
        imported.report.dropped,
        [Dropped { name: "ssn".into(), why: "not asked for".into(), values: 1 }]
    );
    assert_eq!(column(&rows, "student", "ssn"), ["", ""]);
}

#[test]
fn a_receiver_can_stop_the_reading_and_progress_reaches_the_end() {
    let file = file(senr(&[]).as_bytes());
    let recognised = recognise(file.path(), &[]).unwrap();
    let mut last = None;
    let mut outlets = Outlets {
        rows: &mut |_| ControlFlow::Continue(()),
        progress: &mut |progress| {
            last = Some(progress);
            ControlFlow::Continue(())
        },
        findings: &mut |_| Ok(()),
    };
    read(&recognised, TODAY_YEAR, &mut outlets, &Room::memory()).unwrap();
    assert!(last.is_some_and(|progress| progress.bytes_done == progress.bytes_total));
    let mut outlets = Outlets {
        rows: &mut |_| ControlFlow::Break(()),
        progress: &mut |_| ControlFlow::Continue(()),
        findings: &mut |_| Ok(()),
    };
    let stopped = read(&recognised, TODAY_YEAR, &mut outlets, &Room::memory());
    assert!(matches!(stopped, Err(ImportError::Stopped)));
}

/// What a file takes the place of is what it speaks for: the schools it names, in the periods it names them (D4).
#[test]
fn a_file_speaks_for_the_schools_it_names_in_the_years_it_names_them() {
    let rows = [
        senr(&[]),
        senr(&[(5, "9930004"), (7, "2020-2021"), (8, "2068905819"), (9, "A-2")]),
        senr(&[(8, "2068905820"), (9, "A-3")]),
    ];
    let (imported, rows) = import_among(rows.concat().as_bytes(), &known()).unwrap();
    let told: Vec<String> = imported
        .spoken
        .periods()
        .map(|(period, units)| {
            let Units::Named(units) = units else { panic!("{units:?}") };
            format!("{period}: {}", units.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        })
        .collect();
    assert_eq!(told, ["2019-2020: 9968585/9930003", "2020-2021: 9968585/9930004"]);
    assert!(rows.iter().all(|filed| filed.unit.is_some()));
    let year = |year| imported.spoken.in_period(ReportingPeriod::of_year(SchoolYear(year))).unwrap().clone();
    assert!(year(2019).are_apart(&year(2020)) && !year(2019).are_apart(&year(2019)));
    assert!(year(2019).hold(Some("9968585\u{1F}9930003")) && !year(2019).hold(Some("9968585\u{1F}9930004")));
    assert!(year(2019).cannot_tell(None) && !year(2019).cannot_tell(Some("9968585\u{1F}9930004")));
    let whole = imported.spoken.as_a_whole();
    assert_eq!(whole.in_period(ReportingPeriod::of_year(SchoolYear(2019))), Some(&Units::Whole));

    let text = "student_id,term,status\nA1,2021SU,SPECIAL\n";
    let (imported, rows) = import_among(text.as_bytes(), &known()).unwrap();
    assert!(imported.spoken.periods().all(|(_, units)| *units == Units::Unnamed && !units.are_apart(units)));
    assert!(rows.iter().all(|filed| filed.unit.is_none()));
}

#[test]
fn a_layout_that_names_no_column_for_its_schools_or_a_bad_family_is_refused() {
    let text = shipped("calpads-senr").text;
    for (from, to, why) in [
        ("unit-from = [\"ReportingLEA\"", "unit-from = [\"LEA\"", "no [[column]] has the name `LEA`"),
        ("id = \"calpads-senr\"", "id = \"calpads-senr\"\nfamily = \"SENR files\"", "family must be"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert!(changed != *text);
        let ImportError::Layout { fault, .. } = Layout::parse(&changed).unwrap_err() else { panic!("{to}") };
        assert!(fault.contains(why), "{fault}");
    }
}

/// Vintages of one family know one record by one key, so that a file of changes of either finds it.
#[test]
fn vintages_of_a_family_know_a_record_by_one_key() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts/fixtures");
    let keys = |name: &str| {
        let text = std::fs::read_to_string(fixtures.join(name)).unwrap().replace("SB991177", "SB991187");
        let layouts = [shipped("ccc-mis-sb-2017"), shipped("ccc-mis-sb-2018")];
        let (_, rows) = import_among(text.as_bytes(), &layouts).unwrap();
        rows.iter().map(|filed| filed.key).collect::<Vec<RowKey>>()
    };
    assert_eq!(keys("ccc-mis-sb-2017.txt"), keys("ccc-mis-sb-2018.txt"));
}
