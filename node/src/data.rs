//! The clerk's part: files in, opt-outs in, what is held. All or nothing: entries are committed once every file is good,
//! and what no entry names is swept (D1-D7).

mod outcome;
mod request;

use std::{
    collections::HashSet,
    fs::File,
    io::{BufReader, Read},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::PoisonError,
};

use passage_protocol::{
    agreement::Segment,
    codec::{Decode, Encode},
    ids::Digest,
};
use passage_shell::{
    config,
    control::{Progress, ProgressSink},
    entropy,
    failure::Failure,
    store::Op,
};
use zeroize::Zeroizing;

pub use self::{
    outcome::FileOutcome,
    request::{ImportMode, ImportRequest, LayoutChoice, Period},
};
use crate::{
    home::{Home, refuse},
    import::{self, Imported, Layout, Outlets, Recognised},
    records::SEGMENTS,
    roster::{
        DataKey, FreshSalt, OptOuts, Roster, RowReader, SegmentEntry, SegmentKind, assemble, merge, sweep,
    },
};

/// Longest layout file, bytes: far above one with every column of every state file.
const LAYOUT_BYTES_MAX: u64 = 1 << 20;

/// One key: every segment entry in one value, so that an import is one change.
const ENTRIES_KEY: &[u8] = b"entries";

impl Home {
    /// What the roster is made of.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn segments(&self) -> Result<Vec<SegmentEntry>, Failure> {
        match self.store.get(SEGMENTS, ENTRIES_KEY)? {
            Some(bytes) => Ok(Vec::<SegmentEntry>::from_bytes(&bytes)?),
            None => Ok(Vec::new()),
        }
    }

    /// The roster with opt-outs honoured, and the digest of the snapshot it was read from.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a segment is missing or damaged.
    pub fn roster(&self) -> Result<(Roster, Digest), Failure> {
        let key = self.data_key.read().unwrap_or_else(PoisonError::into_inner);
        let entries = self.segments()?;
        let opt_outs = OptOuts::load(&self.roster_folder, &key, &entries)?;
        let kind = match self.segment {
            Segment::K12 => SegmentKind::K12,
            Segment::Cc => SegmentKind::CommunityCollege,
            Segment::Univ | Segment::Workforce => SegmentKind::University,
        };
        let roster = assemble(&self.roster_folder, &key, &entries, &opt_outs, kind)?;
        let mut contents: Vec<Digest> = entries.iter().map(|entry| entry.content).collect();
        contents.sort_unstable();
        Ok((roster, Digest::derive("passage v1 roster snapshot", &contents.to_bytes())))
    }

    /// The layouts a clerk named for an import: by id, or a file of their own.
    fn named_layouts(&self, choices: &[LayoutChoice]) -> Result<Vec<Layout>, Failure> {
        let one = |choice: &LayoutChoice| match choice {
            LayoutChoice::File(path) => layout_file(path),
            LayoutChoice::Id(id) => self.layout(id),
        };
        choices.iter().map(one).collect()
    }

    /// The layout of that id, an own one before a shipped one.
    ///
    /// # Errors
    ///
    /// [`Failure`] names the nearest id.
    pub fn layout(&self, id: &str) -> Result<Layout, Failure> {
        let layouts = self.layouts()?;
        let ids: Vec<&str> = layouts.iter().map(|layout| layout.id.as_str()).collect();
        let nearest = config::nearest(id, &ids).map(|near| format!("; the nearest is {near}"));
        layouts.iter().find(|layout| layout.id == id).cloned().ok_or_else(|| {
            let what = format!("there is no layout with this id{}", nearest.unwrap_or_default());
            refuse(0x2241, &what, "List the layouts with `layout list`, or name a layout file.", Some("D1"))
        })
    }

    /// Every layout known here: the institution's own, then the shipped ones they do not replace.
    ///
    /// # Errors
    ///
    /// [`Failure`] names the file.
    pub fn layouts(&self) -> Result<Vec<Layout>, Failure> {
        let mut layouts = self.own_layouts()?;
        let shipped = Layout::built_in()?;
        layouts.extend(
            shipped
                .into_iter()
                .filter(|layout| layouts.iter().all(|own| own.id != layout.id))
                .collect::<Vec<_>>(),
        );
        Ok(layouts)
    }

    /// Layouts of the institution's own, from the folder `layouts`.
    ///
    /// # Errors
    ///
    /// [`Failure`] names the file.
    pub fn own_layouts(&self) -> Result<Vec<Layout>, Failure> {
        let folder = self.dir.folder("layouts")?;
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
            .map_err(|error| Failure::io("list the folder layouts", &error))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .collect();
        paths.sort_unstable();
        paths.iter().map(|path| layout_file(path)).collect()
    }

    /// Imports files: all of them, or nothing. Every file is read even after one is refused, so that the clerk sees all
    /// that is wrong at once; nothing is kept unless no file is refused.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the disk or of a layout; the roster is then unchanged and no file is left behind.
    pub fn import(
        &self,
        request: &ImportRequest,
        progress: ProgressSink<'_>,
    ) -> Result<Vec<FileOutcome>, Failure> {
        let _one_at_a_time = self.roster_change.lock().unwrap_or_else(PoisonError::into_inner);
        let existing = self.segments()?;
        let read = self.read_files(request, &existing, progress);
        let (outcomes, entries) = match read {
            Ok(read) => read,
            Err(failure) => {
                let _ = self.sweep_segments(&existing); // the failure below is the one to report; `open` sweeps again
                return Err(failure);
            }
        };
        let refused = outcomes.iter().any(|outcome| outcome.refusal.is_some());
        if refused || request.mode == ImportMode::DryRun {
            self.sweep_segments(&existing)?;
            return Ok(outcomes);
        }
        self.commit_segments(&existing, &entries)?;
        for report in outcomes.iter().filter_map(|outcome| outcome.report.as_ref()) {
            let rows = report.kept.to_string();
            self.record("file imported", &[("layout", &report.layout), ("rows", &rows)])?;
        }
        Ok(outcomes)
    }

    fn read_files(
        &self,
        request: &ImportRequest,
        existing: &[SegmentEntry],
        progress: ProgressSink<'_>,
    ) -> Result<(Vec<FileOutcome>, Vec<SegmentEntry>), Failure> {
        let named = self.named_layouts(&request.layouts)?;
        let known = self.own_layouts()?;
        let others: Vec<Layout> = self
            .layouts()?
            .into_iter()
            .filter(|layout| named.iter().all(|other| other.id != layout.id))
            .collect();
        let mut mode = request.mode;
        let mut outcomes: Vec<FileOutcome> = Vec::new();
        let mut added: Vec<SegmentEntry> = Vec::new();
        for path in &request.files {
            let recognised = match named.as_slice() {
                [only] => import::recognise_as(path, only),
                [] => import::recognise(path, &known),
                several => import::recognise_among(path, several, &others),
            };
            let file = file_name(path);
            let outcome = match recognised {
                Err(error) => FileOutcome::refused(file, error),
                Ok(recognised) => {
                    let (outcome, new) = self.read_file(file, &recognised, existing, mode, progress)?;
                    added.extend(new);
                    outcome.within(request.period).unlike(&outcomes)
                }
            };
            if outcome.refusal.is_some() {
                mode = ImportMode::DryRun; // nothing will be kept: the other files are read to see what is wrong with them
            }
            outcomes.push(outcome);
        }
        Ok((outcomes, merge(existing, &added)))
    }

    fn read_file(
        &self,
        file: String,
        recognised: &Recognised,
        existing: &[SegmentEntry],
        mode: ImportMode,
        progress: ProgressSink<'_>,
    ) -> Result<(FileOutcome, Vec<SegmentEntry>), Failure> {
        let what = format!("reading {file}");
        let mut told = |step: import::Progress| {
            progress(Progress { what: what.clone(), done: step.bytes_done, total: Some(step.bytes_total) });
        };
        let salt = FreshSalt::new(entropy::seed()?);
        let key = self.data_key.read().unwrap_or_else(PoisonError::into_inner);
        let mut writer = self.roster_folder.writer(&key, salt, &recognised.layout.id);
        let year = self.now().date().year;
        let reader = RowReader::new().map_err(|error| outcome::named(&file, &error))?;
        let mut sink = |filed: import::Filed| match (mode, reader.record(&filed)) {
            (ImportMode::Keep, Some(record)) => writer.accept(&record),
            (ImportMode::Keep | ImportMode::DryRun, _) => ControlFlow::Continue(()),
        };
        let mut outlets = Outlets { rows: &mut sink, progress: &mut told, findings: &mut |_| Ok(()) };
        match import::read(recognised, year, &mut outlets) {
            Ok(Imported { report, .. }) => {
                let new = match mode {
                    ImportMode::Keep => writer.finish(existing, self.now())?,
                    ImportMode::DryRun => Vec::new(),
                };
                Ok((FileOutcome { file, report: Some(report), refusal: None }, new))
            }
            // The disk's own fault says more than "stopped".
            Err(error) => match writer.fault() {
                Some(fault) => Err(Failure::from(fault.clone())),
                None => Ok((FileOutcome::refused(file, error), Vec::new())),
            },
        }
    }

    /// Takes an opt-out list; it replaces the earlier one and counts from the next round on (D7).
    ///
    /// # Errors
    ///
    /// [`Failure`] names the row.
    pub fn import_opt_outs(&self, path: &Path) -> Result<usize, Failure> {
        let file = File::open(path)
            .map_err(|error| Failure::io(&format!("open the file {}", file_name(path)), &error))?;
        let list = OptOuts::parse(BufReader::new(file))?;
        let _one_at_a_time = self.roster_change.lock().unwrap_or_else(PoisonError::into_inner);
        let existing = self.segments()?;
        let salt = FreshSalt::new(entropy::seed()?);
        let new = {
            let key = self.data_key.read().unwrap_or_else(PoisonError::into_inner);
            list.save(&self.roster_folder, &key, salt, &existing, self.now())?
        };
        self.commit_segments(&existing, &merge(&existing, &new))?;
        self.record("opt-out list imported", &[("entries", &list.len().to_string())])?;
        Ok(list.len())
    }

    /// Number of entries of the opt-out list in force.
    ///
    /// # Errors
    ///
    /// [`Failure`] if its segment is missing or damaged.
    pub fn opt_out_count(&self) -> Result<usize, Failure> {
        let key = self.data_key.read().unwrap_or_else(PoisonError::into_inner);
        Ok(OptOuts::load(&self.roster_folder, &key, &self.segments()?)?.len())
    }

    /// Forgets every student record held here (F10, L3): the segments are deleted and the key they were sealed with is
    /// replaced, so that copies of the files in old disk blocks stay sealed for good. The opt-out list names students and
    /// goes too. The account of it goes to the audit chain.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub fn destroy_data(&self, by: &str) -> Result<usize, Failure> {
        let _one_at_a_time = self.roster_change.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = self.segments()?;
        if entries.is_empty() {
            return Err(refuse(
                0x2230,
                "there is no student record here",
                "Nothing needs to be done.",
                Some("F10"),
            ));
        }
        // The key first: if anything after it fails, the records are gone and the command can be repeated.
        let fresh = Zeroizing::new(entropy::seed()?);
        self.dir.write("data.key", fresh.as_slice())?;
        *self.data_key.write().unwrap_or_else(PoisonError::into_inner) = DataKey::new(*fresh);
        self.commit_segments(&[], &[])?;
        self.record("data destroyed", &[("segments", &entries.len().to_string()), ("by", by)])?;
        Ok(entries.len())
    }

    /// Puts `entries` in force. If the store refuses, the files of `existing` are what is kept.
    fn commit_segments(&self, existing: &[SegmentEntry], entries: &[SegmentEntry]) -> Result<(), Failure> {
        let _nobody_reads = self.data_key.write().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.store.commit(&[Op::put(SEGMENTS, ENTRIES_KEY, entries.to_bytes())]) {
            let _ = self.sweep_segments(existing); // the error below is the one to report; `open` sweeps again
            return Err(error.into());
        }
        self.sweep_segments(entries)
    }

    /// Removes every file of the roster folder that `entries` do not name.
    pub(crate) fn sweep_segments(&self, entries: &[SegmentEntry]) -> Result<(), Failure> {
        let keep: HashSet<Digest> = entries.iter().map(|entry| entry.digest).collect();
        sweep(&self.roster_folder, &keep)?;
        Ok(())
    }
}

/// Reads a layout file of the institution's own.
fn layout_file(path: &Path) -> Result<Layout, Failure> {
    let name = file_name(path);
    let fault = |error: &std::io::Error| Failure::io(&format!("read the layout {name}"), error);
    let mut text = String::new();
    let file = File::open(path).map_err(|error| fault(&error))?;
    file.take(LAYOUT_BYTES_MAX).read_to_string(&mut text).map_err(|error| fault(&error))?;
    Layout::parse(&text).map_err(|error| outcome::named(&name, &error))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
