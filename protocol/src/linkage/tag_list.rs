//! A list's tags as they arrive: a view over `rows x slots x 16` bytes (SPEC §6.5).
//!
//! Promises that every row is whole and that every tag can be numbered by a `u32`. The bytes are neither copied nor
//! interpreted; tags are uniform because they are keyed hashes.

use core::fmt;

use crate::refusal::{Code, Refusal};

/// Bytes of one tag.
pub const TAG_BYTES: usize = 16;

/// How many tags a list has and what each of them is of: everything about it but the tags.
#[derive(Clone, Copy)]
pub struct ListCells<'a> {
    slot_recipes: &'a [u8],
    rows: u32,
}

impl<'a> ListCells<'a> {
    /// For `bytes` bytes of tags, rows of one tag per entry of `slot_recipes`, the recipe index of each slot.
    ///
    /// # Errors
    ///
    /// * [`TagListError::NoSlots`], [`TagListError::Uneven`]: the bytes are not whole rows.
    /// * [`TagListError::TooManyTags`]: more than 2^32 - 1 tags.
    pub fn new(slot_recipes: &'a [u8], bytes: usize) -> Result<Self, TagListError> {
        let row_bytes = slot_recipes.len() * TAG_BYTES;
        if row_bytes == 0 {
            return Err(TagListError::NoSlots);
        }
        if !bytes.is_multiple_of(row_bytes) {
            return Err(TagListError::Uneven { bytes, row_bytes });
        }
        let too_many = TagListError::TooManyTags { tags: bytes / TAG_BYTES };
        u32::try_from(bytes / TAG_BYTES).map_err(|_| too_many)?;
        let rows = u32::try_from(bytes / row_bytes).map_err(|_| too_many)?;
        Ok(Self { slot_recipes, rows })
    }

    /// Rows of the list.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Tags of the list.
    #[must_use]
    pub fn tags(&self) -> u64 {
        u64::from(self.rows) * self.slot_recipes.len() as u64
    }

    /// The row and the recipe index of a cell, `row x slots + slot`.
    pub(super) fn row_and_recipe(&self, cell: u32) -> Option<(u32, u8)> {
        let slots = u32::try_from(self.slot_recipes.len()).ok()?;
        let recipe = self.slot_recipes.get(cell.checked_rem(slots)? as usize)?;
        Some((cell / slots, *recipe))
    }
}

/// The tags of one fully mixed list, row by row, in slot order.
#[derive(Clone, Copy)]
pub struct TagList<'a> {
    cells: ListCells<'a>,
    tags: &'a [[u8; TAG_BYTES]],
}

impl<'a> TagList<'a> {
    /// A view of `bytes` as rows of one tag per entry of `slot_recipes`, the recipe index of each slot.
    ///
    /// # Errors
    ///
    /// As [`ListCells::new`].
    pub fn new(slot_recipes: &'a [u8], bytes: &'a [u8]) -> Result<Self, TagListError> {
        let cells = ListCells::new(slot_recipes, bytes.len())?;
        Ok(Self { cells, tags: bytes.as_chunks().0 })
    }

    /// The list without its tags.
    #[must_use]
    pub fn cells(&self) -> ListCells<'a> {
        self.cells
    }

    /// Rows of the list.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.cells.rows
    }

    /// Every tag in order with its cell.
    pub(super) fn tags(&self) -> impl Iterator<Item = (u32, &'a [u8; TAG_BYTES])> {
        (0_u32..).zip(self.tags)
    }

    pub(super) fn tag(&self, cell: u32) -> Option<&'a [u8; TAG_BYTES]> {
        self.tags.get(cell as usize)
    }
}

/// Why bytes are not a list's tags.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TagListError {
    /// The list has no slot.
    NoSlots,
    /// More tags than can be numbered.
    TooManyTags {
        /** Tags in the list. */
        tags: usize,
    },
    /// The last row is cut, or bytes are left over.
    Uneven {
        /** Bytes received. */
        bytes: usize,
        /** Bytes of one row. */
        row_bytes: usize,
    },
}

impl fmt::Display for TagListError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSlots => write!(formatter, "the list has no slots, expected at least one"),
            Self::TooManyTags { tags } => {
                write!(formatter, "the list has {tags} tags, expected at most {}", u32::MAX)
            }
            Self::Uneven { bytes, row_bytes } => {
                write!(formatter, "{bytes} bytes of tags received, expected a multiple of {row_bytes}")
            }
        }
    }
}

impl Refusal for TagListError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Uneven { .. } => 0x0701,
            Self::NoSlots => 0x0702,
            Self::TooManyTags { .. } => 0x0703,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Uneven { .. } => {
                "The last hop's node is faulty or of another version; compare versions with its owner."
            }
            Self::NoSlots | Self::TooManyTags { .. } => {
                "Choose another preset or split the cohort, and open the round again."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_rows_are_numbered() {
        let bytes = [0_u8; 6 * TAG_BYTES];
        let list = TagList::new(&[0, 2, 2], &bytes).unwrap();
        assert_eq!(list.rows(), 2);
        assert_eq!(list.cells().row_and_recipe(0), Some((0, 0)));
        assert_eq!(list.cells().row_and_recipe(5), Some((1, 2)));
        assert_eq!(TagList::new(&[0], &[]).unwrap().rows(), 0);
    }

    #[test]
    fn cut_rows_and_lists_without_slots_are_refused() {
        let bytes = [0_u8; 5 * TAG_BYTES];
        let uneven = TagList::new(&[0, 1], &bytes).err().unwrap();
        assert_eq!(uneven, TagListError::Uneven { bytes: 80, row_bytes: 32 });
        assert_eq!(uneven.code().to_string(), "P0701");
        assert_eq!(TagList::new(&[], &bytes).err(), Some(TagListError::NoSlots));
    }
}
