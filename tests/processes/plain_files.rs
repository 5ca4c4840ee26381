//! The demonstration's five members as real processes, with their own files, share list and opted-out students, against the
//! same files joined in the clear (noise none): every figure of every member's report, with committees of two and of three.
//!
//! The oracle reads the files with the product's importer; `deploy/checks/truth.sh` counts the same report with neither.

use std::{ops::ControlFlow, path::Path};

use harness::{
    plaintext_oracle::{Expected, OpenList, expected, said_by},
    shown::compare,
};
use passage_node::{
    custody::{Custody, Guard},
    import,
    prepare::{Part, Prepared, prepare},
    roster::{OptOuts, SegmentKind, assemble},
    tables::{Folder, Import, Schemas, merge},
};
use passage_protocol::{
    agreement::{Role, Segment, Study},
    cells::SchoolYear,
    disclosure::{Outcome, ReleasedTable},
    ids::MemberCode,
    report::{self, Report},
    timestamp::Timestamp,
};
use passage_shell::shelf::Room;

use crate::{
    fleet::{FIVE, Fleet, demonstration, free_port},
    papers::Noise,
    records::report_of,
};

/// Smallest count the agreement lets show.
const FLOOR: u32 = 11;
/// Students on each opt-out list of the demonstration, every one of them in the member's files.
const OPTED_OUT: u32 = 6;

#[test]
fn every_figure_of_every_member_equals_the_plain_files() {
    let port = free_port();
    let mut fleet = Fleet::start(FIVE, port, port);
    fleet.import_whole();
    let mut rounds = Vec::new();
    for committee in [2, 3] {
        let agreement = fleet.agree(Noise::None);
        let title = format!("A committee of {committee}");
        let study = fleet.ask(&agreement, &title, committee, &["all", "ethnicity", "gender"]);
        let round = fleet.play(&study);
        let study = std::fs::read_to_string(fleet.dir.path().join("study.toml")).unwrap();
        let exported: Vec<String> = fleet.names().iter().map(|name| fleet.figures(name, &round)).collect();
        rounds.push((round, Study::parse(&study).unwrap(), exported));
    }
    let codes: Vec<MemberCode> = fleet.codes().iter().map(|code| MemberCode::parse(code).unwrap()).collect();
    fleet.names().iter().for_each(|name| fleet.kill(name));
    // Both studies ask the same; who mixes decides no count.
    let expected = in_the_clear(&rounds[0].1, OptedOut::Left);
    assert_ne!(expected, in_the_clear(&rounds[0].1, OptedOut::Counted), "the opted-out would have counted");
    for (round, _, exported) in rounds {
        for ((name, code), exported) in fleet.names().iter().zip(&codes).zip(exported) {
            let report = report_of(&fleet, name, &round);
            let shown = compare(&report, &expected, &codes, FLOOR);
            assert!(shown.figures > 60, "{name} was shown {shown:?}");
            assert_shared(&report, *code);
            // What a person opens is that report and nothing else.
            assert_eq!(exported, without_round(&report), "{name}");
        }
    }
}

/// A sender sees the whole of its own tables, a receiver its own column of the senders', nobody anything else.
fn assert_shared(report: &Report, viewer: MemberCode) {
    assert_eq!(report.viewer, viewer);
    let is_sender = report.tables.iter().any(|table| table.sender == viewer);
    assert_eq!(report.tables.len(), if is_sender { 3 } else { 6 }, "three breakdowns, one sender or two");
    for table in &report.tables {
        let own = |table: &ReleasedTable, receiver: Option<u8>| {
            receiver.is_some_and(|place| table.receivers[usize::from(place)] == viewer)
        };
        let allowed = |outcome: Outcome| match outcome {
            Outcome::Cohort => true,
            Outcome::Enrolled(_) | Outcome::Rate(_) | Outcome::SeenAs { .. } | Outcome::RateAs { .. } => {
                table.sender == viewer || own(table, outcome.receiver())
            }
            Outcome::AtBoth { .. } | Outcome::RateAtBoth { .. } => table.sender == viewer,
        };
        assert!(table.cells.iter().all(|cell| allowed(cell.outcome)), "a figure of another pair");
        assert!(!is_sender || table.sender == viewer, "a figure of another sender");
    }
}

/// The CSV of a report as [`Fleet::figures`] gives it.
fn without_round(report: &Report) -> String {
    let text = String::from_utf8(report::csv(report)).unwrap();
    text.lines().map(|line| line.split_once(',').unwrap().1).collect::<Vec<_>>().join("\n")
}

/// Whether the members' opt-out lists are in force.
#[derive(Clone, Copy, PartialEq)]
enum OptedOut {
    Counted,
    Left,
}

fn in_the_clear(study: &Study, opted_out: OptedOut) -> Vec<Expected> {
    let lists: Vec<(Role, Segment, Prepared)> =
        FIVE.iter().map(|(name, segment, role)| plain_list(study, name, segment, role, opted_out)).collect();
    if opted_out == OptedOut::Left {
        assert!(lists.iter().all(|(_, _, list)| list.opted_out == OPTED_OUT));
    }
    let rows: Vec<_> = lists.iter().map(|(_, _, list)| list.rows.all().unwrap()).collect();
    let open: Vec<OpenList<'_>> = (lists.iter().zip(&rows))
        .map(|((role, segment, _), rows)| OpenList { role: *role, segment: *segment, rows })
        .collect();
    let tables = expected(study, FLOOR, &open);
    assert_eq!(tables.iter().map(|table| table.open).sum::<u64>(), 0, "ties would leave counts undecided");
    tables
}

/// One member's list, read from its files by the same importer and prepared by the same code, without any process.
fn plain_list(
    study: &Study,
    name: &str,
    segment: &str,
    role: &str,
    opted_out: OptedOut,
) -> (Role, Segment, Prepared) {
    let temporary = tempfile::tempdir().unwrap();
    let store = Folder::new(&temporary.path().join("tables")).unwrap();
    std::fs::create_dir(temporary.path().join("keys")).unwrap();
    let none = |_| Ok(zeroize::Zeroizing::new(Vec::new()));
    let (custody, _) = Custody::create(&temporary.path().join("keys"), 1, Guard::File, &none, None).unwrap();
    let schemas = Schemas::builtin().unwrap();
    let mut tables = Vec::new();
    let kinds: &[&str] =
        if segment == "k12" { &["SENR.txt", "SINF.txt"] } else { &["students.csv", "enrollments.csv"] };
    for kind in kinds {
        let path = demonstration(name).join(format!("{name}-{kind}"));
        let recognised = import::recognise(&path, &[]).unwrap();
        let mut writer = Import::new(&store, &custody, &schemas, &recognised.layout);
        let mut outlets = import::Outlets {
            rows: &mut |filed| writer.accept(filed),
            progress: &mut |_| ControlFlow::Continue(()),
            findings: &mut |_| Ok(()),
        };
        import::read(&recognised, 2026, &mut outlets, &Room::memory())
            .map_err(|error| error.to_string())
            .map(drop)
            .unwrap();
        tables = merge(&tables, &writer.finish(&tables, Timestamp(0)).unwrap());
    }
    let (kind, segment) = match segment {
        "k12" => (SegmentKind::K12, Segment::K12),
        "cc" => (SegmentKind::CommunityCollege, Segment::Cc),
        _ => (SegmentKind::University, Segment::Univ),
    };
    let opt_outs = match opted_out {
        OptedOut::Counted => OptOuts::default(),
        OptedOut::Left => opt_outs(&demonstration(name).join("optout.csv")),
    };
    let roster = assemble(&store, &custody, &tables, &opt_outs, kind, &Room::memory()).unwrap();
    let role = if role == "sender" { Role::Sender } else { Role::Receiver };
    let year = SchoolYear(2026).0;
    let said = said_by(&roster, study, role);
    let prepared =
        prepare(&roster, study, Part { role, segment, schools: &[] }, year, &said, &Room::memory());
    (role, segment, prepared.map_err(|failure| failure.to_string()).unwrap())
}

fn opt_outs(list: &Path) -> OptOuts {
    OptOuts::parse(std::fs::read(list).unwrap().as_slice()).unwrap()
}
