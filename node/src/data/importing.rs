//! Files in: recognised, read, kept all together or not at all (D1-D4).

use std::{ops::ControlFlow, path::Path, sync::PoisonError};

use passage_analytics::table::TableError;
use passage_shell::{audit::Act, control::ProgressSink, failure::Failure};

use super::{
    Extent, FileOutcome, ImportMode, ImportRequest, KeptList, file_name, outcome, problem_list::ProblemList,
    watch::Watch,
};
use crate::{
    home::{Home, refuse},
    import::{self, ImportError, Imported, Layout, Outlets, Recognised},
    tables::{Change, Import, StoredTable, TablesError, TakenOut, merge},
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
    request: &'a ImportRequest,
    existing: &'a [StoredTable],
    /// The tables as the files before this one leave them.
    current: Vec<StoredTable>,
    outcomes: Vec<FileOutcome>,
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
        let mut importing = Importing {
            home: self,
            request,
            existing: &existing,
            current: existing.clone(),
            outcomes: Vec::new(),
            mode: request.mode,
            list,
            progress,
        };
        if let Err(failure) = importing.read_files() {
            let _ = self.sweep_tables(&existing); // the failure below is the one to report; `open` sweeps again
            return Err(failure);
        }
        let Importing { current: entries, outcomes: mut files, list, .. } = importing;
        let list = list.finish()?;
        outcome::find_missing(&mut files, &existing);
        let refused = files.iter().any(|outcome| outcome.refusal.is_some());
        if refused || request.mode == ImportMode::DryRun {
            self.sweep_tables(&existing)?;
            return Ok(ImportOutcome { files, list });
        }
        let imported: Vec<Act<'_>> = files
            .iter()
            .filter_map(|outcome| outcome.report.as_ref())
            .map(|report| Act::FileImported { layout: &report.layout, rows: report.kept })
            .collect();
        self.all_recorded(&imported, || self.commit_tables(&existing, entries))?;
        Ok(ImportOutcome { files, list })
    }
}

impl Importing<'_> {
    fn read_files(&mut self) -> Result<(), Failure> {
        let request = self.request;
        let named = self.home.named_layouts(&request.layouts)?;
        let own = self.home.own_layouts()?;
        let others: Vec<Layout> = self
            .home
            .layouts()?
            .into_iter()
            .filter(|layout| named.iter().all(|other| other.id != layout.id))
            .collect();
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
                    None => self.read_file(path, &recognised)?,
                },
            };
            if let Some(refusal) = &outcome.refusal {
                self.mode = ImportMode::DryRun; // nothing will be kept: the other files are read to see what is wrong with them
                if self.list.lines() == listed {
                    self.list.refusal(&outcome.file, refusal)?;
                }
            }
            let nobody_waits = outcome.stopped;
            self.outcomes.push(outcome);
            if nobody_waits {
                break;
            }
        }
        Ok(())
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

    fn read_file(&mut self, path: &Path, recognised: &Recognised) -> Result<FileOutcome, Failure> {
        let (file, home) = (file_name(path), self.home);
        let watch = Watch::new(self.progress, &file);
        let custody = home.custody.read().unwrap_or_else(PoisonError::into_inner);
        let mut tables = Import::new(&home.tables, &custody, &home.schemas, &recognised.layout);
        let mode = self.mode;
        let mut rows = |filed: import::Filed| match mode {
            ImportMode::Keep => tables.accept(filed),
            ImportMode::DryRun => ControlFlow::Continue(()),
        };
        let list = &mut self.list;
        let mut findings = |finding: import::Finding<'_>| list.finding(&file, finding);
        let mut told = |step: import::Progress| watch.file(step);
        let mut outlets = Outlets { rows: &mut rows, progress: &mut told, findings: &mut findings };
        let imported = match import::read(recognised, home.now().date().year, &mut outlets, &home.room()) {
            Ok(imported) => imported,
            // The disk's own fault says more than "stopped".
            Err(error) => {
                return match tables.take_fault() {
                    Some(fault) => Err(Failure::from(fault)),
                    None => Ok(FileOutcome::refused(file.clone(), error)),
                };
            }
        };
        match self.replace(&file, &recognised.layout, imported, tables, &watch) {
            Ok((outcome, change)) => {
                if let Some(change) = change {
                    self.current = merge(&self.current, &change);
                }
                Ok(outcome)
            }
            Err(TablesError::Table(TableError::Stopped)) => {
                Ok(FileOutcome::refused(file.clone(), ImportError::Stopped))
            }
            Err(fault) => Err(Failure::from(fault)),
        }
    }

    /// Takes the file's rows in and those they replace out, if it is to be kept and nothing speaks against it.
    fn replace(
        &self,
        file: &str,
        layout: &Layout,
        imported: Imported,
        mut tables: Import<'_>,
        watch: &Watch<'_>,
    ) -> Result<(FileOutcome, Option<Change>), TablesError> {
        let Imported { report, taken_out, spoken } = imported;
        let ImportRequest { extent, period, .. } = *self.request;
        let periods = report.periods.clone();
        let update = outcome::is_update(&report, extent);
        let spoken = if extent == Extent::Whole { spoken.as_a_whole() } else { spoken };
        let mut outcome = FileOutcome::read(file.to_owned(), report, layout, spoken)
            .changes(extent, self.existing)
            .within(period);
        let spoken = outcome.spoken.clone();
        let taken = if update { TakenOut::Records(&taken_out, &periods) } else { TakenOut::Spoken(&spoken) };
        // Told against what was there before the import: a dry run, which keeps nothing of the files before this one, says the same.
        let mut weighed = tables.weigh(self.existing, taken, &mut |done, total| watch.stored(done, total))?;
        outcome.replaced = weighed.replaced();
        outcome = outcome.told_apart().unlike(extent, &self.outcomes);
        if outcome.refusal.is_some() || self.mode == ImportMode::DryRun {
            return Ok((outcome, None));
        }
        let family_came_before = self.outcomes.iter().any(|other| other.is_of_family(layout.family()));
        if family_came_before {
            weighed = tables.weigh(&self.current, taken, &mut |done, total| watch.stored(done, total))?;
        }
        tables.keep_others(&weighed, &periods, taken, &mut |done, total| watch.stored(done, total))?;
        let change = tables.finish(&self.current, self.home.now())?;
        Ok((outcome, Some(change)))
    }
}
