//! The first test match (G17): before a member is live, this program on this processor matches two lists of made-up people,
//! blinded, encrypted, passed on and shuffled as in a round, and must find exactly those who are on both. It runs when a
//! member joins and whenever its daemon starts; nothing of it leaves, and no record is read.

use passage_protocol::{
    group::{CollectiveKeys, CommitteeKeys, GroupError, HopFactor, TagKey, hash_to_element},
    ids::{MemberCode, RoundId},
    linkage::{TagList, TagListError, link},
    match_key::{Element, PersonFields, Preset, Recipe, local_persons},
    mixing::{
        ColumnValue, FirstFactor, MixingError, Permutation, PlainRow, RowShape, contribute, final_tags, hop,
    },
};
use passage_shell::{entropy, failure::Failure};

use crate::home::refuse;

/// Made-up people on each list, and the first who is on both.
const LISTED: u32 = 40;
const FIRST_SHARED: u32 = 20;
const ROUND: RoundId = RoundId([0; 16]);
const FIRST_NAMES: [&str; 7] = ["Ada", "Bruno", "Chiara", "Dmitri", "Esperanza", "Farid", "Grace"];
const LAST_NAMES: [&str; 11] = [
    "Alvarez",
    "Baptiste",
    "Chen",
    "D'Angelo",
    "Eze",
    "Fournier",
    "Garcia-Lopez",
    "Haddad",
    "Ito",
    "Jensen",
    "Kowalski",
];

/// What stands in the one column of every row; nobody decrypts it.
const SOME_CELL: ColumnValue = ColumnValue::Code(1);

/// What a passed test match found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FirstMatch {
    /// Made-up people on either list.
    pub listed: u32,
    /// Those on both, each found.
    pub found: u32,
}

/// Matches the two lists.
///
/// # Errors
///
/// [`Failure`] if anybody is missed or taken for somebody else: this installation must not be used.
///
/// # Cost
///
/// Some 2,000 scalar multiplications, a tenth of a second.
pub fn test_match() -> Result<FirstMatch, Failure> {
    let seed = || entropy::seed().map_err(Failure::from);
    let committee = Committee::made([seed()?, seed()?]).map_err(|_| wrong(0, 0))?;
    let school = list(0..LISTED, &[Element::Ssn]);
    let college = list(FIRST_SHARED..FIRST_SHARED + LISTED, &[]);
    let seeds = [[seed()?, seed()?, seed()?], [seed()?, seed()?, seed()?]];
    let found = matched(&committee, &school, &college, &seeds).map_err(|_| wrong(0, 0))?;
    judge(&found)
}

/// Exactly the shared people, each with itself.
fn judge(found: &[(u32, u32)]) -> Result<FirstMatch, Failure> {
    let same = |(school, college): &(u32, u32)| *school == college + FIRST_SHARED;
    let right = u32::try_from(found.iter().filter(|pair| same(pair)).count()).unwrap_or(0);
    let others = u32::try_from(found.len()).unwrap_or(u32::MAX) - right;
    let shared = LISTED - FIRST_SHARED;
    if (right, others) == (shared, 0) {
        Ok(FirstMatch { listed: LISTED + FIRST_SHARED, found: right })
    } else {
        Err(wrong(right, others))
    }
}

fn wrong(right: u32, others: u32) -> Failure {
    let shared = LISTED - FIRST_SHARED;
    refuse(
        0x22A0,
        &format!(
            "the test match found {right} of {shared} made-up students and took {others} for somebody else, expected {shared} and 0"
        ),
        "Do not use this installation: compare the program with the published checksum, then try another machine.",
        Some("G17"),
    )
}

/// Slots of a list and the keys of its rows.
struct List {
    slots: Vec<u8>,
    rows: Vec<PlainRow>,
}

/// The people with these numbers, as an institution that never holds some elements would list them.
fn list(people: core::ops::Range<u32>, never_held: &[Element]) -> List {
    let records: Vec<_> = people
        .map(|number| {
            let pick = |names: &[&'static str]| {
                names.get(number as usize % names.len()).copied().unwrap_or_default()
            };
            // Every third has no statewide number, as at most colleges; names and date must do.
            let ssid = if number % 3 == 0 { String::new() } else { format!("7{number:09}") };
            let birth_date = format!("20{:02}-{:02}-{:02}", number % 10, 1 + number % 12, 1 + number % 28);
            let fields = PersonFields {
                ssid: &ssid,
                ssn: "",
                first: pick(&FIRST_NAMES),
                middle: "",
                last: pick(&LAST_NAMES),
                prior_last: "",
                birth_date: &birth_date,
                gender: if number % 2 == 0 { "F" } else { "M" },
                zip: "",
            };
            fields.normalise(2026)
        })
        .collect();
    let recipes = Preset::Full.recipes();
    let digests: Vec<_> = recipes.iter().map(Recipe::digest).collect();
    let slots = Preset::Full.slots_for(never_held);
    let found = local_persons(&records, &recipes, &slots);
    let row = |person: &passage_protocol::match_key::LocalPerson| {
        let point = |(key, recipe): (&Option<_>, &u8)| {
            let key: &passage_protocol::match_key::MatchKey = key.as_ref()?;
            Some(hash_to_element(digests.get(usize::from(*recipe))?, &ROUND, &key.fields()))
        };
        PlainRow { tokens: person.slots.iter().zip(&slots).map(point).collect(), values: vec![SOME_CELL] }
    };
    List { rows: found.persons.iter().map(row).collect(), slots }
}

/// Two members that both pass every list on.
struct Committee {
    members: [CommitteeKeys; 2],
    keys: CollectiveKeys,
    tag_key: TagKey,
}

impl Committee {
    fn made([first, second]: [[u8; 32]; 2]) -> Result<Self, GroupError> {
        let members = [CommitteeKeys::generate(1, first), CommitteeKeys::generate(1, second)];
        let [a, b] = &members;
        let shares = [a.share(&ROUND, &MemberCode([0; 5])), b.share(&ROUND, &MemberCode([1; 5]))];
        let tag_key = TagKey::derive(&[*a.tag_key_share(), *b.tag_key_share()]);
        Ok(Self { keys: CollectiveKeys::combine(&shares)?, tag_key, members })
    }

    /// The list after the first mix: its tags, and the row each stands for.
    fn mixed(
        &self,
        list: &List,
        [own, passed, order_seed]: &[[u8; 32]; 3],
    ) -> Result<(Vec<u8>, Vec<u32>), MixingError> {
        let shape = RowShape::new(list.slots.len(), 1)?;
        let [first, second] = &self.members;
        let sent = contribute(&list.rows, shape, &[0], FirstFactor::Own(first), &self.keys, own)?;
        let rows = u32::try_from(list.rows.len()).unwrap_or(u32::MAX);
        let shuffle = Permutation::draw(rows, *order_seed);
        let order: Vec<u8> = (0..rows).flat_map(u32::to_le_bytes).collect();
        let (sent, order) = (shuffle.apply(&sent, shape.row_bytes())?, shuffle.apply(&order, 4)?);
        let hopped = hop(&sent, 0, shape, &[0], &HopFactor::own(second), &self.keys, passed)?;
        let tags = final_tags(&hopped, shape, &list.slots, &self.tag_key)?.tags;
        let (order, _) = order.as_chunks();
        Ok((tags, order.iter().map(|row| u32::from_le_bytes(*row)).collect()))
    }
}

/// Rows of the two lists that the rule of rounds links, by their places before the mix.
fn matched(
    committee: &Committee,
    school: &List,
    college: &List,
    [one, other]: &[[[u8; 32]; 3]; 2],
) -> Result<Vec<(u32, u32)>, Unmatched> {
    let (school_tags, school_rows) = committee.mixed(school, one)?;
    let (college_tags, college_rows) = committee.mixed(college, other)?;
    let source = TagList::new(&school.slots, &school_tags)?;
    let target = TagList::new(&college.slots, &college_tags)?;
    let links = link(&source, &target);
    let pair = |(row, link): (usize, Option<passage_protocol::linkage::Link>)| {
        let target = usize::try_from(link?.target_row).ok()?;
        Some((*school_rows.get(row)?, *college_rows.get(target)?))
    };
    Ok(links.iter().enumerate().filter_map(pair).collect())
}

/// The lists could not be passed on or joined.
struct Unmatched;

impl From<MixingError> for Unmatched {
    fn from(_: MixingError) -> Self {
        Self
    }
}

impl From<TagListError> for Unmatched {
    fn from(_: TagListError) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g17_the_made_up_people_on_both_lists_are_found_and_nobody_else() {
        assert_eq!(test_match().unwrap(), FirstMatch { listed: 60, found: 20 });
    }

    #[test]
    fn g17_a_machine_that_misses_or_mistakes_one_is_not_live() {
        let right: Vec<(u32, u32)> = (FIRST_SHARED..LISTED).map(|row| (row, row - FIRST_SHARED)).collect();
        judge(&right).unwrap();
        let missed = judge(&right[1..]).unwrap_err();
        assert_eq!((missed.code(), missed.rule()), ("N22A0", Some("G17")));
        let mut mistaken = right.clone();
        mistaken[0].1 += 1;
        judge(&mistaken).unwrap_err();
        let mut too_many = right;
        too_many.push((0, 39));
        judge(&too_many).unwrap_err();
    }

    #[test]
    fn g17_a_member_that_blinds_with_another_key_finds_nobody() {
        let committee = Committee::made([[1; 32], [2; 32]]).unwrap();
        let other = Committee::made([[1; 32], [3; 32]]).unwrap();
        let (school, college) = (list(0..LISTED, &[]), list(0..LISTED, &[]));
        let (tags, _) = committee.mixed(&school, &[[1; 32]; 3]).unwrap();
        let (strange, _) = other.mixed(&college, &[[2; 32]; 3]).unwrap();
        let source = TagList::new(&school.slots, &tags).unwrap();
        let target = TagList::new(&college.slots, &strange).unwrap();
        assert_eq!(link(&source, &target).iter().flatten().count(), 0);
    }
}
