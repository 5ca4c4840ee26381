//! The join: tags of all lists to links per pair to a plan per table (SPEC §7).
//!
//! It holds the tags of all lists in memory, 16 bytes each: a million rows of seven slots are 112 MB. A table with fewer
//! tuples than the floor gets no plan, and its number of tuples is told to nobody.

use std::{collections::BTreeMap, io::Read};

use passage_protocol::{
    ids::RoundId,
    linkage::{Links, Partition, Plan, TagList, hits_in},
    manifest::Manifest,
    round::CoordinatorOutcome,
    wire::BlobRef,
};
use passage_shell::{clock, shelf::Shelf};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::{
    app::{App, Progress},
    error::CoordinatorError,
    work::{Made, WorkFault, blob_ref},
};

/// 2^5 partitions: enough for 16 cores to share evenly, few enough that reading each list 32 times costs little.
const PARTITION_BITS: u32 = 5;

/// Joins all pairs and writes the plans.
pub(super) fn join(
    app: &App,
    round: RoundId,
    manifest: &Manifest,
    tags: &[BlobRef],
) -> Result<(CoordinatorOutcome, Made), WorkFault> {
    let lists = read_tags(&app.shelf, tags)?;
    let pairs = pairs(manifest);
    let rows: u64 =
        pairs.iter().filter_map(|(sender, _)| manifest.list(*sender)).map(|list| u64::from(list.rows)).sum();
    let progress = app.board.begin(round, Progress::new("joining lists", rows, clock::now()));
    let mut links = BTreeMap::new();
    for (sender, receiver) in pairs {
        let found = link_pair(manifest, &lists, sender, receiver)?;
        progress.add(found.rows() as u64);
        links.insert((sender, receiver), found);
    }
    let committee: Vec<_> =
        manifest.committee.iter().filter_map(|one| manifest.seat(*one)).map(|seat| seat.code).collect();
    let (mut plans, mut made) = (Vec::new(), Vec::new());
    for table in &manifest.tables {
        let of_table: Vec<&Links> =
            table.receivers.iter().filter_map(|receiver| links.get(&(table.sender, *receiver))).collect();
        let plan = Plan::build(&of_table);
        let tuples = u32::try_from(plan.tuple_count()).unwrap_or(u32::MAX);
        if tuples < manifest.floor {
            plans.push((0, None));
            continue;
        }
        let blob = blob_ref(app.shelf.put(plan.as_bytes())?);
        plans.push((tuples, Some(blob)));
        made.push((blob, committee.clone()));
    }
    Ok((CoordinatorOutcome::Joined(plans), made))
}

/// Every sender-receiver pair that some table spans, once.
pub(super) fn pairs(manifest: &Manifest) -> Vec<(u16, u16)> {
    let of_table = |table: &passage_protocol::manifest::shapes::TableShape| {
        table.receivers.iter().map(|receiver| (table.sender, *receiver)).collect::<Vec<_>>()
    };
    let mut pairs: Vec<(u16, u16)> = manifest.tables.iter().flat_map(of_table).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The tags of every list, in participant order.
pub(super) fn read_tags(shelf: &Shelf, tags: &[BlobRef]) -> Result<Vec<Vec<u8>>, WorkFault> {
    let read = |blob: &BlobRef| {
        let (mut file, found) = shelf.reader(blob.digest)?;
        let mut bytes = Vec::with_capacity(usize::try_from(found.bytes).unwrap_or(0));
        file.read_to_end(&mut bytes).map_err(read_fault)?;
        Ok(bytes)
    };
    tags.iter().map(read).collect()
}

/// A failed read of a blob that was there a moment ago.
pub(super) fn read_fault(error: std::io::Error) -> CoordinatorError {
    CoordinatorError::Shelf(passage_shell::shelf::ShelfError::Io { kind: error.kind() })
}

/// Links one sender's list to one receiver's, on all cores.
pub(super) fn link_pair(
    manifest: &Manifest,
    lists: &[Vec<u8>],
    sender: u16,
    receiver: u16,
) -> Result<Links, WorkFault> {
    let tags = |participant: u16| -> Result<TagList<'_>, WorkFault> {
        let shape = manifest.list(participant).ok_or(CoordinatorError::RoundUnknown)?;
        let bytes = lists.get(usize::from(participant)).ok_or(CoordinatorError::BlobMissing)?;
        // The last hop made the tags: a list that is no list is its fault.
        let last = shape.pass(shape.last_hop()).and_then(|passer| manifest.seat(passer));
        TagList::new(&shape.slots, bytes).map_err(|error| WorkFault::by(&error, last.map(|seat| seat.code)))
    };
    let (source, target) = (tags(sender)?, tags(receiver)?);
    let partitions: Vec<Partition> = Partition::all(PARTITION_BITS).collect();
    let hits: Vec<_> =
        partitions.into_par_iter().map(|partition| hits_in(&source, &target, partition)).collect();
    Ok(Links::gather(&source, &target, hits))
}
