//! A member without its sockets: the real round engine, round secrets, shelf, encrypted records and compute jobs, with the
//! commit rule of the node's driver, able to crash before and after every commit and effect.
//!
//! What a node keeps in its store is the struct `Stored`; what it keeps in memory is `Live`, and a crash drops it.

mod commit;
mod ledger;
mod work;

use self::commit::ROUND_MEMORY;
pub use self::ledger::{Charge, ChargeStanding};

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
    rc::Rc,
};

use passage_node::{
    compute::{RoundContext, secrets::RoundSecrets},
    prepare::{Part, Prepared, prepare},
};
use passage_protocol::{
    codec::{Decode, Encode},
    disclosure::Counted,
    ids::{Digest, MemberCode, RoundId},
    manifest::{opening::RoundCall, shapes},
    refusal::Code,
    report::Report,
    round::{Abort, AbortReason, MemberInput, MemberJob, MemberRound, OwnPart},
    timestamp::Timestamp,
    wire::{Envelope, Message},
};
use passage_shell::shelf::{Room, Shelf};
use tempfile::TempDir;

use crate::{
    dice::Dice,
    faults::{Crashed, Faults, Party},
    key_ledger::KeyLedger,
    papers::Papers,
    plaintext_oracle::said_by,
    population::Files,
    records::Records,
    scratch,
};

/// What all hosts of a federation share.
pub struct Shared {
    /// Documents and keys.
    pub papers: Papers,
    /// Planned crashes.
    pub faults: Faults,
    /// Uses of round keys.
    pub ledger: RefCell<KeyLedger>,
    /// `Debug` of every effect and event, if somebody wants to search it.
    pub spoken: RefCell<Option<Vec<String>>>,
}

/// One member.
pub struct MemberHost {
    index: usize,
    /// Its code.
    pub code: MemberCode,
    shared: Rc<Shared>,
    records: Records,
    shelf: Shelf,
    insists: bool,
    compares: bool,
    imports: usize,
    dice: Dice,
    stored: Stored,
    live: BTreeMap<RoundId, Live>,
    folder: TempDir,
}

/// What survives a crash.
#[derive(Default)]
struct Stored {
    cursor: u64,
    rounds: BTreeMap<RoundId, (RoundCall, Standing)>,
    outbox: VecDeque<Vec<u8>>,
    approvals: BTreeSet<Digest>,
    charges: BTreeMap<RoundId, Charge>,
    reports: BTreeMap<RoundId, Vec<u8>>,
    /// What each round it entered counts, and whether every participant has signed.
    counted: BTreeMap<RoundId, (Vec<u8>, bool)>,
}

/// How a round stands at a member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Called, not yet answered.
    Called,
    /// Running: the engine's stored bytes.
    Running(Vec<u8>),
    /// Ended without a result.
    Aborted {
        /** Why. */
        reason: AbortReason,
        /** Stable code. */
        code: Code,
        /** The member at fault. */
        fault: Option<MemberCode>,
    },
    /// Ended with a report.
    Finished,
}

/// What a crash drops.
#[derive(Default)]
struct Live {
    state: Option<MemberRound>,
    secrets: Option<RoundSecrets>,
    counted: Option<Counted>,
    keys: Option<Digest>,
    context: Option<RoundContext>,
    columns: BTreeMap<u16, Digest>,
    blobs: BTreeSet<Digest>,
    jobs: VecDeque<MemberJob>,
    asking: bool,
}

impl MemberHost {
    /// A member with its files imported.
    #[must_use]
    pub fn new(index: usize, shared: Rc<Shared>, files: &Files, seed: u64) -> Self {
        let folder = scratch();
        let dice = Dice::new(seed ^ (index as u64) << 32);
        let records = Records::import(folder.path(), files);
        let shelf = Shelf::open(&folder.path().join("blobs")).unwrap();
        let code = shared.papers.codes[index];
        let (stored, live) = (Stored::default(), BTreeMap::new());
        Self {
            index,
            code,
            shared,
            records,
            shelf,
            insists: false,
            compares: false,
            imports: 0,
            dice,
            stored,
            live,
            folder,
        }
    }

    /// From now on it holds what it counted against what it counted before, as a node does.
    pub fn compare(&mut self) {
        self.compares = true;
    }

    /// Takes other files in the place of those it had.
    pub fn replace(&mut self, files: &Files) {
        self.imports += 1;
        let path = self.folder.path().join(format!("import-{}", self.imports));
        self.records = Records::import_after(&path, files, Some(&self.records));
    }

    /// From now on it answers that it wants a seat on the committee.
    pub fn insist(&mut self) {
        self.insists = true;
    }

    /// Where its student records may go.
    fn room(&self) -> Room {
        Room::new(&self.shelf, ROUND_MEMORY)
    }

    /// The rows it contributes, made afresh from its records.
    #[must_use]
    pub fn prepared(&self) -> Prepared {
        let papers = &self.shared.papers;
        let (role, segment) = (papers.role(self.index), papers.segments[self.index]);
        let roster = self.records.roster();
        let said = said_by(&roster, &papers.study, role);
        let part = Part { role, segment, schools: papers.study.schools_of(self.code) };
        prepare(&roster, &papers.study, part, THIS_YEAR, &said, &self.room()).unwrap()
    }

    /// Number of the last mail entry taken.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.stored.cursor
    }

    /// How every round it was called to stands.
    #[must_use]
    pub fn standings(&self) -> Vec<(RoundId, Standing)> {
        self.stored.rounds.iter().map(|(round, (_, standing))| (*round, standing.clone())).collect()
    }

    /// Every report it has kept.
    #[must_use]
    pub fn reports(&self) -> Vec<(RoundId, Report)> {
        let read = |(round, bytes): (&RoundId, &Vec<u8>)| (*round, Report::from_bytes(bytes).unwrap());
        self.stored.reports.iter().map(read).collect()
    }

    /// Its folder: encrypted records and the shelf.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Blobs left on its shelf.
    #[must_use]
    pub fn blobs_left(&self) -> usize {
        self.shelf.blobs().unwrap().len()
    }

    /// The process ends: memory is gone.
    pub fn crash(&mut self) {
        self.live.clear();
    }

    /// The process starts: rounds whose keys are gone are aborted, the others go on.
    ///
    /// # Errors
    ///
    /// [`Crashed`], again.
    pub fn start(&mut self, now: Timestamp) -> Result<(), Crashed> {
        for round in self.stored.rounds.keys().copied().collect::<Vec<_>>() {
            match self.stored.rounds[&round].1.clone() {
                Standing::Called => self.answer(round, now)?,
                Standing::Running(state) => match MemberRound::resume(&state).unwrap() {
                    None => self.abort(round, Abort::because(AbortReason::MemberRestarted), None)?,
                    Some(state) => {
                        let jobs = state.resume_work().into_iter().collect();
                        self.live.insert(round, Live { state: Some(state), jobs, ..Live::default() });
                    }
                },
                Standing::Aborted { .. } | Standing::Finished => {}
            }
        }
        if self.live.is_empty() {
            self.shelf.keep(&BTreeSet::new()).unwrap();
        }
        Ok(())
    }

    /// Takes one entry of its mail.
    ///
    /// # Errors
    ///
    /// [`Crashed`].
    pub fn deliver(&mut self, number: u64, envelope: Envelope, now: Timestamp) -> Result<(), Crashed> {
        self.pass("before mail is taken")?;
        let Envelope { round, from, message } = envelope;
        let Message::Call(call) = message else {
            return self.feed(round, MemberInput::Message { from, message }, Some(number), now);
        };
        self.stored.cursor = number;
        self.stored.rounds.entry(round).or_insert((call, Standing::Called));
        self.pass("after a call is stored")?;
        if self.stored.rounds[&round].1 == Standing::Called { self.answer(round, now) } else { Ok(()) }
    }

    fn answer(&mut self, round: RoundId, now: Timestamp) -> Result<(), Crashed> {
        let (shared, call) = (Rc::clone(&self.shared), self.stored.rounds[&round].0.clone());
        let papers = &shared.papers;
        if let Err(clause) = papers.standing().check_call(&call, now.date()) {
            return self.abort(round, Abort::because(AbortReason::Refused(clause)), None);
        }
        let prepared = self.prepared();
        let counted = self.counted(&prepared);
        if let Err((clause, _)) = self.judge(&counted) {
            return self.abort(round, Abort::because(AbortReason::Refused(clause)), None);
        }
        let (rows, opted_out, unusable) = (prepared.rows.len(), prepared.opted_out, prepared.unusable);
        let secrets = RoundSecrets::make(shapes::column_keys(&papers.study).len(), prepared).unwrap();
        let own = OwnPart {
            code: self.code,
            rows: u32::try_from(rows).unwrap(),
            hpke_key: secrets.recipient.public(),
            nonce: self.dice.bytes(),
            insists: self.insists,
            opted_out,
            unusable,
            share: secrets.committee.share(&round, &self.code),
        };
        let keys = Some(Digest::of_blob(&own.share.to_bytes()));
        self.live.insert(round, Live { secrets: Some(secrets), keys, counted, ..Live::default() });
        match MemberRound::answer(papers.agreement.clone(), papers.study.clone(), call, own) {
            Ok(step) => self.settle(round, step, None, now),
            Err(abort) => self.abort(round, abort, None),
        }
    }

    /// The post at the head of its outbox.
    #[must_use]
    pub fn next_post(&self) -> Option<Envelope> {
        self.stored.outbox.front().map(|bytes| Envelope::from_bytes(bytes).unwrap())
    }

    /// The head of the outbox was answered.
    ///
    /// # Errors
    ///
    /// [`Crashed`] before it is struck off, so that it is posted again.
    pub fn posted(&mut self) -> Result<(), Crashed> {
        self.pass("after a post is answered, before it is struck off")?;
        self.stored.outbox.pop_front();
        Ok(())
    }

    /// Lets time pass in every round.
    ///
    /// # Errors
    ///
    /// [`Crashed`].
    pub fn tick(&mut self, now: Timestamp) -> Result<(), Crashed> {
        let rounds: Vec<RoundId> = self.live.keys().copied().collect();
        rounds.into_iter().try_for_each(|round| self.feed(round, MemberInput::Tick, None, now))
    }

    /// A person stops every round here.
    ///
    /// # Errors
    ///
    /// [`Crashed`].
    pub fn halt(&mut self, now: Timestamp) -> Result<(), Crashed> {
        let rounds: Vec<RoundId> = self.live.keys().copied().collect();
        rounds.into_iter().try_for_each(|round| self.feed(round, MemberInput::Halt, None, now))
    }

    /// Its signing key.
    #[must_use]
    pub fn key(&self) -> &passage_protocol::signing::SigningKey {
        &self.shared.papers.keys[self.index]
    }

    fn pass(&self, what: &'static str) -> Result<(), Crashed> {
        self.shared.faults.pass(Party::Member(self.index), what)
    }
}

/// The year in which the harness's rounds take place.
const THIS_YEAR: u16 = 2026;
