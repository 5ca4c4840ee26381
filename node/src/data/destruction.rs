//! The destruction of stored records, from the order to the certificate (F10, G15, L3).
//!
//! ```text
//! order: new half, kept keys wrapped anew, one transaction    a kill before it: nothing was ordered
//!   1 overwrite the old half, read it back, note that in the store
//!   2 remove its name
//!   3 remove the sealed files the catalogue does not name
//! look at what is left, sign what was found                   a kill at any point after the order: all of it is done again
//! ```
//!
//! The steps can be repeated and are, whenever the folder is opened. The certificate comes last: while anything that was
//! destroyed can still be read with what is left, there is none.

#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::PoisonError,
};

use passage_protocol::{
    codec::{Decode, Encode},
    codec_struct,
    timestamp::Timestamp,
};
use passage_shell::{
    audit::Act,
    destruction::{Destroyed, FOLDER, Findings, Statement},
    failure::Failure,
    state_dir::write_atomically,
    store::Op,
};
use serde::{Deserialize, Serialize};

use super::{
    Period,
    stored::{CATALOGUE_KEY, rewrap},
};
use crate::{
    custody::{Custody, KeyState, Outer, remembered, shred},
    home::{Home, refuse},
    records::{CATALOGUE, DESTRUCTIONS},
    tables::{Catalogue, Place, StoredTable},
};

/// Part of a destruction that may be done again after a kill.
type Step = fn(&Home) -> Result<(), Failure>;

/// What follows an order, in this sequence.
const STEPS: [Step; 3] = [Home::overwrite_old_halves, Home::remove_old_halves, Home::sweep_files];

/// Which stored tables a destruction means; nothing given means everything.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Scope {
    /// Only tables read with this layout, or with one of its family.
    pub layout: Option<String>,
    /// Only tables of this school year.
    pub year: Option<Period>,
}

impl Scope {
    fn covers(&self, place: &Place) -> bool {
        let year = self.year.map(String::from);
        self.layout.as_ref().is_none_or(|layout| *layout == place.family)
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

/// A destruction that is in force and has no certificate yet.
#[derive(Clone, Debug)]
struct Ordered {
    by: String,
    at: Timestamp,
    scope: String,
    /// The node key that was in force.
    old: KeyState,
    /// What is destroyed, with the keys that `old` wrapped.
    tables: Vec<StoredTable>,
    /// How many of these keys opened when the order was given.
    opened: u64,
    /// Whether the old half was overwritten here and zeros were read back.
    overwritten: bool,
}
codec_struct!(Ordered { by, at, scope, old, tables, opened, overwritten });

impl Home {
    /// Destroys stored records for good (F10, L3): the node key's half on this disk is overwritten and replaced, the keys of what
    /// is kept are wrapped anew, the files are removed, and a signed certificate says what was found afterwards.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is nothing to destroy, of the disk, or if what is left can still be read; the destruction then goes
    /// on where it stopped when the folder is opened next.
    pub fn destroy_data(&self, by: &str, scope: &Scope) -> Result<(Statement, PathBuf), Failure> {
        let _one_at_a_time = self.roster_change.lock().unwrap_or_else(PoisonError::into_inner);
        let outer = remembered(self.settings.outer());
        self.order(by, scope, &outer)?;
        // An earlier destruction whose certificate is overdue comes first.
        self.settle(&outer)?.pop().ok_or_else(|| not_written(&io::ErrorKind::NotFound.into()))
    }

    /// Puts the catalogue without the destroyed tables in force, under a new node key.
    fn order(&self, by: &str, scope: &Scope, outer: &Outer<'_>) -> Result<(), Failure> {
        let Catalogue { keys, tables } = self.catalogue()?;
        let (destroyed, kept): (Vec<_>, Vec<_>) =
            tables.into_iter().partition(|entry| scope.covers(&entry.place));
        if destroyed.is_empty() {
            let what = format!("there is no student record here that is {}", scope.words());
            return Err(refuse(0x2230, &what, "`data status` lists what is stored.", Some("F10")));
        }
        let mut custody = self.custody.write().unwrap_or_else(PoisonError::into_inner);
        let before = (!scope.is_all()).then_some(&*custody);
        let (next, next_keys) = self.next_custody(&keys, keys.guard, before, outer)?;
        let rewrapped = rewrap(&custody, &next, kept)?;
        let ordered = Ordered {
            by: by.to_owned(),
            at: self.now(),
            scope: scope.words(),
            opened: opening(&custody, &destroyed),
            old: keys,
            tables: destroyed,
            overwritten: false,
        };
        // While nobody can open a table: a query that has opened some is ended, one that opens them later finds the new ones.
        let destroying = Act::DataDestroyed { tables: ordered.tables.len(), by };
        self.recorded(&destroying, || {
            self.queries.end_all();
            let catalogue = Catalogue { keys: next_keys, tables: rewrapped };
            let mut ops = vec![Op::put(CATALOGUE, CATALOGUE_KEY, catalogue.to_bytes()), ordered.put()];
            if scope.is_all() {
                ops.extend(self.forget_references()?);
                ops.extend(self.forget_all_counted()?);
            }
            self.store.commit(&ops)?;
            *custody = next;
            Ok(())
        })
    }

    /// Brings the folder in line with the catalogue and certifies the destructions that are done. Called after every change of the
    /// node key and whenever the folder is opened, so that a kill in between leaves nothing. Answers the certificates, the
    /// oldest destruction first.
    pub(crate) fn settle(&self, outer: &Outer<'_>) -> Result<Vec<(Statement, PathBuf)>, Failure> {
        STEPS.iter().try_for_each(|step| step(self))?;
        self.ordered()?.iter().map(|ordered| self.certify(ordered, outer)).collect()
    }

    fn ordered(&self) -> Result<Vec<Ordered>, Failure> {
        let read = |(_, bytes): (Vec<u8>, Vec<u8>)| Ok(Ordered::from_bytes(&bytes)?);
        self.store.scan(DESTRUCTIONS, b"")?.into_iter().map(read).collect()
    }

    fn overwrite_old_halves(&self) -> Result<(), Failure> {
        let folder = self.dir.folder("keys")?;
        let mut seen = Vec::new();
        for ordered in self.ordered()? {
            if shred::is_there(&folder, ordered.old.generation)? {
                seen.push(Ordered { overwritten: true, ..ordered }.put());
            }
        }
        shred::overwrite_others(&folder, self.catalogue()?.keys.generation)?;
        if !seen.is_empty() {
            self.store.commit(&seen)?;
        }
        Ok(())
    }

    fn remove_old_halves(&self) -> Result<(), Failure> {
        shred::remove_others(&self.dir.folder("keys")?, self.catalogue()?.keys.generation)
    }

    fn sweep_files(&self) -> Result<(), Failure> {
        self.sweep_tables(&self.catalogue()?.tables)
    }

    /// Looks at what is left; signs and writes what was found.
    fn certify(&self, ordered: &Ordered, outer: &Outer<'_>) -> Result<(Statement, PathBuf), Failure> {
        let statement = self.statement(ordered, self.look(ordered, outer)?);
        let name = format!("destruction-{}-{}.toml", statement.destroyed_at, ordered.old.generation);
        let path = self.dir.folder(FOLDER)?.join(name.replace(':', ""));
        let (tables, verified) = (statement.table.len(), statement.verified);
        self.record(&Act::CertificateIssued { tables, verified })?;
        write_atomically(&path, statement.sign(&self.signing_key)?.as_bytes())?;
        self.store.commit(&[Op::delete(DESTRUCTIONS, ordered.key())])?;
        Ok((statement, path))
    }

    /// What is found after a destruction, or a refusal if anything destroyed could still be read with it.
    fn look(&self, ordered: &Ordered, outer: &Outer<'_>) -> Result<Findings, Failure> {
        let folder = self.dir.folder("keys")?;
        let Catalogue { keys, tables } = self.catalogue()?;
        let (old, new) = (ordered.old.generation, keys.generation);
        if !shred::others(&folder, new)?.is_empty() {
            return Err(unfinished(
                ordered,
                "a local half other than the one in force is still in the folder `keys`",
            ));
        }
        // Read from the disk again, as whoever takes the disk would.
        let left = Custody::open(&folder, &keys, outer)?;
        if old == new || left.is_of(&ordered.old) || opening(&left, &ordered.tables) > 0 {
            return Err(unfinished(ordered, "the node key in force opens what the old one had wrapped"));
        }
        for entry in &ordered.tables {
            if tables.iter().any(|kept| kept.digest == entry.digest) {
                return Err(unfinished(ordered, "the catalogue still names a destroyed table"));
            }
            if is_there(&self.tables.table_path(entry.digest))? {
                return Err(unfinished(
                    ordered,
                    "a sealed file of a destroyed table is still in the folder `tables`",
                ));
            }
        }
        let count = ordered.tables.len();
        let opens = format!(
            "the node key of generation {new} was opened again from the disk: it opens neither the check value of generation {old} nor any of the {count} old file keys, of which {} opened before",
            ordered.opened
        );
        let files = format!(
            "none of the {count} sealed files is in the folder, and the catalogue names none of them"
        );
        Ok(if ordered.overwritten {
            let half = format!(
                "the half of generation {old} was overwritten, zeros were read back, and it was removed; no half but that of generation {new} is left"
            );
            Findings::Complete(vec![half, opens, files])
        } else {
            let half = format!(
                "the half of generation {old} was gone before this program could overwrite it: its bytes may be left on the medium"
            );
            Findings::Incomplete(vec![half, opens, files])
        })
    }

    fn statement(&self, ordered: &Ordered, findings: Findings) -> Statement {
        let item = |entry: &StoredTable| Destroyed {
            table: entry.place.table.clone(),
            layout: entry.place.family.clone(),
            period: entry.place.period_word(),
            rows: entry.rows,
            file: entry.digest.to_string(),
        };
        let (verified, checks) = match findings {
            Findings::Complete(checks) => (true, checks),
            Findings::Incomplete(checks) => (false, checks),
        };
        Statement {
            format: Statement::format(),
            member: self.code.to_string(),
            consortium: self.membership.consortium.clone(),
            signing_key: self.signing_key.verifying_key().to_string(),
            destroyed_by: ordered.by.clone(),
            destroyed_at: ordered.at.to_string(),
            scope: ordered.scope.clone(),
            method: format!(
                "cryptographic erase (NIST SP 800-88): the half of generation {} of the node key overwritten on its disk and removed, \
                 then the sealed files removed",
                ordered.old.generation
            ),
            not_reached: "backups and what a flash medium keeps of overwritten blocks; files people wrote with --out; figures already released"
                .to_owned(),
            verified,
            verified_at: self.now().to_string(),
            verified_by: format!("passage-node {}", env!("CARGO_PKG_VERSION")),
            checks,
            table: ordered.tables.iter().map(item).collect(),
            item: Vec::new(),
        }
    }
}

impl Ordered {
    fn key(&self) -> [u8; 8] {
        self.old.generation.to_be_bytes()
    }

    fn put(&self) -> Op {
        Op::put(DESTRUCTIONS, self.key(), self.to_bytes())
    }
}

/// How many of the tables' keys the node key opens.
fn opening(custody: &Custody, tables: &[StoredTable]) -> u64 {
    tables.iter().filter(|entry| custody.unwrap(&entry.key, &entry.place.label()).is_some()).count() as u64
}

/// Whether the path has a name, whatever stands behind it.
fn is_there(path: &Path) -> Result<bool, Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::io("look whether a destroyed file is gone", &error)),
    }
}

fn unfinished(ordered: &Ordered, what: &str) -> Failure {
    refuse(
        0x226C,
        &format!("the destruction of {} is not finished: {what}; there is no certificate of it", ordered.at),
        "Run any command again: it goes on with the destruction. If it is refused again, keep this disk under lock and report it.",
        Some("F10"),
    )
}

fn not_written(error: &io::Error) -> Failure {
    Failure::io("write the certificate", error)
}
