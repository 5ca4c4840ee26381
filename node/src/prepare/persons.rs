//! The persons of a roster, each with all its records, a part of the roster at a time.
//!
//! Most persons have one record and pass by in order. The further records of a person wait in parts, by the place of its first
//! record, and the part in which the pass is stands in memory.

use std::collections::HashMap;

use passage_protocol::match_key::{Together, Traces, ValueTrace};
use passage_shell::shelf::{Room, Sequence, ShelfError};
use rayon::prelude::*;

use super::normalise;
use crate::roster::{Roster, Student};

/// One person with the places of its records in the roster, ascending.
pub(super) struct OwnPerson {
    pub(super) places: Vec<u32>,
    pub(super) records: Vec<Student>,
}

/// Memory of a trace of a value while those that are equal are brought together.
const VALUE_TRACE_BYTES: u64 = 80;
/// Memory of a record that waits for its person.
const RECORD_BYTES: u64 = 1 << 10;
/// Bytes of a place in a row of bytes.
const PLACE_BYTES: usize = 4;

/// Works on every person on all cores, and hands over what came of it in the order of the persons' first records.
pub(super) fn each_person<T: Send, E: From<ShelfError>>(
    roster: &Roster,
    this_year: u16,
    traces: &Traces,
    room: &Room,
    work: impl Fn(OwnPerson) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let first_records = first_records(roster, this_year, traces, room)?;
    let mut waiting = Waiting::of(roster, &first_records, room)?;
    roster.students.packed(|first, rows| {
        let mut persons = Vec::with_capacity(rows.len());
        for (place, row) in (first..).zip(rows) {
            if first_records.get(place as usize) != Some(&place) {
                continue;
            }
            let mut person = OwnPerson { places: vec![place], records: vec![Student::unpack(row)?] };
            for (place, record) in waiting.of_person(place)? {
                person.places.push(place);
                person.records.push(record);
            }
            persons.push(person);
        }
        let done: Vec<T> = persons.into_par_iter().map(&work).collect();
        done.into_iter().try_for_each(&mut take)
    })
}

/// The place of the first record of every record's person.
fn first_records(
    roster: &Roster,
    this_year: u16,
    traces: &Traces,
    room: &Room,
) -> Result<Vec<u32>, ShelfError> {
    let mut parts = room.buckets(roster.students.len() as u64 * 3 * VALUE_TRACE_BYTES);
    let traced =
        |place: u32, student: &Student| traces.of_record(&normalise(student.person(), this_year), place);
    roster.students.map_each(traced, |_, found| {
        found.iter().try_for_each(|trace| {
            let part = trace.part(parts.len());
            parts.get_mut(part).ok_or(ShelfError::DAMAGED)?.push(&trace.to_own_file())
        })
    })?;
    let mut together = Together::default();
    for part in parts {
        let mut traces = Vec::new();
        part.each(|trace| {
            traces.push(ValueTrace::from_own_file(trace).ok_or(ShelfError::DAMAGED)?);
            Ok::<(), ShelfError>(())
        })?;
        together.add(traces);
    }
    Ok(together.first_records(u32::try_from(roster.students.len()).unwrap_or(u32::MAX)).0)
}

/// Further records of persons, until the pass comes to their first one.
struct Waiting {
    parts: std::vec::IntoIter<Sequence>,
    part_places: u32,
    /// First place beyond the part that stands in memory.
    until: u32,
    here: HashMap<u32, Vec<(u32, Student)>>,
}

impl Waiting {
    fn of(roster: &Roster, first_records: &[u32], room: &Room) -> Result<Self, ShelfError> {
        let further = (0_u32..).zip(first_records).filter(|(place, first)| place != *first).count();
        let mut parts = room.buckets(further as u64 * RECORD_BYTES);
        let part_places = first_records.len().div_ceil(parts.len()).max(1);
        let mut record = zeroize::Zeroizing::new(Vec::new());
        if further > 0 {
            roster.students.packed(|first_place, rows| {
                for (place, row) in (first_place..).zip(rows) {
                    let first = first_records.get(place as usize).copied().unwrap_or(place);
                    if first != place {
                        record.clear();
                        record.extend_from_slice(&first.to_le_bytes());
                        record.extend_from_slice(&place.to_le_bytes());
                        record.extend_from_slice(row);
                        parts
                            .get_mut(first as usize / part_places)
                            .ok_or(ShelfError::DAMAGED)?
                            .push(&record)?;
                    }
                }
                Ok::<(), ShelfError>(())
            })?;
        }
        let part_places = u32::try_from(part_places).unwrap_or(u32::MAX);
        Ok(Self { parts: parts.into_iter(), part_places, until: 0, here: HashMap::new() })
    }

    /// The further records of the person whose first record is at `first`; asked in ascending order.
    fn of_person(&mut self, first: u32) -> Result<Vec<(u32, Student)>, ShelfError> {
        while first >= self.until {
            let Some(part) = self.parts.next() else { break };
            self.until = self.until.saturating_add(self.part_places);
            self.here.clear();
            part.each(|record| {
                let (first, rest) = record.split_first_chunk::<PLACE_BYTES>().ok_or(ShelfError::DAMAGED)?;
                let (place, row) = rest.split_first_chunk::<PLACE_BYTES>().ok_or(ShelfError::DAMAGED)?;
                let waiting = self.here.entry(u32::from_le_bytes(*first)).or_default();
                waiting.push((u32::from_le_bytes(*place), Student::unpack(row)?));
                Ok::<(), ShelfError>(())
            })?;
        }
        Ok(self.here.remove(&first).unwrap_or_default())
    }
}
