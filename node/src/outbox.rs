//! What must reach the coordinator, kept on disk until it has: written in the transaction that decided it, sent in order,
//! removed when answered. Requests are idempotent, so sending one again after a crash is harmless.

use passage_protocol::codec::{Decode, Encode};
use passage_shell::{
    failure::Failure,
    store::{Op, Store, StoreError},
};

use crate::records::{OUTBOX, Outbound};

/// Adds a request to `ops` under the next free number.
///
/// # Errors
///
/// [`StoreError`]. Call it inside [`Store::transact`], so that no number is given twice.
pub fn append(store: &Store, ops: &mut Vec<Op>, kind: u16, body: Vec<u8>) -> Result<(), StoreError> {
    let pending =
        ops.iter().filter(|op| matches!(op, Op::Put { table, .. } if *table == OUTBOX)).count() as u64;
    let last = match store.scan(OUTBOX, &[])?.last() {
        Some((key, _)) => number(key),
        None => 0,
    };
    let key = (last + 1 + pending).to_be_bytes();
    ops.push(Op::put(OUTBOX, key, Outbound { kind, body }.to_bytes()));
    Ok(())
}

/// The oldest request not yet answered.
///
/// # Errors
///
/// [`Failure`] if the store is damaged.
pub fn first(store: &Store) -> Result<Option<(u64, Outbound)>, Failure> {
    match store.scan(OUTBOX, &[])?.into_iter().next() {
        Some((key, value)) => Ok(Some((number(&key), Outbound::from_bytes(&value)?))),
        None => Ok(None),
    }
}

/// Removes an answered request.
///
/// # Errors
///
/// [`StoreError`].
pub fn remove(store: &Store, number: u64) -> Result<(), StoreError> {
    store.commit(&[Op::delete(OUTBOX, number.to_be_bytes())])
}

fn number(key: &[u8]) -> u64 {
    key.try_into().map_or(0, u64::from_be_bytes)
}
