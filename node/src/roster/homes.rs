//! What a student is known by inside one member: the student number, and the institution that gave it.

use std::collections::HashMap;

use super::record::Text;

/// A student number and the institution that gave it: two colleges of one district may give the same number to two students.
#[derive(Eq, Hash, PartialEq)]
pub(super) struct LocalKey {
    institution: Option<Text>,
    local_id: Text,
}

impl LocalKey {
    /// A number that every institution knows the same student by.
    pub(super) fn anywhere(local_id: &Text) -> Self {
        Self { institution: None, local_id: Text::upper(local_id.expose()) }
    }
}

/// Which institution gave a student number, as far as the student lists tell: rows of files that do not name theirs belong to the
/// only one that did.
#[derive(Default)]
pub(super) struct Homes(HashMap<Text, Home>);

/// Who gave one number.
enum Home {
    One(Text),
    Several,
}

impl Homes {
    /// Notes that a student list has a number of an institution.
    pub(super) fn note(&mut self, local_id: Option<&str>, institution: Option<&str>) {
        let (Some(local_id), Some(institution)) = (local_id, institution) else { return };
        let institution = Text::upper(institution);
        let home = self
            .0
            .entry(Text::upper(local_id))
            .or_insert_with(|| Home::One(Text::upper(institution.expose())));
        if let Home::One(known) = home
            && *known != institution
        {
            *home = Home::Several;
        }
    }

    /// What a row's student is known by.
    pub(super) fn key(&self, local_id: Option<&str>, institution: Option<&str>) -> LocalKey {
        let local_id = Text::upper(local_id.unwrap_or_default());
        let only = || match self.0.get(&local_id) {
            Some(Home::One(institution)) => Some(Text::new(institution.expose())),
            Some(Home::Several) | None => None,
        };
        LocalKey { institution: institution.map(Text::upper).or_else(only), local_id }
    }
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
    /// Place in the roster; none for a student who opted out.
    places: HashMap<LocalKey, Option<usize>>,
}

impl Numbers {
    pub(super) fn new(homes: Homes, places: HashMap<LocalKey, Option<usize>>) -> Self {
        Self { homes, places }
    }

    pub(super) fn whose(&self, institution: Option<&str>, local_id: Option<&str>) -> Whose {
        match self.places.get(&self.homes.key(local_id, institution)) {
            Some(Some(place)) => Whose::Student(*place),
            Some(None) => Whose::OptedOut,
            None => Whose::Unlisted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_an_institution_belongs_to_the_only_one_that_gave_it() {
        let mut homes = Homes::default();
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
