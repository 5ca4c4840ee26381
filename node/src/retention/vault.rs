//! Reports as they are kept: each sealed under a key of its own round, which lies in a file of its own, so that overwriting 32
//! bytes destroys a report for good. The store's log keeps old pages, and deleting an entry of it destroys nothing.
//!
//! Beside a report its files lie as they were made when it arrived ([`Rendering`]): a later version of this program may make
//! others, and last year's report is last year's bytes (A13).
//!
//! The key serves destruction, not secrecy: it lies beside what it seals, and whoever may open the folder may read the reports.

use std::{fs, path::PathBuf};

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use passage_protocol::{
    codec::{Decode, Encode},
    codec_struct,
    ids::{Digest, RoundId},
    report::{self, Report},
};
use passage_shell::{entropy, failure::Failure, state_dir::write_atomically, store::Op};
use zeroize::Zeroizing;

use crate::{
    custody::shred,
    home::{Home, refuse},
    records::{RENDERINGS, REPORTS_IN_CLEAR, SEALED_REPORTS},
};

/// Folder of the keys, in the state folder.
const KEYS: &str = "report-keys";
/// Folder of reports exported without a place of their own.
const EXPORTS: &str = "reports";
/// XChaCha20-Poly1305 nonce, bytes.
const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;
/// Key of the one entry of the files' table that is of no round.
const ALL_HAVE_FILES: &[u8] = b"all";

impl Home {
    /// Keeps the report of a round, sealed. The same again takes the place of the earlier one, under the same key.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the disk or the random source; nothing is kept then.
    pub fn keep_report(&self, round: RoundId, report: &[u8]) -> Result<(), Failure> {
        let path = self.report_key_path(round)?;
        let key = match self.report_key(round)? {
            Some(key) => key,
            None => {
                let key = Zeroizing::new(entropy::seed()?);
                write_atomically(&path, key.as_slice())?;
                key
            }
        };
        let mut ops = vec![Op::put(SEALED_REPORTS, round.0, seal(&key, &round.0, report)?)];
        // The same report again is no reason to make its files anew.
        let known = self.rendering(round)?.is_some_and(|files| files.report == Digest::of_blob(report));
        if !known && let Ok(read) = Report::from_bytes(report) {
            ops.push(Self::put_rendering(&key, round, &Rendering::of(&read))?);
        }
        Ok(self.store.commit(&ops)?)
    }

    fn put_rendering(key: &[u8; KEY_BYTES], round: RoundId, files: &Rendering) -> Result<Op, Failure> {
        Ok(Op::put(RENDERINGS, round.0, seal(key, &beside(round), &files.to_bytes())?))
    }

    /// The files of a round's report as they were made when it arrived.
    ///
    /// # Errors
    ///
    /// [`Failure`] N2380 if its key is missing or damaged.
    pub fn rendering(&self, round: RoundId) -> Result<Option<Rendering>, Failure> {
        let Some(sealed) = self.store.get(RENDERINGS, &round.0)? else { return Ok(None) };
        let key = self.report_key(round)?.ok_or_else(lost)?;
        Ok(Some(Rendering::from_bytes(&open(&key, &beside(round), &sealed)?)?))
    }

    /// Makes the files of reports that came before files were kept; once, because every later one has them.
    pub(crate) fn render_old_reports(&self) -> Result<(), Failure> {
        if self.store.get(RENDERINGS, ALL_HAVE_FILES)?.is_some() {
            return Ok(());
        }
        for round in self.reported()? {
            // A report whose key is gone is being destroyed.
            if self.store.get(RENDERINGS, &round.0)?.is_none()
                && let Ok(Some(report)) = self.report(round)
                && Report::from_bytes(&report).is_ok()
            {
                self.keep_report(round, &report)?;
            }
        }
        Ok(self.store.commit(&[Op::put(RENDERINGS, ALL_HAVE_FILES, *b"1")])?)
    }

    /// The report of a round, as it arrived.
    ///
    /// # Errors
    ///
    /// [`Failure`] N2380 if its key is missing or damaged.
    pub fn report(&self, round: RoundId) -> Result<Option<Vec<u8>>, Failure> {
        let Some(sealed) = self.store.get(SEALED_REPORTS, &round.0)? else { return Ok(None) };
        let key = self.report_key(round)?.ok_or_else(lost)?;
        open(&key, &round.0, &sealed).map(Some)
    }

    /// Rounds whose report is kept here.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn reported(&self) -> Result<Vec<RoundId>, Failure> {
        let rounds = self.store.scan(SEALED_REPORTS, &[])?.into_iter();
        Ok(rounds.map(|(key, _)| RoundId::from_bytes(&key)).collect::<Result<_, _>>()?)
    }

    /// Bytes of a sealed report and its files; none if there is neither.
    pub(super) fn sealed_bytes(&self, round: RoundId) -> Result<Option<u64>, Failure> {
        let of = |table| Ok::<_, Failure>(self.store.get(table, &round.0)?.map(|sealed| sealed.len() as u64));
        Ok(match (of(SEALED_REPORTS)?, of(RENDERINGS)?) {
            (None, None) => None,
            (report, files) => Some(report.unwrap_or(0).saturating_add(files.unwrap_or(0))),
        })
    }

    /// Seals what an earlier version had kept in clear. Its old pages stay in the store's log.
    pub(crate) fn seal_old_reports(&self) -> Result<(), Failure> {
        for (key, report) in self.store.scan(REPORTS_IN_CLEAR, &[])? {
            self.keep_report(RoundId::from_bytes(&key)?, &report)?;
            self.store.commit(&[Op::delete(REPORTS_IN_CLEAR, key)])?;
        }
        Ok(())
    }

    fn report_key_path(&self, round: RoundId) -> Result<PathBuf, Failure> {
        Ok(self.dir.folder(KEYS)?.join(format!("{round}.key")))
    }

    fn report_key(&self, round: RoundId) -> Result<Option<Zeroizing<[u8; KEY_BYTES]>>, Failure> {
        match fs::read(self.report_key_path(round)?).map(Zeroizing::new) {
            Ok(bytes) => Ok(<[u8; KEY_BYTES]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("read the key of a report", &error)),
        }
    }

    /// Every file that holds the key of a round's report or what a write of it left.
    pub(super) fn report_keys(&self, round: RoundId) -> Result<Vec<PathBuf>, Failure> {
        files_of(self.dir.folder(KEYS)?, round)
    }

    /// Exports of a round's report in the state folder; what was written elsewhere is not known here.
    pub(super) fn report_exports(&self, round: RoundId) -> Result<Vec<PathBuf>, Failure> {
        files_of(self.dir.folder(EXPORTS)?, round)
    }

    /// Overwrites the keys of a report; says whether there was one.
    pub(super) fn blank_report_keys(&self, round: RoundId) -> Result<bool, Failure> {
        let mut any = false;
        for key in self.report_keys(round)? {
            any |= shred::blank(&key)?;
        }
        Ok(any)
    }

    /// Removes the names of the keys, and the exports with their bytes.
    pub(super) fn remove_report_files(&self, round: RoundId) -> Result<(), Failure> {
        let files = self.report_keys(round)?.into_iter().chain(self.report_exports(round)?);
        files.into_iter().try_for_each(|file| shred::erase(&file).map(drop))
    }

    /// The changes that let go of the sealed report and its files.
    pub(super) fn forget_report(round: RoundId) -> [Op; 2] {
        [SEALED_REPORTS, RENDERINGS].map(|table| Op::delete(table, round.to_bytes()))
    }
}

/// The files of a report, and which version of this program made them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rendering {
    /// Digest of the report's bytes.
    pub report: Digest,
    /// Version of the program.
    pub program: String,
    /// The table.
    pub csv: Vec<u8>,
    /// What goes beside the table.
    pub notes: Vec<u8>,
    /// The page.
    pub html: Vec<u8>,
}
codec_struct!(Rendering { report, program, csv, notes, html });

impl Rendering {
    /// As this version makes them.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        Self {
            report: Digest::of_blob(&report.to_bytes()),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            csv: report::csv(report),
            notes: report::notes(report).into_bytes(),
            html: report::html(report).into_bytes(),
        }
    }
}

#[cfg(test)]
impl Home {
    /// Puts files in the place of those kept, as an earlier version of this program would have left them.
    pub(crate) fn replace_rendering(&self, round: RoundId, files: Option<&Rendering>) {
        let key = self.report_key(round).unwrap().unwrap();
        let op = match files {
            Some(files) => Self::put_rendering(&key, round, files).unwrap(),
            None => Op::delete(RENDERINGS, round.0),
        };
        self.store.commit(&[op, Op::delete(RENDERINGS, ALL_HAVE_FILES)]).unwrap();
    }
}

/// What the files of a report are sealed with beside its key: no report can stand in their place.
fn beside(round: RoundId) -> Vec<u8> {
    [round.0.as_slice(), b"files"].concat()
}

/// Nonce and ciphertext.
fn seal(key: &[u8; KEY_BYTES], place: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut nonce = [0; NONCE_BYTES];
    entropy::fill(&mut nonce)?;
    let payload = Payload { msg: bytes, aad: place };
    let sealed = XChaCha20Poly1305::new(&Key::from(*key)).encrypt(&XNonce::from(nonce), payload);
    let sealed =
        sealed.map_err(|_| Failure::io("seal a report", &std::io::ErrorKind::InvalidInput.into()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(key: &[u8; KEY_BYTES], place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Failure> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(lost)?;
    let payload = Payload { msg: sealed, aad: place };
    XChaCha20Poly1305::new(&Key::from(*key)).decrypt(&XNonce::from(*nonce), payload).map_err(|_| lost())
}

fn lost() -> Failure {
    refuse(
        0x2380,
        "the key of this report is missing or damaged in the folder `report-keys`",
        "If the report was being destroyed, run any command again: it goes on. Otherwise restore the folder from a backup.",
        Some("G15"),
    )
}

/// Files of a folder whose name begins with the round's id.
fn files_of(folder: PathBuf, round: RoundId) -> Result<Vec<PathBuf>, Failure> {
    let fault = |error: &std::io::Error| Failure::io("look at the files of a round", error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| fault(&error))? {
        let path = entry.map_err(|error| fault(&error))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(&round.to_string()) {
            found.push(path);
        }
    }
    Ok(found)
}
