//! Kills, torn and failed writes, altered files: at every byte.

use super::*;
use passage_protocol::ids::RoundId;

fn act(number: u64) -> Act<'static> {
    Act::ActDone { entry: number }
}

fn log_of(count: u64) -> (tempfile::TempDir, PathBuf, Head) {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("audit");
    let mut log = AuditLog::open(&folder).unwrap();
    for number in 0..count {
        log.append(Timestamp(1_000 + number), &act(number)).unwrap();
    }
    let head = log.head();
    (dir, folder, head)
}

/// A log that fills its first file, written without waiting for the disk.
fn full_file() -> (tempfile::TempDir, PathBuf, Head) {
    let (dir, folder, _) = log_of(1);
    let text = fs::read(path(&folder, 1)).unwrap();
    let first: Entry = serde_json::from_slice(text.trim_ascii_end()).unwrap();
    let (mut lines, mut head) = (String::new(), Head::EMPTY);
    for number in 1..=SEGMENT_ENTRIES {
        let mut entry = Entry { number, previous: head.digest.to_string(), ..first.clone() };
        head = head.after(entry.body());
        entry.digest = head.digest.to_string();
        lines += &serde_json::to_string(&entry).unwrap();
        lines.push('\n');
    }
    fs::write(path(&folder, 1), lines).unwrap();
    (dir, folder, head)
}

#[test]
fn entries_chain_and_survive_reopening() {
    let (_dir, folder, head) = log_of(5);
    let mut seen = 0;
    assert_eq!(verify(&folder, |entry| seen += entry.number).unwrap().head, head);
    assert_eq!(seen, 15);
    let mut log = AuditLog::open(&folder).unwrap();
    // The clock went back; the log does not.
    assert_eq!(log.append(Timestamp(9), &act(6)).unwrap(), 6);
    assert_eq!(log.end().time, Timestamp(1_004));
    assert_eq!(verify(&folder, |_| ()).unwrap(), log.end());
}

#[test]
fn kill_at_every_byte() {
    let (_dir, folder, _) = log_of(6);
    let whole = fs::read(path(&folder, 1)).unwrap();
    let ends: Vec<usize> =
        whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    // A kill leaves what was written so far of the entry under way; all acknowledged ones are whole before it.
    for cut in ends[1]..=whole.len() {
        fs::write(path(&folder, 1), &whole[..cut]).unwrap();
        let acknowledged = ends.iter().filter(|end| **end <= cut).count() as u64;
        let mut log = AuditLog::open(&folder).unwrap();
        assert_eq!(log.head().number, acknowledged, "cut at {cut}");
        assert_eq!(log.append(Timestamp(7), &act(0)).unwrap(), acknowledged + 1);
        assert_eq!(verify(&folder, |_| ()).unwrap().head, log.head());
    }
}

#[test]
fn a_log_goes_on_in_a_new_file_and_opens_by_its_last() {
    let (_dir, folder, head) = full_file();
    let mut log = AuditLog::open(&folder).unwrap();
    assert_eq!(log.head(), head);
    log.append(Timestamp(2_000), &act(1)).unwrap();
    log.append(Timestamp(2_000), &act(2)).unwrap();
    assert_eq!(verify(&folder, |_| ()).unwrap(), log.end());
    let second = fs::read(path(&folder, 2)).unwrap();
    // A kill while the second file is begun: no file, an empty one, one with a torn line.
    for left in [None, Some(0), Some(40)] {
        match left {
            None => fs::remove_file(path(&folder, 2)).unwrap(),
            Some(bytes) => fs::write(path(&folder, 2), &second[..bytes]).unwrap(),
        }
        let mut log = AuditLog::open(&folder).unwrap();
        assert_eq!(log.head(), head);
        assert_eq!(log.append(Timestamp(2_000), &act(1)).unwrap(), SEGMENT_ENTRIES + 1);
    }
    // Damage in an earlier file costs nothing at the start, and is found by whoever verifies or is shown that part.
    let text = fs::read_to_string(path(&folder, 1)).unwrap();
    fs::write(path(&folder, 1), text.replacen("\"entry\":\"0\"", "\"entry\":\"1\"", 1)).unwrap();
    let end = AuditLog::open(&folder).unwrap().end();
    let broken = AuditError::Broken { number: 1, part: "digest" };
    assert_eq!(verify(&folder, |_| ()).unwrap_err(), broken);
    assert_eq!(stretch(&folder, 0, end.head).unwrap_err(), broken);
    fs::remove_file(path(&folder, 1)).unwrap();
    assert_eq!(verify(&folder, |_| ()).unwrap_err(), AuditError::Broken { number: 1, part: "file" });
    assert!(AuditLog::open(&folder).is_err());
}

#[test]
fn a_stretch_leads_from_head_to_head_wherever_it_begins() {
    let (_dir, folder, full) = full_file();
    let mut log = AuditLog::open(&folder).unwrap();
    for number in 0..3 {
        log.append(Timestamp(2_000), &act(number)).unwrap();
    }
    let end = log.head();
    for from in [0, 1, SEGMENT_ENTRIES - 1, SEGMENT_ENTRIES, SEGMENT_ENTRIES + 1, end.number, end.number + 9]
    {
        let found = stretch(&folder, from, end).unwrap();
        assert_eq!(found.from.number, from.min(end.number));
        assert_eq!(found.bodies.iter().fold(found.from, |head, body| head.after(*body)), end, "from {from}");
        assert_eq!(found.head, end);
    }
    // Not beyond what was the end, even if the log has grown meanwhile.
    let found = stretch(&folder, 3, full).unwrap();
    assert_eq!((found.head, found.bodies.len() as u64), (full, SEGMENT_ENTRIES - 3));
}

#[test]
fn an_altered_removed_or_moved_entry_is_refused_and_not_repaired() {
    let (_dir, folder, _) = log_of(4);
    let file = path(&folder, 1);
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let altered = text.replacen("\"entry\":\"0\"", "\"entry\":\"4\"", 1);
    let removed = [lines[0], lines[2], lines[3], ""].join("\n");
    let moved = [lines[0], lines[2], lines[1], lines[3], ""].join("\n");
    let last = text.trim_end().to_owned().replace(&lines[3][..20], "{\"number\":4,\"time\":1_") + "\n";
    for (case, broken, number) in
        [(altered, "digest", 1), (removed, "number", 2), (moved, "number", 2), (last, "form", 4)]
    {
        fs::write(&file, &case).unwrap();
        let error = AuditLog::open(&folder).unwrap_err();
        assert_eq!(error, AuditError::Broken { number, part: broken });
        let line = format!("(file 00000001.jsonl, line {number})");
        assert!(error.to_string().ends_with(&line), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), case, "nothing was repaired");
    }
}

#[test]
fn an_entry_too_long_is_refused_and_the_log_goes_on() {
    let (_dir, folder, head) = log_of(1);
    let mut log = AuditLog::open(&folder).unwrap();
    let by = "x".repeat(LINE_BYTES_MAX);
    let long = Act::RoundHalted { round: RoundId([1; 16]), by: &by };
    assert!(matches!(log.append(Timestamp(1), &long), Err(AuditError::TooLong { .. })));
    assert_eq!(log.head(), head);
    log.append(Timestamp(1), &act(1)).unwrap();
    assert_eq!(verify(&folder, |_| ()).unwrap().head.number, 2);
}

#[test]
fn a_failed_write_is_refused_and_nothing_grows_out_of_it() {
    let (_dir, folder, head) = log_of(2);
    let mut log = AuditLog::open(&folder).unwrap();
    let good = log.file.try_clone().unwrap();
    log.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(log.append(Timestamp(1), &act(1)), Err(AuditError::DiskFull));
    assert_eq!(log.head(), head);
    // What was half-written could not be cut off there: even with room again, this log takes nothing until reopened.
    log.file = good;
    assert!(matches!(log.append(Timestamp(1), &act(1)), Err(AuditError::Io { .. })));
    let mut log = AuditLog::open(&folder).unwrap();
    assert_eq!((log.head(), log.append(Timestamp(1), &act(1)).unwrap()), (head, 3));
}

#[test]
fn two_entries_that_say_the_same_have_different_bodies() {
    let (_dir, folder, _) = log_of(0);
    let mut log = AuditLog::open(&folder).unwrap();
    log.append(Timestamp(1), &Act::DaemonStopped).unwrap();
    let text = fs::read_to_string(path(&folder, 1)).unwrap();
    fs::remove_file(path(&folder, 1)).unwrap();
    let mut log = AuditLog::open(&folder).unwrap();
    log.append(Timestamp(1), &Act::DaemonStopped).unwrap();
    let body = |text: &str| serde_json::from_str::<Entry>(text.trim_end()).unwrap().body();
    assert_ne!(body(&text), body(&fs::read_to_string(path(&folder, 1)).unwrap()));
}
