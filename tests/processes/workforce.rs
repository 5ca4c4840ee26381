//! A college and an employment agency whose only file is its wage records: who left the college and was paid, by the units they
//! earned, in a whole round.

use std::fs;

use crate::{
    fleet::{Fleet, free_port},
    papers::Noise,
};

const MEMBERS: &[(&str, &str, &str)] = &[("CC1", "cc", "sender"), ("EDD", "workforce", "receiver")];

/// People of each kind who left in 2020-2021: paid in both quarters, in the second after leaving, in the fourth, in neither, and by
/// no employer at all.
const LEFT: [(usize, &[&str]); 5] =
    [(32, &["2021Q4", "2022Q2"]), (28, &["2021Q4"]), (26, &["2022Q2"]), (30, &["2022Q1"]), (40, &[])];

#[test]
fn who_left_college_is_found_among_those_who_were_paid_by_wage_records_alone() {
    let port = free_port();
    let fleet = Fleet::start(MEMBERS, port, port);
    let mut students =
        "student_id,ssid,ssn,first,middle,last,suffix,prior_last,birth_date,gender,hispanic,race,zip\n"
            .to_owned();
    let mut terms = "student_id,term,units_attempted,units_earned,status,level\n".to_owned();
    let mut wages =
        "employer_account,quarter,ssn,first_name,middle_initial,last_name,wages,naics\n".to_owned();
    let kinds = LEFT.iter().flat_map(|(people, quarters)| std::iter::repeat_n(*quarters, *people));
    for (number, quarters) in kinds.enumerate() {
        let ssn = 512_010_001 + number;
        // Two of one name and birthday would be one person to the college.
        let (day, name) = (1 + number % 28, ["Ana", "Bea", "Cleo", "Dora", "Ema", "Fay"][number / 28]);
        // Every other one earned enough for a degree.
        let units = if number % 2 == 0 { 12 } else { 60 };
        students.push_str(&format!("C{number},,{ssn},{name},,Person,,,2000-03-{day:02},F,N,700,94575\n"));
        terms.push_str(&format!("C{number},2020FA,{units},{units},FIRST,LD\n"));
        for quarter in quarters {
            // Two employers: one person.
            for employer in ["9990001", "9990002"] {
                wages.push_str(&format!("{employer},{quarter},{ssn},Anna,,Married,4000.50,611210\n"));
            }
        }
    }
    // Somebody who has not left, so that the others have; and people of no college.
    students.push_str("C900,,512020001,Eve,,Later,,,2001-03-01,F,N,700,94575\n");
    terms.push_str("C900,2022FA,12,12,FIRST,LD\n");
    for number in 0..40 {
        wages.push_str(&format!("9990003,2021Q4,{},Max,,Stranger,1.00,611210\n", 512_030_001 + number));
    }
    let write = |name: &str, text: &str| {
        let path = fleet.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    fleet.node("CC1", &["import", &write("students.csv", &students), &write("enrollments.csv", &terms)]);
    fleet.node("EDD", &["import", &write("wages.csv", &wages)]);

    let agreement = fleet.agree(Noise::None);
    let study =
        fleet.ask_for("employment", &agreement, "Employed after college", 2, &["all", "units-earned"]);
    let round = fleet.play(&study);
    let shown = fleet.until("CC1", &["report", "show", &round]);
    let rows = shown["rows"].as_array().unwrap();
    let of = |category: &str, outcome: &str| {
        let is_it = |row: &&serde_json::Value| {
            row["cohort"] == "2020-2021"
                && row["category"] == category
                && row["measure"] == "count"
                && row["outcome"] == outcome
        };
        rows.iter().find(is_it).unwrap()["value"].clone()
    };
    let counts =
        |category: &str| ["cohort", "both", "q2-only", "q4-only", "any"].map(|outcome| of(category, outcome));
    assert_eq!(counts("all students"), ["156", "32", "28", "26", "86"]);
    for units in ["12 to below 30 units", "56 units or more"] {
        assert_eq!(counts(units), ["78", "16", "14", "13", "43"], "{units}");
    }

    // What the college's own eyes see of it; a district's grouping is none of a college.
    let own = fleet.node("CC1", &["metric", "run", "employment", "--side", "sender", "--by", "units-earned"]);
    let left = own["rows"].as_array().unwrap().iter().filter(|row| row["cohort"] == "2020-2021");
    let left: Vec<_> = left.map(|row| (row["category"].clone(), row["counted"].clone())).collect();
    assert_eq!(left, [("12 to below 30 units".into(), 78.into()), ("56 units or more".into(), 78.into())]);
    let refused = fleet
        .try_run("CC1", &["metric", "run", "employment", "--side", "sender", "--by", "homeless"])
        .unwrap_err();
    assert_eq!(refused["code"], "N2403");
}
