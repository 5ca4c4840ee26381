//! The release ledger: what was released about which students, so that a new release and an old one do not differ by a few.
//!
//! Kept by whoever knows the students: a member for its own roster. The ledger answers a question asked before from the
//! stored release, refuses one whose students differ too little from those of earlier ones, and counts the privacy budget
//! of a roster down (SPEC §10.4, domain 4.4).
//!
//! ```text
//!  question ──ask──> Stored(release)      asked before: nothing is spent, nothing is computed
//!                    Fresh                 may run; `record` it before anything leaves
//!                    LedgerRefusal         names the rule, never a count
//! ```
//!
//! # What it promises
//!
//! No two releases of one outcome have populations that differ by one to `floor - 1` students; nor does any sum or
//! difference of up to all earlier populations that elimination brings down to so few (a whole less its parts, a year less
//! its schools). What a reader can work out from *withheld* cells of several releases is the audit's part
//! (`release_linked` takes earlier tables).
//!
//! # What it does not promise
//!
//! Outcomes are told apart by name: the same students under two definitions of the same thing must carry one name here.

use core::fmt;
use std::collections::BTreeMap;

use crate::{
    codec::{CodecError, Decode, Encode},
    ids::Digest,
    refusal::{Code, Refusal},
};

/// Students as the keeper of a ledger numbers them. Mute: no `Debug`, no `Encode`.
///
/// ```compile_fail
/// fn spoken<T: core::fmt::Debug>() {}
/// spoken::<passage_protocol::disclosure::Population>();
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Population {
    members: Vec<u64>,
}

impl Population {
    /// Takes the keeper's own numbers, in any order; the same student must always have the same number.
    #[must_use]
    pub fn new(members: impl IntoIterator<Item = u64>) -> Self {
        let mut members: Vec<u64> = members.into_iter().collect();
        members.sort_unstable();
        members.dedup();
        Self { members }
    }

    /// Bytes for the keeper's own sealed store, and for nothing else.
    #[must_use]
    pub fn for_own_store(&self) -> Vec<u8> {
        self.members.to_bytes()
    }

    /// Reads what [`Self::for_own_store`] wrote.
    ///
    /// # Errors
    ///
    /// [`CodecError`] with a position.
    pub fn from_own_store(bytes: &[u8]) -> Result<Self, CodecError> {
        Vec::from_bytes(bytes).map(Self::new)
    }

    fn has(&self, member: u64) -> bool {
        self.members.binary_search(&member).is_ok()
    }

    /// Students in one of two populations only.
    pub(super) fn differs_by(&self, other: &Self) -> u64 {
        let (mut one, mut other) = (self.members.iter().peekable(), other.members.iter().peekable());
        let mut only = 0;
        while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
            let order = a.cmp(b);
            only += u64::from(order.is_ne());
            if order.is_le() {
                one.next();
            }
            if order.is_ge() {
                other.next();
            }
        }
        only + (one.count() + other.count()) as u64
    }
}

/// What privacy costs, per table and in all.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Spending {
    /// Epsilon in thousandths.
    pub epsilon_milli: u64,
    /// Delta in parts per 10^12.
    pub delta_ppt: u64,
}

impl Spending {
    fn plus(self, other: Self) -> Self {
        Self {
            epsilon_milli: self.epsilon_milli.saturating_add(other.epsilon_milli),
            delta_ppt: self.delta_ppt.saturating_add(other.delta_ppt),
        }
    }
}

/// A question put to a roster.
pub struct Question {
    /// Digest of everything that makes it the same question: study, tables, floor, noise, roster.
    pub digest: Digest,
    /// What is counted, by name: metric and version, or a name shared by definitions that count the same.
    pub outcome: String,
    /// The students it is about.
    pub population: Population,
    /// What answering it costs, all tables together; nothing without noise.
    pub cost: Spending,
}

/// One release on record.
pub struct Entry {
    question: Question,
    release: Digest,
}

/// What may be done about a question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// It may be answered; [`Ledger::record`] it before anything leaves.
    Fresh,
    /// It was answered before: give out this release again.
    Stored(Digest),
}

/// Every release about one roster, and what it may cost in all.
pub struct Ledger {
    budget: Spending,
    entries: Vec<Entry>,
}

impl Ledger {
    /// An empty ledger with a budget.
    #[must_use]
    pub fn new(budget: Spending) -> Self {
        Self { budget, entries: Vec::new() }
    }

    /// Spent so far.
    #[must_use]
    pub fn spent(&self) -> Spending {
        self.entries.iter().fold(Spending::default(), |sum, entry| sum.plus(entry.question.cost))
    }

    /// Says what may be done about a question; changes nothing.
    ///
    /// # Errors
    ///
    /// [`LedgerRefusal`] if the budget does not cover it, or its students differ too little from earlier ones.
    ///
    /// # Cost
    ///
    /// Linear in the students for each earlier release of the outcome, cubic in those releases: 100 releases of 10,000
    /// students take 0.1 s.
    pub fn ask(&self, question: &Question, floor: u32) -> Result<Answer, LedgerRefusal> {
        if let Some(entry) = self.entries.iter().find(|entry| entry.question.digest == question.digest) {
            return Ok(Answer::Stored(entry.release));
        }
        let after = self.spent().plus(question.cost);
        if after.epsilon_milli > self.budget.epsilon_milli {
            return Err(LedgerRefusal::EpsilonSpent);
        }
        if after.delta_ppt > self.budget.delta_ppt {
            return Err(LedgerRefusal::DeltaSpent);
        }
        let same = self.entries.iter().filter(|entry| entry.question.outcome == question.outcome);
        let earlier: Vec<&Population> = same.map(|entry| &entry.question.population).collect();
        let floor = u64::from(floor);
        let near = |other: &&Population| (1..floor).contains(&question.population.differs_by(other));
        if earlier.iter().any(near) {
            return Err(LedgerRefusal::Isolates);
        }
        let every: Vec<&Population> = earlier.into_iter().chain([&question.population]).collect();
        if isolates(&every, floor) {
            return Err(LedgerRefusal::IsolatesTogether);
        }
        Ok(Answer::Fresh)
    }

    /// Enters a release. Do so in the transaction that lets it out; a question entered twice is kept once.
    pub fn record(&mut self, question: Question, release: Digest) {
        if !self.entries.iter().any(|entry| entry.question.digest == question.digest) {
            self.entries.push(Entry { question, release });
        }
    }

    /// Takes back the charge of a release that never left.
    pub fn withdraw(&mut self, question: Digest) {
        self.entries.retain(|entry| entry.question.digest != question);
    }
}

/// Arithmetic modulo the Mersenne prime 2^61 - 1: exact for sums of counts, and a wrong zero would only refuse.
const PRIME: u64 = (1 << 61) - 1;

/// Whether sums and differences of whole populations bring down to one to `floor - 1` students.
///
/// Students with the same memberships are one atom. The rows are populations over atoms, the largest atoms first; after
/// elimination the rows that begin at a small atom span everything that large atoms cancel out of.
pub(super) fn isolates(populations: &[&Population], floor: u64) -> bool {
    let mut atoms: BTreeMap<Vec<bool>, u64> = BTreeMap::new();
    let mut members: Vec<u64> = populations.iter().flat_map(|one| one.members.iter().copied()).collect();
    members.sort_unstable();
    members.dedup();
    for member in members {
        *atoms.entry(populations.iter().map(|one| one.has(member)).collect()).or_default() += 1;
    }
    let mut atoms: Vec<(Vec<bool>, u64)> = atoms.into_iter().collect();
    atoms.sort_by_key(|(_, size)| core::cmp::Reverse(*size));
    let mut rows: Vec<Vec<u64>> = (0..populations.len())
        .map(|at| atoms.iter().map(|(signs, _)| u64::from(signs.get(at) == Some(&true))).collect())
        .collect();
    let pivots = eliminate(&mut rows, atoms.len());
    let large = atoms.iter().take_while(|(_, size)| *size >= floor).count();
    let small: Vec<&Vec<u64>> =
        rows.iter().zip(&pivots).filter(|(_, pivot)| **pivot >= large).map(|(row, _)| row).collect();
    let students = |row: &[u64]| -> u64 {
        row.iter().zip(&atoms).filter(|(factor, _)| **factor != 0).map(|(_, (_, size))| *size).sum()
    };
    let few = |row: &[u64]| (1..floor).contains(&students(row));
    let pairs = || {
        small
            .iter()
            .enumerate()
            .flat_map(|(at, one)| small.iter().skip(at + 1).map(move |other| (*one, *other)))
    };
    small.iter().any(|row| few(row)) || pairs().any(|(one, other)| cancelled(one, other).any(|row| few(&row)))
}

/// Two rows combined so that one column cancels, for every column both have.
fn cancelled<'a>(one: &'a [u64], other: &'a [u64]) -> impl Iterator<Item = Vec<u64>> + 'a {
    let shared = one.iter().zip(other).filter(|(a, b)| **a != 0 && **b != 0);
    shared.map(move |(a, b)| {
        let combine = |(x, y): (&u64, &u64)| (times(*x, *b) + PRIME - times(*y, *a)) % PRIME;
        one.iter().zip(other).map(combine).collect()
    })
}

/// Reduced row echelon form; drops rows that vanish and gives the column each of the others begins at.
fn eliminate(rows: &mut Vec<Vec<u64>>, columns: usize) -> Vec<usize> {
    let mut pivots = Vec::new();
    for column in 0..columns {
        let done = pivots.len();
        let at = |row: &Vec<u64>| row.get(column).copied().unwrap_or(0);
        let Some(found) = (done..rows.len()).find(|row| rows.get(*row).is_some_and(|row| at(row) != 0))
        else {
            continue;
        };
        rows.swap(done, found);
        let Some(pivot) = rows.get(done).cloned() else { continue };
        let scale = inverse(at(&pivot));
        let pivot: Vec<u64> = pivot.iter().map(|factor| times(*factor, scale)).collect();
        for (place, row) in rows.iter_mut().enumerate() {
            let factor = row.get(column).copied().unwrap_or(0);
            if place == done {
                row.clone_from(&pivot);
            } else if factor != 0 {
                row.iter_mut()
                    .zip(&pivot)
                    .for_each(|(cell, top)| *cell = (*cell + PRIME - times(factor, *top)) % PRIME);
            }
        }
        pivots.push(column);
    }
    rows.truncate(pivots.len());
    pivots
}

fn times(left: u64, right: u64) -> u64 {
    (u128::from(left) * u128::from(right) % u128::from(PRIME)) as u64
}

/// By Fermat: `x^(p-2)`.
fn inverse(of: u64) -> u64 {
    let (mut power, mut exponent, mut result) = (of, PRIME - 2, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, power);
        }
        power = times(power, power);
        exponent >>= 1;
    }
    result
}

/// Why a question is not answered. Says nothing about how many or who.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LedgerRefusal {
    /// Groupings of one question leave fewer students than the floor between them.
    Crossed,
    /// The delta of the roster is spent.
    DeltaSpent,
    /// The epsilon of the roster is spent.
    EpsilonSpent,
    /// An exact table about students of whom an earlier exact table told something else.
    ExactBeside,
    /// The students differ from those of an earlier release by fewer than the floor.
    Isolates,
    /// With several earlier releases, sums and differences come down to fewer than the floor.
    IsolatesTogether,
}

impl fmt::Display for LedgerRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Crossed => {
                "groupings of one study that leave fewer students than the floor between them, expected none or more"
            }
            Self::DeltaSpent => "delta beyond the budget of this roster, expected a question within it",
            Self::EpsilonSpent => "epsilon beyond the budget of this roster, expected a question within it",
            Self::ExactBeside => {
                "an exact table about students of an earlier exact table of the same or a related metric, expected students not yet counted"
            }
            Self::Isolates => {
                "students who differ from those of an earlier release by fewer than the floor, expected none or more"
            }
            Self::IsolatesTogether => {
                "students who with several earlier releases single out fewer than the floor, expected none or more"
            }
        })
    }
}

impl Refusal for LedgerRefusal {
    fn code(&self) -> Code {
        Code(match self {
            Self::DeltaSpent => 0x0A20,
            Self::EpsilonSpent => 0x0A21,
            Self::Isolates => 0x0A22,
            Self::IsolatesTogether => 0x0A23,
            Self::ExactBeside => 0x0A24,
            Self::Crossed => 0x0A25,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Crossed => {
                "Ask by fewer groupings: of those that lie within one another, as homeless students are among the disadvantaged, by one."
            }
            Self::DeltaSpent | Self::EpsilonSpent => {
                "Use the releases there are, or wait for the next roster; the agreement sets the budget."
            }
            Self::ExactBeside => {
                "Read the stored report; ask in one study for all receivers and breakdowns of students not yet counted; or agree on noise."
            }
            Self::Isolates | Self::IsolatesTogether => {
                "Ask about the same students as before, or about a population that differs by the floor or more."
            }
        }
    }

    fn rule(&self) -> Option<&'static str> {
        Some(match self {
            Self::DeltaSpent | Self::EpsilonSpent => "SPEC §10.4",
            Self::Crossed | Self::ExactBeside | Self::Isolates | Self::IsolatesTogether => "domain 4.4",
        })
    }
}
