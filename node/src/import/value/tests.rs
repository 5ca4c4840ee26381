//! Every check, on what it takes and on each way a value can be wrong.

use super::*;

const TODAY_YEAR: u16 = 2026;

fn column(toml: &str) -> Column {
    let mut column: Column = toml::from_str(&format!("name = \"x\"\n{toml}")).unwrap();
    for code in column.codes.iter_mut().chain(&mut column.special) {
        code.make_ascii_uppercase();
    }
    column
}

/// What a value becomes: the cell in words and the fault, if there is one.
fn verdict(toml: &str, text: &str) -> (String, Option<Fault>) {
    let words = |value: &Value| match &value.cell {
        Cell::Empty => match &value.more {
            More::Race(code) => code.to_string(),
            More::Races(codes, hispanic) => format!("{codes:?} {hispanic:?}"),
            More::BirthMonth | More::Nothing | More::Term(..) => String::new(),
        },
        Cell::Text(text) => text.to_string(),
        Cell::Date { year, month, day } => format!("{year}-{month}-{day}"),
        Cell::Integer(number) => number.to_string(),
        Cell::Decimal(number) => format!("{number}/100"),
        Cell::Flag(answer) => answer.to_string(),
    };
    let year = |value: &Value| match value.more {
        More::Term(year, season) => format!(" {} {}", year.0, season.unwrap_or("-")),
        More::BirthMonth | More::Nothing | More::Race(_) | More::Races(..) => String::new(),
    };
    match check(&column(toml), text, "2021", TODAY_YEAR) {
        Verdict::Bad(fault) => (String::new(), Some(fault)),
        Verdict::Good(value) => (words(&value) + &year(&value), None),
        Verdict::Repaired(value, fault) => (words(&value) + &year(&value), Some(fault)),
    }
}

#[track_caller]
fn good(check: &str, text: &str, expected: &str) {
    assert_eq!(
        verdict(&format!("check = \"{check}\""), text),
        (expected.to_owned(), None),
        "{check}: {text}"
    );
}

#[track_caller]
fn bad(check: &str, text: &str, fault: Fault) {
    assert_eq!(
        verdict(&format!("check = \"{check}\""), text),
        (String::new(), Some(fault)),
        "{check}: {text}"
    );
}

#[track_caller]
fn repaired(check: &str, text: &str, expected: &str, fault: Fault) {
    assert_eq!(
        verdict(&format!("check = \"{check}\""), text),
        (expected.to_owned(), Some(fault)),
        "{check}: {text}"
    );
}

#[test]
fn damaged_ssids_are_named() {
    good("ssid", "1234567890", "1234567890");
    good("ssid", "0123456789", "0123456789");
    repaired("ssid", "123456789", "0123456789", Fault::LeadingZeroLost);
    bad("ssid", "1.23457E+09", Fault::ExcelScientific);
    bad("ssid", "1,234,567,890", Fault::ExcelThousands);
    bad("ssid", "5/3/2004", Fault::ExcelDate);
    bad("ssid", "7777777777", Fault::RepeatedDigit);
    bad("ssid", "777777777", Fault::RepeatedDigit);
    bad("ssid", "12345678901", Fault::NotASsid);
    bad("ssid", "12345A7890", Fault::NotASsid);
}

#[test]
fn birth_dates_are_real_and_plausible() {
    good("birth-date", "20040503", "2004-5-3");
    good("birth-date", "2004-05-03", "2004-5-3");
    good("birth-date", "2004/05/03", "2004-5-3");
    repaired("birth-date", "20043105", "2004-5-31", Fault::DayBeforeMonth);
    repaired("birth-date", "20040599", "2004-05", Fault::DayUnknown);
    bad("birth-date", "20041399", Fault::NotADate);
    bad("birth-date", "5/3/2004", Fault::ExcelDate);
    bad("birth-date", "38110", Fault::ExcelSerial);
    bad("birth-date", "20040231", Fault::NotADate);
    bad("birth-date", "19000101", Fault::PlaceholderDate);
    bad("birth-date", "04122003", Fault::YearLast);
    bad("birth-date", "25122003", Fault::YearLast);
    bad("birth-date", "12345678", Fault::NotADate);
    bad("birth-date", "00000000", Fault::NotADate);
    // 20 April 2003, or 20 March 2004: neither is guessed.
    bad("birth-date", "20042003", Fault::NotADate);
    bad("birth-date", "18990101", Fault::ImplausibleDate);
    bad("birth-date", "20300101", Fault::ImplausibleDate);
    bad("birth-date", "2.00405E+07", Fault::ExcelScientific);
    bad("birth-date", "２００４０５０３", Fault::NotADate);
}

#[test]
fn other_dates_are_of_their_form() {
    good("date", "20190815", "2019-8-15");
    bad("date", "19000101", Fault::ImplausibleYear);
    bad("date", "20190815x", Fault::NotADate);
    good("us-date", "8/5/2019", "2019-8-5");
    good("us-date", "2019-08-05", "2019-8-5");
    good("us-date", "08052019", "2019-8-5");
    good("us-date", "20190805", "2019-8-5");
    bad("us-date", "15/08/2019", Fault::DayFirst);
    bad("us-date", "15082019", Fault::DayFirst);
    bad("us-date", "20042003", Fault::DayFirst);
    bad("us-date", "31/31/2019", Fault::NotADate);
    bad("us-date", "8/5/19", Fault::ExcelDate);
    bad("us-date", "2/30/2019", Fault::NotADate);
    assert_eq!(
        verdict("check = \"us-date\"\nelement = \"birth-date\"", "01/01/1900").1,
        Some(Fault::PlaceholderDate)
    );
    good("short-date", "190815", "2019-8-15");
    good("short-date", "990815", "1999-8-15");
    good("short-date", "888888", "");
    bad("short-date", "191315", Fault::NotADate);
}

/// N5: 3 to 115 in the year of the row, where the layout says which that is; else today.
#[test]
fn ages_are_judged_by_the_year_of_the_file() {
    let column = column("element = \"birth-date\"\ncheck = \"birth-date\"");
    let judged = |text: &str, year: &str| match check(&column, text, year, TODAY_YEAR) {
        Verdict::Bad(fault) => Some(fault),
        Verdict::Good(_) | Verdict::Repaired(..) => None,
    };
    for (year, earliest, latest) in [
        ("2014-2015", 1905, 2012),
        ("2021", 1906, 2019),
        ("2023FA", 1908, 2021),
        ("187", 1905, 2016),
        ("2021-05-10", 1906, 2019),
        ("5/10/2021", 1906, 2019),
        ("", 1911, 2024),
        ("?", 1911, 2024),
        ("2029-2030", 1911, 2024),
    ] {
        let on = |of: u16| judged(&format!("{of}0615"), year);
        assert_eq!((on(earliest), on(latest)), (None, None), "{year}");
        let outside = Some(Fault::ImplausibleDate);
        assert_eq!((on(earliest - 1), on(latest + 1)), (outside, outside), "{year}");
    }
}

#[test]
fn an_unknown_gender_is_x_only_where_the_layout_says_so() {
    let x = "check = \"gender\"\notherwise = \"X\"";
    assert_eq!(verdict(x, "B"), ("X".into(), Some(Fault::GenderReadAsX)));
    assert_eq!(verdict(x, "f"), ("F".into(), None));
    assert_eq!(verdict(x, "?"), (String::new(), Some(Fault::UnknownGender)));
    assert_eq!(verdict(x, "BOY"), (String::new(), Some(Fault::UnknownGender)));
}

#[test]
fn codes_of_schools_and_colleges_keep_their_zeros() {
    good("college-code", "001155-00", "001155-00");
    repaired("college-code", "1155-00", "001155-00", Fault::LeadingZeroLost);
    for text in ["001155", "001155-0", "0011555-00", "00115A-00", "-00", "001155-00-1"] {
        bad("college-code", text, Fault::NotOfTheShape);
    }
    good("act-code", "051234", "051234");
    repaired("act-code", "51234", "051234", Fault::LeadingZeroLost);
    bad("act-code", "ABC123", Fault::NotOfTheShape);
}

#[test]
fn numbers_never_issued_are_not_used() {
    for text in ["000121234", "666121234", "123001234", "123120000", "222222222", "078-05-1120"] {
        bad("ssn", text, Fault::SsnNotIssued);
    }
    bad("ssn", "900121234", Fault::Itin);
    bad("ssn", "40061455", Fault::NotASsn);
    bad("ssn", "4.00615E+08", Fault::ExcelScientific);
    good("ssn", "400-61-4555", "400614555");
}

#[test]
fn terms_and_years_fall_in_school_years() {
    good("term", "2021FA", "2021FA 2021 fall");
    good("term", "2022SP", "2022SP 2021 spring");
    good("term", "2021SU", "2021SU 2021 summer");
    good("term", "2022wi", "2022wi 2021 winter");
    for text in ["2021", "21FA", "2021XX", "ñ021FA", "20é1FA"] {
        bad("term", text, Fault::NotATerm);
    }
    good("mis-term", "217", "217 2021 fall");
    good("mis-term", "223", "223 2021 spring");
    good("mis-term", "215", "215 2021 summer");
    good("mis-term", "987", "987 1998 fall");
    bad("mis-term", "219", Fault::NotATerm);
    good("ers-term", "4", "20214 2021 fall");
    good("ers-term", "2", "20212 2020 spring");
    bad("ers-term", "5", Fault::NotATerm);
    good("school-year", "2019-2020", "2019 2019 -");
    bad("school-year", "1959-1960", Fault::ImplausibleYear);
    good("short-year", "0708", "2007 2007 -");
    good("short-year", "9900", "1999 1999 -");
    bad("short-year", "0709", Fault::NotASchoolYear);
    good("calendar-year", "2021", "2021");
    bad("calendar-year", "202", Fault::NotANumber);
    for text in ["2023Q4", "20234", "2023-4"] {
        good("quarter", text, "2023Q4 2023 -");
    }
    good("quarter", "2023Q1", "2023Q1 2022 -");
    bad("quarter", "2023Q5", Fault::NotAQuarter);
    bad("quarter", "2023QQ4", Fault::NotAQuarter);
}

#[test]
fn numbers_keep_their_point() {
    good("integer", "2543", "2543");
    bad("integer", "2,543", Fault::ExcelThousands);
    good("decimal", "3", "300/100");
    good("decimal", "2.5", "250/100");
    good("decimal", ".5", "50/100");
    good("decimal", "-1.25", "-125/100");
    bad("decimal", ".", Fault::NotANumber);
    bad("decimal", "1.5E+02", Fault::ExcelScientific);
    good("implied-2", "0350", "350/100");
    good("implied-1", "0035", "350/100");
    good("implied-1", "3.5", "350/100");
    good("gpa", "275", "275/100");
    good("gpa", "2.75", "275/100");
    bad("gpa", "27.5", Fault::NotANumber);
    good("money", "$12,345.67", "1234567/100");
    good("level", "2", "2");
    bad("level", "12", Fault::NotALevel);
    good("mis-level", "Y", "0");
    good("mis-level", "C", "3");
    bad("mis-level", "E", Fault::NotALevel);
}

#[test]
fn codes_are_those_of_the_layout() {
    let codes = "check = \"code\"\ncodes = [\"E230\"]\nmap = { \"1\" = \"E140\" }";
    assert_eq!(verdict(codes, "e230"), ("E230".into(), None));
    assert_eq!(verdict(codes, "1"), ("E140".into(), None));
    assert_eq!(verdict(codes, "E999"), (String::new(), Some(Fault::UnknownCode)));
    let special = "element = \"special-admit\"\nspecial = [\"10000\"]";
    assert_eq!((verdict(special, "10000").0, verdict(special, "30000").0), ("true".into(), "false".into()));
    good("yes-no", "y", "true");
    good("yes-no", "FALSE", "false");
    bad("yes-no", "Q", Fault::UnknownCode);
    good("grade-level", "kn", "KN");
    repaired("grade-level", "9", "09", Fault::LeadingZeroLost);
    bad("grade-level", "13", Fault::UnknownCode);
    good("gender", "Female", "F");
    good("gender", "X", "X");
    good("gender", "U", "");
    bad("gender", "Q", Fault::UnknownGender);
}

#[test]
fn races_are_read_in_every_way_they_are_written() {
    good("race", "201", "201");
    bad("race", "999", Fault::UnknownCode);
    good("cde-race", "9", "two-or-more");
    bad("cde-race", "8", Fault::UnknownCode);
    good("mis-ethnicity", "YNNNNNNNNNNNNNNNNNNNN", "[] Some(true)");
    good("mis-ethnicity", "NNNNNNYNNNNNNNNNNNNNY", "[201, 700] Some(false)");
    good("mis-ethnicity", &"X".repeat(21), "[] None");
    bad("mis-ethnicity", &"N".repeat(20), Fault::UnknownCode);
    assert_eq!(
        verdict("check = \"ipeds-race\"\nmap = { \"2\" = \"hispanic\" }", "2"),
        ("hispanic".into(), None)
    );
}

#[test]
fn places_keep_their_zeros() {
    good("school", "0000001", "0000001");
    repaired("school", "1", "0000001", Fault::LeadingZeroLost);
    bad("school", "12345678", Fault::NotASchool);
    repaired("cds", "1964733193388", "01964733193388", Fault::LeadingZeroLost);
    good("zip", "90001", "90001");
    good("zip", "90001-1234", "90001-1234");
    good("zip", "90001XXXX", "90001");
    repaired("zip", "2139", "02139", Fault::LeadingZeroLost);
    bad("zip", "900", Fault::NotAZip);
}
