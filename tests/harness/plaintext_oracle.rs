//! The same linkage and tabulation in the clear, written apart from `linkage` and `mixing`: hash maps over the bytes of
//! match-key fields, the first-hit rule of SPEC §7 read aloud, counts per cell and pattern.
//!
//! Where one recipe hits several receiver rows the protocol takes the one with the smallest tag, which only the round's keys
//! decide. The oracle reports how many sender rows such a tie leaves open ([`Expected::open`]): rows for which the
//! candidates differ in what is counted. A test picks people without any, or checks the sum.
//!
//! Bridges (SPEC §7) are read aloud too: who has no receiver row is asked for at every other receiver of the sender's, in their
//! order, and whoever is found there, by a number or a pair of names, is asked for at the receiver by the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use passage_node::{
    metrics::{GroupFacts, MetricFacts, Said},
    prepare::{Fact, PreparedRow},
    roster::{Roster, Student},
};
use passage_protocol::{
    agreement::{Role, Segment, Study},
    cells::{CellDomain, Dimension, Grouping, SchoolYear},
    disclosure::source_floor,
    manifest::shapes::never_held,
    metric::{Metric, Side},
};

/// What a table must show before disclosure control.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expected {
    /// Id of the metric.
    pub metric: String,
    /// Participant index of the sender.
    pub sender: u16,
    /// Participant indices in pattern order.
    pub receivers: Vec<u16>,
    /// Cohorts by category.
    pub domain: CellDomain,
    /// What a receiver can show: nothing, or one of the outcomes.
    pub base: usize,
    /// Index `(code - 1) x base^receivers + pattern`, as in `RawTable`; students that were seen, withheld cells empty.
    pub counts: Vec<i64>,
    /// Sender rows linked to anybody: the tuples of the plan.
    pub tuples: u64,
    /// The sender's own counts, `None` where the source floor withholds them.
    pub denominators: Vec<Option<u64>>,
    /// Sender rows whose count depends on a tie between tags.
    pub open: u64,
}

/// One participant's list as its owner knows it.
pub struct OpenList<'a> {
    /// Its part in the study.
    pub role: Role,
    /// Kind of institution.
    pub segment: Segment,
    /// Its rows.
    pub rows: &'a [PreparedRow],
}

/// Every table of a study over these lists, in participant order.
#[must_use]
pub fn expected(study: &Study, floor: u32, lists: &[OpenList<'_>]) -> Vec<Expected> {
    let mut tables = Vec::new();
    for (sender, list) in (0_u16..).zip(lists).filter(|(_, list)| list.role == Role::Sender) {
        for asked in &study.tables {
            let metric = study.metric(&asked.metric, asked.version).unwrap();
            let receives =
                |list: &OpenList<'_>| list.role == Role::Receiver && metric.receivers.contains(&list.segment);
            let receivers: Vec<u16> =
                (0_u16..).zip(lists).filter(|(_, list)| receives(list)).map(|(index, _)| index).collect();
            if !metric.senders.contains(&list.segment) || receivers.is_empty() {
                continue;
            }
            let schools = &study.participants[usize::from(sender)].schools;
            let domain = CellDomain::of(study.cohorts.clone(), asked.dimension, schools);
            let place = study.metrics().iter().position(|(id, _)| *id == asked.metric).unwrap();
            let groupings = study.groupings();
            let asked = Asked { metric, place, middles: middles(study, lists, list.segment), groupings };
            tables.push(tabulate(study, floor, lists, sender, receivers, domain, &asked));
        }
    }
    tables
}

/// What the files of a member say for college-going within twelve months or arrival within two years, by the rule of the roster and
/// without SQL: completers at a sender; at a receiver the first regular year counts for the cohorts one and two years before it. For
/// the match panel by subgroup a receiver says nothing. In a grouping, which SQL alone can tell, students are in turn of every
/// category.
#[must_use]
pub fn said_by(roster: &Roster, study: &Study, role: Role) -> Said {
    let all = roster.students.all().unwrap();
    let students = || all.iter().enumerate();
    let facts = |(id, _): (&str, u16)| {
        let outcomes = match id {
            "college-going-12" => 1,
            "found-at-member" if role == Role::Receiver => return None,
            "found-at-member" => 0,
            "enrolled-within-two-years" => 2,
            other => panic!("{other} is not worked out here"),
        };
        Some(match role {
            Role::Sender => {
                let completed = |(at, one): (usize, &Student)| Some((at, one.completion_cohort()?, 0));
                MetricFacts::new(Side::Sender, 1, students().filter_map(completed))
            }
            Role::Receiver => {
                let seen = |(at, one): (usize, &Student)| {
                    let year = one.first_regular_year();
                    let counts =
                        move |outcome: u8| Some((at, SchoolYear(year?.0 - u16::from(outcome)), outcome));
                    (1..=outcomes).filter_map(counts)
                };
                MetricFacts::new(Side::Receiver, outcomes, students().flat_map(seen))
            }
        })
    };
    let in_turn = |grouping: Grouping| {
        let categories = grouping.labels().len();
        let of_each = (0..all.len()).map(|place| u8::try_from(place % categories).unwrap());
        GroupFacts::new(grouping, of_each.collect()).unwrap()
    };
    let groupings = if role == Role::Sender { study.groupings() } else { Vec::new() };
    Said {
        metrics: study.metrics().into_iter().map(facts).collect(),
        groups: groupings.into_iter().map(in_turn).collect(),
    }
}

fn tabulate(
    study: &Study,
    floor: u32,
    lists: &[OpenList<'_>],
    sender: u16,
    receivers: Vec<u16>,
    domain: CellDomain,
    asked: &Asked<'_>,
) -> Expected {
    let from = &lists[usize::from(sender)];
    let mut cohort_counts = vec![0_u64; domain.len()];
    for row in from.rows {
        if let Some(cell) = cell_of(row, asked, &domain) {
            cohort_counts[cell] += 1;
        }
    }
    let withheld = source_floor(&cohort_counts, domain.categories(), floor);
    let found: Vec<Vec<BTreeSet<Option<usize>>>> = (receivers.iter())
        .map(|receiver| bridged(study, lists, usize::from(sender), usize::from(*receiver), &asked.middles))
        .collect();
    let base = asked.metric.outcomes.len() + 1;
    let patterns = base.pow(u32::try_from(receivers.len()).unwrap());
    let mut expected = Expected {
        metric: asked.metric.id.clone(),
        sender,
        base,
        counts: vec![0; domain.len() * patterns],
        tuples: 0,
        denominators: cohort_counts
            .iter()
            .zip(&withheld)
            .map(|(count, withheld)| (!*withheld).then_some(*count))
            .collect(),
        open: 0,
        receivers,
        domain,
    };
    for (row, person) in from.rows.iter().enumerate() {
        let candidates: Vec<&BTreeSet<Option<usize>>> = found.iter().map(|links| &links[row]).collect();
        if candidates.iter().all(|candidates| candidates.iter().all(Option::is_none)) {
            continue;
        }
        expected.tuples += 1;
        let (mut pattern, mut open) = (0_usize, false);
        for (digit, (receiver, candidates)) in (0_u32..).zip(expected.receivers.iter().zip(candidates)) {
            let rows = lists[usize::from(*receiver)].rows;
            let outcomes: BTreeSet<usize> = (candidates.iter())
                .map(|target| {
                    let said = target.map(|target| &rows[target].facts[asked.place]);
                    match said {
                        // The link is all there is to see, whatever the receiver knows.
                        Some(_) if asked.metric.windows == 0 => 1,
                        Some(said) => outcome(person.facts[asked.place].cohort, said),
                        None => 0,
                    }
                })
                .collect();
            open |= outcomes.len() > 1 || (candidates.len() > 1 && candidates.contains(&None));
            pattern += outcomes.last().copied().unwrap_or(0) * base.pow(digit);
        }
        expected.open += u64::from(open);
        // Who was seen nowhere opens nothing.
        let cell = cell_of(person, asked, &expected.domain).filter(|_| pattern > 0);
        if let Some(cell) = cell.filter(|cell| !withheld[*cell]) {
            expected.counts[cell * patterns + pattern] += 1;
        }
    }
    expected
}

/// A metric and its place among the study's.
struct Asked<'a> {
    metric: &'a Metric,
    place: usize,
    /// Participants through whom the sender's students are looked for.
    middles: Vec<usize>,
    /// The study's groupings, in the order of a row's categories.
    groupings: Vec<Grouping>,
}

/// As what a receiver counts a student of a cohort; 0 is nothing.
fn outcome(cohort: Option<SchoolYear>, said: &Fact) -> usize {
    said.seen.iter().find(|(of, _)| Some(*of) == cohort).map_or(0, |(_, outcome)| usize::from(*outcome))
}

fn cell_of(row: &PreparedRow, asked: &Asked<'_>, domain: &CellDomain) -> Option<usize> {
    let cohort = domain.cohorts.iter().position(|cohort| Some(*cohort) == row.facts[asked.place].cohort)?;
    let category = match domain.dimension {
        Dimension::All => 0,
        Dimension::Ethnicity => row.ethnicity.index(),
        Dimension::Gender => row.gender.index(),
        Dimension::School => usize::from(row.school),
        Dimension::Group(grouping) => {
            row.groups[asked.groupings.iter().position(|one| *one == grouping).unwrap()].into()
        }
    };
    Some(cohort * domain.categories() + category)
}

type Key = (u8, Vec<Vec<u8>>);

/// Recipes that make a bridge: state number, social security number, pair of names.
const STRONG: [u8; 3] = [0, 1, 2];

/// Everybody who receives students of such a sender by some metric of the study, if it asks for bridges.
fn middles(study: &Study, lists: &[OpenList<'_>], sender: Segment) -> Vec<usize> {
    let receives = |list: &OpenList<'_>| {
        list.role == Role::Receiver
            && study.tables.iter().any(|table| {
                let metric = study.metric(&table.metric, table.version).unwrap();
                metric.senders.contains(&sender) && metric.receivers.contains(&list.segment)
            })
    };
    (0..lists.len()).filter(|index| study.bridges && receives(&lists[*index])).collect()
}

/// For every sender row the receiver rows it may be linked to: `None` for nobody; more than one entry is a tie.
fn bridged(
    study: &Study,
    lists: &[OpenList<'_>],
    sender: usize,
    receiver: usize,
    middles: &[usize],
) -> Vec<BTreeSet<Option<usize>>> {
    let strong = |(recipe, rows): &(u8, BTreeSet<usize>)| {
        if STRONG.contains(recipe) { rows.clone() } else { BTreeSet::new() }
    };
    let between = |from: usize, to: usize| links(study, &lists[from], &lists[to]);
    let ways: Vec<_> = (middles.iter().filter(|middle| **middle != receiver))
        .map(|middle| (between(sender, *middle), between(*middle, receiver)))
        .collect();
    let direct = between(sender, receiver);
    let look = |(row, (_, found)): (usize, &(u8, BTreeSet<usize>))| {
        let mut reached: BTreeSet<Option<usize>> = found.iter().copied().map(Some).collect();
        if !reached.is_empty() {
            return reached;
        }
        for (to_middle, from_middle) in &ways {
            let through: Vec<_> =
                strong(&to_middle[row]).into_iter().map(|middle| strong(&from_middle[middle])).collect();
            reached.extend(through.iter().flatten().copied().map(Some));
            // With a tie at the middle the next list may be asked as well.
            if !through.is_empty() && through.iter().all(|rows| !rows.is_empty()) {
                return reached;
            }
        }
        reached.insert(None);
        reached
    };
    direct.iter().enumerate().map(look).collect()
}

/// For every sender row the receiver rows that the strongest hitting recipe names, and that recipe: none, one, or a tie.
fn links(study: &Study, from: &OpenList<'_>, to: &OpenList<'_>) -> Vec<(u8, BTreeSet<usize>)> {
    let (left, right) = (keys(study, from), keys(study, to));
    let (void_left, void_right) = (repeated(&left), repeated(&right));
    let mut holders: HashMap<&Key, usize> = HashMap::new();
    for (row, keys) in right.iter().enumerate() {
        for key in keys.iter().filter(|key| !void_right.contains(*key)) {
            holders.insert(key, row);
        }
    }
    let link = |keys: &Vec<Key>| {
        let mut hits: BTreeMap<u8, BTreeSet<usize>> = BTreeMap::new();
        for key in keys.iter().filter(|key| !void_left.contains(*key)) {
            if let Some(row) = holders.get(key) {
                hits.entry(key.0).or_default().insert(*row);
            }
        }
        hits.into_iter().next().unwrap_or_default()
    };
    left.iter().map(link).collect()
}

/// The match keys of every row as plain bytes with the recipe they belong to.
fn keys(study: &Study, list: &OpenList<'_>) -> Vec<Vec<Key>> {
    let slots = study.preset.slots_for(never_held(list.segment));
    let of_row = |row: &PreparedRow| {
        let filled = slots.iter().zip(&row.keys).filter_map(|(recipe, key)| Some((*recipe, key.as_ref()?)));
        filled
            .map(|(recipe, key)| (recipe, key.fields().iter().map(|field| field.to_vec()).collect()))
            .collect()
    };
    list.rows.iter().map(of_row).collect()
}

fn repeated(rows: &[Vec<Key>]) -> BTreeSet<Key> {
    let mut seen: HashMap<&Key, u32> = HashMap::new();
    rows.iter().flatten().for_each(|key| *seen.entry(key).or_default() += 1);
    seen.into_iter().filter(|(_, times)| *times > 1).map(|(key, _)| key.clone()).collect()
}
