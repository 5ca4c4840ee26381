//! Heavy computation on a bounded pool of blocking threads, so that the tasks driving QUIC never wait for it.
//!
//! It promises that at most a given number of jobs run at once and that a job that panics is an error, not a lost daemon.
//! It does not cancel a job that has begun.

use core::fmt;
use passage_protocol::refusal::{Code, Refusal};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A bound on jobs that run at once. Cheap to clone; clones share the bound.
#[derive(Clone, Debug)]
pub struct Pool {
    places: Arc<Semaphore>,
}

impl Pool {
    /// A pool of `jobs` places, at least one. Each job may itself use all cores: two are enough for most machines.
    #[must_use]
    pub fn new(jobs: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(jobs.clamp(1, Semaphore::MAX_PERMITS))) }
    }

    /// Waits for a place, runs `job` on a blocking thread and returns what it returns.
    ///
    /// # Errors
    ///
    /// [`WorkError::Panicked`] if the job panicked, [`WorkError::Stopped`] if the runtime is shutting down.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| WorkError::Stopped)?;
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            job()
        });
        done.await.map_err(|error| if error.is_panic() { WorkError::Panicked } else { WorkError::Stopped })
    }
}

/// Why a job gave no result.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WorkError {
    /// The job panicked.
    Panicked,
    /// The runtime is shutting down.
    Stopped,
}

impl fmt::Display for WorkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Panicked => "a computation broke off, expected a result",
            Self::Stopped => "the daemon is stopping, the computation was not begun",
        })
    }
}

impl Refusal for WorkError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Panicked => 0x1003,
            Self::Stopped => 0x1004,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Panicked => "This is a fault of the program: report it with the log around this time.",
            Self::Stopped => "Start the daemon again; the work is repeated.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn no_more_jobs_run_than_there_are_places() {
        let (pool, running, most) =
            (Pool::new(2), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let jobs: Vec<_> = (0..8)
            .map(|_| {
                let (pool, running, most) = (pool.clone(), Arc::clone(&running), Arc::clone(&most));
                tokio::spawn(async move {
                    pool.run(move || {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(5));
                        running.fetch_sub(1, Ordering::SeqCst);
                    })
                    .await
                })
            })
            .collect();
        for job in jobs {
            job.await.unwrap().unwrap();
        }
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn a_panicking_job_is_an_error_and_frees_its_place() {
        let pool = Pool::new(1);
        assert_eq!(pool.run(|| -> u8 { panic!("planted") }).await, Err(WorkError::Panicked));
        assert_eq!(pool.run(|| 7).await, Ok(7));
    }
}
