//! What earlier and later rows of a file have to do with a row: one byte a row, so that a file of any length can be known by
//! its rows before they are read.

/// What is known of one row.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Mark(u8);

impl Mark {
    /// It repeats an earlier row, word for word.
    pub(super) const SAME_ROW: Self = Self(1);
    /// It is about the same record as an earlier row.
    pub(super) const SAME_KEY: Self = Self(1 << 1);
    /// A later row deletes or replaces its record.
    pub(super) const SUPERSEDED: Self = Self(1 << 2);
    /// An identifier of it belongs to somebody else in an earlier row: which of the rules.
    pub(super) const SHARED: [Self; 3] = [Self(1 << 3), Self(1 << 4), Self(1 << 5)];

    pub(super) fn has(self, one: Self) -> bool {
        self.0 & one.0 != 0
    }

    pub(super) fn add(&mut self, one: Self) {
        self.0 |= one.0;
    }
}

/// The marks of every row of a file.
#[derive(Default)]
pub(super) struct Marks(Vec<Mark>);

impl Marks {
    /// Adds to what is known of a row; `row` counts records from 1.
    pub(super) fn add(&mut self, row: u64, mark: Mark) {
        let place = usize::try_from(row).unwrap_or(usize::MAX);
        if mark == Mark::default() || place > super::source::ROWS_MAX as usize {
            return;
        }
        if self.0.len() <= place {
            self.0.resize(place + 1, Mark::default());
        }
        if let Some(known) = self.0.get_mut(place) {
            known.add(mark);
        }
    }

    /// What is known of a row.
    pub(super) fn of(&self, row: u64) -> Mark {
        usize::try_from(row).ok().and_then(|place| self.0.get(place)).copied().unwrap_or_default()
    }
}

/// One part of all digests: those that end in its number. A pass holds the digests of one part and no others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Share {
    bits: u32,
    number: u64,
}

impl Share {
    /// Every digest.
    pub(super) const WHOLE: Self = Self { bits: 0, number: 0 };

    /// True if a digest belongs to it.
    pub(super) fn holds(self, digest: &[u8; 16]) -> bool {
        let end = digest.last_chunk().copied().map_or(0, u64::from_le_bytes);
        end & self.mask() == self.number
    }

    /// Half of the first share; the others keep their size, which is that of the first, since digests are spread evenly.
    /// False if it is not the first or cannot be halved again.
    pub(super) fn halve(&mut self) -> bool {
        let can = self.number == 0 && self.bits < 32;
        self.bits += u32::from(can);
        can
    }

    /// The next share of the same size.
    pub(super) fn next(self) -> Option<Self> {
        (self.number < self.mask()).then(|| Self { number: self.number + 1, ..self })
    }

    fn mask(self) -> u64 {
        (1 << self.bits) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digest_is_in_one_share_of_each_size() {
        let mut first = Share::WHOLE;
        for shares in [1, 2, 4, 8] {
            let all: Vec<Share> = core::iter::successors(Some(first), |share| share.next()).collect();
            assert_eq!(all.len(), shares);
            for number in 0..100_u64 {
                let digest = *blake3::hash(&number.to_le_bytes()).as_bytes().first_chunk().unwrap();
                assert_eq!(all.iter().filter(|share| share.holds(&digest)).count(), 1);
            }
            assert!(first.halve());
        }
        assert!(!Share { bits: 1, number: 1 }.halve(), "only the first share is halved");
    }

    #[test]
    fn marks_add_up_and_a_row_without_one_has_none() {
        let mut marks = Marks::default();
        marks.add(7, Mark::SAME_KEY);
        marks.add(7, Mark::SHARED[2]);
        marks.add(9, Mark::default());
        assert!(marks.of(7).has(Mark::SAME_KEY) && marks.of(7).has(Mark::SHARED[2]));
        assert!(!marks.of(7).has(Mark::SUPERSEDED) && !marks.of(7).has(Mark::SHARED[0]));
        for row in [0, 6, 8, 9, u64::MAX] {
            assert_eq!(marks.of(row), Mark::default(), "{row}");
        }
    }
}
