//! What a sender's rounds have counted, and whether a new question may stand beside them (SPEC §10.4, §21; domain 4.3 d, 4.4).
//!
//! The node of a sender is the one place that knows its own students: the coordinator sees counts, a receiver its own list. So
//! it is the sender that keeps, for each round it entered, which students stood in which row ([`Counted`]), and that asks
//! [`Counted::judge`] before it answers a call and again before it endorses.
//!
//! ```text
//! Counted ──judge(earlier)──> Judged::AnsweredBy(round)   the same question about the same students: not run again
//!                             Judged::Fresh               may run; keep it with the endorsement
//!                             Isolated                    rule 4.4, with cohort, breakdown and earlier round
//! ```
//!
//! # What it promises
//!
//! For one metric and cohort, no row of all rounds judged *Fresh* has students that differ by one to `floor - 1` from those of
//! a row of an earlier round, in whichever breakdown; nor does any sum or difference that elimination brings down to so few
//! among the totals and the rows of one breakdown. A row that the source floor withholds is no row of a release: its students
//! are known by the sum of the withheld alone, which the total and the other rows give.
//!
//! Rows are compared by who stands in them, never by what they are called. So two studies that list other schools are held against
//! each other like any two: where one has a row of its own for a school that is part of *another school* in the other, the
//! difference of the two rows is the students of that school, and must be nobody or the floor.
//!
//! It holds with noise as well: the sender's own counts carry none, and noise is drawn anew for each round.
//!
//! Of two exact tables, each safe alone, one may show what the other withholds for others' sake. So a question with exact tables is
//! refused if an earlier exact one counted any of its students by the same or a related metric, unless both ask the same of the same
//! students.
//!
//! # What it does not promise
//!
//! * Sums that mix breakdowns (ethnicity less gender) are not looked for, but for the groupings of one question, which may lie within one
//!   another; nor are those that mix breakdowns of several rounds (ethnicity of one less gender of another).
//! * Receivers' lists change too. With noise, what a receiver learns by asking another question after adding one of them to its list
//!   is bounded by the budget; without noise no other question about the same students may be asked at all.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cells::{Dimension, Ethnicity, Gender, Grouping, SchoolYear},
    codec::{CodecError, Decode, Encode, Reader},
    disclosure::{LedgerRefusal, Population, ledger::isolates, nested::ids_are_related, source_floor},
    ids::{Digest, RoundId},
    refusal::Refusal,
};

mod crossed;
mod kept;

use kept::Kept;

/// One student as its keeper numbers it, with what places it in a table. Mute.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct CountedStudent {
    /// The metric whose cohort it stands in: its place among the question's, in the order of their ids.
    pub metric: u16,
    /// The keeper's own number; the same student always has the same one.
    pub number: u64,
    /// The cohort.
    pub cohort: SchoolYear,
    /// Race and ethnicity.
    pub ethnicity: Ethnicity,
    /// Gender.
    pub gender: Gender,
    /// The row in tables by school: the school's place among those the study lists, from 1; 0 for any other.
    pub school: u8,
    /// The categories in the question's groupings, in the order of these; zero beyond them.
    pub groups: [u8; Grouping::IN_A_STUDY_MAX],
}

/// What one round counts at one sender: the question, and which students. Mute: no `Debug`, no `Encode`.
///
/// ```compile_fail
/// fn spoken<T: core::fmt::Debug>() {}
/// spoken::<passage_protocol::disclosure::Counted>();
/// ```
#[derive(Clone)]
pub struct Counted {
    question: Digest,
    floor: u32,
    /// What its tables ask, if they are exact.
    exact: Option<Digest>,
    tables: BTreeSet<(String, Dimension)>,
    cohorts: Vec<SchoolYear>,
    students: Vec<CountedStudent>,
    /// The groupings of its tables, in order.
    groupings: Vec<Grouping>,
}

/// A row of a release: cohort, breakdown, category.
type Row = (SchoolYear, Dimension, usize);

impl Counted {
    /// Takes what a round counts.
    ///
    /// # Inputs
    ///
    /// `question` names everything that makes it the same question; `floor` is the manifest's; `tables` are the metrics by
    /// id, whatever their version, with their breakdowns; `students` those of the sender's rows, in any order.
    #[must_use]
    pub fn new(
        question: Digest,
        floor: u32,
        tables: impl IntoIterator<Item = (String, Dimension)>,
        cohorts: &[SchoolYear],
        students: impl IntoIterator<Item = CountedStudent>,
    ) -> Self {
        let mut students: Vec<CountedStudent> =
            students.into_iter().filter(|student| cohorts.contains(&student.cohort)).collect();
        students.sort_unstable();
        students.dedup_by_key(|student| (student.metric, student.number));
        let (tables, cohorts): (BTreeSet<(String, Dimension)>, _) =
            (tables.into_iter().collect(), cohorts.to_vec());
        let groupings = Grouping::among(tables.iter().map(|(_, dimension)| *dimension));
        Self { question, floor, exact: None, tables, cohorts, students, groupings }
    }

    fn category(&self, student: &CountedStudent, dimension: Dimension) -> usize {
        match dimension {
            Dimension::All => 0,
            Dimension::Ethnicity => student.ethnicity.index(),
            Dimension::Gender => student.gender.index(),
            Dimension::School => student.school.into(),
            Dimension::Group(grouping) => {
                let place = self.groupings.iter().position(|one| *one == grouping);
                place.and_then(|place| student.groups.get(place)).copied().unwrap_or(0).into()
            }
        }
    }

    /// The same for tables that are exact: without noise (SPEC §10.5). `asked` is equal for tables that tell the same of the same
    /// students, under whichever agreement.
    #[must_use]
    pub fn with_exact_tables(self, asked: Digest) -> Self {
        Self { exact: Some(asked), ..self }
    }

    /// Bytes for the keeper's own sealed store, and for nothing else.
    #[must_use]
    pub fn for_own_store(&self) -> Vec<u8> {
        let tables: Vec<(String, Dimension)> = self.tables.iter().cloned().collect();
        let mut out = Vec::new();
        self.question.encode(&mut out);
        self.floor.encode(&mut out);
        tables.encode(&mut out);
        self.cohorts.encode(&mut out);
        let kept = |student: &CountedStudent| Kept {
            metric: student.metric,
            number: student.number,
            cohort: student.cohort,
            ethnicity: u8::try_from(student.ethnicity.index()).unwrap_or(u8::MAX),
            gender: u8::try_from(student.gender.index()).unwrap_or(u8::MAX),
        };
        self.students.iter().map(kept).collect::<Vec<_>>().encode(&mut out);
        self.exact.encode(&mut out);
        self.students.iter().map(|student| student.school).collect::<Vec<u8>>().encode(&mut out);
        let groups = self.students.iter().flat_map(|student| student.groups);
        groups.collect::<Vec<u8>>().encode(&mut out);
        out
    }

    /// Reads what [`Self::for_own_store`] wrote.
    ///
    /// # Errors
    ///
    /// [`CodecError`] with a position.
    pub fn from_own_store(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let (question, floor) = (Decode::decode(&mut reader)?, Decode::decode(&mut reader)?);
        let tables: Vec<(String, Dimension)> = Decode::decode(&mut reader)?;
        let cohorts: Vec<SchoolYear> = Decode::decode(&mut reader)?;
        let position = reader.position();
        let kept: Vec<Kept> = Decode::decode(&mut reader)?;
        // What was kept before tables were told apart ends here. Taken for exact ones that ask something else: it forbids most.
        let exact = if reader.is_at_end() { Some(question) } else { Decode::decode(&mut reader)? };
        // What was kept before tables were by school ends here: nobody was told by his school.
        let schools: Vec<u8> =
            if reader.is_at_end() { vec![0; kept.len()] } else { Decode::decode(&mut reader)? };
        // And before there were groupings here.
        let groups: Vec<u8> = if reader.is_at_end() {
            vec![0; kept.len() * Grouping::IN_A_STUDY_MAX]
        } else {
            Decode::decode(&mut reader)?
        };
        reader.finish()?;
        let (groups, beyond) = groups.as_chunks::<{ Grouping::IN_A_STUDY_MAX }>();
        let of_each = schools.len() == kept.len() && groups.len() == kept.len() && beyond.is_empty();
        let students: Option<Vec<CountedStudent>> = (kept.into_iter().zip(schools).zip(groups))
            .map(|((kept, school), groups)| kept.read(school, *groups))
            .collect();
        let students = students.filter(|_| of_each);
        let students = students.ok_or(CodecError::Invalid { position, expected: "students of a round" })?;
        Ok(Self { exact, ..Self::new(question, floor, tables, &cohorts, students) })
    }

    /// Students in all, one that stands in the cohorts of two metrics twice.
    #[must_use]
    pub fn students(&self) -> usize {
        self.students.len()
    }

    /// The metrics asked for, by id, in order.
    fn metrics(&self) -> BTreeSet<&String> {
        self.tables.iter().map(|(metric, _)| metric).collect()
    }

    /// Says what may be done about this question beside what was counted before; changes nothing.
    ///
    /// # Errors
    ///
    /// [`Isolated`] if the students of a row differ too little from those of an earlier one.
    ///
    /// # Cost
    ///
    /// Linear in the students for each earlier round; more where the students of a row changed: 100,000 students in a cohort
    /// against ten earlier rounds take a second or two. Call it from a blocking thread.
    pub fn judge(&self, earlier: &[Earlier]) -> Result<Judged, Isolated> {
        let rows = self.every_row();
        let same = |one: &&Earlier| one.is_answered && one.counted.question == self.question;
        if let Some(answer) = earlier.iter().filter(same).find(|one| one.counted.every_row() == rows) {
            return Ok(Judged::AnsweredBy(answer.round));
        }
        for cohort in &self.cohorts {
            self.judge_groupings(*cohort, &rows)?;
        }
        self.judge_nested(&rows, earlier)?;
        for (metric, asked) in self.metrics().into_iter().zip(&rows) {
            let before: Vec<(&Earlier, BTreeMap<Row, Population>)> =
                earlier.iter().map(|one| (one, one.counted.rows(metric))).collect();
            for cohort in &self.cohorts {
                self.judge_cohort(*cohort, asked, &before)?;
            }
        }
        let is_same = |one: &Earlier| one.counted.exact == self.exact && one.counted.every_row() == rows;
        let both_exact = |one: &&Earlier| self.exact.is_some() && one.counted.exact.is_some();
        for one in earlier.iter().filter(both_exact).filter(|one| !is_same(one)) {
            self.judge_exact(one)?;
        }
        Ok(Judged::Fresh)
    }

    /// Two exact tables that tell different things of one student: what one withholds for others' sake the other may show.
    fn judge_exact(&self, one: &Earlier) -> Result<(), Isolated> {
        let before = &one.counted;
        let mut known: BTreeMap<&String, BTreeSet<u64>> = BTreeMap::new();
        for (metric, student) in before.students_by_metric() {
            known.entry(metric).or_default().insert(student.number);
        }
        let is_known = |metric: &str, number: u64| {
            known.iter().any(|(other, numbers)| ids_are_related(metric, other) && numbers.contains(&number))
        };
        let met = self.students_by_metric().find(|(metric, student)| is_known(metric, student.number));
        let dimension = self.tables.first().map_or(Dimension::All, |(_, dimension)| *dimension);
        match met {
            Some((_, CountedStudent { cohort, .. })) => Err(Isolated {
                refusal: LedgerRefusal::ExactBeside,
                cohort: *cohort,
                dimension,
                beside: Some(one.round),
            }),
            None => Ok(()),
        }
    }

    fn students_by_metric(&self) -> impl Iterator<Item = (&String, &CountedStudent)> {
        let metrics: Vec<&String> = self.metrics().into_iter().collect();
        self.students.iter().filter_map(move |student| {
            metrics.get(usize::from(student.metric)).map(|metric| (*metric, student))
        })
    }

    fn judge_cohort(
        &self,
        cohort: SchoolYear,
        asked: &BTreeMap<Row, Population>,
        before: &[(&Earlier, BTreeMap<Row, Population>)],
    ) -> Result<(), Isolated> {
        let of_cohort = |((of, ..), _): &(&Row, &Population)| *of == cohort;
        let known: Vec<(&Earlier, &Row, &Population)> = before
            .iter()
            .flat_map(|(one, rows)| rows.iter().filter(of_cohort).map(move |(row, who)| (*one, row, who)))
            .collect();
        // Students who stood together in a row before may do so again: nothing new is said of them.
        let is_new = |(_, who): &(&Row, &Population)| !known.iter().any(|(_, _, other)| other == who);
        let new: Vec<(&Row, &Population)> = asked.iter().filter(of_cohort).filter(is_new).collect();
        for (row, who) in &new {
            for (one, _, other) in &known {
                let floor = u64::from(self.floor.max(one.counted.floor));
                if (1..floor).contains(&who.differs_by(other)) {
                    let refusal = LedgerRefusal::Isolates;
                    return Err(Isolated { refusal, cohort, dimension: row.1, beside: Some(one.round) });
                }
            }
        }
        let floor = known.iter().map(|(one, ..)| one.counted.floor).fold(self.floor, u32::max);
        let dimensions: BTreeSet<Dimension> = new.iter().map(|(row, _)| row.1).collect();
        for dimension in dimensions {
            let of_one = |row: &Row| row.1 == Dimension::All || row.1 == dimension;
            let fresh = new.iter().filter(|(row, _)| of_one(row)).map(|(_, who)| *who);
            let mut together: Vec<&Population> = Vec::new();
            let old = known.iter().filter(|(_, row, _)| of_one(row)).map(|(.., who)| *who);
            for who in old.chain(fresh.clone()) {
                if !together.contains(&who) {
                    together.push(who);
                }
            }
            if !known.is_empty() && fresh.count() > 0 && isolates(&together, floor.into()) {
                let refusal = LedgerRefusal::IsolatesTogether;
                return Err(Isolated { refusal, cohort, dimension, beside: None });
            }
        }
        Ok(())
    }

    /// The rows of every metric, in the order of their ids.
    fn every_row(&self) -> Vec<BTreeMap<Row, Population>> {
        self.metrics().into_iter().map(|metric| self.rows(metric)).collect()
    }

    /// Students by the rows that a release of a metric's tables may show: those the source floor leaves.
    fn rows(&self, metric: &String) -> BTreeMap<Row, Population> {
        let wanted = |(of, dimension): &(String, Dimension)| (of == metric).then_some(*dimension);
        let dimensions: BTreeSet<Dimension> = self.tables.iter().filter_map(wanted).collect();
        let place = self.metrics().into_iter().position(|of| of == metric);
        let mut rows = BTreeMap::new();
        for dimension in dimensions {
            let mut members: BTreeMap<Row, Vec<u64>> = BTreeMap::new();
            for student in self.students.iter().filter(|student| Some(usize::from(student.metric)) == place) {
                let row = (student.cohort, dimension, self.category(student, dimension));
                members.entry(row).or_default().push(student.number);
            }
            for cohort in &self.cohorts {
                // Rows of nobody are left out: they are no rows of a release, and withhold no other.
                let of_cohort = members.iter().filter(|((of, ..), _)| of == cohort);
                let of_cohort: Vec<(&Row, &Vec<u64>)> = of_cohort.collect();
                let counts: Vec<u64> = of_cohort.iter().map(|(_, who)| who.len() as u64).collect();
                let withheld = source_floor(&counts, counts.len(), self.floor);
                let shown = of_cohort.into_iter().zip(withheld).filter(|(_, withheld)| !withheld);
                rows.extend(shown.map(|((row, who), _)| (*row, Population::new(who.iter().copied()))));
            }
        }
        rows
    }
}

/// A round that was entered before.
pub struct Earlier {
    /// Which.
    pub round: RoundId,
    /// Whether its report arrived. One that was sealed and never answered may have been decrypted all the same.
    pub is_answered: bool,
    /// What it counted.
    pub counted: Counted,
}

/// What may be done about a question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Judged {
    /// The same question about the same students was answered by the report of this round.
    AnsweredBy(RoundId),
    /// It may run.
    Fresh,
}

/// Why a question is refused, and where: cohort, breakdown and round, never how many or who.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Isolated {
    /// The rule.
    pub refusal: LedgerRefusal,
    /// The cohort.
    pub cohort: SchoolYear,
    /// The breakdown.
    pub dimension: Dimension,
    /// The earlier round, if it is one.
    pub beside: Option<RoundId>,
}

impl fmt::Display for Isolated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refusal, cohort, dimension, beside } = self;
        write!(
            formatter,
            "{refusal}; rule {}, cohort {cohort} by {}",
            refusal.rule().unwrap_or(""),
            dimension.name()
        )?;
        match beside {
            Some(round) => write!(formatter, ", beside {round}"),
            None => Ok(()),
        }
    }
}
