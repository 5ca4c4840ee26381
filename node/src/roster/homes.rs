//! What a student is known by inside one member: the student number, and the institution that gave it.
//!
//! Numbers stand here as 96 bits of a keyed digest, so that ten million of them fit in some hundred mebibytes: two are mistaken for
//! one another with a chance below 2^-50 among ten million.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::record::Text;

/// A student number and the institution that gave it: two colleges of one district may give the same number to two students.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) struct LocalKey([u32; 3]);

/// Which institution gave a student number, as far as the student lists tell: rows of files that do not name theirs belong to the
/// only one that did.
pub(super) struct Homes {
    key: Zeroizing<[u8; 32]>,
    institutions: Vec<Text>,
    /// Who gave one number: a place among the institutions, or [`SEVERAL`].
    homes: HashMap<LocalKey, u32>,
}

/// More than one institution gave the number.
const SEVERAL: u32 = u32::MAX;

impl Homes {
    /// None yet; digests are under a key from `seed`.
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { key: Zeroizing::new(seed), institutions: Vec::new(), homes: HashMap::new() }
    }

    /// Notes that a student list has a number of an institution.
    pub(super) fn note(&mut self, local_id: Option<&str>, institution: Option<&str>) {
        let (Some(local_id), Some(institution)) = (local_id, institution) else { return };
        let institution = Text::upper(institution);
        let known = self.institutions.iter().rposition(|known| *known == institution);
        let place = known.unwrap_or_else(|| {
            self.institutions.push(institution);
            self.institutions.len() - 1
        });
        let place = u32::try_from(place).unwrap_or(SEVERAL);
        let home = self.homes.entry(digest(&self.key, None, &Text::upper(local_id))).or_insert(place);
        if *home != place {
            *home = SEVERAL;
        }
    }

    /// What a row's student is known by.
    pub(super) fn key(&self, local_id: Option<&str>, institution: Option<&str>) -> LocalKey {
        let local_id = Text::upper(local_id.unwrap_or_default());
        match institution.map(Text::upper) {
            Some(institution) => digest(&self.key, Some(&institution), &local_id),
            None => {
                let nowhere = digest(&self.key, None, &local_id);
                let only = self.homes.get(&nowhere).and_then(|home| self.institutions.get(*home as usize));
                only.map_or(nowhere, |only| digest(&self.key, Some(only), &local_id))
            }
        }
    }

    /// A number that every institution knows the same student by.
    pub(super) fn anywhere(&self, local_id: &Text) -> LocalKey {
        digest(&self.key, None, &Text::upper(local_id.expose()))
    }

    /// A statewide identifier, told from every other.
    pub(super) fn ssid(&self, ssid: &str) -> LocalKey {
        digest(&self.key, Some(&Text::new("ssid ")), &Text::new(ssid))
    }
}

/// Tells every pair from every other.
fn digest(key: &[u8; 32], institution: Option<&Text>, local_id: &Text) -> LocalKey {
    let mut hasher = blake3::Hasher::new_keyed(key);
    if let Some(institution) = institution {
        hasher.update(&(institution.expose().len() as u64 + 1).to_le_bytes());
        hasher.update(institution.expose().as_bytes());
    } else {
        hasher.update(&[0; 8]);
    }
    hasher.update(local_id.expose().as_bytes());
    let mut words = [0; 3];
    for (word, bytes) in words.iter_mut().zip(hasher.finalize().as_bytes().as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    LocalKey(words)
}

/// Whom a row means.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Whose {
    /// A student who opted out; nothing of hers is counted.
    OptedOut,
    /// The student at this place of the roster.
    Student(usize),
    /// Nobody of the student lists.
    Unlisted,
}

/// Every number the students are known by: the way from a row of any table to a student of the roster.
pub(super) struct Numbers {
    homes: Homes,
    /// Place in the roster, or [`OPTED_OUT`].
    places: HashMap<LocalKey, u32>,
}

/// Stands for the place of a student who opted out.
pub(super) const OPTED_OUT: u32 = u32::MAX;

impl Numbers {
    pub(super) fn new(homes: Homes, places: HashMap<LocalKey, u32>) -> Self {
        Self { homes, places }
    }

    pub(super) fn whose(&self, institution: Option<&str>, local_id: Option<&str>) -> Whose {
        match self.places.get(&self.homes.key(local_id, institution)) {
            Some(&OPTED_OUT) => Whose::OptedOut,
            Some(place) => Whose::Student(*place as usize),
            None => Whose::Unlisted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_an_institution_belongs_to_the_only_one_that_gave_it() {
        let mut homes = Homes::new([7; 32]);
        for (local_id, institution) in
            [("a1", Some("021")), ("A1", Some("021")), ("B2", Some("021")), ("b2", Some("022"))]
        {
            homes.note(Some(local_id), institution);
        }
        homes.note(Some("C3"), None);
        let same = |one: (&str, Option<&str>), other: (&str, Option<&str>)| {
            homes.key(Some(one.0), one.1) == homes.key(Some(other.0), other.1)
        };
        assert!(same(("A1", None), ("a1", Some("021"))), "one college gave it");
        assert!(!same(("B2", Some("021")), ("B2", Some("022"))), "two colleges gave it to two students");
        assert!(!same(("B2", None), ("B2", Some("021"))) && !same(("B2", None), ("B2", Some("022"))));
        assert!(same(("C3", None), ("c3", None)) && !same(("C3", None), ("C3", Some("021"))));
    }
}
