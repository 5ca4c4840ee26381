//! The clerk's part: files in, opt-outs in, what is held. All or nothing: entries are committed once every file is good,
//! and what no entry names is swept (D1-D7).

mod outcome;
mod request;
mod stored;

use std::{
    cell::Cell,
    fs::File,
    io::{BufReader, Read},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::PoisonError,
};

use passage_protocol::cells::SchoolYear;
use passage_shell::{
    config,
    control::{Progress, ProgressSink},
    failure::Failure,
};

pub use self::{
    outcome::FileOutcome,
    request::{ImportMode, ImportRequest, LayoutChoice, Period},
    stored::Scope,
};
use crate::{
    home::{Home, refuse},
    import::{self, ImportReport, Imported, Layout, Outlets, Recognised},
    roster::OptOuts,
    tables::{Import, StoredTable, merge},
};

/// Longest layout file, bytes: far above one with every column of every state file.
const LAYOUT_BYTES_MAX: u64 = 1 << 20;

/// What stands where the layout would for the opt-out list.
const OPT_OUT_LAYOUT: &str = "opt-outs";
const OPT_OUT_VERSION: &str = "1";

impl Home {
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
        let existing = self.stored()?;
        let read = self.read_files(request, &existing, progress);
        let (outcomes, entries) = match read {
            Ok(read) => read,
            Err(failure) => {
                let _ = self.sweep_tables(&existing); // the failure below is the one to report; `open` sweeps again
                return Err(failure);
            }
        };
        let refused = outcomes.iter().any(|outcome| outcome.refusal.is_some());
        if refused || request.mode == ImportMode::DryRun {
            self.sweep_tables(&existing)?;
            return Ok(outcomes);
        }
        self.commit_tables(&existing, entries)?;
        for report in outcomes.iter().filter_map(|outcome| outcome.report.as_ref()) {
            let rows = report.kept.to_string();
            self.record("file imported", &[("layout", &report.layout), ("rows", &rows)])?;
        }
        Ok(outcomes)
    }

    fn read_files(
        &self,
        request: &ImportRequest,
        existing: &[StoredTable],
        progress: ProgressSink<'_>,
    ) -> Result<(Vec<FileOutcome>, Vec<StoredTable>), Failure> {
        let named = self.named_layouts(&request.layouts)?;
        let known = self.own_layouts()?;
        let others: Vec<Layout> = self
            .layouts()?
            .into_iter()
            .filter(|layout| named.iter().all(|other| other.id != layout.id))
            .collect();
        let mut mode = request.mode;
        let mut outcomes: Vec<FileOutcome> = Vec::new();
        let mut added: Vec<StoredTable> = Vec::new();
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
        existing: &[StoredTable],
        mode: ImportMode,
        progress: ProgressSink<'_>,
    ) -> Result<(FileOutcome, Vec<StoredTable>), Failure> {
        let what = format!("reading {file}");
        let gone = Cell::new(false);
        let mut told = |step: import::Progress| {
            let step = Progress { what: what.clone(), done: step.bytes_done, total: Some(step.bytes_total) };
            gone.set(progress(step).is_break());
        };
        let custody = self.custody.read().unwrap_or_else(PoisonError::into_inner);
        let mut tables = Import::new(&self.tables, &custody, &self.schemas, &recognised.layout);
        let year = self.now().date().year;
        let mut sink = |filed| match mode {
            _ if gone.get() => ControlFlow::Break(()),
            ImportMode::Keep => tables.accept(filed),
            ImportMode::DryRun => ControlFlow::Continue(()),
        };
        let mut outlets = Outlets { rows: &mut sink, progress: &mut told, findings: &mut |_| Ok(()) };
        match import::read(recognised, year, &mut outlets) {
            Ok(Imported { report, taken_out }) => {
                let new = match mode {
                    ImportMode::Keep => {
                        if report.transactions.is_update() {
                            tables.keep_others(existing, &years_of(&report), &taken_out)?;
                        }
                        tables.finish(existing, self.now())?
                    }
                    ImportMode::DryRun => Vec::new(),
                };
                Ok((FileOutcome { file, report: Some(report), refusal: None }, new))
            }
            // The disk's own fault says more than "stopped".
            Err(error) => match tables.take_fault() {
                Some(fault) => Err(Failure::from(fault)),
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
        let existing = self.stored()?;
        let new = {
            let custody = self.custody.read().unwrap_or_else(PoisonError::into_inner);
            let import = Import::named(&self.tables, &custody, &self.schemas, OPT_OUT_LAYOUT, OPT_OUT_VERSION);
            list.save(import, &self.schemas, &existing, self.now())?
        };
        self.commit_tables(&existing, merge(&existing, &new))?;
        self.record("opt-out list imported", &[("entries", &list.len().to_string())])?;
        Ok(list.len())
    }
}

/// The stored years a file touches: those its rows name, or the one place of a layout without years.
fn years_of(report: &ImportReport) -> Vec<Option<SchoolYear>> {
    match report.school_years.as_slice() {
        [] => vec![None],
        years => years.iter().map(|year| SchoolYear::parse(year)).collect(),
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
