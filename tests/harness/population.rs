//! Seeded synthetic people: who they are, what each institution wrote down about them, and where they truly went.
//!
//! Files carry errors as real ones do: missing and mistyped identifiers, nicknames, married names, moved addresses, twins,
//! students recorded twice, opt-outs, groups of one or two. It promises that the same plan gives the same people; it does
//! not promise realistic rates (the linkage study has those).

use std::collections::{BTreeMap, BTreeSet};

use passage_protocol::{agreement::Segment, cells::SchoolYear};

use crate::dice::Dice;

/// What to make.
#[derive(Clone, Debug)]
pub struct PopulationPlan {
    /// Decides everything below.
    pub seed: u64,
    /// Classes the schools graduate.
    pub cohorts: Vec<SchoolYear>,
    /// Members in order. A school's size is its graduates, a college's the strangers beside them.
    pub institutions: Vec<Institution>,
}

/// One member in the making.
#[derive(Clone, Copy, Debug)]
pub struct Institution {
    /// Kind of institution.
    pub segment: Segment,
    /// Students of its own.
    pub students: usize,
}

/// A student as one institution wrote him down. Synthetic, so it may be cloned and printed.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Which human being this is; known to the truth only.
    pub soul: usize,
    /// The institution's own number.
    pub local_id: String,
    /// Statewide identifier, if recorded.
    pub ssid: String,
    /// Social security number, if recorded.
    pub ssn: String,
    /// Given name.
    pub first: String,
    /// Middle name or initial.
    pub middle: String,
    /// Surname.
    pub last: String,
    /// Former surname.
    pub prior_last: String,
    /// Year, month, day.
    pub birth_date: (u16, u8, u8),
    /// Letter.
    pub gender: String,
    /// Postal code.
    pub zip: String,
    /// Race codes.
    pub races: Vec<u16>,
    /// Class of completion, at a school.
    pub cohort: Option<SchoolYear>,
    /// State code of the school of that completion.
    pub school: String,
    /// Terms by school year, at a college.
    pub terms: Vec<(SchoolYear, Term)>,
}

/// Whether a college term was taken while still at school.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Term {
    /// An ordinary term.
    Regular,
    /// Dual enrolment.
    Special,
}

/// Schools that studies of the harness list of a district, by code and name: two large ones, and one that graduates one in twenty.
pub const SCHOOLS: [(&str, &str); 3] =
    [("1930361", "Lincoln High"), ("1930362", "Washington High"), ("1930363", "Juniper Continuation")];
/// A school that they do not list.
const ANOTHER: &str = "1930399";

/// The school of a graduate: of forty 17 each of the large ones, two of the small one, four of one that is not listed. No throw of the
/// dice, so that everything else of a plan stays what it was.
fn school_of(soul: usize) -> &'static str {
    let at = match soul % 40 {
        0..17 => 0,
        17..34 => 1,
        34..36 => 2,
        _ => return ANOTHER,
    };
    SCHOOLS[at].0
}

/// One member's files.
#[derive(Clone, Debug)]
pub struct Files {
    /// Kind of institution.
    pub segment: Segment,
    /// Student records.
    pub entries: Vec<Entry>,
    /// Local numbers of students who opted out.
    pub opt_outs: BTreeSet<String>,
}

/// Everybody.
#[derive(Clone, Debug)]
pub struct Population {
    /// Files by member.
    pub files: Vec<Files>,
    /// By member and human being: the school year of the first regular term there.
    pub went: BTreeMap<(usize, usize), SchoolYear>,
}

impl Population {
    /// Makes the people of a plan.
    #[must_use]
    pub fn make(plan: &PopulationPlan) -> Self {
        let mut maker = Maker { dice: Dice::new(plan.seed), souls: 0, numbers: BTreeSet::new() };
        let colleges: Vec<usize> = (0..plan.institutions.len())
            .filter(|member| plan.institutions[*member].segment != Segment::K12)
            .collect();
        let mut population = Self {
            files: (plan.institutions.iter())
                .map(|one| Files { segment: one.segment, entries: Vec::new(), opt_outs: BTreeSet::new() })
                .collect(),
            went: BTreeMap::new(),
        };
        for (member, institution) in plan.institutions.iter().enumerate() {
            let mut previous: Option<Entry> = None;
            for _ in 0..institution.students {
                let twin = previous.as_ref().filter(|_| maker.dice.percent(4));
                let mut entry = maker.newcomer(twin);
                if institution.segment == Segment::K12 {
                    entry.cohort = Some(maker.dice.pick(&plan.cohorts));
                    entry.school = school_of(entry.soul).to_owned();
                    population.graduates(&mut maker, member, &colleges, entry.clone());
                } else {
                    let year = SchoolYear(2018 + u16::try_from(maker.dice.below(7)).unwrap());
                    entry.terms = vec![(year, Term::Regular)];
                    population.went.insert((member, entry.soul), year);
                    population.files[member].entries.push(entry.clone());
                }
                previous = Some(entry);
            }
        }
        for files in &mut population.files {
            // Files are in no order that tells who belongs together.
            for place in (1..files.entries.len()).rev() {
                files.entries.swap(place, maker.dice.below(place + 1));
            }
        }
        population
    }

    /// Puts a graduate into the school's files and into those of the colleges it went to.
    fn graduates(&mut self, maker: &mut Maker, school: usize, colleges: &[usize], entry: Entry) {
        let cohort = entry.cohort.unwrap();
        let mut own = entry.clone();
        own.ssn.clear(); // schools hold no social security numbers
        if maker.dice.percent(3) {
            self.files[school].opt_outs.insert(own.local_id.clone());
        }
        if maker.dice.percent(3) {
            let again = Entry { local_id: format!("D{}", own.local_id), ..own.clone() };
            self.files[school].entries.push(again);
        }
        if maker.dice.percent(4) {
            own.cohort = None; // left without completing: not counted, yet in the file
        }
        self.files[school].entries.push(own);
        for college in colleges {
            if !maker.dice.percent(45) {
                continue;
            }
            let late = if maker.dice.percent(75) { 1 } else { 2 };
            let first = SchoolYear(cohort.0 + late);
            let mut there = maker.rewritten(&entry);
            there.cohort = None;
            there.school.clear();
            there.terms = vec![(first, Term::Regular), (first.next(), Term::Regular)];
            if maker.dice.percent(15) {
                there.terms.push((cohort, Term::Special)); // dual enrolment, while still at school
            }
            if maker.dice.percent(5) {
                there.terms = vec![(cohort, Term::Special)]; // dual enrolment only
            } else {
                self.went.insert((*college, entry.soul), first);
            }
            if maker.dice.percent(2) {
                self.files[*college].opt_outs.insert(there.local_id.clone());
            }
            self.files[*college].entries.push(there);
        }
    }
}

struct Maker {
    dice: Dice,
    souls: usize,
    numbers: BTreeSet<String>,
}

impl Maker {
    /// A human being nobody has met; beside a twin: same surname, birthday and address.
    fn newcomer(&mut self, twin: Option<&Entry>) -> Entry {
        self.souls += 1;
        let month = u8::try_from(1 + self.dice.below(12)).unwrap();
        let day = u8::try_from(1 + self.dice.below(28)).unwrap();
        let year = 1999 + u16::try_from(self.dice.below(6)).unwrap();
        let gender = self.dice.pick(&["F", "F", "F", "F", "F", "M", "M", "M", "M", "M", "M", "X"]);
        let entry = Entry {
            soul: self.souls,
            local_id: format!("L{}", self.number(7)),
            ssid: self.number(10),
            ssn: self.social_security(),
            first: self.name(2),
            middle: self.name(2),
            last: self.name(3),
            prior_last: String::new(),
            birth_date: (year, month, day),
            gender: gender.to_owned(),
            zip: format!("94{}", self.dice.digits(3)),
            races: vec![self.dice.pick(&[700, 700, 700, 700, 600, 600, 201, 201, 400, 100])],
            cohort: None,
            school: String::new(),
            terms: Vec::new(),
        };
        match twin {
            None => entry,
            Some(twin) => {
                Entry { last: twin.last.clone(), birth_date: twin.birth_date, zip: twin.zip.clone(), ..entry }
            }
        }
    }

    /// The same human being in another institution's files.
    fn rewritten(&mut self, entry: &Entry) -> Entry {
        let mut there = Entry { local_id: format!("C{}", self.number(8)), ..entry.clone() };
        if self.dice.percent(45) {
            there.ssid.clear();
        } else if self.dice.percent(6) {
            there.ssid = self.number(10); // another's number, or a mistyped one
        }
        if self.dice.percent(15) {
            there.ssn.clear();
        }
        if self.dice.percent(10) {
            there.zip = format!("95{}", self.dice.digits(3));
        }
        if self.dice.percent(8) {
            there.prior_last = std::mem::replace(&mut there.last, self.name(3));
        }
        if self.dice.percent(8) {
            there.first.push('a');
        }
        if self.dice.percent(10) {
            there.middle = there.middle.chars().take(1).collect();
        }
        if self.dice.percent(4) {
            there.birth_date.2 = 1 + there.birth_date.2 % 28;
        }
        if self.dice.percent(5) {
            there.races.clear();
        }
        there
    }

    fn number(&mut self, digits: usize) -> String {
        loop {
            let number = self.dice.digits(digits);
            if self.numbers.insert(number.clone()) {
                return number;
            }
        }
    }

    /// A number that could have been issued: area 100 to 665, group and serial not zero.
    fn social_security(&mut self) -> String {
        loop {
            let number = format!(
                "{:03}{:02}{:04}",
                100 + self.dice.below(565),
                1 + self.dice.below(99),
                1 + self.dice.below(9_999)
            );
            if self.numbers.insert(number.clone()) {
                return number;
            }
        }
    }

    fn name(&mut self, syllables: usize) -> String {
        let mut name = String::new();
        for _ in 0..syllables {
            name.push_str(
                self.dice.pick(&["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"]),
            );
            name.push_str(self.dice.pick(&["a", "e", "i", "o", "u"]));
        }
        name.push_str(self.dice.pick(&["n", "r", "s", "l", "m", "t"]));
        name
    }
}
