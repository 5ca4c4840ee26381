//! A round from the sealed manifest to the reports: statements by hand for the first mix, real ciphertexts for the second.

use passage_protocol::{
    cells::{SchoolYear, Window},
    codec::{Decode, Encode},
    disclosure::Outcome,
    group::{CollectiveKeys, CommitteeKeys, OwnerBlind},
    ids::Digest,
    manifest::Manifest,
    mixing::{
        ColumnValue, DecryptionProof, DecryptionStatement, DecryptionSums, FirstFactor, PlainRow, PlanEntry,
        TableTurn, TupleChunk, TupleColumns, build_tuples, contribute, partial_decrypt, table_hop,
    },
    report::Report,
    seal::sealed_len,
    wire::{HopStatement, Message, Outgoing, PartialStatement, TableHopStatement},
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::{blobs, fixture::World};

const ROWS: u32 = 30;
/// Sender rows that stand at the receiver too.
const LINKED: u32 = 25;
/// Of those, the ones that arrived in the window.
const ARRIVED: u32 = 14;

type Jobs = UnboundedReceiver<(RoundId, CoordinatorJob)>;

fn manifest(world: &World, round: RoundId) -> Manifest {
    let Standing::Running(state) = world.record(round).standing else { panic!("over") };
    state.manifest().unwrap().clone()
}

fn upload(world: &World, round: RoundId, member: usize, bytes: &[u8]) -> BlobRef {
    let blob = BlobRef { digest: Digest::of_blob(bytes), bytes: bytes.len() as u64 };
    blobs::admit(&world.app, world.codes[member], round, blob).unwrap();
    world.app.shelf.put(bytes).unwrap();
    blobs::record_upload(&world.app, world.codes[member], round, blob).unwrap();
    blob
}

fn tags(list: u16, slots: usize) -> Vec<u8> {
    let tag = |row: u32, slot: usize| {
        // The first slot's recipe links; nothing else is equal between the lists.
        let owner = if row < LINKED && slot == 0 { 0 } else { list };
        let name = [u32::from(owner), row, u32::try_from(slot).unwrap()].to_vec().to_bytes();
        Digest::of_blob(&name).0[..16].to_vec()
    };
    (0..ROWS).flat_map(|row| (0..slots).flat_map(move |slot| tag(row, slot))).collect()
}

/// Passes both lists with blobs of the right lengths, the last of which are tags, and sends the counts.
fn first_mix(world: &World, round: RoundId) {
    let manifest = manifest(world, round);
    for list in &manifest.lists {
        let (row, mut input) = (list.row().unwrap(), Digest([0; 32]));
        for (hop, passer) in (0_u8..).zip(&list.passes) {
            let bytes = if hop == list.last_hop() {
                tags(list.owner, list.slots.len())
            } else {
                let length = sealed_len(u64::from(ROWS) * row.row_bytes() as u64);
                vec![hop + 10 * u8::try_from(list.owner).unwrap(); usize::try_from(length).unwrap()]
            };
            let member = usize::from(*passer);
            let sealed = upload(world, round, member, &bytes);
            let output = Digest([hop + 1; 32]);
            let digest = manifest.digest();
            let statement =
                HopStatement { manifest: digest, list: list.owner, hop, rows: ROWS, input, output, sealed };
            input = output;
            world.post(round, member, Outgoing::Hop(statement).sign(round, &world.keys[member])).unwrap();
        }
    }
    world.post(round, 0, Message::CohortCounts { table: 0, counts: vec![Some(ROWS)] }).unwrap();
}

/// Final columns of a list: a window and, for the sender, the one cell.
fn columns(values: impl Fn(u32) -> Vec<u32>, keys: &CollectiveKeys, width: usize) -> Vec<Vec<u8>> {
    let shape = passage_protocol::mixing::RowShape::new(1, width).unwrap();
    let rows: Vec<PlainRow> = (0..ROWS)
        .map(|row| PlainRow {
            tokens: vec![None],
            // As if both members had passed it on, each doubling it.
            values: values(row).into_iter().map(|value| ColumnValue::Code(value << 2)).collect(),
        })
        .collect();
    let blind = OwnerBlind::draw(2, [3; 32]);
    let every: Vec<usize> = (0..width).collect();
    let bytes = contribute(&rows, shape, &every, FirstFactor::Blinded(&blind), keys, &[4; 32]).unwrap();
    bytes.chunks(shape.row_bytes()).map(|row| row[32..].to_vec()).collect()
}

/// Mixes the one table through both committee members and returns the final list and its shape's partial decryptions.
fn second_mix(world: &World, round: RoundId, plan: BlobRef) -> (Vec<u8>, Manifest) {
    let manifest = manifest(world, round);
    let (table, keys) = (manifest.tables[0].clone(), manifest.collective_keys().unwrap());
    let sender = columns(|_| vec![Window::sender_value(SchoolYear(2019)), 1], &keys, 2);
    let arrived = |row: u32| (row < ARRIVED).then_some((SchoolYear(2019), 1));
    let receiver = columns(|row| vec![Window::receiver_value(arrived(row))], &keys, 1);
    let bytes = std::fs::read(world.app.shelf.path(plan.digest)).unwrap();
    let row = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap()) as usize;
    let linked: Vec<_> = bytes
        .chunks(8)
        .map(|tuple| (sender[row(&tuple[..4])].as_slice(), [Some(receiver[row(&tuple[4..])].as_slice())]))
        .collect();
    let entries: Vec<_> = linked.iter().map(|(sender, receivers)| PlanEntry { sender, receivers }).collect();
    let places = TupleColumns { cell: 1, sender_windows: vec![0], receiver_windows: vec![vec![0]] };
    let unmixed = build_tuples(&places, table.window, &entries, 0, 2).unwrap();
    let shape = table.tuple().unwrap();
    let hop = |chunk, turn: usize, seed: [u8; 32]| {
        table_hop(chunk, shape, TableTurn::new(turn, 2), table.keys(), &keys, &seed).unwrap()
    };
    let first = hop(TupleChunk::Unmixed(unmixed), 0, [8; 32]);
    let chunk = TupleChunk::Mixed { bytes: &first, first_tuple: 0 };
    let last = hop(chunk, 1, [9; 32]);
    let mut input = plan.digest;
    for (hop, member) in (0_u8..).zip(&manifest.committee) {
        let member = usize::from(*member);
        let (output, blob) = if hop == 0 {
            (Digest::of_blob(&first), vec![7; usize::try_from(sealed_len(first.len() as u64)).unwrap()])
        } else {
            (Digest::of_blob(&last), last.clone())
        };
        let sealed = upload(world, round, member, &blob);
        let statement = TableHopStatement {
            manifest: manifest.digest(),
            table: 0,
            hop,
            tuples: LINKED,
            input,
            output,
            sealed,
        };
        input = output;
        world.post(round, member, Outgoing::TableHop(statement).sign(round, &world.keys[member])).unwrap();
    }
    (last, manifest)
}

fn decrypt(
    world: &World,
    round: RoundId,
    manifest: &Manifest,
    last: &[u8],
    member: usize,
    keys: &CommitteeKeys,
) {
    let table = &manifest.tables[0];
    let shape = table.tuple().unwrap();
    let partials = partial_decrypt(last, 0, shape, table.keys(), keys).unwrap();
    let list = Digest::of_blob(last);
    let statement = DecryptionStatement {
        manifest: manifest.digest(),
        table: 0,
        list,
        partials: Digest::of_blob(&partials),
    };
    let sums = DecryptionSums::of_chunk(&statement, last, &partials, 0, shape).unwrap();
    let proof = DecryptionProof::prove(&statement, &sums, shape, table.keys(), keys).unwrap();
    let partials = upload(world, round, member, &partials);
    let statement =
        PartialStatement { manifest: manifest.digest(), table: 0, table_digest: list, partials, proof };
    world.post(round, member, Outgoing::Partial(statement).sign(round, &world.keys[member])).unwrap();
}

fn attached() -> (World, Jobs) {
    let world = World::new();
    let (sender, jobs) = unbounded_channel();
    world.app.attach(sender, Box::new(|_, _| Ok(())));
    (world, jobs)
}

fn joined(world: &World, jobs: &mut Jobs) -> (RoundId, BlobRef) {
    let round = world.sealed(ROWS);
    first_mix(world, round);
    let (of, job) = jobs.try_recv().unwrap();
    assert!(of == round && matches!(job, CoordinatorJob::Join { .. }));
    let outcome = execute(&world.app, round, job).unwrap();
    let (CoordinatorOutcome::Joined(plans), made) = &outcome else { panic!("not joined") };
    let (tuples, plan) = plans[0];
    assert_eq!((tuples, made.len()), (LINKED, 1));
    assert_eq!(feed(&world.app, round, Ok(outcome)).unwrap(), Taken::Now);
    (round, plan.unwrap())
}

#[test]
fn lists_become_a_plan_and_tables_become_reports_for_each_member() {
    let (world, mut jobs) = attached();
    let (round, plan) = joined(&world, &mut jobs);
    let fetched = blobs::fetch(&world.app, world.codes[0], round, plan);
    assert_eq!(fetched, Ok(plan.digest), "the committee may fetch the plan");
    let (last, manifest) = second_mix(&world, round, plan);
    for member in 0..2 {
        decrypt(&world, round, &manifest, &last, member, &World::committee_keys(member));
    }
    let (_, job) = jobs.try_recv().unwrap();
    let outcome = execute(&world.app, round, job).unwrap();
    assert_eq!(feed(&world.app, round, Ok(outcome)).unwrap(), Taken::Now);
    assert_eq!(world.phase(round), "closing");

    let Standing::Running(state) = world.record(round).standing else { panic!("over") };
    let passage_protocol::round::CoordinatorRound::Closing(closing) = *state else { panic!("not closing") };
    for (member, report) in closing.reports().iter().enumerate() {
        let bytes = std::fs::read(world.app.shelf.path(report.digest)).unwrap();
        let read = Report::from_bytes(&bytes).unwrap();
        assert_eq!(read.viewer, world.codes[member]);
        let mark = read.tables[0].mark(SchoolYear(2019), 0, Outcome::Enrolled(Some(0))).unwrap();
        assert_eq!(mark.value(), Some(ARRIVED.into()));
        let pair = &read.panel.pairs[0];
        assert_eq!(pair.by_recipe[0].1.value(), Some(LINKED.into()).filter(|_| ROWS - LINKED >= 11));
        assert!(blobs::fetch(&world.app, world.codes[member], round, *report).is_ok());
        let other = world.codes[1 - member];
        assert_eq!(blobs::fetch(&world.app, other, round, *report), Err(CoordinatorError::BlobNotReadable));
    }
    assert_eq!(world.app.shelf.blobs().unwrap().len(), 2, "only the reports are left");
}

#[test]
fn a_decryption_with_another_key_is_refused_naming_the_member() {
    let (world, mut jobs) = attached();
    let (round, plan) = joined(&world, &mut jobs);
    let (last, manifest) = second_mix(&world, round, plan);
    decrypt(&world, round, &manifest, &last, 0, &World::committee_keys(0));
    decrypt(&world, round, &manifest, &last, 1, &World::committee_keys(7));
    let (_, job) = jobs.try_recv().unwrap();
    let fault = execute(&world.app, round, job).unwrap_err();
    assert_eq!(fault, WorkFault { code: Code(0x0901), fault: Some(world.codes[1]) });
    feed(&world.app, round, Err(fault)).unwrap();
    let record = world.record(round);
    assert!(matches!(record.standing, Standing::Aborted { fault: Some(code), .. } if code == world.codes[1]));
    assert_eq!(record.reopened_as, None);
    assert!(world.app.shelf.blobs().unwrap().is_empty(), "everything of the round is erased");
}

#[test]
fn work_is_begun_again_after_a_restart_and_a_late_outcome_changes_nothing() {
    let (world, mut jobs) = attached();
    let round = world.sealed(ROWS);
    first_mix(&world, round);
    drop(jobs.try_recv().unwrap());
    let world = world.restart();
    let (sender, mut jobs) = unbounded_channel();
    world.app.attach(sender, Box::new(|_, _| Ok(())));
    assert_eq!(crate::rounds::resume(&world.app).unwrap(), 1);
    let (_, job) = jobs.try_recv().unwrap();
    let outcome = execute(&world.app, round, job).unwrap();
    rounds::input(&world.app, round, CoordinatorInput::Halt, crate::fixture::NOW).unwrap();
    assert_eq!(feed(&world.app, round, Ok(outcome)).unwrap(), Taken::Over);
    assert!(world.app.shelf.blobs().unwrap().is_empty(), "a plan that nobody waits for is removed");
}

#[test]
fn a_join_on_disk_finds_what_a_join_in_memory_finds() {
    let world = World::new();
    let manifest = manifest(&world, world.sealed(ROWS));
    // Longer lists than the round's: every third row of one stands in the other, and one tag in each is void.
    let list = |owner: u32, slots: usize| -> Vec<u8> {
        let tag = |row: u32, slot: usize| {
            let (owner, row) = match (row.is_multiple_of(3), row) {
                (_, 7 | 8) => (owner, 7),
                (true, _) => (9, row),
                (false, _) => (owner, row),
            };
            let name = [owner, row, u32::try_from(slot).unwrap()].to_vec().to_bytes();
            Digest::of_blob(&name).0[..16].to_vec()
        };
        (0..20_000).flat_map(|row| (0..slots).flat_map(move |slot| tag(row, slot))).collect()
    };
    let blobs: Vec<BlobRef> = (manifest.lists.iter())
        .map(|shape| blob_ref(world.app.shelf.put(&list(shape.owner.into(), shape.slots.len())).unwrap()))
        .collect();
    let joined = |allowance: u64| {
        let lists = join::Lists { manifest: &manifest, shelf: &world.app.shelf, tags: &blobs, allowance };
        let links = lists.links(&join::pairs(&manifest), &|_| ()).unwrap();
        links.into_iter().map(|(pair, links)| (pair, links.iter().collect::<Vec<_>>())).collect::<Vec<_>>()
    };
    let whole = joined(u64::MAX);
    assert_eq!(whole[0].1.iter().flatten().count(), 6_667);
    for allowance in [0, 100_000, 1 << 20] {
        assert!(joined(allowance) == whole, "{allowance} bytes of memory give other links");
    }
    let cut = BlobRef { bytes: blobs[0].bytes - 1, ..blobs[0] };
    let tags = [cut, blobs[1]];
    let lists = join::Lists { manifest: &manifest, shelf: &world.app.shelf, tags: &tags, allowance: 0 };
    let refused = lists.links(&join::pairs(&manifest), &|_| ()).err().unwrap();
    assert_eq!((refused.code, refused.fault.is_some()), (Code(0x0701), true), "the last hop is named");
}
