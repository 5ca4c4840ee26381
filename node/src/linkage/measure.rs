//! Right, wrong and missed links of one rule, in all, by recipe and by subgroup.
//!
//! The unit is a pair of records of two files, as in the linkage study: a person with two records in one file and one in another
//! makes two pairs.

use std::collections::BTreeMap;

use passage_protocol::{
    linkage::{Links, Resolution},
    match_key::{Footing, LocalPerson, Recipe},
};
use serde::Serialize;

use super::{
    files::Party,
    groups::{Gap, GroupResult, Groups},
    tags::List,
};

/// How links are made of equal tags.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The rule of rounds, bridges included.
    Bridged,
    /// Best one-to-one links and clusters over all files.
    Resolved,
    /// The rule of rounds.
    Round,
}

impl Rule {
    /// Every rule, the one of rounds first.
    pub const ALL: [Self; 3] = [Self::Round, Self::Bridged, Self::Resolved];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bridged => "bridged",
            Self::Resolved => "resolved",
            Self::Round => "round",
        }
    }

    /// What it does, in words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Bridged => {
                "as round; a record without a link takes the link of the row it has in another file, if both are by a number or the pair of names. The noise covers it"
            }
            Self::Resolved => {
                "best one-to-one links and clusters over all files. The noise does not cover it: no table is made by it"
            }
            Self::Round => {
                "the strongest recipe with any equal key decides, for every record by itself. The noise covers it"
            }
        }
    }
}

/// Right, wrong and missed, and their rates. A rate of nothing is absent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Pairs of records of one person that are linked.
    pub right: u64,
    /// Pairs of records of two people that are linked.
    pub wrong: u64,
    /// Pairs of records of one person that are not linked.
    pub missed: u64,
    /// Right links among all links.
    pub precision: Option<f64>,
    /// Right links among the pairs there are.
    pub recall: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
}

impl Figures {
    /// The figures of `right` and `wrong` links where there are `held` true pairs.
    #[must_use]
    pub fn of(right: u64, wrong: u64, held: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a rate, printed with four digits")]
        let rate = |of: u64, all: u64| (all > 0).then(|| of as f64 / all as f64);
        Self {
            right,
            wrong,
            missed: held.saturating_sub(right),
            precision: rate(right, right + wrong),
            recall: rate(right, held),
            f1: rate(2 * right, right + wrong + held),
        }
    }
}

/// Links by the strongest recipe under which their rows agree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecipeResult {
    /// The recipe's name; `through another file` for rows that agree under none.
    pub recipe: String,
    /// Bits that tell strangers apart; absent for the last.
    pub bits: Option<u32>,
    /// Right links.
    pub right: u64,
    /// Wrong links.
    pub wrong: u64,
    /// Of the right links, those whose rows agree under no other recipe.
    pub only_right: u64,
    /// Of the wrong links, the same.
    pub only_wrong: u64,
}

/// Links between two files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairResult {
    /// The file whose records look for theirs, by its name without ending.
    pub from: String,
    /// The file they are looked for in.
    pub to: String,
    /// The links.
    pub links: Figures,
}

/// What one rule finds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleResult {
    /// The rule.
    pub rule: Rule,
    /// What it does, in words.
    pub meaning: &'static str,
    /// All of it.
    pub links: Figures,
    /// By recipe, the strongest first.
    pub recipes: Vec<RecipeResult>,
    /// By pair of files, in their order.
    pub pairs: Vec<PairResult>,
    /// By subgroup.
    pub groups: Vec<GroupResult>,
    /// By column of the subgroups: best against worst.
    pub gaps: Vec<Gap>,
}

/// Files, lists and people of an evaluation.
pub(super) struct Ground<'a> {
    pub(super) parties: &'a [Party],
    pub(super) lists: &'a [List],
    pub(super) groups: &'a Groups,
    pub(super) held: &'a Held,
}

/// Pairs of records of one person that stand in two files.
pub(super) struct Held {
    pub(super) all: u64,
    by_group: Vec<u64>,
    /// By the places of the two files.
    by_pair: Vec<Vec<u64>>,
}

/// Counts the pairs there are to find.
pub(super) fn true_pairs(parties: &[Party], groups: &Groups, people: usize) -> Held {
    let mut records = vec![vec![0_u64; parties.len()]; people];
    for (place, party) in parties.iter().enumerate() {
        for person in &party.people {
            let of = records.get_mut(*person as usize).and_then(|records| records.get_mut(place));
            of.into_iter().for_each(|count| *count += 1);
        }
    }
    let (mut all, mut by_group) = (0, vec![0; groups.count()]);
    let mut by_pair = vec![vec![0; parties.len()]; parties.len()];
    let mut add =
        |group: usize, pairs: u64| by_group.get_mut(group).into_iter().for_each(|sum| *sum += pairs);
    for ((place, party), pairs) in parties.iter().enumerate().zip(&mut by_pair) {
        for (person, footing) in party.people.iter().zip(&party.footings) {
            let Some(records) = records.get(*person as usize) else { continue };
            pairs.iter_mut().zip(records).for_each(|(pairs, there)| *pairs += there);
            let after: u64 = records.iter().skip(place + 1).sum();
            all += after;
            groups.of_person(*person).for_each(|group| add(group, after));
            add(groups.of_footing(*footing), after + records.iter().take(place).sum::<u64>());
        }
    }
    Held { all, by_group, by_pair }
}

/// Counts the links of one rule.
pub(super) struct Measure<'a> {
    ground: &'a Ground<'a>,
    right: u64,
    wrong: u64,
    /// By recipe, and last without one: right, wrong, right by it alone, wrong by it alone.
    by_recipe: Vec<[u64; 4]>,
    /// By group: right and wrong.
    by_group: Vec<(u64, u64)>,
    /// By the places of two files: right and wrong.
    by_pair: BTreeMap<(usize, usize), (u64, u64)>,
}

impl<'a> Measure<'a> {
    pub(super) fn new(ground: &'a Ground<'a>, recipes: usize) -> Self {
        let by_group = vec![(0, 0); ground.groups.count()];
        Self {
            ground,
            right: 0,
            wrong: 0,
            by_recipe: vec![[0; 4]; recipes + 1],
            by_group,
            by_pair: BTreeMap::new(),
        }
    }

    /// Takes the links of the rows of one file to those of another.
    pub(super) fn links(&mut self, source: usize, target: usize, links: &Links) {
        for (row, link) in (0_u32..).zip(links.iter()) {
            if let Some(link) = link {
                self.pair(source, row, target, link.target_row);
            }
        }
    }

    /// Takes the pairs that clusters make of two files.
    pub(super) fn resolution(&mut self, source: usize, target: usize, resolution: &Resolution) {
        let list = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
        for (row, target_row) in resolution.pairs(list(source), list(target)) {
            self.pair(source, row, target, target_row);
        }
    }

    fn pair(&mut self, source: usize, row: u32, target: usize, target_row: u32) {
        let ground = self.ground;
        let list = |place: usize| ground.lists.get(place).zip(ground.parties.get(place));
        let (Some((mine, party)), Some((theirs, other))) = (list(source), list(target)) else { return };
        let shared = mine.shared(row, theirs, target_row);
        let strongest = (shared.trailing_zeros() as usize).min(self.by_recipe.len().saturating_sub(1));
        let people = |list: &List, party: &Party, row: u32| -> Vec<(u32, Footing)> {
            let members = list.persons.get(row as usize).map(|person: &LocalPerson| person.members.iter());
            let known =
                |record: &usize| party.people.get(*record).copied().zip(party.footings.get(*record).copied());
            members.into_iter().flatten().filter_map(known).collect()
        };
        let (sources, targets) = (people(mine, party, row), people(theirs, other, target_row));
        for (person, _) in &sources {
            let (right, wrong) = agreeing(*person, &targets);
            self.right += right;
            self.wrong += wrong;
            let pair = self.by_pair.entry((source, target)).or_default();
            *pair = (pair.0 + right, pair.1 + wrong);
            if let Some([all_right, all_wrong, only_right, only_wrong]) = self.by_recipe.get_mut(strongest) {
                *all_right += right;
                *all_wrong += wrong;
                if shared.count_ones() == 1 {
                    *only_right += right;
                    *only_wrong += wrong;
                }
            }
            ground.groups.of_person(*person).for_each(|group| self.of_group(group, right, wrong));
        }
        for (ours, others) in [(&sources, &targets), (&targets, &sources)] {
            for (person, footing) in ours {
                let (right, wrong) = agreeing(*person, others);
                self.of_group(ground.groups.of_footing(*footing), right, wrong);
            }
        }
    }

    fn of_group(&mut self, group: usize, right: u64, wrong: u64) {
        if let Some((of_right, of_wrong)) = self.by_group.get_mut(group) {
            *of_right += right;
            *of_wrong += wrong;
        }
    }

    pub(super) fn finish(self, rule: Rule, recipes: &[Recipe]) -> RuleResult {
        let named = recipes.iter().map(|recipe| (recipe.name(), Some(recipe.bits())));
        let named = named.chain([("through another file", None)]).zip(&self.by_recipe);
        let recipe = |((name, bits), counts): ((&str, Option<u32>), &[u64; 4])| {
            let [right, wrong, only_right, only_wrong] = *counts;
            RecipeResult { recipe: name.to_owned(), bits, right, wrong, only_right, only_wrong }
        };
        let held = self.ground.held;
        let (groups, gaps) = self.ground.groups.results(&held.by_group, &self.by_group);
        RuleResult {
            rule,
            meaning: rule.meaning(),
            links: Figures::of(self.right, self.wrong, held.all),
            recipes: named.map(recipe).collect(),
            pairs: self.pairs(),
            groups,
            gaps,
        }
    }

    fn pairs(&self) -> Vec<PairResult> {
        let (parties, held) = (self.ground.parties, self.ground.held);
        let mut pairs = Vec::new();
        for ((source, from), held) in parties.iter().enumerate().zip(&held.by_pair) {
            for ((target, to), held) in parties.iter().enumerate().zip(held).skip(source + 1) {
                let (right, wrong) = self.by_pair.get(&(source, target)).copied().unwrap_or_default();
                let (from, to) = (from.name.clone(), to.name.clone());
                pairs.push(PairResult { from, to, links: Figures::of(right, wrong, *held) });
            }
        }
        pairs
    }
}

/// Records of the other row that are of the same person, and of others.
fn agreeing(person: u32, others: &[(u32, Footing)]) -> (u64, u64) {
    let right = others.iter().filter(|(other, _)| *other == person).count() as u64;
    (right, others.len() as u64 - right)
}
