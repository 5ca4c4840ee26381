//! Whole rounds of two and three members: processor time, bytes, memory; and tokens a second of each step on one core.
//!
//! ```text
//! cargo bench -p federation-tests --bench round                # 100 000 rows a member, or ROUND_BENCH_ROWS
//! cargo bench -p federation-tests --bench round -- --quick     # 2 000 rows
//! cargo bench -p federation-tests --bench round -- --json      # the same figures for a program
//! ```
//!
//! The variable does not begin with `PASSAGE_`, which the coordinator would take for a setting and refuse.
//!
//! All parties run in one process, so processor time and memory are those of all of them together; each member's own share
//! is about what it owns and passes. The harness decrypts the tables a second time for its oracle, which adds a few per cent.
#![allow(clippy::unwrap_used, reason = "a bench that cannot set up has nothing to measure")]

use std::{
    fs,
    hint::black_box,
    io::Write,
    time::{Duration, Instant},
};

use harness::{
    federation::{Ending, Federation, Setup},
    papers::Noise,
};
use passage_protocol::{
    agreement::Segment::{self, Cc, K12, Univ},
    group::{CollectiveKeys, CommitteeKeys, HopFactor, MatchPoint, OwnerBlind, TagKey, hash_to_element},
    ids::{Digest, MemberCode, RoundId},
    mixing::{ColumnValue, FirstFactor, PlainRow, RowShape, contribute, final_tags, hop},
};
use serde_json::{Value, json};

const ROWS_DEFAULT: usize = 100_000;
const ROWS_QUICK: usize = 2_000;

fn main() {
    let given = |name: &str| std::env::args().any(|argument| argument == name);
    let from_environment = std::env::var("ROUND_BENCH_ROWS").ok().and_then(|rows| rows.parse().ok());
    let rows = from_environment.unwrap_or(if given("--quick") { ROWS_QUICK } else { ROWS_DEFAULT });
    let steps = steps();
    let rounds =
        [round(&[(K12, 1.0), (Cc, 0.55)], rows), round(&[(K12, 1.0), (Cc, 0.55), (Univ, 0.55)], rows)];
    let mut out = std::io::stdout().lock();
    if given("--json") {
        let all = json!({ "rounds": rounds, "steps": steps });
        writeln!(out, "{}", serde_json::to_string_pretty(&all).unwrap()).unwrap();
        return;
    }
    for figures in rounds.iter().chain([&steps]) {
        for (name, value) in figures.as_object().unwrap() {
            writeln!(out, "{name:>34}  {value}").unwrap();
        }
        writeln!(out).unwrap();
    }
}

/// One round; `members` gives each one's own students as a share of `rows`.
fn round(members: &[(Segment, f64)], rows: usize) -> Value {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count of people"
    )]
    let sized: Vec<(Segment, usize)> =
        members.iter().map(|(segment, share)| (*segment, (*share * rows as f64) as usize)).collect();
    let mut setup = Setup::of(&sized, 1);
    setup.question.preset = "full";
    setup.question.by = vec!["all", "ethnicity"];
    setup.question.floor = 11;
    setup.question.noise = Noise::Epsilon("2");
    let mut federation = Federation::new(setup);
    let (processor, began) = (processor_seconds(), Instant::now());
    let id = federation.open();
    federation.run();
    let (processor, wall) = (processor_seconds() - processor, began.elapsed().as_secs_f64());
    assert_eq!(federation.endings(), [(id, Ending::Finished)]);
    let prepared: usize = federation.prepared().iter().map(|prepared| prepared.rows.len()).sum();
    let (blobs, bytes) = federation.coordinator.relayed;
    let hops = 2;
    json!({
        "members": members.len(),
        "committee": hops,
        "rows of all lists": prepared,
        "processor seconds": rounded(processor),
        "wall seconds": rounded(wall),
        "processor ms per row": rounded(1_000.0 * processor / prepared as f64),
        "blobs uploaded": blobs,
        "bytes uploaded": bytes,
        "bytes uploaded per row and hop": rounded(bytes as f64 / (prepared * hops) as f64),
        "peak memory of the process, MiB": peak_memory_mib(),
    })
}

/// Tokens a second on one core, measured on a thousand rows of seven slots and two columns.
fn steps() -> Value {
    const ROWS: u32 = 512;
    const SLOTS: u32 = 7;
    let (recipe, round) = (Digest([5; 32]), RoundId([1; 16]));
    let member = CommitteeKeys::generate(2, [3; 32]);
    let keys = CollectiveKeys::combine(&[member.share(&round, &MemberCode([4; 5]))]).unwrap();
    let shape = RowShape::new(SLOTS as usize, 2).unwrap();
    let columns = [0, 1];
    let point = |number: u32| hash_to_element(&recipe, &round, &[&number.to_le_bytes()]);
    let points: Vec<MatchPoint> = (0..ROWS * SLOTS).map(point).collect();
    let plain: Vec<PlainRow> = points
        .chunks(SLOTS as usize)
        .map(|row| PlainRow {
            tokens: row.iter().copied().map(Some).collect(),
            values: vec![ColumnValue::Code(3), ColumnValue::Code(2_023)],
        })
        .collect();
    let blind = OwnerBlind::draw(1, [6; 32]);
    let list = contribute(&plain, shape, &columns, FirstFactor::Blinded(&blind), &keys, &[2; 32]).unwrap();
    let factor = HopFactor::own(&member);
    let tag_key = TagKey::derive(&[[7; 32]]);
    let slots = [0, 1, 2, 2, 2, 3, 4];
    let tokens = f64::from(ROWS * SLOTS);
    json!({
        "hash to uniform bytes (the map runs in blind), tokens a second": rate(tokens, || {
            black_box((0..ROWS * SLOTS).map(point).collect::<Vec<_>>());
        }),
        "blind with columns, tokens a second": rate(tokens, || {
            black_box(contribute(&plain, shape, &columns, FirstFactor::Blinded(&blind), &keys, &[2; 32]).unwrap());
        }),
        "hop with columns, tokens a second": rate(tokens, || {
            black_box(hop(&list, 0, shape, &columns, &factor, &keys, &[8; 32]).unwrap());
        }),
        "tag, tokens a second": rate(tokens, || {
            black_box(final_tags(&list, shape, &slots, &tag_key).unwrap());
        }),
    })
}

/// How many units a second `work` gets through, each call doing `units`.
fn rate(units: f64, work: impl Fn()) -> f64 {
    work();
    let (began, mut calls) = (Instant::now(), 0.0);
    while began.elapsed() < Duration::from_millis(400) {
        work();
        calls += 1.0;
    }
    (units * calls / began.elapsed().as_secs_f64()).round()
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// User and system time of this process, seconds; Linux counts them in hundredths.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is a name in brackets that may hold spaces; utime and stime are the 14th and 15th.
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Largest resident size so far.
fn peak_memory_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes =
        line.and_then(|line| line.split_whitespace().next()).and_then(|count| count.parse::<u64>().ok());
    kibibytes.unwrap_or(0) / 1_024
}
