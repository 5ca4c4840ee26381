//! What follows from a study and a committee: columns, lists, tables, and the order of hops (SPEC §5.5).

use std::collections::BTreeSet;

use crate::{
    agreement::{Role, Segment, Study},
    cells::{CellDomain, Dimension, Window},
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    ids::{Digest, MemberCode},
    manifest::{Seat, opening::OpeningError},
    match_key::Element,
    metric::Metric,
    mixing::{RECEIVERS_MAX, RowShape, TableKeys, TupleShape},
};

pub use super::column_key::ColumnKey;

/// How a list starts on its way through the committee.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum First {
    /// The owner sits on the committee and goes first; its own factor is the blind.
    Own,
    /// The owner blinds with shares sent to every committee member.
    Blinded,
}

impl Encode for First {
    fn encode(&self, out: &mut Vec<u8>) {
        (*self == Self::Blinded).encode(out);
    }
}

impl Decode for First {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(if bool::decode(reader)? { Self::Blinded } else { Self::Own })
    }
}

/// One member's list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListShape {
    /// Participant index of the owner.
    pub owner: u16,
    /// Rows it must have.
    pub rows: u32,
    /// Recipe index of each slot.
    pub slots: Vec<u8>,
    /// Column key index of each column.
    pub columns: Vec<u16>,
    /// How it starts.
    pub first: First,
    /// Participant indices in the order they pass it on; the owner first, the last hop makes the tags.
    pub passes: Vec<u16>,
}
codec_struct!(ListShape { owner, rows, slots, columns, first, passes });

impl ListShape {
    /// Width of its rows.
    ///
    /// # Errors
    ///
    /// [`OpeningError::ShapeOutOfRange`]; [`super::Manifest::compute`] has checked every list.
    pub fn row(&self) -> Result<RowShape, OpeningError> {
        RowShape::new(self.slots.len(), self.columns.len()).map_err(|_| OpeningError::ShapeOutOfRange)
    }

    /// Place of a column key among the columns.
    #[must_use]
    pub fn column(&self, key: u16) -> Option<usize> {
        self.columns.iter().position(|column| *column == key)
    }

    /// Number of the last pass: the hop that outputs tags.
    #[must_use]
    pub fn last_hop(&self) -> u8 {
        u8::try_from(self.passes.len().saturating_sub(1)).unwrap_or(u8::MAX)
    }

    /// Participant that makes pass `hop`.
    #[must_use]
    pub fn pass(&self, hop: u8) -> Option<u16> {
        self.passes.get(usize::from(hop)).copied()
    }
}

/// One table: a sender's students, seen or not at each receiver.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TableShape {
    /// Metric id.
    pub metric: String,
    /// Metric version.
    pub version: u16,
    /// Digest of the metric's file: all members must hold the same words.
    pub definition: Digest,
    /// What each receiver can say.
    pub window: Window,
    /// Cohorts by category; of a breakdown by school those of its sender.
    pub domain: CellDomain,
    /// Participant index.
    pub sender: u16,
    /// Participant indices, at most four.
    pub receivers: Vec<u16>,
    /// Column key of the cell.
    pub cell_key: u16,
    /// Column keys of the window, place by place; of a table that counts links alone the one of the link.
    pub window_keys: Vec<u16>,
}
codec_struct!(TableShape {
    metric,
    version,
    definition,
    window,
    domain,
    sender,
    receivers,
    cell_key,
    window_keys,
});

impl TableShape {
    /// True if a participant counts in it, as its sender or as one of its receivers.
    #[must_use]
    pub fn concerns(&self, participant: u16) -> bool {
        self.sender == participant || self.receivers.contains(&participant)
    }

    /// Column keys of the window that stand in the lists of its sender and receivers: none where the link alone counts.
    #[must_use]
    pub fn said_keys(&self) -> &[u16] {
        if self.window.is_link() { &[] } else { &self.window_keys }
    }

    /// Width of its tuples.
    ///
    /// # Errors
    ///
    /// [`OpeningError::ShapeOutOfRange`]; [`super::Manifest::compute`] has checked every table.
    pub fn tuple(&self) -> Result<TupleShape, OpeningError> {
        TupleShape::new(self.receivers.len(), self.window).map_err(|_| OpeningError::ShapeOutOfRange)
    }

    /// The keys its ciphertexts are under.
    #[must_use]
    pub fn keys(&self) -> TableKeys {
        let windows: Vec<usize> = self.window_keys.iter().copied().map(usize::from).collect();
        TableKeys::new(self.cell_key.into(), &windows)
    }
}

/// The column keys of a study: the window's places of each metric or its link, one cell per table asked for.
#[must_use]
pub fn column_keys(study: &Study) -> Vec<ColumnKey> {
    let mut keys = Vec::new();
    for table in &study.tables {
        let window = study.metric(&table.metric, table.version).and_then(Metric::window);
        for window in window_keys(&table.metric, window) {
            if !keys.contains(&window) {
                keys.push(window);
            }
        }
        keys.push(ColumnKey::Cell { metric: table.metric.clone(), dimension: table.dimension });
    }
    keys
}

/// What the tests of a metric are under.
fn window_keys(metric: &str, window: Option<Window>) -> Vec<ColumnKey> {
    let metric = metric.to_owned();
    if window.is_some_and(Window::is_link) {
        return vec![ColumnKey::Link { metric }];
    }
    let places = 0..window.map_or(1, Window::places);
    places.map(|place| ColumnKey::Window { metric: metric.clone(), place }).collect()
}

/// One list per participant, with the columns its tables need and no other.
///
/// # Errors
///
/// [`OpeningError::CommitteeTooSmall`].
pub fn lists(
    study: &Study,
    seats: &[Seat],
    committee: &[u16],
    tables: &[TableShape],
) -> Result<Vec<ListShape>, OpeningError> {
    if committee.len() < 2 {
        return Err(OpeningError::CommitteeTooSmall);
    }
    let chosen = order(study, committee).ok_or(OpeningError::CommitteeTooSmall)?;
    let columns = |owner: u16| -> Vec<u16> {
        let of = |table: &TableShape| {
            let cell = (table.sender == owner).then_some(table.cell_key);
            let windows = table.said_keys().iter().copied().filter(|_| table.concerns(owner));
            cell.into_iter().chain(windows).collect::<Vec<_>>()
        };
        tables.iter().flat_map(of).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let mut lists = Vec::with_capacity(seats.len());
    for ((owner, seat), (first, passes)) in (0_u16..).zip(seats).zip(chosen) {
        lists.push(ListShape {
            owner,
            rows: seat.rows,
            slots: study.preset.slots_for(never_held(seat.segment)),
            columns: columns(owner),
            first,
            passes,
        });
    }
    Ok(lists)
}

/// True if every list can be passed on by this committee without ending at its own owner.
#[must_use]
pub fn can_order(study: &Study, committee: &[u16]) -> bool {
    committee.len() >= 2 && order(study, committee).is_some()
}

/// How every list passes through the committee.
///
/// Senders end at one half of the committee and receivers at the other, so no pair ends at one member; and no list ends at
/// its own owner, who could have marked its rows and would recognise them in the order the plan speaks of. Of the two ways
/// the one with fewer separate blinds is taken; on a tie, the first.
fn order(study: &Study, committee: &[u16]) -> Option<Vec<(First, Vec<u16>)>> {
    let assign = |parity: usize| -> Option<Vec<(First, Vec<u16>)>> {
        let part = |(index, participant): (usize, &crate::agreement::StudyParticipant)| {
            let half = match participant.role {
                Role::Sender => parity,
                Role::Receiver => 1 - parity,
            };
            passes(index, half, committee)
        };
        study.participants.iter().enumerate().map(part).collect()
    };
    let blinded =
        |lists: &Vec<(First, Vec<u16>)>| lists.iter().filter(|(first, _)| *first == First::Blinded).count();
    [assign(0), assign(1)].into_iter().flatten().min_by_key(blinded)
}

/// Data elements a segment's files never hold; recipes that need one have no slot in its lists (public, SPEC §4).
#[must_use]
pub fn never_held(segment: Segment) -> &'static [Element] {
    match segment {
        Segment::K12 => &[Element::Ssn],
        Segment::Cc | Segment::Univ => &[],
        Segment::Workforce => &[Element::Ssid],
    }
}

/// Who passes the list of participant `index` on, if it must end in the half of committee positions of that parity; `None`
/// if only its owner stands in that half.
fn passes(index: usize, half: usize, committee: &[u16]) -> Option<(First, Vec<u16>)> {
    let owner = u16::try_from(index).ok()?;
    let pool: Vec<u16> =
        committee.iter().copied().skip(half).step_by(2).filter(|member| *member != owner).collect();
    // Spread the work by the list's index.
    let last = *pool.get(index.checked_rem(pool.len())?)?;
    let first = if committee.contains(&owner) { First::Own } else { First::Blinded };
    let mut order = vec![owner];
    let rotated =
        committee.iter().cycle().skip(index.checked_rem(committee.len())?).take(committee.len()).copied();
    order.extend(rotated.filter(|member| *member != last && *member != owner));
    order.push(last);
    Some((first, order))
}

/// The tables of a study, sender by sender.
///
/// # Errors
///
/// [`OpeningError::UnknownMetric`], [`OpeningError::TooManyReceivers`], [`OpeningError::TooManyPatterns`],
/// [`OpeningError::NoSchools`].
pub fn tables(
    study: &Study,
    seats: &[Seat],
    column_keys: &[ColumnKey],
) -> Result<Vec<TableShape>, OpeningError> {
    let mut tables = Vec::new();
    for ((sender, seat), participant) in (0_u16..).zip(seats).zip(&study.participants) {
        if participant.role != Role::Sender {
            continue;
        }
        for asked in &study.tables {
            let metric = study.metric(&asked.metric, asked.version).ok_or(OpeningError::UnknownMetric)?;
            if !metric.senders.contains(&seat.segment) {
                continue;
            }
            let receivers: Vec<u16> = (0_u16..)
                .zip(seats)
                .zip(&study.participants)
                .filter(|((_, seat), one)| {
                    one.role == Role::Receiver && metric.receivers.contains(&seat.segment)
                })
                .map(|((index, _), _)| index)
                .collect();
            if receivers.is_empty() {
                continue;
            }
            if receivers.len() > RECEIVERS_MAX {
                return Err(OpeningError::TooManyReceivers { receivers: receivers.len() });
            }
            let window = metric.window().ok_or(OpeningError::UnknownMetric)?;
            if TupleShape::new(receivers.len(), window).is_err() {
                return Err(OpeningError::TooManyPatterns {
                    receivers: receivers.len(),
                    outcomes: window.outcomes(),
                });
            }
            let cell = ColumnKey::Cell { metric: asked.metric.clone(), dimension: asked.dimension };
            let windows = window_keys(&asked.metric, Some(window));
            if asked.dimension == Dimension::School && participant.schools.is_empty() {
                return Err(OpeningError::NoSchools { member: seat.code });
            }
            let domain = CellDomain::of(study.cohorts.clone(), asked.dimension, &participant.schools);
            tables.push(TableShape {
                metric: asked.metric.clone(),
                version: asked.version,
                definition: study.definition(asked).ok_or(OpeningError::UnknownMetric)?,
                window,
                domain,
                sender,
                receivers,
                cell_key: key_index(column_keys, &cell)?,
                window_keys: (windows.iter())
                    .map(|key| key_index(column_keys, key))
                    .collect::<Result<_, _>>()?,
            });
        }
    }
    if tables.is_empty() { Err(OpeningError::UnknownMetric) } else { Ok(tables) }
}

fn key_index(keys: &[ColumnKey], wanted: &ColumnKey) -> Result<u16, OpeningError> {
    let index = keys.iter().position(|key| key == wanted).and_then(|index| u16::try_from(index).ok());
    index.ok_or(OpeningError::UnknownMetric)
}

/// True if the lists of `a` and `b` are joined by some table.
#[must_use]
pub fn joined(tables: &[TableShape], a: u16, b: u16) -> bool {
    let spans = |table: &TableShape, sender: u16, receiver: u16| {
        table.sender == sender && table.receivers.contains(&receiver)
    };
    tables.iter().any(|table| spans(table, a, b) || spans(table, b, a))
}

/// Codes of a table's receivers, in pattern order.
#[must_use]
pub fn receiver_codes(table: &TableShape, seats: &[Seat]) -> Vec<MemberCode> {
    table.receivers.iter().filter_map(|index| seats.get(usize::from(*index)).map(|seat| seat.code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_visit_every_committee_member_once_and_end_in_their_half_but_not_at_the_owner() {
        for committee in [vec![0, 1], vec![1, 0], vec![3, 1, 4], vec![2, 0, 1, 5]] {
            for index in 0..6 {
                for half in 0..2 {
                    let owner = u16::try_from(index).unwrap();
                    let Some((first, order)) = passes(index, half, &committee) else {
                        let alone: Vec<u16> = committee.iter().copied().skip(half).step_by(2).collect();
                        assert_eq!(alone, [owner], "refused although somebody else stands in that half");
                        continue;
                    };
                    assert_eq!(order[0], owner);
                    let mut hops = if first == First::Own { order.clone() } else { order[1..].to_vec() };
                    let last = *hops.last().unwrap();
                    assert_ne!(last, owner);
                    hops.sort_unstable();
                    let mut all = committee.clone();
                    all.sort_unstable();
                    assert_eq!(hops, all, "{committee:?} list {index}");
                    assert_eq!(committee.iter().position(|member| *member == last).unwrap() % 2, half);
                }
            }
        }
    }
}
