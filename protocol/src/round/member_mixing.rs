//! The member's part between the sealed manifest and the result: contribute, pass lists on, build and pass tables,
//! decrypt. Duties are done in whatever order they become possible; each exactly once.

use crate::{
    ids::{Digest, MemberCode},
    manifest::{Manifest, shapes::First},
    round::{
        Abort, AbortReason, Event, MemberEffect, MemberInput, MemberJob, MemberOutcome, MemberRound, Step,
        chain::{next_hop, next_table_hop},
        member::AwaitResult,
    },
    wire::{BlobRef, HopStatement, Message, Outgoing, PartialStatement, TableHopStatement},
};

/// The state between `Sealed` and the last duty.
#[derive(Debug)]
pub struct Mixing {
    me: u16,
    position: Option<u16>,
    manifest: Manifest,
    digest: Digest,
    contribution: Duty,
    tag_shares: Vec<u16>,
    lists: Vec<ListProgress>,
    tables: Vec<TableProgress>,
}

/// How far one duty is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Duty {
    Waiting,
    Running,
    Done,
}

#[derive(Debug)]
struct ListProgress {
    accepted: Vec<HopStatement>,
    blind_share: bool,
    hop: Duty,
    columns: Option<BlobRef>,
    keeping: Duty,
    /// Why the columns could not be kept, should a plan need them.
    refused: Option<Abort>,
}

#[derive(Debug)]
struct TableProgress {
    plan: Option<PlanRef>,
    checking: Duty,
    accepted: Vec<TableHopStatement>,
    hop: Duty,
    decryption: Duty,
}

#[derive(Clone, Copy, Debug)]
struct PlanRef {
    tuples: u32,
    plan: Option<BlobRef>,
}

impl Mixing {
    /// Starts with the contribution; everything else waits for others.
    pub(super) fn begin(me: u16, manifest: Manifest) -> (MemberRound, Vec<MemberEffect>) {
        let position = manifest.position(me);
        let list = || ListProgress {
            accepted: Vec::new(),
            blind_share: false,
            hop: Duty::Waiting,
            columns: None,
            keeping: Duty::Waiting,
            refused: None,
        };
        let table = || TableProgress {
            plan: None,
            checking: Duty::Waiting,
            accepted: Vec::new(),
            hop: Duty::Waiting,
            decryption: Duty::Waiting,
        };
        let mixing = Self {
            me,
            position,
            digest: manifest.digest(),
            contribution: Duty::Running,
            tag_shares: Vec::new(),
            lists: manifest.lists.iter().map(|_| list()).collect(),
            tables: manifest.tables.iter().map(|_| table()).collect(),
            manifest,
        };
        let effects = vec![MemberEffect::Report(Event::Sealed), MemberEffect::Work(MemberJob::Contribute)];
        (MemberRound::Mixing(Box::new(mixing)), effects)
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(super) fn step(
        mut self: Box<Self>,
        input: MemberInput,
    ) -> Result<Step<MemberRound, MemberEffect>, Abort> {
        let mut effects = Vec::new();
        match input {
            MemberInput::Message { from, message } => self.message(from, message, &mut effects)?,
            MemberInput::Done(outcome) => self.done(outcome, &mut effects)?,
            MemberInput::Approved { .. }
            | MemberInput::Failed { .. }
            | MemberInput::Halt
            | MemberInput::NotPermitted(_)
            | MemberInput::Refused
            | MemberInput::Restarted
            | MemberInput::Tick => return Err(unexpected()),
        }
        self.require_columns()?;
        self.duties(&mut effects);
        let state = if self.finished() {
            MemberRound::AwaitResult(AwaitResult { manifest: self.digest, report: None })
        } else {
            MemberRound::Mixing(self)
        };
        Ok(Step { state, effects })
    }

    fn message(
        &mut self,
        from: Option<MemberCode>,
        message: Message,
        effects: &mut Vec<MemberEffect>,
    ) -> Result<(), Abort> {
        match message {
            Message::BlindShare { list, to, sealed } if to == self.me && from == self.code(list) => {
                let progress = self.list(list)?;
                if !progress.blind_share {
                    progress.blind_share = true;
                    effects.push(MemberEffect::KeepBlindShare { list, sealed });
                }
            }
            Message::TagKeyShare { from: sender, to, sealed }
                if to == self.me && from == self.code(sender) =>
            {
                let on_committee = self.manifest.position(sender).is_some() && self.position.is_some();
                if on_committee && !self.tag_shares.contains(&sender) {
                    self.tag_shares.push(sender);
                    effects.push(MemberEffect::KeepTagKeyShare { from: sender, sealed });
                }
            }
            Message::Hop(statement) => {
                let (list, hop) = (statement.value().list, statement.value().hop);
                let accepted = &self.lists.get(usize::from(list)).ok_or(unexpected())?.accepted;
                if accepted.get(usize::from(hop)) != Some(statement.value()) {
                    next_hop(&self.manifest, self.digest, accepted, &statement)?;
                    self.list(list)?.accepted.push(statement.value().clone());
                    effects.push(MemberEffect::Report(Event::ListPassed { list, hop }));
                }
            }
            Message::Columns { list, to, sealed } if to == self.me => {
                self.list(list)?.columns.get_or_insert(sealed);
            }
            Message::Plan { table, tuples, plan } if from.is_none() => {
                let shape = self.manifest.table(table).ok_or(unexpected())?;
                let rows = self.manifest.list(shape.sender).map_or(0, |list| list.rows);
                let width = 4 * (1 + shape.receivers.len() as u64);
                // Its length is known before a byte is fetched.
                let fits = |plan: BlobRef| tuples <= rows && plan.bytes == u64::from(tuples) * width;
                if !plan.is_none_or(fits) {
                    return Err(Abort::because(AbortReason::ChainBroken));
                }
                let progress = self.tables.get_mut(usize::from(table)).ok_or(unexpected())?;
                progress.plan.get_or_insert(PlanRef { tuples, plan });
            }
            Message::TableHop(statement) => self.table_statement(&statement, effects)?,
            Message::Abort(_)
            | Message::Answer(_)
            | Message::Answers(_)
            | Message::BlindShare { .. }
            | Message::Call(_)
            | Message::CohortCounts { .. }
            | Message::Columns { .. }
            | Message::Endorsement { .. }
            | Message::KeyShare(_)
            | Message::KeyShares(_)
            | Message::Partial(_)
            | Message::Plan { .. }
            | Message::Receipt(_)
            | Message::Result { .. }
            | Message::Reveal(_)
            | Message::Reveals(_)
            | Message::Sealed { .. }
            | Message::TagKeyShare { .. } => return Err(unexpected()),
        }
        Ok(())
    }

    fn table_statement(
        &mut self,
        statement: &crate::signing::Signed<TableHopStatement>,
        effects: &mut Vec<MemberEffect>,
    ) -> Result<(), Abort> {
        let (table, hop) = (statement.value().table, statement.value().hop);
        let progress = self.tables.get_mut(usize::from(table)).ok_or(unexpected())?;
        if progress.accepted.get(usize::from(hop)) == Some(statement.value()) {
            return Ok(());
        }
        let Some(PlanRef { tuples, plan: Some(plan) }) = progress.plan else { return Err(unexpected()) };
        next_table_hop(&self.manifest, self.digest, plan.digest, tuples, &progress.accepted, statement)?;
        progress.accepted.push(statement.value().clone());
        effects.push(MemberEffect::Report(Event::TablePassed { table, hop }));
        Ok(())
    }

    fn done(&mut self, outcome: MemberOutcome, effects: &mut Vec<MemberEffect>) -> Result<(), Abort> {
        let mut send = |outgoing| effects.push(MemberEffect::Send(outgoing));
        match outcome {
            MemberOutcome::Contributed { output, sealed, shares, tag_shares, counts } => {
                self.contribution = Duty::Done;
                for (to, sealed) in shares {
                    send(Outgoing::Ready(Message::BlindShare { list: self.me, to, sealed }));
                }
                for (to, sealed) in tag_shares {
                    send(Outgoing::Ready(Message::TagKeyShare { from: self.me, to, sealed }));
                }
                for (table, counts) in counts {
                    send(Outgoing::Ready(Message::CohortCounts { table, counts }));
                }
                send(Outgoing::Hop(self.hop_statement(self.me, 0, Digest([0; 32]), output, sealed)?));
            }
            MemberOutcome::Hopped { list, input, output, sealed, columns } => {
                let progress = self.list(list)?;
                progress.hop = Duty::Done;
                let hop = u8::try_from(progress.accepted.len()).unwrap_or(u8::MAX);
                for (to, sealed) in columns {
                    send(Outgoing::Ready(Message::Columns { list, to, sealed }));
                }
                send(Outgoing::Hop(self.hop_statement(list, hop, input, output, sealed)?));
            }
            MemberOutcome::ColumnsKept { list } => self.list(list)?.keeping = Duty::Done,
            MemberOutcome::ColumnsRefused { list, code, fault } => {
                self.list(list)?.refused = Some(Abort { reason: AbortReason::Work(code), fault });
            }
            MemberOutcome::PlanChecked { table } => self.table(table)?.checking = Duty::Done,
            MemberOutcome::TableHopped { table, input, output, tuples, sealed } => {
                let manifest = self.digest;
                let progress = self.table(table)?;
                progress.hop = Duty::Done;
                let hop = u8::try_from(progress.accepted.len()).unwrap_or(u8::MAX);
                send(Outgoing::TableHop(TableHopStatement {
                    manifest,
                    table,
                    hop,
                    tuples,
                    input,
                    output,
                    sealed,
                }));
            }
            MemberOutcome::Decrypted { table, last: table_digest, partials, proof } => {
                let manifest = self.digest;
                self.table(table)?.decryption = Duty::Done;
                send(Outgoing::Partial(PartialStatement { manifest, table, table_digest, partials, proof }));
            }
            MemberOutcome::ReportKept { .. } => return Err(unexpected()),
        }
        Ok(())
    }

    /// Starts every duty whose time has come.
    fn duties(&mut self, effects: &mut Vec<MemberEffect>) {
        let Some(position) = self.position else { return };
        let committee = self.manifest.committee.len();
        let all_tag_shares = self.tag_shares.len() + 1 == committee;
        for ((index, list), progress) in (0_u16..).zip(&self.manifest.lists).zip(&mut self.lists) {
            let next = u8::try_from(progress.accepted.len()).unwrap_or(u8::MAX);
            let previous = progress.accepted.last();
            if let (Duty::Waiting, Some(previous), true) =
                (progress.hop, previous, next > 0 && list.pass(next) == Some(self.me))
            {
                let keyed = list.first == First::Own || index == self.me || progress.blind_share;
                let last = next == list.last_hop();
                if keyed && (!last || all_tag_shares) {
                    progress.hop = Duty::Running;
                    effects.push(MemberEffect::Work(MemberJob::Hop {
                        list: index,
                        hop: next,
                        from: list.pass(next - 1).unwrap_or(index),
                        sealed: previous.sealed,
                        expect: previous.output,
                    }));
                }
            }
            // The member that made the last pass keeps its own copy of the columns.
            let complete = progress.accepted.len() == list.passes.len();
            let from = list.pass(list.last_hop()).unwrap_or(index);
            if complete && progress.keeping == Duty::Waiting {
                if from == self.me {
                    progress.keeping = Duty::Done;
                } else if let (Some(sealed), Some(last)) = (progress.columns, progress.accepted.last()) {
                    progress.keeping = Duty::Running;
                    effects.push(MemberEffect::Work(MemberJob::KeepColumns {
                        list: index,
                        from,
                        sealed,
                        expect: last.output,
                    }));
                }
            }
        }
        let kept: Vec<bool> = self.lists.iter().map(|list| list.keeping == Duty::Done).collect();
        for ((index, table), progress) in (0_u16..).zip(&self.manifest.tables).zip(&mut self.tables) {
            let Some(PlanRef { tuples: planned, plan: Some(plan) }) = progress.plan else { continue };
            let held = |list: &u16| kept.get(usize::from(*list)).copied().unwrap_or(false);
            if progress.checking == Duty::Waiting && held(&table.sender) && table.receivers.iter().all(held) {
                progress.checking = Duty::Running;
                effects.push(MemberEffect::Work(MemberJob::CheckPlan {
                    table: index,
                    plan,
                    tuples: planned,
                }));
            }
            if progress.checking != Duty::Done {
                continue;
            }
            let next = progress.accepted.len();
            if progress.hop == Duty::Waiting && next == usize::from(position) {
                progress.hop = Duty::Running;
                let previous = progress.accepted.last();
                let from =
                    next.checked_sub(1).and_then(|previous| self.manifest.committee.get(previous)).copied();
                effects.push(MemberEffect::Work(MemberJob::TableHop {
                    table: index,
                    hop: u8::try_from(next).unwrap_or(u8::MAX),
                    input: previous.map_or(plan, |previous| previous.sealed),
                    from,
                    expect: previous.map_or(plan.digest, |previous| previous.output),
                    planned,
                }));
            }
            if let (Duty::Waiting, Some(last), true) =
                (progress.decryption, progress.accepted.last(), next == committee)
            {
                progress.decryption = Duty::Running;
                effects.push(MemberEffect::Work(MemberJob::Decrypt {
                    table: index,
                    last: last.sealed,
                    tuples: last.tuples,
                }));
            }
        }
    }

    /// Ends the round if a plan needs columns that could not be kept. Without a plan that does they may well be gone: the
    /// coordinator erases the round's blobs as soon as the reports are out.
    fn require_columns(&self) -> Result<(), Abort> {
        let planned = |table: &TableProgress| table.plan.is_some_and(|plan| plan.plan.is_some());
        let tables = self.manifest.tables.iter().zip(&self.tables).filter(|(_, progress)| planned(progress));
        let needed = tables.flat_map(|(table, _)| table.receivers.iter().chain([&table.sender]));
        let mut lists = needed.filter_map(|list| self.lists.get(usize::from(*list)));
        lists.find_map(|list| list.refused).map_or(Ok(()), Err)
    }

    /// True once this member owes nothing more.
    fn finished(&self) -> bool {
        let tables_done = || {
            self.tables.iter().all(|table| match table.plan {
                None => false,
                Some(PlanRef { plan: None, .. }) => true,
                Some(PlanRef { plan: Some(_), .. }) => table.decryption == Duty::Done,
            })
        };
        self.contribution == Duty::Done && (self.position.is_none() || tables_done())
    }

    fn hop_statement(
        &self,
        list: u16,
        hop: u8,
        input: Digest,
        output: Digest,
        sealed: BlobRef,
    ) -> Result<HopStatement, Abort> {
        let rows = self.manifest.list(list).ok_or(unexpected())?.rows;
        Ok(HopStatement { manifest: self.digest, list, hop, rows, input, output, sealed })
    }

    fn code(&self, participant: u16) -> Option<MemberCode> {
        self.manifest.seat(participant).map(|seat| seat.code)
    }

    fn list(&mut self, list: u16) -> Result<&mut ListProgress, Abort> {
        self.lists.get_mut(usize::from(list)).ok_or(unexpected())
    }

    fn table(&mut self, table: u16) -> Result<&mut TableProgress, Abort> {
        self.tables.get_mut(usize::from(table)).ok_or(unexpected())
    }
}

fn unexpected() -> Abort {
    Abort::because(AbortReason::UnexpectedMessage)
}
