//! A whole federation in one process: members, coordinator, network, people who say yes, and whatever goes wrong.
//!
//! [`Federation::run`] serves lanes until nothing is left to do. It promises that a run with the same setup and the same
//! planned crashes takes the same decisions in the same order, as far as they do not depend on drawn keys (ties between
//! tags do).

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use passage_coordinator::{error::CoordinatorError, records::Standing as RoundStanding};
use passage_node::prepare::Prepared;
use passage_protocol::{
    agreement::{NoiseTerms, Segment},
    cells::SchoolYear,
    ids::{Digest, MemberCode, RoundId},
    manifest::Opening,
    refusal::Code,
    report::Report,
    wire::{Envelope, Message},
};

use crate::{
    coordinator_host::{CoordinatorHost, Unanswered},
    faults::{Crashed, Faults, Party},
    key_ledger::KeyLedger,
    member_host::{MemberHost, Shared},
    mischief::{Honest, Mischief},
    papers::{METRIC, Noise, Papers, Question},
    plaintext_oracle::{Expected, OpenList, expected},
    population::{Institution, Population, PopulationPlan, SCHOOLS},
    sim_net::{Lane, Manners, SimNet},
};

/// What a federation is made from.
pub struct Setup {
    /// The documents.
    pub question: Question,
    /// Students of each member's own, in participant order.
    pub students: Vec<usize>,
    /// Participants that insist on a seat in the committee.
    pub insists: Vec<usize>,
    /// Decides people, keys of the papers, nonces and the schedule.
    pub seed: u64,
    /// How the network behaves.
    pub manners: Manners,
    /// Changes the people before their files are imported.
    pub plant: fn(&mut Population),
    /// Who misbehaves.
    pub mischief: Box<dyn Mischief>,
}

impl Setup {
    /// Schools and colleges with this many students of their own, one cohort, exact tables, floor 5, `basic` keys.
    #[must_use]
    pub fn of(members: &[(Segment, usize)], seed: u64) -> Self {
        let question = Question {
            segments: members.iter().map(|(segment, _)| *segment).collect(),
            cohorts: vec!["2022-2023".to_owned()],
            by: vec!["all"],
            preset: "basic",
            committee: 2,
            floor: 5,
            noise: Noise::None,
            unshared: Vec::new(),
            metric: METRIC,
            beside: None,
            peers: false,
            bridges: false,
            schools: &SCHOOLS,
        };
        let students = members.iter().map(|(_, students)| *students).collect();
        let (insists, manners) = (Vec::new(), Manners::Rough);
        Self { question, students, insists, seed, manners, plant: |_| {}, mischief: Box::new(Honest) }
    }

    /// One school of `graduates` and one college: the smallest federation.
    #[must_use]
    pub fn pair(graduates: usize, strangers: usize, seed: u64) -> Self {
        Self::of(&[(Segment::K12, graduates), (Segment::Cc, strangers)], seed)
    }

    fn population(&self) -> Population {
        let year = |text: &String| SchoolYear::parse(text).unwrap();
        let institution =
            |(segment, students): (&Segment, &usize)| Institution { segment: *segment, students: *students };
        Population::make(&PopulationPlan {
            seed: self.seed,
            cohorts: self.question.cohorts.iter().map(year).collect(),
            institutions: self.question.segments.iter().zip(&self.students).map(institution).collect(),
        })
    }
}

/// A running federation.
pub struct Federation {
    /// Documents, crashes, ledger of keys.
    pub shared: Rc<Shared>,
    /// Who everybody is and where they went.
    pub population: Population,
    /// Members in participant order.
    pub members: Vec<MemberHost>,
    /// The coordinator.
    pub coordinator: CoordinatorHost,
    /// Posts the coordinator refused outright: from whom, and why.
    pub refused_posts: Vec<(usize, CoordinatorError)>,
    /// Every envelope that travelled, if somebody wants samples.
    pub envelopes: Option<Vec<Envelope>>,
    net: SimNet,
    mischief: Box<dyn Mischief>,
    posted: BTreeMap<usize, Vec<Envelope>>,
}

impl Federation {
    /// Sets everything up; no round is open yet.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let mut population = setup.population();
        (setup.plant)(&mut population);
        let papers = Papers::write(&setup.question, setup.seed);
        let net = SimNet::new(setup.seed, setup.manners);
        let shared = Rc::new(Shared {
            papers,
            faults: Faults::default(),
            ledger: RefCell::new(KeyLedger::default()),
            spoken: RefCell::new(None),
        });
        let member = |(index, files)| MemberHost::new(index, Rc::clone(&shared), files, setup.seed);
        let mut members: Vec<MemberHost> = population.files.iter().enumerate().map(member).collect();
        setup.insists.iter().for_each(|index| members[*index].insist());
        let coordinator = CoordinatorHost::new(&shared.papers, net.now());
        Self {
            members,
            coordinator,
            shared,
            population,
            refused_posts: Vec::new(),
            envelopes: None,
            net,
            mischief: setup.mischief,
            posted: BTreeMap::new(),
        }
    }

    /// Sets everything up, opens a round and runs it to its end.
    #[must_use]
    pub fn played(setup: Setup) -> Self {
        let mut federation = Self::new(setup);
        federation.open();
        federation.run();
        federation
    }

    /// Opens a round of the study.
    pub fn open(&mut self) -> RoundId {
        let study = self.shared.papers.study_digest();
        self.coordinator.open(study, self.net.now())
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> passage_protocol::timestamp::Timestamp {
        self.net.now()
    }

    /// Serves lanes until none has anything to do.
    pub fn run(&mut self) {
        for _ in 0..STEPS_MAX {
            let ready = self.ready();
            let Some(lane) = self.net.pick(&ready) else { return };
            if let Err(crashed) = self.serve(lane) {
                self.restart(crashed);
            }
        }
        panic!("no end after {STEPS_MAX} steps; crashes at {:?}", self.shared.faults.struck_at());
    }

    /// Lets the deadline of every running round pass and everybody notice.
    pub fn pass_the_deadline(&mut self) {
        self.net.wait_s(25 * 3_600);
        self.coordinator.tick(self.net.now());
        self.run();
    }

    fn ready(&self) -> Vec<Lane> {
        let mut ready = Vec::new();
        for (index, member) in self.members.iter().enumerate() {
            let lanes = [
                (member.asks_a_person(), Lane::Approve(index)),
                (self.coordinator.next_mail(member.code, member.cursor()).is_some(), Lane::Mail(index)),
                (member.next_post().is_some(), Lane::Post(index)),
                (member.has_work(), Lane::Work(index)),
            ];
            ready.extend(lanes.into_iter().filter(|(has, _)| *has).map(|(_, lane)| lane));
        }
        ready.extend(self.coordinator.has_work().then_some(Lane::Join));
        ready
    }

    fn serve(&mut self, lane: Lane) -> Result<(), (Party, Crashed)> {
        let now = self.net.now();
        match lane {
            Lane::Approve(index) => of_member(index, self.members[index].approve(now)),
            Lane::Join => (self.coordinator.work(&self.shared.faults, &self.shared.papers, now))
                .map_err(|crashed| (Party::Coordinator, crashed)),
            Lane::Mail(index) => {
                let member = &mut self.members[index];
                let Some(entry) = self.coordinator.next_mail(member.code, member.cursor()) else {
                    return Ok(());
                };
                let envelope = self.mischief.mail(index, entry.envelope, &mut self.coordinator.substitutes);
                self.envelopes.iter_mut().for_each(|seen| seen.push(envelope.clone()));
                of_member(index, member.deliver(entry.number, envelope, now))
            }
            Lane::Post(index) => self.post(index),
            Lane::Work(index) => {
                let mischief = self.mischief.as_mut();
                of_member(index, self.members[index].work(&mut self.coordinator, mischief, now))
            }
        }
    }

    fn post(&mut self, index: usize) -> Result<(), (Party, Crashed)> {
        let member = &self.members[index];
        let Some(envelope) = member.next_post() else { return Ok(()) };
        let envelopes = self.mischief.post(index, envelope, member.key());
        for envelope in envelopes {
            self.envelopes.iter_mut().for_each(|seen| seen.push(envelope.clone()));
            self.posted.entry(index).or_default().push(envelope.clone());
            match self.coordinator.post(&self.shared.faults, member.code, envelope, self.net.now()) {
                Ok(_) => {}
                Err(Unanswered::Crashed) => return Err((Party::Coordinator, Crashed)),
                Err(Unanswered::Refused(refused)) => self.refused_posts.push((index, refused)),
            }
        }
        if self.net.loses_the_answer() {
            return Ok(());
        }
        of_member(index, self.members[index].posted())
    }

    fn restart(&mut self, (party, _): (Party, Crashed)) {
        match party {
            Party::Coordinator => {
                self.coordinator.crash();
                self.coordinator.start();
            }
            Party::Member(index) => {
                self.members[index].crash();
                while self.members[index].start(self.net.now()).is_err() {
                    self.members[index].crash();
                }
            }
        }
    }

    /// What the parties said while the last round was opened, from the coordinator's relays among [`Self::envelopes`].
    ///
    /// # Panics
    ///
    /// Unless envelopes were kept and the round came as far as its key shares.
    #[must_use]
    pub fn opening(&self) -> Opening {
        let (mut call, mut answers, mut reveals, mut shares) = (None, None, None, None);
        for envelope in self.envelopes.iter().flatten() {
            match envelope.message.clone() {
                Message::Call(said) => call = Some(said),
                Message::Answers(said) => answers = Some(said),
                Message::Reveals(said) => reveals = Some(said),
                Message::KeyShares(said) => shares = Some(said),
                _ => {}
            }
        }
        Opening {
            call: call.unwrap(),
            answers: answers.unwrap(),
            reveals: reveals.unwrap(),
            shares: shares.unwrap(),
        }
    }

    /// What a member has posted so far, for replays.
    #[must_use]
    pub fn posts_of(&self, member: usize) -> &[Envelope] {
        self.posted.get(&member).map(Vec::as_slice).unwrap_or_default()
    }

    /// Replaces the misbehaviour.
    pub fn misbehave(&mut self, mischief: Box<dyn Mischief>) {
        self.mischief = mischief;
    }

    /// The rows of every member, made afresh from its records.
    #[must_use]
    pub fn prepared(&self) -> Vec<Prepared> {
        self.members.iter().map(MemberHost::prepared).collect()
    }

    /// What the tables must show, computed in the clear.
    #[must_use]
    pub fn oracle(&self) -> Vec<Expected> {
        let papers = &self.shared.papers;
        let rows: Vec<_> = self.prepared().iter().map(|prepared| prepared.rows.all().unwrap()).collect();
        let lists: Vec<OpenList<'_>> = (rows.iter().enumerate())
            .map(|(index, rows)| OpenList { role: papers.role(index), segment: papers.segments[index], rows })
            .collect();
        expected(&papers.study, papers.agreement.floor, &lists)
    }

    /// What the agreement lets be charged to one roster, in thousandths of epsilon; 0 without noise.
    #[must_use]
    pub fn budget_milli(&self) -> u32 {
        match self.shared.papers.agreement.noise {
            NoiseTerms::Laplace { budget_milli, .. } => budget_milli,
            NoiseTerms::None { .. } => 0,
        }
    }

    /// The code of a member.
    #[must_use]
    pub fn code(&self, member: usize) -> MemberCode {
        self.shared.papers.codes[member]
    }

    /// How every round ended at the coordinator, oldest first.
    #[must_use]
    pub fn endings(&self) -> Vec<(RoundId, Ending)> {
        let ending = |standing: &RoundStanding| match standing {
            RoundStanding::Aborted { code, fault, .. } => Ending::Aborted { code: *code, fault: *fault },
            RoundStanding::Finished { .. } => Ending::Finished,
            RoundStanding::Running(round) => Ending::Running(round.phase()),
        };
        self.coordinator.rounds().iter().map(|(round, record)| (*round, ending(&record.standing))).collect()
    }

    /// The one round that finished, and each member's report of it. Checks on the way that every member has exactly one
    /// report, that all are of that round, and that nothing else is left.
    #[must_use]
    pub fn released(&self) -> (RoundId, Vec<Report>) {
        let finished: Vec<RoundId> = (self.endings().iter())
            .filter(|(_, ending)| *ending == Ending::Finished)
            .map(|(round, _)| *round)
            .collect();
        let crashes = self.shared.faults.struck_at();
        assert_eq!(finished.len(), 1, "one round finishes: {:?}, crashes at {crashes:?}", self.endings());
        let mut reports = Vec::new();
        for member in &self.members {
            let mut kept = member.reports();
            assert_eq!(kept.len(), 1, "{} has one report, crashes at {crashes:?}", member.code);
            let (round, report) = kept.remove(0);
            assert_eq!((round, report.round, report.viewer), (finished[0], finished[0], member.code));
            reports.push(report);
        }
        self.shared.ledger.borrow().assert_single_use();
        (finished[0], reports)
    }

    /// Raw counts of a round, as the release saw them.
    #[must_use]
    pub fn raw(&self, round: RoundId) -> &[Option<Vec<i64>>] {
        &self.coordinator.raw[&round]
    }

    /// Digest of the study.
    #[must_use]
    pub fn study(&self) -> Digest {
        self.shared.papers.study_digest()
    }
}

/// How a round ended at the coordinator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Without a result.
    Aborted {
        /** Stable code. */
        code: Code,
        /** The member at fault. */
        fault: Option<MemberCode>,
    },
    /// With reports, every receipt in.
    Finished,
    /// Not at all: its phase.
    Running(&'static str),
}

fn of_member(index: usize, result: Result<(), Crashed>) -> Result<(), (Party, Crashed)> {
    result.map_err(|crashed| (Party::Member(index), crashed))
}

/// Far more than any run of the tests takes.
const STEPS_MAX: usize = 50_000;
