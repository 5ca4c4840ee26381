//! The stored tables as a whole: which are in force, what is read from them, and under which key (D4, I4).
//!
//! One value of the store is the catalogue, so that an import, an opt-out list, a new key and a destruction are each one change:
//! after a kill either the old catalogue is in force or the new one, and [`Home::settle`] removes what it does not name.

use std::{collections::HashSet, sync::PoisonError};

use passage_analytics::{sealed::SealedFile, table::TableSchema};
use passage_protocol::{
    agreement::Segment,
    codec::{Decode, Encode},
    ids::Digest,
};
use passage_shell::{audit::Act, failure::Failure, shelf::Room, store::Op};

use crate::{
    custody::{Custody, Guard, KeyState, Outer, remembered},
    home::{Home, refuse},
    records::CATALOGUE,
    roster::{OptOutList, OptOuts, Roster, SegmentKind, assemble},
    tables::{Catalogue, OPT_OUT_TABLE, StoredTable},
};

/// Key of the one entry of [`CATALOGUE`].
pub(super) const CATALOGUE_KEY: &[u8] = b"catalogue";
/// Tables a round is prepared from: people, and whatever a built-in metric reads of them. A change in any other does not make
/// another roster.
const ROSTER_TABLES: [&str; 7] =
    ["award", "course", "enrolment", OPT_OUT_TABLE, "section", "student", "wage"];

impl Home {
    /// The stored tables in force.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn stored(&self) -> Result<Vec<StoredTable>, Failure> {
        Ok(self.catalogue()?.tables)
    }

    pub(super) fn catalogue(&self) -> Result<Catalogue, Failure> {
        match self.store.get(CATALOGUE, CATALOGUE_KEY)? {
            Some(bytes) => Ok(Catalogue::from_bytes(&bytes)?),
            None => Err(refuse(
                0x2269,
                "the catalogue of the stored tables is missing",
                "Restore the folder from a backup.",
                Some("I7"),
            )),
        }
    }

    /// The state of the node key in force, from a store that may be new.
    pub(crate) fn key_state(store: &passage_shell::store::Store) -> Result<Option<KeyState>, Failure> {
        match store.get(CATALOGUE, CATALOGUE_KEY)? {
            Some(bytes) => Ok(Some(Catalogue::from_bytes(&bytes)?.keys)),
            None => Ok(None),
        }
    }

    /// Puts an empty catalogue under a new node key in force: the first act of a new folder.
    pub(crate) fn found(store: &passage_shell::store::Store, keys: KeyState) -> Result<(), Failure> {
        let catalogue = Catalogue { keys, tables: Vec::new() };
        Ok(store.commit(&[Op::put(CATALOGUE, CATALOGUE_KEY, catalogue.to_bytes())])?)
    }

    /// The roster with opt-outs honoured, and the digest of the snapshot it was read from.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a table is missing or damaged.
    pub fn roster(&self) -> Result<(Roster, Digest), Failure> {
        let custody = self.custody.read().unwrap_or_else(PoisonError::into_inner);
        let tables = self.stored()?;
        let tables: Vec<StoredTable> = tables.into_iter().filter(|entry| self.honours(entry)).collect();
        let opt_outs = OptOuts::load(&self.tables, &custody, &tables)?;
        let kind = match self.segment {
            Segment::K12 => SegmentKind::K12,
            Segment::Cc => SegmentKind::CommunityCollege,
            Segment::Univ => SegmentKind::University,
            Segment::Workforce => SegmentKind::Workforce,
        };
        let roster = assemble(&self.tables, &custody, &tables, &opt_outs, kind, &self.room())?;
        let read = tables.iter().filter(|entry| ROSTER_TABLES.contains(&entry.place.table.as_str()));
        let mut contents: Vec<Digest> = read.map(|entry| entry.content).collect();
        contents.sort_unstable();
        Ok((roster, Digest::derive("passage v1 roster snapshot", &contents.to_bytes())))
    }

    /// Where student records of this process may go, and the memory they may take there: `round_memory_mib`.
    #[must_use]
    pub fn room(&self) -> Room {
        Room::new(&self.shelf, self.settings.round_memory_bytes())
    }

    /// Every table a query may see, opened: it can be read to its end even if an import replaces files meanwhile.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a table is missing or damaged.
    pub fn open_tables(&self) -> Result<Vec<(TableSchema, Vec<SealedFile>)>, Failure> {
        let custody = self.custody.read().unwrap_or_else(PoisonError::into_inner);
        let mut stored = self.stored()?;
        stored.sort_by(|a, b| a.place.cmp(&b.place));
        let mut open = Vec::new();
        for (name, schema) in self.schemas.queryable() {
            let mut files = Vec::new();
            for entry in stored.iter().filter(|entry| entry.place.table == name) {
                files.push(self.tables.open(&custody, entry)?);
            }
            open.push((schema, files));
        }
        Ok(open)
    }

    /// False for the list of directory blocks where the institution has set that it does not keep these students out (F6).
    fn honours(&self, entry: &StoredTable) -> bool {
        entry.place.family != OptOutList::Directory.family() || self.settings.exclude_blocked
    }

    /// Number of entries of a stored list of opt-outs.
    ///
    /// # Errors
    ///
    /// [`Failure`] if its table is missing or damaged.
    pub fn opt_out_count(&self, list: &StoredTable) -> Result<usize, Failure> {
        let custody = self.custody.read().unwrap_or_else(PoisonError::into_inner);
        Ok(OptOuts::load(&self.tables, &custody, std::slice::from_ref(list))?.len())
    }

    /// Seals everything under a new node key, guarded as asked for (I4).
    ///
    /// # Errors
    ///
    /// [`Failure`] of the disk or of the passphrase or credential; the old key then stays in force.
    pub fn rekey(&self, guard: Option<Guard>) -> Result<Guard, Failure> {
        let _one_at_a_time = self.roster_change.lock().unwrap_or_else(PoisonError::into_inner);
        let Catalogue { keys, tables } = self.catalogue()?;
        let guard = guard.unwrap_or(keys.guard);
        let renewed = Act::DataKeyRenewed { guard: guard.word() };
        self.recorded(&renewed, || self.renew_key(guard, &keys, tables))
    }

    fn renew_key(&self, guard: Guard, keys: &KeyState, tables: Vec<StoredTable>) -> Result<Guard, Failure> {
        let mut custody = self.custody.write().unwrap_or_else(PoisonError::into_inner);
        let outer = remembered(self.settings.outer());
        let (next, next_keys) = self.next_custody(keys, guard, Some(&custody), &outer)?;
        let catalogue = Catalogue { keys: next_keys, tables: rewrap(&custody, &next, tables)? };
        self.store.commit(&[Op::put(CATALOGUE, CATALOGUE_KEY, catalogue.to_bytes())])?;
        *custody = next;
        drop(custody);
        self.settle(&outer)?;
        Ok(guard)
    }

    /// The generation after `keys`, in the folder but not in force.
    pub(super) fn next_custody(
        &self,
        keys: &KeyState,
        guard: Guard,
        before: Option<&Custody>,
        outer: &Outer<'_>,
    ) -> Result<(Custody, KeyState), Failure> {
        Custody::create(&self.dir.folder("keys")?, keys.generation.saturating_add(1), guard, outer, before)
    }

    /// Puts `tables` in force. If the store refuses, the files of `existing` are what is kept.
    pub(super) fn commit_tables(
        &self,
        existing: &[StoredTable],
        tables: Vec<StoredTable>,
    ) -> Result<(), Failure> {
        let _nobody_reads = self.custody.write().unwrap_or_else(PoisonError::into_inner);
        let keys = self.catalogue()?.keys;
        let catalogue = Catalogue { keys, tables };
        if let Err(error) = self.store.commit(&[Op::put(CATALOGUE, CATALOGUE_KEY, catalogue.to_bytes())]) {
            let _ = self.sweep_tables(existing); // the error below is the one to report; `open` sweeps again
            return Err(error.into());
        }
        self.sweep_tables(&catalogue.tables)
    }

    /// Removes every file of the folder of tables that `tables` do not name.
    pub(crate) fn sweep_tables(&self, tables: &[StoredTable]) -> Result<(), Failure> {
        let keep: HashSet<Digest> = tables.iter().map(|entry| entry.digest).collect();
        self.tables.sweep(&keep)?;
        Ok(())
    }
}

/// The same tables with their keys wrapped by the new node key.
pub(super) fn rewrap(
    old: &Custody,
    new: &Custody,
    tables: Vec<StoredTable>,
) -> Result<Vec<StoredTable>, Failure> {
    let again = |entry: StoredTable| {
        let label = entry.place.label();
        let key = old
            .unwrap(&entry.key, &label)
            .ok_or(crate::tables::TablesError::KeyLost { place: label.clone() })?;
        Ok(StoredTable { key: new.wrap(&key, &label)?, ..entry })
    };
    tables.into_iter().map(again).collect()
}
