//! Reports as they are kept: each sealed under a key of its own round, which lies in a file of its own, so that overwriting 32
//! bytes destroys a report for good. The store's log keeps old pages, and deleting an entry of it destroys nothing.
//!
//! The key serves destruction, not secrecy: it lies beside what it seals, and whoever may open the folder may read the reports.

use std::{fs, path::PathBuf};

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use passage_protocol::{
    codec::{Decode, Encode},
    ids::RoundId,
};
use passage_shell::{entropy, failure::Failure, state_dir::write_atomically, store::Op};
use zeroize::Zeroizing;

use crate::{
    custody::shred,
    home::{Home, refuse},
    records::{REPORTS_IN_CLEAR, SEALED_REPORTS},
};

/// Folder of the keys, in the state folder.
const KEYS: &str = "report-keys";
/// Folder of reports exported without a place of their own.
const EXPORTS: &str = "reports";
/// XChaCha20-Poly1305 nonce, bytes.
const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

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
        let mut nonce = [0; NONCE_BYTES];
        entropy::fill(&mut nonce)?;
        let payload = Payload { msg: report, aad: &round.0 };
        let sealed = (XChaCha20Poly1305::new(&Key::from(*key)).encrypt(&XNonce::from(nonce), payload))
            .map_err(|_| Failure::io("seal a report", &std::io::ErrorKind::InvalidInput.into()))?;
        let sealed = [nonce.as_slice(), &sealed].concat();
        Ok(self.store.commit(&[Op::put(SEALED_REPORTS, round.0, sealed)])?)
    }

    /// The report of a round, as it arrived.
    ///
    /// # Errors
    ///
    /// [`Failure`] N2380 if its key is missing or damaged.
    pub fn report(&self, round: RoundId) -> Result<Option<Vec<u8>>, Failure> {
        let Some(sealed) = self.store.get(SEALED_REPORTS, &round.0)? else { return Ok(None) };
        let lost = || {
            refuse(
                0x2380,
                "the key of this report is missing or damaged in the folder `report-keys`",
                "If the report was being destroyed, run any command again: it goes on. Otherwise restore the folder from a backup.",
                Some("G15"),
            )
        };
        let key = self.report_key(round)?.ok_or_else(lost)?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(lost)?;
        let payload = Payload { msg: sealed, aad: &round.0 };
        let opened = XChaCha20Poly1305::new(&Key::from(*key)).decrypt(&XNonce::from(*nonce), payload);
        opened.map(Some).map_err(|_| lost())
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

    /// Bytes of a sealed report; none if there is no report.
    pub(super) fn sealed_bytes(&self, round: RoundId) -> Result<Option<u64>, Failure> {
        Ok(self.store.get(SEALED_REPORTS, &round.0)?.map(|sealed| sealed.len() as u64))
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

    /// The change that lets go of the sealed report.
    pub(super) fn forget_report(round: RoundId) -> Op {
        Op::delete(SEALED_REPORTS, round.to_bytes())
    }
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
