//! Processor time, wall time, memory and the clock rate, as the operating system tells them.

use std::{
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

/// What some work cost, all threads of this process together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    /// Processor time, nanoseconds.
    pub(super) processor_ns: u64,
    /// Time on the wall, nanoseconds.
    pub(super) wall_ns: u64,
}

impl Cost {
    /// Adds another piece of work.
    pub(super) fn add(&mut self, other: Self) {
        self.processor_ns += other.processor_ns;
        self.wall_ns += other.wall_ns;
    }
}

/// Does some work and says what it cost.
pub(super) fn metered<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (began, before) = (Instant::now(), processor_ns());
    let done = work();
    let wall_ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    (done, Cost { processor_ns: processor_ns().saturating_sub(before), wall_ns })
}

/// Processor time of this process so far, nanoseconds.
fn processor_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let part = |number: i64, unit: u64| u64::try_from(number).unwrap_or(0).saturating_mul(unit);
    part(time.tv_sec, 1_000_000_000) + part(time.tv_nsec, 1)
}

/// The largest memory this process has held, bytes; `None` where the operating system does not tell.
#[must_use]
pub(super) fn peak_memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes << 10)
}

/// Ratios of rounds in which two pieces of work take turns, so that a busy machine or another clock rate slows both: medians of
/// nanoseconds a unit of each, and of the ratio, baseline first.
pub(super) fn paired(
    rounds: usize,
    units: usize,
    mut baseline: impl FnMut(),
    mut other: impl FnMut(),
) -> [f64; 3] {
    let mut figures = [const { Vec::new() }; 3];
    baseline();
    other();
    for _ in 0..rounds {
        let each = |cost: Cost| cost.processor_ns as f64 / units.max(1) as f64;
        let (one, two) = (each(metered(&mut baseline).1), each(metered(&mut other).1));
        for (all, figure) in figures.iter_mut().zip([one, two, one / two]) {
            all.push(figure);
        }
    }
    figures.map(|mut all| {
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    })
}

/// Clock cycles a nanosecond, by a chain of steps of which each waits for the one before: a multiplication takes three cycles on
/// the processors of the last ten years, a rotation and an exclusive or one each. Within about 5 %; hardware counters are often not
/// to be had.
pub(super) fn cycles_per_ns() -> f64 {
    const STEPS: u64 = 20_000_000;
    const CYCLES_PER_STEP: u64 = 5;
    let chain = || {
        let mut value = black_box(3_u64);
        for step in 0..STEPS {
            value = (value ^ step).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
        }
        black_box(value)
    };
    let fastest = (0..3).map(|_| metered(chain).1.processor_ns).min().unwrap_or(1);
    (STEPS * CYCLES_PER_STEP) as f64 / fastest.max(1) as f64
}

/// A length of time for people.
#[must_use]
pub(super) fn in_words(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs();
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..120 => format!("{whole} s"),
        120..7_200 => format!("{} min", whole.div_ceil(60)),
        _ => format!("{:.1} h", seconds / 3_600.0),
    }
}
