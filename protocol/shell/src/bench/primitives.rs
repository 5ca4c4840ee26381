//! The three multiplications a round is made of, on every backend, beside `curve25519-dalek` one point at a time.

use std::hint::black_box;

use passage_protocol::{
    group::{Backend, MatchPoint, Yardstick, hash_to_element},
    ids::{Digest, RoundId},
};
use serde_json::{Value, json};

use super::meter::paired;

/// Points of one turn: some 30 ms of the baseline.
const POINTS: u32 = 1_024;
/// Turns; medians are taken. A test asks whether it runs, not how fast.
const TURNS: usize = if cfg!(test) { 1 } else { 9 };

/// Nanoseconds a point of the first (`hop: ...`) and the last operation (`cipher: ...`) on one backend.
pub(super) fn hop_ns(found: &[Primitive], backend: &str) -> [f64; 2] {
    let of = |word: &str| {
        found
            .iter()
            .find(|one| one.backend == backend && one.operation.starts_with(word))
            .map_or(0.0, |one| one.ns)
    };
    [of("hop"), of("cipher")]
}

/// One operation on one backend.
pub(super) struct Primitive {
    /// `avx512-ifma`, `avx2`, `portable`.
    pub(super) backend: &'static str,
    /// In words.
    pub(super) operation: &'static str,
    /// The baseline, nanoseconds a point.
    pub(super) dalek_ns: f64,
    /// The backend, nanoseconds a point.
    pub(super) ns: f64,
    /// Median of the turns' ratios.
    pub(super) ratio: f64,
}

/// Measures on one thread.
pub(super) fn measure() -> Vec<Primitive> {
    let yardstick = Yardstick::new([7; 32]);
    let point = |number: u32| hash_to_element(&Digest([5; 32]), &RoundId([1; 16]), &[&number.to_le_bytes()]);
    let points: Vec<MatchPoint> = (0..POINTS).map(point).collect();
    let tokens = yardstick.first_singly(&points);
    let mut found = Vec::new();
    for backend in Backend::available() {
        let mut add = |operation, [dalek_ns, ns, ratio]: [f64; 3]| {
            found.push(Primitive { backend: backend.name(), operation, dalek_ns, ns, ratio });
        };
        let first = || drop(black_box(yardstick.first(backend, &points)));
        let hop = || drop(black_box(yardstick.hop(backend, &tokens)));
        let mask = || drop(black_box(yardstick.mask(backend, &tokens)));
        let units = POINTS as usize;
        add(
            "hop: decode, multiply, encode",
            paired(TURNS, units, || drop(black_box(yardstick.hop_singly(&tokens))), hop),
        );
        add(
            "first pass: map, multiply, encode",
            paired(TURNS, units, || drop(black_box(yardstick.first_singly(&points))), first),
        );
        add(
            "cipher: decode, add a base, encode",
            paired(TURNS, units, || drop(black_box(yardstick.mask_singly(&tokens))), mask),
        );
    }
    found
}

impl Primitive {
    pub(super) fn json(&self, cycles_per_ns: f64) -> Value {
        json!({
            "backend": self.backend,
            "operation": self.operation,
            "dalek ns a point": self.dalek_ns.round(),
            "ns a point": self.ns.round(),
            "cycles a point": (self.ns * cycles_per_ns).round(),
            "ratio": (self.ratio * 100.0).round() / 100.0,
            "points a second and core": (1e9 / self.ns).round(),
        })
    }

    pub(super) fn line(&self, cycles_per_ns: f64) -> String {
        format!(
            "{:<12} {:<34} {:>9.0} {:>9.0} {:>8.0} {:>7.2}",
            self.backend,
            self.operation,
            self.dalek_ns,
            self.ns,
            self.ns * cycles_per_ns,
            self.ratio
        )
    }
}
