//! The member's own list: match keys to group elements, codes to ciphertexts, blinded, shuffled, sealed (SPEC §6.1-6.2).

use passage_protocol::{
    agreement::Role,
    cells::{Dimension, Grouping, SchoolYear, Window},
    disclosure::source_floor,
    group::{MatchPoint, OwnerBlind, hash_to_element},
    manifest::shapes::{ColumnKey, First, TableShape},
    mixing::{ColumnValue, FirstFactor, PlainRow, chunk_seed, contribute, turns},
    round::MemberOutcome,
    seal::SealPurpose,
};
use passage_shell::{entropy, shelf::Shelf};
use rayon::prelude::*;

use crate::{
    compute::{
        Finished, RoundContext, Rows, WorkFault,
        batches::{CHUNK_ROWS, Made},
        secrets::RoundSecrets,
        shuffle::Shuffle,
        stream::{SealedOut, seal_short},
    },
    prepare::{Prepared, PreparedRow},
};

/// Makes the list and everything that goes with it.
///
/// # Errors
///
/// [`WorkFault`].
///
/// # Cost
///
/// Per row: one hash-to-group and one multiplication a slot, two fixed-base multiplications a column.
pub fn run(
    context: &RoundContext,
    secrets: &RoundSecrets,
    shelf: &Shelf,
    rows: Rows<'_>,
) -> Result<Finished, WorkFault> {
    let list = context.list(context.me)?;
    let shape = list.row()?;
    let prepared = secrets.take_prepared().ok_or(WorkFault::SecretMissing)?;
    if prepared.rows.len() != list.rows as usize {
        return Err(WorkFault::RosterChanged);
    }
    let fresh = OwnerBlind::draw(context.manifest.committee.len(), entropy::seed()?);
    let factor = match list.first {
        First::Blinded => FirstFactor::Blinded(secrets.blind.get_or_init(|| fresh)),
        First::Own => FirstFactor::Own(&secrets.committee),
    };
    let tables: Vec<(u16, &TableShape)> =
        (0_u16..).zip(&context.manifest.tables).filter(|(_, table)| table.sender == context.me).collect();
    let counted = count(context, &prepared, &tables)?;
    let columns: Vec<usize> = list.columns.iter().map(|key| usize::from(*key)).collect();
    let makers = column_makers(context, &tables, &counted)?;

    let (seed, turns_seed) = (entropy::seed()?, entropy::seed()?);
    let mut shuffle = Shuffle::new(shelf, context.allowance, list.rows, shape.row_bytes())?;
    let (mut batch, mut first_chunk) = (Vec::with_capacity(BATCH_ROWS), 0_u64);
    let (mut made, mut put) = (Made::default(), |rows: &[u8]| shuffle.put(rows));
    let mut work_off = |batch: &mut Vec<PreparedRow>| -> Result<(), WorkFault> {
        let work = |index: usize, chunk: &[PreparedRow]| {
            let chunk_number = first_chunk + index as u64;
            let turns = turns(chunk.len(), &chunk_seed(&turns_seed, chunk_number));
            let plain = chunk.iter().zip(turns).map(|(row, turn)| plain_row(context, row, &makers, turn));
            let plain: Vec<PlainRow> = plain.collect();
            let seed = chunk_seed(&seed, chunk_number);
            Ok(contribute(&plain, shape, &columns, factor, &context.keys, &seed)?)
        };
        made.next(batch.par_chunks(CHUNK_ROWS), work, &mut put)?;
        rows(batch.len() as u64);
        first_chunk += (BATCH_ROWS / CHUNK_ROWS) as u64;
        batch.clear();
        Ok(())
    };
    prepared.rows.each(|row| {
        batch.push(row);
        if batch.len() == BATCH_ROWS { work_off(&mut batch) } else { Ok(()) }
    })?;
    work_off(&mut batch)?;
    made.end(put)?;
    drop(prepared);
    let next = list.pass(1).ok_or(WorkFault::SecretMissing)?;
    let seal = context.seal(SealPurpose::List, context.me, 0, context.me, next)?;
    let mut out = SealedOut::begin(shelf, &seal, &context.hpke_key(next)?)?;
    shuffle.finish(|rows| out.take(rows))?;
    let (output, sealed) = out.end()?;

    let outcome = MemberOutcome::Contributed {
        output,
        sealed,
        shares: blind_shares(context, secrets)?,
        tag_shares: tag_key_shares(context, secrets)?,
        counts: tables.iter().zip(counted).map(|((table, _), counted)| (*table, counted.released)).collect(),
    };
    Ok(Finished { outcome, uploads: vec![sealed] })
}

/// Rows read, blinded and encrypted at a time.
const BATCH_ROWS: usize = CHUNK_ROWS * 16;

/// Cohort counts of one table at this sender: what may be told, and which cells are withheld.
struct Counted {
    withheld: Vec<bool>,
    released: Vec<Option<u32>>,
}

/// Counts every table in one reading of the rows.
fn count(
    context: &RoundContext,
    prepared: &Prepared,
    tables: &[(u16, &TableShape)],
) -> Result<Vec<Counted>, WorkFault> {
    let places: Vec<CellPlace> = tables.iter().map(|(_, table)| CellPlace::of(context, table)).collect();
    let mut counts: Vec<Vec<u64>> = tables.iter().map(|(_, table)| vec![0; table.domain.len()]).collect();
    if !tables.is_empty() {
        prepared.rows.each(|row| {
            for (((_, table), place), counts) in tables.iter().zip(&places).zip(&mut counts) {
                let code = cell_code(&row, *place, table).and_then(|code| counts.get_mut(code as usize - 1));
                if let Some(count) = code {
                    *count += 1;
                }
            }
            Ok::<(), WorkFault>(())
        })?;
    }
    let counted = |((_, table), counts): (&(u16, &TableShape), Vec<u64>)| {
        let withheld = source_floor(&counts, table.domain.categories(), context.manifest.floor);
        let released = (counts.iter().zip(&withheld))
            .map(|(count, withheld)| if *withheld { None } else { u32::try_from(*count).ok() })
            .collect();
        Counted { withheld, released }
    };
    Ok(tables.iter().zip(counts).map(counted).collect())
}

/// Where a row has what places it in a table.
#[derive(Clone, Copy)]
struct CellPlace {
    /// Of the metric, among the study's.
    metric: usize,
    /// Of the grouping, among the study's; none of a table by something else.
    group: Option<usize>,
}

impl CellPlace {
    fn of(context: &RoundContext, table: &TableShape) -> Self {
        // Every table of the study has a key of its cells, whoever is counted in it.
        let dimensions = context.manifest.column_keys.iter().filter_map(|key| match key {
            ColumnKey::Cell { dimension, .. } => Some(*dimension),
            ColumnKey::Window { .. } | ColumnKey::Link { .. } => None,
        });
        let groupings = Grouping::among(dimensions);
        let group = groupings.into_iter().position(|one| Dimension::Group(one) == table.domain.dimension);
        Self { metric: metric_place(context, table), group }
    }
}

/// The cell of a row in a table.
fn cell_code(row: &PreparedRow, place: CellPlace, table: &TableShape) -> Option<u32> {
    let category = match table.domain.dimension {
        Dimension::All => 0,
        Dimension::Ethnicity => row.ethnicity.index(),
        Dimension::Gender => row.gender.index(),
        // Its place among the schools that the study lists of this sender, as in the table's own domain.
        Dimension::School => row.school.into(),
        Dimension::Group(_) => place.group.and_then(|at| row.groups.get(at)).copied()?.into(),
    };
    table.domain.code(row.facts.get(place.metric)?.cohort?, category)
}

/// Makes the value of one column for a row.
enum ColumnMaker<'a> {
    Window { metric: usize, place: u8, window: Window, role: Role },
    Cell { place: CellPlace, table: &'a TableShape, withheld: &'a [bool] },
}

/// Place of a table's metric among the study's: windows stand in that order among the column keys.
fn metric_place(context: &RoundContext, table: &TableShape) -> usize {
    let first = table.window_keys.first().copied().map_or(0, usize::from);
    let before = context.manifest.column_keys.iter().take(first);
    before.filter(|key| matches!(key, ColumnKey::Window { place: 0, .. } | ColumnKey::Link { .. })).count()
}

fn column_makers<'a>(
    context: &'a RoundContext,
    tables: &[(u16, &'a TableShape)],
    counted: &'a [Counted],
) -> Result<Vec<ColumnMaker<'a>>, WorkFault> {
    let list = context.list(context.me)?;
    let mut makers = Vec::with_capacity(list.columns.len());
    for key in &list.columns {
        let own = tables.iter().position(|(_, table)| table.cell_key == *key);
        let maker = match (context.manifest.column_keys.get(usize::from(*key)), own) {
            (Some(ColumnKey::Window { place, .. }), _) => {
                let table = context.manifest.tables.iter().find(|table| table.window_keys.contains(key));
                let table = table.ok_or(WorkFault::SecretMissing)?;
                // A list is a sender's or a receiver's, in every table of a study.
                let role = if tables.is_empty() { Role::Receiver } else { Role::Sender };
                let metric = metric_place(context, table);
                ColumnMaker::Window { metric, place: *place, window: table.window, role }
            }
            (Some(ColumnKey::Cell { .. }), Some(own)) => {
                let table = tables.get(own).map(|(_, table)| *table).ok_or(WorkFault::SecretMissing)?;
                let withheld =
                    counted.get(own).map(|counted| counted.withheld.as_slice()).unwrap_or_default();
                ColumnMaker::Cell { place: CellPlace::of(context, table), table, withheld }
            }
            // A link stands in no list.
            (Some(ColumnKey::Cell { .. } | ColumnKey::Link { .. }) | None, _) => {
                return Err(WorkFault::SecretMissing);
            }
        };
        makers.push(maker);
    }
    Ok(makers)
}

/// What stands at one place of a row: the pairs in turn, begun at a random place, so that a place says nothing about a pair.
fn said_at(seen: &[(SchoolYear, u8)], place: u8, places: u8, turn: u8) -> Option<(SchoolYear, u8)> {
    let from_turn = place.checked_add(places)?.checked_sub(turn.checked_rem(places)?)?;
    seen.get(usize::from(from_turn.checked_rem(places)?)).copied()
}

/// `turn` is random, for this row alone.
fn plain_row(context: &RoundContext, row: &PreparedRow, makers: &[ColumnMaker<'_>], turn: u8) -> PlainRow {
    let slots = context.manifest.list(context.me).map(|list| list.slots.as_slice()).unwrap_or_default();
    let token = |(key, recipe): (&Option<passage_protocol::match_key::MatchKey>, &u8)| -> Option<MatchPoint> {
        let recipe = context.manifest.recipes.get(usize::from(*recipe))?;
        let key = key.as_ref()?;
        Some(hash_to_element(recipe, &context.manifest.round, &key.fields()))
    };
    let value = |maker: &ColumnMaker<'_>| match maker {
        ColumnMaker::Window { metric, place, window, role } => {
            let fact = row.facts.get(*metric);
            match (role, fact.and_then(|fact| fact.cohort)) {
                (Role::Sender, Some(cohort)) => ColumnValue::Code(Window::sender_value(cohort)),
                (Role::Sender, None) => ColumnValue::Undecodable,
                (Role::Receiver, _) => {
                    let seen = fact.map(|fact| fact.seen.as_slice()).unwrap_or_default();
                    ColumnValue::Code(Window::receiver_value(said_at(seen, *place, window.places(), turn)))
                }
            }
        }
        ColumnMaker::Cell { place, table, withheld } => match cell_code(row, *place, table) {
            Some(code) if withheld.get(code as usize - 1) == Some(&false) => ColumnValue::Code(code),
            Some(_) | None => ColumnValue::Undecodable,
        },
    };
    PlainRow {
        tokens: row.keys.iter().zip(slots).map(token).collect(),
        values: makers.iter().map(value).collect(),
    }
}

fn blind_shares(context: &RoundContext, secrets: &RoundSecrets) -> Result<Vec<(u16, Vec<u8>)>, WorkFault> {
    let Some(blind) = secrets.blind.get() else { return Ok(Vec::new()) };
    let mut shares = Vec::new();
    for (position, member) in context.manifest.committee.iter().enumerate() {
        if *member == context.me {
            continue;
        }
        let share = blind.share(position).ok_or(WorkFault::SecretMissing)?;
        let seal = context.seal(SealPurpose::BlindShare, context.me, 0, context.me, *member)?;
        shares.push((*member, seal_short(share.as_slice(), &seal, &context.hpke_key(*member)?)?));
    }
    Ok(shares)
}

fn tag_key_shares(context: &RoundContext, secrets: &RoundSecrets) -> Result<Vec<(u16, Vec<u8>)>, WorkFault> {
    if context.manifest.position(context.me).is_none() {
        return Ok(Vec::new());
    }
    let share = secrets.committee.tag_key_share();
    let mut shares = Vec::new();
    for member in context.manifest.committee.iter().filter(|member| **member != context.me) {
        let seal = context.seal(SealPurpose::HashKeyShare, context.me, 0, context.me, *member)?;
        shares.push((*member, seal_short(share.as_slice(), &seal, &context.hpke_key(*member)?)?));
    }
    Ok(shares)
}
