//! The stored tables as a whole: which are in force, what is read from them, and their destruction (D4, F10, G15).
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
use passage_shell::{failure::Failure, store::Op};
use serde::{Deserialize, Serialize};

use crate::{
    certificate::{Destroyed, Statement},
    custody::{Custody, Guard, KeyState, shred_others},
    home::{Home, refuse},
    records::{CATALOGUE, CERTIFICATES},
    roster::{OptOuts, Roster, SegmentKind, assemble},
    tables::{Catalogue, OPT_OUT_TABLE, Place, StoredTable},
};

/// Key of the one entry of [`CATALOGUE`].
const CATALOGUE_KEY: &[u8] = b"catalogue";
/// Tables a round is prepared from. A change in any other does not make another roster.
const ROSTER_TABLES: [&str; 4] = ["award", "enrolment", OPT_OUT_TABLE, "student"];

/// Which stored tables a destruction means; nothing given means everything.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Scope {
    /// Only tables read with this layout.
    pub layout: Option<String>,
    /// Only tables of this school year.
    pub year: Option<super::Period>,
}

impl Scope {
    fn covers(&self, place: &Place) -> bool {
        let year = self.year.map(String::from);
        self.layout.as_ref().is_none_or(|layout| *layout == place.layout)
            && year.is_none_or(|year| year == place.year_word())
    }

    fn is_all(&self) -> bool {
        self.layout.is_none() && self.year.is_none()
    }

    fn words(&self) -> String {
        let year = self.year.map(String::from);
        match (&self.layout, year) {
            (None, None) => "every student record and the opt-out list".to_owned(),
            (Some(layout), None) => format!("what was read with layout {layout}"),
            (None, Some(year)) => format!("what belongs to school year {year}"),
            (Some(layout), Some(year)) => {
                format!("what was read with layout {layout} for school year {year}")
            }
        }
    }
}

impl Home {
    /// The stored tables in force.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn stored(&self) -> Result<Vec<StoredTable>, Failure> {
        Ok(self.catalogue()?.tables)
    }

    fn catalogue(&self) -> Result<Catalogue, Failure> {
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
        let opt_outs = OptOuts::load(&self.tables, &custody, &tables)?;
        let kind = match self.segment {
            Segment::K12 => SegmentKind::K12,
            Segment::Cc => SegmentKind::CommunityCollege,
            Segment::Univ | Segment::Workforce => SegmentKind::University,
        };
        let roster = assemble(&self.tables, &custody, &tables, &opt_outs, kind)?;
        let read = tables.iter().filter(|entry| ROSTER_TABLES.contains(&entry.place.table.as_str()));
        let mut contents: Vec<Digest> = read.map(|entry| entry.content).collect();
        contents.sort_unstable();
        Ok((roster, Digest::derive("passage v1 roster snapshot", &contents.to_bytes())))
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

    /// Number of entries of the opt-out list in force.
    ///
    /// # Errors
    ///
    /// [`Failure`] if its table is missing or damaged.
    pub fn opt_out_count(&self) -> Result<usize, Failure> {
        let custody = self.custody.read().unwrap_or_else(PoisonError::into_inner);
        Ok(OptOuts::load(&self.tables, &custody, &self.stored()?)?.len())
    }

    /// Destroys stored records for good (F10, L3): the node key's half on this disk is overwritten and replaced, the keys of what is
    /// kept are wrapped anew, the files are removed, and a signed certificate says so. Running queries are ended first.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is nothing to destroy, or of the disk; repeated, it goes on where it stopped.
    pub fn destroy_data(&self, by: &str, scope: &Scope) -> Result<(Statement, std::path::PathBuf), Failure> {
        let _one_at_a_time = self.roster_change.lock().unwrap_or_else(PoisonError::into_inner);
        let Catalogue { keys, tables } = self.catalogue()?;
        let (destroyed, kept): (Vec<_>, Vec<_>) =
            tables.into_iter().partition(|entry| scope.covers(&entry.place));
        if destroyed.is_empty() {
            let what = format!("there is no student record here that is {}", scope.words());
            return Err(refuse(0x2230, &what, "`data status` lists what is stored.", Some("F10")));
        }
        self.queries.end_all();
        let mut custody = self.custody.write().unwrap_or_else(PoisonError::into_inner);
        let before = (!scope.is_all()).then_some(&*custody);
        let (next, next_keys) = self.next_custody(&keys, keys.guard, before)?;
        let rewrapped = rewrap(&custody, &next, kept)?;
        let statement = self.statement(by, scope, &keys, &next, &destroyed);
        let catalogue = Catalogue { keys: next_keys, tables: rewrapped };
        self.store.commit(&[
            Op::put(CATALOGUE, CATALOGUE_KEY, catalogue.to_bytes()),
            Op::put(CERTIFICATES, statement.destroyed_at.as_bytes(), text(&statement)?.into_bytes()),
        ])?;
        *custody = next;
        drop(custody);
        self.settle()?;
        let path = self.issue_certificates()?.pop();
        let path =
            path.ok_or_else(|| Failure::io("write the certificate", &std::io::ErrorKind::NotFound.into()))?;
        Ok((statement, path))
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
        let mut custody = self.custody.write().unwrap_or_else(PoisonError::into_inner);
        let (next, next_keys) = self.next_custody(&keys, guard, Some(&custody))?;
        let catalogue = Catalogue { keys: next_keys, tables: rewrap(&custody, &next, tables)? };
        self.store.commit(&[Op::put(CATALOGUE, CATALOGUE_KEY, catalogue.to_bytes())])?;
        *custody = next;
        drop(custody);
        self.settle()?;
        self.record("data key renewed", &[("guard", guard.word())])?;
        Ok(guard)
    }

    fn next_custody(
        &self,
        keys: &KeyState,
        guard: Guard,
        before: Option<&Custody>,
    ) -> Result<(Custody, KeyState), Failure> {
        let outer = self.settings.outer();
        Custody::create(&self.dir.folder("keys")?, keys.generation.saturating_add(1), guard, &outer, before)
    }

    /// The account of a destruction, with what was tried: the new key opens none of the files.
    fn statement(
        &self,
        by: &str,
        scope: &Scope,
        keys: &KeyState,
        next: &Custody,
        destroyed: &[StoredTable],
    ) -> Statement {
        let closed =
            destroyed.iter().filter(|entry| next.unwrap(&entry.key, &entry.place.label()).is_none()).count();
        let item = |entry: &StoredTable| Destroyed {
            table: entry.place.table.clone(),
            layout: entry.place.layout.clone(),
            period: entry.place.period_word(),
            rows: entry.rows,
            file: entry.digest.to_string(),
        };
        Statement {
            format: Statement::format(),
            member: self.code.to_string(),
            consortium: self.membership.consortium.clone(),
            signing_key: self.signing_key.verifying_key().to_string(),
            destroyed_by: by.to_owned(),
            destroyed_at: self.now().to_string(),
            scope: scope.words(),
            method: format!(
                "cryptographic erase (NIST SP 800-88): generation {} of the node key overwritten on its disk and removed, then \
                 the sealed files removed; copies in backups or on flash media stay sealed under a key that no longer exists here",
                keys.generation
            ),
            verified: format!(
                "the key now in force opens {} of the {} files",
                destroyed.len() - closed,
                destroyed.len()
            ),
            table: destroyed.iter().map(item).collect(),
        }
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

    /// Brings the folder in line with the catalogue: old key halves shredded, files it does not name removed. Done after every
    /// change and whenever the folder is opened, so that a kill in between leaves nothing.
    pub(crate) fn settle(&self) -> Result<(), Failure> {
        let catalogue = self.catalogue()?;
        shred_others(&self.dir.folder("keys")?, catalogue.keys.generation)?;
        self.sweep_tables(&catalogue.tables)
    }

    /// Signs and writes the certificates of destructions that are done; also those a kill held up.
    pub(crate) fn issue_certificates(&self) -> Result<Vec<std::path::PathBuf>, Failure> {
        let folder = self.dir.folder("certificates")?;
        let mut written = Vec::new();
        for (key, draft) in self.store.scan(CERTIFICATES, b"")? {
            let draft = String::from_utf8(draft).map_err(|_| self.damaged_draft())?;
            let statement: Statement = toml::from_str(&draft).map_err(|_| self.damaged_draft())?;
            let name = statement.destroyed_at.replace(':', "");
            let path = folder.join(format!("destruction-{name}.toml"));
            passage_shell::state_dir::write_atomically(&path, statement.sign(&self.signing_key)?.as_bytes())?;
            let tables = statement.table.len().to_string();
            self.record("data destroyed", &[("tables", &tables), ("by", &statement.destroyed_by)])?;
            self.store.commit(&[Op::delete(CERTIFICATES, key)])?;
            written.push(path);
        }
        Ok(written)
    }

    #[allow(clippy::unused_self, reason = "reads as what it is where it is used")]
    fn damaged_draft(&self) -> Failure {
        refuse(
            0x226A,
            "the draft of a certificate of destruction is damaged",
            "Restore the folder from a backup; the destruction itself was carried out.",
            Some("F10"),
        )
    }
}

fn rewrap(old: &Custody, new: &Custody, tables: Vec<StoredTable>) -> Result<Vec<StoredTable>, Failure> {
    let again = |entry: StoredTable| {
        let label = entry.place.label();
        let key = old
            .unwrap(&entry.key, &label)
            .ok_or(crate::tables::TablesError::KeyLost { place: label.clone() })?;
        Ok(StoredTable { key: new.wrap(&key, &label)?, ..entry })
    };
    tables.into_iter().map(again).collect()
}

fn text(statement: &Statement) -> Result<String, Failure> {
    toml::to_string(statement)
        .map_err(|_| Failure::io("write the certificate", &std::io::ErrorKind::InvalidData.into()))
}
