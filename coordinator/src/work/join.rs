//! The join: tags of all lists to links per pair to a plan per table (SPEC §7).
//!
//! Tags stream from the shelf into partitions of the tag space, each list once for all the pairs it is in. Where the partitions
//! would exceed the allowance they wait in sealed files without names and are joined one bucket after the other. A table with
//! fewer tuples than the floor gets no plan, and its number of tuples is told to nobody.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use passage_protocol::{
    ids::{Deriving, Digest, RoundId},
    linkage::{Hits, Links, ListCells, Part, Partitions, Plan, SettledPart, TAG_BYTES, hits},
    manifest::Manifest,
    round::CoordinatorOutcome,
    wire::BlobRef,
};
use passage_shell::{
    clock,
    shelf::{Shelf, ShelfError, Spill},
};
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::{
    app::{App, Progress},
    error::CoordinatorError,
    work::{
        Made, WorkFault, blob_ref,
        bridges::{bridged, joined_pairs},
    },
};

/// Joins all pairs and writes the plans.
pub(super) fn join(
    app: &App,
    round: RoundId,
    manifest: &Manifest,
    tags: &[BlobRef],
) -> Result<(CoordinatorOutcome, Made), WorkFault> {
    let rows: u64 = manifest.lists.iter().map(|list| u64::from(list.rows)).sum();
    let progress = app.board.begin(round, Progress::new("joining lists", rows, clock::now()));
    let lists = Lists { manifest, shelf: &app.shelf, tags, allowance: app.settings.join_memory_bytes() };
    let links = bridged(manifest, lists.links(&joined_pairs(manifest), &|rows| progress.add(rows))?);
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

/// Links of every pair of lists.
pub(super) type PairLinks = BTreeMap<(u16, u16), Links>;

/// The tags of every list of a round, in participant order, on the shelf.
pub(super) struct Lists<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) shelf: &'a Shelf,
    pub(super) tags: &'a [BlobRef],
    /// Bytes that partitions of tags may take in memory.
    pub(super) allowance: u64,
}

/// Bytes of a tag in a partition.
const ENTRY_BYTES: u64 = 20;
/// Bytes of a tag on disk: its list, its cell, itself.
const RECORD_BYTES: usize = 2 + 4 + TAG_BYTES;
/// Bytes read from a blob at a time: whole tags.
const READ_BYTES: usize = 64 << 10;

impl Lists<'_> {
    /// Joins pairs of lists, all at once; `progress` takes rows.
    ///
    /// Cost: about 0.1 µs a tag and core, 20 bytes a tag up to the allowance, 24 bytes a row of each pair's first list
    /// (`protocol/docs/performance.md`).
    pub(super) fn links(
        &self,
        pairs: &[(u16, u16)],
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<PairLinks, WorkFault> {
        let of_pairs: BTreeSet<u16> = pairs.iter().flat_map(|(from, to)| [*from, *to]).collect();
        let cells = |list: &u16| Ok((*list, self.cells(*list)?));
        let cells: BTreeMap<u16, ListCells<'_>> =
            of_pairs.iter().map(cells).collect::<Result<_, WorkFault>>()?;
        let ends = |(from, to): &(u16, u16)| Some((*cells.get(from)?, *cells.get(to)?));
        let mut links: PairLinks = pairs
            .iter()
            .filter_map(|pair| ends(pair).map(|(from, to)| (*pair, Links::none(from, to))))
            .collect();
        let bytes = ENTRY_BYTES * cells.values().map(ListCells::tags).sum::<u64>();
        let largest = cells.values().map(ListCells::tags).max().unwrap_or(0);
        if bytes <= self.allowance {
            let cut = Partitions::for_tags(largest);
            let scattered = |(list, cells): (&u16, &ListCells<'_>)| {
                let mut parts = Parts::with_room(cells.tags(), cut);
                self.read(*list, |cell, tag| {
                    parts.push(cell, tag);
                    Ok(())
                })?;
                progress(cells.rows().into());
                Ok((*list, parts))
            };
            let parts: Result<BTreeMap<u16, Parts>, WorkFault> = cells.par_iter().map(scattered).collect();
            take_all(parts?, &cells, &mut links);
            return Ok(links);
        }
        // A bucket is joined in memory, beside a block of every bucket; half the allowance leaves room for what was hit.
        let buckets = Partitions::at_least(bytes.div_ceil((self.allowance / 2).max(1)));
        let mut spill = self.scattered(&of_pairs, buckets)?;
        let inner = buckets.within(largest / buckets.count() as u64);
        for bucket in 0..buckets.count() {
            let mut parts: BTreeMap<u16, Parts> = cells
                .iter()
                .map(|(list, cells)| (*list, Parts::with_room(cells.tags() / buckets.count() as u64, inner)))
                .collect();
            spill.drain(bucket, |records| {
                for record in records.chunks_exact(RECORD_BYTES) {
                    if let Some((list, cell, tag)) = unpacked(record) {
                        parts.get_mut(&list).into_iter().for_each(|parts| parts.push(cell, tag));
                    }
                }
                Ok::<(), WorkFault>(())
            })?;
            take_all(parts, &cells, &mut links);
            let rows: u64 = cells.values().map(|cells| u64::from(cells.rows())).sum();
            progress(rows / buckets.count() as u64);
        }
        Ok(links)
    }

    /// Every tag of some lists in the bucket of its partition, on disk.
    fn scattered(&self, lists: &BTreeSet<u16>, buckets: Partitions) -> Result<Spill, WorkFault> {
        let mut spill = self.shelf.spill(RECORD_BYTES, buckets.count())?;
        let mut record = [0; RECORD_BYTES];
        for list in lists {
            self.read(*list, |cell, tag| {
                let parts = list.to_le_bytes().into_iter().chain(cell.to_le_bytes()).chain(*tag);
                record.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
                Ok(spill.put(buckets.of(tag), &record)?)
            })?;
        }
        Ok(spill)
    }

    fn cells(&self, list: u16) -> Result<ListCells<'_>, WorkFault> {
        let shape = self.manifest.list(list).ok_or(CoordinatorError::RoundUnknown)?;
        let bytes = usize::try_from(self.blob(list)?.bytes).unwrap_or(usize::MAX);
        // The last hop made the tags: a list that is no list is its fault.
        let last = shape.pass(shape.last_hop()).and_then(|passer| self.manifest.seat(passer));
        ListCells::new(&shape.slots, bytes).map_err(|error| WorkFault::by(&error, last.map(|seat| seat.code)))
    }

    fn blob(&self, list: u16) -> Result<BlobRef, WorkFault> {
        Ok(*self.tags.get(usize::from(list)).ok_or(CoordinatorError::BlobMissing)?)
    }

    /// Every tag of a list in order, with its cell.
    fn read(
        &self,
        list: u16,
        mut take: impl FnMut(u32, &[u8; TAG_BYTES]) -> Result<(), WorkFault>,
    ) -> Result<(), WorkFault> {
        let mut cell = 0;
        self.pieces(self.blob(list)?, |piece| {
            for tag in piece.as_chunks::<TAG_BYTES>().0 {
                take(cell, tag)?;
                cell += 1;
            }
            Ok(())
        })
    }

    /// The digest of a list's tags under a context.
    pub(super) fn derived(&self, context: &'static str, tags: BlobRef) -> Result<Digest, WorkFault> {
        let mut deriving = Deriving::new(context);
        self.pieces(tags, |piece| {
            deriving.add(piece);
            Ok(())
        })?;
        Ok(deriving.digest())
    }

    /// A blob in pieces of whole tags, if it is a list of tags.
    fn pieces(
        &self,
        blob: BlobRef,
        mut take: impl FnMut(&[u8]) -> Result<(), WorkFault>,
    ) -> Result<(), WorkFault> {
        let (mut file, _) = self.shelf.reader(blob.digest)?;
        let mut buffer = Vec::with_capacity(READ_BYTES);
        loop {
            buffer.clear();
            file.by_ref().take(READ_BYTES as u64).read_to_end(&mut buffer).map_err(ShelfError::from)?;
            if buffer.is_empty() {
                return Ok(());
            }
            take(&buffer)?;
        }
    }
}

/// One list in partitions.
struct Parts {
    cut: Partitions,
    parts: Vec<Part>,
}

impl Parts {
    fn with_room(tags: u64, cut: Partitions) -> Self {
        Self { cut, parts: (0..cut.count()).map(|_| Part::with_room(tags, cut.count())).collect() }
    }

    fn push(&mut self, cell: u32, tag: &[u8; TAG_BYTES]) {
        self.parts.get_mut(self.cut.of(tag)).into_iter().for_each(|part| part.push(cell, tag));
    }
}

/// Joins all pairs in every partition, on all cores, and gathers what was hit.
fn take_all(lists: BTreeMap<u16, Parts>, cells: &BTreeMap<u16, ListCells<'_>>, links: &mut PairLinks) {
    let pairs: Vec<(u16, u16)> = links.keys().copied().collect();
    let mut by_partition: Vec<BTreeMap<u16, Part>> = Vec::new();
    for (list, parts) in lists {
        by_partition.resize_with(parts.parts.len().max(by_partition.len()), BTreeMap::new);
        by_partition.iter_mut().zip(parts.parts).for_each(|(all, part)| drop(all.insert(list, part)));
    }
    let joined = |lists: BTreeMap<u16, Part>| -> Vec<Hits> {
        let settled: BTreeMap<u16, SettledPart> =
            lists.into_iter().map(|(list, part)| (list, part.settle())).collect();
        let side = |list: &u16| Some((settled.get(list)?, *cells.get(list)?));
        let of_pair = |(from, to): &(u16, u16)| Some(hits(side(from)?, side(to)?));
        pairs.iter().map(|pair| of_pair(pair).unwrap_or_default()).collect()
    };
    let found: Vec<Vec<Hits>> = by_partition.into_par_iter().map(joined).collect();
    for (place, ((from, to), links)) in links.iter_mut().enumerate() {
        let Some((from, to)) = cells.get(from).zip(cells.get(to)) else { continue };
        found.iter().filter_map(|all| all.get(place)).for_each(|hits| links.take(*from, *to, hits));
    }
}

fn unpacked(record: &[u8]) -> Option<(u16, u32, &[u8; TAG_BYTES])> {
    let (list, rest) = record.split_first_chunk()?;
    let (cell, rest) = rest.split_first_chunk()?;
    Some((u16::from_le_bytes(*list), u32::from_le_bytes(*cell), rest.first_chunk()?))
}
