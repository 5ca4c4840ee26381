//! Links of every pair that a table spans, with the bridges of the manifest and no other (SPEC §7).

use passage_protocol::manifest::{Bridge, Manifest};

use crate::work::join::{PairLinks, pairs};

/// What a pair's links through another member are called in the match panel.
pub(super) const THROUGH_ANOTHER: &str = "through another member";

/// Every pair of lists to join, once: those that some table spans, and where bridges are made, each middle list with the receiver
/// beyond it.
pub(super) fn joined_pairs(manifest: &Manifest) -> Vec<(u16, u16)> {
    let beyond = |bridge: &Bridge| {
        let receiver = bridge.receiver;
        bridge.through.clone().into_iter().map(move |middle| (middle, receiver))
    };
    let mut all = pairs(manifest);
    all.extend(manifest.bridges.iter().flat_map(beyond));
    all.sort_unstable();
    all.dedup();
    all
}

/// The links of the pairs that some table spans, out of those of [`joined_pairs`]: bridges made, middle pairs gone.
///
/// Cost: a copy of the links of every bridged pair, 24 bytes a row.
pub(super) fn bridged(manifest: &Manifest, mut links: PairLinks) -> PairLinks {
    let bridge = |bridge: &Bridge| {
        let (sender, receiver) = (bridge.sender, bridge.receiver);
        let way = |middle: &u16| Some((links.get(&(sender, *middle))?, links.get(&(*middle, receiver))?));
        let ways: Vec<_> = bridge.through.iter().filter_map(way).collect();
        Some(((sender, receiver), links.get(&(sender, receiver))?.bridged(&ways)))
    };
    let made: Vec<_> = manifest.bridges.iter().filter_map(bridge).collect();
    links.extend(made);
    let spanned = pairs(manifest);
    links.retain(|pair, _| spanned.binary_search(pair).is_ok());
    links
}
