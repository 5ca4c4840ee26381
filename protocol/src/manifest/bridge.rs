//! Which links a round makes through a third member's list (SPEC §5.5, §7).

use std::collections::BTreeSet;

use crate::{
    agreement::Study,
    codec_struct,
    linkage::times_taken,
    manifest::{Manifest, shapes::TableShape},
};

/// For one sender and one receiver: the lists through which a row without a link of its own is looked for.
///
/// The coordinator may make no other bridge, and must make these. Everybody computes them again from the study.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bridge {
    /// Participant index of the sender.
    pub sender: u16,
    /// Participant index of the receiver.
    pub receiver: u16,
    /// Participant indices of the middle lists, ascending: the first that has both links decides.
    pub through: Vec<u16>,
}
codec_struct!(Bridge { sender, receiver, through });

/// The bridges of a study over its tables, by sender and receiver: through every other member that receives that sender's
/// students in some table. None unless the study asks for them.
#[must_use]
pub fn bridges(study: &Study, tables: &[TableShape]) -> Vec<Bridge> {
    if !study.bridges {
        return Vec::new();
    }
    let senders: BTreeSet<u16> = tables.iter().map(|table| table.sender).collect();
    let of_sender = |sender: u16| {
        let of = tables.iter().filter(move |table| table.sender == sender);
        let receivers: BTreeSet<u16> = of.flat_map(|table| table.receivers.iter().copied()).collect();
        let bridge = |receiver: &u16| {
            let through = receivers.iter().copied().filter(|middle| middle != receiver).collect();
            Bridge { sender, receiver: *receiver, through }
        };
        receivers.iter().map(bridge).filter(|bridge| !bridge.through.is_empty()).collect::<Vec<_>>()
    };
    senders.into_iter().flat_map(of_sender).collect()
}

impl Manifest {
    /// The lists through which rows of `sender` are looked for at `receiver`, in the order in which they decide; none where no
    /// bridge is made.
    #[must_use]
    pub fn through(&self, sender: u16, receiver: u16) -> &[u16] {
        let of = |bridge: &&Bridge| bridge.sender == sender && bridge.receiver == receiver;
        self.bridges.iter().find(of).map(|bridge| bridge.through.as_slice()).unwrap_or_default()
    }

    /// How often a row of `receiver` may stand in a table of `sender` ([`times_taken`]).
    #[must_use]
    pub fn times_taken(&self, sender: u16, receiver: u16) -> u16 {
        let slots =
            |participant: u16| self.list(participant).map(|list| list.slots.as_slice()).unwrap_or_default();
        let middles: Vec<&[u8]> =
            self.through(sender, receiver).iter().map(|middle| slots(*middle)).collect();
        times_taken(slots(sender), slots(receiver), &middles)
    }

    /// True if rows of `participant` can decide something in a table: it is its sender, one of its receivers, or a middle
    /// list through which its rows are linked.
    #[must_use]
    pub fn takes_part(&self, table: &TableShape, participant: u16) -> bool {
        let between = |receiver: &u16| self.through(table.sender, *receiver).contains(&participant);
        table.concerns(participant) || table.receivers.iter().any(between)
    }
}
