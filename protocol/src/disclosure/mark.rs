//! What stands in a released cell: a value, a bound, or the reason why neither does (A8, domain 4.7).
//!
//! Codes and sentences are stable: exports and people's scripts rely on them.

use crate::codec::{CodecError, Decode, Encode, Reader};

/// Why a figure is withheld or shown only as a bound.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// The count is below the floor.
    BelowFloor,
    /// A percentage coded to a band or to the top or bottom of the scale, by the size of the group.
    CodedByGroupSize,
    /// The count is withheld because another figure could otherwise be worked out from it.
    Complementary,
    /// All but fewer than the floor of the group have the outcome.
    ComplementBelowFloor,
    /// With an earlier release it would single out fewer students than the floor.
    Differencing,
    /// Few contributors make up most of a sum.
    Dominance,
    /// The figure has no meaning in this row.
    NotApplicable,
    /// The group is so small that any count, or the remainder, would be below the floor.
    SmallGroup,
    /// The sender's own count is below the floor and never left the sender.
    WithheldAtSource,
    /// Withheld as one of a set of related figures; nothing is said about the size of this one.
    WithheldTogether,
}

impl Reason {
    /// Every reason, in the order of its wire number.
    pub const ALL: [Self; 10] = [
        Self::BelowFloor,
        Self::CodedByGroupSize,
        Self::Complementary,
        Self::ComplementBelowFloor,
        Self::NotApplicable,
        Self::SmallGroup,
        Self::WithheldAtSource,
        Self::WithheldTogether,
        Self::Differencing,
        Self::Dominance,
    ];

    /// Stable code used in exports.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BelowFloor => "below-floor",
            Self::CodedByGroupSize => "coded-by-group-size",
            Self::ComplementBelowFloor => "complement-below-floor",
            Self::Complementary => "complementary",
            Self::Differencing => "differencing",
            Self::Dominance => "dominance",
            Self::NotApplicable => "not-applicable",
            Self::SmallGroup => "small-group",
            Self::WithheldAtSource => "withheld-at-source",
            Self::WithheldTogether => "withheld-together",
        }
    }

    /// One plain sentence for the legend.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::BelowFloor => "Fewer students than the smallest count that may be shown.",
            Self::CodedByGroupSize => {
                "A small or nearly uniform group: its percentage is a range, and never stands beside the number of students."
            }
            Self::ComplementBelowFloor => {
                "Nearly everyone in the group: the few who are not would be fewer than may be shown."
            }
            Self::Complementary => {
                "Withheld so that another withheld figure cannot be worked out by subtraction."
            }
            Self::Differencing => {
                "Withheld because an earlier release differs from it by fewer students than may be shown."
            }
            Self::Dominance => "Withheld because one or two contributors make up most of the sum.",
            Self::NotApplicable => "The figure has no meaning in this row.",
            Self::SmallGroup => "The group is so small that any figure would describe too few students.",
            Self::WithheldAtSource => {
                "The sender's own group is too small; the figures never left the sender."
            }
            Self::WithheldTogether => {
                "Withheld together with related figures; nothing is implied about its size."
            }
        }
    }
}

impl Encode for Reason {
    fn encode(&self, out: &mut Vec<u8>) {
        let number = Self::ALL.iter().position(|reason| reason == self).unwrap_or(0);
        u8::try_from(number).unwrap_or(0).encode(out);
    }
}

impl Decode for Reason {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let number = usize::from(u8::decode(reader)?);
        Self::ALL.get(number).copied().ok_or(CodecError::Invalid { position, expected: "a reason" })
    }
}

/// The content of a released cell. Counts are students, rates whole percents.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mark {
    /// Between `low` and `high`, both included; no figure is given.
    Bound {
        /** Lower end. */
        low: u64,
        /** Upper end. */
        high: u64,
        /** Why no figure. */
        reason: Reason,
    },
    /// Has no meaning here.
    NotApplicable(Reason),
    /// Withheld.
    Suppressed(Reason),
    /// A figure with its 95 % interval; the interval is the figure itself where no noise was added.
    Value {
        /** The figure. */
        value: u64,
        /** Lower end of the interval. */
        low: u64,
        /** Upper end of the interval. */
        high: u64,
    },
}

impl Mark {
    /// `value`, `bound`, `suppressed` or `not-applicable`: the status column of exports.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Bound { .. } => "bound",
            Self::NotApplicable(_) => "not-applicable",
            Self::Suppressed(_) => "suppressed",
            Self::Value { .. } => "value",
        }
    }

    /// The figure, if one is shown.
    #[must_use]
    pub fn value(&self) -> Option<u64> {
        match self {
            Self::Value { value, .. } => Some(*value),
            Self::Bound { .. } | Self::NotApplicable(_) | Self::Suppressed(_) => None,
        }
    }

    /// Why no exact figure is shown.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Bound { reason, .. } | Self::NotApplicable(reason) | Self::Suppressed(reason) => {
                Some(*reason)
            }
            Self::Value { .. } => None,
        }
    }
}

impl Encode for Mark {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Value { value, low, high } => {
                out.push(0);
                (*value, (*low, *high)).encode(out);
            }
            Self::Bound { low, high, reason } => {
                out.push(1);
                ((*low, *high), *reason).encode(out);
            }
            Self::Suppressed(reason) => {
                out.push(2);
                reason.encode(out);
            }
            Self::NotApplicable(reason) => {
                out.push(3);
                reason.encode(out);
            }
        }
    }
}

impl Decode for Mark {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let mark = match u8::decode(reader)? {
            0 => {
                let (value, (low, high)) = Decode::decode(reader)?;
                Self::Value { value, low, high }
            }
            1 => {
                let ((low, high), reason) = Decode::decode(reader)?;
                Self::Bound { low, high, reason }
            }
            2 => Self::Suppressed(Reason::decode(reader)?),
            3 => Self::NotApplicable(Reason::decode(reader)?),
            _ => return Err(CodecError::Invalid { position, expected: "a mark" }),
        };
        let ordered = match mark {
            Self::Value { value, low, high } => low <= value && value <= high,
            Self::Bound { low, high, .. } => low <= high,
            Self::NotApplicable(_) | Self::Suppressed(_) => true,
        };
        ordered
            .then_some(mark)
            .ok_or(CodecError::Invalid { position, expected: "an interval in ascending order" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_codes_are_distinct_and_decode() {
        let mut codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert_eq!(Reason::from_bytes(&reason.to_bytes()), Ok(reason));
            assert!(reason.sentence().ends_with('.'));
        }
    }

    #[test]
    fn a_descending_interval_is_refused() {
        let bytes = Mark::Bound { low: 9, high: 3, reason: Reason::BelowFloor }.to_bytes();
        assert!(Mark::from_bytes(&bytes).is_err());
        let bytes = Mark::Value { value: 9, low: 1, high: 3 }.to_bytes();
        assert!(Mark::from_bytes(&bytes).is_err());
    }
}
