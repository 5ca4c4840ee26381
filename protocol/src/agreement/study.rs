//! The study: which question is asked, of whom, for which cohorts, with which match keys.

mod groupings;
mod schools;

use serde::Deserialize;

use crate::{
    agreement::{
        Agreement, Level, NoiseTerms, Purpose,
        shape::{code, digest, purpose},
    },
    cells::{Dimension, Grouping, School, SchoolCode, SchoolYear},
    codec::Encode,
    document::{self, DocumentError, is_plain},
    ids::{Digest, MemberCode},
    match_key::Preset,
    metric::Metric,
};

/// A study as proposed; its identity is the digest of the bytes it was read from.
#[derive(Clone, Debug)]
pub struct Study {
    /// One line.
    pub title: String,
    /// The agreement it stands under: the whole digest of its bytes.
    pub agreement: Digest,
    /// What it is for; one of the agreement's purposes (F2).
    pub purpose: Purpose,
    /// What it returns; anything but counts is refused before a round (G18).
    pub level: Level,
    /// School years counted, ascending, 1 to 16.
    pub cohorts: Vec<SchoolYear>,
    /// Match keys, from `basic` to `full`.
    pub preset: Preset,
    /// Whether a student whom a receiver does not know by a shared key is looked for through the list of another receiver.
    pub bridges: bool,
    /// Committee members to draw, at least 2.
    pub committee: u8,
    /// Members that take part, in the order of the file; the order is the participants' index in the round.
    pub participants: Vec<StudyParticipant>,
    /// Tables asked for.
    pub tables: Vec<StudyTable>,
    /// Metrics the study brings along, whole, beside those built in.
    pub definitions: Vec<Metric>,
}

/// One member's part in a study.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StudyParticipant {
    /// The member.
    pub code: MemberCode,
    /// What it contributes.
    pub role: Role,
    /// Its schools that tables by school have a row for, in the order of the rows; none where no table counts its students so.
    pub schools: Vec<School>,
}

/// What a participant's list is used for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Its students are counted.
    Sender,
    /// Students of others may be seen there.
    Receiver,
}

/// One table: a metric by a dimension.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StudyTable {
    /// Metric id.
    pub metric: String,
    /// Metric version.
    pub version: u16,
    /// The breakdown.
    pub dimension: Dimension,
}

impl Study {
    /// Reads `study.toml`.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with line and key.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        document::refuse_earlier(text, &EARLIER, FORMAT)?;
        let shape: Shape = document::read(text)?;
        let out_of_range = |key, expected| DocumentError::OutOfRange { key, expected };
        if shape.format != FORMAT {
            return Err(out_of_range("format", "\"passage-study/2\""));
        }
        let year = |text: &String| {
            SchoolYear::parse(text)
                .ok_or(out_of_range("cohorts", "a list of school years such as \"2023-2024\""))
        };
        let study = Self {
            title: shape.title,
            agreement: digest("agreement", &shape.agreement)?,
            purpose: purpose("purpose", &shape.purpose)?,
            level: shape.level,
            cohorts: shape.cohorts.iter().map(year).collect::<Result<_, _>>()?,
            preset: Preset::parse(&shape.preset).ok_or(out_of_range(
                "preset",
                "\"basic\", \"compact\", \"standard\", \"full\", \"large\" or \"wide\"",
            ))?,
            bridges: shape.bridges,
            committee: shape.committee,
            participants: shape
                .participant
                .into_iter()
                .map(ParticipantShape::read)
                .collect::<Result<_, _>>()?,
            tables: shape.table.into_iter().map(TableShape::read).collect::<Result<Vec<_>, _>>()?.concat(),
            definitions: shape.definition.iter().map(|text| Metric::parse(text)).collect::<Result<_, _>>()?,
        };
        study.check()?;
        Ok(study)
    }

    fn check(&self) -> Result<(), DocumentError> {
        let mut codes: Vec<_> = self.participants.iter().map(|one| one.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let has = |role| self.participants.iter().any(|one| one.role == role);
        let mut tables: Vec<_> = self.tables.iter().map(|table| (&table.metric, table.dimension)).collect();
        tables.sort_unstable();
        tables.dedup();
        let versions = |table: &StudyTable| {
            self.tables.iter().all(|other| other.metric != table.metric || other.version == table.version)
        };
        let mut brought: Vec<_> =
            self.definitions.iter().map(|metric| (&metric.id, metric.version)).collect();
        brought.sort_unstable();
        brought.dedup();
        let new = |metric: &Metric| {
            Metric::is_brought(&metric.id)
                && self
                    .tables
                    .iter()
                    .any(|table| table.metric == metric.id && table.version == metric.version)
        };
        let rules = [
            (
                !self.title.trim().is_empty() && is_plain(&self.title),
                "title",
                "text without control characters",
            ),
            ((1..=COHORTS_MAX).contains(&self.cohorts.len()), "cohorts", "a list of 1 to 16 school years"),
            (self.cohorts.is_sorted_by(|a, b| a < b), "cohorts", "in ascending order, each year once"),
            (
                (2..=PARTICIPANTS_MAX).contains(&self.participants.len()),
                "participant",
                "a list of 2 to 20 members",
            ),
            (codes.len() == self.participants.len(), "participant.code", "a code that occurs once"),
            (
                has(Role::Sender) && has(Role::Receiver),
                "participant.role",
                "at least one sender and one receiver",
            ),
            (
                !self.bridges
                    || self.participants.iter().filter(|one| one.role == Role::Receiver).count() > 1,
                "bridges",
                "false, or at least two receivers: a link through another member leads from one to the next",
            ),
            ((2..=COMMITTEE_MAX).contains(&self.committee), "committee", "between 2 and 16"),
            (
                usize::from(self.committee) <= self.participants.len(),
                "committee",
                "at most the number of participants",
            ),
            ((1..=TABLES_MAX).contains(&self.tables.len()), "table", "a list of 1 to 16 tables"),
            (tables.len() == self.tables.len(), "table", "each metric and dimension once"),
            (self.tables.iter().all(versions), "table.version", "one version of each metric"),
            (
                self.groupings().len() <= Grouping::IN_A_STUDY_MAX,
                "table.by",
                "a list of at most 8 groupings over all tables",
            ),
            (
                brought.len() == self.definitions.len() && self.definitions.iter().all(new),
                "definition",
                "a list of metric files, each with an id that begins with `x-` and in the version that a table asks for",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, key, expected)) => Err(DocumentError::OutOfRange { key, expected }),
            None => self.check_schools(),
        }
    }

    /// A metric as this study means it: one it brings along, or one built in.
    #[must_use]
    pub fn metric(&self, id: &str, version: u16) -> Option<&Metric> {
        let mut known = self.definitions.iter().chain(Metric::builtins().ok().into_iter().flatten());
        known.find(|metric| metric.id == id && metric.version == version)
    }

    /// Metrics asked for, each once, in the order of the tables: the order of their windows in a round.
    #[must_use]
    pub fn metrics(&self) -> Vec<(&str, u16)> {
        let mut metrics = Vec::new();
        for table in &self.tables {
            let metric = (table.metric.as_str(), table.version);
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
        metrics
    }

    /// What a member does in it; none if it is no participant.
    #[must_use]
    pub fn role_of(&self, code: MemberCode) -> Option<Role> {
        self.participants.iter().find(|one| one.code == code).map(|one| one.role)
    }

    /// Digest of what is asked, of whom and under which terms: two studies of one agreement that differ in title, purpose or
    /// committee alone ask the same (SPEC §10.4). Under another agreement it is another question: what was released under the
    /// first may not be used there. Exact tables with bridges and without are one question: the difference of the two would count
    /// the students found through another member, and nothing would keep that above the floor.
    #[must_use]
    pub fn question(&self, agreement: &Agreement) -> Digest {
        let mut bytes = self.agreement.to_bytes();
        self.encode_asked(agreement, &mut bytes);
        Digest::derive("passage v1 question", &bytes)
    }

    /// The same whatever the agreement is: exact tables of two studies that ask the same, of the same students, show the same.
    #[must_use]
    pub fn asked(&self, agreement: &Agreement) -> Digest {
        let mut bytes = Vec::new();
        self.encode_asked(agreement, &mut bytes);
        Digest::derive("passage v1 asked", &bytes)
    }

    fn encode_asked(&self, agreement: &Agreement, out: &mut Vec<u8>) {
        let (epsilon_milli, delta_ppt) = match agreement.noise {
            NoiseTerms::Laplace { epsilon_milli, delta_ppt, .. } => (epsilon_milli, delta_ppt),
            NoiseTerms::None { .. } => (0, 0),
        };
        // The words count, not only their name: a metric that a study brings along is what its file says.
        let words = |table: &StudyTable| self.definition(table).unwrap_or(Digest([0; 32]));
        let mut tables: Vec<(String, (Digest, Dimension))> =
            self.tables.iter().map(|table| (table.metric.clone(), (words(table), table.dimension))).collect();
        tables.sort_unstable();
        let mut participants: Vec<(MemberCode, bool)> =
            self.participants.iter().map(|one| (one.code, one.role == Role::Sender)).collect();
        participants.sort_unstable();
        (agreement.floor, (epsilon_milli, delta_ppt)).encode(out);
        (self.cohorts.clone(), (tables, (participants, self.preset.name().to_owned()))).encode(out);
        if self.bridges && epsilon_milli > 0 {
            true.encode(out);
        }
        // By code: a school of another name is the same. A study that names none asks what it asked before there were any.
        if self.is_by_school() {
            let codes = |one: &StudyParticipant| -> (MemberCode, Vec<SchoolCode>) {
                (one.code, one.schools.iter().map(|school| school.code).collect())
            };
            let mut schools: Vec<_> = self.participants.iter().map(codes).collect();
            schools.sort_unstable();
            schools.encode(out);
        }
    }

    /// Index of a member among the participants.
    #[must_use]
    pub fn index(&self, code: MemberCode) -> Option<usize> {
        self.participants.iter().position(|one| one.code == code)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    format: String,
    title: String,
    agreement: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    level: Level,
    cohorts: Vec<String>,
    #[serde(default = "preset_default")]
    preset: String,
    #[serde(default)]
    bridges: bool,
    #[serde(default = "committee_default")]
    committee: u8,
    participant: Vec<ParticipantShape>,
    table: Vec<TableShape>,
    #[serde(default)]
    definition: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParticipantShape {
    code: String,
    role: Role,
    #[serde(default)]
    schools: Vec<schools::SchoolShape>,
}

impl ParticipantShape {
    fn read(self) -> Result<StudyParticipant, DocumentError> {
        Ok(StudyParticipant {
            code: code("participant.code", &self.code)?,
            role: self.role,
            schools: self.schools.into_iter().map(schools::SchoolShape::read).collect::<Result<_, _>>()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableShape {
    metric: String,
    version: u16,
    by: Vec<String>,
}

impl TableShape {
    fn read(self) -> Result<Vec<StudyTable>, DocumentError> {
        let table = |name: &String| {
            let dimension = Dimension::parse(name).ok_or(DocumentError::OutOfRange {
                key: "table.by",
                expected: "a list of \"all\", \"ethnicity\", \"gender\", \"school\" and groupings (`passage-node metric groupings`)",
            })?;
            Ok(StudyTable { metric: self.metric.clone(), version: self.version, dimension })
        };
        self.by.iter().map(table).collect()
    }
}

/// The format read here, and those that are not any more.
const FORMAT: &str = "passage-study/2";
const EARLIER: [&str; 1] = ["passage-study/1"];

fn preset_default() -> String {
    "full".to_owned()
}

fn committee_default() -> u8 {
    2
}

/// Cohorts of one study: with nine categories and three receivers the noise stays below 20,000 tuples a dealer and table.
const COHORTS_MAX: usize = 16;
/// Pairwise joins are meant for up to 20 members; larger federations pool their lists (protocol design, section 9).
const PARTICIPANTS_MAX: usize = 20;
/// More hops than this buy no trust and cost a pass over every list each.
const COMMITTEE_MAX: u8 = 16;
/// At epsilon 2 a table, sixteen tables already exceed the default budget of 20.
const TABLES_MAX: usize = 16;

#[cfg(test)]
mod tests;
