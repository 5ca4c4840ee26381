//! Which data elements a study uses, in the words of the dictionary: what a share list must cover before a round (G02).

use std::collections::BTreeSet;

use crate::{
    agreement::{Role, Segment, Study},
    cells::{Dimension, Grouping},
    dictionary::Dictionary,
    grouping::GroupingDefinition,
    linkage::BRIDGE_RECIPES,
    manifest::shapes::never_held,
    match_key::{Element, Preset, Recipe},
    metric::{Metric, Side},
};

/// Elements a member of `segment` brings into a study in that role: those its match keys are made of, and those its columns
/// tell.
///
/// ```
/// # use passage_protocol::{agreement::match_elements, match_key::Preset, agreement::Segment};
/// assert!(!match_elements(Preset::Full, Segment::K12).contains("ssn"), "a school never holds it");
/// ```
#[must_use]
pub fn elements_of(study: &Study, segment: Segment, role: Role) -> BTreeSet<&'static str> {
    let told = study.tables.iter().flat_map(|table| told_elements(table.dimension, role));
    let read = study.metrics().into_iter().filter_map(|(id, version)| study.metric(id, version));
    let read = read.flat_map(|metric| read_elements(metric, role));
    match_elements(study.preset, segment).into_iter().chain(told).chain(read).collect()
}

/// Elements that a side of a metric reads about a student, beside those that only say which rows are whose: what a share list must
/// let it, since its outcomes tell of them.
#[must_use]
pub fn read_elements(metric: &Metric, role: Role) -> BTreeSet<&'static str> {
    let side = match role {
        Role::Sender => Side::Sender,
        Role::Receiver => Side::Receiver,
    };
    let program = metric.program(side);
    let words = || program.into_iter().flat_map(|program| &program.elements);
    let reads = |element: &str| words().any(|word| word == element);
    // Where terms are told by their year, a completion only says that a row is none.
    let is_no_element = |word: &str| {
        is_place(word) || (word == "completer-cohort" && role == Role::Receiver && reads("school-year"))
    };
    words().filter(|word| !is_no_element(word)).filter_map(|word| Dictionary::word(word)).collect()
}

/// Elements that match keys are made of. They are compared blinded and never told.
#[must_use]
pub fn match_elements(preset: Preset, segment: Segment) -> BTreeSet<&'static str> {
    elements_of_recipes(&preset.recipes(), usize::MAX, segment)
}

/// Elements of the match keys by which one receiver's rows are linked to another's where bridges are made.
///
/// ```
/// # use passage_protocol::{agreement::bridge_elements, match_key::Preset, agreement::Segment};
/// assert!(!bridge_elements(Preset::Full, Segment::Cc).contains("zip"), "addresses make no bridge");
/// ```
#[must_use]
pub fn bridge_elements(preset: Preset, segment: Segment) -> BTreeSet<&'static str> {
    elements_of_recipes(&preset.recipes(), BRIDGE_RECIPES.into(), segment)
}

fn elements_of_recipes(recipes: &[Recipe], first: usize, segment: Segment) -> BTreeSet<&'static str> {
    let first = recipes.iter().take(first);
    let held = first.filter(|recipe| !never_held(segment).iter().any(|never| recipe.reads(*never)));
    held.flat_map(|recipe| recipe.parts()).flat_map(|part| names(part.element)).copied().collect()
}

/// Elements that a count by `dimension` tells about a member's students.
#[must_use]
pub fn told_elements(dimension: Dimension, role: Role) -> Vec<&'static str> {
    match (role, dimension) {
        (Role::Receiver, _) => vec!["school-year", "special-admit"],
        (Role::Sender, Dimension::All) => vec!["completer-cohort"],
        (Role::Sender, Dimension::Ethnicity) => vec!["completer-cohort", "ethnicity"],
        (Role::Sender, Dimension::Gender) => vec!["completer-cohort", "gender"],
        (Role::Sender, Dimension::School) => vec!["completer-cohort", "school"],
        (Role::Sender, Dimension::Group(grouping)) => told_by(grouping),
    }
}

/// Everything about a student that the SQL of a grouping reads: its categories tell of it.
fn told_by(grouping: Grouping) -> Vec<&'static str> {
    match GroupingDefinition::of(grouping) {
        Ok(definition) => {
            let read = definition.program.elements.iter().filter(|word| !is_place(word));
            // A row is of a cohort, whatever it is told apart by.
            let told = read.filter_map(|word| Dictionary::word(word)).filter(|word| *word != COHORT);
            [COHORT].into_iter().chain(told).collect()
        }
        // No share list has it: what cannot be said is not told.
        Err(_) => vec!["a grouping that cannot be read"],
    }
}

/// What every count of a sender tells.
const COHORT: &str = "completer-cohort";

/// Elements that only say which rows are whose.
fn is_place(word: &str) -> bool {
    ["local-id", "institution", "term"].contains(&word)
}

/// Dictionary names of what a recipe reads (`match_key::PersonFields` says which fields each part is made from).
fn names(element: Element) -> &'static [&'static str] {
    match element {
        Element::BirthDate => &["birth-date"],
        Element::Gender => &["gender"],
        Element::GivenNames => &["first", "middle"],
        Element::NamePair => &["first", "middle", "last", "prior-last", "alias-last"],
        Element::PostalCode => &["zip"],
        Element::Ssid => &["ssid"],
        Element::Ssn => &["ssn"],
        Element::Surnames => &["last"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;

    #[test]
    fn every_element_used_stands_in_the_dictionary() {
        let dictionary = Dictionary::builtin().unwrap();
        let segments = [Segment::K12, Segment::Cc, Segment::Univ, Segment::Workforce];
        let matched = segments.iter().flat_map(|segment| match_elements(Preset::Full, *segment));
        let roles = [Role::Sender, Role::Receiver];
        let told = roles.iter().flat_map(|role| Dimension::every().flat_map(|one| told_elements(one, *role)));
        for name in matched.chain(told) {
            assert!(dictionary.elements.contains_key(name), "{name}");
        }
    }

    #[test]
    fn whoever_may_see_a_breakdown_may_see_the_totals_it_sums_to() {
        let totals = told_elements(Dimension::All, Role::Sender);
        for dimension in Dimension::every() {
            let told = told_elements(dimension, Role::Sender);
            assert!(totals.iter().all(|element| told.contains(element)), "{}", dimension.name());
            assert!(dimension == Dimension::All || told.len() > totals.len(), "{}", dimension.name());
        }
    }

    #[test]
    fn presets_use_what_their_recipes_read() {
        let basic = match_elements(Preset::Basic, Segment::Cc);
        assert!(basic.contains("ssn") && !basic.contains("gender") && !basic.contains("zip"));
        let full = match_elements(Preset::Full, Segment::K12);
        assert!(full.contains("gender") && full.contains("zip") && !full.contains("ssn"));
    }
}
