//! A member's heavy and secret work: fetch what a job needs, compute, upload what it made, feed the outcome.

use std::collections::BTreeMap;

use passage_node::compute::{
    RoundContext, WorkFault, contribute,
    hop::{self, PassInput},
    secrets::RoundSecrets,
    table::{self, TableInput},
};
use passage_protocol::{
    ids::{Digest, MemberCode, RoundId},
    refusal::{Code, Refusal},
    round::{MemberInput, MemberJob, MemberOutcome},
    timestamp::Timestamp,
    wire::{BlobRef, limits::BLOB_BYTES_MAX},
};
use passage_shell::shelf::{Blob, Shelf};

use super::MemberHost;
use crate::{
    coordinator_host::CoordinatorHost,
    faults::Crashed,
    mischief::{Hands, Mischief},
};

impl MemberHost {
    /// True if heavy work waits.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.live.values().any(|live| !live.jobs.is_empty())
    }

    /// Does one piece of heavy work: fetch, compute, upload, feed.
    ///
    /// # Errors
    ///
    /// [`Crashed`] if this member crashed. If the coordinator does, the transfer is tried again as a node would.
    pub fn work(
        &mut self,
        coordinator: &mut CoordinatorHost,
        mischief: &mut dyn Mischief,
        now: Timestamp,
    ) -> Result<(), Crashed> {
        let next = self.live.iter_mut().find(|(_, live)| !live.jobs.is_empty());
        let Some((round, live)) = next else { return Ok(()) };
        let round = *round;
        let place = self.dice.below(live.jobs.len());
        let Some(job) = live.jobs.remove(place) else { return Ok(()) };
        self.pass("before work")?;
        match self.carry_out(round, &job, coordinator, mischief) {
            Ok(outcome) => {
                self.pass("after work, before it is stored")?;
                self.feed(round, MemberInput::Done(outcome), None, now)?;
            }
            Err(Ended::Crashed) => return Err(Crashed),
            Err(Ended::Failed { code, fault }) => {
                self.feed(round, job.failed(code, fault), None, now)?;
            }
        }
        Ok(())
    }

    fn carry_out(
        &mut self,
        round: RoundId,
        job: &MemberJob,
        coordinator: &mut CoordinatorHost,
        mischief: &mut dyn Mischief,
    ) -> Result<MemberOutcome, Ended> {
        if let Some(blob) = job.input() {
            self.live.get_mut(&round).unwrap().blobs.insert(blob.digest);
            let bytes = coordinator
                .asked(|coordinator| coordinator.fetch(&self.shared.faults, self.code, round, blob))?;
            // As the transport does: what is not the blob the message named is refused while it comes in.
            let announced = Blob { digest: blob.digest, bytes: blob.bytes };
            let mut writer = self.shelf.writer(announced, BLOB_BYTES_MAX)?;
            writer.write(&bytes)?;
            writer.finish()?;
        }
        if let MemberJob::KeepReport { report } = job {
            return Ok(self.keep_report(round, *report));
        }
        let live = &self.live[&round];
        let (Some(context), Some(secrets), Some(keys)) = (&live.context, &live.secrets, live.keys) else {
            return Err(Ended::Failed { code: WorkFault::SecretMissing.code(), fault: None });
        };
        self.shared.ledger.borrow_mut().note(keys, context.digest, job);
        let fault = job.sender().and_then(|index| context.manifest.seat(index)).map(|seat| seat.code);
        let finished = compute(job, context, secrets, &self.shelf, &live.columns)
            .map_err(|refused| Ended::Failed { code: refused.code(), fault })?;
        let hands = Hands { member: self.index, context, shelf: &self.shelf };
        let finished = mischief.finished(&hands, job, finished);
        self.pass("after computing, before an upload").map_err(|_| Ended::Crashed)?;
        for blob in &finished.uploads {
            self.live.get_mut(&round).unwrap().blobs.insert(blob.digest);
            let bytes = std::fs::read(self.shelf.path(blob.digest)).unwrap();
            coordinator.asked(|coordinator| {
                coordinator.upload(&self.shared.faults, self.code, round, *blob, &bytes)
            })?;
            self.pass("after an upload").map_err(|_| Ended::Crashed)?;
        }
        let live = self.live.get_mut(&round).unwrap();
        match (&finished.outcome, job) {
            (MemberOutcome::Hopped { list, output, columns, .. }, _) if !columns.is_empty() => {
                live.columns.insert(*list, *output);
                live.blobs.insert(*output);
            }
            (MemberOutcome::ColumnsKept { list }, MemberJob::KeepColumns { expect, .. }) => {
                live.columns.insert(*list, *expect);
                live.blobs.insert(*expect);
            }
            _ => {}
        }
        Ok(finished.outcome)
    }

    fn keep_report(&mut self, round: RoundId, report: BlobRef) -> MemberOutcome {
        let bytes = std::fs::read(self.shelf.path(report.digest)).unwrap();
        self.stored.reports.insert(round, bytes);
        let held: Vec<_> =
            self.live[&round].blobs.iter().filter_map(|digest| self.shelf.find(*digest)).collect();
        MemberOutcome::ReportKept {
            blobs: u32::try_from(held.len()).unwrap(),
            bytes: held.iter().map(|blob| blob.bytes).sum(),
        }
    }
}

enum Ended {
    Crashed,
    Failed { code: Code, fault: Option<MemberCode> },
}

impl<R: Refusal> From<R> for Ended {
    fn from(refused: R) -> Self {
        Self::Failed { code: refused.code(), fault: None }
    }
}

fn compute(
    job: &MemberJob,
    context: &RoundContext,
    secrets: &RoundSecrets,
    shelf: &Shelf,
    columns: &BTreeMap<u16, Digest>,
) -> Result<passage_node::compute::Finished, WorkFault> {
    let rows = |_: u64| {};
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
            let columns = |list: u16| columns.get(&list).copied();
            let input = TableInput { table, hop, input, from, expect, planned };
            table::run(context, secrets, shelf, &columns, input, &rows)
        }
        MemberJob::Decrypt { table, last, tuples } => {
            table::decrypt(context, secrets, shelf, table, last, tuples, &rows)
        }
        MemberJob::KeepReport { .. } => Err(WorkFault::SecretMissing),
    }
}
