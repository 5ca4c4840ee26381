//! Subgroups of people, as far as the truth file's columns say, and the gap between the best and the worst matched.

use std::collections::BTreeMap;

use passage_protocol::match_key::Footing;
use passage_shell::failure::Failure;
use serde::Serialize;

use super::{files::Truth, measure::Figures};
use crate::home::refuse;

/// Values a column may have at most to make subgroups; one with more names people, not groups.
const VALUES_MAX: usize = 24;
/// True pairs a subgroup needs to count in a gap: with fewer, chance decides which is worst.
const GAP_PAIRS_MIN: u64 = 100;

/// Figures of one subgroup.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupResult {
    /// Column of the truth file, or several joined by `+`.
    pub column: String,
    /// Its value.
    pub value: String,
    /// True pairs of the subgroup's people.
    pub pairs: u64,
    /// How they were matched; a false link counts with the person of its first record. Under `footing`, every pair counts once for
    /// each of its records.
    pub links: Figures,
}

/// Best and worst recall of one column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// Column of the truth file.
    pub column: String,
    /// Value with the highest recall.
    pub best: String,
    /// Value with the lowest.
    pub worst: String,
    /// The difference of their recalls.
    pub gap: f64,
}

/// Name of the subgroups by what a record can be matched by; a pair counts once for each of its records.
const FOOTING: &str = "footing";

/// Which subgroups each person is in, and each record.
pub(super) struct Groups {
    /// Column and value of each group.
    labels: Vec<(String, String)>,
    of_person: Vec<Vec<u32>>,
}

impl Groups {
    /// The groups of every column of the truth, and of the columns of `by`, such as `sex+surname_changed`.
    pub(super) fn of(truth: &Truth, by: &[String]) -> Result<Self, Failure> {
        let mut wanted: Vec<Vec<usize>> = (0..truth.columns.len()).map(|column| vec![column]).collect();
        for columns in by {
            let places = columns.split('+').map(|name| {
                let place = truth.columns.iter().position(|column| column.eq_ignore_ascii_case(name.trim()));
                place.ok_or_else(|| unknown(name, &truth.columns))
            });
            wanted.push(places.collect::<Result<_, _>>()?);
        }
        wanted.dedup();
        let mut groups = Self { labels: Vec::new(), of_person: vec![Vec::new(); truth.values.len()] };
        for columns in wanted {
            groups.add(truth, &columns);
        }
        groups.labels.extend(Footing::ALL.map(|footing| (FOOTING.to_owned(), footing.word().to_owned())));
        Ok(groups)
    }

    fn add(&mut self, truth: &Truth, columns: &[usize]) {
        let value = |values: &Vec<String>| {
            let parts: Option<Vec<&str>> = columns
                .iter()
                .map(|column| values.get(*column).map(String::as_str).filter(|value| !value.is_empty()))
                .collect();
            parts.map(|parts| parts.join("+"))
        };
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        for value in truth.values.iter().filter_map(value) {
            numbers.insert(value, 0);
            if numbers.len() > VALUES_MAX.pow(u32::try_from(columns.len()).unwrap_or(1)) {
                return;
            }
        }
        let names: Vec<&str> =
            columns.iter().filter_map(|column| truth.columns.get(*column)).map(String::as_str).collect();
        for (value, number) in &mut numbers {
            *number = u32::try_from(self.labels.len()).unwrap_or(u32::MAX);
            self.labels.push((names.join("+"), value.clone()));
        }
        for (groups, values) in self.of_person.iter_mut().zip(&truth.values) {
            groups.extend(value(values).and_then(|value| numbers.get(&value)));
        }
    }

    /// Number of groups.
    pub(super) fn count(&self) -> usize {
        self.labels.len()
    }

    /// The group of a record.
    pub(super) fn of_footing(&self, footing: Footing) -> usize {
        let last = Footing::ALL.iter().position(|other| *other == footing).unwrap_or_default();
        self.labels.len() - Footing::ALL.len() + last
    }

    /// The groups a person is in.
    pub(super) fn of_person(&self, person: u32) -> impl Iterator<Item = usize> {
        self.of_person.get(person as usize).into_iter().flatten().map(|group| *group as usize)
    }

    /// The figures of every group that has true pairs, and the gap of every column.
    pub(super) fn results(&self, held: &[u64], counted: &[(u64, u64)]) -> (Vec<GroupResult>, Vec<Gap>) {
        let mut results: Vec<GroupResult> = Vec::new();
        for (((column, value), held), (right, wrong)) in self.labels.iter().zip(held).zip(counted) {
            if *held > 0 {
                let links = Figures::of(*right, *wrong, *held);
                results.push(GroupResult {
                    column: column.clone(),
                    value: value.clone(),
                    pairs: *held,
                    links,
                });
            }
        }
        let gaps = results.chunk_by(|one, other| one.column == other.column).filter_map(gap).collect();
        (results, gaps)
    }
}

/// The gap of one column, if two of its groups are large enough.
fn gap(groups: &[GroupResult]) -> Option<Gap> {
    let recall = |group: &&GroupResult| group.links.recall.unwrap_or_default();
    let large: Vec<&GroupResult> = groups.iter().filter(|group| group.pairs >= GAP_PAIRS_MIN).collect();
    let best = large.iter().max_by(|one, other| recall(one).total_cmp(&recall(other)))?;
    let worst = large.iter().min_by(|one, other| recall(one).total_cmp(&recall(other)))?;
    (large.len() > 1).then(|| Gap {
        column: best.column.clone(),
        best: best.value.clone(),
        worst: worst.value.clone(),
        gap: recall(best) - recall(worst),
    })
}

fn unknown(name: &str, columns: &[String]) -> Failure {
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let nearest = passage_shell::config::nearest(name, &columns).unwrap_or("a file with more columns");
    refuse(
        0x2283,
        &format!("the truth file has no column of the name after --by; the nearest is {nearest}"),
        "Name columns of --truth or --persons, joined by +.",
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(columns: &[&str], values: &[&[&str]]) -> Truth {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
        Truth {
            columns: texts(columns),
            values: values.iter().map(|values| texts(values)).collect(),
            ..Truth::default()
        }
    }

    #[test]
    fn people_are_in_the_groups_their_columns_say() {
        let truth = truth(&["sex", "moved"], &[&["F", "1"], &["M", ""], &["F"]]);
        let groups = Groups::of(&truth, &["moved+sex".into()]).unwrap();
        let said: Vec<String> =
            groups.labels.iter().map(|(column, value)| format!("{column}={value}")).collect();
        assert_eq!(said[..4], ["sex=F", "sex=M", "moved=1", "moved+sex=1+F"]);
        let of = |person| groups.of_person(person).collect::<Vec<_>>();
        assert_eq!([of(0), of(1), of(2)], [vec![0, 2, 3], vec![1], vec![0]]);
        let refused = Groups::of(&truth, &["sexx".into()]).err().unwrap();
        assert!(refused.what().contains("the nearest is sex"), "{refused}");
    }

    #[test]
    fn a_column_that_names_people_makes_no_groups() {
        let values: Vec<Vec<String>> = (0..50).map(|number| vec![number.to_string()]).collect();
        let truth = Truth { columns: vec!["street".into()], values, ..Truth::default() };
        assert_eq!(Groups::of(&truth, &[]).unwrap().count(), Footing::ALL.len());
    }

    #[test]
    fn the_gap_is_between_groups_that_are_large_enough() {
        let truth = truth(&["sex"], &[&["F"], &["M"], &["X"]]);
        let groups = Groups::of(&truth, &[]).unwrap();
        let (results, gaps) = groups.results(&[200, 100, 10], &[(190, 0), (99, 1), (0, 0)]);
        assert_eq!(results.len(), 3);
        let [gap] = gaps.as_slice() else { panic!("{gaps:?}") };
        assert_eq!((gap.best.as_str(), gap.worst.as_str()), ("M", "F"));
        assert!((gap.gap - 0.04).abs() < 1e-12);
    }
}
