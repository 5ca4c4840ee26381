//! Reports beyond the parties, at a member: proposed here or by another, reviewed against this member's own report, decided
//! by its signers, exported only once every signature is verified here (G07, G08, G09, G19).
//!
//! * `decide` - what this member says. `known` - the names and codes that must not be inside. `told` - what the others say.
//!   `export` - the file and its sheet. `forget` - what came to nothing is erased. [`council`] - who may look without being asked (G21).

pub mod council;
mod decide;
mod export;
mod forget;
mod known;
mod told;

pub use decide::{Asked, Yes};
pub use export::Exported;
pub use told::synchronise;

use passage_protocol::{
    agreement::ConsentRecord,
    codec::{Decode, Encode},
    ids::Digest,
    release::{Release, ReleaseError, ReleaseId, Standing, page::Review},
    report::Report,
    signing::Signed,
    timestamp::Timestamp,
    wire::{ReleasePapers, ReleaseWord},
};
use passage_shell::failure::Failure;

use crate::{
    governance::HeldAgreement,
    home::{Home, refuse},
    records::{HeldProposal, RELEASE_FILES, RELEASE_WORDS, RELEASES, ReleaseFile},
};

/// A release as this node holds it.
pub struct HeldRelease {
    /// What is known of it.
    pub release: Release,
    /// The proposal and its figures.
    pub papers: ReleasePapers,
    /// When this node first had it.
    pub heard: Timestamp,
    /// The agreement it stands under.
    pub agreement: HeldAgreement,
}

impl HeldRelease {
    /// Where it stands at `now`, by what is verified here.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        let consents: &ConsentRecord = &self.agreement.consents;
        self.release.standing(consents, now)
    }
}

impl Home {
    /// Every release this member is concerned in, newest first.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn releases(&self) -> Result<Vec<HeldRelease>, Failure> {
        let mut held = Vec::new();
        for (key, bytes) in self.store.scan(RELEASES, &[])? {
            held.push(self.held_release(Digest::from_bytes(&key)?, HeldProposal::from_bytes(&bytes)?)?);
        }
        held.sort_by_key(|one| std::cmp::Reverse(one.release.proposal().at));
        Ok(held)
    }

    /// The release named `E-...`, or by its digest.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is none.
    pub fn release(&self, id: &str) -> Result<HeldRelease, Failure> {
        for (key, bytes) in self.store.scan(RELEASES, &[])? {
            let digest = Digest::from_bytes(&key)?;
            if ReleaseId(digest).to_string() == id || digest.to_string() == id {
                return self.held_release(digest, HeldProposal::from_bytes(&bytes)?);
            }
        }
        Err(refuse(
            0x2340,
            "this node holds no such release",
            "List what it holds with `release list`; proposals of others arrive while `serve` runs.",
            None,
        ))
    }

    fn held_release(&self, digest: Digest, kept: HeldProposal) -> Result<HeldRelease, Failure> {
        let HeldProposal { papers, heard } = kept;
        let agreement = self.agreement(&papers.proposal.agreement.to_string())?;
        let mut release = Release::new(papers.proposal.clone(), heard);
        for word in self.release_words(digest)? {
            release.take(&agreement.agreement, &word)?;
        }
        Ok(HeldRelease { release, papers, heard, agreement })
    }

    fn release_words(&self, digest: Digest) -> Result<Vec<Signed<ReleaseWord>>, Failure> {
        match self.store.get(RELEASE_WORDS, &digest.0)? {
            Some(bytes) => Ok(Vec::from_bytes(&bytes)?),
            None => Ok(Vec::new()),
        }
    }

    /// The exact bytes of a release as they were made here; none if they could not be made.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn release_file(&self, release: ReleaseId) -> Result<Option<ReleaseFile>, Failure> {
        let bytes = self.store.get(RELEASE_FILES, &release.0.0)?;
        Ok(bytes.map(|bytes| ReleaseFile::from_bytes(&bytes)).transpose()?)
    }

    /// Everything this member can find out about a proposal by itself, or why it cannot be approved here.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store or a stored table is damaged, or this member has no report of the round.
    ///
    /// # Cost
    ///
    /// Reads five columns of every stored table, for the names and codes in them.
    pub fn review(&self, held: &HeldRelease) -> Result<Result<Review, ReleaseError>, Failure> {
        let proposal = held.release.proposal();
        let own = self.own_report(&held.papers)?;
        let known = self.known_names(&held.agreement, &proposal.naming)?;
        Ok(Review::of(&held.papers, &held.agreement.agreement, &own, &known))
    }

    fn own_report(&self, papers: &ReleasePapers) -> Result<Report, Failure> {
        let bytes = self.report(papers.proposal.round)?.ok_or_else(no_report)?;
        Ok(Report::from_bytes(&bytes)?)
    }
}

fn no_report() -> Failure {
    refuse(
        0x2343,
        "this member has no report of that round, or none with a figure in it, to compare or to propose",
        "Wait until the report has arrived (`report list`), then repeat the command.",
        Some("G07"),
    )
}

/// The change that keeps what was said.
fn kept_words(release: &Release) -> passage_shell::store::Op {
    passage_shell::store::Op::put(RELEASE_WORDS, release.id().0.0, release.signed_words().to_vec().to_bytes())
}

#[cfg(test)]
mod tests;
