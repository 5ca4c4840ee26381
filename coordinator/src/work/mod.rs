//! Heavy work of a round on the bounded pool: the join and the release. Pure computation over blobs; what comes out goes
//! back into the round as one input, together with the blobs it made.

mod bridges;
mod join;
mod release;
mod tables;

use std::sync::Arc;

use passage_protocol::{
    ids::{MemberCode, RoundId},
    refusal::{Code, Refusal},
    round::{CoordinatorInput, CoordinatorJob, CoordinatorOutcome},
    wire::BlobRef,
};
use passage_shell::{clock, failure::code_text, shelf::Blob, work::Pool};

use crate::{
    app::App,
    documents,
    error::CoordinatorError,
    records::{ROUNDS, RoundRecord, Standing},
    rounds::{self, Taken},
};

/// Work that gave no result: the code, and the member whose bytes were refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WorkFault {
    /// Stable code.
    pub code: Code,
    /// Whose bytes they were, if anybody's.
    pub fault: Option<MemberCode>,
}

impl WorkFault {
    fn by(refusal: &dyn Refusal, member: Option<MemberCode>) -> Self {
        Self { code: refusal.code(), fault: member }
    }
}

impl<R: Refusal> From<R> for WorkFault {
    fn from(refusal: R) -> Self {
        Self { code: refusal.code(), fault: None }
    }
}

/// What finished work made: blobs, each with the members that may fetch it.
pub type Made = Vec<(BlobRef, Vec<MemberCode>)>;

/// Runs one job on the pool and feeds its outcome, or its fault, to the round.
pub async fn run(app: Arc<App>, pool: Pool, round: RoundId, job: CoordinatorJob) {
    let working = Arc::clone(&app);
    let outcome = pool.run(move || execute(&working, round, job)).await;
    app.board.end(round);
    let outcome = match outcome {
        Ok(outcome) => outcome,
        // A daemon that stops leaves the round running; the next one begins the work again.
        Err(passage_shell::work::WorkError::Stopped) => return,
        Err(error @ passage_shell::work::WorkError::Panicked) => Err(error.into()),
    };
    let fed = crate::service::blocking(move || feed(&app, round, outcome)).await;
    match fed {
        Ok(taken) => tracing::info!(%round, ?taken, "work done"),
        Err(error) => {
            tracing::error!(%round, code = %code_text(error.code()), "the outcome of work could not be stored")
        }
    }
}

/// Feeds an outcome to the round.
fn feed(
    app: &App,
    round: RoundId,
    outcome: Result<(CoordinatorOutcome, Made), WorkFault>,
) -> Result<Taken, CoordinatorError> {
    let now = clock::now();
    match outcome {
        Ok((outcome, made)) => rounds::work_done(app, round, outcome, made, now),
        Err(WorkFault { code, fault }) => {
            rounds::input(app, round, CoordinatorInput::Failed { code, fault }, now)
        }
    }
}

/// Does one job here and now. The caller is on a thread that may compute for hours.
///
/// # Errors
///
/// [`WorkFault`] names the code and, where bytes of a member were refused, the member.
pub fn execute(
    app: &App,
    round: RoundId,
    job: CoordinatorJob,
) -> Result<(CoordinatorOutcome, Made), WorkFault> {
    let record: RoundRecord = app.kept(ROUNDS, &round)?.ok_or(CoordinatorError::RoundUnknown)?;
    // It may have ended while the job waited for its place.
    let Standing::Running(state) = &record.standing else {
        return Err(CoordinatorError::RoundOver.into());
    };
    let papers = documents::papers(app, record.study)?;
    match job {
        CoordinatorJob::Join { tags } => {
            let manifest = state.manifest().ok_or(CoordinatorError::RoundOver)?;
            join::join(app, round, manifest, &tags)
        }
        CoordinatorJob::Release { opening, tables, counts, tags } => release::Release {
            app,
            papers: &papers,
            opening: &opening,
            tables: &tables,
            counts: &counts,
            tags: &tags,
        }
        .run(),
    }
}

/// A shelf's blob as the wire names it.
fn blob_ref(blob: Blob) -> BlobRef {
    BlobRef { digest: blob.digest, bytes: blob.bytes }
}

#[cfg(test)]
mod tests;
