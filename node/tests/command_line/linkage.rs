//! `linkage evaluate`, `linkage advise` and `data quality`: figures by hand, targets on the small set, refusals.

use std::path::PathBuf;

use passage_protocol::{agreement::Segment, match_key::Preset};
use serde_json::{Value, json};

use crate::{
    pupils::{STUDENT, STUDENTS_HEADER, VALUES},
    world::{Node, Screen, program},
};

const FILES: [&str; 5] = ["K12A", "K12B", "CC1", "CC2", "UNIV"];

fn small(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/linkage");
    folder.join(format!("{name}.csv")).to_str().unwrap().to_owned()
}

fn evaluated(arguments: &[&str]) -> Screen {
    Screen::of(program().args(["linkage", "evaluate"]).args(arguments).output().unwrap())
}

/// The figures of the small set, of one preset.
fn of_small(preset: Preset) -> Value {
    let mut arguments = vec!["--json".to_owned(), "--files".to_owned()];
    arguments.extend(FILES.map(small));
    for (option, value) in [
        ("--truth", small("truth")),
        ("--persons", small("persons")),
        ("--preset", preset.name().to_owned()),
        ("--by", "sex+surname_changed".to_owned()),
    ] {
        arguments.extend([option.to_owned(), value]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    serde_json::from_str(evaluated(&arguments).succeeded()).unwrap()
}

fn rule<'a>(evaluation: &'a Value, name: &str) -> &'a Value {
    evaluation["presets"][0]["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == name).unwrap()
}

/// Below the targets of the whole set by what chance can do to 1 723 pairs: two thirds of a percent of recall.
#[test]
fn every_preset_reaches_its_targets_on_the_small_set() {
    for (preset, precision, recall) in [
        (Preset::Basic, 0.998, 0.955),
        (Preset::Compact, 0.998, 0.975),
        (Preset::Standard, 0.998, 0.98),
        (Preset::Full, 0.998, 0.983),
        (Preset::Large, 0.998, 0.98),
        (Preset::Wide, 0.997, 0.985),
    ] {
        let evaluation = of_small(preset);
        assert!(evaluation["true_pairs"].as_u64().unwrap() > 1_500);
        for name in ["bridged", "resolved"] {
            let links = &rule(&evaluation, name)["links"];
            let of = |rate: &str| links[rate].as_f64().unwrap();
            assert!(
                of("precision") >= precision && of("recall") >= recall,
                "{} {name}: {links}",
                preset.name()
            );
        }
    }
}

/// The parts add up to the whole, for every rule.
#[test]
fn every_link_is_counted_once_by_recipe_and_by_subgroup() {
    let evaluation = of_small(Preset::Full);
    for name in ["round", "bridged", "resolved"] {
        let rule = rule(&evaluation, name);
        let sum = |lines: &Value, field: &str| -> u64 {
            lines.as_array().unwrap().iter().map(|line| line[field].as_u64().unwrap()).sum()
        };
        assert_eq!(sum(&rule["recipes"], "right"), rule["links"]["right"], "{name}");
        assert_eq!(sum(&rule["recipes"], "wrong"), rule["links"]["wrong"], "{name}");
        let pairs: Vec<Value> =
            rule["pairs"].as_array().unwrap().iter().map(|pair| pair["links"].clone()).collect();
        assert_eq!(pairs.len(), 10, "{name}");
        for field in ["right", "wrong", "missed"] {
            assert_eq!(sum(&json!(pairs), field), rule["links"][field], "{name} {field}");
        }
        let through = rule["recipes"].as_array().unwrap().last().unwrap();
        assert_eq!(through["recipe"], "through another file");
        assert_eq!(through["right"] == 0, name == "round", "{name}: only it has no bridges");
        for column in ["origin", "sex", "twin", "sex+surname_changed"] {
            let groups = rule["groups"].as_array().unwrap().iter().filter(|group| group["column"] == column);
            let groups: Vec<Value> = groups.cloned().collect();
            assert_eq!(sum(&json!(groups), "pairs"), evaluation["true_pairs"], "{name} {column}");
        }
        assert!(rule["gaps"].as_array().unwrap().iter().any(|gap| gap["column"] == "origin"), "{name}");
    }
}

const HEADER: &str = "rec_id,ssid,ssn,first,middle,last,suffix,prior_last,dob,gender,zip\n";

/// Three files small enough to link by hand.
fn by_hand(node: &Node) -> [String; 4] {
    let district = [
        "d1,2068905818,,Ana,,Silva,,,2001-02-03,F,94575", // by SSID
        "d2,,,Robert,,Okafor,,,2001-03-04,M,94575",       // by sound of names, a nickname there
        "d3,,,Chloe,,Maiden,,,2001-04-05,F,94575",        // surname changed: only through the college
        "d4,,,Dana,,Stranger,,,2001-05-06,F,94575",       // somebody else of the same name there
        "d5,,,Eve,,Alone,,,2001-06-07,F,94575",           // not there
    ];
    let college = [
        "c1,2068905818,,Anna,,Silver,,,2001-02-03,F,90001",
        "c3,,400614555,Chloe,,Maiden,,,2001-04-05,F,90001",
    ];
    let university = [
        "u2,,,Bob,,Okafor,,,2001-03-04,M,90002",
        "u3,,400614555,Chloe,,Married,,,2001-04-05,F,90002",
        "u4,,,Dana,,Stranger,,,2001-05-06,F,90002",
    ];
    let file = |name: &str, rows: &[&str]| node.file(name, HEADER.to_owned() + &rows.join("\n") + "\n");
    let truth = "party,rec_id,ent_id,sex\nD,d1,p1,F\nD,d2,p2,M\nD,d3,p3,F\nD,d4,p4,F\nD,d5,p5,F\nC,c1,p1,F\nC,c3,p3,F\nU,u2,p2,M\nU,u3,p3,F\nU,u4,p6,F\n";
    [
        file("D.csv", &district),
        file("C.csv", &college),
        file("U.csv", &university),
        node.file("truth.csv", truth),
    ]
}

#[test]
fn links_made_by_hand_are_counted_as_they_are() {
    let node = Node::new();
    let [district, college, university, truth] = by_hand(&node);
    let arguments = ["--files", &district, &college, &university, "--truth", &truth];
    let screen = evaluated(&[&arguments[..], &["--json"]].concat());
    let evaluation: Value = serde_json::from_str(screen.succeeded()).unwrap();
    // d1-c1, d2-u2, d3-c3, d3-u3, c3-u3.
    assert_eq!(evaluation["true_pairs"], 5);
    let counts = |name: &str| {
        let links = &rule(&evaluation, name)["links"];
        ["right", "wrong", "missed"].map(|count| links[count].as_u64().unwrap())
    };
    // Dana Stranger is two people; nothing in the files says so.
    assert_eq!(counts("round"), [4, 1, 1], "d3-u3 has no key in common");
    assert_eq!(counts("bridged"), [5, 1, 0]);
    assert_eq!(counts("resolved"), [5, 1, 0]);
    let made: Vec<u64> = rule(&evaluation, "round")["recipes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["right"].as_u64().unwrap())
        .collect();
    assert_eq!(made, [1, 1, 2, 0, 0, 0], "d1-c1; c3-u3; d2-u2 and d3-c3");

    let screen = evaluated(&arguments);
    let text = screen.succeeded();
    assert!(text.contains("round") && text.contains("sex = F") && text.contains("through another file"));
    screen.keeps_to_itself(&[
        "2068905818",
        "400614555",
        "Silva",
        "SILVA",
        "Okafor",
        "Stranger",
        "2001-02-03",
    ]);
}

#[test]
fn files_that_can_not_be_evaluated_are_refused_by_place() {
    let node = Node::new();
    let [district, college, _, truth] = by_hand(&node);
    let refused = |files: &[&str], truth: &str, code: &str, said: &str| {
        let arguments = [&["--files"], files, &["--truth", truth]].concat();
        let screen = evaluated(&arguments);
        let text = screen.refused(code, None);
        assert!(text.contains(said), "{text}");
        screen.keeps_to_itself(&["Silva", "2068905818", "400614555"]);
    };
    refused(&[&district], &truth, "N2284", "expected two or more");
    refused(&[&district, &district], &truth, "N2284", "names of their own");
    let nameless = node.file("N.csv", "rec_id,first,dob\nn1,Silva,2001-02-03\n");
    refused(&[&district, &nameless], &truth, "N2281", "expected last or last_name");
    refused(&[&district, &college], &district, "N2281", "expected party or file");
    let unknown = node.file("E.csv", HEADER.to_owned() + "e9,,,Silva,,Silva,,,2001-02-03,F,94575\n");
    refused(&[&district, &unknown], &truth, "N2282", "row 2 of");
    let torn = node.file("T.csv", HEADER.to_owned() + "t1,Silva\n");
    refused(&[&district, &torn], &truth, "N2280", "line 2 of");
    let screen = evaluated(&["--files", &district, &college, "--truth", &truth, "--by", "sexx"]);
    assert!(screen.refused("N2283", None).contains("the nearest is sex"));
    let usage = program()
        .args(["linkage", "evaluate", "--files", &district, "--truth", &truth, "--preset", "best"])
        .output()
        .unwrap();
    assert_eq!(usage.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&usage.stderr).contains("expected one of basic, compact"));
}

#[test]
fn advice_names_a_preset_and_says_why() {
    let advised = |participants: &[&str]| {
        let mut command = program();
        command.args(["linkage", "advise", "--json"]);
        participants.iter().for_each(|participant| {
            command.args(["--participant", participant]);
        });
        let screen = Screen::of(command.output().unwrap());
        serde_json::from_str::<Value>(screen.succeeded()).unwrap()
    };
    let advice = advised(&["k12:20000", "cc:15000"]);
    assert_eq!((&advice["preset"], &advice["people"]), (&json!("full"), &json!(35_000)));
    assert_eq!(advised(&["k12:300000", "univ:90000"])["preset"], "large");
    assert_eq!(advised(&["k12:20000", "univ:9000:ssid,first,last,dob,gender"])["preset"], "compact");
    let apart = advised(&["k12:20000", "workforce:90000"]);
    assert_eq!(apart["preset"], Value::Null);
    assert!(
        apart["reasons"][0].as_str().unwrap().contains("participants 1 and 2 share no recipe"),
        "{apart}"
    );
    let usage = program().args(["linkage", "advise", "--participant", "school:1"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn a_college_sees_what_its_records_can_be_matched_by() {
    let node = Node::joined(Segment::Cc);
    let empty = node.json(&["data", "quality"]);
    assert_eq!((&empty["students"], &empty["expected"]), (&json!(0), &Value::Null));
    let students = STUDENTS_HEADER.to_owned() + STUDENT;
    node.run(&["import", &node.file("students.csv", students)]).succeeded();
    let quality = node.json(&["data", "quality", "--preset", "wide"]);
    assert_eq!((&quality["students"], &quality["preset"]), (&json!(1), &json!("wide")));
    assert_eq!(quality["keys"].as_array().unwrap().len(), 6);
    assert_eq!(
        quality["footings"][0]["students"].as_u64().unwrap()
            + quality["footings"][2]["students"].as_u64().unwrap(),
        1
    );
    let screen = node.run(&["data", "quality"]);
    assert!(screen.succeeded().contains("can be matched by"));
    screen.keeps_to_itself(VALUES);
}
