//! What became of a proposal that came to nothing: it is erased (G15). An approved one stays, because it can be exported.

use passage_protocol::{
    codec::Decode,
    ids::Digest,
    release::{KEPT_DAYS, Standing},
    timestamp::Timestamp,
};
use passage_shell::{audit::Act, failure::Failure, store::Op};

use crate::{
    home::Home,
    records::{HeldProposal, RELEASE_FILES, RELEASE_HEARD, RELEASE_WORDS, RELEASES},
};

const DAY_S: u64 = 86_400;

impl Home {
    /// Erases proposals whose time was over [`KEPT_DAYS`] before `now` and that not every member had approved by then: figures,
    /// file, remarks and decisions. The audit log keeps what was done. Answers how many.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn forget_releases(&self, now: Timestamp) -> Result<usize, Failure> {
        let mut forgotten = 0;
        for (key, bytes) in self.store.scan(RELEASES, &[])? {
            let release = Digest::from_bytes(&key)?;
            let kept = HeldProposal::from_bytes(&bytes)?;
            let end = kept.papers.proposal.lapses;
            if now <= end.plus_s(KEPT_DAYS * DAY_S) {
                continue;
            }
            if let Standing::Approved { .. } = self.held_release(release, kept)?.standing(end) {
                continue;
            }
            let tables = [RELEASES, RELEASE_WORDS, RELEASE_FILES, RELEASE_HEARD];
            let ops = tables.map(|table| Op::delete(table, key.clone()));
            self.recorded(&Act::ReleaseForgotten { release }, || Ok(self.store.commit(&ops)?))?;
            forgotten += 1;
        }
        Ok(forgotten)
    }
}
