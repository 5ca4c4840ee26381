//! The layouts that ship, against files made from their publishers' descriptions (D1-D4).
//!
//! `make.py` writes the files in `fixtures/` and `hazards/`; everything here reads them through the library as the command
//! line does. The rule behind all of it: the right layout with the right rows, or a refusal. Never a wrong reading.

#![allow(
    clippy::expect_used,
    clippy::fn_params_excessive_bools,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "test code: what is not as expected fails the test"
)]

mod alike;
mod description;
mod distinct;
mod fixed;
mod grid;
mod hazards;
mod mutations;
mod orders;
mod own;
mod reading;
mod sheets;
mod typed;

use reading::{Outcome, expected, fixture, read_bytes, refused_layouts, shipped};

#[test]
fn every_layout_has_a_file_that_becomes_the_described_rows() {
    let mut wrong = Vec::new();
    for layout in shipped() {
        match read_bytes(&fixture(&layout)) {
            Outcome::Refused(why) => {
                if !refused_layouts().contains(&layout) {
                    wrong.push(format!("{layout}: refused: {why}"));
                }
            }
            Outcome::Read { layout: found, rows, .. } if found == layout => {
                if let Some(first) = reading::first_difference(&expected(&layout), &rows) {
                    wrong.push(format!("{layout}: {first}"));
                }
            }
            Outcome::Read { layout: found, .. } => wrong.push(format!("{layout}: read as {found}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_nobody_needs_are_refused_with_the_reason() {
    for layout in refused_layouts() {
        let Outcome::Refused(why) = read_bytes(&fixture(&layout)) else { panic!("{layout} was read") };
        assert!(why.contains("data minimisation"), "{layout}: {why}");
    }
}

#[test]
fn what_is_never_imported_is_reported_as_dropped() {
    for (layout, column) in [
        ("ccc-mis-sb-2018", "SB36"),
        ("ccc-mis-sb-2018", "SB37"),
        ("csu-erss", "Sexual Orientation Code"),
        ("csu-ersa", "Gender Identity Code"),
        ("csu-ersd", "Gender Expression Code"),
        ("cal-pass-k12-student", "K12S4"),
        ("calpads-sprg", "MigrantStudentID"),
        ("calpads-sinf", "Guardian1Last"),
        ("caaspp-results", "PrimaryDisabilityType"),
    ] {
        let Outcome::Read { report, .. } = read_bytes(&fixture(layout)) else {
            panic!("{layout} was refused")
        };
        let dropped = report.dropped.iter().any(|dropped| dropped.name == column && dropped.values > 0);
        assert!(dropped, "{layout} does not say that {column} was dropped");
        assert!(report.to_string().contains(column), "{layout} does not show that {column} was dropped");
    }
}
