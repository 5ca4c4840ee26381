//! The clerk's part: files in, opt-outs in, what is held. All or nothing: entries are committed once every file is good,
//! and what no entry names is swept (D1-D7).

mod importing;
mod outcome;
mod problem_list;
mod request;

use std::{
    collections::HashSet,
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
    sync::PoisonError,
};

use passage_protocol::{
    agreement::Segment,
    codec::{Decode, Encode},
    ids::Digest,
};
use passage_shell::{config, entropy, failure::Failure, store::Op};
use zeroize::Zeroizing;

pub use self::{
    importing::ImportOutcome,
    outcome::FileOutcome,
    problem_list::{KeptList, ListPart},
    request::{ImportMode, ImportRequest, LayoutChoice, Period, Problems},
};
use crate::{
    home::{Home, refuse},
    import::Layout,
    records::SEGMENTS,
    roster::{DataKey, FreshSalt, OptOuts, Roster, SegmentEntry, SegmentKind, assemble, merge, sweep},
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
