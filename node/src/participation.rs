//! Whether this member takes part at all: one action of a person stops everything, and it stays stopped through restarts until
//! a person takes it back (L4, G10).

use passage_protocol::codec::{Decode, Encode};
use passage_shell::{audit::Act, failure::Failure, store::Op};

use crate::{
    home::{Home, refuse},
    records::{PARTICIPATION, Yes},
};

/// Key of the one entry of [`PARTICIPATION`].
const HALTED: &[u8] = b"halted";

impl Home {
    /// Who halted participation and when; none if this member takes part.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn halted(&self) -> Result<Option<Yes>, Failure> {
        Ok(self.store.get(PARTICIPATION, HALTED)?.map(|bytes| Yes::from_bytes(&bytes)).transpose()?)
    }

    /// Stops taking part: no call is answered and nothing is approved from here on. The first halt stays the one on record.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store or the audit log.
    pub fn halt_participation(&self, by: &str) -> Result<(), Failure> {
        if self.halted()?.is_some() {
            return Ok(());
        }
        let halted = Yes { by: by.to_owned(), at: self.now() };
        self.recorded(&Act::ParticipationHalted { by }, || {
            Ok(self.store.commit(&[Op::put(PARTICIPATION, HALTED, halted.to_bytes())])?)
        })
    }

    /// Takes part again. Rounds that ended meanwhile stay ended.
    ///
    /// # Errors
    ///
    /// [`Failure`] if it was not halted.
    pub fn resume_participation(&self, by: &str) -> Result<(), Failure> {
        if self.halted()?.is_none() {
            return Err(refuse(
                0x2224,
                "participation is not halted here",
                "There is nothing to take back; `doctor` says whether this member takes part.",
                Some("L4"),
            ));
        }
        self.recorded(&Act::ParticipationResumed { by }, || {
            Ok(self.store.commit(&[Op::delete(PARTICIPATION, HALTED)])?)
        })
    }

    /// Refuses while participation is halted.
    ///
    /// # Errors
    ///
    /// [`Failure`] naming who halted it and when.
    pub fn require_participation(&self) -> Result<(), Failure> {
        match self.halted()? {
            None => Ok(()),
            Some(Yes { by, at }) => Err(refuse(
                0x2223,
                &format!("participation was halted here by {by} at {at}"),
                "A person takes it back with `resume --by NAME`; then open the round again.",
                Some("L4"),
            )),
        }
    }
}
