//! What one round needs and no disk ever sees (SPEC §3 of the round module: restart rule).

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use passage_protocol::{
    group::{CommitteeKeys, OwnerBlind},
    seal::RecipientKey,
};
use passage_shell::entropy::{self, EntropyError};
use zeroize::Zeroizing;

use crate::prepare::Prepared;

/// The secrets of one round at one member. No `Debug`, no `Clone`, no byte form; dropped with the round.
pub struct RoundSecrets {
    /// Opens what others seal for this member.
    pub recipient: RecipientKey,
    /// Tag share and column shares, used if this member is drawn into the committee.
    pub committee: CommitteeKeys,
    /// The blind of one's own list, if it needs one; drawn once.
    pub blind: OnceLock<OwnerBlind>,
    blind_shares: Mutex<Shares>,
    tag_shares: Mutex<Shares>,
    prepared: Mutex<Option<Prepared>>,
}

type Shares = BTreeMap<u16, Zeroizing<[u8; 32]>>;

impl RoundSecrets {
    /// Makes fresh keys for a round with `columns` column keys.
    ///
    /// # Errors
    ///
    /// [`EntropyError`].
    pub fn make(columns: usize, prepared: Prepared) -> Result<Self, EntropyError> {
        Ok(Self {
            recipient: RecipientKey::generate(entropy::seed()?),
            committee: CommitteeKeys::generate(columns, entropy::seed()?),
            blind: OnceLock::new(),
            blind_shares: Mutex::default(),
            tag_shares: Mutex::default(),
            prepared: Mutex::new(Some(prepared)),
        })
    }

    /// Keeps an opened blind share of a list.
    pub fn keep_blind_share(&self, list: u16, share: Zeroizing<[u8; 32]>) {
        lock(&self.blind_shares).insert(list, share);
    }

    /// Keeps an opened tag-key share of a participant.
    pub fn keep_tag_share(&self, from: u16, share: Zeroizing<[u8; 32]>) {
        lock(&self.tag_shares).insert(from, share);
    }

    /// The blind share of a list.
    pub fn blind_share(&self, list: u16) -> Option<Zeroizing<[u8; 32]>> {
        lock(&self.blind_shares).get(&list).cloned()
    }

    /// The tag-key share of a participant.
    pub fn tag_share(&self, from: u16) -> Option<Zeroizing<[u8; 32]>> {
        lock(&self.tag_shares).get(&from).cloned()
    }

    /// The member's own rows, once: a list is contributed once.
    pub fn take_prepared(&self) -> Option<Prepared> {
        lock(&self.prepared).take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
