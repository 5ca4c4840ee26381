//! The scan: what it finds however it is written, and what it must not take for a name or a code (G09).

use passage_protocol::{
    release::{
        outside, render,
        scan::{Finding, Kind, Known, scan, scan_text},
    },
    report::CSV_HEADER,
    wire::ReleaseFormat,
};
use proptest::prelude::*;

use crate::once::sample;

fn known() -> Known {
    let mut known = Known::default();
    for name in [
        "Alder Unified School District",
        "Cedar-Peña College",
        "St. Mary's High School",
        "K12A",
        "Dogwood State University",
    ] {
        known.add_name(name);
    }
    for code in ["19647331933746", "00123400", "110635", "1964733"] {
        known.add_code(code);
    }
    known
}

fn in_html(text: &str) -> Vec<Kind> {
    scan(text.as_bytes(), ReleaseFormat::Html, &known()).into_iter().map(|found| found.kind).collect()
}

#[test]
fn g09_a_name_is_found_however_it_is_written() {
    for text in [
        "<p>Alder Unified School District</p>",
        "<p>students of ALDER  UNIFIED\nschool district, 2021</p>",
        "<p>Alder Unified</p>",
        "<p>Cedar Pena College</p>",
        "<p>cedar\u{2010}pen\u{303}a college</p>",
        "<p>Cedar-Pe&#241;a College</p>",
        "<p>Cedar-Pe&#xF1;a&nbsp;College</p>",
        "<p>C\u{200B}edar-Pe\u{AD}ña College</p>",
        "<p>Cedar-<b>Peña</b> College</p>",
        "<p>Ce<b>dar</b>-Peña College</p>",
        "<svg aria-label=\"Trend for St Marys High School: percent\"></svg>",
        "<td title='St. Mary&apos;s High School'>12</td>",
        "<title>k12a</title>",
        "<td>Dogwood</td><td>State University</td>",
        "<!-- Alder Unified School District -->",
    ] {
        assert_eq!(in_html(text).first(), Some(&Kind::Name), "{text}");
    }
}

#[test]
fn g09_a_public_code_is_found_as_a_whole_token() {
    for text in [
        "<p>19647331933746</p>",
        "<p>school 1933746</p>",
        "<p>district 1964733.</p>",
        "<p>19-64733-1933746</p>",
        "<p>19 64733 1933746</p>",
        "<td data-school=\"1933746\">12</td>",
        "<p>OPEID 00123400</p>",
        "<p>OPEID 001234</p>",
        "<p>UNITID 110635</p>",
        "<p>(110635)</p>",
        // Forms that only such codes have, whoever they belong to.
        "<p>37680233731234</p>",
        "<p>37-68023-3731234</p>",
        "<p>009999-02</p>",
    ] {
        let found = in_html(text);
        assert!(!found.is_empty() && found.iter().all(|kind| *kind == Kind::Code), "{text}");
    }
}

#[test]
fn g09_what_only_looks_like_a_name_or_a_code_is_let_stand() {
    for text in [
        "<p>an alder at a unified school</p>",
        "<p>High School</p>",
        "<p>State University</p>",
        "<p>Mary</p>",
        "<p>K12</p>",
        "<p>k12ab</p>",
        "<p>R-5a5a5a5a5a5a1106355a5a5a5a5a5a5a</p>",
        "<p>A-1106350012340000</p>",
        "<p>1964733193374</p>",
        "<p>110636</p>",
        "<p>2026-11-26T23:12:31Z, 2019-2020</p>",
        "<p>1,106,350 of 110\u{202F}635\u{202F}1</p>",
        "<p style=\"color:#110635ff\">x</p>",
        "<p>12345678901234567890</p>",
        "<p>19 64733 persons, 1933747 of them</p>",
    ] {
        assert_eq!(in_html(text), [], "{text}");
    }
}

#[test]
fn g09_counts_of_a_table_are_no_codes_and_its_texts_are_searched() {
    let row = |sender: &str, value: &str, low: &str| {
        format!(
            "{CSV_HEADER}\r\nR-1,t v1,{sender},any,2019-2020,all,all,enrolled,count,{value},{low},110635,value,\r\n"
        )
    };
    let found = |text: String| scan(text.as_bytes(), ReleaseFormat::Csv, &known());
    assert_eq!(found(row("M-7K3QZ9TB", "110635", "1933746")), []);
    assert_eq!(found(row("1933746", "12", "11")), [Finding { line: 2, column: 10, kind: Kind::Code }]);
    assert_eq!(found(row("\"Cedar-Peña, College\"", "12", "11"))[0].kind, Kind::Name);
    assert_eq!(found(row("M-7K3QZ9TB", "K12A", "11"))[0].kind, Kind::Name);
    // Cells stand by themselves.
    assert_eq!(found(row("M-7K3QZ9TB", "12", "11").replace("M-7K3QZ9TB,any", "Alder,Unified School")), []);
}

#[test]
fn g09_places_are_told_by_line_and_column() {
    let found = scan_text(b"one line\nand of Alder Unified here, 110635\n", &known());
    assert_eq!(
        found,
        [Finding { line: 2, column: 8, kind: Kind::Name }, Finding { line: 2, column: 28, kind: Kind::Code }]
    );
}

#[test]
fn g09_a_permitted_name_may_stand_and_no_other() {
    let mut known = known();
    known.permit("Cedar-Peña College");
    assert_eq!(scan_text("Cedar-Pena College".as_bytes(), &known), []);
    assert_eq!(scan_text(b"Alder Unified", &known).len(), 1);
}

#[test]
fn g09_codes_and_names_too_short_to_tell_apart_are_not_looked_for() {
    let mut known = Known::default();
    for code in ["021", "12345", "000000", "CC1", ""] {
        known.add_code(code);
    }
    for name in ["", "CC", "High School", "The University", "職業"] {
        known.add_name(name);
    }
    assert!(known.is_empty(), "{known:?}");
}

#[test]
fn g09_a_released_sample_holds_no_finding() {
    let report = outside(&sample());
    for format in [ReleaseFormat::Csv, ReleaseFormat::Html] {
        let made = render(&report, format, "The public session of 12 May", &[]);
        assert_eq!(scan(&made.file, format, &known()), [], "{format:?}");
        assert_eq!(made.notes.map(|notes| scan_text(&notes, &known())).unwrap_or_default(), []);
    }
}

proptest! {
    #[test]
    fn g09_a_name_anywhere_in_a_page_is_found(before in "[a-z0-9 .,]{0,40}", after in "[a-z0-9 .,]{0,40}") {
        let page = format!("<p>{before} Alder Unified School District {after}</p>");
        prop_assert!(in_html(&page).contains(&Kind::Name));
        let attribute = format!("<p title=\"{before} 19647331933746 {after}\">x</p>");
        prop_assert!(in_html(&attribute).contains(&Kind::Code));
    }

    #[test]
    fn any_bytes_are_scanned_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = scan(&bytes, ReleaseFormat::Html, &known());
        let _ = scan(&bytes, ReleaseFormat::Csv, &known());
    }
}
