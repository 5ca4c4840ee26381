//! The students of a roster, one by one: in memory as far as they have room, sealed on the disk beyond it.

use core::cmp::Ordering;

use passage_protocol::cells::{Ethnicity, Gender, SchoolCode, SchoolYear};
use passage_shell::shelf::{Room, Sequence, ShelfError};
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::{
    category,
    packed::{Unpack, put_person, put_year},
    record::Person,
};
use crate::coverage::Held;

/// When and at which school high school was completed: one whose code no file gives is none.
///
/// Of several that of the earlier year counts, in one year one at a known school, and of two schools the one of the smaller code: so
/// the order of files decides nothing. That one is the least.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Completion {
    pub(crate) cohort: SchoolYear,
    pub(crate) school: Option<SchoolCode>,
}

impl Ord for Completion {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = |one: &Self| (one.cohort, one.school.is_none(), one.school);
        order(self).cmp(&order(other))
    }
}

impl PartialOrd for Completion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One student, as far as the member's own files tell.
pub struct Student {
    pub(super) person: Person,
    pub(super) completion: Option<Completion>,
    pub(super) first_regular: Option<SchoolYear>,
    pub(super) enrolled: Enrolled,
}

/// Whether any term was found.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Enrolled {
    Never,
    Some,
}

impl Student {
    /// Identity fields as written, ready to become match-key fields.
    #[must_use]
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// The class the student completed high school with, by the CALPADS rule; only in a district.
    #[must_use]
    pub fn completion_cohort(&self) -> Option<SchoolYear> {
        self.completion.map(|completion| completion.cohort)
    }

    /// The school of that completion, if the file names one by the state's code.
    #[must_use]
    pub fn completion_school(&self) -> Option<SchoolCode> {
        self.completion.and_then(|completion| completion.school)
    }

    /// When and where it completed; of several completions the least.
    pub(crate) fn completion(&self) -> Option<Completion> {
        self.completion
    }

    /// School year of the first term that was not dual enrolment.
    #[must_use]
    pub fn first_regular_year(&self) -> Option<SchoolYear> {
        self.first_regular
    }

    /// True if any term was found, dual enrolment included.
    #[must_use]
    pub fn ever_enrolled(&self) -> bool {
        self.enrolled == Enrolled::Some
    }

    /// Gender category.
    #[must_use]
    pub fn gender(&self) -> Gender {
        category::gender(self.person.gender.expose()).unwrap_or(Gender::NotStated)
    }

    /// Race and ethnicity category.
    #[must_use]
    pub fn ethnicity(&self) -> Ethnicity {
        category::ethnicity(self.person.hispanic, &self.person.races)
    }

    /// What of the student match keys can be made of: the matching's own definition, as coverage and reports use it.
    #[must_use]
    pub fn held(&self) -> Held {
        let person = &self.person;
        let birth_date = if person.birth_date.is_some() { Held::ANY_DAY } else { "" };
        Held::of(&person.fields(birth_date))
    }

    /// Back from its row of bytes.
    pub(crate) fn unpack(row: &[u8]) -> Result<Self, ShelfError> {
        let mut row = Unpack(row);
        let (cohort, school) = (row.year()?, SchoolCode::from_number(row.number()?));
        Ok(Self {
            completion: cohort.map(|cohort| Completion { cohort, school }),
            first_regular: row.year()?,
            enrolled: match row.byte()? {
                0 => Enrolled::Never,
                1 => Enrolled::Some,
                _ => return Err(ShelfError::DAMAGED),
            },
            person: row.person()?,
        })
    }

    fn pack(&self, out: &mut Vec<u8>) {
        put_year(self.completion_cohort(), out);
        out.extend_from_slice(&self.completion_school().map_or(u32::MAX, SchoolCode::number).to_le_bytes());
        put_year(self.first_regular, out);
        out.push(u8::from(self.ever_enrolled()));
        put_person(&self.person, out);
    }
}

/// The students who did not opt out, in the order of the files. A student's place is its number in this order, from 0.
pub struct Students {
    rows: Sequence,
    row: Zeroizing<Vec<u8>>,
    count: u32,
}

impl Students {
    pub(super) fn new(room: &Room) -> Self {
        Self { rows: room.sequence(), row: Zeroizing::default(), count: 0 }
    }

    /// Takes the next one; its place.
    pub(super) fn push(&mut self, student: &Student) -> Result<u32, ShelfError> {
        let place = self.count;
        self.row.clear();
        student.pack(&mut self.row);
        self.rows.push(&self.row)?;
        self.count = place.checked_add(1).ok_or(TOO_MANY)?;
        Ok(place)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Hands over rows of bytes with the place of the first, some hundreds at a time.
    pub(crate) fn packed<E: From<ShelfError>>(
        &self,
        mut take: impl FnMut(u32, &[&[u8]]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut first = 0;
        self.rows.blocks(|rows| {
            take(first, rows)?;
            first += u32::try_from(rows.len()).unwrap_or(u32::MAX);
            Ok(())
        })
    }

    /// Works on every student on all cores, and hands over what came of it in order.
    ///
    /// # Errors
    ///
    /// Whatever `take` returns, and [`ShelfError::Io`] of the disk, of kind `InvalidData` if somebody altered it.
    pub fn map_each<T: Send, E: From<ShelfError>>(
        &self,
        work: impl Fn(u32, &Student) -> T + Sync,
        mut take: impl FnMut(u32, T) -> Result<(), E>,
    ) -> Result<(), E> {
        self.packed(|first, rows| {
            let done: Result<Vec<T>, ShelfError> = (rows.par_iter().enumerate())
                .map(|(at, row)| Ok(work(place(first, at), &Student::unpack(row)?)))
                .collect();
            done?.into_iter().enumerate().try_for_each(|(at, done)| take(place(first, at), done))
        })
    }

    /// Hands over every student with its place, in order.
    ///
    /// # Errors
    ///
    /// As [`map_each`](Self::map_each).
    pub fn each<E: From<ShelfError>>(
        &self,
        mut take: impl FnMut(usize, &Student) -> Result<(), E>,
    ) -> Result<(), E> {
        self.packed(|first, rows| {
            rows.iter()
                .enumerate()
                .try_for_each(|(at, row)| take(place(first, at) as usize, &Student::unpack(row)?))
        })
    }

    /// All of them at once, about 1 KiB each: where they are few, or looked at from many sides.
    ///
    /// # Errors
    ///
    /// As [`map_each`](Self::map_each).
    pub fn all(&self) -> Result<Vec<Student>, ShelfError> {
        let mut all = Vec::with_capacity(self.len());
        self.packed(|_, rows| {
            let rows: Result<Vec<Student>, ShelfError> =
                rows.par_iter().map(|row| Student::unpack(row)).collect();
            all.extend(rows?);
            Ok::<(), ShelfError>(())
        })?;
        Ok(all)
    }
}

/// More students than places have numbers.
const TOO_MANY: ShelfError = ShelfError::TooLong { bytes: 1 << 32, limit: u32::MAX as u64 };

/// Place of the row at `at` after `first`.
fn place(first: u32, at: usize) -> u32 {
    first.saturating_add(u32::try_from(at).unwrap_or(u32::MAX))
}
