//! The file that leaves, and its sheet: written only if this node, by the signatures it has itself verified, finds the release
//! approved.

use std::path::{Path, PathBuf};

use passage_protocol::{
    ids::Digest,
    release::{ReleaseError, Sheet},
    timestamp::Timestamp,
    wire::ReleaseFormat,
};
use passage_shell::{audit::Act, failure::Failure, state_dir::write_atomically};

use super::HeldRelease;
use crate::home::{Home, refuse};

/// What was written.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The file.
    pub file: PathBuf,
    /// The notes beside a table.
    pub notes: Option<PathBuf>,
    /// The approval sheet.
    pub sheet: PathBuf,
    /// Since when it is approved.
    pub approved: Timestamp,
}

impl Home {
    /// Writes the exact bytes that were approved, and the sheet that proves it.
    ///
    /// # Errors
    ///
    /// [`Failure`] with what is missing, if it is not approved at `now`; if this member has halted (L4); of the disk.
    pub fn export_release(
        &self,
        held: &HeldRelease,
        out: &Path,
        now: Timestamp,
    ) -> Result<Exported, Failure> {
        self.require_participation()?;
        let approved = held.standing(now).require_approved(now)?;
        let (release, proposal) = (&held.release, held.release.proposal());
        let made = self.release_file(release.id())?.ok_or(ReleaseError::OtherRendering)?;
        let notes_digest = made.notes.as_deref().map(Digest::of_blob);
        if Digest::of_blob(&made.file) != proposal.file.digest
            || notes_digest != proposal.notes.map(|notes| notes.digest)
        {
            return Err(ReleaseError::OtherRendering.into());
        }
        let sheet_text = Sheet::of(release, held.heard).text(&held.agreement.agreement)?;
        let notes = match proposal.format {
            ReleaseFormat::Csv => Some(out.with_extension("notes.txt")),
            ReleaseFormat::Html => None,
        };
        let mut sheet = out.as_os_str().to_owned();
        sheet.push(".approval.txt");
        let sheet = PathBuf::from(sheet);
        let act = Act::ReleaseExported { release: release.id().0, format: proposal.format.name() };
        self.recorded(&act, || {
            // The sheet first: no file is ever without.
            write_atomically(&sheet, sheet_text.as_bytes())?;
            if let (Some(path), Some(text)) = (&notes, &made.notes) {
                write_atomically(path, text)?;
            }
            Ok(write_atomically(out, &made.file)?)
        })?;
        Ok(Exported { file: out.to_owned(), notes, sheet, approved })
    }

    /// Verifies a file with its sheet under the agreement held here: no network, no daemon, nobody's word. Returns the sheet,
    /// which part the file is, and since when it was approved.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the first thing that does not hold.
    pub fn verify_release(
        &self,
        file: &[u8],
        sheet_text: &str,
    ) -> Result<(Sheet, &'static str, Timestamp), Failure> {
        let sheet = Sheet::parse(sheet_text)?;
        let agreement = self.agreement(&sheet.agreement().to_string()).map_err(|_| {
            refuse(
                0x2345,
                "the sheet stands under an agreement that this node does not hold",
                "Verify it at a member that is a party to the agreement named on the sheet.",
                Some("G07"),
            )
        })?;
        let approved = Sheet::verify(sheet_text, &agreement.agreement)?;
        let part = sheet.check_file(file)?;
        Ok((sheet, part, approved))
    }
}
