//! Does the time of a multiplication depend on the scalar? `cargo bench -p passage-lanes --bench constant_time`.
//!
//! As in dudect (Reparaz, Balasch, Verbauwhede 2017): many timings with one fixed scalar and with fresh random ones, in random order;
//! Welch's t of the two sets, also of the fastest 50, 75, 90 and 99 % of all timings, because a busy machine disturbs the slow end.
//! The largest |t| is printed. Above 4.5 there is evidence of a difference; more timings make a true one larger. A number after `--`
//! is the number of timings (default 20000). This is a figure to look at, not a test that fails: a machine can be noisy.

#![allow(clippy::unwrap_used, reason = "a bench that cannot set up has nothing to measure")]
#![allow(clippy::print_stdout, reason = "the figures are the output")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::{env, hint::black_box, time::Instant};

use curve25519_dalek::ristretto::RistrettoPoint;
use passage_lanes::{Addend, Backend, Factor, FixedBase, Input, More, Output, Pass, Scalars, SecretScalar};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Points of one timing: a vector of the widest backend.
const POINTS: u32 = 8;

/// Parts of all timings, fastest first, that are compared, in percent.
const PARTS: [usize; 5] = [50, 75, 90, 99, 100];

fn main() {
    let timings = env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(20_000);
    let hashed: Vec<[u8; 64]> = (0..POINTS)
        .map(|number| {
            let mut uniform = [0; 64];
            blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut uniform);
            uniform
        })
        .collect();
    let tokens: Vec<[u8; 32]> =
        hashed.iter().map(|bytes| RistrettoPoint::from_uniform_bytes(bytes).compress().0).collect();
    println!("{:<12} {:<8} {:<26} {:>9} {:>7}", "backend", "input", "fixed scalar", "timings", "|t|");
    for backend in Backend::available() {
        for (name, fixed) in fixed_scalars() {
            let t =
                largest_t(timings, fixed, |scalar| drop(black_box(backend.raise(&tokens, scalar).unwrap())));
            println!("{:<12} {:<8} {name:<26} {timings:>9} {t:>7.2}", backend.name(), "encoded");
        }
        let (name, fixed) = fixed_scalars()[0];
        let t = largest_t(timings, fixed, |scalar| drop(black_box(backend.map_and_raise(&hashed, scalar))));
        println!("{:<12} {:<8} {name:<26} {timings:>9} {t:>7.2}", backend.name(), "uniform");
        let (name, fixed) = fixed_scalars()[0];
        let t = largest_t(timings, fixed, |scalar| drop(black_box(both(backend, &tokens, scalar))));
        println!("{:<12} {:<8} {name:<26} {timings:>9} {t:>7.2}", backend.name(), "two");
        for (name, fixed) in fixed_scalars() {
            let t = largest_t(timings, fixed, |scalar| drop(black_box(fixed_base(backend, scalar))));
            println!("{:<12} {:<8} {name:<26} {timings:>9} {t:>7.2}", backend.name(), "a base");
        }
    }
}

/// Two multiples under one run of doublings, as who decrypts makes them.
fn both(backend: Backend, tokens: &[[u8; 32]], scalar: &SecretScalar) -> Vec<[u8; 32]> {
    let (input, factor) = (Input::Encoded(tokens), Factor::Shared(scalar));
    let more = Some(More { input, factor });
    backend.run(&Pass { input, factor, more, addends: &[], output: Output::Double }).unwrap()
}

/// The multiple of a fixed base by a scalar, for as many points.
fn fixed_base(backend: Backend, scalar: &SecretScalar) -> Vec<[u8; 32]> {
    let addends =
        [Addend { base: FixedBase::generator(), scalars: Scalars::Secret(&[scalar; POINTS as usize]) }];
    let (input, factor, output) = (Input::None, Factor::One, Output::Double);
    backend.run(&Pass { input, factor, more: None, addends: &addends, output }).unwrap()
}

/// Scalars whose halves have digits as unlike random ones as can be.
fn fixed_scalars() -> [(&'static str, [u8; 32]); 3] {
    let mut two = [0; 32];
    two[0] = 2;
    let mut eights = [0x11; 32];
    eights[31] = 0x01;
    let mut order_less_one = [0; 32];
    order_less_one[..16].copy_from_slice(&0x14de_f9de_a2f7_9cd6_5812_631a_5cf5_d3ec_u128.to_le_bytes());
    order_less_one[31] = 0x10;
    [
        ("2: all digits but one 0", two),
        ("0x0111..11: equal digits", eights),
        ("-1: the order less one", order_less_one),
    ]
}

/// The largest |t| of all parts.
fn largest_t(timings: usize, fixed: [u8; 32], mut work: impl FnMut(&SecretScalar)) -> f64 {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let mut all = Vec::with_capacity(timings);
    for _ in 0..timings {
        // Both are made for every timing, so that what was done before it does not tell the classes apart.
        let (random, same) = (SecretScalar::random(&mut rng), SecretScalar::from_bytes(&fixed).unwrap());
        let is_fixed = rng.next_u32() & 1 == 1;
        let scalar = if black_box(is_fixed) { &same } else { &random };
        let start = Instant::now();
        work(black_box(scalar));
        all.push((start.elapsed().as_nanos() as f64, is_fixed));
    }
    all.drain(..timings / 20);
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    PARTS
        .map(|part| welch(all.get(..all.len() * part / 100).unwrap_or(&all)).abs())
        .into_iter()
        .fold(0.0, f64::max)
}

/// Welch's t of the timings of one class against the other's.
fn welch(timings: &[(f64, bool)]) -> f64 {
    let of = |class: bool| {
        let values =
            || timings.iter().filter(move |(_, is_fixed)| *is_fixed == class).map(|(value, _)| *value);
        let count = values().count().max(2) as f64;
        let mean = values().sum::<f64>() / count;
        let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((one, one_error), (other, other_error)) = (of(true), of(false));
    (one - other) / (one_error + other_error).sqrt().max(f64::MIN_POSITIVE)
}
