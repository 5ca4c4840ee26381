//! The full list of what is wrong in an import: written as it is found, so that no length of it is ever held.
//!
//! A CSV in the state folder, mode 0600: `file,row,column,name,severity,rule,what,advice`. Positions, rules and the names
//! of layouts' columns; no value. The daemon runs under another account than the clerk, so the clerk's process takes the
//! list part by part and writes it where the clerk wants it; it is gone when it has been taken, or when the next import
//! begins.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use passage_shell::{entropy, failure::Failure, state_dir::StateDir};
use serde::{Deserialize, Serialize};

use super::Problems;
use crate::{
    home::{Home, refuse},
    import::{Finding, Severity},
};

/// Folder of the lists inside the state folder.
const FOLDER: &str = "problems";
/// Most bytes of one part: small beside what a command's answer may have.
const PART_BYTES_MAX: u64 = 256 << 10;

/// A list that can be taken.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct KeptList {
    /// Name to ask for it by.
    pub id: String,
    /// Problems listed.
    pub lines: u64,
}

/// A part of a list.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ListPart {
    /// Whole lines of the CSV.
    pub text: String,
    /// Where the next part begins; none if this is the last one, after which the list is gone.
    pub next: Option<u64>,
}

/// A list being written.
pub(super) struct ProblemList {
    open: Option<(csv::Writer<BufWriter<File>>, String)>,
    lines: u64,
}

impl ProblemList {
    /// Begins a list, if one is asked for. Older lists go: nobody has taken them.
    pub(super) fn begin(dir: &StateDir, problems: Problems) -> Result<Self, Failure> {
        let folder = dir.folder(FOLDER)?;
        let fault = |error: &io::Error| Failure::io("write the list of problems", error);
        for entry in fs::read_dir(&folder).map_err(|error| fault(&error))?.flatten() {
            fs::remove_file(entry.path()).map_err(|error| fault(&error))?;
        }
        if problems == Problems::CountOnly {
            return Ok(Self { open: None, lines: 0 });
        }
        let seed = entropy::seed()?;
        let id: String = seed.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(place(&folder, &id));
        let mut writer = csv::Writer::from_writer(BufWriter::new(file.map_err(|error| fault(&error))?));
        let header = ["file", "row", "column", "name", "severity", "rule", "what", "advice"];
        writer.write_record(header).map_err(|error| fault(&error.into()))?;
        Ok(Self { open: Some((writer, id)), lines: 0 })
    }

    /// Problems listed so far, or that would have been.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Lists a finding of a file.
    pub(super) fn finding(&mut self, file: &str, finding: Finding<'_>) -> io::Result<()> {
        let Finding { row, column, fault, severity } = finding;
        let (number, name) = column.map_or((String::new(), ""), |(number, name)| (number.to_string(), name));
        self.write([
            file,
            &row.to_string(),
            &number,
            name,
            severity.word(),
            fault.rule(),
            fault.what(),
            fault.advice(),
        ])
    }

    /// Lists a file that was refused as a whole.
    pub(super) fn refusal(&mut self, file: &str, refusal: &Failure) -> Result<(), Failure> {
        let rule = refusal.rule().unwrap_or_default();
        let line = [file, "", "", "", Severity::Error.word(), rule, refusal.what(), refusal.advice()];
        self.write(line).map_err(|error| Failure::io("write the list of problems", &error))
    }

    fn write(&mut self, line: [&str; 8]) -> io::Result<()> {
        self.lines += 1;
        match &mut self.open {
            Some((writer, _)) => writer.write_record(line).map_err(io::Error::from),
            None => Ok(()),
        }
    }

    /// Makes the list readable.
    pub(super) fn finish(self) -> Result<Option<KeptList>, Failure> {
        let Some((mut writer, id)) = self.open else { return Ok(None) };
        writer.flush().map_err(|error| Failure::io("write the list of problems", &error))?;
        Ok(Some(KeptList { id, lines: self.lines }))
    }
}

impl Home {
    /// Takes a part of the list of the last import, from a byte of it on. The last part takes the list away.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the list is not there any more.
    pub fn problem_list_part(&self, id: &str, from: u64) -> Result<ListPart, Failure> {
        let gone = || {
            let what = "the list of problems is not there any more";
            refuse(0x2242, what, "Another import has begun since; import with --problems again.", Some("D2"))
        };
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(gone());
        }
        let path = place(&self.dir.folder(FOLDER)?, id);
        let mut file = File::open(&path).map_err(|_| gone())?;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from))
            .and_then(|_| file.take(PART_BYTES_MAX).read_to_end(&mut bytes))
            .map_err(|error| Failure::io("read the list of problems", &error))?;
        let last = (bytes.len() as u64) < PART_BYTES_MAX;
        if last {
            fs::remove_file(&path).map_err(|error| Failure::io("remove the list of problems", &error))?;
        } else {
            // No line is as long as a part: there is a line end.
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
            bytes.truncate(whole);
        }
        let next = (!last).then_some(from + bytes.len() as u64);
        Ok(ListPart { text: String::from_utf8_lossy(&bytes).into_owned(), next })
    }
}

fn place(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.csv"))
}
