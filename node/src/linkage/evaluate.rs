//! One evaluation: files in, figures of every rule and preset out.

use std::{ops::ControlFlow, path::PathBuf};

use passage_protocol::{
    linkage::{Links, TagList, link, resolve},
    match_key::{MergeCounts, Preset, Recipe},
};
use passage_shell::{
    clock,
    control::{Answer, Progress, ProgressSink},
    failure::Failure,
};
use serde::Serialize;
use serde_json::json;

use super::{
    files::{Party, Truth, name_of},
    groups::Groups,
    measure::{Ground, Measure, Rule, RuleResult, true_pairs},
    tags::List,
    text,
};
use crate::home::refuse;

/// What to evaluate.
#[derive(Clone, Debug)]
pub struct Request {
    /// Files of records, one an institution, senders before receivers.
    pub files: Vec<PathBuf>,
    /// Who each record truly is.
    pub truth: PathBuf,
    /// What is known of those people.
    pub persons: Option<PathBuf>,
    /// Subgroups by several columns at once.
    pub by: Vec<String>,
    /// Presets to evaluate.
    pub presets: Vec<Preset>,
}

/// The figures of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Pairs of records of one person in two files.
    pub true_pairs: u64,
    /// The normalisation and the nickname table, by digest.
    pub normalisation: String,
    /// One per preset, in the order asked for.
    pub presets: Vec<PresetResult>,
}

/// The figures of one preset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PresetResult {
    /// Its name.
    pub preset: &'static str,
    /// Slots of a row of an institution that holds every element.
    pub slots: usize,
    /// What each institution's own resolution did.
    pub files: Vec<FileResult>,
    /// What each rule finds.
    pub rules: Vec<RuleResult>,
    /// Pairs of rows of the resolution that no best link was found for.
    pub ambiguous: u64,
    /// Best links that the resolution dropped, because they would put two rows of one file together.
    pub conflicts: u64,
    /// Clusters by number of rows, from two on.
    pub cluster_sizes: Vec<u64>,
}

/// One institution's own resolution.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileResult {
    /// The file's name without ending.
    pub file: String,
    /// Records.
    pub records: usize,
    /// Rows after duplicates are merged.
    pub persons: usize,
    /// Slots of a row here.
    pub slots: usize,
    /// Records folded into another's person.
    pub merged: u64,
    /// Keys withheld because two persons share them.
    pub suppressed: u64,
    /// Persons without any key.
    pub unusable: u64,
}

impl Evaluation {
    /// For a person and for a program.
    #[must_use]
    pub fn answer(&self) -> Answer {
        Answer { text: text::text(self), json: json!(self) }
    }
}

/// Evaluates the real keys and rules on files whose true persons are known.
///
/// # Errors
///
/// [`Failure`] names a file and a line, never a value.
///
/// # Cost
///
/// Some seconds and 200 bytes a record and slot for 100 000 records.
pub fn evaluate(request: &Request, progress: ProgressSink<'_>) -> Result<Evaluation, Failure> {
    let mut names: Vec<String> = request.files.iter().map(|path| name_of(path).to_lowercase()).collect();
    names.sort_unstable();
    if names.len() < 2 || names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(refuse(
            0x2284,
            &format!("{} files to link, expected two or more with names of their own", names.len()),
            "Name one file an institution after --files; the truth file goes by their names without ending.",
            None,
        ));
    }
    let steps = (request.files.len() + 1 + request.presets.len() * (1 + Rule::ALL.len())) as u64;
    let mut watch = Watch { progress, done: 0, steps };
    watch.step("reading the truth")?;
    let truth = Truth::read(&request.truth, request.persons.as_deref())?;
    let groups = Groups::of(&truth, &request.by)?;
    let year = clock::now().date().year;
    let mut parties = Vec::new();
    for path in &request.files {
        watch.step(&format!("reading {}", name_of(path)))?;
        parties.push(Party::read(path, &truth, year)?);
    }
    let held = true_pairs(&parties, &groups, truth.values.len());
    let mut presets = Vec::new();
    for preset in &request.presets {
        watch.step(&format!("{}: keys", preset.name()))?;
        let lists: Vec<List> =
            parties.iter().enumerate().map(|(number, party)| List::of(party, number, *preset)).collect();
        let ground = Ground { parties: &parties, lists: &lists, groups: &groups, held: &held };
        presets.push(of_preset(*preset, &ground, &mut watch)?);
    }
    let normalisation = passage_protocol::match_key::normalisation_digest().to_string();
    Ok(Evaluation { true_pairs: held.all, normalisation, presets })
}

fn of_preset(preset: Preset, ground: &Ground<'_>, watch: &mut Watch<'_>) -> Result<PresetResult, Failure> {
    let recipes = preset.recipes();
    let tags = ground.lists.iter().map(|list| TagList::new(&list.slots, &list.tags));
    let tags: Vec<TagList<'_>> = tags.collect::<Result<_, _>>()?;
    let mut rules = Vec::new();

    watch.step(&format!("{}: links", preset.name()))?;
    let to = |source| tags.iter().map(move |target| link(source, target));
    let links: Vec<Vec<Links>> = tags.iter().map(|source| to(source).collect()).collect();
    let mut direct = Measure::new(ground, recipes.len());
    each_pair(&links, |source, target, links| direct.links(source, target, links));
    rules.push(direct.finish(Rule::Round, &recipes));

    watch.step(&format!("{}: bridges", preset.name()))?;
    let mut bridged = Measure::new(ground, recipes.len());
    each_pair(&links, |source, target, direct| {
        bridged.links(source, target, &direct.bridged(&bridges(&links, source, target)));
    });
    rules.push(bridged.finish(Rule::Bridged, &recipes));

    watch.step(&format!("{}: resolution", preset.name()))?;
    let weights: Vec<u32> = recipes.iter().map(Recipe::weight).collect();
    let found = resolve(&tags, &weights);
    let mut resolved = Measure::new(ground, recipes.len());
    each_pair(&links, |source, target, _| resolved.resolution(source, target, &found));
    rules.push(resolved.finish(Rule::Resolved, &recipes));

    let file = |(party, list): (&Party, &List)| {
        let MergeCounts { merged, suppressed, unusable, .. } = list.counts;
        FileResult {
            file: party.name.clone(),
            records: party.records.len(),
            persons: list.persons.len(),
            slots: list.slots.len(),
            merged,
            suppressed,
            unusable,
        }
    };
    Ok(PresetResult {
        preset: preset.name(),
        slots: preset.slots_for(&[]).len(),
        files: ground.parties.iter().zip(ground.lists).map(file).collect(),
        rules,
        ambiguous: found.ambiguous,
        conflicts: found.conflicts,
        cluster_sizes: found.sizes(),
    })
}

/// Every pair of files, the earlier one as the sender.
fn each_pair(links: &[Vec<Links>], mut take: impl FnMut(usize, usize, &Links)) {
    for (source, row) in links.iter().enumerate() {
        for (target, direct) in row.iter().enumerate().skip(source + 1) {
            take(source, target, direct);
        }
    }
}

/// The ways from one file to another through a third, in the order of the files.
fn bridges(links: &[Vec<Links>], source: usize, target: usize) -> Vec<(&Links, &Links)> {
    let middles = (0..links.len()).filter(|middle| *middle != source && *middle != target);
    let way = |middle: usize| Some((links.get(source)?.get(middle)?, links.get(middle)?.get(target)?));
    middles.filter_map(way).collect()
}

/// Steps shown while the work goes on; ends when nobody waits.
struct Watch<'a> {
    progress: ProgressSink<'a>,
    done: u64,
    steps: u64,
}

impl Watch<'_> {
    fn step(&mut self, what: &str) -> Result<(), Failure> {
        let (what, total) = (what.to_owned(), Some(self.steps));
        let step = Progress { what, done: self.done, total, detail: String::new() };
        self.done += 1;
        match (self.progress)(step) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Failure::daemon_gone()),
        }
    }
}
