//! Small state, kept atomically and durably. The only file that names sled.
//!
//! # What it promises
//!
//! * A commit is whole or absent, across tables, and survives a power cut once [`Store::commit`] returned.
//! * A value that comes back is the one that was put: each carries a BLAKE3 check.
//!
//! # What it does not promise
//!
//! It is not for bulk: sled keeps about 3 KB of memory per entry. Lists and blobs go to [`crate::shelf`]. It detects
//! corruption, it does not repair it; backups do.
//!
//! sled 0.34.7's `flush` ends in `sync_file_range`, which flushes neither file growth nor the disk's cache: in a
//! power-loss simulation all runs lost acknowledged commits. A second handle on `<dir>/db` and `sync_data` mended all.

mod error;

pub use self::error::StoreError;
use core::fmt;
use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Version of the layout below; a store of another version is refused, never guessed at.
const SCHEMA: u32 = 1;
/// Table 0 belongs to the store itself.
const OWN: Table = Table(0);
const CHECK_BYTES: usize = 16;

/// A table: one byte in front of every key. 0 is the store's own.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Table(pub u8);

/// One change of a commit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Op {
    /// Removes a key; absent keys are no error.
    Delete {
        /** Where. */
        table: Table,
        /** Which. */
        key: Vec<u8>,
    },
    /// Sets a key.
    Put {
        /** Where. */
        table: Table,
        /** Which. */
        key: Vec<u8>,
        /** To what. */
        value: Vec<u8>,
    },
}

impl Op {
    /// Sets `key` in `table`.
    pub fn put(table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self::Put { table, key: key.into(), value: value.into() }
    }

    /// Removes `key` from `table`.
    pub fn delete(table: Table, key: impl Into<Vec<u8>>) -> Self {
        Self::Delete { table, key: key.into() }
    }
}

/// An open store. Calls block for a few milliseconds: use a blocking thread where that matters.
pub struct Store {
    db: sled::Db,
    /// Second handle on the database file, held for its `sync_data`; also serialises writers.
    file: Mutex<Option<File>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Store")
    }
}

impl Store {
    /// Opens or creates the store in the folder `dir`. Never open one folder twice; [`crate::state_dir`] sees to it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] if recovery fails (sled may panic in it: caught), [`StoreError::Schema`] for another version.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let config = sled::Config::new().path(dir).flush_every_ms(None).cache_capacity(16 << 20);
        let db = catch_unwind(AssertUnwindSafe(|| config.open()))
            .map_err(|_| StoreError::Damaged { stage: "recovery" })?
            .map_err(|error| refuse(&error, "opening"))?;
        let file = File::open(dir.join("db")).map_err(|error| StoreError::Io { kind: error.kind() })?;
        Self::with(db, Some(file))
    }

    /// A store for tests that vanishes when dropped and is not durable.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn scratch() -> Result<Self, StoreError> {
        let db = sled::Config::new().temporary(true).flush_every_ms(None).open();
        Self::with(db.map_err(|error| refuse(&error, "opening"))?, None)
    }

    fn with(db: sled::Db, file: Option<File>) -> Result<Self, StoreError> {
        let store = Self { db, file: Mutex::new(file) };
        match store.get(OWN, b"schema")? {
            None => store.write(&[Op::put(OWN, *b"schema", SCHEMA.to_le_bytes())])?,
            Some(bytes) if bytes == SCHEMA.to_le_bytes() => {}
            Some(bytes) => {
                let found = bytes.try_into().map_or(u32::MAX, u32::from_le_bytes);
                return Err(StoreError::Schema { found, expected: SCHEMA });
            }
        }
        Ok(store)
    }

    /// The value of `key`, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] if the stored bytes are not those that were put.
    pub fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let full = full_key(table, key);
        match self.db.get(&full).map_err(|error| refuse(&error, "reading"))? {
            Some(stored) => unwrap_value(&full, &stored).map(Some),
            None => Ok(None),
        }
    }

    /// All pairs of `table` whose key starts with `prefix`, in key order.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    #[allow(clippy::type_complexity, reason = "a list of pairs needs no name of its own")]
    pub fn scan(&self, table: Table, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let mut pairs = Vec::new();
        for pair in self.db.scan_prefix(full_key(table, prefix)) {
            let (full, stored) = pair.map_err(|error| refuse(&error, "scanning"))?;
            let value = unwrap_value(&full, &stored)?;
            pairs.push((full.get(1..).unwrap_or_default().to_vec(), value));
        }
        Ok(pairs)
    }

    /// Applies `ops` in order, all or none, and returns once they would survive a power cut.
    ///
    /// # Errors
    ///
    /// [`StoreError::DiskFull`] and other failures of the disk; then none is applied, or the process should stop.
    pub fn commit(&self, ops: &[Op]) -> Result<(), StoreError> {
        self.transact(|| Ok::<_, StoreError>((ops.to_vec(), ())))
    }

    /// Runs `decide` while no other writer can, then commits what it returns: read, decide and write as one step.
    ///
    /// `decide` may call `get` and `scan`; calling `commit` inside it would wait for itself.
    ///
    /// # Errors
    ///
    /// Whatever `decide` refuses (nothing is written), or as [`commit`](Self::commit).
    pub fn transact<T, E: From<StoreError>>(
        &self,
        decide: impl FnOnce() -> Result<(Vec<Op>, T), E>,
    ) -> Result<T, E> {
        let guard = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let (ops, outcome) = decide()?;
        self.apply(&ops, guard.as_ref())?;
        Ok(outcome)
    }

    /// The next number of the sequence `name`, starting at 1; never handed out twice, even after a power cut.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit).
    pub fn next(&self, name: &str) -> Result<u64, StoreError> {
        let key = [b"sequence/", name.as_bytes()].concat();
        self.transact(|| {
            let last = match self.get(OWN, &key)? {
                Some(bytes) => u64::from_le_bytes(
                    bytes.try_into().map_err(|_| StoreError::Damaged { stage: "a sequence" })?,
                ),
                None => 0,
            };
            let next = last.checked_add(1).ok_or(StoreError::Damaged { stage: "a sequence" })?;
            Ok((vec![Op::put(OWN, key.clone(), next.to_le_bytes())], next))
        })
    }

    fn write(&self, ops: &[Op]) -> Result<(), StoreError> {
        let guard = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        self.apply(ops, guard.as_ref())
    }

    fn apply(&self, ops: &[Op], file: Option<&File>) -> Result<(), StoreError> {
        if ops.is_empty() {
            return Ok(());
        }
        let mut batch = sled::Batch::default();
        for op in ops {
            match op {
                Op::Delete { table, key } => batch.remove(full_key(*table, key)),
                Op::Put { table, key, value } => {
                    let full = full_key(*table, key);
                    let stored = [check(&full, value).as_slice(), value].concat();
                    batch.insert(full, stored);
                }
            }
        }
        let flushed = catch_unwind(AssertUnwindSafe(|| {
            self.db.apply_batch(batch)?;
            self.db.flush()
        }));
        flushed
            .map_err(|_| StoreError::Damaged { stage: "writing" })?
            .map_err(|error| refuse(&error, "writing"))?;
        if let Some(file) = file {
            file.sync_data().map_err(|error| refuse(&sled::Error::Io(error), "syncing"))?;
        }
        Ok(())
    }
}

fn full_key(table: Table, key: &[u8]) -> Vec<u8> {
    let mut full = Vec::with_capacity(key.len() + 1);
    full.push(table.0);
    full.extend_from_slice(key);
    full
}

/// First 16 bytes of BLAKE3 over key length, key and value: a value under another key does not pass either.
fn check(full: &[u8], value: &[u8]) -> [u8; CHECK_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(full.len() as u64).to_le_bytes()).update(full).update(value);
    let mut out = [0; CHECK_BYTES];
    hasher.finalize_xof().fill(&mut out);
    out
}

fn unwrap_value(full: &[u8], stored: &[u8]) -> Result<Vec<u8>, StoreError> {
    match stored.split_at_checked(CHECK_BYTES) {
        Some((found, value)) if found == check(full, value) => Ok(value.to_vec()),
        Some(_) | None => Err(StoreError::Damaged { stage: "a stored value" }),
    }
}

fn refuse(error: &sled::Error, stage: &'static str) -> StoreError {
    match error {
        sled::Error::Io(error) if crate::state_dir::is_disk_full(error) => StoreError::DiskFull,
        sled::Error::Io(error) => StoreError::Io { kind: error.kind() },
        sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_)
        | sled::Error::Corruption { .. } => StoreError::Damaged { stage },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Table = Table(1);
    const B: Table = Table(2);

    #[test]
    fn commits_span_tables_and_survive_reopening() {
        let dir = tempfile::tempdir().unwrap();
        {
            let store = Store::open(dir.path()).unwrap();
            store
                .commit(&[
                    Op::put(A, *b"k1", *b"v1"),
                    Op::put(B, *b"k1", *b"other"),
                    Op::put(A, *b"k2", *b"v2"),
                ])
                .unwrap();
            store.commit(&[Op::delete(A, *b"k2")]).unwrap();
            assert_eq!(store.next("round").unwrap(), 1);
        }
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.get(A, b"k1").unwrap().unwrap(), b"v1");
        assert_eq!(store.scan(A, b"k").unwrap(), vec![(b"k1".to_vec(), b"v1".to_vec())]);
        assert_eq!(store.scan(B, b"").unwrap().len(), 1);
        assert_eq!(store.next("round").unwrap(), 2);
        assert_eq!(store.next("other").unwrap(), 1);
    }

    #[test]
    fn a_value_moved_to_another_key_is_damaged() {
        let store = Store::scratch().unwrap();
        store.commit(&[Op::put(A, *b"k1", *b"v1")]).unwrap();
        let stored = store.db.get(full_key(A, b"k1")).unwrap().unwrap();
        store.db.insert(full_key(A, b"k2"), stored).unwrap();
        assert_eq!(store.get(A, b"k2"), Err(StoreError::Damaged { stage: "a stored value" }));
    }

    #[test]
    fn another_schema_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        {
            let store = Store::open(dir.path()).unwrap();
            store.commit(&[Op::put(OWN, *b"schema", 9_u32.to_le_bytes())]).unwrap();
        }
        assert_eq!(Store::open(dir.path()).unwrap_err(), StoreError::Schema { found: 9, expected: SCHEMA });
    }

    #[test]
    fn a_refused_decision_writes_nothing_and_two_writers_never_share_a_number() {
        let store = Store::scratch().unwrap();
        let refused: Result<(), StoreError> = store.transact(|| Err(StoreError::DiskFull));
        assert_eq!(refused, Err(StoreError::DiskFull));
        let mut numbers: Vec<u64> = std::thread::scope(|scope| {
            let hands: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..10).map(|_| store.next("n").unwrap()).collect::<Vec<_>>()))
                .collect();
            hands.into_iter().flat_map(|hand| hand.join().unwrap()).collect()
        });
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    }

    #[test]
    fn a_damaged_file_is_refused_not_a_panic() {
        let dir = tempfile::tempdir().unwrap();
        {
            let store = Store::open(dir.path()).unwrap();
            for number in 0..50_u8 {
                store.commit(&[Op::put(A, [number], vec![number; 500])]).unwrap();
            }
        }
        let path = dir.path().join("conf");
        std::fs::write(&path, b"not a sled configuration").unwrap();
        assert!(matches!(Store::open(dir.path()), Err(StoreError::Damaged { .. } | StoreError::Io { .. })));
    }
}
