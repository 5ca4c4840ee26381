//! Dates in another order than the publisher's: read if the column as a whole leaves no choice, else refused by name. A day is
//! never taken for a month.

use std::fs;

use crate::reading::{Outcome, expected, first_difference, folder, read_bytes};

/// Each file of `orders/`: its layout, its order, its bytes.
fn files() -> Vec<(String, String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder().join("orders"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let mut parts = name.split('.').map(str::to_owned);
            (parts.next().unwrap(), parts.next().unwrap(), fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn dates_with_the_month_first_become_the_same_rows_and_the_report_says_so() {
    let mut read = 0;
    for (layout, _, bytes) in files().into_iter().filter(|(_, order, _)| order == "mdy") {
        match read_bytes(&bytes) {
            Outcome::Refused(why) => panic!("{layout}: {why}"),
            Outcome::Read { layout: found, rows, report } => {
                assert_eq!(found, layout);
                assert_eq!(first_difference(&expected(&layout), &rows), None, "{layout}");
                let told = report.counts.iter().any(|count| count.what.contains("with the month first"));
                assert!(told, "{layout}: {report}");
                read += 1;
            }
        }
    }
    assert_eq!(read, 6);
}

#[test]
fn dates_whose_order_cannot_be_told_are_refused_by_the_name_of_their_column() {
    let mut refused = 0;
    for (layout, order, bytes) in files().into_iter().filter(|(_, order, _)| order != "mdy") {
        match read_bytes(&bytes) {
            Outcome::Read { layout: found, .. } => panic!("{layout}: {order} was read as {found}"),
            Outcome::Refused(why) => {
                let named = why.split("; ").find(|part| part.starts_with(&format!("{layout}: column ")));
                let said = if order == "dmy" { "with the day first" } else { "tells day and month apart" };
                assert!(named.is_some_and(|part| part.contains(said)), "{layout}: {order}: {why}");
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 12);
}

/// Whoever says which layout it is does not get another reading.
#[test]
fn one_date_of_another_order_refuses_its_row_and_so_the_file() {
    let (_, _, bytes) =
        files().into_iter().find(|(layout, order, _)| layout == "calpads-senr" && order == "mdy").unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let stray = text.lines().next().unwrap().replacen("1000000001", "1000000099", 1).replacen(
        "4/12/2003",
        "13/4/2003",
        1,
    );
    let Outcome::Refused(why) = read_bytes((text + &stray + "\r\n").as_bytes()) else { panic!("was read") };
    assert!(why.contains("day first in some rows"), "{why}");
}
