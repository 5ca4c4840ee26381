//! Carrying out a job of the engine: fetch what it needs, compute on the blocking pool, upload what it made, report.
//!
//! A network that fails is tried again until the round ends; bytes that are wrong end the round and name whose they were.

use std::{sync::Arc, time::Instant};

use passage_protocol::{
    agreement::DocumentId,
    codec::Decode,
    disclosure::NoiseStatement,
    ids::{Digest, MemberCode, RoundId},
    refusal::{Code, Refusal},
    report::Report,
    round::{MemberInput, MemberJob, MemberOutcome},
    wire::BlobRef,
};
use passage_shell::{audit::Act, failure::Failure};

use crate::{
    compute::{
        Finished, RoundContext, WorkFault, contribute,
        hop::{self, PassInput},
        secrets::RoundSecrets,
        table::{self, TableInput},
    },
    custody::shred,
    driver::{Driver, JobProgress},
    uplink::UplinkFault,
};

impl Driver {
    /// Starts a job in the background.
    pub(super) fn start(&self, round: RoundId, job: MemberJob) {
        let Some(driver) = self.own.upgrade() else { return };
        self.runtime.spawn(async move {
            let input = match driver.carry_out(round, &job).await {
                Ok(outcome) => MemberInput::Done(outcome),
                Err(Ended::RoundGone) => return,
                Err(Ended::Failed { code, fault }) => {
                    tracing::warn!(round = %round, code = %code, "work failed");
                    job.failed(code, fault)
                }
            };
            let fed = tokio::task::spawn_blocking(move || driver.feed(round, input, None)).await;
            if let Ok(Err(failure)) = fed {
                tracing::error!(round = %round, code = failure.code(), "could not store a finished job");
            }
        });
    }

    async fn carry_out(self: &Arc<Self>, round: RoundId, job: &MemberJob) -> Result<MemberOutcome, Ended> {
        if let MemberJob::KeepReport { report } = job {
            return self.keep_report(round, *report).await;
        }
        let (secrets, context) = self.tools(round).ok_or(Ended::RoundGone)?;
        if let Some(blob) = job.input() {
            self.fetch(round, blob).await?;
        }
        let fault = Self::fault_of(&context, job.sender());
        let total = rows_of(job, &context);
        self.progress_map().insert(
            round,
            JobProgress { what: words(job).to_owned(), done: 0, total, began: Instant::now() },
        );
        let began = Instant::now();
        let (driver, work, tools) = (Arc::clone(self), job.clone(), (secrets, Arc::clone(&context)));
        let computed = self.pool.run(move || driver.compute(round, &work, &tools.0, &tools.1)).await;
        self.progress_map().remove(&round);
        let finished = match computed {
            Ok(Ok(finished)) => finished,
            Ok(Err(refused)) => {
                tracing::warn!(round = %round, job = words(job), fault = %refused, "refused");
                return Err(Ended::Failed { code: refused.code(), fault });
            }
            Err(broken) => return Err(Ended::Failed { code: broken.code(), fault: None }),
        };
        tracing::info!(
            round = %round,
            job = words(job),
            rows = total,
            milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "work done"
        );
        self.account_for(round, &finished)?;
        for blob in &finished.uploads {
            let sent = Act::RoundSent { round, work: words(job), blob: blob.digest };
            self.home.record(&sent).map_err(|failure| unrecorded(&failure))?;
            self.deliver(round, *blob).await?;
        }
        if let MemberOutcome::Hopped { list, output, columns, .. } = &finished.outcome
            && !columns.is_empty()
        {
            self.keep_columns(round, *list, *output);
        }
        if let (MemberOutcome::ColumnsKept { list }, MemberJob::KeepColumns { expect, .. }) =
            (&finished.outcome, job)
        {
            self.keep_columns(round, *list, *expect);
        }
        Ok(finished.outcome)
    }

    fn compute(
        &self,
        round: RoundId,
        job: &MemberJob,
        secrets: &RoundSecrets,
        context: &RoundContext,
    ) -> Result<Finished, WorkFault> {
        let shelf = &self.home.shelf;
        let rows = |count: u64| {
            if let Some(progress) = self.progress_map().get_mut(&round) {
                progress.done += count;
            }
        };
        match job.clone() {
            MemberJob::Contribute => contribute::run(context, secrets, shelf, &rows),
            MemberJob::Hop { list, hop, from, sealed, expect } => {
                hop::run(context, secrets, shelf, PassInput { list, hop, from, sealed, expect }, &rows)
            }
            MemberJob::KeepColumns { list, from, sealed, expect } => {
                let hop = context.manifest.list(list).map_or(0, |shape| shape.last_hop());
                hop::keep_columns(context, secrets, shelf, PassInput { list, hop, from, sealed, expect })
            }
            MemberJob::CheckPlan { table, plan, tuples } => {
                table::check_plan(context, shelf, table, plan.digest, tuples)
            }
            MemberJob::TableHop { table, hop, input, from, expect, planned } => {
                let columns = |list: u16| self.columns_of(round, list);
                let input = TableInput { table, hop, input, from, expect, planned };
                table::run(context, secrets, shelf, &columns, input, &rows)
            }
            MemberJob::Decrypt { table, last, tuples } => {
                table::decrypt(context, secrets, shelf, table, last, tuples, &rows)
            }
            MemberJob::KeepReport { .. } => Err(WorkFault::SecretMissing),
        }
    }

    async fn keep_report(self: &Arc<Self>, round: RoundId, report: BlobRef) -> Result<MemberOutcome, Ended> {
        if report.bytes > REPORT_BYTES_MAX {
            return Err(Ended::Failed { code: Code(0x0A42), fault: None });
        }
        self.fetch(round, report).await?;
        let unreadable = Ended::Failed { code: Code(0x0A40), fault: None };
        let bytes = std::fs::read(self.home.shelf.path(report.digest)).map_err(|_| unreadable)?;
        let arrived =
            Report::from_bytes(&bytes).map_err(|error| Ended::Failed { code: error.code(), fault: None })?;
        self.check_report(round, &arrived)?;
        let received = Act::ReportReceived { round, report: report.digest };
        self.home.record(&received).map_err(|failure| unrecorded(&failure))?;
        let (blobs, held) = self.held(round);
        self.home.keep_report(round, &bytes).map_err(|failure| unrecorded(&failure))?;
        // On the shelf it came in clear; what is kept is sealed (G15).
        shred::erase(&self.home.shelf.path(report.digest)).map_err(|failure| unrecorded(&failure))?;
        Ok(MemberOutcome::ReportKept { blobs, bytes: held })
    }

    /// A report must be the one of this round, made for this member, under the noise and the floor it signed.
    fn check_report(&self, round: RoundId, report: &Report) -> Result<(), Ended> {
        let other = Ended::Failed { code: Code(0x0A41), fault: None };
        let manifest = self.record(round).ok().and_then(|record| record.manifest).ok_or(other)?;
        let noisy = report.noise != NoiseStatement::Nil;
        let same = report.round == round
            && report.viewer == self.home.code
            && report.agreement == DocumentId::Agreement(manifest.agreement).to_string()
            && report.study == DocumentId::Study(manifest.study).to_string()
            && report.policy.floor() >= manifest.floor
            && (report.peers.0.is_empty() || self.compares_peers(manifest.agreement))
            && noisy == (manifest.noise.epsilon_milli > 0);
        if same { Ok(()) } else { Err(other) }
    }

    /// Whether the parties agreed that a sender sees quartiles of its peers (A12).
    fn compares_peers(&self, agreement: Digest) -> bool {
        self.home.agreement(&agreement.to_string()).is_ok_and(|held| held.agreement.peer_comparison)
    }

    async fn fetch(&self, round: RoundId, blob: BlobRef) -> Result<(), Ended> {
        self.remember(round, blob.digest);
        loop {
            match self.uplink.fetch(round, blob).await {
                Ok(()) => return Ok(()),
                Err(fault) => self.wait_or_end(round, fault).await?,
            }
        }
    }

    async fn deliver(&self, round: RoundId, blob: BlobRef) -> Result<(), Ended> {
        loop {
            match self.uplink.deliver(round, blob).await {
                Ok(()) => return Ok(()),
                Err(fault) => self.wait_or_end(round, fault).await?,
            }
        }
    }

    /// After a failed transfer: waits and lets it be tried again, or ends the job.
    async fn wait_or_end(&self, round: RoundId, fault: UplinkFault) -> Result<(), Ended> {
        if !self.lock().contains_key(&round) {
            return Err(Ended::RoundGone);
        }
        match fault {
            UplinkFault::Refused(code) => {
                // The coordinator refuses transfers of a round that has ended; its reason is in the mail on its way.
                tokio::time::sleep(MAIL_WAIT).await;
                if self.lock().contains_key(&round) {
                    Err(Ended::Failed { code, fault: None })
                } else {
                    Err(Ended::RoundGone)
                }
            }
            UplinkFault::Network => {
                self.uplink.pause().await;
                Ok(())
            }
        }
    }

    fn tools(&self, round: RoundId) -> Option<(Arc<RoundSecrets>, Arc<RoundContext>)> {
        let live = self.lock();
        let one = live.get(&round)?;
        Some((one.secrets.clone()?, one.context.clone()?))
    }

    /// Remembers what a job made, to be erased with the round; erases it at once if the round has ended meanwhile (G15).
    fn account_for(&self, round: RoundId, finished: &Finished) -> Result<(), Ended> {
        let mut made: Vec<Digest> = finished.uploads.iter().map(|blob| blob.digest).collect();
        if let MemberOutcome::Hopped { output, .. } = &finished.outcome {
            made.push(*output);
        }
        if let Some(one) = self.lock().get_mut(&round) {
            one.blobs.extend(made);
            return Ok(());
        }
        for digest in made {
            if let Err(error) = self.home.shelf.remove(digest) {
                tracing::warn!(error = %error, "a blob of an ended round was not erased");
            }
        }
        Err(Ended::RoundGone)
    }

    fn remember(&self, round: RoundId, digest: Digest) {
        if let Some(one) = self.lock().get_mut(&round) {
            one.blobs.insert(digest);
        }
    }

    fn keep_columns(&self, round: RoundId, list: u16, digest: Digest) {
        if let Some(one) = self.lock().get_mut(&round) {
            one.blobs.insert(digest);
            one.columns.insert(list, digest);
        }
    }

    fn columns_of(&self, round: RoundId, list: u16) -> Option<Digest> {
        self.lock().get(&round).and_then(|one| one.columns.get(&list).copied())
    }
}

/// Largest report taken, in bytes: sixteen tables of a thousand cells stay far below it.
const REPORT_BYTES_MAX: u64 = 64 << 20;

/// How long a refused transfer waits for the mail that may explain it: longer than a message takes, shorter than patience.
const MAIL_WAIT: std::time::Duration = std::time::Duration::from_secs(2);

/// Why a job reports no outcome.
#[derive(Clone, Copy, Debug)]
enum Ended {
    /// The round ended meanwhile.
    RoundGone,
    /// Something was refused.
    Failed { code: Code, fault: Option<MemberCode> },
}

/// What could not be recorded is not done.
fn unrecorded(failure: &Failure) -> Ended {
    Ended::Failed { code: failure.number(), fault: None }
}

fn rows_of(job: &MemberJob, context: &RoundContext) -> u64 {
    let list = |list: u16| context.manifest.list(list).map_or(0, |shape| u64::from(shape.rows));
    match job {
        MemberJob::Contribute => list(context.me),
        MemberJob::Hop { list: number, .. } | MemberJob::KeepColumns { list: number, .. } => list(*number),
        MemberJob::CheckPlan { tuples, .. } | MemberJob::Decrypt { tuples, .. } => u64::from(*tuples),
        MemberJob::TableHop { planned, hop, table, .. } => {
            let noise =
                context.manifest.table(*table).and_then(|table| context.manifest.noise_tuples(table).ok());
            u64::from(*planned) + (u64::from(*hop) + 1) * noise.unwrap_or(0)
        }
        MemberJob::KeepReport { .. } => 0,
    }
}

fn words(job: &MemberJob) -> &'static str {
    match job {
        MemberJob::CheckPlan { .. } => "checking a plan",
        MemberJob::Contribute => "blinding this member's list",
        MemberJob::Decrypt { .. } => "decrypting this member's part of a table",
        MemberJob::Hop { .. } => "passing a list on",
        MemberJob::KeepColumns { .. } => "keeping the columns of a list",
        MemberJob::KeepReport { .. } => "fetching the report",
        MemberJob::TableHop { .. } => "mixing a table",
    }
}
