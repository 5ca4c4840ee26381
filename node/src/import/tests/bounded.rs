//! Files of any length: held to a few digests, a file is read as it is with room for all of them; every pass tells how far it
//! is and ends when nobody waits.

use passage_shell::shelf::Shelf;

use super::*;
use crate::import::read::read_holding;

/// What can be seen of a reading: every finding, every row handed on, what a store is told.
#[derive(Debug, PartialEq)]
struct Seen {
    findings: Vec<(u64, String)>,
    rows: Vec<(u64, &'static str)>,
    counts: (u64, u64, Transactions),
    spoken: Spoken,
    named: usize,
    passes: Vec<Pass>,
}

fn seen(bytes: &[u8], layouts: &[Layout], held_bytes_max: usize) -> Seen {
    let kept = file(bytes);
    let recognised = recognise_among(kept.path(), layouts, &[]).unwrap();
    let (mut findings, mut rows, mut passes) = (Vec::new(), Vec::new(), Vec::new());
    let mut outlets = Outlets {
        rows: &mut |filed| {
            rows.push((filed.origin.row, filed.row.table));
            ControlFlow::Continue(())
        },
        progress: &mut |step| {
            passes.push(step.pass);
            ControlFlow::Continue(())
        },
        findings: &mut |finding| {
            findings.push((finding.row, format!("{:?} {:?}", finding.column, finding.fault)));
            Ok(())
        },
    };
    let shelf = tempfile::tempdir().unwrap();
    let room = Room::new(&Shelf::open(shelf.path()).unwrap(), 1 << 20);
    let imported = read_holding(&recognised, TODAY_YEAR, &mut outlets, &room, held_bytes_max).unwrap();
    let report = imported.report;
    Seen {
        findings,
        rows,
        counts: (report.kept, report.duplicates, report.transactions),
        spoken: imported.spoken,
        named: imported.taken_out.len(),
        passes,
    }
}

/// Students and what goes wrong with them, spread over the file: rows and records repeated near and far, identifiers shared,
/// records deleted and replaced before and after.
fn troubled(students: u32) -> String {
    let mut text = String::new();
    for number in 0..students {
        let (ssid, local) = (format!("1{number:09}"), format!("A{number}"));
        let row =
            |changes: &[(usize, &str)]| senr(&[&[(8, ssid.as_str()), (9, local.as_str())], changes].concat());
        text += &row(&[]);
        match number % 9 {
            1 => text += &row(&[]),
            2 => text += &row(&[(10, "BEA")]),
            3 => text += &row(&[(9, "OTHER"), (22, "20190901")]),
            4 => text += &senr(&[(8, &format!("2{number:09}")), (9, &local)]),
            5 => text += &row(&[(2, "R"), (10, "CYD")]),
            6 => text += &row(&[(2, "D")]),
            _ => {}
        }
        if number >= students / 2 && number % 7 == 0 {
            let early = number - students / 2;
            text += &senr(&[(8, &format!("1{early:09}")), (9, &format!("A{early}"))]);
        }
    }
    text
}

#[test]
fn a_file_of_more_digests_than_are_held_is_read_the_same() {
    let layouts = [shipped("calpads-senr")];
    let text = troubled(300);
    let all = seen(text.as_bytes(), &layouts, usize::MAX);
    for fault in ["RepeatedRow", "RepeatedKey", "SsidTwoLocalIds", "LocalIdTwoSsids"] {
        let times = all.findings.iter().filter(|(_, found)| found.contains(fault)).count();
        assert!(times > 10, "{fault}: {times}");
    }
    let Transactions { deleted, replaced, superseded, .. } = all.counts.2;
    assert!(deleted > 10 && replaced > 10 && superseded > 20 && all.named > 300);
    for held in [1_000, 4_000, 16_000] {
        let few = seen(text.as_bytes(), &layouts, held);
        assert!(few.findings == all.findings && few.rows == all.rows, "{held} bytes held");
        assert_eq!((few.counts, few.named, &few.spoken), (all.counts, all.named, &all.spoken), "{held}");
    }
}

/// Files as they come, in which nothing is a change.
#[test]
fn the_files_of_the_demonstration_are_read_the_same_with_few_digests_held() {
    let layouts = known();
    for name in ["K12A/K12A-SINF.txt", "CC1/CC1-awards.csv"] {
        let bytes = std::fs::read(demo().join(name)).unwrap();
        let (all, few) = (seen(&bytes, &layouts, usize::MAX), seen(&bytes, &layouts, 9_000));
        assert!(few.findings == all.findings && few.rows == all.rows, "{name}");
        assert_eq!((few.counts, &few.spoken), (all.counts, &all.spoken), "{name}");
    }
}

#[test]
fn every_pass_tells_how_far_it_is_and_ends_when_nobody_waits() {
    let layouts = [shipped("calpads-senr")];
    let text: String = (0..10_001)
        .map(|number| {
            let code = if number % 2 == 0 { "R" } else { "" };
            senr(&[(2, code), (8, &format!("1{number:09}")), (9, &format!("A{number}"))])
        })
        .collect();
    // A bad row first: nothing is handed on after it, and the reading can be stopped all the same.
    let text = senr(&[(8, "1.23457E+09")]) + &text;
    let kept = file(text.as_bytes());
    let recognised = recognise_among(kept.path(), &layouts, &[]).unwrap();
    let run = |until: Option<Pass>| {
        let mut steps = Vec::new();
        let mut outlets = Outlets {
            rows: &mut |_| ControlFlow::Continue(()),
            progress: &mut |step: Progress| {
                steps.push(step);
                if Some(step.pass) == until { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
            findings: &mut |_| Ok(()),
        };
        let outcome = read_holding(&recognised, TODAY_YEAR, &mut outlets, &Room::memory(), 200_000);
        (steps, outcome)
    };
    let (steps, outcome) = run(None);
    assert!(matches!(outcome, Err(ImportError::Rows { .. })));
    for pass in [Pass::Changes, Pass::Repeats, Pass::Rows] {
        let of_pass: Vec<&Progress> = steps.iter().filter(|step| step.pass == pass).collect();
        assert!(of_pass.iter().any(|step| step.rows == 10_000 && step.bytes_done > 0), "{pass:?}");
        assert!(of_pass.iter().all(|step| step.bytes_done <= step.bytes_total));
        let (steps, outcome) = run(Some(pass));
        assert!(matches!(outcome, Err(ImportError::Stopped)), "{pass:?}");
        assert_eq!(steps.last().map(|step| step.pass), Some(pass));
    }
}
