//! What this node hears of releases: proposals and what other members say to them, each verified here. The coordinator relays;
//! what it leaves out or makes up is recorded in the audit log and changes nothing.

use std::sync::Arc;

use passage_protocol::{
    codec::{Decode, Encode},
    ids::Digest,
    refusal::Refusal,
    release::{ReleaseError, ReleaseId, Terms, page::names, rendered_again},
    signing::Signed,
    wire::{ReleaseName, ReleasePapers, ReleaseTold, ReleaseWord, Releases, service::kind},
};
use passage_shell::{audit::Act, failure::Failure, store::Op};

use super::kept_words;
use crate::{
    driver::Driver,
    home::Home,
    records::{HeldProposal, RELEASE_FILES, RELEASE_HEARD, RELEASES, ROUNDS, ReleaseFile, RoundRecord},
    uplink::blocking,
};

/// Fetches proposals that concern this member and what was said to them, and says that its own approvals stand when their
/// time has come.
///
/// # Errors
///
/// [`Failure`] of the network or the store.
pub async fn synchronise(driver: &Arc<Driver>) -> Result<(), Failure> {
    let (home, uplink) = (&driver.home, &driver.uplink);
    for status in Releases::from_bytes(&uplink.call(kind::RELEASES, &[]).await?)?.releases {
        let release = status.release;
        let ask = |papers| ReleaseName { release, papers }.to_bytes();
        let heard = home.store.get(RELEASE_HEARD, &release.0)?;
        if heard.as_deref() == Some(status.account.0.as_slice()) {
            continue;
        }
        if home.store.get(RELEASES, &release.0)?.is_none() {
            let told = ReleaseTold::from_bytes(&uplink.call(kind::RELEASE, &ask(true)).await?)?;
            let Some(papers) = told.papers else { continue };
            if let Err(failure) = home.keep_release(release, papers) {
                // One that is not for this node hides no other, and is not fetched again before something new is said to it.
                tracing::warn!(code = failure.code(), what = failure.what(), "a release was not kept");
                if failure.number() == other_terms().code() {
                    home.store.commit(&[Op::put(RELEASE_HEARD, release.0, status.account.0)])?;
                }
                continue;
            }
        }
        let told = ReleaseTold::from_bytes(&uplink.call(kind::RELEASE, &ask(false)).await?)?;
        home.learn_release(release, &told.words)?;
    }
    let confirming = Arc::clone(home);
    if blocking(move || confirming.confirm_releases(confirming.now())).await? > 0 {
        driver.outgoing.notify_one();
    }
    Ok(())
}

fn other_terms() -> ReleaseError {
    ReleaseError::OtherTerms { expected: "the proposal asked for, of a round of this member's" }
}

impl Home {
    /// Keeps a proposal another member made, if it is about a round of this member's and as the agreement demands. Whether its
    /// file and figures hold is looked at by whoever decides.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] inside, [`Failure`] of the store or the audit log.
    pub fn keep_release(&self, release: Digest, papers: ReleasePapers) -> Result<(), Failure> {
        let proposal = &papers.proposal;
        let bytes = self.store.get(ROUNDS, &proposal.round.0)?.ok_or_else(other_terms)?;
        let record = RoundRecord::from_bytes(&bytes)?;
        if ReleaseId::of(proposal).0 != release || record.call.agreement != proposal.agreement {
            return Err(other_terms().into());
        }
        let agreement = self.agreement(&proposal.agreement.to_string())?;
        let participants: Vec<_> = record.call.seats.iter().map(|seat| seat.code).collect();
        let terms = Terms {
            agreement: &agreement.agreement,
            agreement_digest: agreement.digest,
            study: record.call.study,
            participants: &participants,
        };
        terms.check(proposal)?;
        let round = proposal.round;
        let made = rendered_again(&papers, &names(&agreement.agreement, &proposal.naming));
        let mut ops = Vec::new();
        if let Ok((_, made)) = made {
            let file = ReleaseFile { file: made.file, notes: made.notes };
            ops.push(Op::put(RELEASE_FILES, release.0, file.to_bytes()));
        }
        let held = HeldProposal { papers, heard: self.now() };
        ops.push(Op::put(RELEASES, release.0, held.to_bytes()));
        self.recorded(&Act::ReleaseReceived { release, round }, || Ok(self.store.commit(&ops)?))
    }

    /// Takes in what the coordinator says was said to a release.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store or the audit log.
    pub fn learn_release(&self, release: Digest, heard: &[Signed<ReleaseWord>]) -> Result<(), Failure> {
        let account = Digest::of_blob(&heard.to_vec().to_bytes());
        let faults = self.store.transact(|| -> Result<_, Failure> {
            let mut held = self.release(&release.to_string())?;
            let faults = held.release.learn(&held.agreement.agreement, heard, self.code);
            Ok((vec![kept_words(&held.release)], faults))
        })?;
        for fault in faults {
            tracing::warn!(code = %fault.code(), "the coordinator's account of a release does not hold: {fault}");
            self.record(&Act::ReleaseAccountRefused { release, code: fault.code() })?;
        }
        // Last: an account whose faults could not be recorded is looked at again.
        Ok(self.store.commit(&[Op::put(RELEASE_HEARD, release.0, account.0)])?)
    }
}
