//! On the files of the demonstration, `college-going-12` by SQL says of every student what the rule in Rust says.

use std::path::{Path, PathBuf};

use passage_node::{
    import::{Outlets, read, recognise},
    roster::{Roster, SegmentKind},
    tables::{Import, merge},
};
use passage_protocol::{cells::SchoolYear, metric::Side, timestamp::Timestamp};
use passage_shell::shelf::Room;

use crate::{
    catalogue::metric,
    store::{Store, run},
};

fn member(code: &str, files: &[&str]) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/members").join(code);
    files.iter().map(|file| folder.join(format!("{code}-{file}"))).collect()
}

fn imported(files: &[PathBuf]) -> Store {
    let mut store = Store::new();
    for path in files {
        let recognised = recognise(path, &[]).unwrap();
        let mut import = Import::new(&store.folder, &store.custody, &store.schemas, &recognised.layout);
        let mut outlets = Outlets {
            rows: &mut |filed| import.accept(filed),
            progress: &mut |_| core::ops::ControlFlow::Continue(()),
            findings: &mut |_| Ok(()),
        };
        read(&recognised, 2026, &mut outlets, &Room::memory()).unwrap();
        let change = import.finish(&store.tables, Timestamp(1)).unwrap();
        store.tables = merge(&store.tables, &change);
    }
    store
}

fn opt_outs(code: &str) -> String {
    let text = std::fs::read_to_string(member(code, &["x"])[0].with_file_name("optout.csv")).unwrap();
    text.lines().filter(|line| !line.starts_with("student_id")).collect::<Vec<_>>().join("\n")
}

fn college(code: &str, kind: SegmentKind) -> (Store, Roster) {
    let files = ["students.csv", "enrollments.csv", "courses.csv", "awards.csv"];
    let store = imported(&member(code, &files));
    let roster = store.roster_without(kind, &opt_outs(code));
    (store, roster)
}

#[test]
fn a3_a_college_says_by_sql_what_the_rule_says() {
    for (code, kind) in [("CC1", SegmentKind::CommunityCollege), ("UNIV", SegmentKind::University)] {
        let (store, roster) = college(code, kind);
        let metric = metric("college-going-12");
        let facts = run(&store.engine(), &metric, Side::Receiver, &roster).unwrap();
        let mut regular = 0;
        for (place, student) in roster.students.all().unwrap().iter().enumerate() {
            let by_rule: Vec<(SchoolYear, u8)> =
                student.first_regular_year().map(|year| (SchoolYear(year.0 - 1), 1)).into_iter().collect();
            regular += by_rule.len();
            assert_eq!(facts.of(place).collect::<Vec<_>>(), by_rule, "{code}, student {place}");
        }
        assert!(regular > 500, "{regular}");
        assert!(facts.left_out().opted_out_rows > 0, "the members' lists of opt-outs are honoured");
    }
}

#[test]
fn a3_a_district_says_by_sql_what_the_rule_says() {
    let store = imported(&member("K12A", &["SENR.txt", "SINF.txt"]));
    let roster = store.roster_without(SegmentKind::K12, &opt_outs("K12A"));
    let metric = metric("college-going-12");
    let facts = run(&store.engine(), &metric, Side::Sender, &roster).unwrap();
    let mut completers = 0;
    for (place, student) in roster.students.all().unwrap().iter().enumerate() {
        completers += usize::from(student.completion_cohort().is_some());
        assert_eq!(facts.sender_cohort(place), student.completion_cohort(), "student {place}");
    }
    assert!(completers > 500, "{completers}");
}
