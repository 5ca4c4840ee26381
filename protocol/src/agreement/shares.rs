//! The share list: who tells whom which data element about its students, and at which level (G02, G18).
//!
//! An element shared at the level `aggregate` may enter blinded matching and noisy counts with that party; no row of a
//! student is readable to anybody but its owner. `unitary` means rows about students of one's own, returned into the
//! owner's own node: it can be agreed on, and no round of this version does it.

use core::fmt;

use serde::Deserialize;

use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    ids::MemberCode,
};

/// One line of the share list.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ShareLine {
    /// Whose students it is about: the party that offers.
    pub from: MemberCode,
    /// The party that accepts.
    pub to: MemberCode,
    /// What the parties may do with it.
    pub level: Level,
    /// Name in the data element dictionary.
    pub element: String,
}

impl Encode for ShareLine {
    fn encode(&self, out: &mut Vec<u8>) {
        self.from.encode(out);
        self.to.encode(out);
        self.level.encode(out);
        self.element.encode(out);
    }
}

/// What is shared of an element.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Blinded matching and counts over groups.
    #[default]
    Aggregate,
    /// Rows about students of one's own, in one's own node.
    Unitary,
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Aggregate => "aggregate",
            Self::Unitary => "unitary",
        })
    }
}

impl Encode for Level {
    fn encode(&self, out: &mut Vec<u8>) {
        (*self == Self::Unitary).encode(out);
    }
}

/// Lines of an agreement's share list by their place in it, ascending: what a party ticks.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ticks(Vec<u32>);

impl Ticks {
    /// The ticks at these places, in any order.
    #[must_use]
    pub fn new(places: impl IntoIterator<Item = u32>) -> Self {
        let mut places: Vec<u32> = places.into_iter().collect();
        places.sort_unstable();
        places.dedup();
        Self(places)
    }

    /// True if that line is ticked.
    #[must_use]
    pub fn contains(&self, place: u32) -> bool {
        self.0.binary_search(&place).is_ok()
    }

    /// The places, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }
}

impl Encode for Ticks {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for Ticks {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let places: Vec<u32> = Decode::decode(reader)?;
        // One encoding per value.
        if places.is_sorted_by(|a, b| a < b) {
            Ok(Self(places))
        } else {
            Err(CodecError::Invalid { position, expected: "places in ascending order, each once" })
        }
    }
}
