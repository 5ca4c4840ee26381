//! The clerk's part: files in, opt-outs in, what is held. All or nothing: entries are committed once every file is good,
//! and what no entry names is swept (D1-D7).

use std::{
    collections::HashSet,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use passage_protocol::{
    agreement::Segment,
    codec::{Decode, Encode},
    ids::Digest,
};
use passage_shell::{
    control::{Progress, ProgressSink},
    entropy,
    failure::Failure,
    store::Op,
};

use crate::{
    home::{Home, refuse},
    import::{self, ImportReport, Layout, Recognised},
    records::SEGMENTS,
    roster::{FreshSalt, OptOuts, Roster, SegmentEntry, SegmentKind, assemble, merge, sweep},
};

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
        let entries = self.segments()?;
        let opt_outs = OptOuts::load(&self.roster_folder, &self.data_key, &entries)?;
        let kind = match self.segment {
            Segment::K12 => SegmentKind::K12,
            Segment::Cc => SegmentKind::CommunityCollege,
            Segment::Univ | Segment::Workforce => SegmentKind::University,
        };
        let roster = assemble(&self.roster_folder, &self.data_key, &entries, &opt_outs, kind)?;
        let mut contents: Vec<Digest> = entries.iter().map(|entry| entry.content).collect();
        contents.sort_unstable();
        Ok((roster, Digest::derive("passage v1 roster snapshot", &contents.to_bytes())))
    }

    /// Recognises files without importing them.
    ///
    /// # Errors
    ///
    /// [`Failure`] names the candidates if a file is ambiguous.
    pub fn recognise(&self, files: &[PathBuf], layouts: &[PathBuf]) -> Result<Vec<Recognised>, Failure> {
        let mut own = self.own_layouts()?;
        for path in layouts {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::io(&format!("read the layout {}", path.display()), &error))?;
            own.push(Layout::parse(&text)?);
        }
        let one = |file: &PathBuf| -> Result<Recognised, Failure> {
            match (own.as_slice(), layouts) {
                ([.., named], [_]) => Ok(import::recognise_as(file, named)?),
                _ => Ok(import::recognise(file, &own)?),
            }
        };
        files.iter().map(one).collect()
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
        let read = |path: &PathBuf| -> Result<Layout, Failure> {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::io(&format!("read the layout {}", path.display()), &error))?;
            Ok(Layout::parse(&text)?)
        };
        paths.iter().map(read).collect()
    }

    /// Imports files: all of them, or nothing.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the first file that is refused; the roster is then unchanged.
    pub fn import(
        &self,
        files: &[PathBuf],
        layouts: &[PathBuf],
        mode: ImportMode,
        progress: ProgressSink<'_>,
    ) -> Result<Vec<ImportReport>, Failure> {
        let existing = self.segments()?;
        let mut entries = existing.clone();
        let mut reports = Vec::new();
        for recognised in self.recognise(files, layouts)? {
            let (report, new) = self.read_file(&recognised, &existing, mode, progress)?;
            entries = merge(&entries, &new);
            reports.push(report);
        }
        if mode == ImportMode::Keep {
            self.commit_segments(&entries)?;
            for report in &reports {
                let rows = report.kept.to_string();
                self.record("file imported", &[("layout", &report.layout), ("rows", &rows)])?;
            }
        }
        Ok(reports)
    }

    fn read_file(
        &self,
        recognised: &Recognised,
        existing: &[SegmentEntry],
        mode: ImportMode,
        progress: ProgressSink<'_>,
    ) -> Result<(ImportReport, Vec<SegmentEntry>), Failure> {
        let name =
            recognised.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut told = |step: import::Progress| {
            let what = format!("reading {name}");
            progress(Progress { what, done: step.bytes_done, total: Some(step.bytes_total) });
        };
        let salt = FreshSalt::new(entropy::seed()?);
        let mut writer = self.roster_folder.writer(&self.data_key, salt, &recognised.layout.id);
        let year = self.now().date().year;
        let mut sink = |filed| match mode {
            ImportMode::Keep => writer.accept(&filed),
            ImportMode::DryRun => core::ops::ControlFlow::Continue(()),
        };
        let report = match import::read(recognised, year, &mut sink, &mut told) {
            Ok(report) => report,
            Err(error) => {
                // The disk's own fault says more than "stopped".
                return Err(writer
                    .fault()
                    .map_or_else(|| Failure::from(error), |fault| Failure::from(fault.clone())));
            }
        };
        let new = match mode {
            ImportMode::Keep => writer.finish(existing, self.now())?,
            ImportMode::DryRun => Vec::new(),
        };
        Ok((report, new))
    }

    /// Takes an opt-out list; it replaces the earlier one and counts from the next round on (D7).
    ///
    /// # Errors
    ///
    /// [`Failure`] names the row.
    pub fn import_opt_outs(&self, path: &Path) -> Result<usize, Failure> {
        let file =
            File::open(path).map_err(|error| Failure::io(&format!("open {}", path.display()), &error))?;
        let list = OptOuts::parse(BufReader::new(file))?;
        let existing = self.segments()?;
        let salt = FreshSalt::new(entropy::seed()?);
        let new = list.save(&self.roster_folder, &self.data_key, salt, &existing, self.now())?;
        self.commit_segments(&merge(&existing, &new))?;
        self.record("opt-out list imported", &[("entries", &list.len().to_string())])?;
        Ok(list.len())
    }

    /// Forgets every student record held here (F10): segments are deleted; the account of it goes to the audit chain.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub fn destroy_data(&self, by: &str) -> Result<usize, Failure> {
        let entries = self.segments()?;
        if entries.is_empty() {
            return Err(refuse(
                0x2230,
                "there is no student record here",
                "Nothing needs to be done.",
                Some("F10"),
            ));
        }
        self.commit_segments(&[])?;
        self.record("data destroyed", &[("segments", &entries.len().to_string()), ("by", by)])?;
        Ok(entries.len())
    }

    fn commit_segments(&self, entries: &[SegmentEntry]) -> Result<(), Failure> {
        self.store.commit(&[Op::put(SEGMENTS, ENTRIES_KEY, entries.to_bytes())])?;
        let keep: HashSet<Digest> = entries.iter().map(|entry| entry.digest).collect();
        sweep(&self.roster_folder, &keep)?;
        Ok(())
    }
}

/// Whether an import is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ImportMode {
    /// Read, check, report; change nothing.
    DryRun,
    /// Read, check, keep.
    Keep,
}
