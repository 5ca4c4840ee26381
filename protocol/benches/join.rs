//! The join of two lists of tags by itself, for `deploy/bench/join_speed.py`, which holds it beside DuckDB and Polars:
//! `cargo bench -p passage-protocol --bench join -- LEFT RIGHT` joins two files of 16-byte tags and prints one line of JSON.
//!
//! Without files it joins a million made-up tags with as many, half of them equal.

#![allow(clippy::unwrap_used, reason = "a bench that cannot read its input has nothing to measure")]
#![allow(clippy::print_stdout, reason = "the figures are the output")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::{env, fs, time::Instant};

use passage_protocol::linkage::{TagList, link};

const MADE_UP: u64 = 1_000_000;

fn main() {
    let files: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let began = Instant::now();
    let (left, right) = match files.as_slice() {
        [left, right] => (fs::read(left).unwrap(), fs::read(right).unwrap()),
        _ => (tags(0..MADE_UP), tags(MADE_UP / 2..MADE_UP + MADE_UP / 2)),
    };
    let read = began.elapsed().as_secs_f64();
    let (left, right) = (TagList::new(&[0], &left).unwrap(), TagList::new(&[0], &right).unwrap());
    let joining = Instant::now();
    let links = link(&left, &right);
    let joined = joining.elapsed().as_secs_f64();
    let linked = links.iter().flatten().count();
    println!("{{\"rows\": {linked}, \"read_s\": {read:.3}, \"join_s\": {joined:.3}}}");
}

fn tags(numbers: std::ops::Range<u64>) -> Vec<u8> {
    numbers.flat_map(|number| blake3::hash(&number.to_le_bytes()).as_bytes()[..16].to_vec()).collect()
}
