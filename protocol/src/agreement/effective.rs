//! What is shared in effect: the document's lines, as far as the giver offers and the receiver accepts them (G02).

use std::collections::BTreeSet;

use crate::{
    agreement::{Agreement, ConsentRecord, Level, Role, ShareLine, told_elements},
    cells::Dimension,
    codec::Encode,
    ids::{Digest, MemberCode},
};

/// The lines in force, by giver and receiver.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EffectiveShares {
    agreement: Digest,
    lines: BTreeSet<ShareLine>,
}

/// The lines of `agreement` that both sides stand by: the giver has signed and offers, the receiver has signed and accepts,
/// neither has withdrawn.
#[must_use]
pub fn effective(agreement: &Agreement, digest: Digest, consents: &ConsentRecord) -> EffectiveShares {
    let bound =
        |party: MemberCode| consents.signature(party).is_some() && consents.withdrawal(party).is_none();
    let in_force = |place: u32, line: &ShareLine| {
        let offered = consents.choice(line.from).is_none_or(|choice| choice.offers.contains(place));
        let accepted = consents.choice(line.to).is_none_or(|choice| choice.accepts.contains(place));
        bound(line.from) && bound(line.to) && offered && accepted
    };
    let lines = agreement.lines().filter(|(place, line)| in_force(*place, line));
    EffectiveShares { agreement: digest, lines: lines.map(|(_, line)| line.clone()).collect() }
}

impl EffectiveShares {
    /// True if `from` shares `element` with `to` at that level.
    #[must_use]
    pub fn gives(&self, from: MemberCode, to: MemberCode, element: &str, level: Level) -> bool {
        self.lines.contains(&ShareLine { from, to, level, element: element.to_owned() })
    }

    /// True if `viewer` may see a count by `dimension` of students of `sender` at `receiver`: each of the two shares with
    /// the viewer, or is the viewer, what the count tells about its students.
    #[must_use]
    pub fn may_see(
        &self,
        viewer: MemberCode,
        sender: MemberCode,
        receiver: MemberCode,
        dimension: Dimension,
    ) -> bool {
        let told = |from: MemberCode, role: Role| {
            let mut elements = told_elements(dimension, role).into_iter();
            from == viewer || elements.all(|element| self.gives(from, viewer, element, Level::Aggregate))
        };
        told(sender, Role::Sender) && told(receiver, Role::Receiver)
    }

    /// Digest of what is in force between these members: every call to a round carries it, and a member that knows of
    /// another choice by any of them computes another one (SPEC §5.1).
    #[must_use]
    pub fn digest_among(&self, members: &[MemberCode]) -> Digest {
        let mut bytes = self.agreement.to_bytes();
        let among = |line: &&ShareLine| members.contains(&line.from) && members.contains(&line.to);
        self.lines.iter().filter(among).for_each(|line| line.encode(&mut bytes));
        Digest::derive("passage v1 effective shares", &bytes)
    }
}
