//! Files in: recognised, read, kept all together or not at all (D1-D4).

use std::{cell::Cell, ops::ControlFlow, path::Path, sync::PoisonError};

use passage_shell::{
    control::{Progress, ProgressSink},
    failure::Failure,
};

use super::{
    FileOutcome, ImportMode, ImportRequest, KeptList, file_name, outcome, problem_list::ProblemList,
};
use crate::{
    home::{Home, refuse},
    import::{self, Imported, Layout, Outlets, Recognised},
    tables::{Import, StoredTable, merge},
};

/// What became of an import.
#[derive(Debug)]
pub struct ImportOutcome {
    /// What became of each file.
    pub files: Vec<FileOutcome>,
    /// The full list of problems, if it was asked for.
    pub list: Option<KeptList>,
}

/// One import on its way.
struct Importing<'a> {
    home: &'a Home,
    existing: &'a [StoredTable],
    mode: ImportMode,
    list: ProblemList,
    progress: ProgressSink<'a>,
}

impl Home {
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
    ) -> Result<ImportOutcome, Failure> {
        let _one_at_a_time = self.roster_change.lock().unwrap_or_else(PoisonError::into_inner);
        let existing = self.stored()?;
        let list = ProblemList::begin(&self.dir, request.problems)?;
        let mut importing = Importing { home: self, existing: &existing, mode: request.mode, list, progress };
        let (mut files, entries) = match importing.read_files(request) {
            Ok(read) => read,
            Err(failure) => {
                let _ = self.sweep_tables(&existing); // the failure below is the one to report; `open` sweeps again
                return Err(failure);
            }
        };
        let list = importing.list.finish()?;
        outcome::find_missing(&mut files, &existing);
        let refused = files.iter().any(|outcome| outcome.refusal.is_some());
        if refused || request.mode == ImportMode::DryRun {
            self.sweep_tables(&existing)?;
            return Ok(ImportOutcome { files, list });
        }
        self.commit_tables(&existing, entries)?;
        for report in files.iter().filter_map(|outcome| outcome.report.as_ref()) {
            let rows = report.kept.to_string();
            self.record("file imported", &[("layout", &report.layout), ("rows", &rows)])?;
        }
        Ok(ImportOutcome { files, list })
    }
}

impl Importing<'_> {
    fn read_files(
        &mut self,
        request: &ImportRequest,
    ) -> Result<(Vec<FileOutcome>, Vec<StoredTable>), Failure> {
        let named = self.home.named_layouts(&request.layouts)?;
        let own = self.home.own_layouts()?;
        let others: Vec<Layout> = self
            .home
            .layouts()?
            .into_iter()
            .filter(|layout| named.iter().all(|other| other.id != layout.id))
            .collect();
        let mut outcomes: Vec<FileOutcome> = Vec::new();
        let mut added: Vec<StoredTable> = Vec::new();
        for path in &request.files {
            let recognised = match named.as_slice() {
                [only] => import::recognise_as(path, only),
                [] => import::recognise(path, &own),
                several => import::recognise_among(path, several, &others),
            };
            let listed = self.list.lines();
            let outcome = match recognised {
                Err(error) => FileOutcome::refused(file_name(path), error),
                Ok(recognised) => match self.foreign(path, &recognised.layout) {
                    Some(refusal) => FileOutcome::foreign(file_name(path), refusal),
                    None => {
                        let (outcome, new) = self.read_file(path, &recognised)?;
                        added.extend(new);
                        outcome.changes(self.existing).within(request.period).unlike(&outcomes)
                    }
                },
            };
            if let Some(refusal) = &outcome.refusal {
                self.mode = ImportMode::DryRun; // nothing will be kept: the other files are read to see what is wrong with them
                if self.list.lines() == listed {
                    self.list.refusal(&outcome.file, refusal)?;
                }
            }
            outcomes.push(outcome);
        }
        Ok((outcomes, merge(self.existing, &added)))
    }

    /// Why a layout is not for a member of this segment: the state's files of other institutions hold what this one may not
    /// keep, a school a social security number above all (Ed Code 49076.7).
    fn foreign(&self, path: &Path, layout: &Layout) -> Option<Failure> {
        let here = self.home.segment.name();
        let meant: Vec<&str> = layout.segment.iter().map(|segment| segment.word()).collect();
        let asks_ssn = layout.column.iter().any(|column| column.element.as_deref() == Some("ssn"));
        let barred = here == "k12" && asks_ssn;
        if (meant.is_empty() || meant.contains(&here)) && !barred {
            return None;
        }
        let what = if meant.is_empty() || meant.contains(&here) {
            format!(
                "{}: the layout {} reads social security numbers, which a school may not keep",
                file_name(path),
                layout.id
            )
        } else {
            let meant = meant.join(" and ");
            format!("{}: the layout {} is for {meant}, and this member is {here}", file_name(path), layout.id)
        };
        let advice = "Import this file at the institution it belongs to, or write a layout of your own without what you may not keep.";
        Some(refuse(0x2234, &what, advice, Some("D6")))
    }

    fn read_file(
        &mut self,
        path: &Path,
        recognised: &Recognised,
    ) -> Result<(FileOutcome, Vec<StoredTable>), Failure> {
        let (file, home) = (file_name(path), self.home);
        let what = format!("reading {file}");
        let progress = self.progress;
        let gone = Cell::new(false);
        let mut told = |step: import::Progress| {
            let step = Progress { what: what.clone(), done: step.bytes_done, total: Some(step.bytes_total) };
            gone.set(progress(step).is_break());
        };
        let custody = home.custody.read().unwrap_or_else(PoisonError::into_inner);
        let mut tables = Import::new(&home.tables, &custody, &home.schemas, &recognised.layout);
        let mode = self.mode;
        let mut rows = |filed: import::Filed| match mode {
            _ if gone.get() => ControlFlow::Break(()),
            ImportMode::Keep => tables.accept(filed),
            ImportMode::DryRun => ControlFlow::Continue(()),
        };
        let list = &mut self.list;
        let mut findings = |finding: import::Finding<'_>| list.finding(&file, finding);
        let mut outlets = Outlets { rows: &mut rows, progress: &mut told, findings: &mut findings };
        match import::read(recognised, home.now().date().year, &mut outlets) {
            Ok(Imported { report, taken_out }) => {
                let new = match mode {
                    ImportMode::Keep => {
                        if report.transactions.is_update() {
                            tables.keep_others(self.existing, &report.periods, &taken_out)?;
                        }
                        tables.finish(self.existing, home.now())?
                    }
                    ImportMode::DryRun => Vec::new(),
                };
                Ok((FileOutcome::read(file, report, &recognised.layout), new))
            }
            // The disk's own fault says more than "stopped".
            Err(error) => match tables.take_fault() {
                Some(fault) => Err(Failure::from(fault)),
                None => Ok((FileOutcome::refused(file, error), Vec::new())),
            },
        }
    }
}
