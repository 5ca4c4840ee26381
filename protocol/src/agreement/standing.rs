//! What a party knows when it decides about a study, and every question it asks before it reads a roster: agreement x
//! consent x study x day, and the call the coordinator made of it (SPEC §3, §5.1).
//!
//! Nothing here is taken on the coordinator's word: documents are the bytes that were signed, consent is what each party's
//! own key said, the consortium is the one this party joined.

use crate::{
    agreement::{
        Agreement, Clause, ConsentRecord, EffectiveShares, LegalBasis, Level, NoiseTerms, Role, Study,
        StudyTable, bridge_elements, effective, elements_of, match_elements, read_elements, told_elements,
    },
    ids::{Digest, MemberCode},
    manifest::opening::RoundCall,
    timestamp::Date,
};

/// Everything a party knows when it decides about a study: documents, consent, the consortium, the budget spent.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The agreement, parsed from the bytes of `agreement_digest`.
    pub agreement: &'a Agreement,
    /// Digest of the agreement's bytes.
    pub agreement_digest: Digest,
    /// What the parties said to it.
    pub consents: &'a ConsentRecord,
    /// An agreement in force that takes its place ([`takes_the_place_of`]), if one is known.
    pub replaced_by: Option<Digest>,
    /// Fingerprint of the CA of the consortium this party joined (G04).
    pub authority: Digest,
    /// The study, parsed from the bytes of `study_digest`.
    pub study: &'a Study,
    /// Digest of the study's bytes.
    pub study_digest: Digest,
    /// Epsilon already charged to this roster snapshot under this agreement, thousandths (SPEC §10.4).
    pub budget_spent_milli: u32,
}

impl Standing<'_> {
    /// Checks what can be checked before a round is called.
    ///
    /// # Errors
    ///
    /// The first [`Clause`] that refuses.
    pub fn check_study(&self, today: Date) -> Result<(), Clause> {
        let (agreement, study) = (self.agreement, self.study);
        if agreement.authority != self.authority {
            return Err(Clause::OtherConsortium);
        }
        if study.agreement != self.agreement_digest {
            return Err(Clause::OtherAgreement);
        }
        let members = || study.participants.iter().map(|one| one.code);
        if members().any(|code| agreement.party(code).is_none()) {
            return Err(Clause::NotAParty);
        }
        // G01: every participant has signed these very bytes. Who has not is not revealed.
        if !members().all(|code| self.consents.signature(code).is_some()) {
            return Err(Clause::NotSigned);
        }
        if members().any(|code| self.consents.withdrawal(code).is_some()) {
            return Err(Clause::Withdrawn);
        }
        if self.replaced_by.is_some() {
            return Err(Clause::Replaced);
        }
        if today < agreement.effective || agreement.expires < today {
            return Err(Clause::OutsideTerm { effective: agreement.effective, expires: agreement.expires });
        }
        let overdue = today.days_since(agreement.elements_agreed.a_year_later()) > ELEMENTS_GRACE_DAYS;
        if overdue || today < agreement.elements_agreed {
            return Err(Clause::ElementsNotReviewed { agreed: agreement.elements_agreed });
        }
        if !agreement.purposes.contains(&study.purpose) {
            return Err(Clause::PurposeOutside);
        }
        let outside = study.cohorts.iter().find(|cohort| !agreement.cohorts.contains(cohort));
        if let Some(cohort) = outside {
            return Err(Clause::CohortOutside { cohort: *cohort });
        }
        if study.committee < agreement.committee_min {
            return Err(Clause::CommitteeTooSmall { asked: study.committee, least: agreement.committee_min });
        }
        if !study.tables.iter().all(|table| agreement.lists(&table.metric, table.version)) {
            return Err(Clause::NotInCatalogue);
        }
        let segment = |code| agreement.party(code).map(|party| party.segment);
        if let Some(of) = study.without_schools(segment) {
            return Err(Clause::NoSchools { of });
        }
        let most = match agreement.noise {
            NoiseTerms::Laplace { .. } => SCHOOL_COUNTS_MAX,
            NoiseTerms::None { .. } => SCHOOL_COUNTS_EXACT_MAX,
        };
        if let Some(of) = study.without_grouping(segment) {
            return Err(Clause::GroupingNotHeld { of });
        }
        let counts = study.judged_counts(segment);
        if counts > most {
            return Err(Clause::TooManySchools { counts, most });
        }
        self.check_shares()?;
        match study.level {
            Level::Aggregate => Ok(()),
            Level::Unitary => self.check_unitary(),
        }
    }

    /// Checks a call of the coordinator before it is answered: it must be about this study under this agreement, made from
    /// the choices of lines this party knows of, and end within the term.
    ///
    /// # Errors
    ///
    /// The first [`Clause`] that refuses.
    pub fn check_call(&self, call: &RoundCall, today: Date) -> Result<(), Clause> {
        self.check_study(today)?;
        check_length(call, today)?;
        if call.agreement != self.agreement_digest || call.study != self.study_digest {
            return Err(Clause::OtherAgreement);
        }
        if call.share_list != self.share_list() {
            return Err(Clause::OtherShares);
        }
        self.check_deadline(call.deadline.date())
    }

    /// Digest of what the participants share in effect, as far as this party knows: the call must carry the same.
    #[must_use]
    pub fn share_list(&self) -> Digest {
        let members: Vec<MemberCode> = self.study.participants.iter().map(|one| one.code).collect();
        effective(self.agreement, self.agreement_digest, self.consents).digest_among(&members)
    }

    pub(super) fn check_deadline(&self, deadline: Date) -> Result<(), Clause> {
        let expires = self.agreement.expires;
        if expires < deadline { Err(Clause::EndsAfterTerm { deadline, expires }) } else { Ok(()) }
    }

    /// G02: what match keys are made of is shared both ways by members whose lists are joined, because each list is compared
    /// with the other; what a table tells is shared with at least one of the two, who may then see it.
    fn check_shares(&self) -> Result<(), Clause> {
        let shares = effective(self.agreement, self.agreement_digest, self.consents);
        for (sender, receiver) in self.pairs() {
            for (from, to) in [(sender, receiver), (receiver, sender)] {
                let segment = self.agreement.party(from).ok_or(Clause::NotAParty)?.segment;
                let matched = match_elements(self.study.preset, segment);
                require(&shares, from, to, matched, Level::Aggregate)?;
            }
            for table in self.study.tables.iter().filter(|table| self.joins(table, sender, receiver)) {
                let metric = self.study.metric(&table.metric, table.version);
                let told = |from, to, role| {
                    let read = metric.iter().flat_map(|metric| read_elements(metric, role));
                    let elements = told_elements(table.dimension, role).into_iter().chain(read);
                    require(&shares, from, to, elements, Level::Aggregate)
                };
                let to_receiver = told(sender, receiver, Role::Sender);
                let to_sender = told(receiver, sender, Role::Receiver);
                if to_sender.is_err() {
                    to_receiver?;
                }
            }
        }
        self.check_bridges(&shares)
    }

    /// G02: where a student may be looked for at one receiver through another, the lists of these two are compared as well, so
    /// what those match keys are made of is shared between them, both ways. Nothing is told of the one to the other.
    fn check_bridges(&self, shares: &EffectiveShares) -> Result<(), Clause> {
        if !self.study.bridges {
            return Ok(());
        }
        let pairs = self.pairs();
        for (sender, from) in &pairs {
            for (_, to) in pairs.iter().filter(|(other, to)| other == sender && to != from) {
                let segment = self.agreement.party(*from).ok_or(Clause::NotAParty)?.segment;
                let matched = bridge_elements(self.study.preset, segment);
                require(shares, *from, *to, matched, Level::Aggregate)?;
            }
        }
        Ok(())
    }

    /// G18: rows need both sides' lists and a basis that covers them; and then they still have no way back in this protocol.
    fn check_unitary(&self) -> Result<(), Clause> {
        let shares = effective(self.agreement, self.agreement_digest, self.consents);
        for (sender, receiver) in self.pairs() {
            for (from, to, role) in [(sender, receiver, Role::Sender), (receiver, sender, Role::Receiver)] {
                let segment = self.agreement.party(from).ok_or(Clause::NotAParty)?.segment;
                let not_agreed = |_| Clause::UnitaryNotAgreed { from, to };
                let elements = elements_of(self.study, segment, role);
                require(&shares, from, to, elements, Level::Unitary).map_err(not_agreed)?;
                if self.agreement.legal_basis == LegalBasis::DeIdentified {
                    return Err(Clause::UnitaryNotAgreed { from, to });
                }
            }
        }
        Err(Clause::UnitaryNotPossible)
    }

    /// Senders and receivers whose lists some table joins.
    fn pairs(&self) -> Vec<(MemberCode, MemberCode)> {
        let of =
            |role| self.study.participants.iter().filter(move |one| one.role == role).map(|one| one.code);
        let all = of(Role::Sender).flat_map(|sender| of(Role::Receiver).map(move |to| (sender, to)));
        let joined = |(sender, receiver): &(MemberCode, MemberCode)| {
            self.study.tables.iter().any(|table| self.joins(table, *sender, *receiver))
        };
        all.filter(joined).collect()
    }

    /// True if the metric of a table counts students of one such institution at another.
    fn joins(&self, table: &StudyTable, sender: MemberCode, receiver: MemberCode) -> bool {
        let segment = |code| self.agreement.party(code).map(|party| party.segment);
        let metric = self.study.metric(&table.metric, table.version);
        metric.zip(segment(sender).zip(segment(receiver))).is_some_and(|(metric, (from, to))| {
            metric.senders.contains(&from) && metric.receivers.contains(&to)
        })
    }
}

/// Counts that tables by school of one sender may ask for, rows times patterns of a cohort over all of them: what is withheld is
/// decided for all of them together, and 100 schools in two metrics at two receivers, 808 counts, take the coordinator a minute.
pub const SCHOOL_COUNTS_MAX: u32 = 816;
/// The same without noise, where more is withheld and each choice weighed against every other.
pub const SCHOOL_COUNTS_EXACT_MAX: u32 = 408;

/// Longest a called round may last, in days: a month, for members that decide by letter.
pub const ROUND_DAYS_MAX: i64 = 31;

/// Checks how long a round may last; needs neither agreement nor study, so that a call about documents that are not here
/// does not wait for ever.
///
/// # Errors
///
/// [`Clause::DeadlineTooFar`].
pub fn check_length(call: &RoundCall, today: Date) -> Result<(), Clause> {
    let deadline = call.deadline.date();
    if deadline.days_since(today) > ROUND_DAYS_MAX {
        Err(Clause::DeadlineTooFar { deadline })
    } else {
        Ok(())
    }
}

/// Refuses by the first of `elements` that `from` does not share with `to`.
fn require(
    shares: &EffectiveShares,
    from: MemberCode,
    to: MemberCode,
    elements: impl IntoIterator<Item = &'static str>,
    level: Level,
) -> Result<(), Clause> {
    match elements.into_iter().find(|element| !shares.gives(from, to, element, level)) {
        Some(element) => Err(Clause::ElementNotShared { from, to, element }),
        None => Ok(()),
    }
}

/// True if `later` takes the place of the agreement with digest `earlier`: it says that it amends it, names every party of
/// it, and every party of both has signed.
#[must_use]
pub fn takes_the_place_of(
    later: &Agreement,
    consents: &ConsentRecord,
    earlier: &Agreement,
    earlier_digest: Digest,
) -> bool {
    later.amends == Some(earlier_digest)
        && earlier.parties.iter().all(|party| later.party(party.code).is_some())
        && later.parties.iter().all(|party| consents.signature(party.code).is_some())
}

/// Days after the yearly review was due in which rounds still run, with a warning: time for one meeting of the parties (G03).
pub const ELEMENTS_GRACE_DAYS: i64 = 60;
