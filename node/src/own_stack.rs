//! Work on student records, on stacks of its own (F10, I7).
//!
//! The program's allocator wipes what is freed, but nothing wipes a stack: digits of a number stay in the frames of functions that
//! have returned, for as long as their thread lives, and the threads of a daemon live as long as it does. So whatever reads
//! records or holds the key to them runs on threads that end with it; the C library gives the pages of an ended thread's stack back to the system.

use passage_shell::failure::Failure;
use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};

/// Stack of each thread, bytes: what a main thread has.
const STACK_BYTES: usize = 8 << 20;

/// Runs `work` on threads that end before this returns: itself, and what it does in parallel.
///
/// # Errors
///
/// What `work` answers; [`Failure`] if the operating system gives no threads.
pub fn run<T: Send>(work: impl FnOnce() -> Result<T, Failure> + Send) -> Result<T, Failure> {
    let no_threads =
        |_: ThreadPoolBuildError| Failure::io("start threads", &std::io::ErrorKind::WouldBlock.into());
    ThreadPoolBuilder::new()
        .stack_size(STACK_BYTES)
        .thread_name(|_| "records".to_owned())
        .build_scoped(|thread| thread.run(), |pool| pool.install(work))
        .map_err(no_threads)?
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        sync::Mutex,
        thread::{self, ThreadId},
        time::{Duration, Instant},
    };

    use rayon::prelude::*;

    use super::*;

    #[test]
    fn neither_work_nor_what_it_does_in_parallel_runs_on_a_thread_that_stays() {
        let seen: Mutex<BTreeSet<String>> = Mutex::default();
        let note = |id: ThreadId| {
            let name = thread::current().name().map(str::to_owned);
            seen.lock().unwrap().insert(format!("{id:?} {name:?}"));
        };
        let here = thread::current().id();
        let sum = run(|| {
            assert_ne!(thread::current().id(), here);
            Ok((0..1_000_u64).into_par_iter().inspect(|_| note(thread::current().id())).sum::<u64>())
        });
        assert_eq!(sum.unwrap(), 499_500);
        let seen = seen.into_inner().unwrap();
        assert!(
            !seen.is_empty() && seen.iter().all(|thread| thread.ends_with("Some(\"records\")")),
            "{seen:?}"
        );
        // They have ended; the system may take a moment to say so.
        let left = || {
            let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
            let names =
                tasks.map(|task| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default());
            names.filter(|name| name.trim() == "records").count()
        };
        let began = Instant::now();
        while left() > 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "a thread stays");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_refusal_of_the_work_is_its_answer() {
        let refused = run(|| Err::<(), _>(Failure::usage("no", "Try again.")));
        assert_eq!(refused.unwrap_err().what(), "no");
    }
}
