//! What a large list of one's own takes, step by step: figures for `protocol/docs/performance.md`, and the one bound that must hold.
//!
//! ```text
//! cargo test -p passage-node --lib -- --ignored --nocapture a_large_list        # a million rows, 64 MiB
//! OWN_LIST_ROWS=10000000 OWN_LIST_MIB=1024 cargo test ...
//! ```

use std::{fs, io::Write as _, time::Instant};

use passage_analytics::table::Cell;
use passage_protocol::{cells::SchoolYear, metric::Side, timestamp::Timestamp};
use passage_shell::shelf::{Room, Shelf};
use zeroize::Zeroizing;

use super::{
    tests::{part, study},
    *,
};
use crate::{
    disclosures::References,
    import::ReportingPeriod,
    roster::{OptOuts, SegmentKind, assemble},
    tables::{Import, StoredTable, merge, tests::World},
};

/// Bytes a record that are not of the room: the way from a number to a student, places, facts, references. Measured, with a quarter
/// on top for hash tables that have just grown.
const BYTES_A_RECORD_MAX: u64 = 190;

fn stored(world: &World, rows: u64) -> Vec<StoredTable> {
    let text = |text: String| Cell::Text(Zeroizing::new(text));
    let syllables = ["ma", "ri", "so", "len", "ta", "ko", "ne", "va"];
    let name = |mut number: u64, length: usize| {
        let mut name = String::new();
        for _ in 0..length {
            name.push_str(syllables[(number % 8) as usize]);
            number /= 8;
        }
        name
    };
    let mut import = Import::named(&world.folder, &world.custody, &world.schemas, "large", "1");
    for number in 0..rows {
        // One in fifty is a second record of an earlier student, under another number.
        let person = if number % 50 == 49 { number / 2 } else { number };
        let mixed = person.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let row = vec![
            ("local-id", text(format!("S{number:09}"))),
            ("ssid", text(format!("{:010}", 2_000_000_001 + person))),
            ("ssn", text(format!("{:09}", 100_010_001 + person))),
            ("first", text(name(mixed, 4))),
            ("middle", text(name(mixed >> 12, 2))),
            ("last", text(name(mixed >> 18, 4))),
            (
                "birth-date",
                Cell::Date { year: 2001, month: 1 + (mixed % 12) as u8, day: 1 + (mixed % 28) as u8 },
            ),
            ("gender", text(if person % 2 == 0 { "F" } else { "M" }.to_owned())),
            ("zip", text(format!("{:05}", 90_001 + person % 5_000))),
            ("races", text("700".to_owned())),
        ];
        import.push(ReportingPeriod::default(), "student", &world.schemas.row("student", row)).unwrap();
    }
    merge(&[], &import.finish(&[], Timestamp(1)).unwrap())
}

/// Most memory of the process since the last look, bytes; the next look begins now.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    let peak = line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10;
    fs::write("/proc/self/clear_refs", "5").unwrap();
    peak
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

#[test]
#[ignore = "takes a minute; prints figures"]
fn a_large_list_takes_its_room_and_some_bytes_a_record() {
    let (rows, mebibytes) =
        (from_environment("OWN_LIST_ROWS", 1_000_000), from_environment("OWN_LIST_MIB", 64));
    let world = World::new();
    let tables = stored(&world, rows);
    let folder = tempfile::tempdir_in(std::env::var_os("OWN_LIST_DISK").unwrap_or("/tmp".into())).unwrap();
    let shelf = Shelf::open(folder.path()).unwrap();
    let room = if mebibytes == 0 { Room::memory() } else { Room::new(&shelf, mebibytes << 20) };
    let _ = peak();
    let (start, mut began, mut highest) = (peak(), Instant::now(), 0);
    let mut told = |step: &str| {
        let taken = peak().saturating_sub(start);
        highest = taken.max(highest);
        let (seconds, each) = (began.elapsed().as_secs_f64(), taken / rows.max(1));
        writeln!(
            std::io::stdout(),
            "{step:>12}  {seconds:7.1} s  {:6} MiB  {each:5} B a record",
            taken >> 20
        )
        .unwrap();
        began = Instant::now();
    };
    let kind = SegmentKind::K12;
    let roster = assemble(&world.folder, &world.custody, &tables, &OptOuts::default(), kind, &room).unwrap();
    told("roster");
    let said = (0..roster.students.len()).map(|place| (place, SchoolYear(2019), 1));
    let said = Said::from(vec![Some(MetricFacts::new(Side::Sender, 1, said))]);
    told("facts");
    let prepared = prepare(&roster, &study(), part(Role::Sender), 2026, &said, &room).unwrap();
    told("rows");
    let references = References::new(&world.custody).of_students(&roster, &prepared.rows).unwrap();
    told("references");
    drop((roster, said));
    let mut read = 0_u64;
    prepared
        .rows
        .each(|row| {
            read += row.keys.iter().flatten().count() as u64;
            Ok::<(), ShelfError>(())
        })
        .unwrap();
    told("read again");
    assert_eq!(references.len() as u64, rows);
    assert!(read > rows * 4, "{read}");
    if mebibytes > 0 {
        let limit = (mebibytes << 20) + rows * BYTES_A_RECORD_MAX + (64 << 20);
        assert!(highest < limit, "{} MiB, expected below {}", highest >> 20, limit >> 20);
    }
}
