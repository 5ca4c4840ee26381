//! Prepared rows, as rows of bytes for this process alone: sealed where they leave memory, read back by nobody else.

use passage_protocol::{
    agreement::Role,
    cells::{Ethnicity, Gender, SchoolYear},
    match_key::MatchKey,
};
use passage_shell::shelf::{Sequence, ShelfError};
use zeroize::Zeroizing;

use super::{Fact, PreparedRow};

/// The rows of one list, in memory as far as they have room, sealed on the disk beyond it; gone with this value.
pub struct PreparedRows {
    rows: Sequence,
    /// Of each row the slots whose keys are not withheld.
    filled: Vec<u16>,
    role: Role,
}

impl PreparedRows {
    pub(super) fn new(rows: Sequence, filled: Vec<u16>, role: Role) -> Self {
        Self { rows, filled, role }
    }

    /// A sender's student without a key is still of the cohort: the row carries random tokens and links to nobody.
    fn is_kept(&self, filled: u16) -> bool {
        self.role == Role::Sender || filled != 0
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.filled.iter().filter(|filled| self.is_kept(**filled)).count()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether some of them are on the disk.
    #[must_use]
    pub fn is_spilled(&self) -> bool {
        self.rows.is_spilled()
    }

    /// Hands over the rows one by one.
    ///
    /// # Errors
    ///
    /// Whatever `take` returns, and [`ShelfError::Io`] of the disk, of kind `InvalidData` if somebody altered it.
    pub fn each<E: From<ShelfError>>(
        &self,
        mut take: impl FnMut(PreparedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut filled = self.filled.iter();
        self.rows.each(|row| {
            let filled = *filled.next().ok_or(ShelfError::DAMAGED)?;
            if self.is_kept(filled) { take(unpack(row, filled).ok_or(ShelfError::DAMAGED)?) } else { Ok(()) }
        })
    }

    /// All of them at once, some hundreds of bytes each: where they are few.
    ///
    /// # Errors
    ///
    /// As [`each`](Self::each).
    pub fn all(&self) -> Result<Vec<PreparedRow>, ShelfError> {
        let mut all = Vec::new();
        self.each(|row| {
            all.push(row);
            Ok::<(), ShelfError>(())
        })?;
        Ok(all)
    }
}

/// Everything of a row; a field of a key has at most 255 bytes.
pub(super) fn pack(row: &PreparedRow) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(256));
    let length = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
    out.extend([row.ethnicity.index(), row.gender.index()].map(length));
    out.push(row.school);
    out.push(length(row.groups.len()));
    out.extend_from_slice(&row.groups);
    out.extend_from_slice(&u32::try_from(row.students.len()).unwrap_or(u32::MAX).to_le_bytes());
    row.students.iter().for_each(|place| out.extend_from_slice(&place.to_le_bytes()));
    out.push(length(row.keys.len()));
    for key in &row.keys {
        let fields = key.as_ref().map(MatchKey::fields).unwrap_or_default();
        out.push(length(fields.len()));
        for field in fields {
            out.push(length(field.len()));
            out.extend_from_slice(field);
        }
    }
    for Fact { cohort, seen } in &row.facts {
        out.push(u8::from(cohort.is_some()));
        out.extend_from_slice(&cohort.map_or(0, |cohort| cohort.0).to_le_bytes());
        out.push(length(seen.len()));
        for (cohort, outcome) in seen {
            out.extend_from_slice(&cohort.0.to_le_bytes());
            out.push(*outcome);
        }
    }
    out
}

fn unpack(mut row: &[u8], filled: u16) -> Option<PreparedRow> {
    let row = &mut row;
    let [ethnicity, gender, school, groups] = array(row)?;
    let (ethnicity, gender) =
        (Ethnicity::ALL.get(usize::from(ethnicity)), Gender::ALL.get(usize::from(gender)));
    let groups = (0..groups).map(|_| byte(row)).collect::<Option<_>>()?;
    let students = u32::from_le_bytes(array(row)?);
    let students = (0..students).map(|_| array(row).map(u32::from_le_bytes)).collect::<Option<_>>()?;
    let mut keys = Vec::new();
    for slot in 0..byte(row)? {
        let mut fields = Vec::new();
        for _ in 0..byte(row)? {
            let length = byte(row)?;
            let (field, rest) = row.split_at_checked(usize::from(length))?;
            fields.push(field);
            *row = rest;
        }
        let is_filled = filled.checked_shr(slot.into()).is_some_and(|rest| rest & 1 == 1);
        keys.push(is_filled.then(|| MatchKey::from_fields(fields)));
    }
    let mut facts = Vec::new();
    while !row.is_empty() {
        let (is_counted, cohort) = (byte(row)?, array(row).map(u16::from_le_bytes)?);
        let cohort = (is_counted == 1).then_some(SchoolYear(cohort));
        let seen = (0..byte(row)?).map(|_| Some((SchoolYear(u16::from_le_bytes(array(row)?)), byte(row)?)));
        facts.push(Fact { cohort, seen: seen.collect::<Option<_>>()? });
    }
    Some(PreparedRow { keys, facts, ethnicity: *ethnicity?, gender: *gender?, school, groups, students })
}

fn array<const N: usize>(row: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = row.split_first_chunk()?;
    *row = rest;
    Some(*head)
}

fn byte(row: &mut &[u8]) -> Option<u8> {
    array(row).map(|[byte]| byte)
}
