//! The node's line to the coordinator: dial out, ask, fetch, deliver, and the loops that keep mail, outbox and documents
//! in step. Nothing dials in.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use passage_protocol::{
    codec::{Decode, Encode},
    ids::{Digest, RoundId},
    refusal::Code,
    wire::{
        BlobRef, Message,
        governance::Documents,
        limits::BLOB_BYTES_MAX,
        service::{DocumentName, DocumentText, Mail, Poll, RoundBlob, kind},
    },
};
use passage_shell::{
    entropy,
    failure::Failure,
    shelf::Blob,
    transport::{Backoff, Link, TransportError},
};
use tokio::sync::Mutex;

use crate::{
    checkpoints::{self, EXCHANGE_EVERY, NoExchange},
    driver::Driver,
    home::Home,
    outbox,
    people::principles,
    records::{AGREEMENTS, CURSOR, STUDIES},
    releases, upkeep,
};

/// Seconds a poll waits at the coordinator for mail: well below the request time-out.
const POLL_WAIT_S: u16 = 15;
/// How often documents and signatures are compared, and time passes in rounds.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// What the coordinator answers to a certificate that was revoked or replaced.
pub(crate) const CERTIFICATE_NOT_CURRENT: u16 = 0x3012;

/// A failed transfer, as a job must take it.
#[derive(Clone, Copy, Debug)]
pub enum UplinkFault {
    /// The coordinator refused, with its code.
    Refused(Code),
    /// The network failed; try again.
    Network,
}

/// The connection, made when needed.
pub struct Uplink {
    home: Arc<Home>,
    link: Mutex<Option<Arc<Link>>>,
    /// Held during an exchange of checkpoints: two at once would tell the same stretch twice.
    pub(crate) exchanging: Mutex<()>,
    /// Set when the connection is made or lost: checkpoints are exchanged again.
    exchange_due: AtomicBool,
    backoff: std::sync::Mutex<Backoff>,
}

impl Uplink {
    /// A line that is not dialled yet.
    #[must_use]
    pub fn new(home: Arc<Home>) -> Self {
        Self {
            home,
            link: Mutex::new(None),
            exchanging: Mutex::new(()),
            exchange_due: AtomicBool::new(true),
            backoff: std::sync::Mutex::default(),
        }
    }

    /// Whose line it is.
    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    async fn link(&self) -> Result<Arc<Link>, TransportError> {
        let mut held = self.link.lock().await;
        if let Some(link) = held.as_ref() {
            return Ok(Arc::clone(link));
        }
        let link =
            Arc::new(Link::connect(&self.home.membership.coordinator, &self.home.credentials()).await?);
        *held = Some(Arc::clone(&link));
        Ok(link)
    }

    /// Sends a small request.
    ///
    /// # Errors
    ///
    /// [`TransportError`].
    pub async fn call(&self, kind: u16, body: &[u8]) -> Result<Vec<u8>, TransportError> {
        let link = self.link().await?;
        let mut answer = link.call(kind, body).await;
        if let Err(TransportError::Refused(refused)) = &answer
            && refused.code == CERTIFICATE_NOT_CURRENT
        {
            // Asked on the old certificate while the next one came into use: that is no answer to what was asked.
            let newest = self.link().await?;
            if !Arc::ptr_eq(&link, &newest) {
                answer = newest.call(kind, body).await;
            }
        }
        if matches!(&answer, Err(error) if !matches!(error, TransportError::Refused(_))) {
            self.exchange_due.store(true, Ordering::Relaxed);
        }
        answer
    }

    /// Lets the next request dial, with the credentials of then.
    pub(crate) async fn dial_again(&self) {
        *self.link.lock().await = None;
    }

    /// Fetches a blob of a round onto the shelf, unless it is there.
    ///
    /// # Errors
    ///
    /// [`UplinkFault`].
    pub async fn fetch(&self, round: RoundId, blob: BlobRef) -> Result<(), UplinkFault> {
        if self.home.shelf.find(blob.digest).is_some() {
            return Ok(());
        }
        let body = RoundBlob { round, blob }.to_bytes();
        let limit = blob.bytes.min(BLOB_BYTES_MAX);
        let link = self.link().await.map_err(fault)?;
        let progress = |_, _| {};
        (link.download(kind::GET_BLOB, &body, &self.home.shelf, blob.digest, limit, &progress).await)
            .map(|_| ())
            .map_err(fault)
    }

    /// Delivers a blob of a round from the shelf.
    ///
    /// # Errors
    ///
    /// [`UplinkFault`].
    pub async fn deliver(&self, round: RoundId, blob: BlobRef) -> Result<(), UplinkFault> {
        let body = RoundBlob { round, blob }.to_bytes();
        let named = Blob { digest: blob.digest, bytes: blob.bytes };
        let link = self.link().await.map_err(fault)?;
        let progress = |_, _| {};
        (link.upload(kind::PUT_BLOB, &body, &self.home.shelf, named, &progress).await)
            .map(|_| ())
            .map_err(fault)
    }

    /// Waits after a failure, longer each time, with jitter.
    pub async fn pause(&self) {
        let random = entropy::seed().map_or(0, |[a, b, ..]| u64::from(u16::from_le_bytes([a, b])));
        let wait = {
            let mut backoff = self.backoff.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            backoff.after_failure(random)
        };
        tokio::time::sleep(wait).await;
    }

    fn reached(&self) {
        self.backoff.lock().unwrap_or_else(std::sync::PoisonError::into_inner).reset();
    }
}

/// True for a fault of the coordinator's machine (its disk, its store): codes S1xxx. What it refuses by the protocol stays
/// refused; a full disk does not.
fn is_passing(code: u16) -> bool {
    code >> 12 == 1
}

fn fault(error: TransportError) -> UplinkFault {
    if let TransportError::Refused(refused) = &error
        && !is_passing(refused.code)
        && refused.code != CERTIFICATE_NOT_CURRENT
    {
        return UplinkFault::Refused(Code(refused.code));
    }
    tracing::warn!(error = %error, "transfer failed");
    UplinkFault::Network
}

/// Keeps this node in step with the coordinator until the process ends.
pub async fn run(driver: Arc<Driver>) {
    tokio::join!(mail(&driver), outgoing(&driver), housekeeping(&driver), upkeep::run(&driver));
}

/// Runs `job` where it may wait for the disk.
///
/// # Errors
///
/// What `job` refuses; a job that panicked is a daemon that is gone.
pub(crate) async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(job).await.unwrap_or_else(|_| Err(Failure::daemon_gone()))
}

/// Takes mail in order; each entry is stored with the state it leads to before the next is taken.
async fn mail(driver: &Arc<Driver>) {
    loop {
        match take_mail(driver).await {
            Ok(()) => driver.uplink.reached(),
            Err(failure) => {
                tracing::warn!(code = failure.code(), what = failure.what(), "mail not taken");
                driver.uplink.pause().await;
            }
        }
    }
}

async fn take_mail(driver: &Arc<Driver>) -> Result<(), Failure> {
    let after = match driver.home.store.get(CURSOR, b"cursor")? {
        Some(bytes) => bytes.try_into().map_or(0, u64::from_le_bytes),
        None => 0,
    };
    let body = Poll { after, wait_s: POLL_WAIT_S }.to_bytes();
    let answer = driver.uplink.call(kind::POLL, &body).await?;
    for entry in Mail::from_bytes(&answer)?.entries {
        if matches!(entry.envelope.message, Message::Call(_)) {
            synchronise(driver).await?;
        }
        if matches!(entry.envelope.message, Message::Sealed { .. })
            && let Err(none) = checkpoints::exchange(&driver.uplink).await
        {
            // Nothing of this member's is computed on before the coordinator's log is seen to be the one it signed.
            match none {
                NoExchange::Later(failure) => return Err(failure),
                NoExchange::Refused(code, failure) => {
                    tracing::error!(
                        code = failure.code(),
                        what = failure.what(),
                        "sealed, but a log was refused"
                    );
                    let (number, round) = (entry.number, entry.envelope.round);
                    end_rounds(driver, code, Some((round, number))).await?;
                    continue;
                }
            }
        }
        let driver = Arc::clone(driver);
        blocking(move || driver.mail(entry.number, entry.envelope)).await?;
    }
    Ok(())
}

/// Sends what is in the outbox, oldest first.
async fn outgoing(driver: &Arc<Driver>) {
    loop {
        match outbox::first(&driver.home.store) {
            Ok(Some((number, outbound))) => match driver.uplink.call(outbound.kind, &outbound.body).await {
                Ok(_) => drop_sent(driver, number),
                Err(TransportError::Refused(refused)) if !is_passing(refused.code) => {
                    // The coordinator will never take it: the round has ended there. What it says is in its mail.
                    tracing::warn!(
                        code = refused.code,
                        text = refused.text,
                        "the coordinator refused a message"
                    );
                    drop_sent(driver, number);
                }
                Err(error) => {
                    tracing::warn!(error = %error, "message not sent");
                    driver.uplink.pause().await;
                }
            },
            Ok(None) => {
                let _ = tokio::time::timeout(HOUSEKEEPING, driver.outgoing.notified()).await;
            }
            Err(failure) => {
                tracing::error!(code = failure.code(), "outbox unreadable");
                driver.uplink.pause().await;
            }
        }
    }
}

fn drop_sent(driver: &Driver, number: u64) {
    if let Err(error) = outbox::remove(&driver.home.store, number) {
        tracing::error!(error = %error, "outbox not updated");
    }
}

/// Ends every running round, and the one whose mail entry is given, because a log was refused.
async fn end_rounds(driver: &Arc<Driver>, code: Code, mail: Option<(RoundId, u64)>) -> Result<(), Failure> {
    let ending = Arc::clone(driver);
    blocking(move || ending.end_for_history(code, mail)).await
}

/// Exchanges checkpoints when the line is new, and at least every [`EXCHANGE_EVERY`].
async fn exchange_if_due(driver: &Arc<Driver>, last: &mut Option<Instant>) {
    let due = driver.uplink.exchange_due.swap(false, Ordering::Relaxed);
    if !due && last.is_some_and(|last| last.elapsed() < EXCHANGE_EVERY) {
        return;
    }
    *last = Some(Instant::now());
    match checkpoints::exchange(&driver.uplink).await {
        Ok(()) => tracing::info!("checkpoints exchanged"),
        Err(NoExchange::Later(failure)) => {
            driver.uplink.exchange_due.store(true, Ordering::Relaxed);
            tracing::warn!(code = failure.code(), what = failure.what(), "checkpoints not exchanged");
        }
        Err(NoExchange::Refused(code, failure)) => {
            tracing::error!(code = failure.code(), what = failure.what(), "checkpoints refused");
            if driver.home.require_no_fork().is_err()
                && let Err(failure) = end_rounds(driver, code, None).await
            {
                tracing::error!(code = failure.code(), what = failure.what(), "rounds not ended");
            }
        }
    }
}

async fn housekeeping(driver: &Arc<Driver>) {
    let (mut last_exchange, mut principles_seen) = (None, Digest([0; 32]));
    loop {
        exchange_if_due(driver, &mut last_exchange).await;
        if let Err(failure) = principles::synchronise(&driver.uplink, &mut principles_seen).await {
            tracing::warn!(code = failure.code(), what = failure.what(), "principles not compared");
        }
        if let Err(failure) = synchronise(driver).await {
            tracing::warn!(code = failure.code(), what = failure.what(), "documents not compared");
        }
        if let Err(failure) = releases::synchronise(driver).await {
            tracing::warn!(code = failure.code(), what = failure.what(), "releases not compared");
        }
        let ticking = Arc::clone(driver);
        let _ = tokio::task::spawn_blocking(move || ticking.tick()).await;
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}

/// Fetches documents this member is a party to and what the parties said to them.
///
/// # Errors
///
/// [`Failure`] of the network or the store.
pub async fn synchronise(driver: &Arc<Driver>) -> Result<(), Failure> {
    let home = &driver.home;
    let documents = Documents::from_bytes(&driver.uplink.call(kind::DOCUMENTS, &[]).await?)?;
    let mut wanted = Vec::new();
    for status in &documents.agreements {
        if home.store.get(AGREEMENTS, &status.digest.0)?.is_none() {
            wanted.push(status.digest);
        }
    }
    for study in &documents.studies {
        if home.store.get(STUDIES, &study.0)?.is_none() {
            wanted.push(*study);
        }
    }
    for digest in wanted {
        let answer = driver.uplink.call(kind::DOCUMENT, &DocumentName { digest }.to_bytes()).await?;
        // One document that is not for this node hides no other, and nothing the parties said to another.
        if let Err(failure) = home.keep_document(digest, DocumentText::from_bytes(&answer)?.text) {
            tracing::warn!(code = failure.code(), what = failure.what(), "a document was not kept");
        }
    }
    for status in &documents.agreements {
        if home.learn(status)? {
            // Somebody may have withdrawn: what became of its contribution is asked about now.
            driver.upkeep.notify_one();
        }
    }
    Ok(())
}
