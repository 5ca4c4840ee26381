//! All cells of a table: cohorts by the categories of its breakdown, and what these are called (SPEC §5.5).

use crate::{
    cells::{ANOTHER_SCHOOL, Dimension, Ethnicity, Gender, School, SchoolCode, SchoolYear, are_rows},
    codec::{CodecError, Decode, Encode, Reader},
};

/// All cells of a table: cohorts x categories, numbered `1 + cohort * categories + category`.
///
/// Categories of a breakdown by school are the students of no school listed, then the schools in the study's order: they add up to
/// all students, as those of every breakdown do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CellDomain {
    /// School years in ascending order, at most 64.
    pub cohorts: Vec<SchoolYear>,
    /// The breakdown.
    pub dimension: Dimension,
    /// The sender's schools where the breakdown is by school; none otherwise.
    pub schools: Schools,
}

/// Schools of a domain: nothing at all on the wire where there are none, so that domains from before there were any read as they did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Schools(pub Vec<School>);

impl Encode for Schools {
    fn encode(&self, out: &mut Vec<u8>) {
        if !self.0.is_empty() {
            self.0.encode(out);
        }
    }
}

impl CellDomain {
    /// The cells of a breakdown whose categories are the same everywhere.
    #[must_use]
    pub fn new(cohorts: Vec<SchoolYear>, dimension: Dimension) -> Self {
        Self { cohorts, dimension, schools: Schools::default() }
    }

    /// The cells of a breakdown by the schools of one sender.
    #[must_use]
    pub fn by_school(cohorts: Vec<SchoolYear>, schools: Vec<School>) -> Self {
        Self { cohorts, dimension: Dimension::School, schools: Schools(schools) }
    }

    /// The cells of a breakdown of a sender with these schools, which only [`Dimension::School`] looks at.
    #[must_use]
    pub fn of(cohorts: Vec<SchoolYear>, dimension: Dimension, schools: &[School]) -> Self {
        match dimension {
            Dimension::School => Self::by_school(cohorts, schools.to_vec()),
            Dimension::All | Dimension::Ethnicity | Dimension::Gender | Dimension::Group(_) => {
                Self::new(cohorts, dimension)
            }
        }
    }

    /// Number of categories.
    #[must_use]
    pub fn categories(&self) -> usize {
        match self.dimension {
            Dimension::All => 1,
            Dimension::Ethnicity => Ethnicity::LABELS.len(),
            Dimension::Gender => Gender::LABELS.len(),
            Dimension::Group(grouping) => grouping.labels().len(),
            Dimension::School => self.schools.0.len() + 1,
        }
    }

    /// What a category is called; `None` if there is no such.
    #[must_use]
    pub fn label(&self, category: usize) -> Option<&str> {
        match self.dimension {
            Dimension::All => (category == 0).then_some("all students"),
            Dimension::Ethnicity => Ethnicity::LABELS.get(category).copied(),
            Dimension::Gender => Gender::LABELS.get(category).copied(),
            Dimension::Group(grouping) => grouping.labels().get(category).copied(),
            Dimension::School => match category.checked_sub(1) {
                None => Some(ANOTHER_SCHOOL),
                Some(listed) => self.schools.0.get(listed).map(|school| school.name.as_str()),
            },
        }
    }

    /// What the categories are called, in order.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        (0..self.categories()).map_while(|category| self.label(category))
    }

    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cohorts.len() * self.categories()
    }

    /// True if there is no cohort.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Code of a cell; `None` if the cohort or the category is not in the domain.
    #[must_use]
    pub fn code(&self, cohort: SchoolYear, category: usize) -> Option<u32> {
        let categories = self.categories();
        let cohort = self.cohorts.iter().position(|year| *year == cohort)?;
        (category < categories).then(|| u32::try_from(1 + cohort * categories + category).ok())?
    }

    /// Cohort and category index of a code; `None` outside `1..=len`.
    #[must_use]
    pub fn cell(&self, code: u32) -> Option<(SchoolYear, usize)> {
        let index = (code as usize).checked_sub(1)?;
        let categories = self.categories();
        Some((*self.cohorts.get(index / categories)?, index % categories))
    }

    /// Every cell in code order: code, cohort, category index.
    pub fn cells(&self) -> impl Iterator<Item = (u32, SchoolYear, usize)> + '_ {
        (1_u32..).map_while(|code| self.cell(code).map(|(cohort, category)| (code, cohort, category)))
    }
}

/// The category of a school among those a study lists of its sender: from 1, and 0 for one that is not listed or not known.
#[must_use]
pub fn school_category(schools: &[School], code: Option<SchoolCode>) -> u8 {
    let listed = schools.iter().position(|school| Some(school.code) == code);
    listed.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0)
}

impl Encode for CellDomain {
    fn encode(&self, out: &mut Vec<u8>) {
        self.cohorts.encode(out);
        self.dimension.encode(out);
        self.schools.encode(out);
    }
}

impl Decode for CellDomain {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let (cohorts, dimension) = (Decode::decode(reader)?, Decode::decode(reader)?);
        if dimension != Dimension::School {
            return Ok(Self::new(cohorts, dimension));
        }
        let schools: Vec<School> = Decode::decode(reader)?;
        let expected = "1 to 200 schools of a table by school, each code and name once";
        let is_sound = are_rows(&schools);
        is_sound.then(|| Self::by_school(cohorts, schools)).ok_or(CodecError::Invalid { position, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_school() -> CellDomain {
        let school = |(code, name): (&str, &str)| School {
            code: SchoolCode::parse(code).unwrap(),
            name: name.to_owned(),
        };
        let schools = [("1930361", "Lincoln High"), ("1930362", "Washington High")].map(school);
        CellDomain::by_school(vec![SchoolYear(2019), SchoolYear(2020)], schools.to_vec())
    }

    #[test]
    fn codes_and_cells_are_inverse() {
        let cohorts = || vec![SchoolYear(2019), SchoolYear(2020)];
        let of = |dimension| CellDomain::new(cohorts(), dimension);
        let others = Dimension::every().filter(|one| *one != Dimension::School).map(of);
        for domain in others.chain([by_school()]) {
            assert_eq!(domain.cells().count(), domain.len());
            assert_eq!(domain.labels().count(), domain.categories());
            for (code, cohort, category) in domain.cells() {
                assert_eq!(domain.code(cohort, category), Some(code));
            }
            let beyond = u32::try_from(domain.len() + 1).unwrap();
            assert_eq!((domain.cell(0), domain.cell(beyond)), (None, None));
            assert_eq!(domain.code(SchoolYear(2021), 0), None);
            assert_eq!(domain.code(SchoolYear(2019), domain.categories()), None);
            assert_eq!(domain.label(domain.categories()), None);
            assert_eq!(CellDomain::from_bytes(&domain.to_bytes()), Ok(domain));
        }
    }

    #[test]
    fn who_is_at_no_school_listed_has_a_row() {
        let domain = by_school();
        assert_eq!(
            domain.labels().collect::<Vec<_>>(),
            ["another school", "Lincoln High", "Washington High"]
        );
        let category = |code: &str| school_category(&domain.schools.0, SchoolCode::parse(code));
        assert_eq!([category("1930361"), category("1930362"), category("1930363")], [1, 2, 0]);
        assert_eq!(school_category(&domain.schools.0, None), 0);
    }

    #[test]
    fn a_table_by_school_has_schools_and_any_other_reads_as_before_there_were_any() {
        let none = CellDomain { schools: Schools::default(), ..by_school() };
        assert!(CellDomain::from_bytes(&none.to_bytes()).is_err());
        let mut twice = by_school();
        twice.schools.0[1].code = twice.schools.0[0].code;
        assert!(CellDomain::from_bytes(&twice.to_bytes()).is_err());
        let gender = CellDomain::new(vec![SchoolYear(2019)], Dimension::Gender);
        assert_eq!(gender.to_bytes(), [&1_u32.to_bytes()[..], &2019_u16.to_bytes(), &[2]].concat());
    }
}
