//! What a round costs on this machine: the multiplications, the linking part, a whole round in this process, and what rounds of
//! other sizes would cost. The `bench` commands of both programs.
//!
//! Nothing here touches a student, a key or a state folder: people are made up, keys are drawn from fixed seeds. The passes are
//! those of the product, called as node and coordinator call them; what is left out is the network, the disk and people.
//!
//! | file | measures |
//! |---|---|
//! | `primitives` | one multiplication on every backend, beside `curve25519-dalek`, in turns |
//! | `linking` | hash, first pass, hops, tags, join: what intersection libraries do |
//! | `round`, `tables`, `steps` | all of it, step by step |
//! | `forecast` | the same for other sizes, from the cost of each step's units |
//! | `meter` | processor time, wall time, memory, clock rate |

mod forecast;
mod linking;
mod meter;
mod primitives;
mod round;
mod steps;
mod tables;

use core::fmt::Write as _;

use passage_protocol::{
    cells::Window,
    group::Backend,
    mixing::{RowShape, TupleShape, noise_tuple_count},
    noise::NoiseTable,
};
use serde_json::json;

pub use self::steps::BenchFault;
use crate::control::Answer;

/// Cells of a table: nine ethnicities in five cohorts.
const CELLS: u32 = 45;

/// How large a round is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Size {
    /// Members, the first of which sends; 2 to 1,000.
    pub members: usize,
    /// Rows of each list.
    pub rows: usize,
    /// Keys of each row, 1 to 16.
    pub keys: usize,
    /// Tables, 1 to 8.
    pub tables: usize,
    /// Rows of each list that are the same people, in per cent.
    pub overlap_percent: usize,
}

/// How much of each kind of work a round is.
struct Counts {
    contributed: u64,
    hopped: u64,
    hopped_tokens: u64,
    tags: u64,
    tuple_points: u64,
    decrypted_points: u64,
    list_bytes: u64,
    largest_list_bytes: u64,
    table_bytes: u64,
}

impl Size {
    /// Reads `MEMBERSxROWSxKEYS`, one table, half of the rows shared.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<usize>> =
            text.split('x').map(|part| part.trim().replace('_', "").parse().ok()).collect();
        match numbers.as_deref() {
            Some([members @ 2..=1_000, rows @ 1..=100_000_000, keys @ 1..=16]) => {
                Ok(Self { members: *members, rows: *rows, keys: *keys, tables: 1, overlap_percent: 50 })
            }
            Some(_) | None => Err("expected MEMBERSxROWSxKEYS, such as 3x100000x7: 2 to 1000 members, 1 to 100000000 rows, 1 to 16 keys"
                .to_owned()),
        }
    }

    /// Members on the committee.
    fn committee(&self) -> usize {
        2
    }

    /// Receivers of a table: four at most, as in a study.
    fn receivers(&self) -> usize {
        (self.members - 1).min(4)
    }

    /// Hops of a list after its owner's first pass: one fewer if the owner sits on the committee.
    fn hops_after_first(&self, member: usize) -> usize {
        if member < self.committee() { self.committee() - 1 } else { self.committee() }
    }

    fn is_shared(&self, row: usize) -> bool {
        row < self.rows * self.overlap_percent / 100
    }

    fn columns(&self, member: usize) -> usize {
        if member == 0 { 1 + self.tables } else { 1 }
    }

    fn counts(&self) -> Counts {
        let rows = self.rows as u64;
        let of_members = |each: &dyn Fn(usize) -> usize| -> u64 {
            (0..self.members).map(|member| rows * each(member) as u64).sum()
        };
        let points = |member: usize| self.keys + 1 + self.columns(member);
        let bytes = |member: usize| {
            RowShape::new(self.keys, self.columns(member)).map_or(0, |shape| shape.row_bytes())
        };
        let shape = Window::new(1, 1).and_then(|window| TupleShape::new(self.receivers(), window).ok());
        let noise = NoiseTable::new(2_000, 1_000_000).unwrap_or_else(|_| NoiseTable::none());
        let noise = shape.map_or(0, |shape| noise_tuple_count(CELLS, shape, &noise));
        let (matched, tables) = (rows * self.overlap_percent as u64 / 100, self.tables as u64);
        // One test a receiver, and the cell on its way; decrypted are the tests.
        let tests = self.receivers() as u64;
        let last = matched + 2 * noise;
        Counts {
            contributed: of_members(&points),
            hopped: of_members(&|member| self.hops_after_first(member) * points(member)),
            hopped_tokens: of_members(&|member| self.hops_after_first(member) * self.keys),
            tags: of_members(&|_| self.keys),
            tuple_points: tables * (1 + tests) * (matched + noise + last),
            decrypted_points: tables * tests * last * self.committee() as u64,
            list_bytes: of_members(&bytes),
            largest_list_bytes: rows * bytes(0) as u64,
            table_bytes: tables * last * shape.map_or(0, |shape| shape.final_bytes() as u64),
        }
    }
}

/// What to measure.
#[derive(Clone, Debug)]
pub struct Request {
    /// The round that is played; at most 5 members.
    pub size: Size,
    /// Rounds whose cost is worked out.
    pub forecasts: Vec<Size>,
}

/// Measures all of it; `progress` takes what is going on and rows done.
///
/// # Errors
///
/// [`BenchFault`] if arithmetic with keys of its own making fails, which it cannot.
///
/// # Cost
///
/// That of the round, and some five seconds.
pub fn run(request: &Request, progress: &dyn Fn(&str, u64)) -> Result<Answer, BenchFault> {
    let size = &Size { members: request.size.members.min(5), ..request.size.clone() };
    progress("multiplications", 0);
    let (cycles_per_ns, primitives) = (meter::cycles_per_ns(), primitives::measure());
    let linking = linking::measure(size, progress);
    let played = round::play(size, progress)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let forecasts: Vec<_> = request
        .forecasts
        .iter()
        .map(|forecast| forecast::Forecast::of(forecast.clone(), &played, cores))
        .collect();
    let best = Backend::best().name();
    let bare = primitives::hop_ns(&primitives, best);
    let (cost, counts) = (played.cost(), size.counts());
    let us_per_row = |ns: u64| ns as f64 / 1_000.0 / size.rows.max(1) as f64;
    let [over_tokens, over_all] = played.hop_over_bare(size, bare);
    let tag_bytes = linking.bytes as f64 / (size.rows * size.members) as f64;

    let mut text = format!(
        "{cores} cores, {best}, {cycles_per_ns:.2} GHz; {} members x {} rows x {} keys, {} table(s), {} % shared\n\n",
        size.members, size.rows, size.keys, size.tables, size.overlap_percent
    );
    let _ = writeln!(
        text,
        "{:<12} {:<34} {:>9} {:>9} {:>8} {:>7}",
        "backend", "one multiplication, one thread", "dalek ns", "ns", "cycles", "ratio"
    );
    for one in &primitives {
        let _ = writeln!(text, "{}", one.line(cycles_per_ns));
    }
    let _ = writeln!(
        text,
        "\nlinking part: {:.2} s of processor time, {:.1} us a row of one list, {tag_bytes:.0} bytes a row, {} rows linked",
        linking.cost.processor_ns as f64 / 1e9,
        linking.us_per_row(size),
        linking.linked,
    );
    let _ = writeln!(
        text,
        "\n{:<38} {:>9} {:>13} {:<22} {:>9}",
        "whole round, all parties together", "seconds", "units", "unit", "ns a unit"
    );
    for line in played.lines() {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(
        text,
        "{:<38} {:>9.2}   {:.2} s on the wall, {:.1} us a row of one list, {} bytes\n\
         hops with shuffle, digests and seals: {over_all:.2} times their bare multiplications, {over_tokens:.2} times those of tokens alone\n\
         matched {} rows, {} tuples a table with noise; peak memory of this process, all parties: {}",
        "all",
        cost.processor_ns as f64 / 1e9,
        cost.wall_ns as f64 / 1e9,
        us_per_row(cost.processor_ns),
        played.bytes,
        played.matched,
        played.tuples,
        meter::peak_memory_bytes().map_or_else(|| "not told".to_owned(), forecast::mebibytes),
    );
    if !forecasts.is_empty() {
        text.push_str("\nforecast, without network and people:\n");
        for one in &forecasts {
            let _ = writeln!(text, "  {}", one.line());
        }
    }
    let json = json!({
        "machine": { "cores": cores, "backend": best, "GHz": (cycles_per_ns * 100.0).round() / 100.0 },
        "size": {
            "members": size.members, "rows": size.rows, "keys": size.keys, "tables": size.tables,
            "overlap percent": size.overlap_percent,
        },
        "primitives": primitives.iter().map(|one| one.json(cycles_per_ns)).collect::<Vec<_>>(),
        "linking": {
            "processor seconds": linking.cost.processor_ns as f64 / 1e9,
            "wall seconds": linking.cost.wall_ns as f64 / 1e9,
            "us a row of one list": linking.us_per_row(size),
            "bytes a row": tag_bytes,
            "rows linked": linking.linked,
        },
        "round": {
            "steps": played.json(),
            "processor seconds": cost.processor_ns as f64 / 1e9,
            "wall seconds": cost.wall_ns as f64 / 1e9,
            "us a row of one list": us_per_row(cost.processor_ns),
            "hops over bare multiplications": over_all,
            "hops over bare multiplications of tokens": over_tokens,
            "bytes sent": played.bytes,
            "matched rows": played.matched,
            "tuples a table": played.tuples,
            "bytes of the largest list": counts.largest_list_bytes,
            "peak memory bytes of this process": meter::peak_memory_bytes(),
        },
        "forecasts": forecasts.iter().map(forecast::Forecast::json).collect::<Vec<_>>(),
    });
    Ok(Answer { text, json })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_or_refused_with_what_was_expected() {
        let size = Size::parse("3x100_000x7").unwrap();
        assert_eq!((size.members, size.rows, size.keys), (3, 100_000, 7));
        for bad in ["", "3", "1x10x1", "3x0x1", "3x10x17", "3x10", "axbxc", "3x10x1x1"] {
            assert!(Size::parse(bad).unwrap_err().contains("3x100000x7"), "{bad}");
        }
    }

    #[test]
    fn a_round_links_whom_it_should_and_is_forecast_from_what_it_did() {
        let size = Size { tables: 2, ..Size::parse("3x1200x2").unwrap() };
        let request = Request { size: size.clone(), forecasts: vec![size.clone()] };
        let answer = run(&request, &|_, _| ()).unwrap();
        let json = &answer.json;
        assert_eq!(json["round"]["matched rows"], 600);
        assert_eq!(json["linking"]["rows linked"], 600);
        let counts = size.counts();
        let units = |step: &str| {
            let steps = json["round"]["steps"].as_array().unwrap();
            steps.iter().find(|one| one["step"] == step).unwrap()["units"].as_u64().unwrap()
        };
        assert_eq!(units("owner: hash, first pass, ciphers"), counts.contributed);
        assert_eq!(units("committee: hops"), counts.hopped);
        assert_eq!(units("coordinator: join and plan"), counts.tags);
        assert_eq!(units("committee: tables and noise"), counts.tuple_points);
        assert_eq!(units("committee: decryptions and proofs"), counts.decrypted_points);
        // What was measured is what is forecast for the same size: only the rounding of figures lies between.
        let measured = json["round"]["processor seconds"].as_f64().unwrap();
        let forecast = json["forecasts"][0]["processor seconds, all parties"].as_f64().unwrap();
        assert!((measured - forecast).abs() < 0.25 * measured + 0.1, "{measured} and {forecast}");
        assert!(answer.text.contains("3 members x 1200 rows x 2 keys"));
    }
}
