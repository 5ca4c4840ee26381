//! A query that runs: its rows in batches, how far it is, and the way to stop it.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use datafusion::arrow::{array::RecordBatch, datatypes::SchemaRef};
use tokio::{
    runtime::{Handle, Runtime},
    sync::{Notify, mpsc},
    task::{AbortHandle, JoinHandle},
};

use super::EngineError;

/// The engine's threads. They end when the engine and all its queries are gone.
pub(super) struct Workers {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Workers {
    pub(super) fn new(runtime: Runtime) -> Self {
        Self { handle: runtime.handle().clone(), runtime: Some(runtime) }
    }

    /// Runs a future to its end; the calling thread waits.
    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// Runs a future on a worker.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn(future)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // Waiting for the threads would not be allowed where an async caller drops its engine.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A batch of result rows. Its values are read by [`crate::output`] and by [`Running::each_row`], and by nothing else.
pub struct Batch(pub(crate) RecordBatch);

impl Batch {
    /// Rows in it.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.0.num_rows()
    }
}

/// What waiting for a query brought.
pub enum Waited {
    /// Rows.
    Batch(Batch),
    /// There are no more.
    End,
    /// Nothing yet.
    InVain,
}

/// How far a query is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Result rows given out.
    pub rows: u64,
    /// Bytes decrypted to answer, of those the tables have.
    pub read_bytes: u64,
}

/// A query that runs. Dropping it stops it.
pub struct Running {
    workers: Arc<Workers>,
    receiver: mpsc::Receiver<Result<RecordBatch, EngineError>>,
    /// Taken once its end was seen.
    pump: Option<JoinHandle<()>>,
    schema: SchemaRef,
    rows: u64,
    read_bytes: Arc<AtomicU64>,
    canceller: Canceller,
}

impl Running {
    pub(super) fn new(
        workers: Arc<Workers>,
        pump: impl Future<Output = ()> + Send + 'static,
        receiver: mpsc::Receiver<Result<RecordBatch, EngineError>>,
        schema: SchemaRef,
        read_bytes: Arc<AtomicU64>,
    ) -> Self {
        let pump = workers.spawn(pump);
        let stop = Stop { asked: AtomicBool::new(false), waker: Notify::new(), pump: pump.abort_handle() };
        let canceller = Canceller(Arc::new(stop));
        Self { workers, receiver, pump: Some(pump), schema, rows: 0, read_bytes, canceller }
    }

    /// Names of the result's columns.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.schema.fields().iter().map(|field| field.name().as_str())
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next batch of rows, or `None` after the last. Waits for it.
    ///
    /// # Errors
    ///
    /// [`EngineError::Cancelled`] at once after [`Canceller::cancel`]; otherwise what went wrong while running.
    /// There are no rows after an error.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, EngineError> {
        loop {
            match self.wait(Duration::MAX)? {
                Waited::Batch(batch) => return Ok(Some(batch)),
                Waited::End => return Ok(None),
                Waited::InVain => {}
            }
        }
    }

    /// As [`next_batch`](Self::next_batch), but gives up after `patience`: a query that sorts or counts has no rows for long, and
    /// whoever waits may want to say so or to stop it.
    ///
    /// # Errors
    ///
    /// As [`next_batch`](Self::next_batch).
    pub fn wait(&mut self, patience: Duration) -> Result<Waited, EngineError> {
        let (receiver, stop) = (&mut self.receiver, &self.canceller.0);
        let received = at_most(patience, async {
            tokio::select! {
                biased;
                () = stop.asked() => Some(Err(EngineError::Cancelled)),
                received = receiver.recv() => received,
            }
        });
        match received {
            None => Ok(Waited::InVain),
            Some(Some(Ok(batch))) => {
                self.rows += batch.num_rows() as u64;
                Ok(Waited::Batch(Batch(batch)))
            }
            Some(Some(Err(error))) => Err(error),
            Some(None) => self.ended(),
        }
    }

    /// How far the query is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { rows: self.rows, read_bytes: self.read_bytes.load(Ordering::Relaxed) }
    }

    /// A handle that stops the query from another thread.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Tells the end of the rows from the end of the task that sends them.
    fn ended(&mut self) -> Result<Waited, EngineError> {
        match self.pump.take().map(|pump| self.workers.wait(pump)) {
            None | Some(Ok(())) => Ok(Waited::End),
            Some(Err(_)) => Err(EngineError::Failed { what: "one of its workers stopped" }),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.canceller.cancel();
    }
}

/// Stops a query. Can be sent to the thread that hears the person.
#[derive(Clone)]
pub struct Canceller(Arc<Stop>);

struct Stop {
    asked: AtomicBool,
    waker: Notify,
    pump: AbortHandle,
}

impl Canceller {
    /// Stops the query: a waiting [`Running::next_batch`] returns at once, its workers stop at their next batch.
    pub fn cancel(&self) {
        self.0.asked.store(true, Ordering::Release);
        self.0.waker.notify_one();
        self.0.pump.abort();
    }
}

impl Stop {
    async fn asked(&self) {
        while !self.asked.load(Ordering::Acquire) {
            self.waker.notified().await;
        }
    }
}

/// Runs a future on the calling thread for at most `patience`. Not by a timer of the workers: they may all be busy.
fn at_most<F: Future>(patience: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let began = Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        match patience.checked_sub(began.elapsed()) {
            None | Some(Duration::ZERO) => return None,
            Some(rest) => thread::park_timeout(rest),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
