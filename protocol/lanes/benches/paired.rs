//! Each backend against one point at a time with `curve25519-dalek`, in one process: `cargo bench -p passage-lanes --bench paired`.
//!
//! Rounds of baseline and backend alternate, so that a machine that is busy or changes its clock slows both; each round is timed by
//! the processor time of this thread, and the ratio is taken round by round. Medians are printed. A number after `--` is the number
//! of rounds (default 21).

#![allow(clippy::unwrap_used, reason = "a bench that cannot set up has nothing to measure")]
#![allow(clippy::print_stdout, reason = "the figures are the output")]
#![allow(missing_docs, reason = "functions here are the names of measurements")]

use std::{env, hint::black_box, time::Duration};

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use passage_lanes::{Addend, Backend, Factor, FixedBase, Input, More, Output, Pass, Scalars, SecretScalar};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

/// Points of a round: about 80 ms of the baseline.
const POINTS: u32 = 2048;

fn main() {
    let rounds = env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(21);
    let mut scalar = [7; 32];
    scalar[31] = 9;
    let scalar = SecretScalar::from_bytes(&scalar).unwrap();
    let hashed: Vec<[u8; 64]> = (0..POINTS).map(hashed).collect();
    let tokens: Vec<[u8; 32]> =
        hashed.iter().map(|bytes| RistrettoPoint::from_uniform_bytes(bytes).compress().0).collect();
    println!("{:<12} {:<28} {:>9} {:>9} {:>7}", "backend", "operation", "dalek ns", "lanes ns", "ratio");
    for backend in Backend::available() {
        let raise = paired(
            rounds,
            || drop(black_box(tokens.iter().map(|token| single(token, &scalar)).collect::<Vec<_>>())),
            || drop(black_box(backend.raise(&tokens, &scalar).unwrap())),
        );
        print(backend, "decode, multiply, encode", raise);
        let first = paired(
            rounds,
            || drop(black_box(hashed.iter().map(|point| single_hashed(point, &scalar)).collect::<Vec<_>>())),
            || drop(black_box(backend.map_and_raise(&hashed, &scalar))),
        );
        print(backend, "map, multiply, encode", first);
    }
    passes(&tokens);
}

/// What the mixes do beside that, on every backend and without a baseline: nanoseconds a point.
fn passes(tokens: &[[u8; 32]]) {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let drawn = timed(&mut || drop(black_box(draw(&mut rng))));
    println!("\n{:<41} {drawn:>9.0}", "a random scalar");
    let (secrets, weights) = (draw(&mut rng), vec![u128::MAX / 5 * 3; tokens.len() / 8]);
    let each: Vec<&SecretScalar> = secrets.iter().collect();
    let addends = [Addend { base: FixedBase::generator(), scalars: Scalars::Secret(&each) }];
    let (one, encoded, double) = (Factor::One, Input::Encoded(tokens), Output::Double);
    let difference = Input::Difference { of: tokens, less: &[tokens, tokens] };
    let alone = SecretScalar::random(&mut rng);
    let (own, shared) = (Factor::Each(&secrets), Factor::Shared(&alone));
    let (plus, twice) = (More { input: encoded, factor: one }, More { input: encoded, factor: shared });
    let kinds = [
        ("fixed base, encode doubles", Input::None, one, None, &addends[..], double),
        ("decode, fixed base, encode doubles", encoded, one, None, &addends, double),
        ("decode, own scalar, fixed base, encode", encoded, own, None, &addends, double),
        ("... and another decoded and added", encoded, own, Some(plus), &addends, double),
        ("decode two, two shared scalars, encode", encoded, shared, Some(twice), &[], double),
        ("decode three, subtract, encode doubles", difference, one, None, &[], double),
        ("decode", encoded, one, None, &[], Output::Nothing),
        ("decode, encode", encoded, one, None, &[], Output::Plain),
    ];
    for backend in Backend::available() {
        for (name, input, factor, more, addends, output) in kinds {
            let pass = Pass { input, factor, more, addends, output };
            let ns = timed(&mut || drop(black_box(backend.run(&pass).unwrap())));
            println!("{:<12} {name:<38} {ns:>9.0}", backend.name());
        }
        let ns = timed(&mut || _ = black_box(backend.weighted_sums(tokens, 0, &weights).unwrap()));
        println!("{:<12} {:<38} {ns:>9.0}", backend.name(), "decode, sum with 128-bit weights");
    }
}

fn draw(rng: &mut ChaCha20Rng) -> Vec<SecretScalar> {
    (0..POINTS).map(|_| SecretScalar::random(rng)).collect()
}

/// What a match key hashes to; hashing is the same for both and is not timed.
fn hashed(number: u32) -> [u8; 64] {
    let mut uniform = [0; 64];
    blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut uniform);
    uniform
}

fn single(token: &[u8; 32], scalar: &SecretScalar) -> [u8; 32] {
    (CompressedRistretto(*token).decompress().unwrap() * scalar.scalar()).compress().0
}

fn single_hashed(uniform: &[u8; 64], scalar: &SecretScalar) -> [u8; 32] {
    (RistrettoPoint::from_uniform_bytes(uniform) * scalar.scalar()).compress().0
}

/// Medians of nanoseconds a point of both, and of their ratio.
fn paired(rounds: usize, mut baseline: impl FnMut(), mut lanes: impl FnMut()) -> [f64; 3] {
    let mut figures = [const { Vec::new() }; 3];
    baseline();
    lanes();
    for _ in 0..rounds {
        let (one, other) = (timed(&mut baseline), timed(&mut lanes));
        for (figures, figure) in figures.iter_mut().zip([one, other, one / other]) {
            figures.push(figure);
        }
    }
    figures.map(|mut figures| {
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
    })
}

/// Nanoseconds of processor time a point: as many calls as make 50 ms.
fn timed(work: &mut impl FnMut()) -> f64 {
    const ENOUGH_NS: f64 = 5e7;
    let (start, mut calls) = (thread_ns(), 0_u32);
    loop {
        work();
        calls += 1;
        let spent = thread_ns() - start;
        if spent > ENOUGH_NS {
            return spent / f64::from(calls) / f64::from(POINTS);
        }
    }
}

/// Processor time of this thread, in nanoseconds.
fn thread_ns() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default().as_secs_f64() * 1e9
}

fn print(backend: Backend, operation: &str, [baseline, lanes, ratio]: [f64; 3]) {
    println!("{:<12} {operation:<28} {baseline:>9.0} {lanes:>9.0} {ratio:>7.2}", backend.name());
}
