//! The clerk's part: files in, opt-outs in, what is held. All or nothing: entries are committed once every file is good,
//! and what no entry names is swept (D1-D7).

mod destruction;
mod importing;
mod outcome;
mod problem_list;
mod request;
mod stored;
mod watch;

use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
    sync::PoisonError,
};

use passage_shell::{audit::Act, config, failure::Failure};

pub use self::{
    destruction::Scope,
    importing::ImportOutcome,
    outcome::FileOutcome,
    problem_list::{KeptList, ListPart},
    request::{Extent, ImportMode, ImportRequest, LayoutChoice, Period, Problems},
};
use crate::{
    home::{Home, refuse},
    import::Layout,
    roster::{OptOutList, OptOuts},
    tables::{Import, merge},
};

/// Longest layout file, bytes: far above one with every column of every state file.
const LAYOUT_BYTES_MAX: u64 = 1 << 20;

/// Version of the lists of opt-outs, where a table has that of its layout.
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

    /// Takes a list of students who opted out; it replaces the earlier one of its kind and counts from the next round on (D7,
    /// F6).
    ///
    /// # Errors
    ///
    /// [`Failure`] names the row.
    pub fn import_opt_outs(&self, path: &Path, kind: OptOutList) -> Result<usize, Failure> {
        let file = File::open(path)
            .map_err(|error| Failure::io(&format!("open the file {}", file_name(path)), &error))?;
        let list = OptOuts::parse(BufReader::new(file))?;
        let _one_at_a_time = self.roster_change.lock().unwrap_or_else(PoisonError::into_inner);
        let existing = self.stored()?;
        let change = {
            let custody = self.custody.read().unwrap_or_else(PoisonError::into_inner);
            let import = Import::named(&self.tables, &custody, &self.schemas, kind.family(), OPT_OUT_VERSION);
            list.save(import, &self.schemas, &existing, self.now())?
        };
        let imported = Act::OptOutsImported { entries: list.len() as u64 };
        self.recorded(&imported, || self.commit_tables(&existing, merge(&existing, &change)))?;
        Ok(list.len())
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
