//! What one round needs and no disk ever sees (SPEC §3 of the round module: restart rule).

use std::collections::BTreeMap;

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
    /// The blind of one's own list, if it needs one.
    pub blind: Option<OwnerBlind>,
    /// Opened blind shares by list.
    pub blind_shares: BTreeMap<u16, Zeroizing<[u8; 32]>>,
    /// Opened tag-key shares by participant.
    pub tag_shares: BTreeMap<u16, Zeroizing<[u8; 32]>>,
    /// The member's own rows, until they are contributed.
    pub prepared: Option<Prepared>,
}

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
            blind: None,
            blind_shares: BTreeMap::new(),
            tag_shares: BTreeMap::new(),
            prepared: Some(prepared),
        })
    }
}
