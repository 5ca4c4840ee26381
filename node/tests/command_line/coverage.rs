//! `data coverage`: what is stored, in figures, on the screen and as a page.

use std::fs;

use passage_protocol::agreement::Segment;
use serde_json::json;

use crate::{
    pupils::{Pupil, STUDENT, STUDENTS_HEADER, VALUES, sinf_of},
    world::Node,
};

#[test]
fn a_district_sees_its_students_once_and_what_they_can_be_matched_by() {
    let node = Node::joined(Segment::K12);
    assert_eq!(node.json(&["data", "coverage"])["lines"], json!([]));
    let mut undated = Pupil::number(2);
    undated.birth = String::new();
    let mut moved = Pupil::number(1);
    moved.last = "QUILLONA".into();
    let file = node.file("SINF.txt", sinf_of(&[Pupil::number(1), undated, moved, Pupil::number(3)]));
    node.run(&["import", &file]).succeeded();

    let coverage = node.json(&["data", "coverage"]);
    let line = &coverage["lines"][0];
    assert_eq!((&line["school_year"], &line["school"]), (&json!("2022-2023"), &json!("9930002")));
    let figures = [
        "rows",
        "students",
        "ssid",
        "ssn",
        "named",
        "strong",
        "standard",
        "weak",
        "student_rows",
        "enrolments",
    ];
    let expected = [4, 3, 3, 0, 2, 3, 0, 0, 4, 0];
    assert_eq!(figures.map(|name| line[name].as_u64().unwrap()), expected, "{line}");
    assert_eq!((&coverage["unlisted_rows"], coverage["strengths"].as_array().unwrap().len()), (&json!(0), 3));

    let page = node.file("coverage.html", "");
    let screen = node.run(&["data", "coverage", "--out", &page]);
    assert!(
        screen
            .succeeded()
            .contains("first name, last name and date of birth: every study can match on these")
    );
    screen.keeps_to_itself(VALUES);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("<td class=\"l\">9930002</td>") && page.contains("Strong</dt><dd>an SSID, or"));
    assert!(VALUES.iter().all(|value| !page.contains(value)));
}

#[test]
fn a_workforce_agency_and_a_college_have_a_page() {
    let node = Node::joined(Segment::Workforce);
    let wages = "employer_account,quarter,ssn,first_name,middle_initial,last_name,wages,naics\n\
                 111-1,2022Q3,518430102,QUILLONA,,MARKERSON,100.00,611210\n111-2,2022Q3,518430102,QUILLONA,,MARKERSON,50.00,611210\n";
    node.run(&["import", &node.file("wages.csv", wages)]).succeeded();
    let total = &node.json(&["data", "coverage"])["total"];
    assert_eq!([&total["wages"], &total["students"], &total["ssn"], &total["strong"]], [2, 1, 1, 1]);

    let node = Node::joined(Segment::Cc);
    let students = STUDENTS_HEADER.to_owned() + STUDENT;
    node.run(&["import", &node.file("students.csv", students)]).succeeded();
    let terms = "student_id,term,units_attempted,units_earned,status,level\nLOCAL-88,2022FA,3,3,FIRST,LD\nLOCAL-99,2022FA,3,3,FIRST,LD\n";
    node.run(&["import", &node.file("terms.csv", terms)]).succeeded();
    let coverage = node.json(&["data", "coverage"]);
    let line = &coverage["lines"][1];
    assert_eq!(
        [&line["enrolments"], &line["students"], &line["strong"], &line["weak"]],
        [2, 2, 1, 1],
        "{line}"
    );
    assert_eq!(coverage["unlisted_rows"], 1);
}
