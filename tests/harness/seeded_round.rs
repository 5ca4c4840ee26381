//! A whole round of a school and a college whose every draw comes from one seed, so that its noise can be judged without
//! false alarms.
//!
//! In a node and in [`crate::federation`] keys, blinds, orders and noise come from the operating system, and nothing may
//! replace that. The passes themselves are pure functions that take their seeds as arguments; here they are called one after
//! another as node and coordinator call them, from the signed opening to the released table. What is left out is what moves
//! bytes: seals, shelf, mail, chunks.

use passage_protocol::{
    agreement::Role,
    cells::{SchoolYear, Window},
    disclosure::{
        DisclosurePolicy, Mark, MetricRef, NoiseStatement, NoiseTerms, Outcome, RawTable, TableColumns,
        release_all,
    },
    group::{CollectiveKeys, CommitteeKeys, HopFactor, TagKey, hash_to_element},
    ids::{Digest, RoundId},
    linkage::{Plan, PlanBounds, ReceiverBound, TagList, link},
    manifest::{
        Manifest, Opening,
        opening::{Answer, CallSeat, KeyShareMessage, Reveal, RoundCall, draw_commitment},
        shapes::{ColumnKey, First, ListShape, TableShape, column_keys},
    },
    mixing::{
        CellLookup, ColumnValue, DecryptionProof, DecryptionStatement, DecryptionSums, FinalChunk,
        FirstFactor, Histogram, Permutation, PlainRow, PlanEntry, TableTurn, TupleChunk, TupleColumns,
        build_tuples, contribute, final_tags, hop, noise_tuples, partial_decrypt, table_hop,
    },
    seal::RecipientKey,
    signing::{SignatureKind, Signed},
    timestamp::Timestamp,
};

use crate::{dice::Dice, papers::Papers};

/// A graduate of the school and what became of him.
#[derive(Clone, Copy)]
pub struct Graduate {
    /// Year of completion.
    pub cohort: SchoolYear,
    /// Where he went.
    pub seen: Seen,
}

/// Whether and when the college saw a graduate.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Seen {
    /// In the year that follows.
    InTheWindow,
    /// A year later.
    Later,
    /// Never.
    Nowhere,
}

/// What a dealer puts into the noise tuples it owes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dealer {
    /// A full sample, as the protocol says.
    Honest,
    /// As many tuples as it owes, every one of them filler: nobody can tell by counting.
    Silent,
}

/// The counts of the one table: of every cell those who were seen nowhere in the window, of whom nothing opens, and those who were.
pub struct Counts {
    /// As they are.
    pub exact: Vec<i64>,
    /// As the committee decrypted them, offset taken off.
    pub noisy: Vec<i64>,
    /// As the report shows "enrolled", cell by cell; `None` where it is withheld.
    pub shown: Vec<Option<u64>>,
}

struct Committee {
    members: Vec<CommitteeKeys>,
    keys: CollectiveKeys,
    tag_key: TagKey,
}

/// Plays the round; the same seed gives the same counts. Both members sit on the committee, the school at position 0, and
/// deal as `dealers` says.
#[must_use]
pub fn play(papers: &Papers, graduates: &[Graduate], dealers: [Dealer; 2], seed: u64) -> Counts {
    let mut dice = Dice::new(seed);
    let columns = column_keys(&papers.study).len();
    let members: Vec<_> =
        papers.codes.iter().map(|_| CommitteeKeys::generate(columns, dice.bytes())).collect();
    let arrivals: Vec<&Graduate> =
        graduates.iter().filter(|graduate| graduate.seen != Seen::Nowhere).collect();
    let rows = [graduates.len(), arrivals.len()];
    let opening = opening(papers, &members, rows, &mut dice);
    let manifest = Manifest::compute(&papers.agreement, &papers.study, &opening).unwrap();
    assert_eq!(manifest.committee, [0, 1]);
    let shares: Vec<[u8; 32]> = members.iter().map(|keys| *keys.tag_key_share()).collect();
    let keys = manifest.collective_keys().unwrap();
    let committee = Committee { tag_key: TagKey::derive(&shares), members, keys };

    let lists: Vec<FinalChunk> = (manifest.lists.iter())
        .map(|list| {
            let rows = plain_rows(papers, &manifest, list, graduates);
            first_mix(list, &rows, &committee, &mut dice)
        })
        .collect();
    let [table] = manifest.tables.as_slice() else { panic!("one table") };
    let histogram = second_mix(&manifest, table, &lists, &committee, dealers, &mut dice);
    let noise = manifest.noise_table().unwrap();
    let noisy = histogram.less_offset(2, &noise);
    let shown = released(papers, &manifest, table, graduates, noisy.clone());
    Counts { exact: exact(table, graduates), noisy, shown }
}

fn opening(papers: &Papers, members: &[CommitteeKeys], rows: [usize; 2], dice: &mut Dice) -> Opening {
    let round = RoundId(dice.bytes()[..16].try_into().unwrap());
    let seat = |(code, key): (_, &passage_protocol::signing::SigningKey)| CallSeat {
        code,
        signing_key: key.verifying_key(),
    };
    let call = RoundCall {
        round,
        study: papers.study_digest(),
        agreement: papers.agreement_digest(),
        share_list: papers.standing().share_list(),
        seats: papers.codes.iter().copied().zip(&papers.keys).map(seat).collect(),
        opened: Timestamp(1_000),
        deadline: Timestamp(2_000),
    };
    let (mut answers, mut reveals, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for (member, key) in papers.keys.iter().enumerate() {
        let nonce = dice.bytes();
        let answer = Answer {
            round,
            rows: u32::try_from(rows[member]).unwrap(),
            hpke_key: RecipientKey::generate(dice.bytes()).public(),
            commitment: draw_commitment(&nonce),
            insists: true,
            opted_out: 0,
            unusable: 0,
        };
        let share = members[member].share(&round, &papers.codes[member]);
        answers.push(Signed::new(answer, SignatureKind::RoundAnswer, Some(round), key));
        reveals.push(Signed::new(Reveal { round, nonce }, SignatureKind::Reveal, Some(round), key));
        let share = KeyShareMessage { round, share };
        shares.push(Signed::new(share, SignatureKind::KeyShare, Some(round), key));
    }
    Opening { call, answers, reveals, shares }
}

/// Rows of the school (everybody) or of the college (whom it saw).
fn plain_rows(
    papers: &Papers,
    manifest: &Manifest,
    list: &ListShape,
    graduates: &[Graduate],
) -> Vec<PlainRow> {
    let sends = papers.role(usize::from(list.owner)) == Role::Sender;
    let table = &manifest.tables[0];
    let row = |(number, graduate): (usize, &Graduate)| {
        let token = |recipe: &u8| {
            let recipe = &manifest.recipes[usize::from(*recipe)];
            Some(hash_to_element(recipe, &manifest.round, &[&number.to_le_bytes()]))
        };
        let late = u16::from(!sends && graduate.seen == Seen::Later);
        let value = |key: &u16| match &manifest.column_keys[usize::from(*key)] {
            ColumnKey::Window { .. } if sends => ColumnValue::Code(Window::sender_value(graduate.cohort)),
            ColumnKey::Link { .. } => panic!("a link stands in no list"),
            ColumnKey::Window { .. } => {
                let cohort = SchoolYear(graduate.cohort.0 + late);
                ColumnValue::Code(Window::receiver_value(Some((cohort, 1))))
            }
            ColumnKey::Cell { .. } => ColumnValue::Code(table.domain.code(graduate.cohort, 0).unwrap()),
        };
        PlainRow {
            tokens: list.slots.iter().map(token).collect(),
            values: list.columns.iter().map(value).collect(),
        }
    };
    let listed = graduates.iter().enumerate().filter(|(_, one)| sends || one.seen != Seen::Nowhere);
    listed.map(row).collect()
}

fn shuffled(bytes: &[u8], width: usize, dice: &mut Dice) -> Vec<u8> {
    let rows = u32::try_from(bytes.len() / width).unwrap();
    Permutation::draw(rows, dice.bytes()).apply(bytes, width).unwrap()
}

/// The owner's contribution and the other member's hop, which is the last.
fn first_mix(list: &ListShape, rows: &[PlainRow], committee: &Committee, dice: &mut Dice) -> FinalChunk {
    assert_eq!((list.first, list.passes.len()), (First::Own, 2), "both members sit on the committee");
    let (shape, keys) = (list.row().unwrap(), &committee.keys);
    let columns: Vec<usize> = list.columns.iter().copied().map(usize::from).collect();
    let [owner, last] = [0, 1].map(|pass| &committee.members[usize::from(list.passes[pass])]);
    let own = FirstFactor::Own(owner);
    let sent = contribute(rows, shape, &columns, own, keys, &dice.bytes()).unwrap();
    let sent = shuffled(&sent, shape.row_bytes(), dice);
    let factor = HopFactor::own(last);
    let hopped = hop(&sent, 0, shape, &columns, &factor, keys, &dice.bytes()).unwrap();
    let hopped = shuffled(&hopped, shape.row_bytes(), dice);
    final_tags(&hopped, shape, &list.slots, &committee.tag_key).unwrap()
}

fn second_mix(
    manifest: &Manifest,
    table: &TableShape,
    lists: &[FinalChunk],
    committee: &Committee,
    dealers: [Dealer; 2],
    dice: &mut Dice,
) -> Histogram {
    let [receiver] = table.receivers.as_slice() else { panic!("one receiver") };
    let [sender, receiver] = [table.sender, *receiver].map(usize::from);
    let [sent, seen] = [sender, receiver].map(|list| &manifest.lists[list]);
    let tags = |list: usize| TagList::new(&manifest.lists[list].slots, &lists[list].tags).unwrap();
    let links = link(&tags(sender), &tags(receiver));
    let bounds = PlanBounds {
        sender_rows: sent.rows,
        receivers: vec![ReceiverBound {
            rows: seen.rows,
            times: manifest.times_taken(table.sender, seen.owner),
        }],
        tuple_count_min: manifest.floor,
    };
    let plan = Plan::from_checked_bytes(Plan::build(&[&links]).into_bytes(), &bounds).unwrap();
    let columns = TupleColumns {
        cell: sent.column(table.cell_key).unwrap(),
        sender_windows: vec![sent.column(table.window_keys[0]).unwrap()],
        receiver_windows: vec![vec![seen.column(table.window_keys[0]).unwrap()]],
    };
    let row = |list: usize, row: u32| {
        let width = manifest.lists[list].row().unwrap().column_bytes();
        &lists[list].columns[row as usize * width..][..width]
    };
    let linked: Vec<[Option<&[u8]>; 1]> = (plan.tuples())
        .map(|tuple| [tuple.receiver_rows().next().flatten().map(|target| row(receiver, target))])
        .collect();
    let entries: Vec<PlanEntry<'_>> = (plan.tuples().zip(&linked))
        .map(|(tuple, receivers)| PlanEntry { sender: row(sender, tuple.sender_row), receivers })
        .collect();

    let (shape, keys) = (table.tuple().unwrap(), &committee.keys);
    let cells = u32::try_from(table.domain.len()).unwrap();
    let noise = manifest.noise_table().unwrap();
    let mut mixed: Option<Vec<u8>> = None;
    for (hop, dealer) in dealers.into_iter().enumerate() {
        let turn = TableTurn::new(hop, dealers.len());
        let input = match &mixed {
            None => {
                TupleChunk::Unmixed(build_tuples(&columns, table.window, &entries, 0, dealers.len()).unwrap())
            }
            Some(bytes) => TupleChunk::Mixed { bytes, first_tuple: 0 },
        };
        let mut out = table_hop(input, shape, turn, table.keys(), keys, &dice.bytes()).unwrap();
        let owed = TupleChunk::Unmixed(noise_tuples(cells, shape, turn, &noise, &dice.bytes()));
        let mut owed = table_hop(owed, shape, turn, table.keys(), keys, &dice.bytes()).unwrap();
        if dealer == Dealer::Silent {
            // Filler stands at the end: the last tuple in the place of every other.
            let width = shape.bytes_after(turn);
            owed = owed[owed.len() - width..].repeat(owed.len() / width);
        }
        out.extend(owed);
        mixed = Some(shuffled(&out, shape.bytes_after(turn), dice));
    }
    let list = mixed.unwrap();
    let partials: Vec<Vec<u8>> = (0..committee.members.len())
        .map(|position| decrypt(manifest, table, &list, committee, position))
        .collect();
    let partials: Vec<&[u8]> = partials.iter().map(Vec::as_slice).collect();
    Histogram::decode(&list, 0, &partials, &CellLookup::new(cells, dealers.len()), shape).unwrap()
}

/// One member's partial decryptions, with the proof checked as the coordinator does.
fn decrypt(
    manifest: &Manifest,
    table: &TableShape,
    list: &[u8],
    committee: &Committee,
    position: usize,
) -> Vec<u8> {
    let (shape, columns, keys) = (table.tuple().unwrap(), table.keys(), &committee.members[position]);
    let partials = partial_decrypt(list, 0, shape, columns, keys).unwrap();
    let statement = DecryptionStatement {
        manifest: manifest.digest(),
        table: 0,
        list: Digest::of_blob(list),
        partials: Digest::of_blob(&partials),
    };
    let sums = DecryptionSums::of_chunk(&statement, list, &partials, 0, shape).unwrap();
    let proof = DecryptionProof::prove(&statement, &sums, shape, columns, keys).unwrap();
    proof.verify(&statement, &sums, shape, columns, &manifest.shares[position]).unwrap();
    partials
}

/// The counts without noise, in the order of [`Histogram::counts`].
fn exact(table: &TableShape, graduates: &[Graduate]) -> Vec<i64> {
    let mut counts = vec![0; table.domain.len() << 1];
    for graduate in graduates.iter().filter(|graduate| graduate.seen == Seen::InTheWindow) {
        let code = table.domain.code(graduate.cohort, 0).unwrap() as usize;
        counts[(code - 1) << 1 | 1] += 1;
    }
    counts
}

fn released(
    papers: &Papers,
    manifest: &Manifest,
    table: &TableShape,
    graduates: &[Graduate],
    counts: Vec<i64>,
) -> Vec<Option<u64>> {
    let cohort = |cohort: &SchoolYear| graduates.iter().filter(|graduate| graduate.cohort == *cohort).count();
    let denominators = table.domain.cohorts.iter().map(|year| Some(cohort(year) as u64)).collect();
    let noise = manifest.noise_table().unwrap();
    let terms = NoiseTerms {
        eps_milli: manifest.noise.epsilon_milli,
        delta_ppt: manifest.noise.delta_ppt,
        dealers: 2,
        variance_micro: 2 * noise.variance_micro(),
    };
    let raw = RawTable::new(
        MetricRef { id: table.metric.clone(), version: table.version },
        table.domain.clone(),
        papers.codes[usize::from(table.sender)],
        TableColumns::of_one(
            "enrolled",
            table.receivers.iter().map(|receiver| papers.codes[usize::from(*receiver)]).collect(),
        ),
        counts,
        denominators,
        NoiseStatement::Laplace(terms),
    );
    let policy = DisclosurePolicy::new(manifest.floor).unwrap();
    let tables = release_all(vec![raw.unwrap()], &policy);
    let enrolled = tables[0].cells.iter().filter(|cell| cell.outcome == Outcome::Enrolled(Some(0)));
    enrolled
        .map(|cell| match cell.mark {
            Mark::Value { value, .. } => Some(value),
            _ => None,
        })
        .collect()
}
