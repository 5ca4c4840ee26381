//! The linking part of a round by itself: hash, first pass, hops, tags, join; no cipher column, no table. What two-party and
//! three-party intersection libraries do, to be held beside theirs (`protocol/docs/performance.md`).

use passage_protocol::{
    group::{Backend, MatchPoint, TagKey, Yardstick, hash_to_element},
    ids::{Digest, RoundId},
    linkage::{Links, TagList, link},
};
use rayon::prelude::*;

use super::{
    Size,
    meter::{Cost, metered},
};

/// Rows one thread takes at a time.
const ROWS: usize = 512;

/// What the linking part cost.
pub(super) struct Linking {
    /// All parties together.
    pub(super) cost: Cost,
    /// Rows of the sender that were linked to the first receiver.
    pub(super) linked: usize,
    /// Bytes of tokens and tags that travelled.
    pub(super) bytes: u64,
}

impl Linking {
    /// Processor microseconds for each row of one list: two members' rows are a pair.
    #[must_use]
    pub(super) fn us_per_row(&self, size: &Size) -> f64 {
        self.cost.processor_ns as f64 / 1_000.0 / size.rows.max(1) as f64
    }
}

/// Runs it for `size.members` lists of `size.rows` rows; the first member is the sender.
pub(super) fn measure(size: &Size, progress: &dyn Fn(&str, u64)) -> Linking {
    let backend = Backend::best();
    let (first, hop) = (Yardstick::new([1; 32]), Yardstick::new([2; 32]));
    let tag_key = TagKey::derive(&[[3; 32], [4; 32]]);
    let (mut cost, mut bytes) = (Cost::default(), 0);
    let mut lists: Vec<Vec<u8>> = Vec::new();
    for member in 0..size.members {
        let hops = size.hops_after_first(member);
        let rows: Vec<usize> = (0..size.rows).collect();
        let of_rows = |rows: &[usize]| -> Vec<u8> {
            let points: Vec<MatchPoint> = rows
                .iter()
                .flat_map(|row| (0..size.keys).map(|key| match_point(size, member, *row, key)))
                .collect();
            let mut tokens = first.first(backend, &points);
            for _ in 0..hops {
                tokens = hop.hop(backend, &tokens).unwrap_or_default();
            }
            let recipe = |place: usize| u8::try_from(place % size.keys).unwrap_or(0);
            tokens.iter().enumerate().flat_map(|(at, token)| tag_key.tag(recipe(at), token)).collect()
        };
        // The order of hops and rows matters to nobody here: no shuffle, every chunk goes all the way.
        let (tags, spent) = metered(|| rows.par_chunks(ROWS).flat_map_iter(of_rows).collect::<Vec<u8>>());
        cost.add(spent);
        let tokens = (size.rows * size.keys) as u64;
        bytes += tokens * (32 * hops as u64 + 16);
        lists.push(tags);
        progress("linking part", (size.rows as u64).saturating_mul(1 + hops as u64));
    }
    let slots: Vec<u8> = (0..size.keys).map(|key| u8::try_from(key).unwrap_or(u8::MAX)).collect();
    let (links, spent) = metered(|| join(&lists, &slots));
    cost.add(spent);
    let linked = links.first().map_or(0, |links| links.iter().flatten().count());
    Linking { cost, linked, bytes }
}

fn join(lists: &[Vec<u8>], slots: &[u8]) -> Vec<Links> {
    let Some((sender, receivers)) = lists.split_first() else { return Vec::new() };
    let Ok(sender) = TagList::new(slots, sender) else { return Vec::new() };
    let receivers = receivers.iter().filter_map(|tags| TagList::new(slots, tags).ok());
    receivers.map(|receiver| link(&sender, &receiver)).collect()
}

/// The match point of a row's key: the first rows of every list are the same people.
pub(super) fn match_point(size: &Size, member: usize, row: usize, key: usize) -> MatchPoint {
    let person = if size.is_shared(row) { row as u64 } else { (member as u64 + 1) << 40 | row as u64 };
    let recipe = Digest([u8::try_from(key).unwrap_or(u8::MAX); 32]);
    hash_to_element(&recipe, &RoundId([1; 16]), &[&person.to_le_bytes()])
}
