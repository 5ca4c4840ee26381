//! The rules a release follows: what the agreement settled, strictest party first (domain 4.1).
//!
//! The policy is data. What its numbers mean is decided in `release` and `suppression`.

use crate::codec::{CodecError, Decode, Encode, Reader};

/// The disclosure rules of one release.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DisclosurePolicy {
    floor: u32,
}

impl DisclosurePolicy {
    /// Smallest count ever shown unless an agreement says otherwise: 11, stricter than every published rule but two.
    pub const FLOOR_DEFAULT: u32 = 11;
    /// No agreement may go below this (SPEC §3).
    pub const FLOOR_MIN: u32 = 5;
    /// A floor above this withholds everything and is taken for a slip.
    pub const FLOOR_MAX: u32 = 1_000;

    /// A policy with this floor, in students; `None` outside `FLOOR_MIN..=FLOOR_MAX`.
    #[must_use]
    pub fn new(floor: u32) -> Option<Self> {
        (Self::FLOOR_MIN..=Self::FLOOR_MAX).contains(&floor).then_some(Self { floor })
    }

    /// Smallest count that is shown, in students.
    #[must_use]
    pub fn floor(&self) -> u32 {
        self.floor
    }

    /// The stricter of two policies.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        Self { floor: self.floor.max(other.floor) }
    }
}

impl Default for DisclosurePolicy {
    fn default() -> Self {
        Self { floor: Self::FLOOR_DEFAULT }
    }
}

impl Encode for DisclosurePolicy {
    fn encode(&self, out: &mut Vec<u8>) {
        self.floor.encode(out);
    }
}

impl Decode for DisclosurePolicy {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        Self::new(u32::decode(reader)?)
            .ok_or(CodecError::Invalid { position, expected: "a floor from 5 to 1000" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_floors_are_refused() {
        assert_eq!(DisclosurePolicy::new(4), None);
        assert!(DisclosurePolicy::from_bytes(&4_u32.to_le_bytes()).is_err());
        let strict = DisclosurePolicy::new(20).unwrap();
        assert_eq!(DisclosurePolicy::default().stricter(strict).floor(), 20);
    }
}
