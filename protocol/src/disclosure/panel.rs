//! The match panel (A1): how many records took part and how they were linked, under the same rules as any count.
//!
//! Raw numbers are mute; [`release_panel`] is the only way out. A pair's links by recipe, its ambiguous and its unlinked
//! records make up the sender's submitted records, so they are judged as one breakdown.

use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    disclosure::{DisclosurePolicy, Mark, suppression::Puzzle},
    ids::MemberCode,
};

/// What one member put in. Mute.
pub struct RawList {
    /// Whose list.
    pub member: MemberCode,
    /// Rows submitted.
    pub submitted: u64,
    /// Students left out at their own wish.
    pub opted_out: u64,
    /// Records without a usable key.
    pub unusable: u64,
}

/// How one list was linked to another. Mute.
pub struct RawPair {
    /// Whose rows are linked.
    pub sender: MemberCode,
    /// Where they are looked for.
    pub receiver: MemberCode,
    /// Rows linked, by the name of the deciding recipe, strongest first.
    pub by_recipe: Vec<(String, u64)>,
    /// Rows with void or ambiguous tags only.
    pub ambiguous: u64,
    /// Rows without any equal tag.
    pub unlinked: u64,
}

/// Released counts of one list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListCounts {
    /// Whose list.
    pub member: MemberCode,
    /// Rows submitted.
    pub submitted: Mark,
    /// Students left out at their own wish.
    pub opted_out: Mark,
    /// Records without a usable key.
    pub unusable: Mark,
}
codec_struct!(ListCounts { member, submitted, opted_out, unusable });

/// Released counts of one pair.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PairCounts {
    /// Whose rows are linked.
    pub sender: MemberCode,
    /// Where they are looked for.
    pub receiver: MemberCode,
    /// Rows linked, by recipe.
    pub by_recipe: Vec<(String, Mark)>,
    /// Rows with void or ambiguous tags only.
    pub ambiguous: Mark,
    /// Rows without any equal tag.
    pub unlinked: Mark,
}
codec_struct!(PairCounts { sender, receiver, by_recipe, ambiguous, unlinked });

/// The match panel as anyone may see it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MatchPanel {
    /// One entry per list.
    pub lists: Vec<ListCounts>,
    /// One entry per linked pair.
    pub pairs: Vec<PairCounts>,
}

/// Lists and pairs a panel may hold: every pair of a federation of a hundred members.
const PANEL_ENTRIES_MAX: usize = 10_000;

impl Encode for MatchPanel {
    fn encode(&self, out: &mut Vec<u8>) {
        self.lists.encode(out);
        self.pairs.encode(out);
    }
}

impl Decode for MatchPanel {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let panel = Self { lists: Decode::decode(reader)?, pairs: Decode::decode(reader)? };
        let within = panel.lists.len() <= PANEL_ENTRIES_MAX
            && panel.pairs.len() <= PANEL_ENTRIES_MAX
            && panel.pairs.iter().all(|pair| pair.by_recipe.len() <= 32);
        within
            .then_some(panel)
            .ok_or(CodecError::Invalid { position, expected: "a match panel within its limits" })
    }
}

/// Turns raw match counts into what may be shown.
///
/// `half_width` is that of the 95 % interval of the noise the caller has put on the pairs' numbers; zero if there is none.
#[must_use]
pub fn release_panel(
    lists: Vec<RawList>,
    pairs: Vec<RawPair>,
    policy: &DisclosurePolicy,
    half_width: u64,
) -> MatchPanel {
    let released_pairs = pairs.into_iter().map(|pair| {
        let submitted = lists.iter().find(|list| list.member == pair.sender).map(|list| list.submitted);
        release_pair(pair, submitted, policy, half_width)
    });
    let pairs = released_pairs.collect();
    let release_list = |list: &RawList| {
        let mut puzzle = Puzzle::new(policy.floor());
        let mut mark = |count| {
            let figure = puzzle.whole(signed(count));
            shown(&puzzle, figure, 0)
        };
        ListCounts {
            member: list.member,
            submitted: mark(list.submitted),
            opted_out: mark(list.opted_out),
            unusable: mark(list.unusable),
        }
    };
    MatchPanel { lists: lists.iter().map(release_list).collect(), pairs }
}

fn release_pair(
    pair: RawPair,
    submitted: Option<u64>,
    policy: &DisclosurePolicy,
    half_width: u64,
) -> PairCounts {
    let mut puzzle = Puzzle::new(policy.floor());
    let recipes: Vec<_> =
        pair.by_recipe.into_iter().map(|(name, count)| (name, puzzle.whole(signed(count)))).collect();
    let ambiguous = puzzle.whole(signed(pair.ambiguous));
    let unlinked = puzzle.whole(signed(pair.unlinked));
    let parts: Vec<_> = recipes.iter().map(|(_, figure)| *figure).chain([ambiguous, unlinked]).collect();
    let sum = parts.iter().filter_map(|part| puzzle.figures.get(*part)).map(|figure| figure.value).sum();
    let total = puzzle.whole(submitted.map_or(sum, signed));
    puzzle.sum(parts, total);
    puzzle.hold(total);
    puzzle.solve();
    PairCounts {
        sender: pair.sender,
        receiver: pair.receiver,
        by_recipe: recipes
            .into_iter()
            .map(|(name, figure)| (name, shown(&puzzle, figure, half_width)))
            .collect(),
        ambiguous: shown(&puzzle, ambiguous, half_width),
        unlinked: shown(&puzzle, unlinked, half_width),
    }
}

fn shown(puzzle: &Puzzle, figure: usize, half_width: u64) -> Mark {
    match (puzzle.reason(figure), puzzle.figures.get(figure)) {
        (Some(reason), _) => Mark::Suppressed(reason),
        (None, found) => {
            let value = found.map_or(0, |figure| u64::try_from(figure.value).unwrap_or(0));
            Mark::Value {
                value,
                low: value.saturating_sub(half_width),
                high: value.saturating_add(half_width),
            }
        }
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(1 << 40).min(1 << 40)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::Reason;

    #[test]
    fn a_single_small_recipe_takes_the_next_smallest_along() {
        let (sender, receiver) = (MemberCode([1; 5]), MemberCode([2; 5]));
        let list = RawList { member: sender, submitted: 400, opted_out: 3, unusable: 15 };
        let by_recipe = vec![("ssid".to_owned(), 200), ("names".to_owned(), 4)];
        let pair = RawPair { sender, receiver, by_recipe, ambiguous: 30, unlinked: 166 };
        let panel = release_panel(vec![list], vec![pair], &DisclosurePolicy::default(), 0);
        let pair = &panel.pairs[0];
        assert_eq!(pair.by_recipe[0].1.value(), Some(200));
        assert_eq!(pair.by_recipe[1].1, Mark::Suppressed(Reason::BelowFloor));
        assert_eq!(pair.ambiguous, Mark::Suppressed(Reason::Complementary));
        assert_eq!(pair.unlinked.value(), Some(166));
        assert_eq!(panel.lists[0].opted_out, Mark::Suppressed(Reason::BelowFloor));
        assert_eq!(MatchPanel::from_bytes(&panel.to_bytes()), Ok(panel));
    }
}
