//! The signed chain of statements over one list or one table: what was accepted, and what may come next.

use crate::{
    ids::Digest,
    manifest::Manifest,
    mixing::TableTurn,
    round::{Abort, AbortReason},
    signing::{SignatureKind, Signed},
    wire::{HopStatement, TableHopStatement},
};

/// Checks that `statement` is the next pass of its list (SPEC §6.3).
///
/// # Errors
///
/// [`AbortReason::Signature`] or [`AbortReason::ChainBroken`], at the fault of the member whose turn it is.
pub(super) fn next_hop(
    manifest: &Manifest,
    digest: Digest,
    accepted: &[HopStatement],
    statement: &Signed<HopStatement>,
) -> Result<(), Abort> {
    let value = &statement.value();
    let list = manifest.list(value.list).ok_or(Abort::because(AbortReason::ChainBroken))?;
    let hop = u8::try_from(accepted.len()).unwrap_or(u8::MAX);
    let seat = list.pass(hop).and_then(|participant| manifest.seat(participant));
    let seat = seat.ok_or(Abort::because(AbortReason::ChainBroken))?;
    (statement.verify(SignatureKind::HopStatement, Some(manifest.round), &seat.signing_key))
        .map_err(|_| Abort::by(AbortReason::Signature, seat.code))?;
    let row = list.row()?;
    let plain = u64::from(list.rows);
    let bytes = if hop == list.last_hop() {
        plain.saturating_mul(row.tag_bytes() as u64)
    } else {
        crate::seal::sealed_len(plain.saturating_mul(row.row_bytes() as u64))
    };
    let input = accepted.last().map_or(Digest([0; 32]), |last| last.output);
    let continues = value.manifest == digest
        && value.hop == hop
        && value.rows == list.rows
        && value.input == input
        && value.sealed.bytes == bytes;
    if continues { Ok(()) } else { Err(Abort::by(AbortReason::ChainBroken, seat.code)) }
}

/// Checks that `statement` is the next pass of its table (SPEC §8). `planned` is the number of tuples in the plan.
///
/// # Errors
///
/// As [`next_hop`].
pub(super) fn next_table_hop(
    manifest: &Manifest,
    digest: Digest,
    plan: Digest,
    planned: u32,
    accepted: &[TableHopStatement],
    statement: &Signed<TableHopStatement>,
) -> Result<(), Abort> {
    let value = &statement.value();
    let table = manifest.table(value.table).ok_or(Abort::because(AbortReason::ChainBroken))?;
    let hop = accepted.len();
    let seat = manifest.committee.get(hop).and_then(|participant| manifest.seat(*participant));
    let seat = seat.ok_or(Abort::because(AbortReason::ChainBroken))?;
    (statement.verify(SignatureKind::TableHopStatement, Some(manifest.round), &seat.signing_key))
        .map_err(|_| Abort::by(AbortReason::Signature, seat.code))?;
    let tuples = u64::from(planned) + (hop as u64 + 1).saturating_mul(manifest.noise_tuples(table)?);
    let turn = TableTurn::new(hop, manifest.committee.len());
    let plain = tuples.saturating_mul(table.tuple()?.bytes_after(turn) as u64);
    let last = turn.is_last();
    let bytes = if last { plain } else { crate::seal::sealed_len(plain) };
    let input = accepted.last().map_or(plan, |last| last.output);
    let continues = value.manifest == digest
        && usize::from(value.hop) == hop
        && u64::from(value.tuples) == tuples
        && value.input == input
        && value.sealed.bytes == bytes
        && (!last || value.sealed.digest == value.output);
    if continues { Ok(()) } else { Err(Abort::by(AbortReason::ChainBroken, seat.code)) }
}
